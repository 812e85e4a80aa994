"""Config files as Snakemake reads them: later ones change earlier ones, key by key."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from amlresist.errors import InputError, Problem


class _OnceEach(yaml.SafeLoader):
    """Safe YAML in which a name may not stand twice: YAML itself lets the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node."""
        names = [name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            where = f"line {node.start_mark.line + 1}"
            raise yaml.YAMLError(f"{repeated[0]!r} stands twice in the section from {where}")
        return super().construct_mapping(node, deep)


def read_configs(paths: Sequence[str]) -> dict[str, Any]:
    """Merge YAML (or JSON) config files; a later file overrides an earlier one.

    Raises:
        InputError: a file is missing or is no mapping of names to values.
    """
    merged: dict[str, Any] = {}
    problems = []
    for path in paths:
        try:
            content = yaml.load(Path(path).read_text(encoding="utf-8"), _OnceEach)
        except (OSError, UnicodeError, yaml.YAMLError, ValueError, RecursionError) as error:
            problems.append(_problem(path, " ".join(str(error).split())))
            continue
        if content is None:
            continue
        if isinstance(content, Mapping) and all(isinstance(name, str) for name in content):
            merged = _merge(merged, content)
        else:
            problems.append(_problem(path, "is no list of 'name: value'"))
    if problems:
        raise InputError(problems)
    return merged


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(merged.get(name), Mapping) and isinstance(value, Mapping)
        merged[name] = _merge(merged[name], value) if both else value
    return merged


def _problem(path: str, reason: str) -> Problem:
    return Problem(path, "", "", f"config cannot be read: {reason}", "Correct the YAML.")
