"""A given expression matrix, genes x samples: found columns and checked numbers."""

import math
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amlresist.errors import InputError, Problem
from amlresist.expression.delimited import read_delimited
from amlresist.expression.genes import GeneNames, NameStatus
from amlresist.expression.measured import Floats

_SYMBOL_COLUMNS = ("gene_name", "gene_symbol", "symbol", "hgnc_symbol", "external_gene_name")
# Columns that matrices of common tools have beside their samples.
_TEXT_COLUMNS = {
    *_SYMBOL_COLUMNS,
    *("name", "description", "chr", "start", "end", "strand", "length", "gene_biotype"),
    *("gene_type", "entrezgene", "entrez_id", "gene_id"),
}
_MAX_PROBLEMS = 20
# Totals that HTSeq, STAR and featureCounts write below or above the genes: no genes.
_TOTALS = re.compile(r"__\w+|N_(unmapped|multimapping|noFeature|ambiguous)|Unassigned_\w+")
# What STAR and sorters add to the name of a BAM, after which featureCounts names its columns.
_BAM_ENDING = re.compile(r"[._]?(Aligned)?([._](sortedByCoord|sorted|sort|markdup|dedup|out))+$")
_WITH_COMMA = re.compile(r"-?\d+(,\d+)+(\.\d+)?|-?\d+(\.\d{3})+,\d+")
_GROUPED = re.compile(r"[1-9]\d{0,2}(\.\d{3})+")  # 1.978 as some spreadsheets write 1978


@dataclass(frozen=True)
class Matrix:
    """Columns of an expression matrix.

    Attributes:
        path: file, as the user wrote it.
        identifiers: per row, the gene identifier.
        symbols: per row, the value of a gene-symbol column; None where the file has none.
        samples: names of the columns read.
        values: samples x rows.
    """

    path: str
    identifiers: tuple[str, ...]
    symbols: tuple[str, ...] | None
    samples: tuple[str, ...]
    values: Floats

    def column(self, sample: str) -> Floats:
        """Values of one sample, one per row."""
        values: Floats = self.values[self.samples.index(sample)]
        return values


def read_matrix(path: Path | str, samples: Sequence[str] | None = None) -> Matrix:
    """Read a TSV or CSV matrix (plain or gzip); totals beside the genes are left out.

    Args:
        samples: columns to read; None reads every column that holds numbers.

    Raises:
        InputError: a column is missing, a value is not a finite number, points part thousands, or
            nothing is there.
    """
    header, rows = read_delimited(path)
    names = _sample_columns(header) if samples is None else list(samples)
    places = [header.index(choose_column(str(path), header, [name])) for name in names]
    symbol_column = _symbol_column(header)
    identifiers, symbols = [], []
    values = array("d")
    problems: list[Problem] = []
    thousands = _Thousands()
    for _, cells in rows:
        if _TOTALS.fullmatch(cells[0].strip()):
            continue
        identifiers.append(cells[0].strip())
        symbols.append(cells[symbol_column].strip() if symbol_column else "")
        for name, place in zip(names, places, strict=True):
            thousands.see(cells[place])
            number = _number(cells[place])
            values.append(number)
            if not math.isfinite(number):
                problems.append(_no_number(path, identifiers[-1], name, cells[place]))
        if len(problems) >= _MAX_PROBLEMS:
            break
    if not identifiers or not names:
        message = "matrix has no rows or no sample columns"
        problems.append(Problem(str(path), "", "", message, "Give genes x samples."))
    if thousands.parted:
        problems.append(_parted_thousands(path, thousands.parted))
    if problems:
        raise InputError(problems)
    table = np.frombuffer(values, dtype=np.float64).reshape(len(identifiers), len(names))
    return Matrix(
        str(path),
        tuple(identifiers),
        tuple(symbols) if symbol_column else None,
        tuple(names),
        np.ascontiguousarray(table.T),
    )


def row_identifiers(matrix: Matrix, names: GeneNames) -> list[str]:
    """Each row's identifier, or its symbol column where the identifier is not known."""
    if matrix.symbols is None:
        return list(matrix.identifiers)
    sure = {NameStatus.KNOWN, NameStatus.ALIAS}
    return [
        identifier if names.resolve(identifier).status in sure or not symbol else symbol
        for identifier, symbol in zip(matrix.identifiers, matrix.symbols, strict=True)
    ]


def choose_column(path: str, columns: Sequence[str], names: Iterable[str]) -> str:
    """The first of `names` that is a column, as it stands or without the ending of a BAM's name.

    Raises:
        InputError: none is; the message lists the columns.
    """
    tried = list(names)
    for name in tried:
        if name in columns:
            return name
    for name in tried:
        alike = [column for column in columns if _BAM_ENDING.sub("", column) == name]
        if len(alike) == 1:
            return alike[0]
    raise InputError(
        Problem(
            path,
            "header",
            tried[0],
            "no column for this sample",
            f"Name the column after the sample ({' or '.join(tried)}), or set the sample's name"
            f" in the sheet to one of: {', '.join(list(columns)[:10])}.",
        )
    )


def columns_of(path: Path | str) -> list[str]:
    """Names of the columns of a matrix after the gene column."""
    return read_delimited(path)[0][1:]


def _sample_columns(header: Sequence[str]) -> list[str]:
    return [name for name in header[1:] if name.lower() not in _TEXT_COLUMNS]


def _symbol_column(header: Sequence[str]) -> int | None:
    lowered = [name.lower() for name in header[1:]]
    return next((1 + lowered.index(name) for name in _SYMBOL_COLUMNS if name in lowered), None)


def _number(cell: str) -> float:
    """The cell's number; NaN for anything else, and for 1_000, which Python alone would read."""
    try:
        return float(cell) if "_" not in cell else math.nan
    except ValueError:
        return math.nan


class _Thousands:
    """Whether every point of a table parts thousands: 1.978 beside 950, but no 0.5 and no 1200."""

    def __init__(self) -> None:
        self._possible = True
        self._seen = ""

    @property
    def parted(self) -> str:
        """An example, "" where points are decimal points."""
        return self._seen if self._possible else ""

    def see(self, cell: str) -> None:
        """Take one cell into account."""
        if self._possible and _GROUPED.fullmatch(cell):
            self._seen = self._seen or cell
        elif self._possible:
            self._possible = len(cell) <= 3 and cell.isdigit()


def _parted_thousands(path: Path | str, cell: str) -> Problem:
    return Problem(
        str(path),
        "",
        cell,
        "every point has three digits behind it and no number above 999 lacks one: points part"
        " thousands here",
        "Write numbers without separators of thousands.",
    )


def _no_number(path: Path | str, identifier: str, sample: str, cell: str) -> Problem:
    remedy = "Give a number; leave the gene out when it was not measured."
    if _WITH_COMMA.fullmatch(cell):
        remedy = "Write decimals with a point, and thousands without a separator."
    where = f"gene {identifier}, column {sample}"
    return Problem(str(path), where, cell, "not a finite number", remedy)
