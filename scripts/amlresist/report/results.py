"""Every station table of one patient, read once; a table that is not there stays absent."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
from amlresist.evidence.records import Evidence, MechanismSummary
from amlresist.expression.records import ExpressionChange, PathwayChange
from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair
from amlresist.mirna.records import MirnaChange, MirnaQc
from amlresist.tables import read_table
from amlresist.variants.records import CloneShare, PairSummary, VariantChange

Record = TypeVar("Record")

# Record -> (station, file name): what the pages read.
TABLES: Mapping[type, tuple[str, str]] = {
    VariantChange: ("variants", "variants.tsv"),
    PairSummary: ("variants", "variant_summary.tsv"),
    CloneShare: ("variants", "clones.tsv"),
    ItdLibrary: ("flt3_itd", "flt3_itd.tsv"),
    ItdClone: ("flt3_itd", "flt3_itd_clones.tsv"),
    ItdPair: ("flt3_itd", "flt3_itd_pairs.tsv"),
    MirnaChange: ("mirna", "mirna_change.tsv"),
    MirnaQc: ("mirna", "mirna_qc.tsv"),
    ExpressionChange: ("expression", "expression_change.tsv"),
    PathwayChange: ("expression", "pathways.tsv"),
    Evidence: ("evidence", "evidence.tsv"),
    MechanismSummary: ("evidence", "mechanisms.tsv"),
    AlignmentQc: ("alignment_qc", "alignment_qc.tsv"),
    GeneCoverage: ("alignment_qc", "gene_coverage.tsv"),
    PairIdentity: ("alignment_qc", "pair_identity.tsv"),
}
# Station -> what a reader calls it, in the order of the pages.
STATIONS: Mapping[str, str] = {
    "alignment_qc": "Alignment quality",
    "variants": "DNA variants",
    "flt3_itd": "FLT3-ITD",
    "mirna": "miRNA",
    "expression": "Gene expression and pathways",
    "evidence": "Evidence",
}
FAILURE_NOTE = "failed.txt"


@dataclass(frozen=True, slots=True)
class PatientResults:
    """The tables of one patient.

    Attributes:
        patient: pseudonym.
        tables: record -> its rows, only for tables that exist.
        failed: station -> why it has no result, in words.
        figures: library -> SVG text drawn by the FLT3-ITD station.
    """

    patient: str
    tables: Mapping[type, list[Any]]
    failed: Mapping[str, str]
    figures: Mapping[str, str]

    def of(self, record: type[Record]) -> list[Record]:
        """Rows of a table; empty when the table is not there."""
        return cast("list[Record]", self.tables.get(record, []))

    def assessed(self, record: type) -> bool:
        """Whether the table exists, be it empty."""
        return record in self.tables

    def ran(self, station: str) -> bool:
        """Whether the station left any of its tables."""
        return any(TABLES[record][0] == station for record in self.tables)


def read_results(folder: Path, patient: str, planned: tuple[str, ...] = ()) -> PatientResults:
    """Read what the stations left in `results/{patient}`.

    A station has failed when it left a `failed.txt` with the reason, or when it was planned and
    its tables are missing.

    Raises:
        InputError: a table is there but cannot be read.
    """
    tables = {
        record: read_table(folder / station / name, record)
        for record, (station, name) in TABLES.items()
        if (folder / station / name).is_file()
    }
    present = {TABLES[record][0] for record in tables}
    failed = {
        station: "planned, but it left no table"
        for station in STATIONS
        if station in planned and station not in present
    }
    for station in STATIONS:
        note = folder / station / FAILURE_NOTE
        if note.is_file():
            failed[station] = " ".join(note.read_text(encoding="utf-8").split()) or "no reason left"
    return PatientResults(patient, tables, failed, _figures(folder))


def _figures(folder: Path) -> dict[str, str]:
    return {
        path.stem.removeprefix("flt3_itd_"): path.read_text(encoding="utf-8")
        for path in sorted((folder / "flt3_itd").glob("flt3_itd_*.svg"))
    }
