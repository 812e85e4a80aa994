"""Candidate alleles from the reads of one library: every repeated change of the reference.

Changes of one read that lie close together are one allele (MNV, complex). Two SNVs of one codon on
different haplotypes never meet on a read and stay two.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele, BareChange, anchored, normalise, shift_left
from amlresist.variants.bam_stream import stream
from amlresist.variants.clipped import clipped_changes
from amlresist.variants.read_columns import (
    CODES,
    DELETION,
    INSERTION,
    UNKNOWN_BASE,
    Ints,
    Reads,
    encode,
)
from amlresist.variants.regions import Region, merge

Mask = npt.NDArray[np.bool_]
FetchSpan = Callable[[int, int], str]
_GAP = 100_000  # bases between regions that are looked through too, rather than sought again
_STRETCH = 200_000


@dataclass(slots=True)
class Pileup:
    """What the reads of one library show.

    Attributes:
        alleles: allele -> reads that carry it.
        depth: (contig, start, depth per base) of each region.
    """

    alleles: Counter[Allele] = field(default_factory=Counter)
    depth: list[tuple[str, int, Ints]] = field(default_factory=list)

    def depth_at(self, allele: Allele) -> int:
        """Reads over the allele's first base, 0 outside the regions."""
        for chrom, start, depth in self.depth:
            if chrom == allele.chrom and 0 <= allele.pos - start < len(depth):
                return int(depth[allele.pos - start])
        return 0


def pile_up(
    path: Path | str,
    regions: Sequence[Region],
    fetch: FetchSequence,
    *,
    min_mapping_quality: int,
    min_base_quality: int,
    keep_duplicates: bool,
    merge_distance: int,
    reference: Path | str | None = None,
) -> Pileup:
    """All changes that reads of one BAM or CRAM show in the regions.

    Args:
        merge_distance: unchanged bases that may lie between two changes of one allele.
    """
    pileup = Pileup()
    for region in stretches(regions):
        collector = _Collector(region, fetch, min_base_quality, merge_distance)
        pieces = stream(
            path,
            [region],
            min_mapping_quality=min_mapping_quality,
            keep_duplicates=keep_duplicates,
            reference=reference,
        )
        for _, reads in pieces:
            collector.add(reads)
        collector.finish(pileup)
    return pileup


def stretches(regions: Sequence[Region]) -> Iterator[Region]:
    """The regions with the gaps between near ones, cut so that what is held of each stays small."""
    for chrom, start, end in merge(regions, _GAP):
        for cut in range(start, end, _STRETCH):
            yield chrom, cut, min(end, cut + _STRETCH)


