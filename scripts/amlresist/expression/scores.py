"""Gene-set scores of a single sample: singscore, raw ssGSEA and ULM, in closed form.

None of them looks at another sample, so a score is the same alone and among a hundred others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from amlresist.expression.measured import Floats

_CHUNK = 64
_TINY = 2.2e-16


class Method(StrEnum):
    """Scores that do not depend on other samples."""

    SINGSCORE = "singscore"
    SSGSEA = "ssgsea"
    ULM = "ulm"


@dataclass(frozen=True)
class Ranked:
    """Expression of one or more samples, prepared for scoring.

    Attributes:
        values: ... x genes, log scale.
        lowest_rank: 1-based ascending ranks; tied genes get the lowest of theirs.
        mean_rank: the same, tied genes get the mean of theirs.
        mean: of all genes, per sample.
        squares: sum of squared deviations of all genes from the mean, per sample.
    """

    values: Floats
    lowest_rank: Floats
    mean_rank: Floats
    mean: Floats
    squares: Floats

    @property
    def n_genes(self) -> int:
        """Genes of the data."""
        return int(self.values.shape[-1])


def rank_samples(values: Floats) -> Ranked:
    """Ranks within each sample.

    Args:
        values: ... x genes.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    moments = (values.mean(axis=-1), values.var(axis=-1) * values.shape[-1])
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    place = np.arange(values.shape[-1], dtype=np.float64)
    starts = np.ones(values.shape, dtype=bool)
    starts[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    lowest = np.empty_like(values)
    if starts.all():
        np.put_along_axis(lowest, order, np.broadcast_to(place + 1, values.shape), axis=-1)
        return Ranked(values, lowest, lowest, *moments)
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    ends = np.ones(values.shape, dtype=bool)
    ends[..., :-1] = starts[..., 1:]
    last = np.minimum.accumulate(np.where(ends, place, place[-1])[..., ::-1], axis=-1)[..., ::-1]
    mean = np.empty_like(values)
    np.put_along_axis(lowest, order, first + 1, axis=-1)
    np.put_along_axis(mean, order, (first + last) / 2 + 1, axis=-1)
    return Ranked(values, lowest, mean, *moments)


def score(method: Method, sample: Ranked, members: NDArray[np.intp], weights: Floats) -> Floats:
    """Score of gene sets in the samples.

    Args:
        sample: one sample with many sets, or many samples with one set.
        members: ... x genes of the set, places of the genes in the data.
        weights: per gene of the set; singscore and ssGSEA use their signs, ULM their size too.

    Returns:
        One score per set (or per sample).
    """
    match method:
        case Method.SINGSCORE:
            return singscore(sample.lowest_rank[..., members], weights, sample.n_genes)
        case Method.SSGSEA:
            return ssgsea(sample.mean_rank[..., members], weights, sample.n_genes)
        case Method.ULM:
            return ulm(
                sample.values[..., members],
                weights,
                sample.n_genes,
                sample.mean,
                sample.squares,
            )


def singscore(ranks: Floats, weights: Floats, n_genes: int) -> Floats:
    """Centred singscore (Foroutan et al. 2018, BMC Bioinformatics 19:404).

    Mean rank of the set, scaled between its lowest and highest possible value, minus 1/2; genes of
    negative weight are scored on reversed ranks and added.

    Args:
        ranks: ... x genes of the set, ascending ranks among all `n_genes`.
    """
    total = np.zeros(ranks.shape[:-1])
    for part, reverse in ((weights > 0, False), (weights < 0, True)):
        n = int(part.sum())
        if n:
            mean = ranks[..., part].mean(axis=-1)
            mean = n_genes + 1 - mean if reverse else mean
            total += (mean - (n + 1) / 2) / (n_genes - n) - 0.5
    return total


def ssgsea(ranks: Floats, weights: Floats, n_genes: int) -> Floats:
    """Raw ssGSEA enrichment (Barbie et al. 2009, Nature 462:108), alpha 0.25, not normalised.

    The sum over the ranked list of P_in - P_out. A gene at ascending rank r is counted in r of the
    list's steps, so the sum is  sum(r^alpha r) / sum(r^alpha) - (N(N+1)/2 - sum(r)) / (N - n).
    Genes of negative weight are scored apart and subtracted.
    """
    total = np.zeros(ranks.shape[:-1])
    for part, sign in ((weights > 0, 1.0), (weights < 0, -1.0)):
        n = int(part.sum())
        if n:
            r = ranks[..., part]
            weight = np.sqrt(np.sqrt(r))  # r^0.25, faster than a general power
            inside = np.einsum("...i,...i->...", weight, r) / weight.sum(axis=-1)
            outside = (n_genes * (n_genes + 1) / 2 - r.sum(axis=-1)) / (n_genes - n)
            total += sign * (inside - outside)
    return total


def ulm(
    values: Floats, weights: Floats, n_genes: int, mean: Floats | float, squares: Floats | float
) -> Floats:
    """t value of the slope when expression is regressed on the weights of all genes.

    Univariate linear model of decoupler (Badia-i-Mompel et al. 2022, Bioinform Adv 2:vbac016):
    genes outside the set have weight 0, t = r sqrt((N - 2) / (1 - r^2)).

    Args:
        values: ... x genes of the set.
        weights: genes of the set, or ... x genes of the set.
        mean: mean of all genes of the sample.
        squares: sum of squared deviations of all genes of the sample from `mean`.
    """
    total = weights.sum(axis=-1)
    covariance = np.einsum("...i,...i->...", values, weights) - total * mean
    spread = ((weights**2).sum(axis=-1) - total**2 / n_genes) * squares
    r = covariance / np.sqrt(np.maximum(spread, _TINY))
    t: Floats = r * np.sqrt((n_genes - 2) / ((1 - r + _TINY) * (1 + r + _TINY)))
    return t


def score_samples(
    values: Floats,
    sets: Sequence[tuple[NDArray[np.intp], Floats]],
    methods: Sequence[Method],
) -> dict[Method, Floats]:
    """Scores of many samples, a few at a time so that memory stays small.

    Args:
        values: samples x genes, log scale.
        sets: (places of the genes, weights) per set.

    Returns:
        Method -> samples x sets.
    """
    scores = {method: np.empty((len(values), len(sets))) for method in methods}
    for start in range(0, len(values), _CHUNK):
        chunk = rank_samples(values[start : start + _CHUNK])
        for place, (members, weights) in enumerate(sets):
            for method in methods:
                scores[method][start : start + _CHUNK, place] = score(
                    method, chunk, members, weights
                )
    return scores


def weighted_sum(values: Floats, members: NDArray[np.intp], weights: Floats) -> Floats:
    """Sum of weight times expression (PROGENy; Schubert et al. 2018, Nat Commun 9:20)."""
    total: Floats = np.einsum("...i,...i->...", values[..., members], weights)
    return total
