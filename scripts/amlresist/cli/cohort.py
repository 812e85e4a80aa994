"""Gather the patients' tables into cohort tables."""

import argparse
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from amlresist.alignment_qc.genotypes import best_matches
from amlresist.alignment_qc.records import BestMatch, Genotype
from amlresist.cohort.dispersion import expression_changes_of_cohort, mirna_changes_of_cohort
from amlresist.cohort.gather import KEPT, by_patient, read_outline
from amlresist.cohort.gene_changes import gene_changes, review_expectations
from amlresist.cohort.itd_recurrence import carried_over_itds, recurrent_itds
from amlresist.cohort.patients import patient_statuses
from amlresist.cohort.records import (
    GeneChange,
    ItdCarryOver,
    ItdRecurrence,
    PatientStatus,
    ReviewExpectation,
)
from amlresist.evidence.settings import Settings
from amlresist.expression.records import ExpressionChange
from amlresist.expression.settings import Settings as ExpressionSettings
from amlresist.mirna.records import MirnaChange
from amlresist.settings import load
from amlresist.tables import write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist cohort`."""
    parser.add_argument("--results", required=True, help="folder with the patients' folders")
    parser.add_argument("--patients", required=True, nargs="+", help="pseudonyms of the patients")
    parser.add_argument("--out-dir", required=True, help="folder of the tables to write")
    parser.add_argument("--settings", default="", metavar="JSON", help="values of `evidence`")
    parser.add_argument(
        "--expression-settings", default="", metavar="JSON", help="values of `expression`"
    )


def main(arguments: argparse.Namespace) -> None:
    """Write every cohort table."""
    settings = load(Settings, "evidence", arguments.settings)
    results, out = Path(arguments.results), Path(arguments.out_dir)
    patients = sorted(set(arguments.patients))
    expression = load(ExpressionSettings, "expression", arguments.expression_settings)
    for station, name, record in KEPT:
        read: Callable[[], Any] = partial(by_patient, results, patients, station, name, record)
        rows: Iterable[Any] = chain.from_iterable(read())
        if record is MirnaChange:
            rows = mirna_changes_of_cohort(read)
        elif record is ExpressionChange:
            rows = expression_changes_of_cohort(read, expression.minimum_log2_change)
        write_table(out / name, record, rows)
    cohort = [read_outline(patient, results / patient) for patient in patients]
    clones = [clone for tables in cohort for clone in tables.itd_clones or ()]
    write_table(out / "patients.tsv", PatientStatus, patient_statuses(results, cohort))
    write_table(out / "gene_changes.tsv", GeneChange, gene_changes(cohort, settings))
    expectations = review_expectations(cohort, settings)
    write_table(out / "review_expectation.tsv", ReviewExpectation, expectations)
    write_table(out / "itd_recurrence.tsv", ItdRecurrence, recurrent_itds(clones))
    write_table(out / "itd_carry_over.tsv", ItdCarryOver, carried_over_itds(clones))
    genotypes = by_patient(results, patients, "alignment_qc", "genotypes.tsv", Genotype)
    write_table(out / "best_matches.tsv", BestMatch, best_matches(genotypes))
