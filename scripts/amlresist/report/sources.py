"""Where the data behind a page come from: gene sets with licences, input files with digests."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlresist.errors import InputError, Problem
from amlresist.files import open_text
from amlresist.settings import RESOURCES

REFERENCE_ENDINGS = (".fa", ".fasta", ".fna", ".gtf", ".gff", ".gff3", ".bed")
THEMES = RESOURCES / "gene_sets" / "themes.tsv"


@dataclass(frozen=True, slots=True)
class GeneSetSource:
    """A shipped gene set: name, title, where its genes come from and under which licence."""

    pathway: str
    title: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file the run read: path as given, digest with its algorithm, size in bytes."""

    path: str
    digest: str
    size: int


def gene_set_sources() -> list[GeneSetSource]:
    """Sources of the shipped gene sets, in the order of their table."""
    with open_text(THEMES) as handle:
        return [
            GeneSetSource(row["pathway"], row["title"], row["source"], row["licence"])
            for row in csv.DictReader(handle, delimiter="\t")
        ]


def read_input_files(path: Path) -> list[InputFile]:
    """Input files that the check of the run noted; empty where it left no list.

    Raises:
        InputError: the list is there but is not what the check writes.
    """
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [InputFile(item["path"], item["digest"], item["size"]) for item in found]
    except (ValueError, KeyError, TypeError) as error:
        message = "is not a list of files with path, digest and size"
        raise InputError(
            Problem(str(path), "", "", message, "Run the check of inputs again.")
        ) from error


def own_files(files: Sequence[InputFile], patient: str) -> list[InputFile]:
    """The patient's files, then the reference; files of other patients stay off the page.

    A file is the patient's when the pseudonym stands in its path as a word of its own.
    """
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(patient)}(?![A-Za-z0-9])")
    own = [file for file in files if word.search(file.path)]
    return own + [file for file in files if file not in own and _is_reference(file.path)]


def _is_reference(path: str) -> bool:
    return path.lower().removesuffix(".gz").endswith(REFERENCE_ENDINGS)
