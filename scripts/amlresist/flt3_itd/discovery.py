"""Candidate insertions: reads whose two ends lie on different diagonals of the locus.

A read over an insertion of length L follows the locus on one diagonal up to the insertion and on
a diagonal L lower after it, whether the inserted bases are a copy, foreign, or longer than the
read as long as its tandem junction is inside. So nothing depends on how an aligner wrote the read.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.alleles import Allele, normalise, rightmost
from amlresist.flt3_itd.encode import (
    NO_DIAGONAL,
    SEED,
    UNKNOWN,
    Integers,
    Oriented,
    SeedIndex,
    Target,
    best_stretch,
    decode,
    diagonals,
    encode,
)
from amlresist.flt3_itd.locus import Locus

_UNEXPLAINED = 4  # mismatches from which a read is looked at again
_MISMATCH = -3
_KEPT_READS = 300  # reads kept per candidate to polish its sequence
_PRUNE_AT = 20_000
_MINIMUM_MAJORITY = 0.6
_NEAR = 3  # edits below which a candidate is an error of a more frequent one
_ERROR_SHARE = 0.1
_MAX_CANDIDATES = 30


@dataclass
class Candidate:
    """Evidence for one insertion allele.

    Attributes:
        reads: weight (reads) of the evidence.
        examples: (oriented read, diagonal of its 5' part, weight), at most `_KEPT_READS`.
    """

    reads: int = 0
    examples: list[tuple[npt.NDArray[np.uint8], int, int]] = field(default_factory=list)

    def add(self, read: npt.NDArray[np.uint8], diagonal: int, weight: int) -> None:
        """Count a read."""
        self.reads += weight
        if len(self.examples) < _KEPT_READS:
            self.examples.append((read, diagonal, weight))


@dataclass(frozen=True, slots=True)
class _Split:
    """A read that holds an insertion: its row, its bases without foreign ends, their diagonal."""

    row: int
    read: npt.NDArray[np.uint8]
    diagonal: int
    allele: Allele


class Candidates:
    """Gathers candidates batch by batch in bounded memory."""

    def __init__(self, locus: Locus, index: SeedIndex, minimum: int, maximum: int) -> None:
        self._locus = locus
        self._index = index
        self._limits = minimum, maximum
        self._found: dict[Allele, Candidate] = defaultdict(Candidate)
        self._spelled: dict[tuple[int, str, int], Allele | None] = {}

    def add(self, reads: Oriented, weights: Integers) -> None:
        """Look for insertions in oriented reads; `weights` says how often each read was seen."""
        target = Target.of(self._locus.sequence, reads.matrix.shape[1])
        differs = target.mismatches(reads.matrix, reads.left).sum(axis=1)
        odd = reads.found & ((reads.left != reads.right) | (differs >= _UNEXPLAINED))
        rows = np.flatnonzero(odd)
        for split in self._splits(reads.take(rows), target):
            weight = int(weights[rows[split.row]])
            self._found[split.allele].add(split.read, split.diagonal, weight)
        if len(self._spelled) > _PRUNE_AT:
            self._spelled.clear()
        if len(self._found) > _PRUNE_AT:
            self._found = defaultdict(
                Candidate, {a: c for a, c in self._found.items() if c.reads > 1}
            )

    def _is_wanted(self, allele: Allele) -> bool:
        low, high = self._limits
        final = rightmost(self._locus.sequence, allele)
        within = self._locus.first <= final.start and allele.end <= self._locus.last
        return within and low <= allele.length <= high and not is_slippage(allele, self._locus)

    def _splits(self, reads: Oriented, target: Target) -> Iterator[_Split]:
        if not reads.lengths.size:
            return
        left, right = _outer_diagonals(reads, self._index)
        rows = np.flatnonzero((left != NO_DIAGONAL) & (left - right >= self._limits[0]))
        matrix, left, right = reads.matrix[rows], left[rows], right[rows]
        on_left = target.mismatches(matrix, left)
        on_right = target.mismatches(matrix, right)
        low, high = _without_foreign_ends(on_left, on_right, reads.lengths[rows])
        plain = _plain_split(on_left, on_right, high)
        novel = _split_with_novel(on_left, on_right, high)
        for i, row in enumerate(rows.tolist()):
            begin, size = int(low[i]), int(high[i])
            place, wrong = int(plain[0][i]), int(plain[1][i])
            end = place
            if wrong > max(2, (size - begin) // 25):
                place, end = int(novel[0][i]), int(novel[1][i])
                if end < place:
                    continue
            if place - begin < SEED or size - end < SEED:
                continue
            x, y = place + int(left[i]), end + int(right[i])
            allele = self._wanted(x, decode(matrix[i, place:end]), y)
            if allele is not None:
                yield _Split(row, matrix[i, begin:size], int(left[i]) + begin, allele)

    def _wanted(self, x: int, novel: str, y: int) -> Allele | None:
        """Allele of sequence[:x] + novel + sequence[y:]; None if it is not looked for."""
        key = x, novel, y
        if key not in self._spelled:
            allele = self._allele(x, novel, y)
            wanted = allele is not None and self._is_wanted(allele)
            self._spelled[key] = allele if wanted else None
        return self._spelled[key]

    def _allele(self, x: int, novel: str, y: int) -> Allele | None:
        sequence = self._locus.sequence
        if not (0 <= x <= len(sequence) and 0 <= y <= len(sequence)) or "N" in novel:
            return None
        if y <= x:
            return normalise(sequence, x, x, novel + sequence[y:x])
        return normalise(sequence, x, y, novel)

    def ranked(self) -> list[tuple[Allele, int]]:
        """Polished candidates with their reads, best first; errors of others folded in."""
        sequence = self._locus.sequence
        order = sorted(self._found.items(), key=lambda item: (-item[1].reads, item[0]))
        pooled: dict[Allele, int] = defaultdict(int)
        for allele, candidate in order:
            if candidate.reads > 1:
                pooled[polish(sequence, allele, candidate)] += candidate.reads
        accepted: list[tuple[Allele, int]] = []
        for allele, reads in sorted(pooled.items(), key=lambda item: (-item[1], item[0])):
            if len(accepted) == _MAX_CANDIDATES:
                break
            if not any(is_error_of(sequence, allele, reads, *known) for known in accepted):
                accepted.append((allele, reads))
        return accepted


def is_slippage(allele: Allele, locus: Locus) -> bool:
    """Whether the insertion only lengthens a run of a unit of one or two bases."""
    text = allele.inserted
    around = locus.sequence[max(0, allele.start - 8) : allele.start + 8]
    return any(
        text == (text[:unit] * len(text))[: len(text)] and text[:unit] * (8 // unit) in around
        for unit in (1, 2)
    )


def is_error_of(sequence: str, allele: Allele, reads: int, known: Allele, known_reads: int) -> bool:
    """Whether a candidate is a more frequent one with sequencing errors.

    Counting cannot tell alleles apart that differ by less than `_NEAR`, so they are one.
    """
    if abs(allele.length - known.length) >= _NEAR:
        return False
    import edlib

    low = min(allele.start, known.start)
    high = max(allele.end, known.end)
    texts = [sequence[low : a.start] + a.inserted + sequence[a.end : high] for a in (allele, known)]
    distance = int(edlib.align(texts[0], texts[1], k=_NEAR)["editDistance"])
    return 0 <= distance < _NEAR or (distance == _NEAR and reads < _ERROR_SHARE * known_reads)


def polish(sequence: str, allele: Allele, candidate: Candidate) -> Allele:
    """Allele whose two copies are the majority of the reads that carry it.

    A change that both copies share (a SNP the leukemia has anyway) is kept in one of them, so that
    the allele stays an insertion.
    """
    if allele.start != allele.end:
        return allele
    span = slice(allele.start, rightmost(sequence, allele).start + allele.length)
    text = allele.apply(sequence)
    before = encode(text)[span]
    after = _consensus(encode(text), candidate)[span]
    first = np.flatnonzero(before != after)
    shared = [place for place in first if place + allele.length in first]
    after[shared] = before[shared]
    return normalise(sequence, allele.start, span.stop - allele.length, decode(after))


def _consensus(haplotype: npt.NDArray[np.uint8], candidate: Candidate) -> npt.NDArray[np.uint8]:
    counts = np.zeros((haplotype.size, UNKNOWN + 1), dtype=np.int64)
    for read, diagonal, weight in candidate.examples:
        start, end = max(0, diagonal), min(haplotype.size, diagonal + read.size)
        if start < end:
            codes = read[start - diagonal : end - diagonal]
            np.add.at(counts, (np.arange(start, end), codes), weight)
    counts = counts[:, :UNKNOWN]
    depth = counts.sum(axis=1)
    sure = (depth >= 3) & (counts.max(axis=1) > _MINIMUM_MAJORITY * depth)
    return np.where(sure, counts.argmax(axis=1), haplotype).astype(np.uint8)


def _outer_diagonals(reads: Oriented, index: SeedIndex) -> tuple[Integers, Integers]:
    """Diagonals of the first and the last two neighbouring seeds that agree."""
    seeds = diagonals(reads.matrix, index.forward, 1)
    agree = (seeds[:, 1:] != NO_DIAGONAL) & (seeds[:, 1:] == seeds[:, :-1])
    rows = np.arange(seeds.shape[0])
    some = agree.any(axis=1)
    first = seeds[rows, agree.argmax(axis=1)]
    last = seeds[rows, agree.shape[1] - 1 - agree[:, ::-1].argmax(axis=1)]
    return np.where(some, first, NO_DIAGONAL), np.where(some, last, NO_DIAGONAL)


def _without_foreign_ends(
    on_left: npt.NDArray[np.bool_], on_right: npt.NDArray[np.bool_], lengths: Integers
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First base that fits the left diagonal and past the last that fits the right one.

    What lies outside is adapter or the like; it is cleared in `on_left` and `on_right`.
    """
    columns = np.arange(on_left.shape[1])
    inside = columns < lengths[:, None]
    low = best_stretch(on_left, inside)[0]
    high = best_stretch(on_right, inside)[1]
    foreign = (columns < low[:, None]) | (columns >= high[:, None])
    on_left[foreign] = False
    on_right[foreign] = False
    return low, high


def _plain_split(
    on_left: npt.NDArray[np.bool_],
    on_right: npt.NDArray[np.bool_],
    lengths: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Split with the fewest mismatches: (bases on the left diagonal, mismatches)."""
    before = np.pad(np.cumsum(on_left, axis=1), ((0, 0), (1, 0)))
    after = on_right.sum(axis=1)[:, None] - np.pad(np.cumsum(on_right, axis=1), ((0, 0), (1, 0)))
    total = before + after
    beyond = np.arange(total.shape[1])[None, :] > lengths[:, None]
    total = np.where(beyond, 2**20, total)
    place = total.argmin(axis=1)
    return place, total[np.arange(total.shape[0]), place]


def _split_with_novel(
    on_left: npt.NDArray[np.bool_],
    on_right: npt.NDArray[np.bool_],
    lengths: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Furthest good extensions of both sides: (end of the left part, start of the right part)."""
    inside = np.arange(on_left.shape[1])[None, :] < lengths[:, None]
    gain_left = np.where(inside, np.where(on_left, _MISMATCH, 1), -1)
    gain_right = np.where(inside, np.where(on_right, _MISMATCH, 1), 0)
    left = np.cumsum(gain_left, axis=1).argmax(axis=1) + 1
    suffix = np.cumsum(gain_right[:, ::-1], axis=1)
    width = on_left.shape[1]
    right = width - 1 - suffix.argmax(axis=1)
    return left, right
