"""Scores that change with the company a sample keeps: only for enough samples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amlresist.errors import InputError, Problem
from amlresist.expression.measured import Floats
from amlresist.expression.scores import rank_samples

_BANDWIDTH = 0.25


def require_company(n_samples: int, minimum: int, method: str, path: str) -> None:
    """Refuse a score that depends on other samples when there are too few.

    Raises:
        InputError: `n_samples` is below `minimum`.
    """
    if n_samples < minimum:
        raise InputError(
            Problem(
                path,
                "",
                f"{n_samples} samples",
                f"{method} compares samples with each other and needs at least {minimum}",
                "Use singscore, ssgsea or ulm, or give a larger cohort.",
            )
        )


def standardise(scores: Floats) -> Floats:
    """z over samples (first axis), standard deviation with n - 1."""
    result: Floats = (scores - scores.mean(axis=0)) / scores.std(axis=0, ddof=1)
    return result


def normalised_ssgsea(scores: Floats) -> Floats:
    """Raw ssGSEA divided by the range over all samples and sets, as Barbie et al. 2009."""
    result: Floats = scores / (scores.max() - scores.min())
    return result


def gsva(values: Floats, sets: Sequence[NDArray[np.intp]]) -> Floats:
    """GSVA with a Gaussian kernel (Hänzelmann et al. 2013, BMC Bioinformatics 14:7), unsigned.

    Each gene's kernel-smoothed cumulative density over the samples is ranked within the sample;
    the score is the largest positive plus the largest negative deviation of the walk in which
    genes of the set step up by |N/2 - rank| and the others step down.

    Args:
        values: samples x genes, log scale.

    Returns:
        samples x sets.
    """
    density = _kernel_cdf(values)
    ranks = rank_samples(density).mean_rank
    n = values.shape[1]
    scores: Floats = np.empty((len(values), len(sets)))
    for sample, rank in enumerate(ranks):
        order = np.argsort(-rank, kind="stable")
        weight = np.abs(n / 2 - rank[order])
        for place, members in enumerate(sets):
            inside = np.isin(order, members)
            up = np.cumsum(np.where(inside, weight, 0))
            down = np.cumsum(~inside)
            walk = up / up[-1] - down / down[-1]
            scores[sample, place] = max(walk.max(), 0) + min(walk.min(), 0)
    return scores


def _kernel_cdf(values: Floats) -> Floats:
    from scipy.special import ndtr

    width = np.maximum(values.std(axis=0, ddof=1) * _BANDWIDTH, 1e-12)
    total = np.zeros_like(values)
    for other in values:
        total += ndtr((values - other) / width)
    result: Floats = total / len(values)
    return result
