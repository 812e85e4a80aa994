"""The joint posterior over the VAFs at two time points, and the labels made of it."""

import dataclasses
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from amlresist.settings import load
from amlresist.variants.classes import CLASSES, change_p_value, label, present, statements
from amlresist.variants.comparison import control_of
from amlresist.variants.likelihood import (
    depth_to_exclude,
    excluded_above,
    vaf_grid,
    vaf_quantile,
)
from amlresist.variants.model import Observations, Question, fit, region_masks
from amlresist.variants.records import VariantClass
from amlresist.variants.settings import Settings

SETTINGS = load(Settings, "variants", "")
UNKNOWN = (math.nan, math.nan)


def observed(alt, depth, germline=0.02, artefact=0.02):
    alt, depth = np.atleast_2d(alt).astype(np.int64), np.atleast_2d(depth).astype(np.int64)
    n = len(alt)
    return Observations(
        alt,
        depth,
        np.full(alt.shape, 1e-3),
        np.full(alt.shape, -1),
        np.full(n, germline),
        np.full(n, artefact),
        np.full(n, 0.02),
        np.full((*alt.shape, 2), np.nan),
    )


def asked(n, *, scale=1.0, before=0, after=1, normal=None, truncal=UNKNOWN, rho=0.002):
    return Question(
        before, after, normal, 0.02, 0.02, np.full(n, scale), SETTINGS.change_ratio, rho, truncal
    )


def classify(alt, depth, **question):
    observations = observed(alt, depth)
    n = len(observations.alt)
    posterior = fit(observations, asked(n, **question))
    seen = [present(observations, i, SETTINGS.presence_alpha) for i in (0, 1)]
    labels = label(
        statements(posterior, *seen),
        np.zeros(n, dtype=np.int64),
        (observations.depth > 0).all(axis=1),
        np.ones(n, dtype=bool),
        control_of(SETTINGS),
    )
    return labels, [labels.of(i) for i in range(n)]


def test_each_class_is_told_at_500_fragments():
    alt = [[0, 150], [150, 0], [15, 200], [200, 15], [200, 205]]
    _, classes = classify(alt, np.full((5, 2), 500))
    assert classes == list(CLASSES[:5])


def test_small_acquired_clone_is_told_from_noise_in_a_patient_who_shares_nothing():
    rng = np.random.default_rng(4)
    depth = rng.poisson(260, (130, 2))
    new, noise = np.arange(60), np.arange(60, 130)
    alt = np.zeros_like(depth)
    alt[new, 1] = rng.binomial(depth[new, 1], 0.05)
    alt[noise, rng.integers(0, 2, 70)] = rng.integers(2, 4, 70)
    observations = observed(alt, depth, germline=0.8, artefact=0.5)
    posterior = fit(observations, asked(130))
    plain = alt[new, 1] >= 10
    assert np.all(posterior.artefact[new][plain] < 0.03)
    assert np.median(posterior.artefact[noise]) > 0.5


def test_five_fragments_of_depth_decide_nothing():
    _, classes = classify([[0, 150], [2, 0]], [[5, 500], [30, 5]])
    assert classes == [VariantClass.NOT_EVALUABLE] * 2


def test_founder_of_a_relapse_of_40_percent_purity_is_stable():
    alt = [[216, 96], [205, 101], [222, 90]]
    purity = {"truncal": (0.45, 0.2)}
    _, raw = classify(alt, np.full((3, 2), 480))
    _, normalised = classify(alt, np.full((3, 2), 480), scale=0.2 / 0.45, **purity)
    assert VariantClass.STABLE not in raw
    assert normalised == [VariantClass.STABLE] * 3


def test_regions_share_out_all_pairs():
    vaf = vaf_grid()
    masks = region_masks(vaf, asked(1), 1.0)
    covered = np.sum(list(masks.values()), axis=0)
    assert covered[0, 0] == 0
    assert (covered.ravel()[1:] == 1).all()


counts = st.lists(
    st.tuples(st.integers(20, 900), st.integers(20, 900), st.floats(0, 0.6), st.floats(0, 0.6)),
    min_size=2,
    max_size=8,
)


def arrays(rows):
    depth = np.array([[a, b] for a, b, _, _ in rows], dtype=np.int64)
    vaf = np.array([[f, g] for _, _, f, g in rows])
    return (vaf * depth).astype(np.int64), depth


