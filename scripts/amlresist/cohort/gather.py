"""The patients' own tables, one below the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
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


def gathered(
    results: Path, patients: Sequence[str], station: str, name: str, record: type[Row]
) -> list[Row]:
    """Rows of one table over the patients, in their order; patients without the table add none."""
    paths = (results / patient / station / name for patient in patients)
    return [row for path in paths if path.is_file() for row in read_table(path, record)]
