"""Reads as columns: BAM records parsed into NumPy arrays, a few thousand at a time.

Going through records one by one costs microseconds each; at 100,000-fold depth that is hours. Here
NumPy takes them apart.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]
FetchSpan = Callable[[int, int], str]

PAIRED, REVERSE, MATE_UNMAPPED, SECOND = 0x1, 0x10, 0x8, 0x80
_FIXED = np.dtype(
    [
        ("size", "<i4"),
        ("contig", "<i4"),
        ("start", "<i4"),
        ("name_length", "u1"),
        ("mapq", "u1"),
        ("bin", "<u2"),
        ("n_cigar", "<u2"),
        ("flag", "<u2"),
        ("length", "<i4"),
        ("mate_contig", "<i4"),
        ("mate_start", "<i4"),
        ("template", "<i4"),
    ]
)
# CIGAR operations MIDNSHP=X
_USES_REFERENCE = np.array([1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0], dtype=np.int64)
_USES_QUERY = np.array([1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0], dtype=np.int64)
_ALIGNS = (_USES_REFERENCE & _USES_QUERY).astype(bool)
INSERTION, DELETION, SOFT_CLIP = 1, 2, 4
CODES = "=ACMGRSVTWYHKDBN"  # four-bit base codes of BAM
_HASH_SEED, _HASH_FACTOR = np.uint64(14695981039346656037), np.uint64(0x9E3779B97F4A7C15)
_WIDE_GAP = 10_000  # bases of the reference without reads that are not looked up
UNKNOWN_BASE = CODES.index("N")


def encode(sequence: str) -> Bytes:
    """Four-bit codes of a sequence, one per byte; all letters but A, C, G and T are N."""
    return _ENCODING[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]


def _encoding() -> Bytes:
    table = np.full(256, UNKNOWN_BASE, dtype=np.uint8)
    for letter in "ACGT":
        table[ord(letter)] = table[ord(letter.lower())] = CODES.index(letter)
    return table


_ENCODING = _encoding()


@dataclass(frozen=True, slots=True)
class Operations:
    """CIGAR operations of all reads, in order: operation `i` belongs to read `read[i]`.

    Attributes:
        code: BAM operation code.
        length: bases.
        reference: 0-based reference position where the operation starts.
        query: index of the read base where it starts.
    """

    read: Ints
    code: Ints
    length: Ints
    reference: Ints
    query: Ints

    def where(self, mask: Mask) -> "Operations":
        """Those operations for which `mask` holds."""
        return Operations(
            self.read[mask],
            self.code[mask],
            self.length[mask],
            self.reference[mask],
            self.query[mask],
        )


class Reads:
    """Some reads of one file, as columns (length n each).

    Attributes:
        contig: index of the contig in the header.
        start: 0-based reference position of the first aligned base.
        length: bases of the read.
        flag: BAM flag.
        mapping_quality: 255 where the aligner gave none.
        mate_start: 0-based reference position of the mate's first aligned base.
        compiled: work is done by `loops`, which is faster where there is much of it.
    """

    def __init__(self, data: Bytes, offsets: Ints, *, compiled: bool = False) -> None:
        # Windows of fixed width are taken out of `data`: there must be room behind the last record.
        self._data = data
        self.compiled = compiled
        if compiled:
            from amlresist.variants import loops

            table = loops.columns(data, offsets)
        else:
            table = _columns(data, offsets)
        self.contig, self.start, self.length, self.flag = table[:4]
        self.mapping_quality, self.mate_start, self._mate_contig = table[4:7]
        self._name_length, self._operations = table[7:]
        self._name = offsets + _FIXED.itemsize
        self._cigar = self._name + self._name_length
        self._sequence = self._cigar + 4 * self._operations
        self._quality = self._sequence + (self.length + 1) // 2

    def __len__(self) -> int:
        return len(self.start)

    def subset(self, keep: Ints | Mask) -> "Reads":
        """The reads at the given places, over the same data."""
        if keep.dtype == np.bool_ and keep.all():
            return self
        other = object.__new__(Reads)
        other._data, other.compiled = self._data, self.compiled
        for name in _COLUMNS:
            setattr(other, name, getattr(self, name)[keep])
        if "end" in self.__dict__:
            other.end = self.end[keep]
        return other

    def aligned(self) -> "Reads":
        """The reads that have bases, and some of them aligned."""
        if self.compiled:
            _, is_aligned = self._compiled_ends
        else:
            is_aligned = np.bincount(self.blocks.read, minlength=len(self)) > 0
        return self.subset(is_aligned & (self.length > 0))

    @cached_property
    def operations(self) -> Operations:
        """CIGAR operations with their places in reference and read."""
        if self.compiled:
            return self._compiled_operations(np.ones(16, dtype=bool))
        counts = self._operations
        read = np.repeat(np.arange(len(self)), counts)
        first = np.cumsum(counts) - counts
        place = self._cigar[read] + 4 * (np.arange(len(read)) - first[read])
        packed = numbers(self._data)[place].astype(np.int64)
        code, length = packed & 15, packed >> 4
        return Operations(
            read,
            code,
            length,
            self.start[read] + _before(_USES_REFERENCE[code] * length, first[read]),
            _before(_USES_QUERY[code] * length, first[read]),
        )

    @cached_property
    def blocks(self) -> Operations:
        """Runs of read bases aligned to reference bases."""
        if self.compiled:
            return self._compiled_operations(_ALIGNS)
        return self.operations.where(_ALIGNS[self.operations.code])

    @cached_property
    def deletions(self) -> Operations:
        """Runs of reference bases that a read does not have."""
        is_deletion = np.arange(16) == DELETION
        if self.compiled:
            return self._compiled_operations(is_deletion)
        return self.operations.where(is_deletion[self.operations.code])

    def _compiled_operations(self, wanted: Mask) -> Operations:
        """CIGAR operations of the wanted codes."""
        from amlresist.variants import loops

        uses = _USES_REFERENCE, _USES_QUERY
        columns = self._cigar, self._operations, self.start
        return Operations(*loops.operations(self._data, *columns, *uses, wanted))

    @cached_property
    def end(self) -> Ints:
        """One past the last reference base each read is aligned to."""
        if self.compiled:
            return self._compiled_ends[0]
        spans = _USES_REFERENCE[self.operations.code] * self.operations.length
        spanned = np.bincount(self.operations.read, weights=spans, minlength=len(self))
        return np.asarray(self.start + spanned.astype(np.int64))

    @cached_property
    def _compiled_ends(self) -> tuple[Ints, Mask]:
        """`end`, and whether bases of each read are aligned."""
        from amlresist.variants import loops

        columns = self._cigar, self._operations, self.start
        return loops.ends(self._data, *columns, _USES_REFERENCE, _ALIGNS)

    @cached_property
    def longest(self) -> int:
        """Reference bases from the first to the last aligned base, of the longest read."""
        return int((self.end - self.start).max(initial=0))

    @cached_property
    def outer_places(self) -> tuple[Ints, Ints]:
        """Reference position of the read's first base, told by its first and last block."""
        places = self.blocks.reference - self.blocks.query
        ends = np.cumsum(np.bincount(self.blocks.read, minlength=len(self)))
        firsts = np.concatenate(([0], ends))[: len(ends)]
        return places[firsts], places[ends - 1]

    def places_around(self, position: int) -> list[Ints]:
        """`outer_places`, then the same by the blocks before and behind a reference position."""
        blocks, (first, last) = self.blocks, self.outer_places
        places = blocks.reference - blocks.query
        before, behind = first.copy(), last.copy()
        starts_before = blocks.reference < position
        before[blocks.read[starts_before]] = places[starts_before]
        ends_behind = np.flatnonzero(blocks.reference + blocks.length > position)[::-1]
        behind[blocks.read[ends_behind]] = places[ends_behind]
        return [first, last, before, behind]

    def poor_if_equal(self, fetch: FetchSpan, chosen: Ints, min_quality: int) -> Ints:
        """Poor bases of reads aligned in one block that equal the reference; -1 for the others.

        Args:
            fetch: (start, end) -> reference bases of the contig.
            chosen: reads to look at, all of one contig; the others count as different.
            min_quality: bases below are poor.
        """
        one_block = (self._operations == 1) & (self.end - self.start == self.length)
        chosen = chosen[one_block[chosen]]
        found = np.full(len(self), -1, dtype=np.int64)
        codes, place = _reference_under(fetch, self.start[chosen], self.length[chosen])
        if self.compiled:
            from amlresist.variants import loops

            bases = self.packed(chosen)
            found[chosen] = loops.poor_if_equal(*bases, codes, place, min_quality)
            return found
        chosen = chosen[self._has_bases(chosen, codes, place)]
        width = int(self.length[chosen].max(initial=1))
        poor = self.quality_rows(chosen, width) < min_quality
        poor &= np.arange(width) < self.length[chosen][:, None]
        found[chosen] = np.count_nonzero(poor, axis=1)
        return found

    def _has_bases(self, chosen: Ints, codes: Bytes, place: Ints) -> Mask:
        """Whether bases equal `codes` from `place` on; compared as they are packed, in twos."""
        length = self.length[chosen]
        columns = int(length.max(initial=0) + 1) // 2
        codes = np.concatenate((codes, np.full(2 * columns + 2, UNKNOWN_BASE, dtype=np.uint8)))
        pairs = codes[:-1] << 4 | codes[1:]
        by_phase = np.concatenate((pairs[0::2], pairs[1::2]))
        expected = _rows(by_phase, (place >> 1) + (place & 1) * len(pairs[0::2]), columns)
        differs = _rows(self._data, self._sequence[chosen], columns) != expected
        differs &= np.arange(columns) < (length // 2)[:, None]
        equal = ~differs.any(axis=1)
        odd = np.flatnonzero(length & 1)
        last = self.bases(chosen[odd], length[odd] - 1)
        equal[odd] &= last == codes[(place + length - 1)[odd]]
        return np.asarray(equal)

    def touching(self, start: int, end: int) -> Ints:
        """Reads aligned somewhere in `start` to `end`; the reads must be sorted by place."""
        low = np.searchsorted(self.start, start - self.longest, side="left")
        high = np.searchsorted(self.start, end, side="left")
        return low + np.flatnonzero(self.end[low:high] > start)

    @cached_property
    def forward_fragment(self) -> Mask:
        """Whether the fragment's first read is on the forward strand."""
        reverse, second = self.flag & REVERSE > 0, self.flag & SECOND > 0
        return np.asarray(reverse == second)

    @cached_property
    def has_mate_here(self) -> Mask:
        """Whether the mate is aligned to the same contig."""
        together = self._mate_contig == self.contig
        return np.asarray((self.flag & (PAIRED | MATE_UNMAPPED) == PAIRED) & together)

    def packed(self, read: Ints | slice = slice(None)) -> tuple[Bytes, Ints, Ints, Ints]:
        """The data, and of each read where bases and qualities begin in it, and how many."""
        return self._data, self._sequence[read], self._quality[read], self.length[read]

    def bases(self, read: Ints, query: Ints) -> Bytes:
        """Four-bit codes of single bases."""
        packed = self._data[self._sequence[read] + (query >> 1)]
        return np.asarray(np.where(query & 1, packed & 15, packed >> 4))

    def qualities(self, read: Ints, query: Ints) -> Bytes:
        """Base qualities of single bases; 255 where the read has none."""
        return np.asarray(self._data[self._quality[read] + query])

    def good_bases(self, read: Ints, query: Ints, min_quality: int) -> tuple[Bytes, Mask]:
        """Codes of single bases, and which are of the quality asked for."""
        good = self._data[self._quality[read] + query] >= min_quality
        packed = self._data[self._sequence[read] + (query >> 1)]
        packed >>= ((query & 1) ^ 1).astype(np.uint8) << 2
        packed &= 15
        return packed, np.asarray(good)

    def base_rows(self, read: Ints, width: int) -> Bytes:
        """Codes of the first `width` bases, one row per read; beyond the read's end: anything."""
        packed = _rows(self._data, self._sequence[read], (width + 1) // 2)
        rows = np.empty((len(read), 2 * packed.shape[1]), dtype=np.uint8)
        np.right_shift(packed, 4, out=rows[:, 0::2])
        np.bitwise_and(packed, 15, out=rows[:, 1::2])
        return rows[:, :width]

    def quality_rows(self, read: Ints, width: int) -> Bytes:
        """Qualities of the first `width` bases, one row per read; beyond its end: anything."""
        return _rows(self._data, self._quality[read], width)

    def name_hashes(self, read: Ints) -> Hashes:
        """64-bit hash of each read's name, equal for mates (xor, multiply, shift per 8 letters)."""
        name, length = self._name[read], self._name_length[read]
        if self.compiled:
            from amlresist.variants import loops

            return loops.name_hashes(self._data, name, length, _HASH_SEED, _HASH_FACTOR)
        width = -(-int(length.max(initial=1)) // 8) * 8
        letters = _rows(self._data, name, width)
        letters[np.arange(width) >= length[:, None]] = 0
        hashes = np.full(len(read), _HASH_SEED, dtype=np.uint64)
        with np.errstate(over="ignore"):
            for number, word in enumerate(np.ascontiguousarray(letters).view(np.uint64).T):
                mixed = (hashes ^ word) * _HASH_FACTOR
                mixed ^= mixed >> np.uint64(32)
                # A name has one hash, however long the others of the piece are.
                hashes = np.where(8 * number < length, mixed, hashes)
        return hashes


def _columns(data: Bytes, offsets: Ints) -> Ints:
    """Values of records by `_TAKEN`."""
    fixed = _rows(data, offsets, _FIXED.itemsize).view(_FIXED)[:, 0]
    return np.stack([fixed[name].astype(np.int64) for name in _TAKEN])


_TAKEN = (
    "contig",
    "start",
    "length",
    "flag",
    "mapq",
    "mate_start",
    "mate_contig",
    "name_length",
    "n_cigar",
)
_COLUMNS = (
    "contig",
    "start",
    "length",
    "flag",
    "mapping_quality",
    "mate_start",
    "_mate_contig",
    "_operations",
    "_name",
    "_name_length",
    "_cigar",
    "_sequence",
    "_quality",
)


def by_contig(contigs: Sequence[str], piece: Reads) -> Iterator[tuple[str, Reads]]:
    """(contig, its reads) of a piece, in file order."""
    ends = np.flatnonzero(np.concatenate((piece.contig[1:] != piece.contig[:-1], [True]))) + 1
    start = 0
    for end in ends.tolist():
        whole = end - start == len(piece)
        yield contigs[piece.contig[start]], piece if whole else piece.subset(np.arange(start, end))
        start = end


def _rows(data: Bytes, offsets: Ints, width: int) -> Bytes:
    """Windows of `width` bytes, one row per offset."""
    windows: Any = np.lib.stride_tricks.sliding_window_view(data, width)
    return np.asarray(windows[offsets])


def _reference_under(fetch: FetchSpan, start: Ints, length: Ints) -> tuple[Bytes, Ints]:
    """Codes of the reference under reads, without wide gaps, and where each read begins in them."""
    if not len(start):
        return np.zeros(0, dtype=np.uint8), start
    gaps = np.flatnonzero(np.diff(start) > _WIDE_GAP) + 1
    firsts = np.concatenate(([0], gaps))
    begins = np.minimum.reduceat(start, firsts)
    ends = np.maximum.reduceat(start + length, firsts)
    spans = zip(begins.tolist(), ends.tolist(), strict=True)
    codes = [encode(fetch(begin, end).ljust(end - begin, "N")) for begin, end in spans]
    skipped = begins - np.cumsum(ends - begins) + (ends - begins)
    reads = np.diff(firsts, append=len(start))
    return np.concatenate(codes), start - np.repeat(skipped, reads)


def _before(values: Ints, first: Ints) -> Ints:
    """Sum of the earlier values of the same read, of which `first` is each one's first."""
    total = np.cumsum(values) - values
    return np.asarray(total - total[first])


def numbers(data: Bytes) -> Any:
    """The 32-bit number that begins at each byte."""
    return np.ndarray((len(data) - 3,), dtype="<u4", buffer=data, strides=(1,))
