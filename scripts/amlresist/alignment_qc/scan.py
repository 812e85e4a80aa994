"""One pass over a BAM or CRAM: read statistics, fragment depth and bases over the region."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pysam

from amlresist.alignment_qc.regions import Region
from amlresist.alignment_qc.settings import Settings

PAIRED, PROPER, UNMAPPED = 0x1, 0x2, 0x4
SECONDARY, QC_FAIL, DUPLICATE, SUPPLEMENTARY = 0x100, 0x200, 0x400, 0x800
MATCHES = frozenset({0, 7, 8})  # M, =, X
DELETION, SKIP, INSERTION, SOFT_CLIP = 2, 3, 1, 4
LONGEST_FRAGMENT = 2000  # longer "proper pairs" span introns or are misplaced
BATCH = 20_000
_CODES = np.full(256, 4, dtype=np.uint8)
_CODES[[ord(base) for base in "ACGT"]] = range(4)


def base_codes(sequence: str) -> np.ndarray:
    """0 to 3 for A, C, G, T and 4 for anything else; uint8, one per letter."""
    codes: np.ndarray = _CODES[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]
    return codes


@dataclass
class Scan:
    """What one pass gives.

    Attributes:
        depth: fragments over each base of the region, int32 (size,).
        bases: A, C, G, T of good quality over each base, int32 (size, 4); mates count once.
    """

    reads: int = 0
    mapped: int = 0
    duplicates: int = 0
    usable: int = 0
    inserts: int = 0
    insert_sum: int = 0
    aligned_bases: int = 0
    mismatches: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    depth: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    bases: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), dtype=np.int32))


def scan_alignment(
    path: str, reference: str, region: Region, settings: Settings, *, keep_duplicates: bool
) -> Scan:
    """Read every record of `path` once.

    Args:
        keep_duplicates: amplicon fragments start at primers and all look like duplicates.
    """
    scan = Scan()
    changes = np.zeros(region.size + 1, dtype=np.int32)
    collector = _Bases(region.size)
    ends: dict[str, int] = {}
    excluded = SECONDARY | SUPPLEMENTARY | QC_FAIL | UNMAPPED
    excluded |= 0 if keep_duplicates else DUPLICATE
    with pysam.AlignmentFile(path, reference_filename=reference, check_sq=False) as handle:
        lengths = dict(zip(handle.references, handle.lengths, strict=True))
        for read in handle.fetch(until_eof=True):
            _count(scan, read)
            if read.flag & excluded or read.mapping_quality < settings.minimum_mapping_quality:
                continue
            if read.reference_end > lengths[read.reference_name]:
                continue
            scan.usable += 1
            free_from = _first_uncounted(read, ends)
            _add_depth(changes, region, read, free_from)
            _add_bases(collector, region, read, free_from, settings.minimum_base_quality)
    scan.depth = np.cumsum(changes[:-1], dtype=np.int32)
    scan.bases = collector.total()
    return scan


def _count(scan: Scan, read: Any) -> None:
    flag = read.flag
    if flag & (SECONDARY | SUPPLEMENTARY):
        return
    scan.reads += 1
    scan.lengths[read.query_length] += 1
    if flag & UNMAPPED:
        return
    scan.mapped += 1
    scan.duplicates += bool(flag & DUPLICATE)
    length = read.template_length
    if flag & PROPER and 0 < length <= LONGEST_FRAGMENT:
        scan.inserts += 1
        scan.insert_sum += length
    if read.has_tag("NM"):
        scan.aligned_bases += read.query_alignment_length
        scan.mismatches += read.get_tag("NM")


def _first_uncounted(read: Any, ends: dict[str, int]) -> int:
    """First position that the mate, if it came before, did not already cover."""
    if not read.flag & PAIRED or read.next_reference_id != read.reference_id:
        return 0
    name = read.query_name
    covered = ends.pop(name, None)
    if covered is not None:
        return covered
    if read.reference_start <= read.next_reference_start < read.reference_end:
        ends[name] = read.reference_end
    return 0


def _blocks(read: Any) -> Iterator[tuple[int, int, int]]:
    """(reference start, length, place in the read or -1 for a deletion) of each aligned part."""
    reference, query = read.reference_start, 0
    for operation, length in read.cigartuples or ():
        if operation in MATCHES:
            yield reference, length, query
            reference += length
            query += length
        elif operation == DELETION:
            yield reference, length, -1
            reference += length
        elif operation == SKIP:
            reference += length
        elif operation in {INSERTION, SOFT_CLIP}:
            query += length


def _add_depth(changes: np.ndarray, region: Region, read: Any, free_from: int) -> None:
    contig = read.reference_name
    for start, length, _ in _blocks(read):
        for place, first, last in region.overlaps(contig, max(start, free_from), start + length):
            changes[place] += 1
            changes[place + last - first] -= 1


def _add_bases(
    collector: "_Bases", region: Region, read: Any, free_from: int, minimum_quality: int
) -> None:
    contig, codes = read.reference_name, None
    for start, length, query in _blocks(read):
        if query < 0:
            continue
        for place, first, last in region.overlaps(contig, max(start, free_from), start + length):
            if codes is None:
                codes = _good_codes(read, minimum_quality)
                if codes is None:
                    return
            offset = query + first - start
            collector.add(place, codes[offset : offset + last - first])


def _good_codes(read: Any, minimum_quality: int) -> np.ndarray | None:
    """0 to 3 for A, C, G, T; 4 for any other letter and for bases of low quality."""
    sequence = read.query_sequence
    if sequence is None:
        return None
    codes = base_codes(sequence)
    qualities = read.query_qualities
    if qualities is not None:
        codes[np.frombuffer(qualities, dtype=np.uint8) < minimum_quality] = 4
    return codes


class _Bases:
    """Sums bases by place; parts are gathered and added in batches, which is much faster."""

    def __init__(self, size: int) -> None:
        self._sums = np.zeros(size * 4, dtype=np.int32)
        self._begins: list[int] = []
        self._parts: list[np.ndarray] = []

    def add(self, place: int, codes: np.ndarray) -> None:
        """Add one run of base codes that begins at `place`."""
        self._begins.append(place)
        self._parts.append(codes)
        if len(self._parts) == BATCH:
            self._flush()

    def total(self) -> np.ndarray:
        """Sums of A, C, G, T per place."""
        self._flush()
        return self._sums.reshape(-1, 4)

    def _flush(self) -> None:
        if not self._parts:
            return
        lengths = np.fromiter(map(len, self._parts), dtype=np.int64)
        codes = np.concatenate(self._parts)
        places = np.arange(len(codes)) + np.repeat(
            np.array(self._begins) - (np.cumsum(lengths) - lengths), lengths
        )
        is_base = codes < 4
        cells = places[is_base] * 4 + codes[is_base]
        self._begins.clear()
        self._parts.clear()
        if len(cells):
            # Reads come sorted, so a batch touches a stretch, not the whole of a large region.
            first = int(cells.min())
            sums = np.bincount(cells - first)
            self._sums[first : first + len(sums)] += sums.astype(np.int32)
