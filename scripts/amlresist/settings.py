"""Settings of a station: defaults and limits come from the JSON Schema, values from the config.

`config/schemas/{station}.schema.json` is the one place of the station's defaults and limits. A
station declares a frozen dataclass whose field names are the setting names; `load` fills it.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from amlresist.errors import InputError, Problem

Settings = TypeVar("Settings")
REPOSITORY = Path(__file__).resolve().parents[2]
RESOURCES = REPOSITORY / "resources"
SCHEMAS = REPOSITORY / "config" / "schemas"


@cache
def station_properties(station: str) -> dict[str, Any]:
    """Setting name -> its JSON Schema (type, default, limits, description) of one station."""
    text = (SCHEMAS / f"{station}.schema.json").read_text(encoding="utf-8")
    properties: dict[str, Any] = json.loads(text)["properties"]
    return properties


def defaults(station: str) -> dict[str, Any]:
    """Setting name -> default of one station (a top-level section of config.yaml)."""
    return {name: facts["default"] for name, facts in station_properties(station).items()}


def load(settings: type[Settings], station: str, given: str | Mapping[str, Any] = "") -> Settings:
    """Fill a station's settings dataclass.

    Args:
        settings: frozen dataclass; every field is a setting of the station (it may leave some out).
        station: section of config.yaml.
        given: values that replace defaults, as a mapping or as JSON text (a rule's `--settings`).

    Raises:
        InputError: a name is not known or a value is outside the schema's limits.
    """
    values = _from_json(given) if isinstance(given, str) else dict(given)
    problems = section_problems("settings", station, values)
    if problems:
        raise InputError(problems)
    merged = {**defaults(station), **values}
    names = {field.name for field in dataclasses.fields(settings)}  # type: ignore[arg-type]
    return settings(**{name: value for name, value in merged.items() if name in names})


def _from_json(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text or "{}"))
    except (ValueError, TypeError, RecursionError) as error:
        message = f"is not the JSON expected: {error}"
        remedy = "Write --settings '{\"name\": value}'."
        raise InputError(Problem("--settings", "", text, message, remedy)) from error


def section_problems(file: str, station: str, values: Mapping[str, Any]) -> list[Problem]:
    """Every problem of one config section: unknown names, wrong types, values out of range."""
    schema = station_properties(station)
    problems = []
    for name, value in values.items():
        if name not in schema:
            problems.append(
                Problem(
                    file,
                    f"{station}.{name}",
                    str(value),
                    "setting is not known",
                    f"Known: {', '.join(schema)}.",
                )
            )
        elif complaint := _complaint(schema[name], value):
            problems.append(
                Problem(
                    file,
                    f"{station}.{name}",
                    str(value),
                    complaint,
                    f"Default: {schema[name]['default']!r}.",
                )
            )
    return problems


_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _complaint(facts: Mapping[str, Any], value: Any) -> str:
    kinds = [facts["type"]] if isinstance(facts["type"], str) else facts["type"]
    is_bool_by_mistake = isinstance(value, bool) and "boolean" not in kinds
    if is_bool_by_mistake or not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        return f"expected {' or '.join(kinds)}"
    if "enum" in facts and value not in facts["enum"]:
        return f"expected one of {', '.join(map(str, facts['enum']))}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = facts.get("minimum", float("-inf")), facts.get("maximum", float("inf"))
        if not low <= value <= high:  # also refuses NaN
            return f"must lie in {low} to {high}"
    if isinstance(value, list):
        return _complaint_of_items(facts.get("items", {}), value)
    return ""


def _complaint_of_items(facts: Mapping[str, Any], values: list[Any]) -> str:
    pattern = facts.get("pattern")
    for value in values:
        if "type" in facts and (complaint := _complaint(facts, value)):
            return f"{value!r}: {complaint}"
        if pattern and not re.search(pattern, value):
            return f"{value!r} does not match {pattern}"
    return ""
