"""Intervals of counts.

Quantiles of the gamma distribution are worked out here: importing scipy.special for them takes as
long as all other imports of a miRNA job together. A test holds them against scipy.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MAX_MISSING = 0.9999
TAIL = 0.025  # probability on either side
Z975 = 1.959963984540054
LARGE = 300.0  # shape from which the expansion is right to 1e-9
PRECISION = 1e-12


def count_interval(counts: Floats, missing: Floats) -> tuple[Floats, Floats]:
    """95 % interval of the expected count (Garwood 1936), widened where reads are ambiguous.

    A count whose assignment loses the share m of its information is worth n (1 - m) sure reads
    (missing-information principle, Orchard and Woodbury 1972): the exact Poisson interval of that
    many reads, scaled back by 1 / (1 - m).
    """
    kept = 1 - np.minimum(missing, MAX_MISSING)
    sure = counts * kept
    low = np.where(sure > 0, gamma_quantiles(np.maximum(sure, 1e-9), upper=False), 0.0) / kept
    high = gamma_quantiles(sure + 1, upper=True) / kept
    return np.minimum(low, counts), high


def gamma_quantiles(shapes: Floats, *, upper: bool) -> Floats:
    """The 97.5 % (`upper`) or 2.5 % quantile of gamma distributions of scale 1.

    Args:
        shapes: above 0, each distinct one worked out once.
    """
    distinct, place = np.unique(shapes, return_inverse=True)
    found = _of_large(distinct, Z975 if upper else -Z975)
    small = distinct < LARGE
    found[small] = _of_small(distinct[small], upper=upper)
    return np.asarray(found[place])


def _of_large(shape: Floats, z: float) -> Floats:
    """Cornish and Fisher's expansion for chi-square, halved (Goldberg and Levine 1946)."""
    root = np.sqrt(shape)
    return np.asarray(
        shape
        + z * root
        + (z**2 - 1) / 3
        + (z**3 - 7 * z) / (36 * root)
        - (3 * z**4 + 7 * z**2 - 16) / (810 * shape)
        + (9 * z**5 + 256 * z**3 - 433 * z) / (38880 * shape * root)
    )


def _of_small(shape: Floats, *, upper: bool) -> Floats:
    """Newton's steps on the logarithms of value and probability, where the curve has no bend."""
    log_gamma = np.array([math.lgamma(a + 1) for a in shape.tolist()])
    log_probability = math.log(1 - TAIL if upper else TAIL)
    log_value = (log_probability + log_gamma) / shape  # exact for small values
    if upper:
        log_value = np.log(_wilson_hilferty(shape, Z975))
    for _ in range(50):
        log_below, log_density = _log_probability(shape, log_value, log_gamma)
        step = (log_below - log_probability) / np.exp(log_density - log_below)
        log_value = log_value - step
        if np.max(np.abs(step), initial=0.0) < PRECISION:
            break
    return np.asarray(np.exp(log_value))


def _log_probability(shape: Floats, log_value: Floats, log_gamma: Floats) -> tuple[Floats, Floats]:
    """log P(X <= x) by its power series, and the log of x times the density at x."""
    value = np.exp(log_value)
    log_first = shape * log_value - value - log_gamma
    term = np.ones_like(shape)
    total = term.copy()
    place = shape.copy()
    while np.any(term > 1e-17 * total):
        place += 1
        term = term * value / place
        total += term
    return log_first + np.log(total), log_first + np.log(shape)


def _wilson_hilferty(shape: Floats, z: float) -> Floats:
    return np.asarray(shape * (1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))) ** 3)
