"""Abundances that can be compared between libraries: RPM and TMM."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TRIM_RATIO = 0.3  # share of log ratios trimmed at each end
TRIM_ABUNDANCE = 0.05  # share of mean abundances trimmed at each end
SEEN = 0.5  # reads from which a miRNA was seen; shares of reads below are no measurement


def rpm(counts: Floats, size_factor: float = 1.0) -> Floats:
    """Reads per million miRNA reads; the library's total is multiplied by `size_factor`."""
    total = counts.sum() * size_factor
    return counts / total * 1e6 if total > 0 else np.zeros_like(counts)


def tmm_factor(counts: Floats, reference: Floats) -> float:
    """Trimmed mean of M values of a library against another (Robinson and Oshlack 2010, eq. 2).

    Multiply the library's total by it. 1.0 when too few miRNAs are shared to tell.
    """
    total, total_reference = counts.sum(), reference.sum()
    both = (counts >= SEEN) & (reference >= SEEN)
    if not both.any():
        return 1.0
    y, r = counts[both], reference[both]
    ratio = np.log2((y / total) / (r / total_reference))
    abundance = 0.5 * np.log2((y / total) * (r / total_reference))
    variance = (total - y) / (total * y) + (total_reference - r) / (total_reference * r)
    keep = _inner(ratio, TRIM_RATIO) & _inner(abundance, TRIM_ABUNDANCE)
    if not keep.any() or np.max(np.abs(ratio)) < 1e-6:
        return 1.0
    weights = 1 / np.maximum(variance[keep], 1e-12)
    return float(2 ** (np.sum(ratio[keep] * weights) / np.sum(weights)))


def _inner(values: Floats, trim: float) -> npt.NDArray[np.bool_]:
    """Values whose rank (mean of ties) is not among the `trim` share at either end."""
    n = len(values)
    low = int(n * trim) + 1
    ranks = _mean_ranks(values)
    return (ranks >= low) & (ranks <= n + 1 - low)


def _mean_ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + 1 + last) / 2)[inverse]
