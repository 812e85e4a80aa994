"""Intervals of counts."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MAX_MISSING = 0.9999


def count_interval(counts: Floats, missing: Floats) -> tuple[Floats, Floats]:
    """95 % interval of the expected count (Garwood 1936), widened where reads are ambiguous.

    A count whose assignment loses the share m of its information is worth n (1 - m) sure reads
    (missing-information principle, Orchard and Woodbury 1972): the exact Poisson interval of that
    many reads, scaled back by 1 / (1 - m).
    """
    from scipy.special import gammaincinv

    kept = 1 - np.minimum(missing, MAX_MISSING)
    sure = counts * kept
    low = np.where(sure > 0, gammaincinv(np.maximum(sure, 1e-9), 0.025), 0.0) / kept
    high = gammaincinv(sure + 1, 0.975) / kept
    return np.minimum(low, counts), high
