"""Where in a BAM file the reads of a region lie: indexes BAI and CSI (SAM specification, 5)."""

import gzip
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

Span = tuple[int, int]
"""Begin and end as virtual offsets: place of a block in the file << 16 | place within it."""

_NEAR = 1 << 16  # bytes of the file that are read rather than skipped
_COUNT = struct.Struct("<i")
_BAI_BIN, _CSI_BIN = struct.Struct("<Ii"), struct.Struct("<IQi")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a genome is cut into bins.

    Attributes:
        shift: the smallest bins span 2**shift bases; those of each level above 8 times as many.
        depth: levels above the smallest bins.
        is_csi: offsets below which no read lies stand with the bins, not in a table of windows.
    """

    shift: int
    depth: int
    is_csi: bool

    @property
    def bin_head(self) -> struct.Struct:
        """What each bin begins with: number, the offset (CSI), how many spans."""
        return _CSI_BIN if self.is_csi else _BAI_BIN

    @staticmethod
    def first(level: int) -> int:
        """Number of the first bin of a level."""
        return int(((1 << 3 * level) - 1) // 7)

    def level(self, number: int) -> int:
        """Level of a bin."""
        return next(level for level in range(self.depth, -1, -1) if number >= self.first(level))

    def start(self, number: int) -> int:
        """First position of a bin."""
        level = self.level(number)
        return number - self.first(level) << self.shift + 3 * (self.depth - level)

    def bins(self, level: int, start: int, end: int) -> range:
        """Bins of one level that touch a stretch."""
        width = self.shift + 3 * (self.depth - level)
        first = self.first(level)
        return range(first + (start >> width), first + (end - 1 >> width) + 1)


@dataclass(frozen=True, slots=True)
class ContigIndex:
    """Index of one contig.

    Attributes:
        bins: bin -> spans of the reads in it.
        leaves: smallest bins that hold reads, ascending.
        starts, floors: from each position on, the offset below which no read reaches it.
    """

    layout: Layout
    bins: Mapping[int, Sequence[Span]]
    leaves: Sequence[int]
    starts: Sequence[int]
    floors: Sequence[int]

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """Stretches of the file with all reads that touch 0-based half-open `start` to `end`."""
        at = bisect_right(self.starts, start) - 1
        floor = self.floors[at] if at >= 0 else 0
        # Reads of a bin behind the region start behind it, and so do all that follow them.
        last = self.layout.bins(self.layout.depth, start, end)[-1]
        behind = self.leaves[bisect_right(self.leaves, last) :][:1]
        ceiling = min((self.bins[leaf][0][0] for leaf in behind), default=1 << 64)
        for level in range(self.layout.depth + 1):
            for number in self.layout.bins(level, start, end):
                for begin, stop in self.bins.get(number, ()):
                    if stop > floor and begin < ceiling:
                        yield max(begin, floor), min(stop, ceiling)


def read_index(path: Path, wanted: Iterable[int]) -> dict[int, ContigIndex]:
    """Number of a contig in the header -> its index, for those wanted.

    Raises:
        ValueError, struct.error, EOFError: no index, or cut off.
    """
    opened = _opened(path, path.stat().st_mtime_ns)
    return {contig: _contig(opened, contig) for contig in wanted if contig < len(opened.places)}


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in file order; those next to each other are joined."""
    result: list[Span] = []
    for begin, end in sorted(spans):
        if result and (begin >> 16) - (result[-1][1] >> 16) <= _NEAR:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result


class _Cursor:
    """Reads an index from front to back."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self.place = data, place

    def take(self, layout: struct.Struct) -> tuple[int, ...]:
        """The next values."""
        values = layout.unpack_from(self._data, self.place)
        self.place += layout.size
        return values

    def offsets(self, count: int) -> tuple[int, ...]:
        """The next `count` offsets."""
        return self.take(struct.Struct(f"<{count}Q"))

    def skip(self, size: int) -> None:
        """Leave bytes out."""
        self.place += size


@dataclass(frozen=True, slots=True)
class _Opened:
    """An index file, and where in it each contig begins."""

    data: bytes
    layout: Layout
    places: Sequence[int]


@lru_cache(maxsize=8)
def _opened(path: Path, _changed: int) -> _Opened:
    data = path.read_bytes()
    if data[:4] == b"BAI\1":
        return _with_places(data, 4, Layout(14, 5, False))
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:4] != b"CSI\1":
        raise ValueError("not an index of a BAM file")
    shift, depth, extra = struct.unpack_from("<3i", data, 4)
    return _with_places(data, 16 + extra, Layout(shift, depth, True))


def _with_places(data: bytes, start: int, layout: Layout) -> _Opened:
    cursor, places = _Cursor(data, start), []
    for _ in range(*cursor.take(_COUNT)):
        places.append(cursor.place)
        for _ in range(*cursor.take(_COUNT)):
            cursor.skip(16 * cursor.take(layout.bin_head)[-1])
        if not layout.is_csi:
            cursor.skip(8 * cursor.take(_COUNT)[0])
    return _Opened(data, layout, places)


def _contig(opened: _Opened, contig: int) -> ContigIndex:
    cursor, layout = _Cursor(opened.data, opened.places[contig]), opened.layout
    bins, floors = _bins(cursor, layout)
    if not layout.is_csi:
        windows = cursor.offsets(*cursor.take(_COUNT))
        floors = {i << layout.shift: offset for i, offset in enumerate(windows)}
    leaves = sorted(number for number in bins if number >= layout.first(layout.depth))
    starts = sorted(floors)
    floors_so_far = accumulate((floors[start] for start in starts), max)
    return ContigIndex(layout, bins, leaves, starts, list(floors_so_far))


def _bins(cursor: "_Cursor", layout: Layout) -> tuple[dict[int, list[Span]], dict[int, int]]:
    """Spans of each bin, and position -> offset below which no read reaches it (CSI)."""
    bins: dict[int, list[Span]] = {}
    floors: dict[int, int] = {}
    for _ in range(*cursor.take(_COUNT)):
        number, *floor, chunks = cursor.take(layout.bin_head)
        offsets = cursor.offsets(2 * chunks)
        if number < layout.first(layout.depth + 1):  # what lies beyond holds statistics
            bins[number] = list(zip(offsets[::2], offsets[1::2], strict=True))
            if floor:
                start = layout.start(number)
                floors[start] = max(floor[0], floors.get(start, 0))
    return bins, floors
