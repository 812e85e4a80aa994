"""The written schema of every table, taken from the dataclasses that read and write them."""

import importlib
import inspect
import re
from dataclasses import is_dataclass

from amlresist.tables import describe

# Modules that declare tables, in the order data flows.
RECORD_MODULES = (
    "amlresist.inputs.records",
    "amlresist.annotation",
    "amlresist.alignment_qc.records",
    "amlresist.variants.records",
    "amlresist.flt3_itd.records",
    "amlresist.mirna.records",
    "amlresist.expression.records",
    "amlresist.evidence.records",
    "amlresist.cohort.records",
    "amlresist.simulate.records",
)
_FILE_NAME = re.compile(r"`(\S+\.tsv)`")


def tables() -> list[tuple[str, str, type]]:
    """(file name, meaning, record) of every table, in the order data flows."""
    found = []
    for name in RECORD_MODULES:
        module = importlib.import_module(name)
        for record in vars(module).values():
            if is_dataclass(record) and inspect.isclass(record) and record.__module__ == name:
                summary = inspect.cleandoc(record.__doc__ or "").split("\n")[0]
                match = _FILE_NAME.match(summary)
                if match:
                    found.append((match[1], summary, record))
    return found


def tables_markdown() -> str:
    """All schemas as one Markdown page."""
    parts = ["# Tables\n\nTidy TSV; `NA` where a value is missing. Made by `amlresist schema`.\n"]
    for file_name, summary, record in tables():
        meaning = summary.removeprefix(f"`{file_name}`: ")
        parts.append(f"\n## {file_name}\n\n{meaning}\n\n| column | type | unit | meaning |")
        parts.append("\n|---|---|---|---|\n")
        parts += [
            f"| {name} | {kind} | {unit} | {doc} |\n" for name, kind, unit, doc in describe(record)
        ]
    return "".join(parts).replace("< ", "&lt; ")
