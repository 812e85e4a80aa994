"""Which genes the simulated genome has, and what of them is as in life."""

from dataclasses import dataclass

from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table

FOLDER = RESOURCES / "simulate"


@dataclass(frozen=True, slots=True)
class GenePlan:
    """`resources/simulate/genes.tsv`: one row per gene, in the order of the human genome."""

    gene: str = column("gene symbol")
    chrom: str = column("chromosome as in GRCh38")
    strand: str = column("strand as in GRCh38")
    gene_id: str = column("Ensembl gene id")
    transcript: str = column("Ensembl id of the MANE Select transcript")
    role: str = column(
        "model: several exons; expression: one short exon; matrix: only in expression matrices"
    )
    protein_length: int = column("residues of the simulated protein", "residues")
    codons: tuple[str, ...] = column("residues kept as in life, e.g. D835:GAT")
    targets: tuple[str, ...] = column(
        "residues whose exons the simulated panel captures, cds for all coding exons"
    )


@dataclass(frozen=True, slots=True)
class RealLocus:
    """`resources/simulate/real_loci.tsv`: stretches with the human reference's own bases."""

    gene: str = column("gene symbol")
    first_coding: int = column("c. position of the first exonic base of the stretch")
    lead: int = column("bases of the stretch before it, in the intron", "bp")
    last_coding: int = column("c. position of the last exonic base of the stretch")
    exon_ends: tuple[int, ...] = column("c. positions of the last base of exons of the stretch")
    sequence: str = column("bases on the coding strand")
    source: str = column("where the bases come from")


def read_gene_plans() -> list[GenePlan]:
    """The planned genes, in genome order."""
    return read_table(FOLDER / "genes.tsv", GenePlan)


def read_real_loci() -> dict[str, RealLocus]:
    """Gene symbol -> its stretch of real bases."""
    return {locus.gene: locus for locus in read_table(FOLDER / "real_loci.tsv", RealLocus)}
