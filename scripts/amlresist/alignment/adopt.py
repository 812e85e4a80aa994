"""A given BAM or CRAM -> a link in the results folder with an index that is surely its own."""

import os
from pathlib import Path

import pysam

from amlresist.alignment.align import publish_with_index
from amlresist.alignment.pipeline import scratch_folder
from amlresist.inputs.alignments import examine_alignment, header_facts
from amlresist.inputs.findings import require_sound
from amlresist.libraries import LibraryInput
from amlresist.reference.fasta import Contig


def adopt_alignment(library: LibraryInput, reference: Path, out: Path) -> list[str]:
    """Check a given alignment against the genome, link it to `out` and index it afresh.

    An alignment that is not sorted by position is sorted into the results folder. The supplied
    index is not used, since it may be older than the reads; but when it counts more of them, the
    file is refused as cut.

    Returns:
        Warnings and notes for the log.

    Raises:
        InputError: the alignment is unsound or belongs to another genome.
    """
    source = library.paths[0]
    findings = examine_alignment(
        source,
        assay=library.assay,
        sample=library.sample,
        contigs=_contigs(reference),
        fasta=str(reference),
    )
    require_sound(findings)
    suffix = "crai" if out.suffix == ".cram" else "bai"
    with scratch_folder(out) as folder:
        alignment = folder / out.name
        if header_facts(source).sort_order == "coordinate":
            alignment.symlink_to(os.path.relpath(source, out.parent))
            _index_link(Path(source).resolve(), alignment, out, suffix)
        else:
            _sort(source, reference, alignment)
            publish_with_index(alignment, out, suffix)
    return [f"{finding.severity}: {finding.problem}" for finding in findings]


def _index_link(source: Path, link: Path, out: Path, suffix: str) -> None:
    index = link.with_name(f"{link.name}.{suffix}")
    pysam.index("-o", str(index), str(source))
    link.replace(out)
    index.replace(out.with_name(f"{out.name}.{suffix}"))


def _sort(source: str, reference: Path, target: Path) -> None:
    kind = "CRAM" if target.suffix == ".cram" else "BAM"
    pysam.sort(
        *("--no-PG", "-O", kind, "--reference", str(reference)),
        *("-T", str(target.with_suffix(".sort")), "-o", str(target), source),
    )


def _contigs(reference: Path) -> list[Contig]:
    """Contigs of the prepared genome; without MD5, which its index does not hold."""
    lines = Path(f"{reference}.fai").read_text(encoding="ascii").splitlines()
    fields = (line.split("\t") for line in lines)
    return [Contig(name, int(length), "") for name, length, *_ in fields]
