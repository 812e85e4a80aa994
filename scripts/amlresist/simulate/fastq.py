"""FASTQ text of whole read matrices, and gzip with the same bytes every time."""

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

from amlresist.files import whole_file

Bytes = npt.NDArray[np.uint8]


def fastq_bytes(prefix: str, bases: Bytes, quals: Bytes, suffix: str = "") -> bytes:
    """FASTQ records of equally long reads, named `prefix` + seven digits + `suffix`."""
    count = len(bases)
    numbers = np.arange(1, count + 1)
    digits = (numbers[:, None] // 10 ** np.arange(6, -1, -1) % 10 + ord("0")).astype(np.uint8)
    columns = [
        _repeated(f"@{prefix}", count),
        digits,
        _repeated(f"{suffix}\n", count),
        bases,
        _repeated("\n+\n", count),
        quals,
        _repeated("\n", count),
    ]
    return np.concatenate(columns, axis=1).tobytes()


def write_gzip(path: Path, content: bytes) -> None:
    """Write gzip without time or name in its header, so that equal content gives equal bytes."""
    with whole_file(path) as partial:
        partial.write_bytes(gzip.compress(content, compresslevel=3, mtime=0))


def _repeated(text: str, count: int) -> Bytes:
    row = np.frombuffer(text.encode(), np.uint8)
    return np.tile(row, (count, 1))
