"""Genome and annotation as the config gives them."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from amlresist.annotation import Transcript, read_gene_models
from amlresist.inputs.findings import Finding, Findings
from amlresist.inputs.genome import Genome
from amlresist.inputs.vcf_grammar import CONTIG_NAME
from amlresist.reference.builds import BUILD_LENGTHS
from amlresist.reference.contigs import place_transcripts
from amlresist.reference.fasta import Contig, contigs_of, read_fasta, write_genome

LONGEST_REPEAT = 1_000  # bases; shorter contigs may repeat


def examine_genome(fasta: str, scratch: Path, *, need_bases: bool) -> tuple[Genome, list[Finding]]:
    """Contigs of the genome, and what is wrong with its file.

    Args:
        scratch: folder for a plain, freshly indexed copy, made when `need_bases` and the file
            itself is not so.
    """
    findings = Findings(fasta)
    genome = Genome()
    with findings.guarded():
        contigs = contigs_of(fasta)
        usable = fasta if _is_ready(fasta) else ""
        if need_bases and not usable:
            usable = str(scratch / "genome.fa")
            write_genome(fasta, usable)
        genome = Genome(usable, contigs)
        _check_contigs(contigs, findings)
        index = Path(f"{fasta}.fai")
        if index.is_file() and index.stat().st_mtime < Path(fasta).stat().st_mtime:
            findings.note("index (.fai) is older than the genome", "A fresh one is made.")
    return genome, findings.all


def _check_contigs(contigs: Sequence[Contig], findings: Findings) -> None:
    strange = [contig.name for contig in contigs if not CONTIG_NAME.fullmatch(contig.name)]
    if strange:
        findings.stop(
            "contig name has a character that alignment files do not allow",
            "Rename it: no blanks, commas, quotes, brackets, or leading '*' and '='.",
            "header line",
            strange[0],
        )
    first: dict[tuple[int, str], str] = {}
    for contig in contigs:
        twin = first.setdefault((contig.length, contig.md5), contig.name)
        if twin != contig.name and contig.length >= LONGEST_REPEAT:
            findings.warn(
                "two contigs have the same bases: reads fit both, so neither is evaluable",
                "Remove one of them, or mask it with N.",
                value=f"{twin}, {contig.name}",
            )


def _is_ready(fasta: str) -> bool:
    """Whether a FASTA is plain and has an index that is not older."""
    index = Path(f"{fasta}.fai")
    if not index.is_file() or index.stat().st_mtime < Path(fasta).stat().st_mtime:
        return False
    with Path(fasta).open("rb") as handle:
        return handle.read(1) == b">"


def glance_at_genome(fasta: str) -> tuple[Genome, list[Finding]] | None:
    """Contigs from a fresh index, without a copy and without MD5; None where there is none."""
    index = Path(f"{fasta}.fai")
    if not index.is_file() or index.stat().st_mtime < Path(fasta).stat().st_mtime:
        return None
    findings = Findings(str(index))
    genome = Genome()
    with findings.guarded():
        lines = (line.split("\t") for line in index.read_text(encoding="ascii").splitlines())
        contigs = [Contig(name, int(length), "") for name, length, *_ in lines]
        genome = Genome(fasta if _is_ready(fasta) else "", contigs)
    return genome, findings.all


def named_genome(name: str) -> Genome:
    """Chromosome lengths of a build that will be fetched."""
    return Genome("", [Contig(n, length, "") for n, length in BUILD_LENGTHS[name].items()])


def examine_annotation(path: str, genome: Genome) -> list[Finding]:
    """Whether gene models can be read and lie in the genome."""
    findings = Findings(path)
    with findings.guarded():
        models = read_gene_models(path)
        _check_models(models, findings)
        if not genome.contigs:
            return findings.all
        placed, absent, beyond = place_transcripts(models, genome.lengths)
        if beyond:
            findings.stop(
                f"{len(beyond)} transcripts lie past the end of their contig",
                "Genome and annotation must be of the same build.",
                beyond[0].transcript,
                f"{beyond[0].chrom}:{beyond[0].end}",
            )
        elif not placed:
            findings.stop(
                "no transcript lies on a contig of the genome",
                "Genome and annotation must be of the same build.",
                value=models[0].chrom,
            )
        elif absent:
            genes = len({model.gene for model in absent})
            findings.note(f"{genes} genes lie on contigs that the genome lacks", "Left out.")
    return findings.all


def _check_models(models: Sequence[Transcript], findings: Findings) -> None:
    """What makes gene models useless though they can be read."""
    if not any(model.cds for model in models):
        findings.note(
            "has no coding sequence (CDS): no change of a protein can be told",
            "Give the whole annotation, not its exons alone.",
        )
    if all(model.gene == model.gene_id and model.gene.startswith("ENS") for model in models):
        findings.warn(
            "genes have identifiers but no names",
            "Give an annotation with gene names: claims and hotspots go by HGNC symbols.",
            value=models[0].gene,
        )
    overlapping = [
        model.transcript
        for model in models
        if any(one[1] > other[0] for one, other in pairwise(model.exons))
    ]
    if overlapping:
        findings.warn(
            f"exons of {len(overlapping)} transcripts overlap",
            "Is one name used for two transcripts? Their sequence is not known.",
            value=", ".join(overlapping[:5]),
        )


def examine_sequences(path: str) -> list[Finding]:
    """Whether a FASTA of small RNAs can be read."""
    findings = Findings(path)
    with findings.guarded():
        for _ in read_fasta(path):
            pass
    return findings.all
