"""Change of miRNAs within a pair, and the dispersion a cohort of pairs teaches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Z95 = 1.959964
HALF_READ = 0.5
PRIOR_PAIRS = 10.0  # degrees of freedom the common dispersion is worth (edgeR's prior.df)
MIN_PAIRS = 3


@dataclass(frozen=True, slots=True)
class FoldChange:
    """log2 (after / before) with its 95 % interval; arrays over miRNAs."""

    log2: Floats
    low: Floats
    high: Floats


def fold_change(
    before: Floats,
    after: Floats,
    size_before: float,
    size_after: float,
    bcv: float | Floats,
    missing_before: float | Floats = 0.0,
    missing_after: float | Floats = 0.0,
) -> FoldChange:
    """Fold change of one pair with half a read added, and its normal interval on the log scale.

    Var(ln FC) = 1 / ((b + 1/2)(1 - m_b)) + 1 / ((a + 1/2)(1 - m_a)) + 2 BCV^2: counting noise of
    both libraries, raised by the information lost to ambiguous reads, and biological variation.

    Args:
        before, after: counts.
        size_before, size_after: effective library sizes (total x TMM factor).
        bcv: biological coefficient of variation, one or one per miRNA.
        missing_before, missing_after: share of each count's information lost to ambiguity.
    """
    x, y = before + HALF_READ, after + HALF_READ
    log2 = np.log2(y / size_after) - np.log2(x / size_before)
    variance = 1 / (x * (1 - missing_before)) + 1 / (y * (1 - missing_after)) + 2 * bcv**2
    half_width = Z95 * np.sqrt(variance) / np.log(2)
    return FoldChange(log2, log2 - half_width, log2 + half_width)


def cohort_bcv(before: Floats, after: Floats, sizes: Floats) -> Floats:
    """BCV of every miRNA from the pairs of a cohort (paired design).

    Within a pair ln FC varies by counting noise and twice the squared BCV; so the variance of ln FC
    over pairs, less the mean counting noise, is 2 BCV^2. Each miRNA's estimate is drawn to the
    common one (mean without the outer tenths) by `PRIOR_PAIRS` degrees of freedom, as edgeR does.

    Args:
        before, after: counts, shape (pairs, miRNAs).
        sizes: effective library sizes, shape (pairs, 2): before, after.

    Raises:
        ValueError: fewer than three pairs.
    """
    n_pairs = len(before)
    if n_pairs < MIN_PAIRS:
        raise ValueError(f"dispersion needs {MIN_PAIRS} pairs, got {n_pairs}")
    x, y = before + HALF_READ, after + HALF_READ
    ln_fold = np.log(y / sizes[:, 1:]) - np.log(x / sizes[:, :1])
    noise = (1 / x + 1 / y).mean(axis=0)
    raw = (ln_fold.var(axis=0, ddof=1) - noise) / 2
    judged = (before + after).mean(axis=0) >= 10
    common = max(float(np.mean(_trimmed(raw[judged]))), 1e-4) if judged.any() else 0.16
    degrees = n_pairs - 1
    shrunk = (degrees * raw + PRIOR_PAIRS * common) / (degrees + PRIOR_PAIRS)
    return np.asarray(np.sqrt(np.maximum(shrunk, common / 10)))


def direction_of(low: float, high: float) -> str:
    """`up`, `down` or `no_change_shown`: where the interval lies against no change."""
    if low > 0:
        return "up"
    return "down" if high < 0 else "no_change_shown"


def _trimmed(values: Floats) -> Floats:
    """Values without the lowest and highest tenth."""
    low, high = np.quantile(values, [0.1, 0.9])
    return np.asarray(values[(values >= low) & (values <= high)])
