"""Faults of input files as one sentence each."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from amlresist.errors import InputError, Problem


def file_problem(
    path: str, message: str, remedy: str, *, where: str = "", value: str = ""
) -> InputError:
    """An `InputError` with one problem."""
    return InputError(Problem(path, where, value, message, remedy))


@contextmanager
def faults_named(path: str) -> Iterator[None]:
    """Errors of reading `path` become an `InputError` that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise file_problem(path, "file does not exist", "Correct the path.") from error
    except (EOFError, OSError, zlib.error) as error:
        message = f"file cannot be read to its end: {error}"
        raise file_problem(path, message, "Copy the file again.") from error
    except UnicodeDecodeError as error:
        raise file_problem(path, "not a text file", "Give plain or gzip text.") from error
