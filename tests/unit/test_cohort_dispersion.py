"""What three pairs teach of the dispersion, and what one pair keeps."""

import math

import numpy as np
import pytest

from amlresist.cohort.dispersion import (
    counting_variance,
    expression_changes_of_cohort,
    mirna_changes_of_cohort,
    with_dispersion,
)
from amlresist.expression.records import ExpressionChange
from amlresist.mirna.change import Z95, direction_of, fold_change
from amlresist.mirna.records import MirnaChange
from report_example import filled

PRIOR = 0.4
SIZE = 1e6
NAMES = [f"miR-{i}" for i in range(60)]


def simulated(n_pairs: int, bcv: float, seed: int = 1) -> list[MirnaChange]:
    """Pairs without true change: counts vary by Poisson noise and `bcv`."""
    random = np.random.default_rng(seed)
    means = random.uniform(200, 2000, len(NAMES))
    rows = []
    for patient in range(n_pairs):
        spread = random.lognormal(0, bcv, (2, len(NAMES)))
        before, after = random.poisson(means * spread).astype(float)
        fold = fold_change(before, after, SIZE, SIZE, PRIOR)
        rows += [mirna_row(f"P{patient}", i, before, after, fold) for i in range(len(NAMES))]
    return rows


def mirna_row(patient, i, before, after, fold) -> MirnaChange:
    return filled(
        MirnaChange,
        patient=patient,
        comparison="diagnosis>relapse",
        mirna=NAMES[i],
        before_count=before[i],
        after_count=after[i],
        before_rpm=before[i] / SIZE * 1e6,
        after_rpm=after[i] / SIZE * 1e6,
        log2_fold_change=fold.log2[i],
        log2_low=fold.low[i],
        log2_high=fold.high[i],
        dispersion=PRIOR,
        dispersion_source="prior (exploratory)",
        direction=direction_of(fold.low[i], fold.high[i]),
    )


def patients(rows):
    """The rows of each patient, as a cohort's tables are read."""
    names = sorted({row.patient for row in rows})
    return lambda: ([row for row in rows if row.patient == name] for name in names)


def test_two_pairs_keep_the_prior():
    rows = simulated(2, 0.1)
    assert list(mirna_changes_of_cohort(patients(rows))) == rows


def test_a_patient_without_rows_is_no_pair():
    mirna, genes = simulated(3, 0.1), [expression(f"P{p}", "G", 1.0 + p) for p in range(3)]
    for rows, found in (
        (mirna, mirna_changes_of_cohort(lambda: [[], *patients(mirna)()])),
        (genes, expression_changes_of_cohort(lambda: [*patients(genes)(), []], 1.0)),
    ):
        assert {row.dispersion_source for row in found} == {"cohort of 3 pairs"}, rows[0]


@pytest.mark.parametrize("bcv", [0.1, 0.3])
def test_five_pairs_find_the_dispersion(bcv):
    rows = list(mirna_changes_of_cohort(patients(simulated(5, bcv))))
    found = np.array([row.dispersion for row in rows])
    assert np.median(found) == pytest.approx(bcv, rel=0.25)
    assert {row.dispersion_source for row in rows} == {"cohort of 5 pairs"}


def test_intervals_cover_no_change_as_often_as_they_say():
    rows = list(mirna_changes_of_cohort(patients(simulated(6, 0.25))))
    quiet = sum(row.direction == "no_change_shown" for row in rows) / len(rows)
    assert 0.9 <= quiet <= 0.99


def test_fold_change_stays_and_the_same_bcv_gives_the_same_interval():
    row = simulated(1, 0.2)[0]
    again = with_dispersion(row, PRIOR, "x")
    assert again.log2_fold_change == row.log2_fold_change
    assert (again.log2_low, again.log2_high) == pytest.approx((row.log2_low, row.log2_high))


def test_not_evaluable_stays_so():
    row = filled(MirnaChange, patient="P1", direction="not_evaluable", log2_low=math.nan)
    assert with_dispersion(row, 0.1, "x") is row


def expression(patient: str, gene: str, log2: float) -> ExpressionChange:
    half = Z95 * math.sqrt(0.01 + 2 * PRIOR**2) / math.log(2)
    return filled(
        ExpressionChange,
        patient=patient,
        comparison="diagnosis>relapse",
        gene=gene,
        log2_fold_change=log2,
        log2_low=log2 - half,
        log2_high=log2 + half,
        dispersion=PRIOR,
        direction="no_change_shown",
    )


def test_counting_variance_is_what_the_prior_leaves():
    assert counting_variance(expression("P", "G", 1.0)) == pytest.approx(0.01)


def test_steady_pairs_show_a_change_one_pair_could_not():
    rows = [expression(f"P{p}", "ABCB1", 1.5 + 0.05 * p) for p in range(4)]
    rows += [
        expression(f"P{p}", f"G{g}", 0.05 * (-1) ** (p + g)) for p in range(4) for g in range(20)
    ]
    found = list(expression_changes_of_cohort(patients(rows), minimum_log2_change=1.0))
    directions = {row.direction for row in found if row.gene == "ABCB1"}
    assert directions == {"up"}
    assert {row.direction for row in found if row.gene != "ABCB1"} == {"no_change_shown"}
    assert found[0].dispersion_source == "cohort of 4 pairs"
