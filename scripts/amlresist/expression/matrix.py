"""A given expression matrix, genes x samples: found columns, checked values, recognised scale."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amlresist.errors import InputError, Problem
from amlresist.expression.genes import GeneNames, NameStatus
from amlresist.expression.measured import Floats, Scale
from amlresist.files import open_text

_SYMBOL_COLUMNS = ("gene_name", "gene_symbol", "symbol", "hgnc_symbol", "external_gene_name")
_MAX_PROBLEMS = 20
# log2 of 2^25 fragments: no log2 expression value is larger, few abundances stay below.
_MAX_LOG2 = 25.0
# Share of whole numbers among the non-zero values: estimated counts (salmon, RSEM) keep most
# single-copy genes whole, TPM hardly ever are.
_WHOLE_IN_ESTIMATED_COUNTS = 0.2
_MILLION = 1e6
_MAX_TPM_SUM = 1.05 * _MILLION
_MIN_TPM_SUM = 0.1 * _MILLION
# A z-scored or median-centred matrix has about half its values below zero, log2 CPM far fewer.
_CENTRED_NEGATIVE_SHARE = 0.4


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
    """Read a TSV or CSV matrix (plain or gzip); comment lines and a GCT preamble are skipped.

    Args:
        samples: columns to read; None reads every column that holds numbers.

    Raises:
        InputError: a column is missing, a value is not a finite number, or nothing is there.
    """
    if not Path(path).is_file():
        raise InputError(
            Problem(str(path), "", "", "expression matrix not found", "Correct the path.")
        )
    with open_text(path) as handle:
        lines = _table_lines(handle)
        header, rows = _header_and_rows(path, lines)
        wanted = _wanted_columns(path, header, rows, samples)
        symbol_column = _symbol_column(header)
        identifiers, symbols = [], []
        cells: list[list[str]] = []
        for number, row in rows:
            if len(row) != len(header):
                raise InputError(_ragged(path, number, row, len(header)))
            identifiers.append(row[0].strip())
            symbols.append(row[symbol_column].strip() if symbol_column is not None else "")
            cells.append([row[place] for place in wanted])
    if not cells:
        raise InputError(Problem(str(path), "", "", "matrix has no rows", "Give genes x samples."))
    names = tuple(header[place] for place in wanted)
    return Matrix(
        str(path),
        tuple(identifiers),
        tuple(symbols) if symbol_column is not None else None,
        names,
        _numbers(path, identifiers, names, cells),
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
    """The first of `names` that is a column.

    Raises:
        InputError: none is; the message lists the columns.
    """
    tried = list(names)
    for name in tried:
        if name in columns:
            return name
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
    if not Path(path).is_file():
        raise InputError(
            Problem(str(path), "", "", "expression matrix not found", "Correct the path.")
        )
    with open_text(path) as handle:
        header, _ = _header_and_rows(path, _table_lines(handle))
    return header[1:]


def recognise_scale(matrix: Matrix, sample: str, setting: str) -> tuple[Scale, str]:
    """Scale of one column and how it was told.

    Args:
        setting: `auto`, or the scale the user states, against which the values are checked.

    Raises:
        InputError: the column is all zero, the values fit no scale, or not the one stated.
    """
    values = matrix.column(sample)
    where = f"column {sample}"
    if not np.any(values):
        raise InputError(
            Problem(
                matrix.path,
                where,
                "",
                "every value is zero: this sample was not measured",
                "Remove the sample or give its real values; a zero here is not an absence.",
            )
        )
    if setting != "auto":
        scale = Scale(setting)
        _check_stated_scale(matrix, where, values, scale)
        return scale, "setting expression.matrix_scale"
    return _recognise(matrix, where, values)


def _recognise(matrix: Matrix, where: str, values: Floats) -> tuple[Scale, str]:
    low, high, total = float(values.min()), float(values.max()), float(values.sum())
    nonzero = values[values != 0]
    whole = float(np.mean(nonzero == np.round(nonzero)))
    if low < 0:
        if whole == 1 or high > _MAX_LOG2:
            raise InputError(_negative(matrix, values))
        _refuse_centred(matrix, where, values)
        return Scale.LOG2, f"values from {low:.3g} to {high:.3g} with negative ones: log2"
    if high <= _MAX_LOG2 and whole < 1:
        return Scale.LOG2, f"values from {low:.3g} to {high:.3g}, not whole numbers: log2"
    if whole == 1:
        return Scale.COUNTS, f"whole numbers, sum {total:.0f}: counts"
    if whole >= _WHOLE_IN_ESTIMATED_COUNTS:
        return Scale.COUNTS, f"{whole:.0%} whole numbers, sum {total:.0f}: estimated counts"
    if _MIN_TPM_SUM <= total <= _MAX_TPM_SUM:
        return Scale.TPM, f"sum {total:.0f}, {whole:.0%} whole numbers: TPM"
    raise InputError(
        Problem(
            matrix.path,
            where,
            f"sum {total:.6g}, largest {high:.6g}",
            "cannot tell whether these are counts, TPM or log2 values",
            "Set expression.matrix_scale to counts, tpm or log2.",
        )
    )


def _check_stated_scale(matrix: Matrix, where: str, values: Floats, scale: Scale) -> None:
    if scale is Scale.LOG2:
        _refuse_centred(matrix, where, values)
        if values.max() > _MAX_LOG2:
            raise InputError(
                Problem(
                    matrix.path,
                    where,
                    f"{values.max():.6g}",
                    "too large for a log2 value",
                    "Set expression.matrix_scale to counts or tpm.",
                )
            )
    elif values.min() < 0 and scale is not Scale.INTENSITY:
        raise InputError(_negative(matrix, values))


def _refuse_centred(matrix: Matrix, where: str, values: Floats) -> None:
    negative = float(np.mean(values < 0))
    if negative > _CENTRED_NEGATIVE_SHARE:
        raise InputError(
            Problem(
                matrix.path,
                where,
                f"{negative:.0%} of the values are negative",
                "values look centred or z-scored over samples",
                "Give values before centring: genes of one sample must be comparable.",
            )
        )


def _negative(matrix: Matrix, values: Floats) -> list[Problem]:
    places = np.flatnonzero(values < 0)
    return [
        Problem(
            matrix.path,
            f"gene {matrix.identifiers[place]}",
            f"{values[place]:g}",
            "negative value among counts or abundances",
            "Give raw counts, TPM or log2 values; for microarray intensities set"
            " expression.matrix_scale to intensity.",
        )
        for place in places[:_MAX_PROBLEMS]
    ]


def _table_lines(handle: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their 1-based numbers, without comments, blank lines and a GCT preamble."""
    is_gct = False
    for number, line in enumerate(handle, start=1):
        text = line.rstrip("\n")
        if number == 1:
            text = text.removeprefix("\ufeff")
            is_gct = text.startswith("#1.")
        if not text.strip() or text.startswith("#") or (is_gct and number == 2):
            continue
        yield number, text


