"""Blocks of a BGZF file inflated (SAM specification, 4.1), by the fastest library there is.

libdeflate comes with samtools nearly everywhere; isal with the Python packages, though not for
every processor; zlib with Python.
"""

import ctypes
import struct
import zlib
from collections.abc import Callable
from typing import cast

import numpy as np

from amlresist.variants.read_columns import Bytes

BLOCK_BYTES = 1 << 16  # most that a block holds, and more than it takes
_HEAD, _TAIL = 18, 8
_LIBRARIES = ("libdeflate.so.0", "libdeflate.so", "libdeflate.0.dylib")

Inflate = Callable[[Bytes, Bytes], int]
"""Inflate raw deflate data into an array; bytes written, and -1 where the data are corrupt."""


def contents_into(block: Bytes, out: Bytes, at: int) -> int:
    """Inflate a whole block into `out` from `at` on; how many bytes it holds.

    Raises:
        EOFError: the block is corrupt.
    """
    checksum, size = struct.unpack("<II", block[-_TAIL:].tobytes())
    contents = out[at : at + min(size, BLOCK_BYTES)]
    if _inflate(block[_HEAD:-_TAIL], contents) != size or _checksum(contents) != checksum:
        raise EOFError("block is corrupt")
    return int(size)


def _by_libdeflate() -> tuple[Inflate, Callable[[Bytes], int]]:
    """Inflate and checksum of libdeflate; OSError where it is not there."""
    library = _first_library()
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.libdeflate_alloc_decompressor.restype = pointer
    inflate, checksum = library.libdeflate_deflate_decompress, library.libdeflate_crc32
    inflate.argtypes = [pointer, pointer, size, pointer, size, pointer]
    checksum.argtypes, checksum.restype = [ctypes.c_uint32, pointer, size], ctypes.c_uint32
    state = pointer(library.libdeflate_alloc_decompressor())

    def inflate_into(data: Bytes, out: Bytes) -> int:
        # Without a place for the size, it is an error if `out` is not filled.
        failed = inflate(state, data.ctypes.data, len(data), out.ctypes.data, len(out), None)
        return -1 if failed else len(out)

    return inflate_into, lambda data: int(checksum(0, data.ctypes.data, len(data)))


def _first_library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise OSError("no libdeflate")


def _by_isal() -> tuple[Inflate, Callable[[Bytes], int]]:
    """Inflate and checksum of ISA-L; ImportError where it is not there."""
    from isal import igzip_lib, isal_zlib

    corrupt = cast(type[Exception], igzip_lib.IsalError)

    def inflate_into(data: Bytes, out: Bytes) -> int:
        try:
            return _copied(igzip_lib.decompress(data.tobytes(), bufsize=BLOCK_BYTES), out)
        except corrupt:
            return -1

    return inflate_into, isal_zlib.crc32


def _by_zlib() -> tuple[Inflate, Callable[[Bytes], int]]:
    """Inflate and checksum of Python's own library."""

    def inflate_into(data: Bytes, out: Bytes) -> int:
        try:
            return _copied(zlib.decompress(data.tobytes(), -zlib.MAX_WBITS, BLOCK_BYTES), out)
        except zlib.error:
            return -1

    return inflate_into, lambda data: zlib.crc32(data.data)


def _copied(contents: bytes, out: Bytes) -> int:
    """Copy contents that fill `out`; their length."""
    if len(contents) == len(out):
        out[:] = np.frombuffer(contents, dtype=np.uint8)
    return len(contents)


def _fastest() -> tuple[Inflate, Callable[[Bytes], int]]:
    for library in (_by_libdeflate, _by_isal):
        try:
            return library()
        except (OSError, ImportError, AttributeError):
            continue
    return _by_zlib()


_inflate, _checksum = _fastest()
