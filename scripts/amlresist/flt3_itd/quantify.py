"""From fragments to VAF and allelic ratio: a likelihood over haplotypes with effective lengths.

A fragment that reads across a breakpoint fits one or more haplotypes. With theta_h the share of
molecules of haplotype h, m_h(f) the placements of fragment f on h and E_h the number of start
positions from which a fragment of h reads across a breakpoint,

    log L(theta) = sum_f log sum_h theta_h m_h(f) - n log sum_h theta_h E_h.

In an amplicon every molecule gives one fragment, so E_h = 1 and m_h is 0 or 1.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.evidence import NOWHERE, Evidence, Haplotype

Vector = npt.NDArray[np.float64]

_ITERATIONS = 2_000
_CONVERGED = 1e-10
_GRID = 1_501
_COARSE = 20_001
_NEGLIGIBLE = 18.0  # log-likelihood units below the best that carry no posterior mass
_SHAPES = 200
_COPIES = 0.85  # distinct / expected distinct fragments below which there are PCR copies


@dataclass(frozen=True)
class Counts:
    """Fragments by the haplotypes they fit.

    Attributes:
        placements: kinds x haplotypes; equally good placements (0: does not fit).
        number: fragments of each kind.
        effective: effective length of each haplotype.
    """

    placements: Vector
    number: Vector
    effective: Vector

    @property
    def total(self) -> float:
        """Informative fragments."""
        return float(self.number.sum())

    def specific(self, column: int) -> float:
        """Fragments that fit this haplotype alone."""
        alone = ((self.placements > 0).sum(axis=1) == 1) & (self.placements[:, column] > 0)
        return float(self.number[alone].sum())


@dataclass(frozen=True)
class Interval:
    """A posterior: its best value and the ends of the central 95 %."""

    value: float
    low: float
    high: float


def count_fragments(
    evidence: Evidence, columns: Sequence[int], *, amplicon: bool, collapse: bool
) -> Counts:
    """Kinds of fragments over some of the haplotypes.

    Args:
        evidence: gathered fragments.
        columns: haplotypes to keep (0 is wild type).
        amplicon: fragments begin at primers.
        collapse: count fragments with equal ends once.
    """
    n_known = len(evidence.known)
    kinds: Counter[tuple[float, ...]] = Counter()
    for row, count in evidence.rows.items():
        extra = [row[column] for column in columns]
        least = min(extra)
        if least >= evidence.difference:
            continue
        kind = tuple(
            float(row[n_known + column]) if row[column] - least < evidence.difference else 0.0
            for column in columns
        )
        if amplicon:
            kind = tuple(min(1.0, value) for value in kind)
        if any(kind):
            kinds[kind] += 1 if collapse else count
    order = sorted(kinds)
    effective = (
        np.ones(len(columns))
        if amplicon
        else effective_lengths([evidence.known[c] for c in columns], evidence)
    )
    return Counts(
        np.array(order, dtype=float).reshape(len(order), len(columns)),
        np.array([kinds[kind] for kind in order], dtype=float),
        effective,
    )


def has_copies(evidence: Evidence) -> bool:
    """Whether more fragments share both ends than chance explains.

    Starts and lengths are taken as independent; with p_s and q_l their observed shares, n
    fragments without copies fill sum 1 - exp(-n p_s q_l) distinct pairs.
    """
    n_known = len(evidence.known)
    starts: Counter[int] = Counter()
    lengths: Counter[int] = Counter()
    distinct = total = 0
    for row, count in evidence.rows.items():
        start, end = row[2 * n_known : 2 * n_known + 2]
        if end == NOWHERE:
            continue
        starts[start] += 1
        lengths[end - start] += 1
        distinct += 1
        total += count
    if total < 50:
        return False
    share_s = np.array(sorted(starts.values())) / distinct
    share_l = np.array(sorted(lengths.values())) / distinct
    expected = float((1 - np.exp(-total * np.outer(share_s, share_l))).sum())
    return distinct < _COPIES * min(expected, total)


def effective_lengths(known: Sequence[Haplotype], evidence: Evidence) -> Vector:
    """Start positions from which a fragment of each haplotype reads across a breakpoint.

    Averaged over the library's own fragment shapes (length, both read lengths), each weighted by
    the reciprocal of its chance to be informative on wild type.
    """
    shapes = _shapes(evidence)
    weights = np.array([count for _, count in shapes], dtype=float)
    starts = np.array(
        [
            [_informative_starts(shape, h.breakpoints, evidence.anchor) for h in known]
            for shape, _ in shapes
        ],
        dtype=float,
    )
    if not shapes:
        return np.ones(len(known))
    weights /= np.maximum(starts[:, 0], 1.0)
    return np.maximum(weights @ starts / weights.sum(), 1.0)


def _shapes(evidence: Evidence) -> list[tuple[tuple[int, int, int], int]]:
    """The most common shapes of fragments: ((length, left read, right read), count)."""
    n_known = len(evidence.known)
    shapes: Counter[tuple[int, int, int]] = Counter()
    for row, count in evidence.rows.items():
        start, end, one, two = row[2 * n_known : 2 * n_known + 4]
        length = max(one, two) if end == NOWHERE else end - start
        if length > 0:
            shapes[length, min(one, length), min(two, length)] += count
    return sorted(shapes.items(), key=lambda item: (-item[1], item[0]))[:_SHAPES]


def _informative_starts(
    shape: tuple[int, int, int], breakpoints: Sequence[int], anchor: int
) -> int:
    length, left, right = shape
    base = min(breakpoints) - length
    seen = np.zeros(max(breakpoints) - base + length + 2, dtype=bool)
    for place in breakpoints:
        low, high = place - left + anchor, place - anchor
        if high >= low:
            seen[low - base : high + 1 - base] = True
        low, high = place - length + anchor, place - length + right - anchor
        if high >= low:
            seen[low - base : high + 1 - base] = True
    return int(seen.sum())


def shares(counts: Counts) -> Vector:
    """Maximum-likelihood share of molecules of each haplotype (EM)."""
    n_known = counts.placements.shape[1]
    theta = np.full(n_known, 1.0 / n_known)
    if not counts.total:
        return np.eye(n_known)[0]
    for _ in range(_ITERATIONS):
        weighted = counts.placements * theta
        assigned = (
            weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-300)
        ) * counts.number[:, None]
        new = assigned.sum(axis=0) / counts.effective
        new /= new.sum()
        done = np.abs(new - theta).max() < _CONVERGED
        theta = new
        if done:
            break
    return theta


def log_likelihood(counts: Counts, theta: Vector) -> Vector:
    """Log-likelihood of each row of `theta` (points x haplotypes)."""
    inside = np.maximum(counts.placements @ theta.T, 1e-300)
    return counts.number @ np.log(inside) - counts.total * np.log(theta @ counts.effective)


def _posterior(counts: Counts, one: Vector, other: Vector, rest: Vector) -> Interval:
    """Posterior of v in theta = rest + v one + (1 - v) other, Jeffreys prior on v."""

    def likelihood(angle: Vector) -> Vector:
        share = np.sin(angle)[:, None] ** 2  # Jeffreys' prior is uniform in this angle
        return log_likelihood(counts, rest + share * one + (1 - share) * other)

    coarse = np.linspace(0, np.pi / 2, _COARSE if counts.total > 2_000 else _GRID)
    height = likelihood(coarse)
    held = np.flatnonzero(height > height.max() - _NEGLIGIBLE)
    low = coarse[max(0, held[0] - 1)]
    high = coarse[min(coarse.size - 1, held[-1] + 1)]
    angle = np.linspace(low, high, _GRID)
    height = likelihood(angle)
    mass = np.exp(height - height.max())
    steps = np.concatenate([[0.0], np.cumsum((mass[1:] + mass[:-1]) / 2)])
    ends = np.interp([0.025, 0.975], steps / steps[-1], angle)
    best = angle[height.argmax()]
    return Interval(*(float(np.sin(a) ** 2) for a in (best, ends[0], ends[1])))


def share_interval(counts: Counts, theta: Vector, columns: Sequence[int]) -> Interval:
    """Share of some haplotypes of all, the others keeping their proportions."""
    chosen = np.zeros(theta.size)
    chosen[list(columns)] = 1.0
    value = float(theta @ chosen)
    found = _posterior(
        counts,
        _direction(theta, chosen),
        _direction(theta, 1 - chosen),
        np.zeros(theta.size),
    )
    return Interval(value, min(found.low, value), max(found.high, value))


def ratio_interval(counts: Counts, theta: Vector, columns: Sequence[int]) -> Interval:
    """Allelic ratio: these haplotypes over wild type (column 0); infinite without wild type."""
    chosen = np.zeros(theta.size)
    chosen[list(columns)] = 1.0
    wild = np.eye(theta.size)[0]
    both = float(theta @ (chosen + wild))
    if not both:
        return Interval(float("nan"), float("nan"), float("nan"))
    rest = theta * (1 - chosen - wild)
    found = _posterior(counts, both * _direction(theta, chosen), both * wild, rest)
    ratios = [_odds(share) for share in (float(theta @ chosen) / both, found.low, found.high)]
    return Interval(ratios[0], min(ratios[1], ratios[0]), max(ratios[2], ratios[0]))


def _direction(theta: Vector, chosen: Vector) -> Vector:
    part = theta * chosen
    return part / part.sum() if part.sum() else chosen / max(chosen.sum(), 1.0)


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")


def expected_fragments(counts: Counts, theta: Vector) -> Vector:
    """Expected fragments of each haplotype per effective length, scaled to the total."""
    weighted = theta * counts.effective
    return counts.total * weighted / weighted.sum()
