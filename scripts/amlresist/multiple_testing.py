"""Correction of p-values for how many questions were asked."""

import numpy as np
import numpy.typing as npt


def benjamini_hochberg(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """q-values (Benjamini and Hochberg 1995), float64, in the order given.

    NaN stays NaN and does not count.
    """
    p = np.asarray(p_values, dtype=np.float64)
    asked = np.flatnonzero(~np.isnan(p))
    largest_first = asked[np.argsort(p[asked], kind="stable")[::-1]]
    n = len(asked)
    scaled = p[largest_first] * n / np.arange(n, 0, -1)
    q_values = np.full(p.shape, np.nan)
    q_values[largest_first] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return q_values
