"""A miRNA count matrix made elsewhere: miRNAs x samples, TSV or CSV."""

import csv
import math
from collections.abc import Iterable, Sequence

from amlresist.files import open_text
from amlresist.mirna.faults import faults_named, file_problem

RPM_TOTAL = 1e6
LOG_MAXIMUM = 25.0  # no log2 count exceeds it


def read_sample(path: str, sample: str) -> dict[str, float]:
    """Counts of one sample by miRNA name, in the order of the file; names doubled are summed.

    Raises:
        InputError: no such column, values that are no counts (text, negative, RPM, log), no rows.
    """
    with faults_named(path), open_text(path) as handle:
        lines = [line for line in handle.read().split("\n") if line.strip()]
    if len(lines) < 2:
        raise file_problem(path, "no miRNA rows", "Give miRNAs in rows and samples in columns.")
    delimiter = "\t" if "\t" in lines[0] else ";" if ";" in lines[0] else ","
    rows = list(csv.reader(lines, delimiter=delimiter))
    if len(rows) != len(lines):  # a quote that is not closed swallows line ends
        remedy = "Remove the quotes, or close each of them."
        raise file_problem(path, "a quote is not closed", remedy)
    place = _column(path, rows[0], len(rows[1]), sample)
    counts: dict[str, float] = {}
    for number, row in enumerate(rows[1:], start=2):
        name, value = row[0].strip(), row[place].strip() if place < len(row) else ""
        counts[name] = counts.get(name, 0.0) + _count(path, number, sample, value)
    _check_unit(path, sample, list(counts.values()))
    return counts


def _column(path: str, header: Sequence[str], width: int, sample: str) -> int:
    """Place of the sample's column; R writes a header without a name for the first column."""
    names = [name.strip() for name in header]
    if len(names) == width - 1:
        names = ["", *names]
    if names.count(sample) != 1:
        raise file_problem(
            path,
            "no column for this sample" if sample not in names else "column is there twice",
            f"Columns: {', '.join(names[1:13])}. Use the sheet's sample names as column names.",
            where="header",
            value=sample,
        )
    return names.index(sample)


def _count(path: str, number: int, sample: str, value: str) -> float:
    try:
        count = float(value)
    except ValueError:
        count = math.nan
    if not 0 <= count < math.inf:
        raise file_problem(
            path,
            "not a count",
            "Give raw read counts, zero or more.",
            where=f"line {number}, column {sample}",
            value=value,
        )
    return count


def _check_unit(path: str, sample: str, values: Iterable[float]) -> None:
    values = list(values)
    total, whole = sum(values), all(value == int(value) for value in values)
    complaint = ""
    if not whole and abs(total - RPM_TOTAL) < 1e-3 * RPM_TOTAL:
        complaint = "values sum to one million: RPM, not counts"
    elif not whole and max(values) < LOG_MAXIMUM:
        complaint = "small values with decimals: logarithms, not counts"
    if complaint:
        remedy = "Give raw counts: their noise cannot be told from normalised values."
        raise file_problem(path, complaint, remedy, where=f"column {sample}")
