"""Every station table of one patient, read once; a table that is not there stays absent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
from amlresist.cohort.patients import DONE, FAILED, NOT_RUN, station_state
from amlresist.evidence.records import Evidence, Flt3Npm1, MechanismSummary
from amlresist.expression.records import ExpressionChange, ExpressionLibrary, PathwayChange
from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair
from amlresist.mirna.records import MirnaChange, MirnaCount, MirnaQc
from amlresist.tables import read_table
from amlresist.variants.records import CloneShare, PairSummary, VariantChange

Record = TypeVar("Record")
BEYOND_REVIEW = "evidence_beyond_review.tsv"
OWN_CLAIMS = "evidence_own_claims.tsv"

# File name -> (station, record): what the pages read, in the order they offer it.
TABLES: Mapping[str, tuple[str, type]] = {
    "variants.tsv": ("variants", VariantChange),
    "variant_summary.tsv": ("variants", PairSummary),
    "clones.tsv": ("variants", CloneShare),
    "flt3_itd.tsv": ("flt3_itd", ItdLibrary),
    "flt3_itd_clones.tsv": ("flt3_itd", ItdClone),
    "flt3_itd_pairs.tsv": ("flt3_itd", ItdPair),
    "flt3_npm1.tsv": ("evidence", Flt3Npm1),
    "mirna_change.tsv": ("mirna", MirnaChange),
    "mirna_qc.tsv": ("mirna", MirnaQc),
    "expression_change.tsv": ("expression", ExpressionChange),
    "expression_qc.tsv": ("expression", ExpressionLibrary),
    "pathways.tsv": ("expression", PathwayChange),
    "evidence.tsv": ("evidence", Evidence),
    BEYOND_REVIEW: ("evidence", Evidence),
    OWN_CLAIMS: ("evidence", Evidence),
    "mechanisms.tsv": ("evidence", MechanismSummary),
    "alignment_qc.tsv": ("alignment_qc", AlignmentQc),
    "gene_coverage.tsv": ("alignment_qc", GeneCoverage),
    "pair_identity.tsv": ("alignment_qc", PairIdentity),
}
# Record -> the file it is read from when no other is named.
FILES: Mapping[type, str] = {TABLES[name][1]: name for name in reversed(list(TABLES))}
# Station -> what a reader calls it, in the order of the pages.
STATIONS: Mapping[str, str] = {
    "alignment_qc": "Alignment quality",
    "variants": "DNA variants",
    "flt3_itd": "FLT3-ITD",
    "mirna": "miRNA",
    "expression": "Gene expression and pathways",
    "evidence": "Evidence",
}

# Files for other programs, in the order of the page's links.
LINKED = (
    "variants/variants.vcf.gz",
    "variants/variants.maf",
    "flt3_itd/flt3_itd.vcf",
    "evidence/evidence.json",
)


@dataclass(frozen=True, slots=True)
class PatientResults:
    """The tables of one patient.

    Attributes:
        patient: pseudonym.
        tables: file name -> its rows, only for files that exist.
        states: station -> done, failed or not_run.
        figures: library -> SVG text drawn by the FLT3-ITD station.
        beside: files that are not shown but linked, relative to the patient's folder.
        look_alikes: miRNA -> others that its reads cannot well be told from in any library.
    """

    patient: str
    tables: Mapping[str, list[Any]]
    states: Mapping[str, str]
    figures: Mapping[str, str]
    beside: tuple[str, ...] = ()
    look_alikes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, record: type[Record], name: str = "") -> list[Record]:
        """Rows of a table; empty when the table is not there."""
        return cast("list[Record]", self.tables.get(name or FILES[record], []))

    def assessed(self, record: type) -> bool:
        """Whether the record's table exists, be it empty."""
        return FILES[record] in self.tables

    def ran(self, station: str) -> bool:
        """Whether the station finished."""
        return self.states[station] == DONE

    @property
    def failed(self) -> list[str]:
        """Stations that began or had to run and left no table."""
        return [station for station in STATIONS if self.states[station] == FAILED]


def read_results(folder: Path, patient: str, planned: tuple[str, ...] = ()) -> PatientResults:
    """Read what the stations left in `results/{patient}`.

    A station counts as failed when it left traces but no table, or when it was `planned` and has
    no table.

    Raises:
        InputError: a table is there but cannot be read.
    """
    found = read_overview(folder, patient, FILES)
    states = dict(found.states)
    for station in planned:
        if states.get(station) == NOT_RUN:
            states[station] = FAILED
    beside = tuple(name for name in LINKED if (folder / name).is_file())
    alike = look_alikes(folder / "mirna" / "mirna_counts.tsv")
    return PatientResults(patient, found.tables, states, _figures(folder), beside, alike)


def read_overview(folder: Path, patient: str, records: Collection[type]) -> PatientResults:
    """Tables of some records alone: a cohort has no room for rows per gene, nor for pictures.

    Raises:
        InputError: a table is there but cannot be read.
    """
    tables: dict[str, list[Any]] = {
        name: read_table(folder / station / name, record)
        for name, (station, record) in TABLES.items()
        if record in records and (folder / station / name).is_file()
    }
    states = {name: station_state(folder.parent, folder.name, name) for name in STATIONS}
    return PatientResults(patient, tables, states, {})


def look_alikes(counts: Path) -> dict[str, tuple[str, ...]]:
    """miRNA -> others that its reads cannot well be told from, over all libraries."""
    rows = read_table(counts, MirnaCount) if counts.is_file() else []
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.cannot_tell_from:
            found.setdefault(row.mirna, set()).update(row.cannot_tell_from)
    return {name: tuple(sorted(others)) for name, others in found.items()}


def _figures(folder: Path) -> dict[str, str]:
    return {
        path.stem.removeprefix("flt3_itd_"): path.read_text(encoding="utf-8")
        for path in sorted((folder / "flt3_itd").glob("flt3_itd_*.svg"))
    }
