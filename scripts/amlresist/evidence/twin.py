"""The JSON twin of the evidence tables."""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


def twin_text(tables: Mapping[str, Iterable[Any]]) -> str:
    """JSON text: table name -> rows; missing numbers are null."""
    plain = {
        name: [_plain(dataclasses.asdict(row)) for row in rows] for name, rows in tables.items()
    }
    return json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if _is_nan(value) else value for name, value in row.items()}


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
