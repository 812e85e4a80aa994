"""What the counts of one locus say by themselves, whatever the patient's other loci did.

The posterior shares strength between variants: where most new variants of a patient were absent
before, it is sure of one with few fragments before, too. That would be a guess about this variant,
so a label is not given that its own counts do not bear.
"""

import numpy as np
import numpy.typing as npt

from amlresist.variants.classes import CLASSES
from amlresist.variants.likelihood import Floats, excluded_above
from amlresist.variants.model import Mask, Observations, Question
from amlresist.variants.records import VariantClass

_EXCLUDED = 3.0  # standard deviations from a class at which the counts exclude it


def unsupported(
    observations: Observations, question: Question, best: npt.NDArray[np.int64]
) -> Mask:
    """Loci whose likeliest class, an index of CLASSES, their own counts do not bear.

    Acquired and lost: the counts where none was seen must exclude (U95) the absence limit, and the
    VAF that an unchanged clone would have. Expanding, contracting and stable: the ratio of the VAFs
    must not lie three standard deviations or more beyond the class.
    """
    columns = [question.before, question.after]
    alt, depth = observations.alt[:, columns], observations.depth[:, columns]
    possible = {
        VariantClass.ACQUIRED: _still_there(alt, depth, question),
        VariantClass.LOST: _still_there(alt[:, ::-1], depth[:, ::-1], question, swapped=True),
    }
    grown, shrunk = (_beyond(alt, depth, question, sign) for sign in (1, -1))
    possible[VariantClass.EXPANDING] = grown < -_EXCLUDED
    possible[VariantClass.CONTRACTING] = shrunk < -_EXCLUDED
    possible[VariantClass.STABLE] = (grown > _EXCLUDED) | (shrunk > _EXCLUDED)
    bad = [(best == CLASSES.index(name)) & mask for name, mask in possible.items()]
    return np.asarray(np.logical_or.reduce(bad))


def _still_there(
    alt: npt.NDArray[np.int64],
    depth: npt.NDArray[np.int64],
    question: Question,
    *,
    swapped: bool = False,
) -> Mask:
    """Whether the first of two columns, in which none was seen, allows the variant."""
    limit = question.limit_after if swapped else question.limit_before
    scale = 1 / question.scale if swapped else question.scale
    excluded = np.nan_to_num(excluded_above(alt[:, 0], depth[:, 0], question.rho), nan=1.0)
    vaf = alt[:, 1] / np.maximum(depth[:, 1], 1)
    return np.asarray((excluded >= limit) | (excluded * scale >= vaf))


def _beyond(
    alt: npt.NDArray[np.int64], depth: npt.NDArray[np.int64], question: Question, sign: int
) -> Floats:
    """Standard deviations by which the share of cells has changed more than `question.ratio`.

    Args:
        alt, depth: fragments before and after, shape (n, 2).
        question: scale, ratio and rho.
        sign: 1 for growth, -1 for shrinkage.
    """
    vaf = (alt + 0.5) / (depth + 1)
    variance = vaf * (1 - vaf) * (question.rho + (1 - question.rho) / np.maximum(depth, 1))
    scale, ones = question.scale, np.ones(len(vaf))
    grown = (scale * question.ratio, ones)
    factors = np.column_stack(grown if sign > 0 else (scale, question.ratio * ones))
    distance = factors[:, 1] * vaf[:, 1] - factors[:, 0] * vaf[:, 0]
    return np.asarray(sign * distance / np.sqrt((factors**2 * variance).sum(axis=1)))
