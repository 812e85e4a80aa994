"""Are the clonal changes of one time point alone all seen at one low level at the other?

Germline sites cannot show that a patient's own other sample got into the tube (or its reads into
the index). Its clonal changes can: with a share c of the other sample, a change of VAF v there is
seen at c v here, the same c for all. A small subclone that was there already gives the same
picture, so it is told, and nothing is decided by it.

k_i of n_i fragments here, VAF v_i there: k_i ~ Poisson(n_i (e_i + c v_i)); e_i is the rate at which
the same change is seen here at places where it is true of neither library.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from amlresist.alignment_qc.regions import stretches

Places = tuple[np.ndarray, np.ndarray, np.ndarray]
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

    def readable() -> Iterator[Places]:
        for part in stretches(len(reference)):
            yield _readable(here[part], there[part], reference[part], minimum_depth)

    found = zip(*(_changes(*places) for places in readable()), strict=True)
    k, n, vaf, ref, alt = (np.concatenate(column) for column in found)
    if len(k) < LEAST_CHANGES:
        return NONE_SEEN
    return _estimate(k, n, vaf, _error_rates(readable())[ref, alt])


def _readable(
    here: np.ndarray, there: np.ndarray, reference: np.ndarray, minimum_depth: int
) -> Places:
    """Counts here and there and the reference, of the places with enough depth in both."""
    depth = np.minimum(here.sum(axis=1), there.sum(axis=1))
    places = (depth >= minimum_depth) & (reference < 4)
    return here[places], there[places], reference[places]


def _changes(here: np.ndarray, there: np.ndarray, ref: np.ndarray) -> tuple[np.ndarray, ...]:
    """(k, n, VAF there, reference base, other base) of changes clonal there and absent here."""
    rows, depth = np.arange(len(ref)), here.sum(axis=1)
    others = there.copy()
    others[rows, ref] = -1
    alt = others.argmax(axis=1)
    hits, n, k = others[rows, alt], there.sum(axis=1), here[rows, alt]
    kept = (hits >= LEAST_READS) & (hits >= CLONAL_FROM * n)
    kept &= (k <= ABSENT_UP_TO * depth) & (k < hits / n * depth / 3)
    kept &= here[rows, ref] >= REFERENCE_FROM * depth
    return k[kept], depth[kept], (hits / n)[kept], ref[kept], alt[kept]


def _error_rates(readable: Iterable[Places]) -> np.ndarray:
    """Rate of each change (reference base, other base) at places that show errors alone; (4, 4)."""
    wrong, depth = np.zeros((2, 4, 4), dtype=np.int64)
    for here, there, reference in readable:
        shares = [counts / counts.sum(axis=1, keepdims=True) for counts in (here, there)]
        is_quiet = np.maximum(*shares) <= QUIET_UP_TO
        for ref, alt in permutations(range(4), 2):
            quiet = (reference == ref) & is_quiet[:, alt]
            wrong[ref, alt] += here[quiet, alt].sum()
            depth[ref, alt] += here[quiet].sum()
    return np.where(
        depth > 0, np.maximum((wrong + 1) / np.maximum(depth, 1), LEAST_ERROR), LEAST_ERROR
    )


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
