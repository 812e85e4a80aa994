"""Which haplotypes each fragment fits, and which breakpoints it reads across."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.alleles import Allele, rightmost, structure
from amlresist.flt3_itd.encode import SEED, Flags, Integers, Oriented, Target, best_stretch
from amlresist.flt3_itd.library import Placed
from amlresist.flt3_itd.locus import Locus
from amlresist.flt3_itd.rows import distinct_rows

_CLIP_FROM = 4  # mismatches from which a read's ends are examined for foreign sequence
_MINIMUM_ALIGNED = 25
_EXAMPLES = 14
_DE_NOVO = SEED + 1  # bases that two neighbouring seeds need
_WORST = 2**14
_ABSENT, _WITHIN, _ACROSS = 0, 1, 2
_STEPS = (0, 1, -1)  # insertions by which the three ways of a read are moved
NO_INSERT = 0  # fragment length of single reads and of mates that do not face each other


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
        ways: reads x haplotypes x 3; the best placement, and those one insertion up and down that
            are as good: `_ABSENT` for none, `_WITHIN`, or `_ACROSS` a breakpoint.
        fits: the read is explained by some haplotype.
        start: reads x haplotypes; offset of the read on the haplotype.
        low, high: part of the read that is no foreign sequence.
    """

    mismatches: npt.NDArray[np.int16]
    ways: npt.NDArray[np.int8]
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
    ways = np.zeros((*best.shape, 3), dtype=np.int8)
    for column, haplotype in enumerate(known):
        ways[:, column] = _ways(
            reads, haplotype, targets[column], best[:, column], starts[:, column], low, high, anchor
        )
    return ReadFit(best, ways, fits, starts, low, high)


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
    inside = np.arange(reads.matrix.shape[1])[None, :] < reads.lengths[:, None]
    top = np.full(reads.lengths.size, -1, dtype=np.int64)
    low = np.zeros(reads.lengths.size, dtype=np.int32)
    high = np.zeros(reads.lengths.size, dtype=np.int32)
    for column, target in enumerate(targets):
        for rows, diagonal in _distinct_diagonals(starts[:, column], reads.left, reads.right):
            wrong = target.mismatches(reads.matrix[rows], diagonal)
            begin, end, score = best_stretch(wrong, inside[rows])
            better = score > top[rows]
            improved = rows[better]
            top[improved], low[improved], high[improved] = score[better], begin[better], end[better]
    return low, high


def _distinct_diagonals(
    *diagonals: Integers,
) -> Iterator[tuple[npt.NDArray[np.int64], Integers]]:
    """Rows and their diagonals; a row's equal diagonals come once."""
    for number, diagonal in enumerate(diagonals):
        fresh = np.ones(diagonal.size, dtype=bool)
        for earlier in diagonals[:number]:
            fresh &= diagonal != earlier
        rows = np.flatnonzero(fresh)
        if rows.size:
            yield rows, diagonal[rows]


def _ways(
    reads: Oriented,
    haplotype: Haplotype,
    target: Target,
    best: npt.NDArray[np.int16],
    start: Integers,
    low: Integers,
    high: Integers,
    anchor: int,
) -> npt.NDArray[np.int8]:
    """How each read lies at its best place, one insertion up and one down; see `ReadFit.ways`."""
    found = np.full((start.size, 3), _ABSENT, dtype=np.int8)
    found[:, 0] = _WITHIN + _crosses(start, low, high, haplotype.breakpoints, anchor)
    if not haplotype.shift:
        return found
    near = (start + high > haplotype.left) & (start + low < haplotype.right)
    rows = np.flatnonzero(near & reads.found)
    for column, step in ((1, haplotype.shift), (2, -haplotype.shift)):
        other = start[rows] + step
        wrong = _count(reads.take(rows), target, other, low[rows], high[rows])
        across = _crosses(other, low[rows], high[rows], haplotype.breakpoints, anchor)
        found[rows, column] = np.where(wrong <= best[rows], _WITHIN + across, _ABSENT)
    return found


def _crosses(
    start: Integers, low: Integers, high: Integers, breakpoints: Sequence[int], anchor: int
) -> Flags:
    result = np.zeros(start.size, dtype=bool)
    for place in breakpoints:
        result |= (start + low + anchor <= place) & (start + high - anchor >= place)
    return result