@settings(max_examples=10, deadline=None)
@given(counts, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows, random):
    alt, depth = arrays(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    one, classes = classify(alt, depth)
    other, shuffled = classify(alt[order], depth[order])
    np.testing.assert_allclose(other.probabilities, one.probabilities[order], atol=1e-8)
    assert shuffled == [classes[i] for i in order]


@settings(max_examples=10, deadline=None)
@given(counts)
def test_time_points_swapped_swap_gain_and_loss(rows):
    alt, depth = arrays(rows)
    one, _ = classify(alt, depth)
    other, _ = classify(alt[:, ::-1], depth[:, ::-1])
    mirrored = one.probabilities[:, [1, 0, 3, 2, 4, 5, 6]]
    np.testing.assert_allclose(other.probabilities, mirrored, atol=0.05)


@settings(max_examples=10, deadline=None)
@given(counts)
def test_a_library_named_in_another_column_gives_the_same(rows):
    alt, depth = arrays(rows)
    observations = observed(alt, depth)
    straight = fit(observations, asked(len(alt)))
    turned = fit(observed(alt[:, ::-1], depth[:, ::-1]), asked(len(alt), before=1, after=0))
    for name, values in straight.regions.items():
        np.testing.assert_allclose(turned.regions[name], values, atol=1e-9)


@given(st.integers(0, 5), st.integers(20, 3000), st.integers(1, 3000), st.floats(1e-4, 0.01))
def test_more_reference_fragments_never_weaken_absence(alt, depth, more, rho):
    before = float(excluded_above(alt, depth, rho))
    assert float(excluded_above(alt, depth + more, rho)) <= before + 1e-12


@settings(max_examples=15, deadline=None)
@given(st.integers(30, 1500), st.integers(1, 1500))
def test_more_reference_fragments_never_make_acquired_less_sure(depth, more):
    company = [[0, 120], [150, 2], [160, 150], [9, 120]] * 5
    sizes = np.full((20, 2), 500)
    one = np.vstack(([[0, 100]], company))
    few = fit(observed(one, np.vstack(([[depth, 500]], sizes))), asked(21))
    many = fit(observed(one, np.vstack(([[depth + more, 500]], sizes))), asked(21))
    gained = [p.regions["acquired"][0] + p.regions["small_before"][0] for p in (few, many)]
    assert gained[1] >= gained[0] - 2e-3


def test_a_normal_sample_tells_germline_from_founder():
    alt = np.array([[240, 250, 140], [240, 250, 0]])
    posterior = fit(observed(alt, [[500, 500, 300]] * 2, germline=0.5), asked(2, normal=2))
    assert posterior.germline[0] > 0.99
    assert posterior.germline[1] < 0.01


def test_heterozygous_snp_under_loh_is_germline():
    alt = np.array([[150, 15], [145, 290], [152, 140]])
    observations = observed(alt, np.full((3, 2), 300), germline=0.8)
    in_lost_arm = dataclasses.replace(observations, loh_share=np.full(3, 0.7))
    assert (fit(in_lost_arm, asked(3)).germline > 0.9).all()


def test_homozygous_at_both_time_points_is_germline():
    posterior = fit(observed([[400, 398]], [[400, 400]], germline=0.8), asked(1))
    assert posterior.germline[0] > 0.99


def test_type_one_error_of_the_change_test_is_five_percent():
    rng = np.random.default_rng(4)
    n, rho, vaf = 6000, 0.002, 0.3
    depth = rng.poisson(1000, (n, 2))
    strength = 1 / rho - 1
    alt = rng.binomial(depth, rng.beta(vaf * strength, (1 - vaf) * strength, (n, 2)))
    p = change_p_value(observed(alt, depth), asked(n, rho=rho))
    assert 0.04 < (p < 0.05).mean() < 0.06


def test_intervals_and_depths_agree_with_the_binomial():
    assert math.isclose(float(excluded_above(0, 300, 0.0)), 0.0064, abs_tol=2e-4)
    needed = depth_to_exclude(0.02, 0.0)
    assert float(excluded_above(0, needed, 0.0)) < 0.02 <= float(excluded_above(0, needed - 1, 0.0))
    assert float(vaf_quantile(50, 100, 0.01, 0.975)) > float(vaf_quantile(50, 100, 0.0, 0.975))


def test_wrong_acquired_labels_stay_below_half_a_percent_at_300_fragments():
    rng = np.random.default_rng(11)
    n = 2500
    kind = rng.choice(4, n, p=[0.45, 0.25, 0.15, 0.15])
    high = rng.uniform(0.05, 0.5, n)
    low = np.exp(rng.uniform(np.log(0.003), np.log(0.05), n))
    before = np.choose(kind, [high, low, np.zeros(n), high])
    after = np.choose(kind, [high, rng.uniform(0.05, 0.5, n), high, np.zeros(n)])
    depth = rng.poisson(300, (n, 2))
    vaf = np.clip(np.stack((before, after), axis=1) + 1e-3, 0, 1)
    alt = rng.binomial(depth, rng.beta(vaf * 499, (1 - vaf) * 499))
    labels, _ = classify_all(alt, depth)
    gained = labels.labelled & (labels.best == 0)
    assert (gained & (before >= 0.02)).sum() <= 0.005 * gained.sum() + 1
    assert (gained & (kind == 2)).sum() >= 0.8 * (kind == 2).sum()


def classify_all(alt, depth):
    observations = observed(alt, depth)
    n = len(alt)
    seen = [present(observations, i, SETTINGS.presence_alpha) for i in (0, 1)]
    labels = label(
        statements(fit(observations, asked(n)), *seen),
        np.zeros(n, dtype=np.int64),
        np.ones(n, dtype=bool),
        np.zeros(n, dtype=bool),
        control_of(SETTINGS),
    )
    return labels, seen
