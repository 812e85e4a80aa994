"""Files appear whole or not at all."""

import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amlresist.errors import InputError, Problem

FETCH_AGAIN = "Copy or download the file again."
SAVE_AS_UTF8 = "Save it as UTF-8 text; if it is such text, copy or download it again."
_UNREADABLE = (OSError, EOFError, zlib.error, UnicodeError)
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"%PDF": "a PDF",
}
LONGEST_MAGIC = max(map(len, _FOREIGN))


@contextmanager
def whole_file(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` only if the block succeeds.

    The temporary name keeps the suffix of `path`, since many tools choose a format by it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    partial = target.with_name(f".partial-{os.getpid()}-{target.name}")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _sweep(target: Path) -> None:
    """Remove what killed processes left of `target`."""
    for leftover in target.parent.glob(".partial-*"):
        match = re.fullmatch(rf"\.partial-(\d+)-{re.escape(target.name)}", leftover.name)
        if match and not Path("/proc", match[1]).exists():
            leftover.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def open_text(path: Path | str) -> "NamedText":
    """Open plain or gzip text for reading; LF, CRLF and CR line ends all read as LF.

    Compression is told from the first bytes, not from the name; a byte-order mark is left out. What
    cannot be read raises an `InputError` that names the file, here and while reading.
    """
    try:
        with Path(path).open("rb") as raw:
            start = raw.read(LONGEST_MAGIC)
        if kind := foreign_kind(start):
            message, remedy = f"is {kind}, not text", "Save it as text, or compress it with gzip."
            raise InputError(Problem(str(path), "", "", message, remedy))
        is_gzip = start.startswith(b"\x1f\x8b")
        return NamedText(gzip.open(path, "rb") if is_gzip else Path(path).open("rb"), path)
    except OSError as error:
        raise _unreadable(path, error) from error


def foreign_kind(start: bytes) -> str:
    """What a file is that starts with these bytes, where that is a known kind but no text."""
    return next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), "")


class NamedText(io.TextIOWrapper):
    """UTF-8 text whose faults (damaged gzip, foreign bytes) are told as problems of its file."""

    def __init__(self, raw: Any, path: Path | str) -> None:
        super().__init__(raw, encoding="utf-8-sig", newline=None)
        self._path = path

    def __next__(self) -> str:  # type: ignore[override]
        """The next line."""
        try:
            return self._text(super().__next__())
        except _UNREADABLE as error:
            raise _unreadable(self._path, error) from error

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        """The next line, "" at the end."""
        try:
            return self._text(super().readline(size))
        except _UNREADABLE as error:
            raise _unreadable(self._path, error) from error

    def read(self, size: int | None = -1, /) -> str:
        """The rest of the text."""
        try:
            return self._text(super().read(size))
        except _UNREADABLE as error:
            raise _unreadable(self._path, error) from error

    def _text(self, text: str) -> str:
        if "\0" in text:
            raise UnicodeError("has a zero byte, which no text file has")
        return text


def _unreadable(path: Path | str, error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or type(error).__name__
    message = f"cannot be read to the end: {reason}"
    remedy = SAVE_AS_UTF8 if isinstance(error, UnicodeError) else FETCH_AGAIN
    return InputError(Problem(str(path), "", "", message, remedy))


def sha256(path: Path | str) -> str:
    """Hex digest of the file's bytes."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
