"""Tidy TSV tables with a written schema: one frozen dataclass per table, one field per column.

A station declares its table as a dataclass whose fields are made by `column`; `write_table` and
`read_table` carry it to a file and back, and `describe` prints the schema for the documentation.
Missing values are `NA`, floats have six significant digits, tuples are joined with `;`.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from amlresist.errors import InputError, Problem
from amlresist.files import open_text, whole_file

Record = TypeVar("Record")
MISSING = "NA"
TUPLE_SEPARATOR = ";"


def column(doc: str, unit: str = "") -> Any:
    """A dataclass field that is a table column: `doc` says what it means, `unit` in what unit."""
    return dataclasses.field(metadata={"doc": doc, "unit": unit})


def format_value(value: object) -> str:
    """Text of one cell. Tabs and line ends inside strings become spaces."""
    match value:
        case None:
            return MISSING
        case bool():
            return "true" if value else "false"
        case float():
            return MISSING if math.isnan(value) else f"{value:.6g}"
        case tuple():
            return TUPLE_SEPARATOR.join(map(format_value, value)) if value else MISSING
        case _:
            return " ".join(str(value).split()) or MISSING


def table_text(record: type[Record], rows: Iterable[Record]) -> str:
    """The table as TSV text with a header line."""
    return "".join(_table_lines(record, rows))


def write_table(path: Path | str, record: type[Record], rows: Iterable[Record]) -> None:
    """Write `rows` of dataclass `record` as TSV, whole or not at all, one by one as they come."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(_table_lines(record, rows))


def _table_lines(record: type[Record], rows: Iterable[Record]) -> Iterator[str]:
    names = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    yield "\t".join(names) + "\n"
    for row in rows:
        yield "\t".join(format_value(getattr(row, name)) for name in names) + "\n"


def read_table(path: Path | str, record: type[Record]) -> list[Record]:
    """Read a table written by `write_table`.

    Columns are found by name, so order and additional columns do not matter.

    Raises:
        InputError: a column is missing or a value does not fit its column's type.
    """
    parsers = _parsers(record)  # type: ignore[arg-type]
    with open_text(path) as handle:
        header = handle.readline().rstrip("\n").split("\t")
        missing = [name for name in parsers if name not in header]
        if missing:
            raise InputError(
                Problem(
                    str(path),
                    "header",
                    ", ".join(missing),
                    "columns are missing",
                    f"The table needs the columns {', '.join(parsers)}.",
                )
            )
        places = [(name, header.index(name), parse) for name, parse in parsers.items()]
        return [
            _parse_row(path, number, line.rstrip("\n").split("\t"), places, record)
            for number, line in enumerate(handle, start=2)
            if line.strip()
        ]


def describe(record: type) -> list[tuple[str, str, str, str]]:
    """Schema of a table: (column, type, unit, meaning) per column."""
    hints = typing.get_type_hints(record)
    return [
        (
            field.name,
            _type_name(hints[field.name]),
            field.metadata.get("unit", ""),
            field.metadata.get("doc", ""),
        )
        for field in dataclasses.fields(record)
    ]


def _parse_row(
    path: Path | str,
    number: int,
    cells: Sequence[str],
    places: Sequence[tuple[str, int, Callable[[str], object]]],
    record: type[Record],
) -> Record:
    values = {}
    for name, place, parse in places:
        try:
            values[name] = parse(cells[place])
        except (ValueError, IndexError) as error:
            cell = cells[place] if place < len(cells) else ""
            raise InputError(
                Problem(
                    str(path),
                    f"line {number}, column {name}",
                    cell,
                    f"value does not fit the column: {error}",
                    "Correct the cell, or make the table again.",
                )
            ) from error
    return record(**values)


@cache
def _parsers(record: type) -> dict[str, Callable[[str], object]]:
    hints = typing.get_type_hints(record)
    return {field.name: _parser(hints[field.name]) for field in dataclasses.fields(record)}


def _parser(hint: Any) -> Callable[[str], object]:
    if isinstance(hint, types.UnionType):
        inner = _parser(next(part for part in typing.get_args(hint) if part is not type(None)))
        return lambda text: None if text == MISSING else inner(text)
    if typing.get_origin(hint) is tuple:
        inner = _parser(typing.get_args(hint)[0])
        return lambda text: (
            () if text == MISSING else tuple(inner(part) for part in text.split(TUPLE_SEPARATOR))
        )
    if hint is bool:
        return _parse_bool
    if hint is float:
        return lambda text: math.nan if text == MISSING else float(text)
    if hint is str:
        return lambda text: "" if text == MISSING else text
    return typing.cast("Callable[[str], object]", hint)


def _parse_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text == "true"


def _type_name(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        return " | ".join(
            MISSING if part is type(None) else _type_name(part) for part in typing.get_args(hint)
        )
    if typing.get_origin(hint) is tuple:
        return f"list of {_type_name(typing.get_args(hint)[0])}"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(hint)
    return typing.cast("str", hint.__name__)
