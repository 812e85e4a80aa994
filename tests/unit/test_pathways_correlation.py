"""How far a set's genes move together is measured where it can be, and p values allow for it."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm
from scipy.stats import t as student

from amlresist.expression.correlation import (
    Correlation,
    as_if_independent,
    effective_size,
    influence,
    measured_correlations,
    shipped_correlations,
)
from amlresist.expression.gene_sets import GeneSet, read_gmt, shipped_themes
from amlresist.expression.genes import GeneNames
from amlresist.expression.matrix import read_matrix
from amlresist.expression.matrix_scores import log_values
from amlresist.expression.measured import Measured, Unit
from amlresist.expression.pathways import make_pair, pathway_changes
from amlresist.expression.reference_cohort import ReferenceCohort, cohort_correlations
from amlresist.expression.scores import Method, rank_samples
from amlresist.expression.settings import Settings
from amlresist.settings import load

N_GENES, N_SETS, SIZE = 3000, 40, 25
GENES = tuple(f"G{i:05d}" for i in range(N_GENES))
METHODS = list(Method)


def settings(**changed) -> Settings:
    return load(Settings, "expression", {"null_sets": 499, "bootstrap_samples": 100, **changed})


def people(rng, n, members, correlations):
    """n samples of one population, in which genes of each set share a factor of its own."""
    base = np.random.default_rng(0).normal(5, 2, N_GENES)
    values = base + rng.normal(0, 0.5, (n, N_GENES))
    for part, r in zip(members, correlations, strict=True):
        values[:, part] += 0.5 * math.sqrt(r / (1 - r)) * rng.normal(size=(n, 1))
    return values


def disjoint_sets(rng):
    members = np.split(rng.permutation(N_GENES)[: N_SETS * SIZE], N_SETS)
    sets = [
        GeneSet(f"set{i}", "", "test", tuple(sorted(GENES[j] for j in part)), np.ones(SIZE))
        for i, part in enumerate(members)
    ]
    return members, sets


def found_in(values, genes, sets, known=None, background=500):
    return cohort_correlations(
        genes,
        ReferenceCohort(genes, values),
        sets,
        known or {},
        METHODS,
        minimum_genes=10,
        minimum_background=background,
        seed=1,
    )


@pytest.mark.parametrize("n_samples", [60, 400])  # 400: some of the pairs only
def test_the_correlation_of_a_cohort_is_recovered(n_samples):
    rng = np.random.default_rng(2)
    members, sets = disjoint_sets(rng)
    truth = np.linspace(0, 0.2, N_SETS)
    found = found_in(people(rng, n_samples, members, truth), GENES, sets)
    for method in METHODS:
        seen = np.array([found[s.name, method].value for s in sets])
        # Variance estimates of 60 samples scatter by a fifth.
        assert np.corrcoef(seen, truth)[0, 1] > 0.85
        assert abs(np.median(seen - truth)) < 0.05
        assert seen[:4].max() < 0.03


def test_p_values_are_uniform_with_the_correlation_of_a_reference_cohort():
    """Every set has a correlation of its own; two people in either order are the pair."""
    rng = np.random.default_rng(5)
    members, sets = disjoint_sets(rng)
    truth = rng.uniform(0, 0.15, N_SETS)
    known = found_in(people(rng, 40, members, truth), GENES, sets)
    p_values = {method: [] for method in METHODS}
    assumed = []
    for repeat in range(12):
        sides = people(rng, 2, members, truth)
        pair = make_pair(*(Measured(GENES, v, None, Unit.LOG2) for v in sides))
        for change in pathway_changes(pair, sets, settings(seed=repeat), "a>b", known):
            p_values[change.method].append(change.p_value)
        assumed += [c.p_value for c in pathway_changes(pair, sets, settings(seed=repeat), "a>b")]
    for method, p in p_values.items():
        assert kstest(p, "uniform").pvalue > 0.01, method
        assert 0.02 < np.mean(np.array(p) < 0.05) < 0.08
    assert np.mean(np.array(assumed) < 0.05) > 0.1  # what the cohort is for


def test_few_or_other_genes_in_the_cohort_leave_the_set_as_it_was():
    rng = np.random.default_rng(3)
    members, sets = disjoint_sets(rng)
    values = people(rng, 12, members, np.zeros(N_SETS))
    assert found_in(values[:, :400], GENES[:400], sets) == {}
    absent = replace(sets[0], genes=tuple(f"X{i}" for i in range(SIZE)))
    assert (absent.name, Method.ULM) not in found_in(values, GENES, [absent, sets[1]])


def test_what_is_known_beforehand_is_averaged_with_what_the_cohort_shows():
    rng = np.random.default_rng(4)
    members, sets = disjoint_sets(rng)
    values = people(rng, 21, members, np.full(N_SETS, 0.1))
    key = (sets[0].name, Method.ULM)
    alone = found_in(values, GENES, sets)[key]
    both = found_in(values, GENES, sets, {key: Correlation(0.3, "elsewhere", 20)})[key]
    assert alone.freedom == 20 and both.freedom == 40
    assert both.value == pytest.approx((alone.value + 0.3) / 2)
    assert both.source == "21 samples of the reference cohort, and elsewhere"


def test_an_uncertain_correlation_counts_as_the_tail_of_students_t():
    null = np.random.default_rng(0).normal(size=20_001)
    null = (null - np.median(null)) / null.std()
    weights = np.ones(20)
    for delta in (-9.0, -1.0, 0.0, 2.0, 6.0):
        known = as_if_independent(delta, null, weights, Correlation(0.1, "known"))
        assert known == pytest.approx(delta / math.sqrt(1 + 19 * 0.1), abs=1e-9)
        few = as_if_independent(delta, null, weights, Correlation(0.1, "few", 9))
        assert norm.cdf(few) == pytest.approx(student.cdf(known, 9), rel=1e-9)


@given(st.lists(st.sampled_from([1.0, -1.0, 0.5, 3.0]), min_size=2, max_size=60))
def test_the_effective_size_is_at_most_the_number_of_genes(weights):
    for method in METHODS:
        counts = influence(method, np.array(weights))
        assert 1 - 1e-9 <= effective_size(counts) <= len(weights) + 1e-9
        assert (np.sign(counts) == np.sign(weights)).all()


def test_the_order_of_sets_changes_no_correlation():
    rng = np.random.default_rng(6)
    members, sets = disjoint_sets(rng)
    cohort = rank_samples(people(rng, 15, members, np.full(N_SETS, 0.05)))
    placed = {s.name: (part, np.ones(SIZE)) for s, part in zip(sets, members, strict=True)}
    one = measured_correlations(cohort, placed, {}, METHODS, np.random.default_rng(1))
    turned = dict(reversed(placed.items()))
    other = measured_correlations(cohort, turned, {}, METHODS, np.random.default_rng(1))
    assert all(one[key].value == pytest.approx(other[key].value, abs=1e-12) for key in one)


def test_shipped_correlations_are_those_of_shipped_themes_and_hallmark_sets():
    shipped = shipped_correlations()
    themes = {theme.name for theme in shipped_themes()}
    for name, method in shipped:
        assert name in themes or name.startswith("HALLMARK_")
        assert 0 <= shipped[name, method].value < 0.5
        assert {(name, m) for m in METHODS} <= set(shipped)
    panels = {"topoisomerase_ii", "wt1_qprt"}  # fewer than ten genes: no score
    assert themes - {name for name, _ in shipped} == panels


def test_two_people_of_one_leukemia_differ_no_more_often_than_by_chance(real_data: Path):
    """Hallmark sets between two people, correlations from twelve others: p < 0.05 in one of 20."""
    folder, names = real_data / "pathways", GeneNames()
    matrix = read_matrix(folder / "leukemia_all_aml_arrays.txt.gz")
    genes, values = log_values(matrix, names, "intensity")
    sets = read_gmt(folder / "hallmark_v7.0.symbols.gmt", names)
    rng = np.random.default_rng(7)
    chosen = settings(methods=["singscore", "ulm"], null_sets=299)
    measured, assumed = [], []
    for number in range(10):
        one, other, *rest = rng.permutation(24) + 24 * (number % 2)
        pair = make_pair(*(Measured(genes, values[i], None, Unit.LOG2) for i in (one, other)))
        known = found_in(values[rest[:12]], genes, sets)
        measured += [c.p_value for c in pathway_changes(pair, sets, chosen, "a>b", known)]
        assumed += [c.p_value for c in pathway_changes(pair, sets, chosen, "a>b")]
    assert 0.02 < np.mean(np.array(measured) < 0.05) < 0.08
    assert np.mean(np.array(assumed) < 0.05) > 0.1
