"""The index beside a BAM: read by our own parser, kept away from htslib.

htslib crashes on some damaged indexes, and loads whatever lies beside a file when it opens it.
Layouts: SAM specification, section 5.2 (BAI), and CSIv1.
"""

import gzip
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from amlresist.errors import InputError, Problem
from amlresist.inputs.bgzf import GZIP_MAGIC
from amlresist.inputs.findings import UNREADABLE

BAI_COUNT_BIN = 37450  # holds counts instead of places
CHUNK, OFFSET = 16, 8  # bytes


@contextmanager
def without_index(path: str) -> Iterator[str]:
    """A link to the file in a folder where no index lies beside it."""
    with tempfile.TemporaryDirectory(prefix="amlresist-") as folder:
        link = Path(folder) / f"reads{Path(path).suffix.lower()}"
        link.symlink_to(Path(path).resolve())
        yield str(link)


def find_index(path: str) -> str:
    """The index beside a BAM, "" when there is none."""
    names = (f"{path}.bai", f"{path}.csi", f"{path[:-4]}.bai")
    return next((name for name in names if Path(name).is_file()), "")


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What an index says of its file.

    Attributes:
        mapped: mapped records per contig.
        blocks: bytes of the file at which a block begins, from the first chunk of each bin.
    """

    mapped: list[int]
    blocks: set[int]


def read_index(index: str) -> IndexFacts:
    """Read a BAI or CSI to its end.

    Raises:
        ValueError: it is neither, or damaged.
    """
    content = Path(index).read_bytes()
    if content.startswith(GZIP_MAGIC):
        content = gzip.decompress(content)
    cursor = _Cursor(content, 4)
    try:
        if content.startswith(b"BAI\1"):
            mapped = [_bai_contig(cursor) for _ in range(cursor.number())]
        elif content.startswith(b"CSI\1"):
            mapped = _csi_contigs(cursor)
        else:
            raise ValueError("index is no BAI or CSI")
    except struct.error as error:
        raise ValueError("index is cut") from error
    return IndexFacts(mapped, cursor.blocks)


def require_sound_index(path: str) -> None:
    """Refuse a BAM with a damaged index beside it, before htslib opens both.

    Raises:
        InputError: the index cannot be read to its end, or names places behind the end of the BAM.
    """
    index = find_index(path) if path.lower().endswith(".bam") and Path(path).is_file() else ""
    if not index:
        return
    try:
        blocks = read_index(index).blocks
        if max(blocks, default=0) > Path(path).stat().st_size:
            raise ValueError("it names places behind the end of the BAM")
    except UNREADABLE as error:
        message = f"index cannot be used: {error}"
        remedy = "Remove it, or make it again with samtools index."
        raise InputError(Problem(index, "", "", message, remedy)) from error


@dataclass
class _Cursor:
    content: bytes
    place: int
    blocks: set[int] = field(default_factory=set)

    def number(self) -> int:
        """The next 32-bit count."""
        (value,) = struct.unpack_from("<i", self.content, self.place)
        self.skip(4)
        if value < 0:
            raise ValueError("index has a negative count")
        return int(value)

    def skip(self, size: int) -> None:
        """Go on by `size` bytes."""
        self.place += size
        if self.place > len(self.content):
            raise ValueError("index is cut")


def _bai_contig(cursor: _Cursor) -> int:
    mapped = _mapped_of_bins(cursor, BAI_COUNT_BIN, 0)
    cursor.skip(cursor.number() * OFFSET)  # linear index
    return mapped


def _csi_contigs(cursor: _Cursor) -> list[int]:
    cursor.skip(4)  # min_shift
    depth = cursor.number()
    if depth > 10:
        raise ValueError("index is deeper than any genome needs")
    cursor.skip(cursor.number())
    count_bin = ((1 << 3 * (depth + 1)) - 1) // 7 + 1
    return [_mapped_of_bins(cursor, count_bin, OFFSET) for _ in range(cursor.number())]


def _mapped_of_bins(cursor: _Cursor, count_bin: int, extra: int) -> int:
    mapped = 0
    for _ in range(cursor.number()):
        (bin_number,) = struct.unpack_from("<I", cursor.content, cursor.place)
        cursor.skip(4 + extra)
        chunks = cursor.number()
        if bin_number == count_bin and chunks == 2:
            (mapped,) = struct.unpack_from("<Q", cursor.content, cursor.place + CHUNK)
        elif chunks:
            (first,) = struct.unpack_from("<Q", cursor.content, cursor.place)
            cursor.blocks.add(first >> 16)
        cursor.skip(chunks * CHUNK)
    return int(mapped)
