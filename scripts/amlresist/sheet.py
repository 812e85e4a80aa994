"""The sample sheet and the patient sheet: one row per library, one row per patient and time point.

Only what can be told from the text is checked here; whether files exist and are sound is the
business of `amlresist.inputs`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from amlresist.errors import InputError, Problem
from amlresist.files import open_text


class Assay(StrEnum):
    """What a library was made from."""

    DNA = "dna"
    RNA = "rna"
    MIRNA = "mirna"


class Capture(StrEnum):
    """How the library's fragments were chosen."""

    AMPLICON = "amplicon"
    PANEL = "panel"
    EXOME = "exome"
    GENOME = "genome"


class GivenKind(StrEnum):
    """What a given result is, told from its file name."""

    VCF = "vcf"
    MAF = "maf"
    TABLE = "table"


NORMAL = "normal"
DIAGNOSIS = "diagnosis"
REMISSION = "remission"
_TIMEPOINT = re.compile(r"(diagnosis|relapse|remission|normal)([1-9][0-9]*)?")
_TIMEPOINT_ORDER = {DIAGNOSIS: 0, REMISSION: 1, "relapse": 2, NORMAL: 3}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x1f\x7f`$;|&<>\"'\\*?!]")
# Folders beside the patients' in the results.
RESERVED_NAMES = frozenset({"cohort", "reference", "inputs", "logs", "benchmarks"})
# Columns of words that mean the same in upper and lower case.
_WORD_COLUMNS = frozenset({"timepoint", "assay", "capture", "sex"})
REQUIRED_COLUMNS = ("patient", "timepoint", "assay")
OPTIONAL_COLUMNS = (
    "sample",
    "fq1",
    "fq2",
    "bam",
    "given",
    "capture",
    "targets",
    "read_group_library",
    "read_group_platform",
    "read_group_unit",
)
PATIENT_COLUMNS = (
    "patient",
    "timepoint",
    "blast_fraction",
    "sex",
    "transplant_before",
    "flt3_inhibitor_before",
)


@dataclass(frozen=True, slots=True)
class Library:
    """One row of the sample sheet.

    Attributes:
        patient: pseudonym.
        timepoint: `diagnosis`, `relapse`, `relapse2`, `remission`, `normal`.
        sample: name of the library, unique in the sheet; by default
            `{patient}_{timepoint}_{assay}`.
        fq1, fq2, bam, given: paths as written, "" where not given. `given` is a result made
            elsewhere: VCF/BCF, MAF, or a table of counts or expression.
        capture: how fragments were chosen; None where the sheet does not say.
        targets: BED of the captured regions, "" where not given.
        row: line number in the sheet, 1-based with the header as line 1.
    """

    patient: str
    timepoint: str
    assay: Assay
    sample: str
    fq1: str
    fq2: str
    bam: str
    given: str
    capture: Capture | None
    targets: str
    read_group_library: str
    read_group_platform: str
    read_group_unit: str
    row: int

    @property
    def has_reads(self) -> bool:
        """Whether reads (FASTQ, BAM or CRAM) are given."""
        return bool(self.fq1 or self.bam)

    @property
    def given_kind(self) -> GivenKind | None:
        """Kind of the given result, None when there is none."""
        if not self.given:
            return None
        name = self.given.lower().removesuffix(".gz").removesuffix(".bgz")
        if name.endswith((".vcf", ".bcf")):
            return GivenKind.VCF
        return GivenKind.MAF if name.endswith(".maf") else GivenKind.TABLE


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """One row of the patient sheet: what is known of a patient at a time point.

    Attributes:
        blast_fraction: share of leukemic cells, 0 to 1; None when unknown.
        sex: `female`, `male` or "".
        transplant_before: an allogeneic transplant happened before this time point.
        flt3_inhibitor_before: a FLT3 inhibitor was given before this time point.
    """

    patient: str
    timepoint: str
    blast_fraction: float | None
    sex: str
    transplant_before: bool | None
    flt3_inhibitor_before: bool | None


def timepoint_rank(timepoint: str) -> tuple[int, int]:
    """Sort key: diagnosis, remission, relapse, relapse2, ..., normal last."""
    match = _TIMEPOINT.fullmatch(timepoint)
    if match is None:
        raise ValueError(f"not a time point: {timepoint}")
    return _TIMEPOINT_ORDER[match[1]], int(match[2] or 1)


def comparisons(timepoints: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs (before, after): diagnosis against each relapse, then each relapse with the next.

    Remission and normal samples are no end of a comparison.
    """
    relapses = sorted({t for t in timepoints if t.startswith("relapse")}, key=timepoint_rank)
    from_diagnosis = [(DIAGNOSIS, t) for t in relapses] if DIAGNOSIS in set(timepoints) else []
    return from_diagnosis + list(pairwise(relapses))


def read_libraries(path: Path | str) -> list[Library]:
    """Read the sample sheet (TSV; any line ends; BOM and surrounding blanks tolerated).

    Raises:
        InputError: with every problem of the sheet, by row and column.
    """
    rows, problems = _read_rows(path, REQUIRED_COLUMNS, OPTIONAL_COLUMNS)
    libraries = []
    for number, row in rows:
        row_problems = _library_problems(path, number, row)
        problems += row_problems
        if not row_problems:
            libraries.append(_library(number, row))
    problems += _duplicate_problems(path, libraries)
    if problems:
        raise InputError(problems)
    return sorted(
        libraries,
        key=lambda lib: (lib.patient, timepoint_rank(lib.timepoint), lib.assay, lib.sample),
    )


def read_patient_facts(path: Path | str) -> dict[tuple[str, str], PatientFacts]:
    """Read the patient sheet: (patient, timepoint) -> facts.

    Raises:
        InputError: with every problem of the sheet, by row and column.
    """
    rows, problems = _read_rows(path, PATIENT_COLUMNS[:2], PATIENT_COLUMNS[2:])
    facts: dict[tuple[str, str], PatientFacts] = {}
    for number, row in rows:
        row_problems = _facts_problems(path, number, row)
        if (row["patient"], row["timepoint"]) in facts:
            row_problems.append(
                _cell(
                    path,
                    number,
                    "patient",
                    row["patient"],
                    "patient and time point are listed twice",
                    "Keep one row.",
                )
            )
        problems += row_problems
        if not row_problems:
            facts[row["patient"], row["timepoint"]] = PatientFacts(
                patient=row["patient"],
                timepoint=row["timepoint"],
                blast_fraction=float(row["blast_fraction"]) if row["blast_fraction"] else None,
                sex=row["sex"],
                transplant_before=_TRI_STATE[row["transplant_before"].lower()],
                flt3_inhibitor_before=_TRI_STATE[row["flt3_inhibitor_before"].lower()],
            )
    problems += _contradictions(path, facts.values())
    if problems:
        raise InputError(problems)
    return facts


def _contradictions(path: Path | str, facts: Iterable[PatientFacts]) -> list[Problem]:
    """Facts of one patient that cannot both be: two sexes, a transplant that is undone."""
    sexes: dict[str, set[str]] = defaultdict(set)
    transplanted: set[str] = set()
    problems = []
    for row in sorted(facts, key=lambda facts: timepoint_rank(facts.timepoint)):
        sexes[row.patient] |= {row.sex} - {""}
        if row.transplant_before:
            transplanted.add(row.patient)
        elif row.transplant_before is False and row.patient in transplanted:
            where = f"patient {row.patient}, column transplant_before"
            message = "no transplant, though there was one before an earlier time point"
            remedy = "Correct the earlier or the later row."
            problems.append(Problem(str(path), where, row.timepoint, message, remedy))
    for patient in sorted(patient for patient, found in sexes.items() if len(found) > 1):
        message, remedy = "patient has two sexes", "Correct one of the rows."
        where = f"patient {patient}, column sex"
        problems.append(Problem(str(path), where, "female, male", message, remedy))
    return problems


_TRI_STATE = {"": None, "yes": True, "true": True, "no": False, "false": False}


def _read_rows(
    path: Path | str, required: Sequence[str], optional: Sequence[str]
) -> tuple[list[tuple[int, dict[str, str]]], list[Problem]]:
    if not Path(path).is_file():
        raise InputError(
            Problem(str(path), "", "", "sheet not found", "Create it or correct the path.")
        )
    with open_text(path) as handle:
        lines = handle.read().split("\n")
    header = [_unquoted(name).lower() for name in lines[0].rstrip("\t").split("\t")]
    remedy = f"Needed: {', '.join(required)}. Optional: {', '.join(optional)}."
    problems = [
        Problem(str(path), "header", name, "column is missing", remedy)
        for name in required
        if name not in header
    ]
    problems += [
        Problem(str(path), "header", name, "column is not known", remedy)
        for name in header
        if name not in (*required, *optional)
    ]
    problems += [
        Problem(str(path), "header", name, "column is named twice", "Keep one.")
        for name, count in Counter(header).items()
        if count > 1
    ]
    if problems:
        raise InputError(problems)
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [_unquoted(cell) for cell in line.split("\t")]
        if any(cells[len(header) :]):
            problems.append(
                Problem(
                    str(path),
                    f"row {number}",
                    line,
                    "more cells than columns",
                    "Remove the extra tab.",
                )
            )
            continue
        values = dict.fromkeys((*required, *optional), "")
        values.update(zip(header, cells, strict=False))
        rows.append((number, {name: _value(name, cell) for name, cell in values.items()}))
    if not rows and not problems:
        raise InputError(Problem(str(path), "", "", "sheet has no rows", "List at least one row."))
    return rows, problems


def _value(name: str, cell: str) -> str:
    if cell in {"NA", "."}:
        return ""
    return cell.lower() if name in _WORD_COLUMNS else cell


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _library(number: int, row: dict[str, str]) -> Library:
    default_name = f"{row['patient']}_{row['timepoint']}_{row['assay']}"
    return Library(
        **{k: v for k, v in row.items() if k not in {"assay", "sample", "capture"}},
        assay=Assay(row["assay"]),
        sample=row["sample"] or default_name,
        capture=Capture(row["capture"]) if row["capture"] else None,
        row=number,
    )


def _library_problems(path: Path | str, number: int, row: dict[str, str]) -> list[Problem]:
    problems = [
        _cell(
            path,
            number,
            name,
            row[name],
            "name may only have letters, digits, '_', '.', '-'",
            "Use a pseudonym of up to 64 such characters that starts with a letter or digit.",
        )
        for name in ("patient", "sample")
        if (row[name] or name == "patient") and not _NAME.fullmatch(row[name])
    ]
    if row["patient"].lower() in RESERVED_NAMES:
        message = "name is that of a folder of the results"
        remedy = "Use another pseudonym."
        problems.append(_cell(path, number, "patient", row["patient"], message, remedy))
    problems += _timepoint_problems(path, number, row)
    problems += _choice_problems(path, number, row, "assay", Assay, required=True)
    problems += _choice_problems(path, number, row, "capture", Capture, required=False)
    problems += [
        _cell(path, number, name, row[name], *fault)
        for name in ("fq1", "fq2", "bam", "given", "targets")
        if (fault := path_fault(row[name]))
    ]
    problems += _source_problems(path, number, row)
    return problems


def path_fault(path: str) -> tuple[str, str] | None:
    """(what is wrong with a path as written, remedy); None when nothing is."""
    if "://" in path and "?" in path:
        # A signature is for one request, and Snakemake asks for a file's date before it fetches it.
        remedy = "Fetch it (curl --output FILE 'ADDRESS') and give the path of the file."
        return "signed address cannot be used here", remedy
    if unsafe := _UNSAFE_IN_PATH.search(path):
        remedy = "Rename the file or link to it under a plain name."
        return f"path has the character {unsafe[0]!r}", remedy
    if path.startswith(("-", "~")):
        return "path starts with '-' or '~'", "Write ./ before it, or the whole path."
    return None


def _source_problems(path: Path | str, number: int, row: dict[str, str]) -> list[Problem]:
    sources = [name for name in ("fq1", "bam", "given") if row[name]]
    problems = []
    if not sources:
        problems.append(
            _cell(
                path, number, "fq1", "", "library has no input", "Give fq1 (and fq2), bam or given."
            )
        )
    if "fq1" in sources and "bam" in sources:
        problems.append(
            _cell(path, number, "bam", row["bam"], "library has FASTQ and BAM", "Give one of them.")
        )
    if row["bam"] and row["assay"] == Assay.MIRNA:
        message = "small-RNA reads are not read from a BAM"
        remedy = "Give fq1, untrimmed, or a matrix of counts in given."
        problems.append(_cell(path, number, "bam", row["bam"], message, remedy))
    if row["fq2"] and not row["fq1"]:
        problems.append(_cell(path, number, "fq2", row["fq2"], "fq2 without fq1", "Give fq1 too."))
    if row["fq2"] and row["fq2"] == row["fq1"]:
        problems.append(
            _cell(
                path,
                number,
                "fq2",
                row["fq2"],
                "fq1 and fq2 are the same file",
                "Give the second mate file.",
            )
        )
    return problems


def _choice_problems(
    path: Path | str,
    number: int,
    row: dict[str, str],
    name: str,
    choices: type[StrEnum],
    *,
    required: bool,
) -> list[Problem]:
    if row[name] in set(choices) or (not required and not row[name]):
        return []
    return [
        _cell(
            path,
            number,
            name,
            row[name],
            f"{name} is not known",
            f"Use one of {', '.join(choices)}.",
        )
    ]


def _timepoint_problems(path: Path | str, number: int, row: dict[str, str]) -> list[Problem]:
    if _TIMEPOINT.fullmatch(row["timepoint"]):
        return []
    message = "time point is not known"
    remedy = "Use diagnosis, relapse, relapse2 ..., remission or normal."
    return [_cell(path, number, "timepoint", row["timepoint"], message, remedy)]


def _facts_problems(path: Path | str, number: int, row: dict[str, str]) -> list[Problem]:
    problems = _timepoint_problems(path, number, row)
    if row["blast_fraction"] and not _is_fraction(row["blast_fraction"]):
        problems.append(
            _cell(
                path,
                number,
                "blast_fraction",
                row["blast_fraction"],
                "blast fraction is not in (0, 1]",
                "Write 85 % as 0.85; leave it empty when unknown.",
            )
        )
    if row["sex"] not in {"", "female", "male"}:
        problems.append(
            _cell(
                path,
                number,
                "sex",
                row["sex"],
                "sex is not known",
                "Use female, male or leave empty.",
            )
        )
    problems += [
        _cell(path, number, name, row[name], "expected yes, no or nothing", "Correct the cell.")
        for name in ("transplant_before", "flt3_inhibitor_before")
        if row[name].lower() not in _TRI_STATE
    ]
    return problems


def _is_fraction(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False


def _duplicate_problems(path: Path | str, libraries: Sequence[Library]) -> list[Problem]:
    problems = []
    for what, key in (
        ("sample name", lambda lib: lib.sample),
        (
            "patient, time point and assay",  # relapse and relapse1 are one time point
            lambda lib: (lib.patient, timepoint_rank(lib.timepoint), lib.assay),
        ),
    ):
        seen: dict[object, Library] = {}
        for library in libraries:
            first = seen.setdefault(key(library), library)
            if first is not library:
                problems.append(
                    _cell(
                        path,
                        library.row,
                        "sample",
                        library.sample,
                        f"{what} already used in row {first.row}",
                        "Merge lanes before, or give each library its own name.",
                    )
                )
    return problems


def _cell(path: Path | str, row: int, name: str, value: str, message: str, remedy: str) -> Problem:
    return Problem(str(path), f"row {row}, column {name}", value, message, remedy)
