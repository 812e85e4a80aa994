"""The containers of a CRAM and the blocks in them: walked to the end without unpacking them.

Layout: CRAM specification 3.1, sections 2.3, 7, 8 and 9. htslib alone reads a CRAM that was cut
between two containers without an error, and asks for gigabytes where a damaged size says so.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

DEFINITION_BYTES = 26
_LONGEST_HEADER, _LONGEST_BLOCK_HEADER = 1 << 20, 17
LARGEST_BLOCK = 1 << 28  # bytes unpacked; htslib's largest slices of long reads stay far below
_EOF_START = 0x454F46  # "EOF" as the position of the last, empty container


@dataclass(frozen=True, slots=True)
class _Container:
    """Bytes of its header and of its blocks, number of blocks, whether it ends the file."""

    header: int
    length: int
    blocks: int
    is_end: bool


def container_fault(path: Path | str, *, look_inside: bool = True) -> str:
    """What is wrong with the chain of containers, in words; "" when it is whole.

    Args:
        look_inside: read every block and hold it against its checksum.
    """
    size = Path(path).stat().st_size
    with Path(path).open("rb") as handle:
        definition = handle.read(DEFINITION_BYTES)
        if len(definition) < DEFINITION_BYTES or definition[:4] != b"CRAM":
            return "is no CRAM"
        major, place, is_end = definition[4], DEFINITION_BYTES, False
        if major not in {2, 3}:
            return f"has version {major}.{definition[5]}, which is not known"
        while place < size:
            if is_end:
                return f"goes on behind its end, at byte {place}"
            try:
                container = _container(handle, place, has_checksum=major == 3)
                if place + container.header + container.length > size:
                    return "ends inside a container (truncated)"
                if look_inside:
                    _read_blocks(handle, place, container, has_checksum=major == 3)
            except (ValueError, IndexError, struct.error) as error:
                return f"container at byte {place} is broken ({error})"
            place += container.header + container.length
            is_end = container.is_end
    return "" if is_end else "has no end-of-file container (truncated)"


def _container(handle: BinaryIO, start: int, *, has_checksum: bool) -> _Container:
    handle.seek(start)
    content = handle.read(_LONGEST_HEADER)
    (length,) = struct.unpack_from("<i", content)
    if length < 0:
        raise ValueError("negative length")
    place = 4
    numbers = []
    # Reference, start, span, records; counter and bases (up to 64 bits); blocks; landmarks.
    for longest in (4, 4, 4, 4, 8, 8, 4, 4):
        number, place = _number(content, place, longest)
        numbers.append(number)
    for _ in range(numbers[-1]):
        _, place = _number(content, place, 4)
    if has_checksum:
        (expected,) = struct.unpack_from("<I", content, place)
        if zlib.crc32(content[:place]) != expected:
            raise ValueError("checksum")
        place += 4
    is_end = numbers[1] == _EOF_START and numbers[3] == 0
    return _Container(place, length, numbers[6], is_end)


def _read_blocks(
    handle: BinaryIO, start: int, container: _Container, *, has_checksum: bool
) -> None:
    """Walk the blocks of a container.

    Raises:
        ValueError, IndexError, struct.error: a block is damaged.
    """
    place = start + container.header
    end = place + container.length
    for _ in range(container.blocks):
        handle.seek(place)
        header = handle.read(_LONGEST_BLOCK_HEADER)
        data = 2  # behind the bytes of method and content type
        numbers = []
        for _ in range(3):  # content id, bytes packed, bytes unpacked
            number, data = _number(header, data, 4)
            numbers.append(number)
        length = data + numbers[1]
        if place + length + 4 * has_checksum > end or numbers[2] > LARGEST_BLOCK:
            raise ValueError("size of a block")
        if has_checksum:
            handle.seek(place)
            content = handle.read(length + 4)
            if zlib.crc32(content[:length]) != struct.unpack_from("<I", content, length)[0]:
                raise ValueError("checksum of a block")
        place += length + 4 * has_checksum


def _number(content: bytes, place: int, longest: int) -> tuple[int, int]:
    """(value, next place) of an ITF8 (`longest` 4) or LTF8 (8) number."""
    first = content[place]
    extra = next((n for n in range(longest) if not first & (0x80 >> n)), longest)
    end = place + 1 + extra
    if end > len(content):
        raise ValueError("number is cut")
    value = first & (0xFF >> (extra + 1))
    if longest == 4 and extra == 4:  # the last byte of a five-byte ITF8 holds four bits
        middle = int.from_bytes(content[place + 1 : end - 1], "big")
        return (first & 0x0F) << 28 | middle << 4 | content[end - 1] & 0x0F, end
    return value << 8 * extra | int.from_bytes(content[place + 1 : end], "big"), end
