"""Digest and size of each input, so that a run can say what it was made from."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlresist.files import sha256

WHOLE_FILE_LIMIT = 2 << 30
SAMPLE_BYTES = 1 << 20
SAMPLES = 64
END_BYTES = 1 << 16


def describe_file(path: str) -> dict[str, Any]:
    """Path, size in bytes and digest of a file.

    Files above 2 GiB get the digest of their size and of 64 evenly spaced MiB, named
    `sampled-sha256`: it tells files apart in seconds, though it does not see every byte.
    """
    size = Path(path).stat().st_size
    if size <= WHOLE_FILE_LIMIT:
        return {"path": path, "size": size, "digest": f"sha256:{sha256(path)}"}
    return {"path": path, "size": size, "digest": f"sampled-sha256:{_sampled(path, size)}"}


def describe_ends(path: str) -> dict[str, Any]:
    """The same from size, first and last 64 KiB only, named `ends-sha256`; at once for any size."""
    size = Path(path).stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with Path(path).open("rb") as handle:
        digest.update(handle.read(END_BYTES))
        handle.seek(max(size - END_BYTES, 0))
        digest.update(handle.read(END_BYTES))
    return {"path": path, "size": size, "digest": f"ends-sha256:{digest.hexdigest()}"}


def described_again(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The file of a description as it is now, by the same digest; without size when it is gone."""
    describe = describe_ends if entry["digest"].startswith("ends-") else describe_file
    try:
        return describe(entry["path"])
    except OSError:
        return {"path": entry["path"]}


def _sampled(path: str, size: int) -> str:
    digest = hashlib.sha256(str(size).encode())
    step = (size - SAMPLE_BYTES) // (SAMPLES - 1)
    with Path(path).open("rb") as handle:
        for number in range(SAMPLES):
            handle.seek(number * step)
            digest.update(handle.read(SAMPLE_BYTES))
    return digest.hexdigest()
