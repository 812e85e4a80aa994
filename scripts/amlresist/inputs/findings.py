"""What the check finds: a problem and how much it matters."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from amlresist.errors import InputError, Problem
from amlresist.files import FETCH_AGAIN

__all__ = ["FETCH_AGAIN", "UNREADABLE", "Finding", "Findings", "Severity", "require_sound"]


class Severity(StrEnum):
    """How much a finding matters."""

    STOP = "STOP"
    WARN = "WARN"
    NOTE = "NOTE"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of an input with its severity."""

    severity: Severity
    problem: Problem


def require_sound(findings: Iterable[Finding]) -> None:
    """Refuse an input that may not be used.

    Raises:
        InputError: with every problem that forbids results.
    """
    stops = [finding.problem for finding in findings if finding.severity is Severity.STOP]
    if stops:
        raise InputError(stops)


UNREADABLE = (OSError, EOFError, zlib.error, ValueError, ArithmeticError, LookupError)


class Findings:
    """Collects the findings about one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.all: list[Finding] = []

    def stop(self, message: str, remedy: str, where: str = "", value: object = "") -> None:
        """Add a problem that forbids every result."""
        self._add(Severity.STOP, message, remedy, where, value)

    def warn(self, message: str, remedy: str, where: str = "", value: object = "") -> None:
        """Add a problem that the reader must know of."""
        self._add(Severity.WARN, message, remedy, where, value)

    def note(self, message: str, remedy: str, where: str = "", value: object = "") -> None:
        """Add a fact for the record."""
        self._add(Severity.NOTE, message, remedy, where, value)

    def stopped(self) -> bool:
        """Whether any finding forbids results."""
        return any(finding.severity is Severity.STOP for finding in self.all)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn whatever an unsound file makes a parser raise into a STOP finding."""
        try:
            yield
        except InputError as error:
            self.all += [Finding(Severity.STOP, problem) for problem in error.problems]
        except UNREADABLE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            self.stop(f"cannot be read to the end: {reason}", FETCH_AGAIN)

    def _add(
        self, severity: Severity, message: str, remedy: str, where: str, value: object
    ) -> None:
        problem = Problem(self.file, where, str(value), message, remedy)
        self.all.append(Finding(severity, problem))
