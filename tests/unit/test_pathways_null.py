"""The null of a pathway change is fair: uniform when nothing moved, and it finds what did."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from amlresist.expression.change import Direction
from amlresist.expression.gene_sets import GeneSet
from amlresist.expression.measured import Measured, Unit
from amlresist.expression.null_sets import (
    expression_strata,
    generator_for,
    matched_sets,
    rank_p_value,
    resampled_genes,
)
from amlresist.expression.pathways import make_pair, pathway_changes
from amlresist.expression.scores import Method
from amlresist.expression.settings import Settings
from amlresist.multiple_testing import benjamini_hochberg
from amlresist.settings import load

N_GENES = 3000
GENES = tuple(f"G{i:05d}" for i in range(N_GENES))


def settings(**changed) -> Settings:
    small = {"null_sets": 499, "bootstrap_samples": 200}
    return load(Settings, "expression", {**small, **changed})


def a_pair(rng, noise=0.5):
    base = rng.normal(5, 2, N_GENES)
    both = base + rng.normal(0, noise, (2, N_GENES))
    return both


def measured(values):
    return Measured(GENES, values, None, Unit.LOG2)


def random_sets(rng, n_sets, size=25, signed=False):
    sets = []
    for i in range(n_sets):
        genes = tuple(sorted(np.array(GENES)[rng.choice(N_GENES, size, replace=False)].tolist()))
        weights = rng.choice([-1.0, 1.0], size) if signed else np.ones(size)
        sets.append(GeneSet(f"set{i}", "", "test", genes, weights))
    return sets


def assert_uniform_p_values(rounds):
    """Over all (pair, sets, settings) together, for each method."""
    p_values = {method: [] for method in Method}
    for pair, sets, chosen in rounds:
        for change in pathway_changes(pair, sets, chosen, "diagnosis>relapse"):
            p_values[change.method].append(change.p_value)
    for method, found in p_values.items():
        assert kstest(found, "uniform").pvalue > 0.01, method


@pytest.mark.parametrize("signed", [False, True])
def test_p_values_are_uniform_when_the_time_points_are_exchangeable(signed):
    rng = np.random.default_rng(11)
    rounds = []
    for repeat in range(12):
        before, after = a_pair(rng)
        if rng.random() < 0.5:  # the labels of the time points mean nothing
            before, after = after, before
        pair = make_pair(measured(before), measured(after))
        sets = random_sets(rng, 25, signed=signed)
        independent = settings(seed=repeat, gene_correlation=0)  # as these genes are
        rounds.append((pair, sets, independent))
    assert_uniform_p_values(rounds)


def test_p_values_stay_uniform_when_genes_of_a_set_move_together():
    """Every set has a push of its own, by which its genes correlate as the setting says."""
    rng = np.random.default_rng(12)
    correlation = 0.05
    rounds = []
    for repeat in range(12):
        before, after = a_pair(rng)
        members = np.split(rng.permutation(N_GENES)[: 40 * 25], 40)
        for part in members:
            after[part] += (
                np.sqrt(2) * 0.5 * np.sqrt(correlation / (1 - correlation)) * rng.normal()
            )
        sets = [
            GeneSet(f"set{i}", "", "test", tuple(sorted(GENES[j] for j in part)), np.ones(25))
            for i, part in enumerate(members)
        ]
        pair = make_pair(measured(before), measured(after))
        rounds.append((pair, sets, settings(seed=repeat, gene_correlation=correlation)))
    assert_uniform_p_values(rounds)


def test_a_trend_with_expression_makes_no_false_pathway():
    """Highly expressed genes all rise: sets of such genes must not be called."""
    rng = np.random.default_rng(4)
    before, after = a_pair(rng)
    after = after + 0.3 * (before - before.mean())
    high = np.argsort(-(before + after))[:600]
    sets = [
        GeneSet(
            f"high{i}",
            "",
            "test",
            tuple(sorted(GENES[j] for j in rng.choice(high, 25, replace=False))),
            np.ones(25),
        )
        for i in range(60)
    ]
    changes = pathway_changes(
        make_pair(measured(before), measured(after)), sets, settings(), "diagnosis>relapse"
    )
    p = np.array([change.p_value for change in changes])
    assert np.mean(p < 0.05) < 0.12


def test_planted_shifts_of_one_sd_are_found_and_the_fdr_holds():
    """Ten of fifty sets move by one SD of the pair's gene noise."""
    rng = np.random.default_rng(8)
    found, planted, false, called = 0, 0, 0, 0
    for repeat in range(6):
        before, after = a_pair(rng)
        sets = random_sets(rng, 50, size=30)
        shift = np.sqrt(2) * 0.5
        place = {gene: i for i, gene in enumerate(GENES)}
        for gene_set in sets[:10]:
            after[[place[gene] for gene in gene_set.genes]] += shift
        pair = make_pair(measured(before), measured(after))
        changes = pathway_changes(
            pair, sets, settings(null_sets=1999, seed=repeat), "diagnosis>relapse"
        )
        for change in changes:
            is_planted = int(change.gene_set.name[3:]) < 10
            is_called = change.direction in {Direction.UP, Direction.DOWN}
            planted += is_planted
            found += is_planted and change.direction is Direction.UP
            called += is_called
            false += is_called and not is_planted
    assert found / planted >= 0.9
    assert false / called <= 0.1


