"""The prior over pairs of VAFs: what many loci teach it, what few leave as it was, its symmetry."""

import numpy as np
import pytest

from amlresist.variants.likelihood import likelihoods, vaf_grid
from amlresist.variants.pair_prior import starting_prior

VAF = vaf_grid()
UNKNOWN = (np.nan, np.nan)
NEAR = np.abs(np.linspace(-3, 3, 101) - np.log(1.5)) < 0.1


def learned(n, rng, rounds=25, snps=0):
    """Prior after `n` shared variants of which half stay and half grow or shrink 2.5-fold."""
    before = rng.uniform(0.05, 0.2, n)
    after = before * rng.choice((1.0, 1.0, 2.5, 0.4), n)
    before, after = (np.concatenate((vaf, np.full(snps, 0.5))) for vaf in (before, after))
    depth = np.full(n + snps, 1000)
    sides = [
        likelihoods(rng.binomial(depth, vaf), depth, np.full(n + snps, 1e-3), 0.0005, VAF)
        for vaf in (before, after)
    ]
    start = prior = starting_prior(VAF, 1.0, UNKNOWN)
    for _ in range(rounds):
        pairs = prior.pairs()
        weight = 1 / ((sides[0] @ pairs) * sides[1]).sum(axis=1)
        found = pairs * ((sides[0] * weight[:, None]).T @ sides[1])
        prior = prior.updated(found, start)
    return start, prior


def test_many_loci_teach_that_nothing_changes_by_half():
    start, prior = learned(800, np.random.default_rng(1))
    assert prior.factors[NEAR].sum() < 0.3 * start.factors[NEAR].sum()
    log = np.linspace(-3, 3, 101)
    assert prior.factors[np.abs(log - np.log(2.5)) < 0.15].sum() > 0.15
    assert prior.weights[-1] > start.weights[-1]


def test_snps_of_a_list_teach_little_of_how_clones_change():
    far = np.abs(np.linspace(-3, 3, 101)) > 0.6
    clones, both = (learned(200, np.random.default_rng(3), snps=n)[1] for n in (0, 400))
    assert both.factors[far].sum() > 0.8 * clones.factors[far].sum()


def test_a_handful_of_loci_leave_the_start_nearly_as_it_was():
    start, prior = learned(3, np.random.default_rng(2))
    assert prior.factors[NEAR].sum() > 0.5 * start.factors[NEAR].sum()
    assert prior.weights == pytest.approx(start.weights, abs=0.25)


def test_no_loci_change_nothing():
    start = starting_prior(VAF, 0.5, (0.45, 0.225))
    same = start.updated(np.zeros((len(VAF), len(VAF))), start)
    np.testing.assert_allclose(same.pairs(), start.pairs(), atol=1e-12)


def test_swapped_time_points_mirror_the_prior():
    one, other = starting_prior(VAF, 0.5, (0.4, 0.2)), starting_prior(VAF, 2.0, (0.2, 0.4))
    np.testing.assert_allclose(one.pairs(), other.pairs().T, atol=1e-12)
    assert one.pairs().sum() == pytest.approx(1)
    assert one.pairs()[0, 0] == 0
