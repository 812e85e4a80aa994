"""Probability of a fragment count given the VAF: beta-binomial with sequencing error.

Symbols as in docs/variants.md: a alternative fragments of n, f VAF, e error rate, rho
overdispersion. Arrays of VAFs share one grid, even in arcsin sqrt f, where the spread of an
observed VAF does not depend on f.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, betaln, gammaln

from amlresist.variants.read_columns import Ints

Floats = npt.NDArray[np.float64]
GRID_SIZE = 112
SMALLEST_VAF = 0.0005
ERROR_SHAPE = 2.0
"""Error rates differ between loci as a gamma variable of this shape (spread 70 % of the mean)."""


def vaf_grid() -> Floats:
    """VAFs at which everything is evaluated: 0, then SMALLEST_VAF to 1."""
    angles = np.linspace(np.arcsin(np.sqrt(SMALLEST_VAF)), np.pi / 2, GRID_SIZE - 1)
    return np.concatenate(([0.0], np.sin(angles) ** 2))


def beta_parameters(vaf: Floats, error: float, rho: float) -> tuple[Floats, Floats]:
    """Beta parameters of the share of alternative fragments.

    Mean m = f + e - 2 f e; variance rho f (1 - f) from sampling and capture, plus that of the error
    rate between loci, e^2 / ERROR_SHAPE.
    """
    mean = vaf + error - 2 * vaf * error
    variance = rho * vaf * (1 - vaf) + error**2 / ERROR_SHAPE
    strength = np.maximum(mean * (1 - mean) / variance - 1, 1e-3)
    return mean * strength, (1 - mean) * strength


def likelihoods(alt: Ints, depth: Ints, error: Floats, rho: float, vaf: Floats) -> Floats:
    """P(a | n, f) for each locus (row) and VAF (column), each row scaled to a maximum of 1."""
    columns: Floats = np.stack((alt, depth, error)).astype(np.float64)
    rows, inverse = np.unique(columns, axis=1, return_inverse=True)
    result = np.empty((rows.shape[1], len(vaf)))
    for rate in np.unique(rows[2]):
        chosen = rows[2] == rate
        a, b = beta_parameters(vaf, float(rate), rho)
        hits, misses = rows[0, chosen, None], (rows[1] - rows[0])[chosen, None]
        log = gammaln(hits + a) + gammaln(misses + b) - gammaln(hits + misses + (a + b))
        result[chosen] = log - betaln(a, b)
    result -= result.max(axis=1, keepdims=True)
    return np.asarray(np.exp(result, out=result)[inverse.ravel()])


def effective_share(depth: npt.ArrayLike, rho: float) -> Floats:
    """k = 1 / (1 + (n - 1) rho): n overdispersed fragments tell as much as k n binomial ones."""
    depth = np.asarray(depth, dtype=np.float64)
    return np.asarray(1 / (1 + np.maximum(depth - 1, 0) * rho))


def vaf_quantile(alt: npt.ArrayLike, depth: npt.ArrayLike, rho: float, level: float) -> Floats:
    """Quantile of Beta(a k + 1/2, (n - a) k + 1/2) (Jeffreys), NaN without depth."""
    alt, depth = np.asarray(alt, dtype=np.float64), np.asarray(depth, dtype=np.float64)
    k = effective_share(depth, rho)
    quantile = betaincinv(alt * k + 0.5, (depth - alt) * k + 0.5, level)
    return np.asarray(np.where(depth > 0, quantile, np.nan))


def excluded_above(alt: npt.ArrayLike, depth: npt.ArrayLike, rho: float) -> Floats:
    """U95: the VAF above which the variant is excluded with 95 %."""
    return vaf_quantile(alt, depth, rho, 0.95)


@cache
def depth_to_exclude(limit: float, rho: float, alt: int = 0) -> int | None:
    """Smallest depth at which `alt` fragments give U95 < limit; None if none does."""
    low, high = max(1, alt), max(1, alt)
    while excluded_above(alt, high, rho) >= limit:
        low, high = high, high * 2
        if high > 10_000_000:
            return None
    while low < high:
        middle = (low + high) // 2
        enough = excluded_above(alt, middle, rho) < limit
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def tail_probability(alt: Ints, depth: Ints, error: Floats) -> Floats:
    """P(X >= a) of errors alone: gamma-Poisson with mean n e and shape ERROR_SHAPE."""
    mean = np.asarray(depth * error, dtype=np.float64)
    success = mean / (mean + ERROR_SHAPE)
    tail = betainc(np.maximum(alt, 1), ERROR_SHAPE, success)
    return np.asarray(np.where(alt > 0, tail, 1.0))
