"""Which variants a reader looks for first."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from amlresist.files import open_text
from amlresist.flt3_itd.records import ItdClone
from amlresist.report.labels import CHANGES, is_somatic
from amlresist.settings import RESOURCES
from amlresist.variants.records import VariantChange, VariantClass

GENES = RESOURCES / "knowledge" / "genes.tsv"
DRIVER_ROLES = frozenset({"driver", "review_variant", "resistance"})
# Consequences that leave the protein as it is (Sequence Ontology terms).
SILENT = frozenset(
    {
        "synonymous_variant",
        "splice_region_variant",  # beside the splice site itself, which has terms of its own
        "stop_retained_variant",
        "intron_variant",
        "intergenic_variant",
        "upstream_gene_variant",
        "downstream_gene_variant",
        "5_prime_UTR_variant",
        "3_prime_UTR_variant",
        "non_coding_transcript_exon_variant",
    }
)
ORDER = (
    *CHANGES,
    VariantClass.NOT_EVALUABLE,
    VariantClass.GERMLINE,
    VariantClass.ARTEFACT,
)


@dataclass(frozen=True, slots=True)
class RankedVariant:
    """A variant as the page shows it.

    Attributes:
        row: the station's row.
        index: its line in the page's copy of the table, from 0.
        is_driver: a hotspot, or a protein change in a gene of interest.
        name: gene and protein change, else the locus.
    """

    row: VariantChange
    index: int
    is_driver: bool
    name: str


def driver_genes(extra: Sequence[str] = ()) -> frozenset[str]:
    """Genes of the review and of AML, with the user's own."""
    with open_text(GENES) as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        found = {row["gene"] for row in rows if DRIVER_ROLES & set(row["roles"].split(";"))}
    return frozenset(found | set(extra))


def rank_variants(rows: Sequence[VariantChange], genes: frozenset[str]) -> list[RankedVariant]:
    """Drivers first, then other somatic variants, germline and artefacts last."""

    def key(row: VariantChange) -> tuple[object, ...]:
        return (
            not is_somatic(row),
            not _is_driver(row, genes),
            ORDER.index(row.variant_class),
            _smallest_first(-row.probability),
            row.comparison,
            row.gene,
            row.chrom,
            row.pos,
            row.ref,
            row.alt,
        )

    return [
        RankedVariant(row, index, is_somatic(row) and _is_driver(row, genes), variant_name(row))
        for index, row in enumerate(sorted(rows, key=key))
    ]


def with_itd_names(
    variants: Sequence[RankedVariant], clones: Sequence[ItdClone]
) -> list[RankedVariant]:
    """The same variants; an FLT3 insertion that is one of the ITD `clones` is named so."""
    lengths = {clone.hgvs_c: clone.length for clone in clones if clone.hgvs_c}

    def named(variant: RankedVariant) -> RankedVariant:
        row = variant.row
        if row.gene != "FLT3" or row.hgvs_c not in lengths:
            return variant
        return replace(variant, name=f"FLT3-ITD {lengths[row.hgvs_c]} bp")

    return [named(variant) for variant in variants]


def variant_name(row: VariantChange) -> str:
    """`FLT3 F691L`; without a protein change the coding change, outside genes the locus."""
    locus = f"{row.chrom}:{row.pos:,} {row.ref}>{row.alt}"
    change = row.protein_change or row.hgvs_c or locus
    return f"{row.gene} {change}" if row.gene else locus


def _is_driver(row: VariantChange, genes: frozenset[str]) -> bool:
    terms = set(row.consequence.replace(",", "&").split("&"))
    return bool(row.hotspot) or (row.gene in genes and not terms <= SILENT)


def _smallest_first(value: float) -> float:
    return math.inf if math.isnan(value) else value