@dataclass(frozen=True)
class Fragments:
    """Distinct kinds of informative fragments over F kinds and H haplotypes.

    Attributes:
        number: (F) fragments of each kind.
        extra: (F, H) mismatches beyond the best haplotype's, capped.
        inserts: (F, H) fragment length on each haplotype; `NO_INSERT` where unknown.
        ways: (F, H, 3) placements across a breakpoint: with that length, one insertion longer,
            one shorter.
        start, end: (F) 5' ends of the leftmost and rightmost read; `NOWHERE` for a missing mate.
        lengths: (F, 2) bases of both reads, 0 for a missing one.
    """

    number: npt.NDArray[np.int64]
    extra: npt.NDArray[np.int64]
    inserts: npt.NDArray[np.int64]
    ways: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]


@dataclass
class Evidence:
    """What a library's fragments say, gathered over its batches.

    Attributes:
        known: haplotypes, wild type first.
        amplicon: fragments begin at primers, so that their lengths and ends say nothing.
        rows: distinct kinds of fragments -> how many; see `fragments_seen`.
        examples: per haplotype, placements of a few fragments that fit it alone.
        junctions: per haplotype, fragments across its A|D, D|D and D|B.
        unexplained: fragments at the locus that no haplotype explains.
        fragments: fragments at the locus.
    """

    known: list[Haplotype]
    anchor: int
    difference: int
    maximum_rate: float
    amplicon: bool
    size: int
    rows: Counter[tuple[int, ...]] = field(default_factory=Counter)
    examples: list[list[tuple[int, int, int, int]]] = field(default_factory=list)
    unexplained: int = 0
    fragments: int = 0

    def __post_init__(self) -> None:
        self._change = np.zeros(self.size + 2, dtype=np.int64)
        self._clear = np.zeros(self.size + 2, dtype=np.int64)
        self._wrong = self._read = 0
        self.junctions = np.zeros((len(self.known), 3), dtype=np.int64)
        self.examples = [[] for _ in self.known]

    @property
    def depth(self) -> npt.NDArray[np.int64]:
        """Fragments that read across each offset of the locus."""
        return np.cumsum(self._change)[: self.size]

    @property
    def error(self) -> float:
        """Mismatches per base of the reads on the haplotypes they fit best."""
        return self._wrong / max(1, self._read)

    @property
    def clear_depth(self) -> npt.NDArray[np.float64]:
        """Fragments that would show a junction at each offset well enough to discover it.

        Discovery needs `_DE_NOVO` bases on both sides without a sequencing error.
        """
        free = float((1 - self.error) ** (2 * _DE_NOVO))
        depth: npt.NDArray[np.float64] = np.cumsum(self._clear)[: self.size].astype(float) * free
        return depth

    def add(self, placed: Placed) -> None:
        """Add a batch."""
        fit = fit_reads(placed.reads, self.known, self.anchor, self.maximum_rate)
        usable = np.append(fit.fits, False)
        mates = [np.where(usable[m], m, -1) for m in (placed.first, placed.second)]
        wrong = np.vstack([fit.mismatches, np.zeros((1, len(self.known)), dtype=np.int16)])
        seen = (mates[0] >= 0) | (mates[1] >= 0)
        self.fragments += int(placed.number.sum())
        self.unexplained += int(placed.number[~seen].sum())
        total = wrong[mates[0]] + wrong[mates[1]]
        extra = np.minimum(total - total.min(axis=1, keepdims=True), self.difference)
        inserts, ways = _joint_placements(placed, fit, mates)
        ways[extra >= self.difference] = 0
        self._count(placed, extra, inserts, ways, _five_prime_ends(placed, mates))
        self._cover(self._change, placed, fit, mates, self.anchor)
        self._cover(self._clear, placed, fit, mates, _DE_NOVO)
        weights = np.where(fit.fits, placed.weights, 0)
        self._wrong += int((fit.mismatches.min(axis=1) * weights).sum())
        self._read += int(((fit.high - fit.low) * weights).sum())
        self._keep_examples(fit, mates, extra, ways)
        self._count_junctions(placed, fit, mates, extra)

    def _count(
        self,
        placed: Placed,
        extra: npt.NDArray[np.int16],
        inserts: Integers,
        ways: npt.NDArray[np.int8],
        ends: Integers,
    ) -> None:
        informative = np.flatnonzero(ways.any(axis=(1, 2)))
        has_tags = any(placed.umi)
        tags = np.zeros(len(placed.umi), dtype=np.int32)
        if has_tags:
            tags = np.array([hash_tag(tag) for tag in placed.umi], dtype=np.int32)
        if self.amplicon:
            inserts = np.zeros_like(inserts)
            ways = np.pad(ways.any(axis=2, keepdims=True), ((0, 0), (0, 0), (0, 2))).astype(np.int8)
            ends = ends if has_tags else np.zeros_like(ends)
        flat = ways.reshape(len(ways), -1)
        kinds = np.hstack([extra, inserts, flat, ends, tags[:, None]])[informative]
        first, kind_of = distinct_rows(kinds)
        counts = np.bincount(
            kind_of, weights=placed.number[informative], minlength=first.size
        ).astype(int)
        for kind, count in zip(kinds[first].tolist(), counts.tolist(), strict=True):
            self.rows[tuple(kind)] += count

    def fragments_seen(self) -> Fragments:
        """Distinct kinds of fragments, in a fixed order."""
        size = len(self.known)
        order = sorted(self.rows)
        table = np.array(order, dtype=np.int64).reshape(len(order), 5 * size + 5)
        ends = table[:, 5 * size :]
        return Fragments(
            number=np.array([self.rows[row] for row in order], dtype=np.int64),
            extra=table[:, :size],
            inserts=table[:, size : 2 * size],
            ways=table[:, 2 * size : 5 * size].reshape(len(order), size, 3),
            start=ends[:, 0],
            end=ends[:, 1],
            lengths=ends[:, 2:4],
        )

    def _count_junctions(
        self,
        placed: Placed,
        fit: ReadFit,
        mates: list[Integers],
        extra: npt.NDArray[np.int16],
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
                    self.junctions[column, side] += int(placed.number[rows[seen]].sum())

    def _cover(
        self,
        change: npt.NDArray[np.int64],
        placed: Placed,
        fit: ReadFit,
        mates: list[Integers],
        anchor: int,
    ) -> None:
        spans = []
        for mate in mates:
            start = np.append(placed.reads.left + fit.low, 0)[mate] + anchor
            end = np.append(placed.reads.left + fit.high, 0)[mate] - anchor + 1
            empty = (mate < 0) | (end <= start)
            spans.append((np.where(empty, 0, start), np.where(empty, 0, end)))
        (low_a, high_a), (low_b, high_b) = spans
        overlap = (
            (np.maximum(low_a, low_b) <= np.minimum(high_a, high_b)) & (high_a > 0) & (high_b > 0)
        )
        joined = np.where(overlap, np.minimum(low_a, low_b), low_a)
        until = np.where(overlap, np.maximum(high_a, high_b), high_a)
        second = np.where(overlap, 0, low_b), np.where(overlap, 0, high_b)
        for begin, finish in ((joined, until), second):
            for places, sign in ((begin, 1), (finish, -1)):
                inside = np.clip(places, 0, self.size)
                seen = np.bincount(inside, weights=placed.number, minlength=self.size + 1)
                change[: self.size + 1] += sign * seen.astype(np.int64)

    def _keep_examples(
        self,
        fit: ReadFit,
        mates: list[Integers],
        extra: npt.NDArray[np.int16],
        ways: npt.NDArray[np.int8],
    ) -> None:
        alone = (extra < self.difference).sum(axis=1) == 1
        for column in range(len(self.known)):
            rows = np.flatnonzero(alone & ways[:, column].any(axis=1))
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


def _joint_placements(
    placed: Placed, fit: ReadFit, mates: list[Integers]
) -> tuple[Integers, npt.NDArray[np.int8]]:
    """Fragment lengths and ways of both mates together; see `Fragments`."""
    none = np.array([_WITHIN, _ABSENT, _ABSENT], dtype=np.int8)
    alone = np.broadcast_to(none, (1, *fit.ways.shape[1:]))
    ways = np.concatenate([fit.ways, alone])
    reverse = np.append(placed.reads.reverse, False)
    turned = [reverse[mate] for mate in mates]
    facing = (mates[0] >= 0) & (mates[1] >= 0) & (turned[0] != turned[1])
    forward = np.where(turned[0], mates[1], mates[0])
    backward = np.where(turned[0], mates[0], mates[1])
    begin = np.vstack([fit.start + fit.low[:, None], np.zeros((1, fit.start.shape[1]))])[forward]
    until = np.vstack([fit.start + fit.high[:, None], np.zeros((1, fit.start.shape[1]))])[backward]
    inserts = np.where(facing[:, None], until - begin, NO_INSERT).astype(np.int32)
    joint = np.zeros((facing.size, fit.ways.shape[1], 3), dtype=np.int8)
    for i, first in enumerate(_STEPS):
        for j, second in enumerate(_STEPS):
            one, two = ways[forward, :, i], ways[backward, :, j]
            both = (one > _ABSENT) & (two > _ABSENT) & ((one == _ACROSS) | (two == _ACROSS))
            change = second - first
            if abs(change) <= 1:
                joint[:, :, change] += both & facing[:, None]
            joint[:, :, 0] += both & ~facing[:, None]
    return inserts, joint


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
