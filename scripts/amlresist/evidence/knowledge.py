"""The knowledge tables: genes of interest, resistance mechanisms, claims."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table

KNOWLEDGE = RESOURCES / "knowledge"


class Role(StrEnum):
    """Why a gene is of interest."""

    DRIVER = "driver"
    REVIEW_VARIANT = "review_variant"
    REVIEW_EXPRESSION = "review_expression"
    REVIEW_TARGET = "review_target"
    RESISTANCE = "resistance"


@dataclass(frozen=True, slots=True)
class Gene:
    """`genes.tsv`: one row per gene of interest."""

    gene: str = column("HGNC symbol")
    hgnc_id: str = column("HGNC identifier, HGNC:number")
    ensembl_gene: str = column("Ensembl gene id without version")
    aliases: tuple[str, ...] = column("other names in the literature")
    name: str = column("full name")
    roles: tuple[Role, ...] = column(
        "driver: recurrently mutated in AML; review_variant, review_expression: a claim of the"
        " review is about its mutations or its expression; review_target: partner or target named"
        " in the review or member of a family it names; resistance: known beyond the review"
    )
    mechanisms: tuple[str, ...] = column("mechanisms of the review the gene belongs to")
    claims: tuple[str, ...] = column("claims whose rule asks about the gene")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """`mechanisms.tsv` of the knowledge: one row per resistance mechanism, in the report's order."""

    mechanism: str = column("name, e.g. P-gp")
    mechanism_class: str = column("protein, gene, mirna, pathway or general")
    meaning: str = column("the mechanism in a few words")
    pathways: tuple[str, ...] = column("gene sets of the expression station that speak for it")
    layers: tuple[str, ...] = column("stations whose tables bear on it")


@cache
def genes(path: Path = KNOWLEDGE / "genes.tsv") -> tuple[Gene, ...]:
    """Genes of interest, in the order of their symbols."""
    return tuple(read_table(path, Gene))


@cache
def mechanisms(path: Path = KNOWLEDGE / "mechanisms.tsv") -> tuple[Mechanism, ...]:
    """Resistance mechanisms, in the order a report shows them."""
    return tuple(read_table(path, Mechanism))
