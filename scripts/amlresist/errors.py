"""Problems in what the user gave us: collected, all shown at once, never a traceback."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_KEY_OF_ADDRESS = re.compile(r"(?<=\?).+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Of an address, what follows the question mark is left out: it may be a key to the file.

    Attributes:
        file: path as the user wrote it.
        where: place inside the file ("row 3, column fq1", "record 1,204"), "" for the whole file.
        value: the offending value, shortened, or "".
        message: what is wrong.
        remedy: what to do about it.
    """

    file: str
    where: str
    value: str
    message: str
    remedy: str

    def __post_init__(self) -> None:
        for name in ("file", "value"):
            text = getattr(self, name)
            if "://" in text and "?" in text:
                object.__setattr__(self, name, _KEY_OF_ADDRESS.sub("…", text))

    def __str__(self) -> str:
        place = f"{self.file}, {self.where}" if self.where else self.file
        shown = f" ({_shorten(self.value)!r})" if self.value else ""
        return f"{place}: {self.message}{shown}. {self.remedy}"


class InputError(Exception):
    """The user's input cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def _shorten(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
