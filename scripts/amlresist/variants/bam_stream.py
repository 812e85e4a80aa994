"""Reads of a BAM or CRAM file, some megabytes of records at a time.

BAM is read here: the index says which blocks, each is inflated once. CRAM is turned into BAM by
samtools.
"""

import atexit
import importlib
import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from amlresist.errors import InputError, Problem
from amlresist.variants.bam_index import Span, merged, read_index
from amlresist.variants.inflate import BLOCK_BYTES, contents_into
from amlresist.variants.read_columns import Bytes, Ints, Mask, Reads
from amlresist.variants.record_offsets import ROOM, record_offsets

Region = tuple[str, int, int]
_Piece = tuple[tuple[str, ...], Bytes, Ints, bool]
CHUNK_BYTES = 8_000_000
COMPILED_BYTES = 60_000_000  # of a file to read, from which on `loops` save more than they take
UNMAPPED, SECONDARY, QC_FAIL, DUPLICATE, SUPPLEMENTARY = 0x4, 0x100, 0x200, 0x400, 0x800
EXCLUDED = UNMAPPED | SECONDARY | QC_FAIL | SUPPLEMENTARY
_READ_BYTES = 1 << 20
_BLOCK_HEAD = 18
_MAGIC = b"\x1f\x8b\x08\x04"
_NO_END = 1 << 80


