"""How far the genes of a set move together: measured in a cohort, shipped, or assumed.

Random genes scatter independently, genes of a process do not. If n genes correlate by r beyond
random ones, the spread of their (weighted) mean is wider by the square root of the variance
inflation  1 + (n - 1) r,  n = (sum |w|)^2 / sum w^2  (competitive test; Wu and Smyth 2012, Nucleic
Acids Res 40:e133).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from amlresist.expression.measured import Floats
from amlresist.expression.null_sets import N_STRATA, Places, expression_strata
from amlresist.expression.scores import Method, Ranked
from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table

CORRELATIONS = RESOURCES / "gene_sets" / "gene_correlations.tsv"

PlacedSet = tuple[Places, Floats]
"""(places of the genes, weights)."""

# Pairs of samples that are looked at: 300 are all of 25 samples and, of more, tell a set's
# correlation to about a tenth.
_MAX_PAIRS = 300
# What a shipped value is worth for another leukemia. Between ALL and AML the logarithm of the
# variance inflation differs by 0.5 (SD) from set to set; for the mean of both, held against a
# third, that is a variance of 0.1, as of an estimate with 20 degrees of freedom (2 / 20).
_SHIPPED_FREEDOM = 20.0


@dataclass(frozen=True, slots=True)
class Correlation:
    """How far a set's genes move together.

    Attributes:
        value: mean correlation of two genes beyond that of random ones, 0 or more.
        source: where the value is from, in words.
        freedom: degrees of freedom of the estimate; infinite where it is taken as known.
    """

    value: float
    source: str
    freedom: float = math.inf

    def inflation(self, weights: Floats) -> float:
        """How many times the variance of the set's (weighted) mean is that of random genes'."""
        return 1 + (effective_size(weights) - 1) * self.value


SetCorrelations = Mapping[tuple[str, Method], Correlation]
"""(name of the set, score) -> correlation."""


@dataclass(frozen=True, slots=True)
class ShippedCorrelation:
    """`gene_correlations.tsv`: one row per gene set and score."""

    pathway: str = column("name of the set, as the themes or MSigDB name it")
    method: str = column("singscore, ssgsea or ulm")
    gene_correlation: float = column("correlation of two genes beyond that of random ones", "0-1")
    genes: int = column("genes of the set in the data")
    source: str = column("data it was measured in")


def shipped_correlations() -> dict[tuple[str, Method], Correlation]:
    """What public leukemia data say of the themes and of the Hallmark sets."""
    return {
        (row.pathway, Method(row.method)): Correlation(
            row.gene_correlation, "shipped, from ALL and AML arrays", _SHIPPED_FREEDOM
        )
        for row in read_table(CORRELATIONS, ShippedCorrelation)
    }


def effective_size(weights: Floats) -> float:
    """Genes of equal weight whose mean would scatter as much: (sum |w|)^2 / sum w^2."""
    return float(np.abs(weights).sum() ** 2 / (weights**2).sum())


def influence(method: Method, weights: Floats) -> Floats:
    """How much each gene counts in a score: up and down genes are averaged apart by rank scores."""
    if method is Method.ULM:
        return weights
    up, down = weights > 0, weights < 0
    parts: Floats = np.where(up, 1 / max(up.sum(), 1), -1 / max(down.sum(), 1))
    return parts


def as_if_independent(delta: float, null: Floats, weights: Floats, known: Correlation) -> float:
    """A set's change, drawn to the middle of the null as far as correlated genes push it out.

    An estimate from few samples may be off: the distance from the middle is then that of the
    normal quantile whose tail is the tail of Student's t.

    Args:
        weights: see `influence`.
    """
    middle = float(np.median(null))
    distance = (delta - middle) / math.sqrt(known.inflation(weights))
    spread = float(null.std())
    if math.isinf(known.freedom) or spread == 0:
        return middle + distance
    from scipy.special import ndtri, stdtr

    tail = float(stdtr(known.freedom, -abs(distance) / spread))
    return middle + math.copysign(float(-ndtri(max(tail, 1e-300))) * spread, distance)


def measured_correlations(
    cohort: Ranked,
    sets: Mapping[str, PlacedSet],
    known: SetCorrelations,
    methods: Sequence[Method],
    rng: np.random.Generator,
) -> dict[tuple[str, Method], Correlation]:
    """Correlation of each set's genes in the differences between samples of a cohort.

    Each difference of two samples is held against random sets of the same expression deciles; the
    mean square of the standardised positions estimates the variance inflation. Where something
    is known of a set beforehand, both are averaged by their degrees of freedom.
    """
    n_samples = len(cohort.values)
    pairs, freedom = _sample_pairs(n_samples, rng)
    source = f"{n_samples} samples of the reference cohort"
    found = {}
    for method in methods:
        placed = [(places, influence(method, weights)) for places, weights in sets.values()]
        inflations = _inflations(cohort.values, _levels(method, cohort), placed, pairs)
        for name, (_, weights), inflation in zip(sets, placed, inflations, strict=True):
            here = Correlation(_from_inflation(float(inflation), weights), source, freedom)
            found[name, method] = _averaged(here, known.get((name, method)))
    return found


def _from_inflation(inflation: float, weights: Floats) -> float:
    return (inflation - 1) / max(effective_size(weights) - 1, 1)


def _averaged(here: Correlation, before: Correlation | None) -> Correlation:
    """Two estimates by their degrees of freedom; a negative correlation counts as none."""
    if before is None:
        return replace(here, value=max(here.value, 0.0))
    freedom = here.freedom + before.freedom
    value = (here.freedom * here.value + before.freedom * before.value) / freedom
    return Correlation(max(value, 0.0), f"{here.source}, and {before.source}", freedom)


def _sample_pairs(n_samples: int, rng: np.random.Generator) -> tuple[Places, float]:
    """Pairs to look at and the degrees of freedom of a variance estimated from them.

    The mean over all pairs is the sample variance; of m pairs drawn, the variance of the estimate
    is larger by that of a mean of m pairs.
    """
    if n_samples * (n_samples - 1) // 2 <= _MAX_PAIRS:
        return np.column_stack(np.triu_indices(n_samples, k=1)), float(n_samples - 1)
    one = rng.integers(n_samples, size=_MAX_PAIRS)
    other = (one + rng.integers(1, n_samples, size=_MAX_PAIRS)) % n_samples
    return np.column_stack([one, other]), 1 / (1 / (n_samples - 1) + 1 / _MAX_PAIRS)


def _levels(method: Method, cohort: Ranked) -> Floats:
    """What a score averages over the genes of a set, samples x genes.

    ssGSEA's sum(r^1.25) / sum(r^0.25) is not an average; around the ratio A that all genes have it
    moves as the average of  r^1.25 - A r^0.25  does.
    """
    match method:
        case Method.SINGSCORE:
            return cohort.mean_rank
        case Method.SSGSEA:
            weight = np.sqrt(np.sqrt(cohort.mean_rank))
            weighted = weight * cohort.mean_rank
            ratio = weighted.sum(axis=-1) / weight.sum(axis=-1)
            moved: Floats = weighted - ratio[:, None] * weight
            return moved
        case Method.ULM:
            return cohort.values / np.sqrt(cohort.squares)[:, None]


def _inflations(values: Floats, levels: Floats, sets: Sequence[PlacedSet], pairs: Places) -> Floats:
    """Mean squared position of each set among random ones, in units of their spread."""
    owner = np.repeat(np.arange(len(sets)), [len(places) for places, _ in sets])
    places = np.concatenate([places for places, _ in sets])
    weights = np.concatenate([weights for _, weights in sets])
    total = np.zeros(len(sets))
    for one, other in pairs:
        strata = expression_strata(values[one] + values[other])
        total += _squared_positions(levels[other] - levels[one], strata, owner, places, weights)
    return total / len(pairs)


def _squared_positions(
    moved: Floats, strata: Places, owner: Places, places: Places, weights: Floats
) -> Floats:
    """Squared distance of each set's weighted sum from the mean of random sets, over its variance.

    Random sets are drawn without replacement within a stratum, which narrows them a little.
    """
    n_sets = int(owner[-1]) + 1
    sizes = np.bincount(strata, minlength=N_STRATA)
    mean = np.bincount(strata, moved, N_STRATA) / sizes
    variance = np.bincount(strata, (moved - mean[strata]) ** 2, N_STRATA) / (sizes - 1)
    own = strata[places]
    cell = owner * N_STRATA + own
    drawn = np.bincount(cell, minlength=n_sets * N_STRATA).reshape(n_sets, N_STRATA)
    squares = np.bincount(cell, weights**2, n_sets * N_STRATA).reshape(n_sets, N_STRATA)
    away = np.bincount(owner, weights * (moved[places] - mean[own]), n_sets)
    spread = (squares * variance * (1 - drawn / sizes)).sum(axis=1)
    squared: Floats = np.where(spread > 0, away**2 / np.where(spread > 0, spread, 1), 1.0)
    return squared
