"""The tables of a page as text inside the page, for export and for the reader's threshold."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from amlresist.report.results import TABLES
from amlresist.tables import table_text


@dataclasses.dataclass(frozen=True, slots=True)
class EmbeddedTable:
    """A table as the page carries it.

    Attributes:
        name: file name of the table.
        text: TSV with header line.
        rows: rows in the text.
        left_out: rows of the file that the page does not carry.
    """

    name: str
    text: str
    rows: int
    left_out: int


def embed(tables: Mapping[type, Sequence[Any]], limit: int) -> list[EmbeddedTable]:
    """The first `limit` rows of each table, in the order of `TABLES`."""
    return [_embed(record, tables[record], limit) for record in TABLES if record in tables]


def _embed(record: type, rows: Sequence[Any], limit: int) -> EmbeddedTable:
    kept: Iterable[Any] = rows[:limit]
    return EmbeddedTable(
        TABLES[record][1],
        table_text(record, kept),
        min(len(rows), limit),
        max(0, len(rows) - limit),
    )
