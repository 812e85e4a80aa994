"""The blocks of a BGZF file (BAM, bgzipped text): walked to the end without unpacking them.

Layout: SAM specification, section 4.1. Checksums inside the blocks are left to the reader that
unpacks them.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO

GZIP_MAGIC = b"\x1f\x8b"
EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_HEADER = struct.Struct("<4B I 2B H")


def block_fault(path: Path | str) -> str:
    """What is wrong with the chain of blocks, in words; "" when it is whole and ends with EOF."""
    size = Path(path).stat().st_size
    with Path(path).open("rb") as handle:
        if handle.read(2) != GZIP_MAGIC:
            return "is not compressed in blocks (BGZF)"
        start, last = 0, b""
        while start < size:
            handle.seek(start)
            length = _block_length(handle)
            if length is None:
                return (
                    "is plain gzip, not BGZF" if start == 0 else f"block at byte {start} is broken"
                )
            if start + length > size:
                return f"ends inside the block at byte {start} (truncated)"
            last_start, start = start, start + length
        handle.seek(last_start)
        last = handle.read(len(EOF_BLOCK) + 1)
    return "" if last == EOF_BLOCK else "has no end-of-file block (truncated)"


def end_fault(path: Path | str) -> str:
    """The same from the first and the last block alone, whatever the size of the file."""
    with Path(path).open("rb") as handle:
        if _block_length(handle) is None:
            return "is not compressed in blocks (BGZF)"
        handle.seek(0, os.SEEK_END)
        handle.seek(max(handle.tell() - len(EOF_BLOCK), 0))
        return "" if handle.read() == EOF_BLOCK else "has no end-of-file block (truncated)"


def is_block_start(path: Path | str, place: int) -> bool:
    """Whether a block begins at this byte."""
    with Path(path).open("rb") as handle:
        handle.seek(place)
        return _block_length(handle) is not None


def _block_length(handle: BinaryIO) -> int | None:
    """Bytes of the block that starts here, None when no BGZF block does."""
    header = handle.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    magic1, magic2, method, flags, _, _, _, extra_length = _HEADER.unpack(header)
    if (magic1, magic2, method, flags) != (0x1F, 0x8B, 8, 4):
        return None
    extra = handle.read(extra_length)
    place = 0
    while place + 4 <= len(extra):
        length = int.from_bytes(extra[place + 2 : place + 4], "little")
        if extra[place : place + 2] == b"BC" and length == 2:
            total = int.from_bytes(extra[place + 4 : place + 6], "little") + 1
            return total if total > _HEADER.size + extra_length else None
        place += 4 + length
    return None