class _Collector:
    """Changes and depth within one stretch of a contig."""

    def __init__(
        self, region: Region, fetch: FetchSequence, min_base_quality: int, merge_distance: int
    ) -> None:
        self._chrom, self._start, self._end = region
        self._fetch = fetch
        self._min_base_quality = min_base_quality
        self._merge_distance = merge_distance
        self._edges = np.zeros(self._end - self._start + 1, dtype=np.int32)
        self._snvs = np.zeros((self._end - self._start) * 16, dtype=np.int32)
        self._others: Counter[tuple[int, str, str]] = Counter()

    def add(self, reads: Reads) -> None:
        """Take the reads of one piece."""
        self._add_depth(reads)
        read, position, code = self._mismatches(reads)
        events = _Events.of(reads, read, position, code)
        alone = events.is_mismatch & ~events.has_neighbour(self._merge_distance)
        inside = alone & (events.position >= self._start) & (events.position < self._end)
        key = (events.position[inside] - self._start) * 16 + events.value[inside]
        self._snvs += np.bincount(key, minlength=len(self._snvs))
        for change in events.clusters(reads, ~alone, self._merge_distance, self._reference):
            self._others[change] += 1
        self._others.update(clipped_changes(reads, self._reference))

    def finish(self, pileup: Pileup) -> None:
        """Write what was found into `pileup`."""
        pileup.depth.append((self._chrom, self._start, np.cumsum(self._edges, dtype=np.int64)[:-1]))
        for key in np.flatnonzero(self._snvs):
            position, code = self._start + int(key) // 16, CODES[int(key) % 16]
            if code in "ACGT":
                reference = self._reference(position, position + 1)
                pileup.alleles[Allele(self._chrom, position, reference, code)] += int(
                    self._snvs[key]
                )
        for (start, deleted, inserted), count in self._others.items():
            change = shift_left(BareChange(start, deleted, inserted), self._chrom, self._fetch)
            allele = normalise(anchored(self._chrom, change, self._fetch), self._fetch)
            if self._start <= allele.pos < self._end and set(allele.ref + allele.alt) <= set(
                "ACGT"
            ):
                pileup.alleles[allele] += count

    def _reference(self, start: int, end: int) -> str:
        return self._fetch(self._chrom, start, end).upper()

    def _add_depth(self, reads: Reads) -> None:
        blocks = reads.blocks
        size = len(self._edges)
        starts = np.clip(blocks.reference - self._start, 0, size - 1)
        ends = np.clip(blocks.reference + blocks.length - self._start, 0, size - 1)
        self._edges += np.bincount(starts, minlength=size) - np.bincount(ends, minlength=size)

    def _mismatches(self, reads: Reads) -> tuple[Ints, Ints, Ints]:
        """(read, position, base code) of good bases that differ from the reference."""
        blocks = reads.blocks
        width = int(reads.length.max(initial=1))
        first = int((blocks.reference - blocks.query).min()) - 1
        last = int((blocks.reference - blocks.query).max()) + width
        padding = "N" * max(0, -first)
        sequence = padding + self._reference(max(0, first), last)
        codes = encode(sequence + "N" * (last - first - len(sequence)))
        windows = np.lib.stride_tricks.sliding_window_view(codes, width)
        expected = windows[blocks.reference - blocks.query - first]
        column = np.arange(width)
        differs = reads.base_rows(blocks.read, width) != expected
        differs &= column >= blocks.query[:, None]
        differs &= column < (blocks.query + blocks.length)[:, None]
        block, query = np.nonzero(differs)
        read = blocks.read[block]
        position = blocks.reference[block] + query - blocks.query[block]
        base = reads.bases(read, query)
        good = (reads.qualities(read, query) >= self._min_base_quality) & (base != UNKNOWN_BASE)
        good &= expected[block, query] != UNKNOWN_BASE
        return read[good], position[good], base[good].astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Events:
    """Mismatches, insertions and deletions of reads, sorted by read and place.

    Attributes:
        end: one past the last reference base the event touches.
        value: base code of a mismatch, index of the operation otherwise.
    """

    read: Ints
    position: Ints
    end: Ints
    value: Ints
    code: Ints

    @classmethod
    def of(cls, reads: Reads, read: Ints, position: Ints, base: Ints) -> "_Events":
        operations = reads.operations
        indels = np.flatnonzero(
            ((operations.code == INSERTION) | (operations.code == DELETION))
            & (operations.query > 0)
            & (operations.query < reads.length[operations.read])
        )
        spans = np.where(operations.code[indels] == DELETION, operations.length[indels], 0)
        where = operations.reference[indels]
        columns = [
            np.concatenate((read, operations.read[indels])),
            np.concatenate((position, where)),
            np.concatenate((position + 1, where + spans)),
            np.concatenate((base, indels)),
            np.concatenate((np.zeros(len(read), dtype=np.int64), operations.code[indels])),
        ]
        order = np.lexsort((columns[1], columns[0]))
        return cls(*(values[order] for values in columns))

    @property
    def is_mismatch(self) -> Mask:
        return np.asarray(self.code == 0)

    def has_neighbour(self, distance: int) -> Mask:
        """Whether another event of the same read lies within `distance` bases."""
        joined = self._joined(distance)
        return np.concatenate((joined, [False])) | np.concatenate(([False], joined))

    def _joined(self, distance: int) -> Mask:
        """Whether event i and i + 1 belong together."""
        near = self.position[1:] - self.end[:-1] <= distance
        return np.asarray(near & (self.read[1:] == self.read[:-1]))

    def clusters(
        self,
        reads: Reads,
        chosen: Mask,
        distance: int,
        reference: FetchSpan,
    ) -> Iterator[tuple[int, str, str]]:
        """(start, deleted, inserted) of each run of events that belong together."""
        places = np.flatnonzero(chosen)
        joined = np.concatenate((self._joined(distance), [False]))
        group: list[int] = []
        for i in places.tolist():
            group.append(i)
            if not joined[i]:
                yield self._change(reads, group, reference)
                group = []

    def _change(
        self, reads: Reads, group: Sequence[int], reference: FetchSpan
    ) -> tuple[int, str, str]:
        start, end = int(self.position[group[0]]), int(self.end[group[-1]])
        inserted, place = [], start
        for i in group:
            inserted.append(reference(place, int(self.position[i])))
            place = int(self.end[i])
            if self.code[i] == 0:
                inserted.append(CODES[self.value[i]])
            elif self.code[i] == INSERTION:
                inserted.append(self._inserted(reads, int(self.value[i])))
        return start, reference(start, end), "".join(inserted)

    def _inserted(self, reads: Reads, operation: int) -> str:
        operations = reads.operations
        length = int(operations.length[operation])
        query = int(operations.query[operation]) + np.arange(length)
        read = np.full(length, operations.read[operation])
        return "".join(CODES[code] for code in reads.bases(read, query))
