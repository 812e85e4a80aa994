"""Tables come back as they were written, and say what is wrong when they cannot."""

import math
from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.errors import InputError
from amlresist.schema import tables
from amlresist.tables import column, describe, read_table, table_text, write_table


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Row:
    name: str = column("a name")
    count: int | None = column("a count", "reads")
    share: float = column("a share", "0-1")
    flag: bool = column("a flag")
    colour: Colour = column("a colour")
    tags: tuple[str, ...] = column("tags")


def test_rows_come_back_as_written(tmp_path):
    rows = [
        Row("a", 3, 0.25, True, Colour.RED, ("x", "y")),
        Row("b", None, math.nan, False, Colour.BLUE, ()),
    ]
    write_table(tmp_path / "t.tsv", Row, rows)
    back = read_table(tmp_path / "t.tsv", Row)
    assert back[0] == rows[0]
    assert back[1].count is None
    assert math.isnan(back[1].share)
    assert back[1].tags == ()


@given(st.text())
def test_no_text_breaks_the_lines_of_a_table(text):
    lines = table_text(Row, [Row(text, 1, 0.5, True, Colour.RED, ())]).split("\n")
    assert len(lines) == 3
    assert lines[1].count("\t") == 5


def test_missing_column_is_named(tmp_path):
    (tmp_path / "t.tsv").write_text("name\tcount\nx\t1\n")
    with pytest.raises(InputError, match="share, flag, colour, tags"):
        read_table(tmp_path / "t.tsv", Row)


def test_wrong_value_is_named_with_its_line_and_column(tmp_path):
    text = table_text(Row, [Row("a", 3, 0.25, True, Colour.RED, ())]).replace("0.25", "half")
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(InputError, match=r"line 2, column share.*'half'"):
        read_table(tmp_path / "t.tsv", Row)


def test_columns_may_come_in_any_order_and_line_ends(tmp_path):
    text = "tags\tcolour\tflag\tshare\tcount\tname\r\nNA\tred\ttrue\t0.5\tNA\ta\r\n"
    (tmp_path / "t.tsv").write_bytes(text.encode())
    assert read_table(tmp_path / "t.tsv", Row) == [Row("a", None, 0.5, True, Colour.RED, ())]


def test_an_interrupted_write_leaves_nothing_behind(tmp_path):
    def rows():
        yield Row("a", 3, 0.25, True, Colour.RED, ())
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        write_table(tmp_path / "t.tsv", Row, rows())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file_name, summary, record", tables())
def test_every_column_of_every_table_is_explained(file_name, summary, record):
    assert ":" in summary
    for name, kind, _, doc in describe(record):
        assert kind and len(doc) > 3, f"{file_name}: {name} is not explained"
