"""The containers of a CRAM: walked to the end without unpacking them.

Layout: CRAM specification 3.1, sections 2.3, 7 and 9. htslib alone reads a CRAM that was cut
between two containers without an error.
"""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

DEFINITION_BYTES = 26
_LONGEST_HEADER = 1 << 20
_EOF_START = 0x454F46  # "EOF" as the position of the last, empty container


def container_fault(path: Path | str) -> str:
    """What is wrong with the chain of containers, in words; "" when it is whole."""
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
            handle.seek(place)
            try:
                length, is_end = _container(handle, has_checksum=major == 3)
            except (ValueError, IndexError, struct.error):
                return f"container at byte {place} is broken"
            place += length
            if place > size:
                return "ends inside a container (truncated)"
    return "" if is_end else "has no end-of-file container (truncated)"


def _container(handle: BinaryIO, *, has_checksum: bool) -> tuple[int, bool]:
    """(bytes of the container that starts here, whether it is the end-of-file container)."""
    start = handle.tell()
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
    handle.seek(start)
    is_end = numbers[1] == _EOF_START and numbers[3] == 0
    return place + length, is_end


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
