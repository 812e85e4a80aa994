"""Lines of a text file, plain or gzip, whatever their ends; damage becomes a named problem."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amlresist.errors import InputError, Problem
from amlresist.files import open_text
from amlresist.inputs.findings import FETCH_AGAIN


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its 1-based number, its text without the end, and whether it had an end."""

    number: int
    text: str
    is_ended: bool


def lines_of(path: str) -> Iterator[Line]:
    """Lines of a text file to its very end.

    Raises:
        InputError: gzip damage, trailing garbage, or bytes that are no UTF-8 text.
    """
    number = 0
    try:
        with open_text(Path(path)) as handle:
            for number, text in enumerate(handle, start=1):
                yield Line(number, text.rstrip("\n"), text.endswith("\n"))
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            Problem(
                path,
                f"after line {number}",
                "",
                f"cannot be read to the end: {reason}",
                FETCH_AGAIN,
            )
        ) from error
