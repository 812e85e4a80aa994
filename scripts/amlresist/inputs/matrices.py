"""A given table of counts or expression: equal columns, finite numbers."""

import math
from collections.abc import Sequence
from itertools import chain

from amlresist.expression.delimited import read_delimited
from amlresist.inputs.findings import FETCH_AGAIN, Finding, Findings
from amlresist.inputs.text import last_line, warn_of_open_end

REMEDY = "Give a table with one header line and a number in every cell."


def examine_table(path: str, *, is_matrix: bool) -> list[Finding]:
    """Everything that can be told from a table without knowing its station.

    Args:
        is_matrix: every column behind the first one with numbers holds numbers only (expression
            and miRNA matrices); else only the shape is checked.
    """
    findings = Findings(path)
    with findings.guarded():
        header, rows = read_delimited(path)
        first_row = next(rows, None)
        if not first_row:
            findings.stop("table has no rows", FETCH_AGAIN)
            return findings.all
        first = _first_number(first_row[1]) if is_matrix else len(header)
        numbers = [n for n, name in enumerate(header) if n >= first and name]
        for number, cells in chain([first_row], rows):
            strange = next((n for n in numbers if not _is_finite(cells[n])), None)
            if strange is not None:
                place = f"line {number}, column {header[strange]}"
                findings.stop("is no finite number", REMEDY, place, cells[strange])
                return findings.all
        warn_of_open_end(last_line(path), findings)
    return findings.all


def _first_number(cells: Sequence[str]) -> int:
    return next((n for n, cell in enumerate(cells) if n and _is_finite(cell)), 1)


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell  # 1_000 is a number to Python alone
    except ValueError:
        return False
