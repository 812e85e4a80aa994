"""The tables of a page as text inside the page, for export and for the reader's threshold."""

import dataclasses
from collections.abc import Sequence
from typing import Any

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


def embed(name: str, record: type, rows: Sequence[Any], limit: int) -> EmbeddedTable:
    """The first `limit` rows of a table."""
    kept = rows[:limit]
    return EmbeddedTable(name, table_text(record, kept), len(kept), len(rows) - len(kept))
