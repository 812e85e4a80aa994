"""From fragments to VAF and allelic ratio: a likelihood over haplotypes with effective lengths.

A read that crosses a breakpoint fits one or more haplotypes. With theta_h the share of molecules
of haplotype h, m_h(r) the placements of read r on h and E_h the number of start positions from
which a read of h crosses a breakpoint,

    log L(theta) = w (sum_r log sum_h theta_h m_h(r) - n log sum_h theta_h E_h).

Two mates may both cross breakpoints, so reads are not independent: w = sum k / sum k^2 over
fragments that give k reads makes the information that of fragments. In an amplicon the fragment
is the unit and every molecule gives one: E_h = 1, m_h is 0 or 1, w = 1.
"""

from collections import Counter
from collections.abc import Sequence, Set
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
_COPIES = 0.85  # distinct / expected distinct fragments below which there are PCR copies


@dataclass(frozen=True)
class Counts:
    """Fragments by the haplotypes they fit.

    Attributes:
        placements: kinds x haplotypes; equally good placements (0: does not fit).
        number: fragments of each kind.
        effective: effective length of each haplotype.
        alone: fragments that fit this haplotype alone, per haplotype.
        weight: information per unit, 1 when every fragment gives one.
    """

    placements: Vector
    number: Vector
    effective: Vector
    alone: Vector
    weight: float

    @property
    def total(self) -> float:
        """Informative units."""
        return float(self.number.sum())

    def specific(self, column: int) -> float:
        """Fragments that fit this haplotype alone."""
        return float(self.alone[column])


@dataclass(frozen=True)
class Interval:
    """A posterior: its best value and the ends of the central 95 %."""

    value: float
    low: float
    high: float


def count_fragments(
    evidence: Evidence,
    columns: Sequence[int],
    *,
    amplicon: bool,
    collapse: bool,
    over_primer: Set[int] = frozenset(),
) -> Counts:
    """Kinds of fragments over some of the haplotypes.

    Args:
        evidence: gathered fragments.
        columns: haplotypes to keep (0 is wild type).
        amplicon: fragments begin at primers.
        collapse: count fragments with equal ends once.
        over_primer: haplotypes whose duplication holds a primer site. The inner site gives the
            wild-type product, so what fits wild type is counted as such: the VAF is a lower bound.
    """
    kinds: Counter[tuple[int, ...]] = Counter()
    alone = np.zeros(len(columns))
    singles = squares = 0
    for kind in evidence.kinds():
        number = 1 if collapse else kind.count
        fits = [_fit(unit, columns, evidence.difference) for unit in kind.units]
        if over_primer:
            fits = [_wild_type_first(fit, columns, over_primer) for fit in fits]
        informative = [fit for fit in fits if any(fit)]
        for fit in informative:
            kinds[tuple(min(1, m) for m in fit) if amplicon else fit] += number
        singles += number * len(informative)
        squares += number * len(informative) ** 2
        alone[sorted({_only(fit) for fit in informative} - {-1})] += number
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
        alone,
        singles / squares if squares else 1.0,
    )


def _fit(
    unit: tuple[tuple[int, ...], tuple[int, ...]], columns: Sequence[int], difference: int
) -> tuple[int, ...]:
    """Placements of a unit on some of the haplotypes; none where another, left-out one fits."""
    extra, placements = unit
    least = min(extra[column] for column in columns)
    if least >= difference:
        return (0,) * len(columns)
    return tuple(
        placements[column] if extra[column] - least < difference else 0 for column in columns
    )


def _wild_type_first(
    fit: tuple[int, ...], columns: Sequence[int], over_primer: Set[int]
) -> tuple[int, ...]:
    if not fit[0]:
        return fit
    return tuple(0 if c in over_primer else m for c, m in zip(columns, fit, strict=True))


def _only(fit: tuple[int, ...]) -> int:
    """The one haplotype a unit fits, -1 for none or several."""
    places = [place for place, value in enumerate(fit) if value]
    return places[0] if len(places) == 1 else -1


def has_copies(evidence: Evidence) -> bool:
    """Whether more fragments share both ends than chance explains.

    Starts and lengths are taken as independent; with p_s and q_l their observed shares, n
    fragments without copies fill sum 1 - exp(-n p_s q_l) distinct pairs.
    """
    starts: Counter[int] = Counter()
    lengths: Counter[int] = Counter()
    distinct = total = 0
    for kind in evidence.kinds():
        if kind.end != NOWHERE:
            starts[kind.start] += 1
            lengths[kind.end - kind.start] += 1
            distinct += 1
            total += kind.count
    if total < 50:
        return False
    share_s = np.array(sorted(starts.values())) / distinct
    share_l = np.array(sorted(lengths.values())) / distinct
    expected = float((1 - np.exp(-total * np.outer(share_s, share_l))).sum())
    return distinct < _COPIES * min(expected, total)


def effective_lengths(known: Sequence[Haplotype], evidence: Evidence) -> Vector:
    """Start positions from which a read of each haplotype crosses a breakpoint.

    Averaged over the library's own read lengths, each weighted by the reciprocal of its chance to
    cross one on wild type.
    """
    sizes: Counter[int] = Counter()
    for kind in evidence.kinds():
        for size in kind.lengths:
            if size:
                sizes[size] += kind.count
    total = np.zeros(len(known))
    for size, count in sorted(sizes.items()):
        starts = [_crossing_starts(size, h.breakpoints, evidence.anchor) for h in known]
        total += count * np.array(starts) / max(1, starts[0])
    return np.maximum(total / max(1, sum(sizes.values())), 1e-9)


def _crossing_starts(size: int, breakpoints: Sequence[int], anchor: int) -> int:
    """Number of starts from which a read of `size` bases crosses one of the breakpoints."""
    count, reached = 0, -(2**30)
    for place in sorted(breakpoints):
        low, high = max(place - size + anchor, reached + 1), place - anchor
        count += max(0, high - low + 1)
        reached = max(reached, high)
    return count


def shares(counts: Counts) -> Vector:
    """Maximum-likelihood share of molecules of each haplotype (EM)."""
    n_known = counts.placements.shape[1]
    theta = np.full(n_known, 1.0 / n_known)
    if not counts.total:
        return np.array([1.0] + [0.0] * (n_known - 1))
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
    return counts.weight * (
        counts.number @ np.log(inside) - counts.total * np.log(theta @ counts.effective)
    )


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
    direction: Vector = part / part.sum() if part.sum() else chosen / max(chosen.sum(), 1.0)
    return direction


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")
