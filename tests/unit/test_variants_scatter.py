"""Overdispersion learned from the pair, and the test of an unchanged VAF that uses it."""

import numpy as np
import pytest

from amlresist.variants.classes import change_p_value
from amlresist.variants.model import Observations, Question
from amlresist.variants.overdispersion import estimate

DEFAULT = 0.002


def drawn(rng, vaf, n, depth, rho):
    """Counts of n loci whose VAFs are those of `vaf`, one per time point."""
    total = rng.poisson(depth, (n, len(vaf)))
    mean = np.array(vaf)
    share = rng.beta(mean * (1 / rho - 1), (1 - mean) * (1 / rho - 1), total.shape)
    return rng.binomial(total, share), total


def learned(rng, rho, depth, n=300):
    return estimate(*drawn(rng, (0.5, 0.5), n, depth, rho), DEFAULT, 10)


@pytest.mark.parametrize("rho", [0.0005, 0.002, 0.005])
def test_rho_is_learned_without_bias(rho):
    found = [learned(np.random.default_rng(seed), rho, 2000).rho for seed in range(3)]
    assert np.mean(found) == pytest.approx(rho, rel=0.15)


def test_the_error_of_rho_is_stated():
    found = [learned(np.random.default_rng(seed), 0.002, 1000) for seed in range(5)]
    spread = np.std([one.rho for one in found])
    assert 0.5 < spread / np.mean([one.spread for one in found]) < 2


def test_a_clone_near_the_snps_is_no_scatter():
    rng = np.random.default_rng(3)
    snps = drawn(rng, (0.5, 0.5), 200, 1000, 0.002)
    clone = drawn(rng, (0.45, 0.45), 300, 1000, 0.002)
    alt, depth = (np.concatenate(pair) for pair in zip(snps, clone, strict=True))
    assert estimate(alt, depth, DEFAULT, 10).rho == pytest.approx(0.002, rel=0.35)


def test_variants_that_grew_by_little_are_no_scatter():
    ratios = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        snps = drawn(rng, (0.5, 0.5), 150, 1000, 0.002)
        grown = [drawn(rng, (rng.uniform(0.36, 0.46), 0.5), 1, 1000, 0.002) for _ in range(60)]
        alt, depth = (np.concatenate(parts) for parts in zip(snps, *grown, strict=True))
        ratios.append(estimate(alt, depth, DEFAULT, 10).rho / 0.002)
    assert np.mean(ratios) == pytest.approx(1, abs=0.3)


def test_bias_of_a_locus_in_all_libraries_is_told_from_scatter():
    rng = np.random.default_rng(5)
    depth = np.full((400, 2), 1500)
    bias = np.clip(rng.normal(0.5, 0.025, (400, 1)), 0.3, 0.7)
    share = rng.beta(bias * 999, (1 - bias) * 999, depth.shape)
    found = estimate(rng.binomial(depth, share), depth, DEFAULT, 10)
    assert found.rho == pytest.approx(0.001, rel=0.35)
    assert found.between == pytest.approx(4 * 0.025**2, rel=0.5)


def test_few_loci_and_one_time_point_leave_the_default():
    rng = np.random.default_rng(7)
    few = estimate(*drawn(rng, (0.5, 0.5), 5, 1000, 0.01), DEFAULT, 10)
    single = estimate(*drawn(rng, (0.5,), 400, 1000, 0.01), DEFAULT, 10)
    assert (few.rho, few.source) == (single.rho, single.source) == (DEFAULT, "default")


def test_order_of_loci_and_of_time_points_changes_no_rho():
    rng = np.random.default_rng(8)
    alt, depth = drawn(rng, (0.5, 0.5, 0.5), 150, 600, 0.003)
    one = estimate(alt, depth, DEFAULT, 10)
    turned = rng.permutation(150)
    for other in (
        estimate(alt[turned], depth[turned], DEFAULT, 10),
        estimate(alt[:, ::-1], depth[:, ::-1], DEFAULT, 10),
    ):
        assert other.rho == pytest.approx(one.rho, rel=1e-6)


def test_one_unchanged_vaf_in_twenty_gets_p_below_5_percent_with_rho_learned():
    shares = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = learned(rng, 0.002, 500, 200)
        alt, depth = drawn(rng, (0.3, 0.3), 1000, 500, 0.002)
        n, unknown = len(alt), np.full(alt.shape, -1)
        zeros = np.zeros(n)
        none = np.full((n, 2, 2), np.nan)
        error = np.full(alt.shape, 1e-3)
        counts = Observations(alt, depth, error, unknown, zeros, zeros, zeros, none)
        asked = Question(
            0, 1, None, 0.02, 0.02, np.ones(n), 1.5, found.rho, (np.nan, np.nan), found.spread
        )
        shares.append((change_p_value(counts, asked) < 0.05).mean())
    assert 0.04 < np.mean(shares) < 0.06
