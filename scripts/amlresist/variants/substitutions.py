"""SNVs and changes of two bases, read off the alignment base by base."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele
from amlresist.variants.calls import ALTERNATIVE, NOTHING, OTHER, REFERENCE, Mask
from amlresist.variants.read_columns import UNKNOWN_BASE, Bytes, Ints, Reads, encode

# Aligners clip reads whose last bases hold an MNV; such ends are left out on all reads.
MNV_EDGE = 5
# What the bases of a read say, and the call that follows from all of it.
_KNOWN, _IS_REFERENCE, _IS_ALTERNATIVE = np.uint8(1), np.uint8(2), np.uint8(4)
CALLS = np.array(
    [NOTHING, OTHER, NOTHING, REFERENCE, NOTHING, ALTERNATIVE, NOTHING, ALTERNATIVE], dtype=np.uint8
)


@dataclass(frozen=True)
class Windows:
    """Substitutions of one contig, each over the span of those it overlaps (k of one length).

    Attributes:
        locus: index of each allele.
        start: 0-based, ascending.
        reference, alternative: base codes, shape (length, k).
    """

    locus: Ints
    start: Ints
    reference: Bytes
    alternative: Bytes

    @property
    def length(self) -> int:
        """Bases of each window."""
        return len(self.reference)

    def where(self, mask: Mask) -> "Windows":
        """Those for which `mask` holds."""
        return Windows(
            self.locus[mask],
            self.start[mask],
            self.reference[:, mask],
            self.alternative[:, mask],
        )

    @cached_property
    def matches(self) -> Bytes:
        """What base `b` at place `i` of window `w` says: row `i`, column `16 w + b`."""
        codes = np.arange(16, dtype=np.uint8)
        said = np.where(codes != UNKNOWN_BASE, _KNOWN, 0).astype(np.uint8)
        said = said | _IS_REFERENCE * (self.reference[:, :, None] == codes)
        said = said | _IS_ALTERNATIVE * (self.alternative[:, :, None] == codes)
        return np.asarray(said.reshape(self.length, -1), dtype=np.uint8)


def windows_of(
    alleles: Mapping[int, Allele], read_off: Container[int], fetch: FetchSequence
) -> dict[str, list[Windows]]:
    """Contig -> its substitutions by length of their joint span.

    So a read with an MNV is no evidence for the SNVs it is made of, nor the other way round.

    Args:
        alleles: locus -> substitution.
        read_off: those that are read off; the rest only widens the spans.
        fetch: reference sequence.
    """
    found: dict[tuple[str, int], list[tuple[int, int, str, str]]] = defaultdict(list)
    for group in _overlapping(alleles):
        chrom = alleles[group[0]].chrom
        start = min(alleles[i].pos for i in group)
        sequence = fetch(chrom, start, max(alleles[i].end for i in group)).upper()
        for i in filter(read_off.__contains__, group):
            allele = alleles[i]
            changed = sequence[: allele.pos - start] + allele.alt + sequence[allele.end - start :]
            found[chrom, len(sequence)].append((start, i, sequence, changed))
    result: dict[str, list[Windows]] = defaultdict(list)
    for (chrom, _), rows in sorted(found.items()):
        starts, loci, references, alternatives = zip(*sorted(rows), strict=True)
        result[chrom].append(
            Windows(
                np.array(loci, dtype=np.int64),
                np.array(starts, dtype=np.int64),
                _codes(references),
                _codes(alternatives),
            )
        )
    return result


def _codes(sequences: Sequence[str]) -> Bytes:
    """Base codes of sequences of one length, a column each."""
    return np.ascontiguousarray(encode("".join(sequences)).reshape(len(sequences), -1).T)


def _overlapping(alleles: Mapping[int, Allele]) -> Iterator[list[int]]:
    """Groups of loci whose alleles overlap."""
    group: list[int] = []
    chrom, end = "", -1
    for i in sorted(alleles, key=lambda i: (alleles[i].chrom, alleles[i].pos, alleles[i].end)):
        if group and (alleles[i].chrom != chrom or alleles[i].pos >= end):
            yield group
            group, end = [], -1
        group.append(i)
        chrom, end = alleles[i].chrom, max(end, alleles[i].end)
    if group:
        yield group


def call_substitutions(
    reads: Reads, groups: Sequence[Windows], min_base_quality: int
) -> Iterator[tuple[Ints, Ints, Bytes]]:
    """(read, locus, call) of all reads of one contig at all its substitutions, in parts."""
    for windows in groups:
        yield _call_aligned(reads, windows, min_base_quality)
        yield _call_deleted(reads, windows)


def _call_aligned(
    reads: Reads, windows: Windows, min_base_quality: int
) -> tuple[Ints, Ints, Bytes]:
    """Calls of the reads whose aligned bases cover a window."""
    length, blocks = windows.length, reads.blocks
    if reads.compiled:
        from amlresist.variants import loops

        columns = blocks.read, blocks.reference, blocks.length, blocks.query
        where, edge = (windows.locus, windows.start, windows.matches), MNV_EDGE if length > 1 else 0
        return loops.call_aligned(*reads.packed(), *columns, *where, edge, min_base_quality, CALLS)
    low = np.searchsorted(windows.start, blocks.reference, side="left")
    high = np.searchsorted(windows.start, blocks.reference + blocks.length - length, side="right")
    counts, window = _ranges(low, high)
    read = np.repeat(blocks.read, counts)
    query = np.repeat(blocks.query - blocks.reference, counts)
    query += windows.start[window]
    if length > 1:
        inside = (query >= MNV_EDGE) & (query + length <= reads.length[read] - MNV_EDGE)
        window, read, query = window[inside], read[inside], query[inside]
    call = call_bases(reads, read, query, windows, window, min_base_quality)
    return read, windows.locus[window], call


def call_bases(
    reads: Reads, read: Ints, query: Ints, windows: Windows, window: Ints, min_base_quality: int
) -> Bytes:
    """What the bases of a read from `query` on say of a window."""
    matches = windows.matches
    said = np.full(len(read), _KNOWN | _IS_REFERENCE | _IS_ALTERNATIVE, dtype=np.uint8)
    for i in range(windows.length):
        bases, good = reads.good_bases(read, query + i, min_base_quality)
        said &= matches[i][window * 16 + bases]
        said *= good
    return CALLS[said]


def _call_deleted(reads: Reads, windows: Windows) -> tuple[Ints, Ints, Bytes]:
    """Reads that have bases of a window deleted carry another allele."""
    gaps = reads.deletions
    if windows.length > 1:
        edge = np.minimum(gaps.query, reads.length[gaps.read] - gaps.query)
        gaps = gaps.where(edge >= MNV_EDGE)
    low = np.searchsorted(windows.start, gaps.reference - windows.length, side="right")
    high = np.searchsorted(windows.start, gaps.reference + gaps.length, side="left")
    counts, window = _ranges(low, high)
    if not len(window):
        return window, window, np.zeros(0, dtype=np.uint8)
    # Two gaps of one read may touch the same window.
    key = np.unique(np.repeat(gaps.read, counts) * len(windows.start) + window)
    read, window = np.divmod(key, len(windows.start))
    return read, windows.locus[window], np.full(len(key), OTHER, dtype=np.uint8)


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """How many numbers each range low[i]..high[i] holds, and all of them one after another."""
    counts = np.maximum(high - low, 0)
    ends = np.cumsum(counts)
    numbers = np.arange(ends[-1] if len(ends) else 0)
    numbers += np.repeat(low - ends + counts, counts)
    return counts, numbers
