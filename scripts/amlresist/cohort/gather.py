"""The patients' own tables, one below the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
from amlresist.evidence.measurements import PatientTables, read_patient_tables
from amlresist.evidence.records import Evidence, Flt3Npm1, MechanismSummary
from amlresist.expression.records import ExpressionChange, PathwayChange
from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair
from amlresist.mirna.records import MirnaChange, MirnaQc
from amlresist.tables import read_table
from amlresist.variants.records import CloneShare, PairSummary, VariantChange

Row = TypeVar("Row")
# (station, file, record) of every table that the cohort keeps whole.
KEPT: tuple[tuple[str, str, type], ...] = (
    ("alignment_qc", "alignment_qc.tsv", AlignmentQc),
    ("alignment_qc", "gene_coverage.tsv", GeneCoverage),
    ("alignment_qc", "pair_identity.tsv", PairIdentity),
    ("variants", "variants.tsv", VariantChange),
    ("variants", "variant_summary.tsv", PairSummary),
    ("variants", "clones.tsv", CloneShare),
    ("flt3_itd", "flt3_itd.tsv", ItdLibrary),
    ("flt3_itd", "flt3_itd_clones.tsv", ItdClone),
    ("flt3_itd", "flt3_itd_pairs.tsv", ItdPair),
    ("mirna", "mirna_change.tsv", MirnaChange),
    ("mirna", "mirna_qc.tsv", MirnaQc),
    ("expression", "expression_change.tsv", ExpressionChange),
    ("expression", "pathways.tsv", PathwayChange),
    ("evidence", "evidence.tsv", Evidence),
    ("evidence", "evidence_beyond_review.tsv", Evidence),
    ("evidence", "evidence_own_claims.tsv", Evidence),
    ("evidence", "mechanisms.tsv", MechanismSummary),
    ("evidence", "flt3_npm1.tsv", Flt3Npm1),
)


def by_patient(
    results: Path, patients: Sequence[str], station: str, name: str, record: type[Row]
) -> Iterator[list[Row]]:
    """Rows of one table, patient by patient; those without the table are passed over.

    One patient is held at a time: tables with a row per gene add up to gigabytes in a cohort.
    """
    for patient in patients:
        path = results / patient / station / name
        if path.is_file():
            yield read_table(path, record)


def gathered(
    results: Path, patients: Sequence[str], station: str, name: str, record: type[Row]
) -> list[Row]:
    """Rows of one table over the patients, in their order; patients without the table add none."""
    return list(chain.from_iterable(by_patient(results, patients, station, name, record)))


def read_outline(patient: str, folder: Path) -> PatientTables:
    """A patient's tables; of those with a row per gene or miRNA one row per time point or pair."""
    tables = read_patient_tables(patient, folder)
    return replace(
        tables,
        expression=_one_each(tables.expression, "timepoint"),
        expression_change=_one_each(tables.expression_change, "comparison"),
        mirna_change=_one_each(tables.mirna_change, "comparison"),
    )


def _one_each(rows: Sequence[Row] | None, column: str) -> tuple[Row, ...] | None:
    return None if rows is None else tuple({getattr(r, column): r for r in rows}.values())
