"""Gather the patients' tables into cohort tables."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from amlresist.cohort.gather import KEPT, gathered
from amlresist.cohort.gene_changes import gene_changes, review_expectations
from amlresist.cohort.itd_recurrence import recurrent_itds
from amlresist.cohort.patients import patient_statuses
from amlresist.cohort.records import (
    GeneChange,
    ItdRecurrence,
    PatientStatus,
    ReviewExpectation,
)
from amlresist.evidence.measurements import read_patient_tables
from amlresist.evidence.settings import Settings
from amlresist.settings import load
from amlresist.tables import write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist cohort`."""
    parser.add_argument("--results", required=True, help="folder with the patients' folders")
    parser.add_argument("--patients", required=True, nargs="+", help="pseudonyms of the patients")
    parser.add_argument("--out-dir", required=True, help="folder of the tables to write")
    parser.add_argument("--settings", default="", metavar="JSON", help="values of `evidence`")


def main(arguments: argparse.Namespace) -> None:
    """Write every cohort table."""
    settings = load(Settings, "evidence", arguments.settings)
    results, out = Path(arguments.results), Path(arguments.out_dir)
    patients = sorted(set(arguments.patients))
    _write_gathered(results, patients, out)
    cohort = [read_patient_tables(patient, results / patient) for patient in patients]
    clones = [clone for tables in cohort for clone in tables.itd_clones or ()]
    write_table(out / "patients.tsv", PatientStatus, patient_statuses(results, cohort))
    write_table(out / "gene_changes.tsv", GeneChange, gene_changes(cohort, settings))
    expectations = review_expectations(cohort, settings)
    write_table(out / "review_expectation.tsv", ReviewExpectation, expectations)
    write_table(out / "itd_recurrence.tsv", ItdRecurrence, recurrent_itds(clones))


def _write_gathered(results: Path, patients: Sequence[str], out: Path) -> None:
    for station, name, record in KEPT:
        write_table(out / name, record, gathered(results, patients, station, name, record))
