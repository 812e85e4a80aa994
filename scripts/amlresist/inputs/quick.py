"""What takes no time: whether files exist, can be read, and are not the same file twice."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from amlresist.inputs.findings import Finding, Findings
from amlresist.plan import PATH_SETTINGS, Plan
from amlresist.reference.builds import BUILDS
from amlresist.sheet import Assay, Library

FILE_COLUMNS = ("fq1", "fq2", "bam", "given", "targets")
# A BED or a joint call set may serve several libraries; reads may not.
READ_COLUMNS = frozenset({"fq1", "fq2", "bam"})
DEFAULT_BUILD = "GRCh38"


def files_of(library: Library) -> Iterator[tuple[str, str]]:
    """(column, path) of each file a sheet row names."""
    for column in FILE_COLUMNS:
        path = getattr(library, column)
        if path:
            yield column, path


def check_libraries_text(config: Mapping[str, Any], libraries: Iterable[Library]) -> list[Finding]:
    """Every problem that shows without opening a file; quick enough for each start of a run."""
    sheet = str(config.get("samples") or "config/samples.tsv")
    findings = Findings(sheet)
    first_use: dict[tuple[int, int], tuple[Library, str]] = {}
    libraries = tuple(libraries)
    for library in libraries:
        if library.assay is Assay.MIRNA and library.fq2:
            findings.note(
                "second mates of small RNAs are not used",
                "Nothing to do: the first ones read through the insert.",
                f"row {library.row}, column fq2",
                library.fq2,
            )
        for column, path in files_of(library):
            where = f"row {library.row}, column {column}"
            if not (fault := _file_fault(path)):
                if column in READ_COLUMNS:
                    _check_reuse(library, column, path, first_use, findings)
                continue
            findings.stop(
                fault, "Correct the path (paths count from where you start).", where, path
            )
    _check_roles(libraries, first_use, findings)
    return findings.all


def _check_roles(
    libraries: Iterable[Library],
    first_use: Mapping[tuple[int, int], tuple[Library, str]],
    findings: Findings,
) -> None:
    """Stop where a file of reads is also given as a result or as regions."""
    for library in libraries:
        for column, path in files_of(library):
            if column in READ_COLUMNS or _file_fault(path):
                continue
            status = Path(path).stat()
            if owner := first_use.get((status.st_dev, status.st_ino)):
                findings.stop(
                    f"is given as reads in row {owner[0].row}, column {owner[1]}",
                    "Give another file here, or leave the cell empty.",
                    f"row {library.row}, column {column}",
                    path,
                )


MIRNA_REFERENCES = ("matures", "hairpins", "gff3")


def reference_paths(config: Mapping[str, Any]) -> dict[str, str]:
    """Setting -> path of each reference file as the config gives it, "" where it does not."""
    section = config.get("reference") or {}
    return {name: str(section.get(name) or "") for name in PATH_SETTINGS["reference"]}


def needed_reference_paths(
    config: Mapping[str, Any], libraries: Iterable[Library]
) -> dict[str, str]:
    """As `reference_paths`, with "" for miRNA files where no library has small-RNA reads."""
    paths = reference_paths(config)
    if not _has_small_rna_reads(libraries):
        paths |= dict.fromkeys(MIRNA_REFERENCES, "")
    return paths


def _has_small_rna_reads(libraries: Iterable[Library]) -> bool:
    return any(library.assay is Assay.MIRNA and library.fq1 for library in libraries)


def check_reference_paths(config: Mapping[str, Any], libraries: Iterable[Library]) -> list[Finding]:
    """Whether the reference files exist where they are given, and those that are needed are."""
    findings = Findings("config")
    libraries = tuple(libraries)
    paths = needed_reference_paths(config, libraries)
    for name, path in paths.items():
        if path and (fault := _file_fault(path)):
            findings.stop(fault, "Correct the path.", f"reference.{name}", path)
    build = str((config.get("reference") or {}).get("name") or DEFAULT_BUILD)
    if not (paths["fasta"] and paths["annotation"]) and build not in BUILDS:
        findings.stop(
            "build is not known and no genome is given",
            f"Use {' or '.join(BUILDS)}, or give fasta and annotation.",
            "reference.name",
            build,
        )
    if _has_small_rna_reads(libraries):
        for name in ("matures", "hairpins"):
            if not paths[name]:
                findings.stop(
                    "is needed for small-RNA reads", "Give the FASTA.", f"reference.{name}"
                )
    return findings.all


def check_setting_paths(plan: Plan) -> list[Finding]:
    """Whether gene sets, networks, the reference cohort and claims named by path exist."""
    findings = Findings("config")
    for section, name, path in plan.setting_paths():
        if section != "reference" and (fault := _file_fault(path)):
            findings.stop(fault, "Correct the path.", f"{section}.{name}", path)
    return findings.all


def check_names(plan: Plan) -> list[Finding]:
    """Names that differ in case only, and facts about patients that the sheet does not list."""
    findings = Findings(plan.sheet_paths["samples"])
    first: dict[str, str] = {}
    for patient in plan.patients:
        twin = first.setdefault(patient.lower(), patient)
        if twin != patient:
            findings.warn(
                "two patients differ in upper and lower case only",
                "Is it one patient? Their folders are one on some file systems.",
                "column patient",
                f"{twin}, {patient}",
            )
    strangers = sorted({facts.patient for facts in plan.facts} - set(plan.patients))
    if strangers:
        findings.warn(
            f"the patient sheet tells of {len(strangers)} patients that the sample sheet lacks",
            "Is a name spelled differently there? What it tells is not used.",
            plan.sheet_paths["patients"],
            ", ".join(strangers[:5]),
        )
    return findings.all


def _file_fault(path: str) -> str:
    if "://" in path:
        return "is an address: a run of the workflow fetches and checks it; here, fetch it first"
    place = Path(path)
    try:
        if not place.exists():
            return "file does not exist"
        if not place.is_file():
            return "is not a regular file"
    except OSError as error:  # a name that is too long, a folder that may not be read
        return f"file cannot be reached: {error.strerror}"
    if not os.access(path, os.R_OK):
        return "file may not be read by you"
    return ""


def _check_reuse(
    library: Library,
    column: str,
    path: str,
    first_use: dict[tuple[int, int], tuple[Library, str]],
    findings: Findings,
) -> None:
    status = Path(path).stat()
    first, first_column = first_use.setdefault((status.st_dev, status.st_ino), (library, column))
    if first is not library or first_column != column:
        findings.stop(
            f"is the same file as in row {first.row}, column {first_column}",
            "Each library has its own reads.",
            f"row {library.row}, column {column}",
            path,
        )
