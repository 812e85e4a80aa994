"""Distinct rows of integer matrices."""

import numpy as np
import numpy.typing as npt

_ROOM = 2**62  # keys stay below this


def distinct_rows(
    table: npt.NDArray[np.integer],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First row of each kind, in lexicographic order, and each row's kind.

    The columns are folded into one integer per row, since NumPy compares whole rows slowly.
    """
    keys = np.zeros(table.shape[0], dtype=np.int64)
    size = 1
    for column in table.T.astype(np.int64):
        low, high = (int(column.min()), int(column.max())) if column.size else (0, 0)
        width = high - low + 1
        if size * width >= _ROOM:
            kinds, keys = np.unique(keys, return_inverse=True)
            size = max(1, kinds.size)
        keys = keys * width + (column - low)
        size *= width
    _, first, kind = np.unique(keys, return_index=True, return_inverse=True)
    return first, kind