def stream(
    path: Path | str,
    regions: Sequence[Region],
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
        InputError: the file cannot be read to its end.
    """
    path = Path(path)
    excluded = EXCLUDED if keep_duplicates else EXCLUDED | DUPLICATE
    with tempfile.TemporaryDirectory() as folder:
        index = _index(path)
        if index.suffix == ".crai":
            pieces = _from_cram(path, index, regions, reference, Path(folder))
        else:
            pieces = _from_bam(path, index, regions)
        for contigs, data, offsets, compiled in pieces:
            if compiled:
                from amlresist.variants import loops

                usable = loops.is_evidence(data, offsets, excluded, min_mapping_quality)
            else:
                usable = _is_evidence(data, offsets, excluded, min_mapping_quality)
            reads = Reads(data, offsets[usable], compiled=compiled).aligned()
            reads = reads.subset(_touching(contigs, reads, regions))
            if len(reads):
                yield contigs, reads


def _is_evidence(data: Bytes, offsets: Ints, excluded: int, min_mapping_quality: int) -> Mask:
    """Records whose flag and mapping quality are as wanted."""
    quality = data[offsets + 13]
    flag = data[offsets + 18] + (data[offsets + 19].astype(np.int64) << 8)
    return np.asarray((flag & excluded == 0) & (quality >= min_mapping_quality))


def _touching(contigs: Sequence[str], reads: Reads, regions: Sequence[Region]) -> Mask:
    """Reads that are aligned to a base of the regions, as far as their two ends tell."""
    touches = np.zeros(len(reads), dtype=bool)
    for contig in range(int(reads.contig[0]), int(reads.contig[-1]) + 1) if len(reads) else ():
        mine = sorted((start, end) for name, start, end in regions if name == contigs[contig])
        if mine:
            starts, ends = np.array(mine, dtype=np.int64).T
            furthest = np.concatenate(([-1], np.maximum.accumulate(ends)))
            touches |= (reads.contig == contig) & _reaching(reads, starts, furthest)
    return touches


def _reaching(reads: Reads, starts: Ints, furthest: Ints) -> Mask:
    """Reads that reach into a region, if they are of its contig.

    Args:
        reads: any.
        starts: of the regions, ascending.
        furthest: end of the regions before each, and of all.
    """
    if reads.compiled:
        from amlresist.variants import loops

        return loops.reaching(reads.start, reads.end, np.ascontiguousarray(starts), furthest)
    before = np.searchsorted(starts, reads.end, side="left")
    return np.asarray(furthest[before] > reads.start)


def _from_bam(path: Path, index: Path, regions: Sequence[Region]) -> Iterator[_Piece]:
    with _readable(path), path.open("rb") as handle:
        contigs, _ = _header(_blocks(handle))
        number = {name: i for i, name in enumerate(contigs)}
        placed = [(number[c], max(0, s), e) for c, s, e in regions if c in number and s < e]
        indexes = read_index(index, {contig for contig, _, _ in placed})
        spans = (
            s for c, start, end in placed if c in indexes for s in indexes[c].spans(start, end)
        )
        wanted = merged(spans)
        compiled = _worth_compiling(sum((end >> 16) - (begin >> 16) for begin, end in wanted))
        for data, offsets in _pieces(_spans(handle, wanted), compiled):
            yield contigs, data, offsets, compiled


def _from_cram(
    path: Path, index: Path, regions: Sequence[Region], reference: Path | str | None, folder: Path
) -> Iterator[_Piece]:
    bed = folder / "regions.bed"
    bed.write_text("".join(f"{c}\t{max(0, s)}\t{e}\n" for c, s, e in regions), encoding="utf-8")
    command = ["samtools", "view", "-u", "-M", "-L", str(bed)]
    command += ["-T", str(reference)] if reference else []
    # htslib takes the index's path behind the file's (samtools 1.16 wants regions for -X).
    command.append(f"{os.fspath(path)}##idx##{index}")
    with _running(command, path) as stdout, _readable(path):
        blocks = _blocks(stdout)
        contigs, rest = _header(blocks)
        compiled = _worth_compiling(path.stat().st_size)
        for data, offsets in _pieces(blocks, compiled, rest):
            yield contigs, data, offsets, compiled


def _worth_compiling(size: int) -> bool:
    """Whether so many bytes of a file take longer to count than `loops` to be loaded."""
    return size >= COMPILED_BYTES and _can_compile()


@cache
def _can_compile() -> bool:
    """Whether there is numba, and a place for its machine code."""
    try:
        importlib.import_module("amlresist.variants.loops")
    except (ImportError, RuntimeError):
        return False
    return True


def _index(path: Path) -> Path:
    """Index beside the file if it is there and no older, else a new one in a temporary folder."""
    for suffix in (".bai", ".csi", ".crai"):
        for index in (Path(f"{path}{suffix}"), path.with_suffix(suffix)):
            if index.exists() and index.stat().st_mtime >= path.stat().st_mtime:
                return index
    if not path.exists():
        raise _unreadable(path, "no such file")
    return _built_index(path, path.stat().st_mtime_ns)


@cache
def _built_index(path: Path, _changed: int) -> Path:
    """A new index, which lasts as long as the process."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    index = folder / ("built.crai" if path.suffix == ".cram" else "built.csi")
    command = ["samtools", "index", *([] if path.suffix == ".cram" else ["-c"]), str(path)]
    done = subprocess.run([*command, str(index)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise _unreadable(path, done.stderr)
    return index


@contextmanager
def _running(command: list[str], path: Path) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            raise _unreadable(path, errors.read().decode("utf-8", "replace"))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say which file it is that is broken."""
    try:
        yield
    except (struct.error, zlib.error, EOFError) as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, detail: str) -> InputError:
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


@dataclass(frozen=True, slots=True)
class _Block:
    """A block as it is in the file, of whose contents `begin` to `end` are wanted."""

    raw: Bytes
    begin: int = 0
    end: int = BLOCK_BYTES

    def into(self, data: Bytes, at: int) -> int:
        """Write the wanted contents into `data` from `at` on; how many bytes these are."""
        end = min(self.end, contents_into(self.raw, data, at))
        if self.begin:
            data[at : at + end - self.begin] = data[at + self.begin : at + end].copy()
        return max(0, end - self.begin)


def _spans(handle: IO[bytes], spans: Iterable[Span]) -> Iterator[_Block]:
    """Blocks of stretches of a file."""
    for begin, end in spans:
        handle.seek(begin >> 16)
        yield from _blocks(handle, begin, end)


def _blocks(handle: IO[bytes], begin: int = 0, end: int = _NO_END) -> Iterator[_Block]:
    """BGZF blocks, from one virtual offset to another.

    Args:
        handle: at the first block.
        begin, end: virtual offsets; without `end` all there is.

    Raises:
        EOFError: the file ends too early or is corrupt.
    """
    place, pending = begin >> 16, b""
    while place < end >> 16 or (place == end >> 16 and end & 0xFFFF):
        more = handle.read(min(_READ_BYTES, (end >> 16) + BLOCK_BYTES - place - len(pending)))
        if not more:
            if pending or end != _NO_END:
                raise EOFError("file ends inside a block")
            return
        data, at = pending + more, 0
        raw = np.frombuffer(data, dtype=np.uint8)
        while (size := _block_size(data, at)) and place <= end >> 16:
            first = begin & 0xFFFF if place == begin >> 16 else 0
            last = end & 0xFFFF if place == end >> 16 else BLOCK_BYTES
            yield _Block(raw[at : at + size], first, last)
            place, at = place + size, at + size
        pending = data[at:]


def _block_size(data: bytes, at: int) -> int:
    """Bytes of the block at a place of `data`; 0 where it is not whole."""
    if len(data) < at + _BLOCK_HEAD:
        return 0
    if data[at : at + 4] != _MAGIC or data[at + 12 : at + 14] != b"BC":
        raise EOFError("no BGZF block where one should be")
    size = data[at + 16] + (data[at + 17] << 8) + 1
    return size if at + size <= len(data) else 0


def _pieces(
    blocks: Iterable[_Block], compiled: bool, rest: Bytes | None = None
) -> Iterator[tuple[Bytes, Ints]]:
    """Data and the offsets of the records in it, as many at a time as fit into a piece.

    Args:
        blocks: what follows the rest.
        compiled: see `record_offsets`.
        rest: data there already.
    """
    rest = np.zeros(0, dtype=np.uint8) if rest is None else rest
    data, size = _room_behind(rest), len(rest)
    for block in blocks:
        size += block.into(data, size)
        if size >= CHUNK_BYTES + len(rest):
            piece, offsets, rest = _cut(data, size, compiled)
            data, size = _room_behind(rest), len(rest)
            yield piece, offsets
    piece, offsets, rest = _cut(data, size, compiled)
    if len(rest):
        raise EOFError("file ends inside a record")
    yield piece, offsets


def _room_behind(rest: Bytes) -> Bytes:
    """The rest, with room for a piece behind it."""
    # Windows of fixed width are taken out of the data, so there must be room behind a piece, too.
    data = np.empty(len(rest) + CHUNK_BYTES + BLOCK_BYTES + ROOM, dtype=np.uint8)
    data[: len(rest)] = rest
    return data


def _cut(data: Bytes, size: int, compiled: bool) -> tuple[Bytes, Ints, Bytes]:
    """Data, its whole records, and what is left behind them."""
    data = data[: size + ROOM]
    data[size:] = 0
    data.flags.writeable = False
    offsets, end = record_offsets(data, size, compiled=compiled)
    longest = int(np.diff(offsets, append=end).max(initial=0))
    rest = data[end:size]
    if longest > ROOM:
        data = np.concatenate((data[:end], np.zeros(longest, dtype=np.uint8)))
        data.flags.writeable = False  # as the others, for which `loops` are compiled
    return data, offsets, rest


def _header(blocks: Iterator[_Block]) -> tuple[tuple[str, ...], Bytes]:
    """Contig names, and what follows them in the block they end in."""
    data, contents = b"", np.empty(BLOCK_BYTES, dtype=np.uint8)
    for block in blocks:
        data += contents[: block.into(contents, 0)].tobytes()
        if data[:4] != b"BAM\1"[: len(data)]:
            break
        try:
            (text_length,) = struct.unpack_from("<i", data, 4)
            (n_contigs,) = struct.unpack_from("<i", data, 8 + text_length)
            place, names = 12 + text_length, []
            for _ in range(n_contigs):
                (length,) = struct.unpack_from("<i", data, place)
                names.append(data[place + 4 : place + 3 + length].decode())
                place += 8 + length
        except struct.error:
            continue
        if place <= len(data):
            return tuple(names), np.frombuffer(data[place:], dtype=np.uint8)
    raise EOFError("no header of a BAM file")
