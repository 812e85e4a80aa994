"""Genes of which something could not be seen, by what the library was made to capture."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from amlresist.alignment_qc.records import GeneCoverage


class Gap(StrEnum):
    """Why part of a gene could not be seen, the gravest last."""

    SHALLOW = "read too shallowly"
    PARTLY_CAPTURED = "captured in part"
    NOT_CAPTURED = "not captured"


@dataclass(frozen=True, slots=True)
class GeneGap:
    """Genes with the same gap in at least one library, in the order of their names."""

    gap: Gap
    genes: tuple[str, ...]


def gap_of(row: GeneCoverage, share: float) -> Gap | None:
    """What is missing of a gene in one library; None when it was seen.

    A panel is judged by what it was made to capture. Where the targets are not known, a gene
    without one base at the minimum depth counts as not captured.

    Args:
        row: the gene in one library.
        share: bases that must reach the minimum depth.
    """
    if row.target_bases is None:
        if row.share_at_minimum == 0:
            return Gap.NOT_CAPTURED
        return Gap.SHALLOW if row.share_at_minimum < share else None
    if row.target_bases == 0:
        return Gap.NOT_CAPTURED
    if row.target_share_at_minimum < share:
        return Gap.SHALLOW
    return Gap.PARTLY_CAPTURED if row.target_bases < row.coding_bases else None


def gene_gaps(rows: Sequence[GeneCoverage], share: float) -> list[GeneGap]:
    """Genes by gap; a gene that was seen too little in any library counts with its gravest gap."""
    order = list(Gap)
    gravest: dict[str, Gap] = {}
    for row in rows:
        gap = gap_of(row, share)
        if gap is not None:
            gravest[row.gene] = max(gap, gravest.get(row.gene, gap), key=order.index)
    groups = [
        GeneGap(gap, tuple(sorted(gene for gene, own in gravest.items() if own is gap)))
        for gap in order
    ]
    return [group for group in groups if group.genes]
