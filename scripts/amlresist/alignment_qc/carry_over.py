"""Are the clonal changes of one time point alone all seen at one low level at the other?

Germline sites cannot show that a patient's own other sample got into the tube (or its reads into
the index). Its clonal changes can: with a share c of the other sample, a change of VAF v there is
seen at c v here, the same c for all. A small subclone that was there already gives the same
picture, so it is told, and nothing is decided by it.

k_i of n_i fragments here, VAF v_i there: k_i ~ Poisson(n_i (e_i + c v_i)); e_i is the rate at which
the same change is seen here at places where it is true of neither library.
"""

from dataclasses import dataclass

import numpy as np

CLONAL_FROM, LEAST_READS = 0.1, 10  # there: VAF and fragments of a change
ABSENT_UP_TO = 0.05  # here: VAF
LEAST_CHANGES = 3
SHARES = np.concatenate([[0.0], np.geomspace(0.001, 0.3, 120)])
MOST_DISPERSION = 2.5  # variance over mean of the counts, above which the level is not one
LEAST_ERROR = 2e-4  # fragments with the change where it is not true
QUIET_UP_TO = 0.02  # VAF in both libraries of a place that shows errors alone
REFERENCE_FROM = 0.9


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What the changes of the other time point show here.

    Attributes:
        share: c, 0 when none is seen.
        changes: number of changes looked at.
        evidence: log10 likelihood ratio of c over 0.
        is_even: all changes fit one level.
    """

    share: float
    changes: int
    evidence: float
    is_even: bool


NONE_SEEN = CarryOver(0.0, 0, 0.0, False)


def carry_over(
    here: np.ndarray, there: np.ndarray, reference: np.ndarray, minimum_depth: int
) -> CarryOver:
    """Level at which changes that only `there` has in force are seen `here`.

    Args:
        here, there: counts of A, C, G, T of two libraries of a patient, (size, 4).
        reference: genome base codes, 4 for anything else, (size,).
    """
    depth_here, depth_there = here.sum(axis=1), there.sum(axis=1)
    places = np.flatnonzero(
        (np.minimum(depth_here, depth_there) >= minimum_depth) & (reference < 4)
    )
    rows, ref = np.arange(len(places)), reference[places]
    others = there[places].copy()
    others[rows, ref] = -1
    alt = others.argmax(axis=1)
    hits, n, k = others[rows, alt], depth_there[places], here[places, alt]
    kept = (hits >= LEAST_READS) & (hits >= CLONAL_FROM * n)
    kept &= (k <= ABSENT_UP_TO * depth_here[places]) & (k < hits / n * depth_here[places] / 3)
    kept &= here[places, ref] >= REFERENCE_FROM * depth_here[places]
    if kept.sum() < LEAST_CHANGES:
        return NONE_SEEN
    errors = _error_rates(here[places], there[places], ref)[ref[kept], alt[kept]]
    return _estimate(k[kept], depth_here[places][kept], (hits / n)[kept], errors)


def _error_rates(here: np.ndarray, there: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Rate of each change (reference base, other base) at places that show errors alone; (4, 4)."""
    rates = np.full((4, 4), LEAST_ERROR)
    shares = [counts / counts.sum(axis=1, keepdims=True) for counts in (here, there)]
    is_quiet = np.maximum(*shares) <= QUIET_UP_TO
    for ref in range(4):
        is_ref = reference == ref
        for alt in range(4):
            quiet = is_ref & is_quiet[:, alt]
            if alt != ref and quiet.any():
                rate = (here[quiet, alt].sum() + 1) / here[quiet].sum()
                rates[ref, alt] = max(float(rate), LEAST_ERROR)
    return rates


def _estimate(k: np.ndarray, n: np.ndarray, vaf: np.ndarray, error: np.ndarray) -> CarryOver:
    expected = n * (error + SHARES[:, None] * vaf)
    likelihoods = (k * np.log(expected) - expected).sum(axis=1)
    best = int(likelihoods.argmax())
    mean = expected[best]
    dispersion = float((((k - mean) ** 2) / mean).mean())
    return CarryOver(
        share=float(SHARES[best]),
        changes=len(k),
        evidence=float((likelihoods[best] - likelihoods[0]) / np.log(10)),
        is_even=dispersion <= MOST_DISPERSION,
    )
