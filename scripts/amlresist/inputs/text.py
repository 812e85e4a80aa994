"""Lines of a text file, plain or gzip, whatever their ends; damage becomes a named problem."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from amlresist.errors import InputError, Problem
from amlresist.files import FETCH_AGAIN, open_text
from amlresist.inputs.findings import Findings


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


def last_line(path: str) -> Line:
    """The last line that is not empty.

    Raises:
        InputError: as `lines_of`, or there is none.
    """
    last = None
    for line in lines_of(path):
        last = line if line.text else last
    if last is None:
        raise InputError(Problem(path, "", "", "has no lines", FETCH_AGAIN))
    return last


def warn_of_open_end(line: Line, findings: Findings) -> None:
    """Warn when the last line of a file has no line end: a cut number is still a number."""
    if not line.is_ended:
        findings.warn(
            "last line has no line end: the file may be cut",
            FETCH_AGAIN,
            f"line {line.number}",
            line.text,
        )


def repeated_name(header: Iterable[str]) -> str:
    """The first column name that stands twice, "" for none; empty names do not count."""
    return next((name for name, n in Counter(header).items() if n > 1 and name), "")
