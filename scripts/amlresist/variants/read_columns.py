"""Reads as columns: BAM records parsed into NumPy arrays, a few thousand at a time.

Going through records one by one costs microseconds each; at 100,000-fold depth that is hours. Here
samtools selects the records (region, flags, mapping quality) and NumPy takes them apart.
"""

import os
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from amlresist.errors import InputError, Problem

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

CHUNK_BYTES = 16_000_000
PAIRED, REVERSE, MATE_UNMAPPED, SECOND = 0x1, 0x10, 0x8, 0x80
UNMAPPED, SECONDARY, QC_FAIL, DUPLICATE, SUPPLEMENTARY = 0x4, 0x100, 0x200, 0x400, 0x800
EXCLUDED = UNMAPPED | SECONDARY | QC_FAIL | SUPPLEMENTARY
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

    def where(self, mask: npt.NDArray[np.bool_]) -> "Operations":
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
        mate_start: 0-based reference position of the mate's first aligned base.
    """

    def __init__(self, data: bytes, offsets: Sequence[int]) -> None:
        # Windows of fixed width are taken out of `data`, so it needs room behind the last record.
        self._data: Bytes = np.frombuffer(data + bytes(_longest(data, offsets)), dtype=np.uint8)
        self._offset: Ints = np.asarray(offsets, dtype=np.int64)
        self._fixed = _rows(self._data, self._offset, _FIXED.itemsize).view(_FIXED)[:, 0]
        self.contig = self._fixed["contig"].astype(np.int64)
        self.start = self._fixed["start"].astype(np.int64)
        self.length = self._fixed["length"].astype(np.int64)
        self.flag = self._fixed["flag"].astype(np.int64)
        self.mate_start = self._fixed["mate_start"].astype(np.int64)
        name_length = self._fixed["name_length"].astype(np.int64)
        self._name = self._offset + _FIXED.itemsize
        self._name_length = name_length
        self._cigar = self._name + name_length
        self._sequence = self._cigar + 4 * self._fixed["n_cigar"].astype(np.int64)
        self._quality = self._sequence + (self.length + 1) // 2

    def __len__(self) -> int:
        return len(self._offset)

    def subset(self, keep: Ints | npt.NDArray[np.bool_]) -> "Reads":
        """The reads at the given places, over the same data."""
        other = object.__new__(Reads)
        other._data = self._data
        for name in _COLUMNS:
            setattr(other, name, getattr(self, name)[keep])
        return other

    def aligned(self) -> "Reads":
        """The reads that have bases, and some of them aligned."""
        blocks = np.bincount(self.blocks.read, minlength=len(self))
        keep = (blocks > 0) & (self.length > 0)
        return self if keep.all() else self.subset(keep)

    @cached_property
    def operations(self) -> Operations:
        """CIGAR operations with their places in reference and read."""
        counts = self._fixed["n_cigar"].astype(np.int64)
        read = np.repeat(np.arange(len(self)), counts)
        within = np.arange(len(read)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = self._cigar[read] + 4 * within
        packed = _rows(self._data, place, 4).view("<u4")[:, 0].astype(np.int64)
        code, length = packed & 15, packed >> 4
        first = np.cumsum(counts) - counts
        return Operations(
            read,
            code,
            length,
            self.start[read] + _before(_USES_REFERENCE[code] * length, first, counts),
            _before(_USES_QUERY[code] * length, first, counts),
        )

    @cached_property
    def blocks(self) -> Operations:
        """Runs of read bases aligned to reference bases."""
        return self.operations.where(_ALIGNS[self.operations.code])

    @cached_property
    def end(self) -> Ints:
        """One past the last reference base each read is aligned to."""
        spans = _USES_REFERENCE[self.operations.code] * self.operations.length
        spanned = np.bincount(self.operations.read, weights=spans, minlength=len(self))
        return np.asarray(self.start + spanned.astype(np.int64))

    @cached_property
    def longest(self) -> int:
        """Reference bases from the first to the last aligned base, of the longest read."""
        return int((self.end - self.start).max(initial=0))

    @cached_property
    def outer_places(self) -> tuple[Ints, Ints]:
        """Reference position of the read's first base, told by its first and last block."""
        places = self.blocks.reference - self.blocks.query
        ends = np.cumsum(np.bincount(self.blocks.read, minlength=len(self)))
        return places[np.concatenate(([0], ends[:-1]))], places[ends - 1]

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

    def touching(self, start: int, end: int) -> Ints:
        """Reads aligned somewhere in `start` to `end`; the reads must be sorted by place."""
        low = np.searchsorted(self.start, start - self.longest, side="left")
        high = np.searchsorted(self.start, end, side="left")
        return low + np.flatnonzero(self.end[low:high] > start)

    @cached_property
    def forward_fragment(self) -> npt.NDArray[np.bool_]:
        """Whether the fragment's first read is on the forward strand."""
        reverse, second = self.flag & REVERSE > 0, self.flag & SECOND > 0
        return np.asarray(reverse == second)

    @property
    def mapping_quality(self) -> Ints:
        """Mapping quality of each read; 255 where the aligner gave none."""
        return np.asarray(self._fixed["mapq"].astype(np.int64))

    @cached_property
    def has_mate_here(self) -> npt.NDArray[np.bool_]:
        """Whether the mate is aligned to the same contig."""
        together = self._fixed["mate_contig"] == self.contig
        return np.asarray((self.flag & (PAIRED | MATE_UNMAPPED) == PAIRED) & together)

    def bases(self, read: Ints, query: Ints) -> Bytes:
        """Four-bit codes of single bases."""
        packed = self._data[self._sequence[read] + (query >> 1)]
        return np.asarray(np.where(query & 1, packed & 15, packed >> 4))

    def qualities(self, read: Ints, query: Ints) -> Bytes:
        """Base qualities of single bases; 255 where the read has none."""
        return np.asarray(self._data[self._quality[read] + query])

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

    def name_hashes(self, read: Ints) -> npt.NDArray[np.uint64]:
        """64-bit hash of each read's name, equal for mates (xor, multiply, shift per 8 letters)."""
        width = -(-int(self._name_length.max(initial=1)) // 8) * 8
        letters = _rows(self._data, self._name[read], width)
        letters[np.arange(width) >= self._name_length[read][:, None]] = 0
        hashes = np.full(len(read), 14695981039346656037, dtype=np.uint64)
        with np.errstate(over="ignore"):
            for word in np.ascontiguousarray(letters).view(np.uint64).T:
                hashes = (hashes ^ word) * np.uint64(0x9E3779B97F4A7C15)
                hashes ^= hashes >> np.uint64(32)
        return hashes


_COLUMNS = (
    "_offset",
    "_fixed",
    "contig",
    "start",
    "length",
    "flag",
    "mate_start",
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


def stream(
    path: Path | str,
    regions: Sequence[tuple[str, int, int]],
    *,
    min_mapping_quality: int,
    keep_duplicates: bool,
    reference: Path | str | None = None,
) -> Iterator[tuple[tuple[str, ...], Reads]]:
    """Reads of a BAM or CRAM that touch the regions, in file order, each once.

    Secondary, supplementary, QC-fail and unmapped records are left out, duplicates unless
    `keep_duplicates`. Nothing is capped or sampled.

    Args:
        path: BAM or CRAM; where no index lies beside it one is built in a temporary folder.
        regions: (contig, start, end), 0-based half-open.
        min_mapping_quality: records below are left out.
        keep_duplicates: for amplicon libraries, whose fragments all start at the primer.
        reference: FASTA, needed for CRAM.

    Yields:
        Contig names of the header, and a piece of the reads.

    Raises:
        InputError: samtools could not read the file to its end.
    """
    excluded = EXCLUDED if keep_duplicates else EXCLUDED | DUPLICATE
    with tempfile.TemporaryDirectory() as folder:
        bed = Path(folder) / "regions.bed"
        bed.write_text("".join(f"{c}\t{max(0, s)}\t{e}\n" for c, s, e in regions), encoding="utf-8")
        command = ["samtools", "view", "-u", "-M", "-L", str(bed), "-F", str(excluded)]
        command += ["-q", str(min_mapping_quality)]
        command += ["-T", str(reference)] if reference else []
        # htslib takes the index's path behind the file's (samtools 1.16 wants regions for -X).
        command.append(f"{os.fspath(path)}##idx##{_index(Path(path), Path(folder))}")
        with _running(command, path) as stdout:
            yield from _parse(stdout)


def _index(path: Path, folder: Path) -> Path:
    """Index beside the file if it is there and no older, else a new one in `folder`."""
    for suffix in (".bai", ".csi", ".crai"):
        for index in (Path(f"{path}{suffix}"), path.with_suffix(suffix)):
            if index.exists() and index.stat().st_mtime >= path.stat().st_mtime:
                return index
    index = folder / ("built.crai" if path.suffix == ".cram" else "built.csi")
    command = ["samtools", "index", *([] if path.suffix == ".cram" else ["-c"]), str(path)]
    _run([*command, str(index)], path)
    return index


def _run(command: list[str], path: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _unreadable(path, done.stderr)


@contextmanager
def _running(command: list[str], path: Path | str) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
            except (struct.error, zlib.error, EOFError) as error:
                process.kill()
                raise _unreadable(path, str(error)) from error
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            raise _unreadable(path, errors.read().decode("utf-8", "replace"))


def _unreadable(path: Path | str, detail: str) -> InputError:
    lines = detail.strip().splitlines()
    return InputError(
        Problem(
            str(path),
            "",
            lines[-1] if lines else "",
            "alignment file cannot be read to its end",
            "Copy or make it again, sorted by coordinate; CRAM needs its reference.",
        )
    )


def _inflate(stdout: IO[bytes]) -> Iterator[bytes]:
    """Contents of BGZF blocks."""
    while header := stdout.read(18):
        (block_size,) = struct.unpack_from("<H", header, 16)
        body = stdout.read(block_size - 17)
        if len(body) < block_size - 17:
            raise EOFError("stream ends inside a block")
        yield zlib.decompress(body[:-8], -15)


def _parse(stdout: IO[bytes]) -> Iterator[tuple[tuple[str, ...], Reads]]:
    contigs: tuple[str, ...] | None = None
    held: list[bytes] = []
    size = 0
    for block in _inflate(stdout):
        held.append(block)
        size += len(block)
        if size < CHUNK_BYTES:
            continue
        contigs, reads, rest = _cut(b"".join(held), contigs)
        held, size = [rest], len(rest)
        if reads is not None and contigs is not None:
            yield contigs, reads
    contigs, reads, rest = _cut(b"".join(held), contigs)
    if rest:
        raise EOFError("stream ends inside a record")
    if reads is not None and contigs is not None:
        yield contigs, reads


def _cut(
    data: bytes, contigs: tuple[str, ...] | None
) -> tuple[tuple[str, ...] | None, Reads | None, bytes]:
    """Whole records of `data`, and what is left behind them."""
    place = 0
    if contigs is None:
        header = _header(data)
        if header is None:
            return None, None, data
        contigs, place = header
    first, offsets, end = place, [], len(data)
    unpack = struct.Struct("<i").unpack_from
    while place + 4 <= end:
        following = place + 4 + unpack(data, place)[0]
        if following > end:
            break
        offsets.append(place - first)
        place = following
    reads = Reads(data[first:place], offsets).aligned() if offsets else None
    return contigs, reads, data[place:]


def _header(data: bytes) -> tuple[tuple[str, ...], int] | None:
    """Contig names and the offset of the first record; None when `data` is too short."""
    try:
        (text_length,) = struct.unpack_from("<i", data, 4)
        (n_contigs,) = struct.unpack_from("<i", data, 8 + text_length)
        place, names = 12 + text_length, []
        for _ in range(n_contigs):
            (length,) = struct.unpack_from("<i", data, place)
            names.append(data[place + 4 : place + 3 + length].decode())
            place += 8 + length
    except struct.error:
        return None
    return (tuple(names), place) if place <= len(data) else None


def _longest(data: bytes, offsets: Sequence[int]) -> int:
    places = [*offsets, len(data)]
    return int(np.diff(np.asarray(places)).max(initial=0)) + _FIXED.itemsize


def _rows(data: Bytes, offsets: Ints, width: int) -> Bytes:
    """Windows of `width` bytes, one row per offset."""
    windows: Any = np.lib.stride_tricks.sliding_window_view(data, width)
    return np.asarray(windows[offsets])


def _before(values: Ints, first: Ints, counts: Ints) -> Ints:
    """Sum of the earlier values of the same read."""
    total = np.cumsum(values) - values
    at_first = total[np.minimum(first, max(len(total) - 1, 0))] if len(total) else first * 0
    return total - np.repeat(at_first, counts)
