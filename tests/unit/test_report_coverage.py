"""A gene is judged by what the library was made to capture."""

import math

import pytest

from amlresist.alignment_qc.records import GeneCoverage
from amlresist.report.coverage import Gap, gap_of, gene_gaps


def coverage(
    gene: str = "TP53",
    share: float = 1.0,
    targets: int | None = None,
    target_share: float = math.nan,
) -> GeneCoverage:
    return GeneCoverage("P01", "diagnosis", "dx", gene, 1000, 400.0, share, targets, target_share)


@pytest.mark.parametrize(
    ("row", "gap"),
    [
        (coverage(share=1.0, targets=1000, target_share=1.0), None),
        (coverage(share=0.2, targets=200, target_share=1.0), Gap.PARTLY_CAPTURED),
        (coverage(share=0.1, targets=200, target_share=0.5), Gap.SHALLOW),
        (coverage(share=0.0, targets=0), Gap.NOT_CAPTURED),
        (coverage(share=0.97), None),
        (coverage(share=0.6), Gap.SHALLOW),
        (coverage(share=0.0), Gap.NOT_CAPTURED),
    ],
)
def test_a_panel_is_judged_by_its_targets(row: GeneCoverage, gap: Gap | None) -> None:
    assert gap_of(row, 0.95) is gap


def test_a_gene_counts_once_with_its_gravest_gap() -> None:
    rows = [
        coverage("KIT", 0.1, 100, 1.0),
        coverage("KIT", 0.0, 0),
        coverage("NPM1", 1.0, 1000, 1.0),
        coverage("ABCB1", 0.0, 0),
    ]
    (group,) = gene_gaps(rows, 0.95)
    assert (group.gap, group.genes) == (Gap.NOT_CAPTURED, ("ABCB1", "KIT"))
