"""Write the simulated genome and its gene models as FASTA and GTF."""

from pathlib import Path

from amlresist.files import write_text
from amlresist.simulate.genome import Genome

_LINE = 60


def write_fasta(path: Path, genome: Genome) -> None:
    """Genome as FASTA with 60 bases per line."""
    write_text(path, "".join(_fasta_record(name, bases) for name, bases in genome.contigs.items()))


def write_gtf(path: Path, genome: Genome) -> None:
    """Gene models as Ensembl-style GTF (the stop codon stands outside the CDS features)."""
    lines = ["#!genome-build simulated"]
    for gene in genome.loci:
        lines += _gene_lines(genome, gene)
    write_text(path, "\n".join(lines) + "\n")


def _fasta_record(name: str, bases: str) -> str:
    lines = (bases[start : start + _LINE] for start in range(0, len(bases), _LINE))
    return f">{name}\n" + "\n".join(lines) + "\n"


def _gene_lines(genome: Genome, gene: str) -> list[str]:
    locus = genome.loci[gene]
    plan = locus.plan
    stop_start = locus.offset(locus.cds_length - 2)
    coding = [(a, min(b, stop_start)) for a, b in locus.coding_parts if a < stop_start]
    transcript_id, _, version = plan.transcript.partition(".")
    gene_part = f'gene_id "{plan.gene_id}"; gene_name "{gene}"; gene_biotype "protein_coding";'
    transcript_part = (
        f'{gene_part} transcript_id "{transcript_id}"; transcript_version "{version}";'
        ' transcript_biotype "protein_coding"; tag "basic"; tag "Ensembl_canonical";'
        ' tag "MANE_Select";'
    )
    span = (0, len(locus.sequence))
    features = [("gene", span, ".", gene_part), ("transcript", span, ".", transcript_part)]
    features += [
        ("exon", exon, ".", f'{transcript_part} exon_number "{number}";')
        for number, exon in enumerate(locus.exons, start=1)
    ]
    done = 0
    for part in coding:
        features.append(("CDS", part, str(-done % 3), transcript_part))
        done += part[1] - part[0]
    features.append(("stop_codon", (stop_start, stop_start + 3), "0", transcript_part))
    return [
        _gtf_line(plan.chrom, name, genome.to_genome(gene, *place), plan.strand, phase, text)
        for name, place, phase, text in features
    ]


def _gtf_line(
    chrom: str, feature: str, place: tuple[int, int], strand: str, phase: str, attributes: str
) -> str:
    start, end = place
    return f"{chrom}\tsimulated\t{feature}\t{start + 1}\t{end}\t.\t{strand}\t{phase}\t{attributes}"
