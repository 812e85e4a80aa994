"""Lines of a text file, plain or gzip, whatever their ends; damage becomes a named problem."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from amlresist.errors import InputError
from amlresist.files import open_text


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
        with open_text(path) as handle:
            for number, text in enumerate(handle, start=1):
                yield Line(number, text.rstrip("\n"), text.endswith("\n"))
    except InputError as error:
        where = f"after line {number}"
        raise InputError([replace(problem, where=where) for problem in error.problems]) from error
