"""The patients' MAFs as one."""

from collections.abc import Sequence
from pathlib import Path

from amlresist.errors import InputError, Problem
from amlresist.files import open_text


def cohort_maf(results: Path, patients: Sequence[str]) -> str:
    """All rows of the patients' `variants.maf`, below one header; "" where no patient has one.

    Raises:
        InputError: the columns of two files differ.
    """
    head: list[str] = []
    body: list[str] = []
    for path in (results / patient / "variants" / "variants.maf" for patient in patients):
        if not path.is_file():
            continue
        with open_text(path) as handle:
            version, columns, *rows = handle.read().splitlines()
        if head and head != [version, columns]:
            remedy = "Run the variants station again for the patient."
            raise InputError(Problem(str(path), "1", "", "columns differ between MAFs", remedy))
        head = [version, columns]
        body += rows
    return "\n".join([*head, *body]) + "\n" if head else ""
