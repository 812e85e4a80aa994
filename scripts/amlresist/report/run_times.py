"""How long each station took per patient, from the workflow's benchmark tables."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amlresist.errors import InputError, Problem


@dataclass(frozen=True, slots=True)
class RunTime:
    """Jobs of one station for one patient: wall-clock seconds in all, highest memory in MB."""

    patient: str
    station: str
    jobs: int
    seconds: float
    max_rss: float


@dataclass(frozen=True, slots=True)
class StationTime:
    """Jobs of one station over all patients.

    Attributes:
        processor: processor seconds in all; unlike wall-clock seconds they do not depend on what
            else the machine did.
        seconds: wall-clock seconds in all.
        longest: wall-clock seconds of the longest job.
        max_rss: highest memory of a job, MB.
    """

    station: str
    jobs: int
    processor: float
    seconds: float
    longest: float
    max_rss: float


@dataclass(frozen=True, slots=True)
class _Job:
    seconds: float
    processor: float
    max_rss: float


def station_times(folder: Path, patients: Iterable[str]) -> list[StationTime]:
    """Run times of all rules below `folder`, the longest first; jobs still running are missing.

    Raises:
        InputError: a benchmark table does not have the columns `s`, `cpu_time` and `max_rss`.
    """
    names = set(patients)
    jobs: dict[str, list[_Job]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        parts = path.relative_to(folder).with_suffix("").parts
        own = parts[1:] if parts[0] in names else parts
        # Of one rule's jobs, one per library lies in a folder of the station's name.
        name = own[0] if parts[0] in names else " ".join(own)
        jobs.setdefault(name, []).extend(_read(path))
    rows = [
        StationTime(
            name,
            len(own),
            sum(job.processor for job in own),
            sum(job.seconds for job in own),
            max(job.seconds for job in own),
            max(job.max_rss for job in own),
        )
        for name, own in jobs.items()
        if own
    ]
    return sorted(rows, key=lambda row: (-row.seconds, row.station))


def run_times(folder: Path, patients: Iterable[str]) -> list[RunTime]:
    """Run times under `folder/{patient}`; a station's jobs may lie in a folder of its name.

    Raises:
        InputError: a benchmark table does not have the columns `s`, `cpu_time` and `max_rss`.
    """
    return [row for patient in patients for row in _of_patient(folder / patient, patient)]


def _of_patient(folder: Path, patient: str) -> list[RunTime]:
    jobs: dict[str, list[_Job]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        station = path.relative_to(folder).parts[0].removesuffix(".tsv")
        jobs.setdefault(station, []).extend(_read(path))
    return [
        RunTime(
            patient,
            station,
            len(own),
            sum(job.seconds for job in own),
            max(job.max_rss for job in own),
        )
        for station, own in sorted(jobs.items())
        if own
    ]


def _read(path: Path) -> list[_Job]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = csv.DictReader(handle, delimiter="\t")
            return [
                _Job(_number(row["s"]), _number(row["cpu_time"]), _number(row["max_rss"]))
                for row in rows
            ]
    except (KeyError, ValueError) as error:
        message = "is not a benchmark table with the columns s, cpu_time and max_rss"
        raise InputError(
            Problem(str(path), "", "", message, "Give the folder of benchmarks.")
        ) from error


def _number(text: str) -> float:
    """A measured value; jobs too short to be measured have NA or -."""
    return 0.0 if text in {"NA", "-", ""} else float(text)
