"""Gene-set scores equal their definitions and do not look at other samples."""

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.errors import InputError
from amlresist.expression.cohort_scores import (
    gsva,
    normalised_ssgsea,
    require_company,
    standardise,
)
from amlresist.expression.gene_sets import read_gmt
from amlresist.expression.genes import GeneNames
from amlresist.expression.matrix import read_matrix
from amlresist.expression.matrix_scores import sample_scores
from amlresist.expression.scores import Method, rank_samples, score, score_samples, weighted_sum

ALL = list(Method)


def walk_ssgsea(values, members, alpha=0.25):
    """ssGSEA by walking down the list, as it is defined."""
    order = np.argsort(-values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.arange(len(values), 0, -1)
    inside = np.isin(order, members)
    weight = np.where(inside, rank[order] ** alpha, 0)
    return float(np.sum(np.cumsum(weight) / weight.sum() - np.cumsum(~inside) / (~inside).sum()))


def plain_singscore(values, up, down):
    """singscore as its paper writes it."""
    n = len(values)
    rank = np.argsort(np.argsort(values)) + 1
    total = 0.0
    for members, ranks in ((up, rank), (down, n + 1 - rank)):
        k = len(members)
        if k:
            mean, low, high = ranks[members].mean(), (k + 1) / 2, (2 * n - k + 1) / 2
            total += (mean - low) / (high - low) - 0.5
    return total


def plain_ulm(values, members, weights):
    """t of the slope of an ordinary least-squares fit."""
    x = np.zeros(len(values))
    x[members] = weights
    design = np.column_stack([np.ones_like(x), x])
    beta, *_ = np.linalg.lstsq(design, values, rcond=None)
    residual = values - design @ beta
    variance = residual @ residual / (len(x) - 2)
    return float(beta[1] / np.sqrt(variance * np.linalg.inv(design.T @ design)[1, 1]))


@pytest.fixture
def sample():
    rng = np.random.default_rng(7)
    values = rng.normal(size=400)
    members = rng.choice(400, 30, replace=False)
    weights = np.where(np.arange(30) < 20, 1.0, -1.0)
    return values, members, weights


def test_singscore_equals_its_definition(sample):
    values, members, weights = sample
    ours = score(Method.SINGSCORE, rank_samples(values), members, weights)
    assert ours == pytest.approx(
        plain_singscore(values, members[weights > 0], members[weights < 0]), abs=1e-12
    )


def test_ssgsea_equals_the_walk_down_the_list(sample):
    values, members, weights = sample
    ours = score(Method.SSGSEA, rank_samples(values), members, weights)
    up, down = members[weights > 0], members[weights < 0]
    assert ours == pytest.approx(walk_ssgsea(values, up) - walk_ssgsea(values, down), abs=1e-9)


def test_ulm_equals_least_squares(sample):
    values, members, _ = sample
    weights = np.random.default_rng(1).normal(size=30)
    ours = score(Method.ULM, rank_samples(values), members, weights)
    assert ours == pytest.approx(plain_ulm(values, members, weights), abs=1e-9)


def test_ulm_equals_decoupler():
    decoupler = pytest.importorskip("decoupler")
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(3)
    genes = [f"g{i}" for i in range(300)]
    values = rng.normal(5, 2, size=(6, 300))
    data = pandas.DataFrame(values, columns=genes, index=[f"s{i}" for i in range(6)])
    members = rng.choice(300, 25, replace=False)
    weights = rng.normal(size=25)
    net = pandas.DataFrame(
        {"source": "set", "target": [genes[i] for i in members], "weight": weights}
    )
    theirs, _ = decoupler.mt.ulm(data=data, net=net, tmin=1)
    ours = score_samples(values, [(members, weights)], [Method.ULM])[Method.ULM]
    assert np.abs(theirs.to_numpy()[:, 0] - ours[:, 0]).max() <= 1e-9


@pytest.mark.parametrize("method", ALL)
def test_a_sample_scores_the_same_alone_and_among_a_hundred(method, sample):
    _, members, weights = sample
    values = np.random.default_rng(5).normal(size=(102, 400))
    values[:, :50] = 0  # ties too
    alone = score_samples(values[:2], [(members, weights)], [method])[method]
    among = score_samples(values, [(members, weights)], [method])[method][:2]
    assert np.abs(alone - among).max() <= 1e-12


@pytest.mark.parametrize("method", [Method.SINGSCORE, Method.SSGSEA])
def test_rank_scores_ignore_any_rising_transformation(method, sample):
    values, members, weights = sample
    plain = score(method, rank_samples(values), members, weights)
    bent = score(method, rank_samples(np.exp(values) * 7), members, weights)
    assert plain == pytest.approx(bent, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_singscore_stays_within_its_bounds_and_reverses_with_the_signs(seed, size):
    rng = np.random.default_rng(seed)
    ranked = rank_samples(rng.normal(size=100))
    members = rng.choice(100, size, replace=False)
    up = float(score(Method.SINGSCORE, ranked, members, np.ones(size)))
    down = float(score(Method.SINGSCORE, ranked, members, -np.ones(size)))
    assert -0.5 <= up <= 0.5
    assert up == pytest.approx(-down, abs=1e-12)


def test_the_order_of_genes_does_not_matter():
    rng = np.random.default_rng(2)
    values = np.round(rng.normal(size=200), 1)  # many ties
    members, weights = np.arange(20), np.ones(20)
    shuffle = rng.permutation(200)
    where = np.argsort(shuffle)
    for method in ALL:
        plain = score(method, rank_samples(values), members, weights)
        moved = score(method, rank_samples(values[shuffle]), where[members], weights)
        assert plain == pytest.approx(moved, abs=1e-12)


def test_ties_get_the_lowest_and_the_mean_rank():
    ranked = rank_samples(np.array([3.0, 1.0, 3.0, 2.0, 3.0]))
    assert ranked.lowest_rank.tolist() == [3, 1, 3, 2, 3]
    assert ranked.mean_rank.tolist() == [4, 1, 4, 2, 4]


def test_many_sets_at_once_equal_one_at_a_time(sample):
    values, _, weights = sample
    ranked = rank_samples(values)
    rng = np.random.default_rng(0)
    sets = np.array([rng.choice(400, 30, replace=False) for _ in range(5)])
    for method in ALL:
        together = score(method, ranked, sets, weights)
        one_by_one = [float(score(method, ranked, members, weights)) for members in sets]
        assert np.allclose(together, one_by_one, atol=1e-12, rtol=0)


def test_cohort_scores_refuse_a_small_company():
    with pytest.raises(InputError, match="needs at least 10"):
        require_company(9, 10, "GSVA", "matrix.tsv")
    require_company(10, 10, "GSVA", "matrix.tsv")


def test_gsva_finds_the_shifted_set():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, 200))
    values[10:, :15] += 1.5
    scores = gsva(values, [np.arange(15), np.arange(50, 65)])
    assert scores[10:, 0].mean() - scores[:10, 0].mean() > 0.5
    assert abs(scores[10:, 1].mean() - scores[:10, 1].mean()) < 0.2
    assert np.abs(scores).max() <= 1


