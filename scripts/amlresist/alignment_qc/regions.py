"""The scanned region: intervals of several contigs laid end to end, so that arrays can hold them.

All coordinates are 0-based half-open.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from amlresist.annotation import Transcript

Interval = tuple[str, int, int]
STRETCH = 1 << 18  # bases looked at together, so that scratch arrays stay small beside the counts


@dataclass(frozen=True)
class Region:
    """Sorted intervals that do not touch; position i of an array is their i-th base."""

    intervals: tuple[Interval, ...]

    @cached_property
    def _offsets(self) -> list[int]:
        offsets = [0]
        for _, start, end in self.intervals:
            offsets.append(offsets[-1] + end - start)
        return offsets

    @cached_property
    def _by_contig(self) -> Mapping[str, tuple[list[int], list[int], list[int]]]:
        """Contig -> starts, ends and array offsets of its intervals."""
        found: dict[str, tuple[list[int], list[int], list[int]]] = {}
        for (contig, start, end), offset in zip(self.intervals, self._offsets, strict=False):
            starts, ends, offsets = found.setdefault(contig, ([], [], []))
            starts.append(start)
            ends.append(end)
            offsets.append(offset)
        return found

    @property
    def size(self) -> int:
        """Bases of the region."""
        return self._offsets[-1]

    def overlaps(self, contig: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Parts of start-end inside the region: (array place, start, end)."""
        if contig not in self._by_contig:
            return
        starts, ends, offsets = self._by_contig[contig]
        index = max(bisect_right(starts, start) - 1, 0)
        while index < len(starts) and starts[index] < end:
            first, last = max(start, starts[index]), min(end, ends[index])
            if first < last:
                yield offsets[index] + first - starts[index], first, last
            index += 1

    def mask(self, intervals: Iterable[Interval]) -> np.ndarray:
        """Boolean array over the region, true inside `intervals`."""
        inside = np.zeros(self.size, dtype=bool)
        for contig, start, end in intervals:
            for place, first, last in self.overlaps(contig, start, end):
                inside[place : place + last - first] = True
        return inside

    def inside(self, intervals: Iterable[Interval]) -> np.ndarray:
        """Array places inside `intervals`, ascending; for a gene far smaller than its mask."""
        return np.flatnonzero(self.mask(intervals))

    def places(self, indices: Sequence[int] | np.ndarray) -> list[tuple[str, int]]:
        """(contig, 0-based position) of array places."""
        found = []
        for place in indices:
            number = bisect_right(self._offsets, int(place)) - 1
            contig, start, _ = self.intervals[number]
            found.append((contig, start + int(place) - self._offsets[number]))
        return found


def stretches(size: int) -> list[slice]:
    """Slices that cover `size` bases in order; one empty slice when there is none."""
    return [slice(start, start + STRETCH) for start in range(0, max(size, 1), STRETCH)]


def make_region(intervals: Iterable[Interval], padding: int, lengths: Mapping[str, int]) -> Region:
    """Region of `intervals` widened by `padding` on both sides, merged, on contigs of `lengths`."""
    widened = sorted(
        (contig, max(start - padding, 0), min(end + padding, lengths[contig]))
        for contig, start, end in intervals
        if contig in lengths
    )
    merged: list[Interval] = []
    for contig, start, end in widened:
        if merged and merged[-1][0] == contig and start <= merged[-1][2]:
            merged[-1] = (contig, merged[-1][1], max(end, merged[-1][2]))
        elif start < end:
            merged.append((contig, start, end))
    return Region(tuple(merged))


def coding_intervals(model: Transcript) -> list[Interval]:
    """Coding parts of a transcript; its exons when it codes for no protein."""
    return [(model.chrom, start, end) for start, end in model.cds or model.exons]
