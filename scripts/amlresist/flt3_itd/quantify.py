"""From fragments to VAF and allelic ratio: a likelihood over haplotypes with effective lengths.

A fragment whose reads cross a breakpoint fits one or more haplotypes. With theta_h the share of
molecules of haplotype h, f the distribution of fragment lengths, l the length that placement p of
fragment r would have on h, and E_ht the number of start positions from which a fragment of type t
(read from both ends, or from one) crosses a breakpoint of h,

    log L(theta) = sum_r log sum_h theta_h m_h(r) - sum_t n_t log sum_h theta_h E_ht,
    m_h(r) = e^k_h(r) sum_p f(l_p),

k_h(r) being the mismatches beyond the best haplotype's, e the library's mismatch rate. So both a
junction sequence and a fragment that is too long or too short tell the alleles apart. f is learned
from the same fragments (EM, kernel-smoothed). Single reads have f = 1. In an amplicon each molecule
gives one fragment: E_h = 1, f = 1, sum_p f is 0 or 1.
"""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.encode import Flags
from amlresist.flt3_itd.evidence import NO_INSERT, NOWHERE, Evidence, Haplotype
from amlresist.flt3_itd.rows import distinct_rows

Vector = npt.NDArray[np.float64]

_ITERATIONS = 2_000
_CONVERGED = 1e-10
_GRID = 1_501
_COARSE = 20_001
_NEGLIGIBLE = 18.0  # log-likelihood units below the best that carry no posterior mass
_FEW = 50  # fragments below which copies cannot be told
_NOTHING = 0.01  # fragments below which a share is none
_COPIES = 0.85  # distinct / expected distinct fragments below which there are PCR copies
_LONGEST = 1_500  # longest fragment told apart from longer ones
_STRAY = 0.02  # share of fragments of any length: mates gone astray
_LENGTH_ROUNDS = 12
_SEVERAL = 10  # fragments of one reading from which lengths are first learned
_STEPS_PER_LOG = 20  # fragments are pooled whose m_h agree within e^(1/20)
_ANY = 1e-6  # share of the likeliest haplotype's m below which another's is nothing
_LEVEL_OF_NOTHING = round(math.log(_ANY) * _STEPS_PER_LOG)
_LEAST_ERROR = 1e-3  # mismatch rate below which chance is not taken to be
_READ_SIZES = 12  # pairs of read lengths from which effective lengths are averaged


@dataclass(frozen=True)
class Counts:
    """Fragments by the haplotypes they fit.

    Attributes:
        placements: kinds x haplotypes; m_h, the largest of a kind being 1.
        number: fragments of each kind.
        effective: types x haplotypes; effective lengths E_ht.
        of_type: fragments of each type.
        alone: fragments that fit this haplotype alone by sequence, per haplotype.
    """

    placements: Vector
    number: Vector
    effective: Vector
    of_type: Vector
    alone: Vector

    @property
    def total(self) -> float:
        """Informative fragments."""
        return float(self.number.sum())

    def specific(self, column: int) -> float:
        """Fragments that fit this haplotype alone."""
        return float(self.alone[column])

    def exposure(self, theta: Vector) -> Vector:
        """Fragments expected per unit of share: sum_t n_t E_ht / (theta . E_t)."""
        total: Vector = (self.of_type / (self.effective @ theta)) @ self.effective
        return total


