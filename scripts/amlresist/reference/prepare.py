"""Genome and annotation as given -> the four files of `results/reference`."""

from collections.abc import Sequence
from pathlib import Path

import pysam

from amlresist.annotation import GeneModel, Transcript, read_gene_models, to_row
from amlresist.errors import InputError, Problem
from amlresist.files import whole_file
from amlresist.reference.contigs import place_transcripts
from amlresist.reference.fasta import LINE_WIDTH, write_genome
from amlresist.tables import write_table


def prepare(fasta: Path | str, annotation: Path | str, out_dir: Path) -> list[str]:
    """Write `genome.fa`, `genome.fa.fai`, `gene_models.tsv` and `transcripts.fa`.

    Returns:
        Notes for the user, e.g. genes that the genome does not contain.

    Raises:
        InputError: a file is unsound, or the annotation belongs to another genome.
    """
    genome = out_dir / "genome.fa"
    lengths = dict(write_genome(fasta, genome))
    placed, absent, beyond = place_transcripts(read_gene_models(annotation), lengths)
    _require_same_build(annotation, placed, absent, beyond)
    write_table(out_dir / "gene_models.tsv", GeneModel, map(to_row, placed))
    write_transcripts(placed, genome, out_dir / "transcripts.fa")
    return [f"{len(lengths)} contigs, {len(placed)} transcripts", *_notes(absent)]


def write_transcripts(models: Sequence[Transcript], genome: Path, target: Path) -> None:
    """Spliced sequences, 5' to 3', named by transcript id; each id once."""
    seen: set[str] = set()
    with (
        pysam.FastaFile(str(genome)) as sequences,
        whole_file(target) as partial,
        partial.open("w", encoding="ascii", newline="\n") as out,
    ):
        for model in models:
            if model.transcript in seen:  # genes of a pseudoautosomal region are listed twice
                continue
            seen.add(model.transcript)
            bases = model.spliced_sequence(sequences.fetch)
            lines = (bases[i : i + LINE_WIDTH] for i in range(0, len(bases), LINE_WIDTH))
            out.write(f">{model.transcript}\n" + "\n".join(lines) + "\n")


def _require_same_build(
    annotation: Path | str,
    placed: Sequence[Transcript],
    absent: Sequence[Transcript],
    beyond: Sequence[Transcript],
) -> None:
    if beyond:
        message = f"{len(beyond)} transcripts lie past the end of their contig"
        culprit = beyond[0]
    elif not placed:
        message = "no transcript lies on a contig of the genome"
        culprit = absent[0]
    else:
        return
    raise InputError(
        Problem(
            str(annotation),
            culprit.transcript,
            f"{culprit.chrom}:{culprit.start + 1}-{culprit.end}",
            message,
            "Genome and annotation must be of the same build.",
        )
    )


def _notes(absent: Sequence[Transcript]) -> list[str]:
    genes = sorted({model.gene for model in absent})
    if not genes:
        return []
    shown = ", ".join(genes[:10]) + (" ..." if len(genes) > 10 else "")
    return [f"{len(genes)} genes lie on contigs that the genome does not contain: {shown}"]
