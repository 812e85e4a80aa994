"""Fewer leukemic cells in a sample make all VAFs fall: told apart from loss and contraction.

Needed where no share of leukemic cells is known. The variants themselves then bound it: of two
samples, the one whose largest variant is smaller may hold that many fewer leukemic cells, and
variants that fell along with the others may be in as many of them as ever.
"""

import numpy as np
import numpy.typing as npt

from amlresist.variants.likelihood import Floats, excluded_above
from amlresist.variants.model import Mask
from amlresist.variants.read_columns import Ints

_HETEROZYGOUS = 0.5  # largest VAF of a variant on one of two copies


def kept_cells(vaf: Floats, shared: Mask) -> float:
    """Share of leukemic cells after over that before, as far as the variants tell; at most 1.

    The larger of two estimates: how the largest VAF changed (new variants are in leukemic cells,
    too), and the median change of the variants that were there before. So neither one variant that
    held its VAF nor a few small new ones speak for all, and the loss of many subclones does not
    either, as long as one variant holds.

    Args:
        vaf: of somatic variants before and after, shape (n, 2).
        shared: those seen before, shape (n,).
    """
    if not shared.any():
        return 1.0
    before, after = np.minimum(vaf, _HETEROZYGOUS).T
    largest = after.max() / before[shared].max()
    median = np.median(vaf[shared, 1] / vaf[shared, 0])
    return float(min(1.0, max(largest, median)))


def explained_by_dilution(
    alt: Ints, depth: Ints, kept: float, ratio: float, rho: float
) -> npt.NDArray[np.bool_]:
    """Variants that fell no further than fewer leukemic cells would make them.

    Args:
        alt, depth: fragments before and after, shape (n, 2).
        kept: from `kept_cells`.
        ratio: factor beyond which a clone has changed.
        rho: overdispersion.
    """
    vaf = alt / np.maximum(depth, 1)
    unchanged = kept * vaf[:, 0]
    gone = excluded_above(alt[:, 1], depth[:, 1], rho) < unchanged
    return np.asarray(~gone | (ratio * vaf[:, 1] >= unchanged))