@given(st.integers(0, 2**32 - 1))
def test_random_sets_match_in_expression_and_repeat_no_gene(seed):
    rng = np.random.default_rng(seed)
    strata = expression_strata(rng.normal(size=300))
    members = rng.choice(300, 24, replace=False)
    drawn = matched_sets(rng, members, strata, 50)
    assert (np.sort(strata[drawn], axis=1) == np.sort(strata[members])).all()
    assert all(len(set(row)) == len(row) for row in drawn.tolist())


def test_strata_are_of_equal_size_even_with_ties():
    assert np.bincount(expression_strata(np.zeros(1000))).tolist() == [100] * 10


def test_resampling_keeps_up_and_down_genes_apart():
    weights = np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    places = resampled_genes(np.random.default_rng(0), weights, 100)
    assert (weights[places] == weights).all()


def test_the_rank_p_value_counts_the_observed_and_is_never_zero():
    null = np.arange(99, dtype=float)
    assert rank_p_value(1000.0, null) == pytest.approx(2 / 100)
    assert rank_p_value(49.0, null) == 1.0


def test_q_values_equal_the_step_up_procedure():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert benjamini_hochberg(p).tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_random_numbers_depend_on_the_question_only():
    first = generator_for(1, "diagnosis>relapse", "autophagy").random(3)
    again = generator_for(1, "diagnosis>relapse", "autophagy").random(3)
    other = generator_for(1, "diagnosis>relapse", "apoptosis").random(3)
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_sets_result_does_not_depend_on_the_sets_beside_it():
    rng = np.random.default_rng(6)
    before, after = a_pair(rng)
    pair = make_pair(measured(before), measured(after))
    sets = random_sets(rng, 6)
    alone = pathway_changes(pair, sets[2:3], settings(), "diagnosis>relapse")
    among = pathway_changes(pair, sets[::-1], settings(), "diagnosis>relapse")
    kept = [change for change in among if change.gene_set.name == "set2"]
    assert [(c.delta, c.low, c.high, c.p_value) for c in alone] == [
        (c.delta, c.low, c.high, c.p_value) for c in kept
    ]


def test_small_and_poorly_covered_sets_and_small_panels_are_not_evaluable():
    rng = np.random.default_rng(9)
    before, after = a_pair(rng)
    pair = make_pair(measured(before), measured(after))
    few = GeneSet("few", "", "t", GENES[:9], np.ones(9))
    absent = tuple(f"X{i}" for i in range(21))
    sparse = GeneSet("sparse", "", "t", GENES[:20] + absent, np.ones(41))
    changes = pathway_changes(pair, [few, sparse], settings(), "diagnosis>relapse")
    assert {c.direction for c in changes} == {Direction.NOT_EVALUABLE}
    assert all(np.isnan(c.delta) for c in changes)
    assert "9 genes of 9" in changes[0].reason and "20 of 41" in changes[3].reason
    assert changes[0].driving  # the panel is still shown gene by gene
    whole = random_sets(rng, 1)
    panel = pathway_changes(pair, whole, settings(minimum_background=5000), "diagnosis>relapse")
    assert "3000 genes were measured" in panel[0].reason


def test_driving_genes_push_the_way_the_score_went():
    rng = np.random.default_rng(10)
    before, after = a_pair(rng, noise=0.05)
    names = GENES[:20]
    weights = np.where(np.arange(20) < 10, 1.0, -1.0)
    after[:3] += 4
    after[15] -= 4
    changes = pathway_changes(
        make_pair(measured(before), measured(after)),
        [GeneSet("s", "", "t", names, weights)],
        settings(),
        "diagnosis>relapse",
    )
    for change in changes:
        assert change.delta > 0
        leading = {text.split()[0] for text in change.driving[:4]}
        assert leading == {GENES[0], GENES[1], GENES[2], GENES[15]}
