"""Random gene sets that match a set in size and expression, and resampled genes of a set."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from amlresist.expression.measured import Floats

Places = NDArray[np.intp]
N_STRATA = 10
_CHUNK_CELLS = 4_000_000


def generator_for(seed: int, *names: str) -> np.random.Generator:
    """Random numbers of one question: the same whatever else is asked, and in whatever order."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def expression_strata(mean: Floats, n_strata: int = N_STRATA) -> Places:
    """Stratum 0 .. n_strata - 1 of each gene by its expression, of equal sizes; ties by place."""
    ranks = np.argsort(np.argsort(mean, kind="stable"), kind="stable")
    strata: Places = (ranks * n_strata // len(mean)).astype(np.intp)
    return strata


def matched_sets(rng: np.random.Generator, members: Places, strata: Places, n_sets: int) -> Places:
    """Random sets (n_sets x genes): each gene replaced by one of its stratum, none twice."""
    drawn = np.empty((n_sets, len(members)), dtype=np.intp)
    member_strata = strata[members]
    for stratum in np.unique(member_strata):
        pool = np.flatnonzero(strata == stratum)
        here = np.flatnonzero(member_strata == stratum)
        drawn[:, here] = pool[_without_replacement(rng, len(pool), len(here), n_sets)]
    return drawn


def resampled_genes(rng: np.random.Generator, weights: Floats, n_samples: int) -> Places:
    """Bootstrap (n_samples x genes): places within the set, up and down genes resampled apart."""
    places = np.empty((n_samples, len(weights)), dtype=np.intp)
    for part in (np.flatnonzero(weights > 0), np.flatnonzero(weights < 0)):
        if part.size:
            places[:, part] = part[rng.integers(part.size, size=(n_samples, part.size))]
    return places


def rank_p_value(observed: float, null: Floats) -> float:
    """Two-sided exact rank p: twice the smaller tail, the observed value counted among the null.

    The small tolerance keeps ties that differ by rounding only.
    """
    tolerance = 1e-12 * max(1.0, abs(observed))
    above = 1 + int(np.sum(null >= observed - tolerance))
    below = 1 + int(np.sum(null <= observed + tolerance))
    return min(1.0, 2 * min(above, below) / (len(null) + 1))


def _without_replacement(rng: np.random.Generator, pool: int, size: int, n_sets: int) -> Places:
    if size * size > pool:
        return _by_sorting(rng, pool, size, n_sets)
    drawn = rng.integers(pool, size=(n_sets, size), dtype=np.intp)
    while size > 1:
        ordered = np.sort(drawn, axis=1)
        repeated = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not repeated.size:
            break
        drawn[repeated] = rng.integers(pool, size=(repeated.size, size), dtype=np.intp)
    return drawn


def _by_sorting(rng: np.random.Generator, pool: int, size: int, n_sets: int) -> Places:
    drawn = np.empty((n_sets, size), dtype=np.intp)
    step = max(1, _CHUNK_CELLS // pool)
    for start in range(0, n_sets, step):
        keys = rng.random((min(step, n_sets - start), pool))
        drawn[start : start + step] = np.argsort(keys, axis=1)[:, :size]
    return drawn