def test_ssgsea_equals_the_gsva_packages_unit_test(real_data: Path):
    matrix = read_matrix(real_data / "pathways" / "GSVA_unit_y_seed123.tsv")
    sets = [np.arange(0, 3), np.arange(3, 6), np.arange(6, 10)]
    raw = score_samples(matrix.values, [(s, np.ones(len(s))) for s in sets], [Method.SSGSEA])
    scores = normalised_ssgsea(raw[Method.SSGSEA])
    means = [0.22893323, -0.04400744, -0.08289233]
    deviations = [0.2562903, 0.2260589, 0.2268853]
    assert np.abs(scores.mean(axis=0) - means).max() <= 1e-8
    assert np.abs(scores.std(axis=0, ddof=1) - deviations).max() <= 1e-7  # published to 7 digits


def test_weighted_sums_equal_progenys_published_scores(real_data: Path):
    """PROGENy took each pathway's ten best genes; the table has 100, without their p values.

    Where the matrix holds ten or fewer of them these are the ten; elsewhere one choice of ten
    among those present must give the published scores (by chance none comes near).
    """
    folder = real_data / "pathways"
    matrix = read_matrix(folder / "progeny_human_input.csv")
    place = {gene: i for i, gene in enumerate(matrix.identifiers)}
    weights = defaultdict(list)
    with (folder / "progeny_human_top100.tsv").open() as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            if row["gene"] in place:
                weights[row["pathway"]].append((place[row["gene"]], float(row["weight"])))
    with (folder / "progeny_human_def_expected.csv").open() as handle:
        header, *rows = csv.reader(handle)
    expected = np.array([[float(cell) for cell in row[1:]] for row in rows])
    for pathway, published in zip(header[1:], expected.T, strict=True):
        members = np.array([p for p, _ in weights[pathway]])
        weight = np.array([w for _, w in weights[pathway]])
        choices = list(combinations(range(len(members)), min(10, len(members))))
        chosen = np.zeros((len(choices), len(members)))
        chosen[np.arange(len(choices))[:, None], choices] = 1
        sums = np.array(
            [weighted_sum(values, members, chosen * weight) for values in matrix.values]
        )
        error = np.abs(standardise(sums) - published[:, None]).max(axis=0).min()
        assert error <= 2.5e-10, (pathway, error)


def test_hallmark_separates_all_from_aml_by_the_sets_one_expects(real_data: Path):
    folder = real_data / "pathways"
    matrix = read_matrix(folder / "leukemia_all_aml_arrays.txt.gz")
    names = GeneNames()
    rows = sample_scores(
        matrix,
        names,
        read_gmt(folder / "hallmark_v7.0.symbols.gmt", names),
        ["singscore"],
        scale="intensity",
        minimum_genes=10,
        minimum_coverage=0.5,
        minimum_samples=10,
    )
    t = {}
    for pathway in {row.pathway for row in rows}:
        aml, other = (
            np.array([r.score for r in rows if r.pathway == pathway and r.sample[:3] == kind])
            for kind in ("AML", "ALL")
        )
        assert len(aml) == len(other) == 24
        spread = np.sqrt((aml.var(ddof=1) + other.var(ddof=1)) / 24)
        t[pathway.removeprefix("HALLMARK_")] = (aml.mean() - other.mean()) / spread
    assert len(t) == 50
    for myeloid in (
        "COAGULATION",
        "COMPLEMENT",
        "INFLAMMATORY_RESPONSE",
        "TNFA_SIGNALING_VIA_NFKB",
    ):
        assert t[myeloid] > 3
    for cycling in ("E2F_TARGETS", "G2M_CHECKPOINT"):
        assert t[cycling] < -2
