"""Rows of a table with a header, separated by tabs, commas or semicolons."""

import csv
from collections.abc import Iterator
from pathlib import Path

from amlresist.errors import InputError, Problem
from amlresist.inputs.text import lines_of

Row = tuple[int, list[str]]
"""(1-based line number, cells)."""


def read_delimited(path: Path | str) -> tuple[list[str], Iterator[Row]]:
    """Header and rows; comments, blank lines and the preambles of GCT and GEO are skipped.

    The separator is the most frequent of tab, comma and semicolon in the header. A header that
    lacks the corner cell, as R writes it, gets an empty one. Columns named by the path of a BAM
    (featureCounts) are named by the file.

    Raises:
        InputError: no table, a column named twice, or, while iterating, a row of another length.
    """
    if not Path(path).is_file():
        raise InputError(Problem(str(path), "", "", "file not found", "Correct the path."))
    lines = _table_lines(path)
    _, first = next(lines, (0, ""))
    if first.startswith("N_unmapped\t"):
        raise InputError(_star_counts(path, first))
    separator = max("\t,;", key=first.count)
    if not first.count(separator):
        raise InputError(
            Problem(
                str(path),
                "line 1",
                first,
                "not a table of several columns",
                "Separate the columns by tabs or commas; the first column names the gene.",
            )
        )
    header = [_column_name(cell) for cell in _cells(first, separator)]
    rows = ((number, _cells(text, separator)) for number, text in lines)
    second = next(rows, None)
    if second and len(second[1]) == len(header) + 1:
        header = ["", *header]
    _refuse_repeated(path, header)
    return header, _checked(path, header, second, rows)


def _star_counts(path: Path | str, first: str) -> Problem:
    return Problem(
        str(path),
        "line 1",
        first,
        "STAR's ReadsPerGene table has no header: which column holds the sample depends on the kit",
        "Give a table of two columns with a header: gene and the sample's name.",
    )


def _checked(
    path: Path | str, header: list[str], first: Row | None, others: Iterator[Row]
) -> Iterator[Row]:
    if first:
        yield _of_length(path, header, first)
    for row in others:
        yield _of_length(path, header, row)


def _of_length(path: Path | str, header: list[str], row: Row) -> Row:
    number, cells = row
    if len(cells) != len(header):
        raise InputError(
            Problem(
                str(path),
                f"line {number}",
                cells[0],
                f"{len(cells)} cells where the header has {len(header)}",
                "Make every row as long as the header.",
            )
        )
    return row


def _refuse_repeated(path: Path | str, header: list[str]) -> None:
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise InputError(
            Problem(str(path), "header", ", ".join(repeated), "column named twice", "Rename one.")
        )


def _table_lines(path: Path | str) -> Iterator[tuple[int, str]]:
    is_gct = False
    for line in lines_of(str(path)):
        text = line.text
        is_gct = is_gct or (line.number == 1 and text.startswith("#1."))
        is_size_of_gct = is_gct and line.number == 2
        if text.strip() and not text.startswith(("#", "!")) and not is_size_of_gct:
            yield line.number, text


def _cells(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator)
    return next(csv.reader([text], delimiter=separator))


def _column_name(cell: str) -> str:
    name = cell.strip()
    return Path(name).name.removesuffix(".bam") if name.endswith(".bam") else name