def _header_and_rows(
    path: Path | str, lines: Iterator[tuple[int, str]]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    _, first = next(lines, (0, ""))
    separator = max("\t,;", key=first.count)
    if not first.count(separator):
        raise InputError(
            Problem(
                str(path),
                "line 1",
                first,
                "not a table of genes x samples",
                "Separate the columns by tabs or commas; the first column names the gene.",
            )
        )
    header = [cell.strip() for cell in next(csv.reader([first], delimiter=separator))]
    rows = ((n, next(csv.reader([text], delimiter=separator))) for n, text in lines)
    number, row = next(rows, (0, []))
    if len(row) == len(header) + 1:  # R's write.table leaves the corner cell out
        header = ["", *header]
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise InputError(
            Problem(
                str(path),
                "header",
                ", ".join(repeated),
                "column named twice",
                "Rename or drop one.",
            )
        )
    return header, _with_first(number, row, rows)


def _with_first(
    number: int, row: list[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    if row:
        yield number, row
    yield from rows


def _wanted_columns(
    path: Path | str,
    header: list[str],
    rows: Iterator[tuple[int, list[str]]],
    samples: Sequence[str] | None,
) -> list[int]:
    if samples is not None:
        return [header.index(choose_column(str(path), header, [name])) for name in samples]
    return [place for place in range(1, len(header)) if header[place].lower() not in _TEXT_COLUMNS]


_TEXT_COLUMNS = {
    *_SYMBOL_COLUMNS,
    "name",
    "description",
    "chr",
    "start",
    "end",
    "strand",
    "length",
    "gene_biotype",
    "gene_type",
    "entrezgene",
    "entrez_id",
    "gene_id",
}


def _symbol_column(header: list[str]) -> int | None:
    lowered = [name.lower() for name in header[1:]]
    return next((1 + lowered.index(name) for name in _SYMBOL_COLUMNS if name in lowered), None)


def _ragged(path: Path | str, number: int, row: list[str], expected: int) -> Problem:
    return Problem(
        str(path),
        f"line {number}",
        row[0] if row else "",
        f"{len(row)} cells where the header has {expected}",
        "Make every row as long as the header.",
    )


def _numbers(
    path: Path | str, identifiers: list[str], samples: tuple[str, ...], cells: list[list[str]]
) -> Floats:
    try:
        values = np.array(cells, dtype=np.float64).T
    except ValueError:
        values = np.full((len(samples), len(cells)), np.nan)
    if np.isfinite(values).all():
        return np.ascontiguousarray(values)
    problems = [
        Problem(
            str(path),
            f"gene {identifier}, column {sample}",
            cell,
            "not a finite number",
            "Give a number; leave the gene out when it was not measured.",
        )
        for identifier, row in zip(identifiers, cells, strict=True)
        for sample, cell in zip(samples, row, strict=True)
        if not _is_finite(cell)
    ]
    raise InputError(problems[:_MAX_PROBLEMS])


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
