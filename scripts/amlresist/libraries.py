"""What a station is told about the libraries it works on: a JSON list from a rule, or words.

A rule passes `--libraries '[{"sample": ..., "timepoint": ..., "paths": [...]}]'`; a person writes
`--library diagnosis=dx.bam --library relapse=rel.bam`.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from amlresist.errors import InputError, Problem
from amlresist.inputs.bam_index import require_sound_index
from amlresist.sheet import Assay, Capture, Library, PatientFacts, timepoint_rank


@dataclass(frozen=True, slots=True)
class LibraryInput:
    """One library as a station sees it.

    Attributes:
        sample: name of the library.
        timepoint: `diagnosis`, `relapse`, ...
        assay: `dna`, `rna` or `mirna`.
        capture: `amplicon`, `panel`, `exome`, `genome` or "" when not said.
        paths: one BAM or CRAM, one or two FASTQs, or one given result.
        targets: BED of the captured regions, "" where not given.
        given: the path is a result made elsewhere (VCF, MAF, table), not reads.
        read_group: facts for the @RG line (`library`, `platform`, `unit`), where the sheet has any.
    """

    sample: str
    timepoint: str
    assay: str
    capture: str
    paths: tuple[str, ...]
    targets: str = ""
    given: bool = False
    read_group: Mapping[str, str] = field(default_factory=dict)


def to_json(libraries: Iterable[LibraryInput]) -> str:
    """JSON text that `from_json` reads back; stable for equal input."""
    names = [field.name for field in fields(LibraryInput)]
    items = [{name: getattr(library, name) for name in names} for library in libraries]
    return json.dumps(items, sort_keys=True)


def from_json(text: str) -> list[LibraryInput]:
    """Libraries of a rule's JSON text, in the order of time.

    Raises:
        InputError: it is no JSON list of libraries.
    """
    with _json_faults_named("--libraries", text):
        libraries = [_from_mapping(item) for item in json.loads(text)]
    return sorted(libraries, key=lambda lib: (timepoint_rank(lib.timepoint), lib.assay, lib.sample))


def from_sheet(
    library: Library,
    paths: Iterable[str],
    *,
    given: bool = False,
    read_group: Mapping[str, str] | None = None,
) -> LibraryInput:
    """A sheet row whose reads have become `paths` (for instance its BAM)."""
    return LibraryInput(
        sample=library.sample,
        timepoint=library.timepoint,
        assay=library.assay.value,
        capture=library.capture.value if library.capture else "",
        paths=tuple(paths),
        targets=library.targets,
        given=given,
        read_group=dict(read_group or {}),
    )


def add_library_arguments(parser: argparse.ArgumentParser, assay: Assay) -> None:
    """Options with which a command is told its patient and libraries."""
    parser.add_argument("--patient", default="patient", help="pseudonym of the patient")
    parser.add_argument(
        "--library",
        action="append",
        default=[],
        metavar="TIMEPOINT=PATH[,PATH2]",
        help="a library by its time point and file(s); give one per time point",
    )
    parser.add_argument("--libraries", default="", metavar="JSON", help="the same, from a workflow")
    parser.add_argument("--assay", default=assay.value, choices=list(Assay), help="of --library")
    parser.add_argument("--capture", default="", choices=["", *Capture], help="of --library")


def libraries_from(arguments: argparse.Namespace) -> list[LibraryInput]:
    """Libraries named on the command line.

    Raises:
        InputError: none is named, a `--library` has no time point, or the index beside a BAM is
            damaged.
    """
    if arguments.libraries:
        return from_json(arguments.libraries)
    problems = []
    libraries = []
    for text in arguments.library:
        timepoint, _, paths = text.partition("=")
        try:
            timepoint_rank(timepoint)
        except ValueError:
            problems.append(_library_problem(text))
            continue
        libraries.append(
            LibraryInput(
                sample=Path(paths.split(",")[0]).name.split(".")[0],
                timepoint=timepoint,
                assay=str(arguments.assay),
                capture=str(arguments.capture),
                paths=tuple(paths.split(",")),
            )
        )
    if not libraries and not problems:
        problems.append(_library_problem(""))
    if problems:
        raise InputError(problems)
    for library in libraries:  # a workflow's alignments have indexes of its own making
        for path in library.paths:
            require_sound_index(path)
    return sorted(libraries, key=lambda lib: timepoint_rank(lib.timepoint))


def facts_to_json(facts: Iterable[PatientFacts]) -> str:
    """JSON text that `facts_from_json` reads back."""
    return json.dumps([asdict(fact) for fact in facts], sort_keys=True)


def facts_from_json(text: str) -> dict[str, PatientFacts]:
    """Time point -> what is known of the patient then; empty text gives an empty mapping.

    Raises:
        InputError: it is no JSON list of facts.
    """
    with _json_faults_named("--facts", text):
        facts = [PatientFacts(**item) for item in json.loads(text or "[]")]
        for fact in facts:
            timepoint_rank(fact.timepoint)
    return {fact.timepoint: fact for fact in facts}


@contextmanager
def _json_faults_named(option: str, text: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        remedy = "A workflow writes this option; for a person there is --library."
        message = f"is not the JSON expected: {error}"
        raise InputError(Problem(option, "", text, message, remedy)) from error


def _from_mapping(item: Mapping[str, Any]) -> LibraryInput:
    library = LibraryInput(**{**item, "paths": tuple(item["paths"])})
    timepoint_rank(library.timepoint)
    texts = (library.sample, library.assay, library.capture, library.targets, *library.paths)
    if not library.paths or not all(isinstance(text, str) for text in texts):
        raise TypeError("a library has a name, an assay and paths")
    return library


def _library_problem(text: str) -> Problem:
    return Problem(
        "--library",
        "",
        text,
        "expected TIMEPOINT=PATH",
        "For example --library diagnosis=dx.bam --library relapse=rel.bam.",
    )