@dataclass(frozen=True)
class Interval:
    """A posterior: its best value and the ends of the central 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Selected:
    """Fragments over some of the haplotypes, as they enter the likelihood.

    Attributes:
        inserts, ways: as in `Fragments`, ways 0 where a haplotype does not fit.
        chance: kinds x haplotypes; e^k_h.
        number: fragments of each kind; 1 where copies are collapsed.
        paired: read from both ends.
        lengths: bases of both reads.
    """

    inserts: npt.NDArray[np.int64]
    ways: npt.NDArray[np.int64]
    chance: Vector
    number: Vector
    paired: Flags
    lengths: npt.NDArray[np.int64]

    @property
    def alone(self) -> Vector:
        """Fragments that fit one haplotype alone, per haplotype."""
        fits: Flags = np.asarray(self.ways.any(axis=2))
        only = fits & (fits.sum(axis=1, keepdims=True) == 1)
        result: Vector = self.number @ only
        return result


def _select(
    evidence: Evidence, columns: Sequence[int], collapse: bool, over_primer: Set[int]
) -> _Selected:
    """Fragments that fit one of `columns` and no left-out haplotype better."""
    seen = evidence.fragments_seen()
    chosen = list(columns)
    extra = seen.extra[:, chosen]
    least = extra.min(axis=1, keepdims=True)
    fits = (extra - least < evidence.difference) & (least < evidence.difference)
    ways = np.where(fits[:, :, None], seen.ways[:, chosen], 0)
    if over_primer:
        covered = np.array([column in over_primer for column in chosen])
        ways[np.asarray(ways[:, 0].any(axis=1))[:, None] & covered] = 0
    rows = np.flatnonzero(ways.any(axis=(1, 2)))
    number = np.ones(rows.size) if collapse else seen.number[rows].astype(float)
    return _Selected(
        inserts=seen.inserts[rows][:, chosen],
        ways=ways[rows],
        chance=max(_LEAST_ERROR, evidence.error) ** (extra - least)[rows].astype(float),
        number=number,
        paired=(seen.inserts[rows] != NO_INSERT).any(axis=1),
        lengths=seen.lengths[rows],
    )


def support(
    evidence: Evidence, columns: Sequence[int], *, collapse: bool, over_primer: Set[int]
) -> tuple[Vector, float]:
    """Fragments that fit each haplotype alone, and informative fragments in all."""
    chosen = _select(evidence, columns, collapse, over_primer)
    return chosen.alone, float(chosen.number.sum())


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
    chosen = _select(evidence, columns, collapse, over_primer)
    known = [evidence.known[column] for column in columns]
    of_type = np.array([chosen.number[~chosen.paired].sum(), chosen.number[chosen.paired].sum()])
    if amplicon:
        flat = np.ones((1, len(known)))
        fits = chosen.ways.any(axis=2) * chosen.chance
        return _counts(chosen, fits, flat, of_type.sum(keepdims=True))
    singles = _single_effective(known, chosen, evidence.anchor)
    if not chosen.paired.any():
        placed = chosen.ways.sum(axis=2) * chosen.chance
        return _counts(chosen, placed, singles[None], of_type[:1])
    crossings = _pair_crossings(known, chosen, evidence.anchor)
    frequency = _first_lengths(chosen, known)
    for _ in range(_LENGTH_ROUNDS):
        by_way = _by_way(chosen, known, frequency)
        effective = np.vstack([singles, crossings @ frequency])
        counts = _counts(chosen, by_way.sum(axis=2), effective, of_type)
        theta = shares(counts)
        frequency = _learned_lengths(chosen, known, by_way * theta[:, None], theta @ crossings)
    return counts


def _counts(chosen: _Selected, placements: Vector, effective: Vector, of_type: Vector) -> Counts:
    """Pool fragments whose m_h agree."""
    relative = placements / placements.max(axis=1, keepdims=True)
    level = np.round(np.log(np.maximum(relative, _ANY)) * _STEPS_PER_LOG).astype(np.int64)
    first, kind = distinct_rows(level)
    kinds = level[first]
    pooled = np.exp(kinds / _STEPS_PER_LOG) * (kinds > _LEVEL_OF_NOTHING)
    number: Vector = np.bincount(kind, weights=chosen.number, minlength=first.size).astype(float)
    kept = of_type > 0
    if not kept.any():
        kept = np.arange(of_type.size) == 0
    return Counts(pooled, number, effective[kept], of_type[kept], chosen.alone)


def _way_lengths(chosen: _Selected, known: Sequence[Haplotype]) -> npt.NDArray[np.int64]:
    """Fragment length of each way, 0 to `_LONGEST`."""
    shift = np.array([haplotype.shift for haplotype in known])
    moved = chosen.inserts[:, :, None] + shift[:, None] * np.array([0, 1, -1])
    lengths: npt.NDArray[np.int64] = np.clip(moved, 0, _LONGEST)
    return lengths


def _by_way(chosen: _Selected, known: Sequence[Haplotype], frequency: Vector) -> Vector:
    """Ways weighted by how common their fragment length is; single reads as they are."""
    common = frequency[_way_lengths(chosen, known)]
    ways = chosen.ways * chosen.chance[:, :, None]
    weighted: Vector = ways * np.where(chosen.paired[:, None, None], common, 1.0)
    return weighted


def _first_lengths(chosen: _Selected, known: Sequence[Haplotype]) -> Vector:
    """Fragment lengths of pairs that can be read in one way only."""
    sure = chosen.paired & (chosen.ways.sum(axis=(1, 2)) == 1)
    used = sure if chosen.number[sure].sum() >= _SEVERAL else chosen.paired
    ways = chosen.ways.astype(float)
    part = ways * used[:, None, None] / ways.sum(axis=(1, 2), keepdims=True)
    return _smooth(_histogram(chosen, known, part))


def _learned_lengths(
    chosen: _Selected, known: Sequence[Haplotype], by_way: Vector, chance: Vector
) -> Vector:
    """Fragment lengths by the present assignment, corrected for their chance to be seen."""
    paired = by_way * chosen.paired[:, None, None]
    total = by_way.sum(axis=(1, 2), keepdims=True)
    return _smooth(_histogram(chosen, known, paired / np.maximum(total, 1e-300)), chance)


def _histogram(chosen: _Selected, known: Sequence[Haplotype], part: Vector) -> Vector:
    weights = (part * chosen.number[:, None, None]).ravel()
    places = _way_lengths(chosen, known).ravel()
    totals = np.bincount(places, weights=weights, minlength=_LONGEST + 1)
    histogram: Vector = totals.astype(float)
    return histogram


def _smooth(histogram: Vector, chance: Vector | None = None) -> Vector:
    """Distribution of fragment lengths: Gaussian kernel (Silverman 1986) and a share of strays.

    A kernel of width h makes a distribution of spread s wider by sqrt(1 + h^2 / s^2); it is drawn
    together again around its median, else short and long fragments pass for those of other alleles.
    """
    total = float(histogram.sum())
    low, middle, high = np.searchsorted(np.cumsum(histogram) / total, [0.25, 0.5, 0.75])
    spread = (high - low + 1) / 1.349
    width = max(3.0, 1.06 * spread * total**-0.2)
    if chance is not None:
        histogram = histogram / np.maximum(chance, chance.max() / 20)
    reach = np.arange(-int(4 * width), int(4 * width) + 1)
    kernel = np.exp(-0.5 * (reach / width) ** 2)
    smooth = np.convolve(histogram, kernel)[reach.size // 2 :][: histogram.size]
    places = np.arange(histogram.size)
    wider = math.sqrt(1 + (width / spread) ** 2)
    smooth = np.interp(middle + (places - middle) * wider, places, smooth)
    smooth[0] = smooth[-1] = 0.0  # facing away, or longer than told apart
    flat: Vector = np.full(histogram.size, 1.0 / histogram.size)
    if smooth.any():
        flat = (1 - _STRAY) * smooth / smooth.sum() + _STRAY * flat
    return flat


def _read_sizes(lengths: npt.NDArray[np.int64], number: Vector) -> list[tuple[int, int, float]]:
    """Pairs of read lengths with their fragments; of many, quantiles by their sum."""
    first, kind = distinct_rows(lengths)
    kinds = lengths[first]
    totals = np.bincount(kind, weights=number)
    if len(kinds) > _READ_SIZES:
        order = np.argsort(kinds.sum(axis=1), kind="stable")
        steps = np.cumsum(totals[order]) / totals.sum()
        middles = (np.arange(_READ_SIZES) + 0.5) / _READ_SIZES
        kinds = kinds[order[np.searchsorted(steps, middles)]]
        totals = np.full(_READ_SIZES, totals.sum() / _READ_SIZES)
    return [
        (int(one), int(two), float(total))
        for (one, two), total in zip(kinds.tolist(), totals.tolist(), strict=True)
    ]


def _single_effective(known: Sequence[Haplotype], chosen: _Selected, anchor: int) -> Vector:
    """Start positions from which a single read of each haplotype crosses a breakpoint.

    Averaged over the library's read lengths, each weighted by the reciprocal of its chance to
    cross one on wild type.
    """
    sizes = _read_sizes(chosen.lengths.max(axis=1, keepdims=True).repeat(2, axis=1), chosen.number)
    total = np.zeros(len(known))
    for size, _, count in sizes:
        starts = [_crossing_starts(size, h.breakpoints, anchor) for h in known]
        total += count * np.array(starts) / max(1, starts[0])
    relative: Vector = np.maximum(total / max(1e-9, total[0]), 1e-9)
    return relative


def _pair_crossings(known: Sequence[Haplotype], chosen: _Selected, anchor: int) -> Vector:
    """haplotypes x fragment lengths: starts from which either read crosses a breakpoint."""
    rows = chosen.paired
    result = np.zeros((len(known), _LONGEST + 1))
    for one, two, count in _read_sizes(chosen.lengths[rows], chosen.number[rows]):
        for column, haplotype in enumerate(known):
            result[column] += count * _pair_starts(one, two, haplotype.breakpoints, anchor)
    relative: Vector = result / result[0].max()
    return relative


def _pair_starts(one: int, two: int, breakpoints: Sequence[int], anchor: int) -> Vector:
    """Starts per fragment length 0 to `_LONGEST`: those of read 1, of read 2, less of both."""
    low = min(breakpoints, default=0) - max(one, two)
    size = max(breakpoints, default=0) - low + max(one, two) + 1
    begins, ends = np.zeros(size), np.zeros(size)
    for place in breakpoints:
        begins[max(0, place - one + anchor - low) : max(0, place - anchor - low + 1)] = 1
        ends[place + anchor - low : max(0, place + two - anchor - low + 1)] = 1
    both = np.zeros(_LONGEST + 1)
    shared = np.correlate(ends, begins, mode="full")[size - 1 :][: _LONGEST + 1]
    both[: shared.size] = shared
    result: Vector = begins.sum() + ends.sum() - both
    return result


def has_copies(evidence: Evidence) -> bool:
    """Whether more fragments share both ends than chance explains.

    Starts and lengths are taken as independent; with p_s and q_l their observed shares, n
    fragments without copies fill sum 1 - exp(-n p_s q_l) distinct pairs.
    """
    seen = evidence.fragments_seen()
    both = seen.end != NOWHERE
    total, distinct = int(seen.number[both].sum()), int(both.sum())
    if total < _FEW:
        return False
    share_s = _shares_of(seen.start[both])
    share_l = _shares_of((seen.end - seen.start)[both])
    expected = float((1 - np.exp(-total * np.outer(share_s, share_l))).sum())
    return distinct < _COPIES * min(expected, total)


def _shares_of(values: npt.NDArray[np.int64]) -> Vector:
    counts = np.unique(values, return_counts=True)[1]
    shares: Vector = counts / counts.sum()
    return shares


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
        assigned = counts.number @ (weighted / weighted.sum(axis=1, keepdims=True))
        new = assigned / counts.exposure(theta)
        new /= new.sum()
        done = np.abs(new - theta).max() < _CONVERGED
        theta = new
        if done:
            break
    theta = np.where(theta * counts.total < _NOTHING, 0.0, theta)
    result: Vector = theta / theta.sum()
    return result


def log_likelihood(counts: Counts, theta: Vector) -> Vector:
    """Log-likelihood of each row of `theta` (points x haplotypes)."""
    inside = np.maximum(counts.placements @ theta.T, 1e-300)
    outside = np.log(np.maximum(counts.effective @ theta.T, 1e-300))
    result: Vector = counts.number @ np.log(inside) - counts.of_type @ outside
    return result


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
