"""A given table of counts or expression: tabs, equal columns, finite numbers."""

import math
from collections.abc import Sequence

from amlresist.inputs.findings import FETCH_AGAIN, Finding, Findings
from amlresist.inputs.text import Line, lines_of, repeated_name, warn_of_open_end

REMEDY = "Give a table with tabs, one header line and a number in every cell."


def examine_table(path: str, *, is_matrix: bool) -> list[Finding]:
    """Everything that can be told from a table without knowing its station.

    Args:
        is_matrix: every column behind the first one with numbers holds numbers only (expression
            and miRNA matrices); else only the shape is checked.
    """
    findings = Findings(path)
    with findings.guarded():
        lines = [line for line in lines_of(path) if line.text and not line.text.startswith("#")]
        separator = "," if path.lower().removesuffix(".gz").endswith(".csv") else "\t"
        if len(lines) < 2:
            findings.stop("table has no rows", FETCH_AGAIN)
            return findings.all
        width = len(lines[1].text.split(separator))
        if width == 1:
            findings.stop("columns are not separated by tabs", REMEDY, value=lines[0].text)
            return findings.all
        _check_rows(lines, separator, width, findings, is_matrix=is_matrix)
        if repeated := repeated_name(name.strip() for name in lines[0].text.split(separator)):
            findings.stop("column is named twice", "Rename one.", "header", repeated)
        warn_of_open_end(lines[-1], findings)
    return findings.all


def _check_rows(
    lines: Sequence[Line], separator: str, width: int, findings: Findings, *, is_matrix: bool
) -> None:
    header = lines[0].text.split(separator)
    if len(header) not in {width, width - 1}:  # R leaves out the name of the row-name column
        findings.stop(f"header has {len(header)} columns, the rows {width}", REMEDY, "line 1")
        return
    first = _first_number(lines[1].text.split(separator)) if is_matrix else width
    for line in lines[1:]:
        fields = line.text.split(separator)
        if len(fields) != width:
            message = f"has {len(fields)} columns, the others {width}"
            findings.stop(message, REMEDY, f"line {line.number}", line.text)
            return
        for number, cell in enumerate(fields[first:], start=first + 1):
            if not _is_finite(cell):
                place = f"line {line.number}, column {number}"
                findings.stop("is no finite number", REMEDY, place, cell)
                return


def _first_number(fields: Sequence[str]) -> int:
    return next((n for n, cell in enumerate(fields) if n and _is_finite(cell)), 1)


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
