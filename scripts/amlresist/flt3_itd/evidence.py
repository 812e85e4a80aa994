"""Which haplotypes each fragment fits, and which breakpoints it reads across."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.alleles import Allele, rightmost, structure
from amlresist.flt3_itd.encode import Flags, Integers, Oriented, Target
from amlresist.flt3_itd.library import Placed
from amlresist.flt3_itd.locus import Locus

_CLIP_FROM = 4  # mismatches from which a read's ends are examined for foreign sequence
_MISMATCH = -3
_MINIMUM_ALIGNED = 25
_EXAMPLES = 14
_WORST = 2**14


@dataclass(frozen=True)
class Haplotype:
    """Wild type or one ITD as a sequence with its breakpoints.

    Attributes:
        allele: None for wild type.
        sequence: the haplotype.
        shift: net gain in bases after the insertion.
        breakpoints: offsets on the haplotype between which two bases meet that tell alleles apart.
        left, middle, right: own A|D, D|D and D|B junction (for wild type the middle is unused).
    """

    allele: Allele | None
    sequence: str
    shift: int
    breakpoints: tuple[int, ...]
    left: int = 0
    middle: int = 0
    right: int = 0


def haplotypes(locus: Locus, alleles: Sequence[Allele]) -> list[Haplotype]:
    """Wild type first, then each allele, with the breakpoints of all lifted onto each."""
    parts = [_parts(locus.sequence, allele) for allele in alleles]
    places = sorted({place for start, end, _ in parts for place in (start, end)})
    made = [Haplotype(None, locus.sequence, 0, tuple(places))]
    for allele, (first, last, _) in zip(alleles, parts, strict=True):
        lifted = {place for place in places if place <= last}
        lifted |= {place + allele.length for place in places if place >= first}
        made.append(
            Haplotype(
                allele,
                allele.apply(locus.sequence),
                allele.length,
                tuple(sorted(lifted)),
                first,
                last,
                last + allele.length,
            )
        )
    return made


def _parts(sequence: str, allele: Allele) -> tuple[int, int, int]:
    """(start of D, insertion site at its end, N) as offsets of the locus."""
    found = structure(sequence, allele)
    if not found.is_tandem:
        site = rightmost(sequence, allele).start
        return allele.start, max(site, allele.end), found.novel
    return found.first, found.last, found.novel


@dataclass(frozen=True)
class ReadFit:
    """How distinct reads fit the haplotypes.

    Attributes:
        mismatches: reads x haplotypes; the best placement's.
        placements: reads x haplotypes; equally good placements that cross a breakpoint.
        fits: the read is explained by some haplotype.
        start: reads x haplotypes; offset of the read on the haplotype.
        low, high: part of the read that is no foreign sequence.
    """

    mismatches: npt.NDArray[np.int16]
    placements: npt.NDArray[np.int8]
    fits: Flags
    start: Integers
    low: Integers
    high: Integers


def fit_reads(
    reads: Oriented, known: Sequence[Haplotype], anchor: int, maximum_rate: float
) -> ReadFit:
    """Lay every read on every haplotype."""
    n_reads, width = reads.matrix.shape
    targets = [Target.of(haplotype.sequence, width) for haplotype in known]
    low = np.zeros(n_reads, dtype=np.int32)
    high = reads.lengths.copy()
    best, starts = _best_placements(reads, known, targets, low, high)
    worst = best.min(axis=1)
    odd = np.flatnonzero(reads.found & (worst > _CLIP_FROM))
    if odd.size:
        low[odd], high[odd] = _clip(reads.take(odd), targets, best[odd], starts[odd])
        again, moved = _best_placements(reads.take(odd), known, targets, low[odd], high[odd])
        best[odd], starts[odd] = again, moved
        worst = best.min(axis=1)
    aligned = high - low
    fits = reads.found & (aligned >= _MINIMUM_ALIGNED) & (worst <= maximum_rate * aligned)
    placements = np.zeros(best.shape, dtype=np.int8)
    for column, haplotype in enumerate(known):
        placements[:, column] = _crossings(
            reads, haplotype, targets[column], best[:, column], starts[:, column], low, high, anchor
        )
    return ReadFit(best, placements, fits, starts, low, high)


def _candidate_diagonals(reads: Oriented, shift: int) -> list[Integers]:
    moved = [reads.left] if not shift else [reads.left, reads.left + shift]
    if np.any(reads.left != reads.right):
        moved += [reads.right] if not shift else [reads.right, reads.right + shift]
    return moved


def _best_placements(
    reads: Oriented,
    known: Sequence[Haplotype],
    targets: Sequence[Target],
    low: Integers,
    high: Integers,
) -> tuple[npt.NDArray[np.int16], Integers]:
    best = np.full((reads.lengths.size, len(known)), _WORST, dtype=np.int16)
    starts = np.zeros(best.shape, dtype=np.int32)
    for column, haplotype in enumerate(known):
        for diagonal in _candidate_diagonals(reads, haplotype.shift):
            wrong = _count(reads, targets[column], diagonal, low, high)
            better = wrong < best[:, column]
            best[better, column] = wrong[better]
            starts[better, column] = diagonal[better]
    return best, starts


def _count(
    reads: Oriented, target: Target, diagonal: Integers, low: Integers, high: Integers
) -> npt.NDArray[np.int16]:
    wrong = target.mismatches(reads.matrix, diagonal)
    if np.any(low > 0) or np.any(high < reads.lengths):
        columns = np.arange(reads.matrix.shape[1])
        wrong = wrong & (columns >= low[:, None]) & (columns < high[:, None])
    total: npt.NDArray[np.int16] = wrong.sum(axis=1, dtype=np.int16)
    return total


def _clip(
    reads: Oriented, targets: Sequence[Target], best: npt.NDArray[np.int16], starts: Integers
) -> tuple[Integers, Integers]:
    """Best-scoring stretch of each read over the haplotypes: the rest is adapter or the like."""
    rows = np.arange(reads.lengths.size)
    inside = np.arange(reads.matrix.shape[1])[None, :] < reads.lengths[:, None]
    top = np.full(rows.size, -1, dtype=np.int64)
    low = np.zeros(rows.size, dtype=np.int32)
    high = np.zeros(rows.size, dtype=np.int32)
    for column, target in enumerate(targets):
        for diagonal in (starts[:, column], reads.left, reads.right):
            wrong = target.mismatches(reads.matrix, diagonal)
            gain = np.where(inside, np.where(wrong, _MISMATCH, 1), 0)
            total = np.pad(np.cumsum(gain, axis=1), ((0, 0), (1, 0)))
            floor = np.minimum.accumulate(total, axis=1)
            end = (total - floor).argmax(axis=1)
            score = total[rows, end] - floor[rows, end]
            begin = (total == floor[rows, end][:, None]).argmax(axis=1)
            better = score > top
            top[better], low[better], high[better] = score[better], begin[better], end[better]
    return low, high


def _crossings(
    reads: Oriented,
    haplotype: Haplotype,
    target: Target,
    best: npt.NDArray[np.int16],
    start: Integers,
    low: Integers,
    high: Integers,
    anchor: int,
) -> npt.NDArray[np.int8]:
    """Number of equally good placements of each read that cross a breakpoint."""
    crossings = _crosses(start, low, high, haplotype.breakpoints, anchor).astype(np.int8)
    if haplotype.shift:
        for other in (start + haplotype.shift, start - haplotype.shift):
            crosses = _crosses(other, low, high, haplotype.breakpoints, anchor)
            rows = np.flatnonzero(crosses)
            if rows.size:
                wrong = _count(reads.take(rows), target, other[rows], low[rows], high[rows])
                crossings[rows] += (wrong <= best[rows]).astype(np.int8)
    return crossings


def _crosses(
    start: Integers, low: Integers, high: Integers, breakpoints: Sequence[int], anchor: int
) -> Flags:
    result = np.zeros(start.size, dtype=bool)
    for place in breakpoints:
        result |= (start + low + anchor <= place) & (start + high - anchor >= place)
    return result


@dataclass(frozen=True)
class Unit:
    """What is counted: a fragment or one of its reads.

    Attributes:
        extra: units x haplotypes; mismatches beyond the best haplotype's, capped at `difference`.
        placements: units x haplotypes; placements that cross a breakpoint, 0 where it does not fit.
    """

    extra: npt.NDArray[np.int16]
    placements: npt.NDArray[np.int8]

    @classmethod
    def of(cls, wrong: npt.NDArray[np.int16], difference: int) -> "Unit":
        """Units by their mismatches to each haplotype."""
        extra = np.minimum(wrong - wrong.min(axis=1, keepdims=True), difference)
        return cls(extra, (extra < difference).astype(np.int8))

    def crossing(self, placements: npt.NDArray[np.int8]) -> "Unit":
        """The same units with the placements that cross breakpoints."""
        return Unit(self.extra, np.where(self.placements > 0, placements, 0).astype(np.int8))


@dataclass(frozen=True, slots=True)
class Kind:
    """Fragments that are alike.

    Attributes:
        units: (extra mismatches, placements) over the haplotypes, per unit.
        start, end: 5' ends of the leftmost and rightmost read; `NOWHERE` for a missing mate.
        lengths: of both reads.
        count: how many.
    """

    units: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    start: int
    end: int
    lengths: tuple[int, int]
    count: int


@dataclass
class Evidence:
    """What a library's fragments say, gathered over its batches.

    Attributes:
        known: haplotypes, wild type first.
        by_fragment: whole fragments are the unit of counting (amplicons), else single reads.
        rows: distinct kinds of fragments -> how many; see `kinds`.
        examples: per haplotype, placements of a few fragments that fit it alone.
        junctions: per haplotype, fragments across its A|D, D|D and D|B.
        unexplained: fragments at the locus that no haplotype explains.
        fragments: fragments at the locus.
    """

    known: list[Haplotype]
    anchor: int
    difference: int
    maximum_rate: float
    by_fragment: bool
    size: int
    rows: Counter[tuple[int, ...]] = field(default_factory=Counter)
    examples: list[list[tuple[int, int, int, int]]] = field(default_factory=list)
    unexplained: int = 0
    fragments: int = 0

    def __post_init__(self) -> None:
        self._change = np.zeros(self.size + 2, dtype=np.int64)
        self.junctions = np.zeros((len(self.known), 3), dtype=np.int64)
        self.examples = [[] for _ in self.known]

    @property
    def depth(self) -> npt.NDArray[np.int64]:
        """Fragments that read across each offset of the locus."""
        return np.cumsum(self._change)[: self.size]

    def add(self, placed: Placed) -> None:
        """Add a batch."""
        fit = fit_reads(placed.reads, self.known, self.anchor, self.maximum_rate)
        usable = np.append(fit.fits, False)
        mates = [np.where(usable[m], m, -1) for m in (placed.first, placed.second)]
        wrong = np.vstack([fit.mismatches, np.zeros((1, len(self.known)), dtype=np.int16)])
        cross = np.vstack([fit.placements, np.zeros((1, len(self.known)), dtype=np.int8)])
        seen = (mates[0] >= 0) | (mates[1] >= 0)
        self.fragments += seen.size
        self.unexplained += int((~seen).sum())
        whole = Unit.of(wrong[mates[0]] + wrong[mates[1]], self.difference)
        whole = whole.crossing(np.maximum(cross[mates[0]], cross[mates[1]]))
        if self.by_fragment:
            units = [whole]
        else:
            units = [Unit.of(wrong[m], self.difference).crossing(cross[m]) for m in mates]
        self._count(placed, units, _five_prime_ends(placed, mates))
        self._cover(placed, fit, mates)
        self._keep_examples(fit, mates, whole)
        self._count_junctions(fit, mates, whole.extra)

    def _count(self, placed: Placed, units: Sequence["Unit"], ends: Integers) -> None:
        informative = np.flatnonzero(
            np.logical_or.reduce([unit.placements.any(axis=1) for unit in units])
        )
        parts = [part for unit in units for part in (unit.extra, unit.placements)]
        if any(placed.umi):
            tags = np.array([hash_tag(tag) for tag in placed.umi], dtype=np.int32)
        else:
            tags = np.zeros(len(placed.umi), dtype=np.int32)
        if self.by_fragment and not any(placed.umi):
            ends = np.zeros_like(ends)
        kinds = np.hstack([*parts, ends, tags[:, None]])[informative].astype(np.int32)
        values, counts = np.unique(kinds, axis=0, return_counts=True)
        for kind, count in zip(values.tolist(), counts.tolist(), strict=True):
            self.rows[tuple(kind)] += count

    def kinds(self) -> Iterator["Kind"]:
        """Distinct kinds of fragments, in a fixed order."""
        size = len(self.known)
        n_units = 1 if self.by_fragment else 2
        for row, count in sorted(self.rows.items()):
            units = [
                (
                    row[2 * u * size : (2 * u + 1) * size],
                    row[(2 * u + 1) * size : 2 * (u + 1) * size],
                )
                for u in range(n_units)
            ]
            start, end, one, two, _ = row[2 * n_units * size :]
            yield Kind(tuple(units), start, end, (one, two), count)

    def _count_junctions(
        self, fit: ReadFit, mates: list[Integers], extra: npt.NDArray[np.int16]
    ) -> None:
        """Fragments across each ITD's A|D, D|D and D|B, by the haplotype each fits best."""
        best = extra.argmin(axis=1)
        for column, own in enumerate(self.known[1:], start=1):
            for other, haplotype in enumerate(self.known):
                rows = np.flatnonzero(best == other)
                places = _junctions_on(own, haplotype)
                for side, place in enumerate(places):
                    if place < 0:
                        continue
                    seen = np.zeros(rows.size, dtype=bool)
                    for mate in mates:
                        start = np.append(fit.start[:, other], -(2**20))[mate[rows]]
                        low = np.append(fit.low, 0)[mate[rows]]
                        high = np.append(fit.high, 0)[mate[rows]]
                        seen |= _crosses(start, low, high, (place,), self.anchor)
                    self.junctions[column, side] += int(seen.sum())

    def _cover(self, placed: Placed, fit: ReadFit, mates: list[Integers]) -> None:
        spans = []
        for mate in mates:
            start = np.append(placed.reads.left + fit.low, 0)[mate] + self.anchor
            end = np.append(placed.reads.left + fit.high, 0)[mate] - self.anchor + 1
            empty = (mate < 0) | (end <= start)
            spans.append((np.where(empty, 0, start), np.where(empty, 0, end)))
        (low_a, high_a), (low_b, high_b) = spans
        overlap = (
            (np.maximum(low_a, low_b) <= np.minimum(high_a, high_b)) & (high_a > 0) & (high_b > 0)
        )
        joined = np.where(overlap, np.minimum(low_a, low_b), low_a)
        until = np.where(overlap, np.maximum(high_a, high_b), high_a)
        self._spread(joined, until)
        self._spread(np.where(overlap, 0, low_b), np.where(overlap, 0, high_b))

    def _spread(self, low: Integers, high: Integers) -> None:
        low, high = np.clip(low, 0, self.size), np.clip(high, 0, self.size)
        self._change[: self.size + 1] += np.bincount(low, minlength=self.size + 1)
        self._change[: self.size + 1] -= np.bincount(high, minlength=self.size + 1)

    def _keep_examples(self, fit: ReadFit, mates: list[Integers], whole: "Unit") -> None:
        for column in range(len(self.known)):
            alone = (whole.extra < self.difference).sum(axis=1) == 1
            rows = np.flatnonzero(alone & (whole.placements[:, column] > 0))
            if not rows.size:
                continue
            spans = []
            for mate in mates:
                start = np.append(fit.start[:, column] + fit.low, -1)[mate[rows]]
                end = np.append(fit.start[:, column] + fit.high, -1)[mate[rows]]
                spans += [start, end]
            found = {tuple(row) for row in np.stack(spans, axis=1).tolist()}
            kept = sorted(found | set(self.examples[column]))
            step = max(1, len(kept) // (4 * _EXAMPLES))
            self.examples[column] = kept[::step]


def _junctions_on(own: Haplotype, other: Haplotype) -> tuple[int, int, int]:
    """Offsets of one ITD's A|D, D|D and D|B on a haplotype; -1 where it has none."""
    left, right = own.left, own.middle
    if other is own:
        return left, own.middle, own.right
    if other.shift and left > other.middle:
        left += other.shift
    if other.shift and right >= other.left:
        right += other.shift
    return left, -1, right


def hash_tag(tag: str) -> int:
    """A small number of a molecular tag, the same in every run."""
    number = 0
    for letter in tag:
        number = (number * 5 + "ACGTN".find(letter) + 1) % (2**31 - 1)
    return number


def _five_prime_ends(placed: Placed, mates: list[Integers]) -> Integers:
    """Columns: 5' end of the leftmost and rightmost mate, and both mates' lengths."""
    reads = placed.reads
    fives = np.where(reads.reverse, reads.right + reads.lengths, reads.left)
    ends, lengths = [], []
    for mate in mates:
        ends.append(np.append(fives, NOWHERE)[mate])
        lengths.append(np.append(reads.lengths, 0)[mate])
    both = np.sort(np.stack(ends, axis=1), axis=1)
    return np.hstack([both, np.stack(lengths, axis=1)]).astype(np.int32)


NOWHERE = 2**20
