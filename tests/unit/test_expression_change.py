"""Fold changes with honest intervals: up or down only when the data allow it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma

from amlresist.expression.change import (
    Direction,
    Dispersion,
    cohort_dispersion,
    gene_changes,
    prior_dispersion,
    tmm_log_ratio,
    trigamma,
)
from amlresist.expression.measured import Measured, Unit, from_counts
from amlresist.expression.settings import Settings
from amlresist.settings import load

SETTINGS = load(Settings, "expression")
PRIOR = prior_dispersion(0.4)
N = 2000
GENES = tuple(f"G{i:04d}" for i in range(N))


def pair_of_counts(rng, bcv=0.4, shift=None, depth=(2e7, 2e7)):
    mean = rng.lognormal(0, 2, N)
    sides = []
    for size, extra in zip(depth, (0, shift if shift is not None else 0), strict=True):
        rate = mean * np.exp(rng.normal(0, bcv, N)) * np.exp2(extra)
        sides.append(rng.poisson(rate / rate.sum() * size).astype(float))
    return [from_counts(GENES, counts) for counts in sides]


@given(st.floats(1e-3, 1e7))
def test_trigamma_equals_scipys(x):
    assert trigamma(np.array([x]))[0] == pytest.approx(polygamma(1, x), rel=1e-9)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    before, after = pair_of_counts(rng)
    changes = gene_changes(before, after, PRIOR, SETTINGS)
    judged = [c for c in changes.values() if c.direction is not Direction.NOT_EVALUABLE]
    assert len(judged) > 1500
    covered = np.mean([c.low <= 0 <= c.high for c in judged])
    assert 0.93 <= covered <= 0.975


def test_a_pair_without_change_rarely_gets_a_direction():
    rng = np.random.default_rng(2)
    before, after = pair_of_counts(rng, bcv=0.4)
    changes = gene_changes(before, after, PRIOR, SETTINGS)
    called = [c for c in changes.values() if c.direction in {Direction.UP, Direction.DOWN}]
    assert len(called) / N < 0.06


def test_a_sixteen_fold_change_is_called_up_and_back_down():
    rng = np.random.default_rng(3)
    shift = np.zeros(N)
    shift[:50] = 4
    before, after = pair_of_counts(rng, bcv=0.3, shift=shift)
    enough = [g for i, g in enumerate(GENES[:50]) if before.counts[i] > 200]
    forward = gene_changes(before, after, PRIOR, SETTINGS)
    back = gene_changes(after, before, PRIOR, SETTINGS)
    assert np.mean([forward[g].direction is Direction.UP for g in enough]) >= 0.9
    assert np.mean([back[g].direction is Direction.DOWN for g in enough]) >= 0.9
    assert all(forward[g].log2 == pytest.approx(-back[g].log2, abs=1e-9) for g in enough)


def test_depth_alone_is_no_change():
    rng = np.random.default_rng(4)
    before, after = pair_of_counts(rng, bcv=0.01, depth=(4e7, 1e7))
    changes = gene_changes(before, after, PRIOR, SETTINGS)
    high = [changes[g].log2 for i, g in enumerate(GENES) if before.counts[i] > 2000]
    assert np.abs(high).max() < 0.3


def test_composition_is_taken_out():
    """A few genes flood the relapse library; the others must not look down."""
    rng = np.random.default_rng(5)
    shift = np.zeros(N)
    shift[:100] = 5
    before, after = pair_of_counts(rng, bcv=0.05, shift=shift)
    quiet = [i for i in range(100, N) if before.counts[i] > 500]
    with_tmm = gene_changes(before, after, PRIOR, SETTINGS)
    without = gene_changes(
        before, after, PRIOR, load(Settings, "expression", {"normalisation": "none"})
    )
    assert abs(np.median([with_tmm[GENES[i]].log2 for i in quiet])) < 0.05
    assert abs(np.median([without[GENES[i]].log2 for i in quiet])) > 0.5


def test_few_fragments_are_not_evaluable():
    before = Measured(("a", "b"), np.array([4.0, 1e6]), np.array([4.0, 1e6]), Unit.CPM)
    after = Measured(("a", "b"), np.array([5.0, 1e6]), np.array([5.0, 1e6]), Unit.CPM)
    changes = gene_changes(before, after, PRIOR, SETTINGS)
    assert changes["a"].direction is Direction.NOT_EVALUABLE and np.isnan(changes["a"].log2)
    assert "fewer than 10 fragments" in changes["a"].reason
    assert changes["b"].direction is Direction.NO_CHANGE_SHOWN


def test_a_gene_silent_at_one_time_point_is_judged_with_a_wide_interval():
    before = Measured(("a", "b"), np.array([0.0, 1e6]), np.array([0.0, 1e6]), Unit.CPM)
    after = Measured(("a", "b"), np.array([500.0, 1e6]), np.array([500.0, 1e6]), Unit.CPM)
    change = gene_changes(before, after, PRIOR, SETTINGS)["a"]
    assert change.direction is Direction.UP
    assert change.high - change.low > 6


def test_small_but_sure_changes_are_not_called():
    sure = Dispersion("cohort of 9 pairs", 0.01, {})
    counts = np.full(20, 1e5)
    moved = counts.copy()
    moved[0] *= 1.5
    genes = tuple("abcdefghijklmnopqrst")
    before, after = (Measured(genes, c, c, Unit.CPM) for c in (counts, moved))
    change = gene_changes(before, after, sure, SETTINGS)["a"]
    assert change.low > 0 and change.direction is Direction.NO_CHANGE_SHOWN
    assert "smaller than the least change" in change.reason


def test_units_that_differ_are_not_compared():
    tpm = Measured(("a",), np.array([5.0]), None, Unit.TPM)
    log2 = Measured(("a",), np.array([5.0]), None, Unit.LOG2)
    change = gene_changes(tpm, log2, PRIOR, SETTINGS)["a"]
    assert change.direction is Direction.NOT_EVALUABLE and "not comparable" in change.reason


def test_tpm_and_log2_get_the_prior_interval_and_say_what_is_missing():
    tpm = [Measured(("a", "b"), np.array(v), None, Unit.TPM) for v in ([0.1, 5.0], [0.2, 300.0])]
    changes = gene_changes(*tpm, PRIOR, SETTINGS)
    assert changes["a"].direction is Direction.NOT_EVALUABLE
    assert changes["b"].direction is Direction.UP
    assert "counting error not known" in changes["b"].reason
    logs = [Measured(("a",), np.array(v), None, Unit.LOG2) for v in ([2.0], [9.0])]
    assert gene_changes(*logs, PRIOR, SETTINGS)["a"].log2 == 7


def test_tmm_is_zero_for_equal_libraries_and_opposite_when_swapped():
    counts = np.random.default_rng(0).poisson(100, 500).astype(float)
    other = np.random.default_rng(1).poisson(100, 500).astype(float)
    other[:30] *= 20
    assert tmm_log_ratio(counts, counts) == 0
    assert tmm_log_ratio(counts, other) == pytest.approx(-tmm_log_ratio(other, counts), abs=1e-9)
    assert tmm_log_ratio(counts, other) == pytest.approx(
        np.log2(counts.sum() / other.sum()), abs=0.05
    )


@pytest.mark.parametrize(("n_pairs", "truth"), [(3, 0.4), (6, 0.25), (12, 0.6)])
def test_the_cohorts_dispersion_is_recovered(n_pairs, truth):
    rng = np.random.default_rng(6)
    counting = np.full((n_pairs, 3000), 0.02)
    spread = np.sqrt(2 * truth**2 + 0.02)
    changes = rng.normal(0.5, spread, (n_pairs, 3000)) / np.log(2)
    genes = [f"g{i}" for i in range(3000)]
    found = cohort_dispersion(changes, counting, genes)
    assert found.source == f"cohort of {n_pairs} pairs"
    assert found.common == pytest.approx(truth, rel=0.2)
    assert found.of("not there") == found.common


def test_a_noisy_gene_gets_a_larger_dispersion():
    rng = np.random.default_rng(7)
    changes = rng.normal(0, 0.5, (6, 500))
    changes[:, 0] *= 10
    found = cohort_dispersion(changes, np.zeros((6, 500)), [f"g{i}" for i in range(500)])
    assert found.of("g0") > 2 * found.common


def test_two_pairs_are_too_few_for_a_dispersion():
    with pytest.raises(ValueError, match="at least three"):
        cohort_dispersion(np.zeros((2, 5)), np.zeros((2, 5)), list("abcde"))
