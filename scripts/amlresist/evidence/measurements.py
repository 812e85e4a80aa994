"""A patient's station tables, read once; which comparisons they hold; what identity forbids."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
from amlresist.expression.records import ExpressionChange, GeneExpression, PathwayChange
from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair
from amlresist.mirna.records import MirnaChange, MirnaQc
from amlresist.sheet import DIAGNOSIS, NORMAL, REMISSION, comparisons, timepoint_rank
from amlresist.tables import read_table
from amlresist.variants.records import HotspotCheck, PairSummary, VariantChange

Row = TypeVar("Row")
DIFFERENT_PEOPLE = "different_people"
DNA, RNA = "dna", "rna"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two time points; `before` or `after` is "" for a patient seen once."""

    before: str
    after: str

    @property
    def name(self) -> str:
        """`before>after`, or the one time point."""
        return ">".join(point for point in (self.before, self.after) if point)

    @property
    def is_pair(self) -> bool:
        """Whether there are two time points."""
        return bool(self.before and self.after)


@dataclass(frozen=True, slots=True)
class PatientTables:
    """Every table of one patient the evidence reads; None where the station did not run."""

    patient: str
    variants: tuple[VariantChange, ...] | None = None
    variant_summary: tuple[PairSummary, ...] | None = None
    hotspots: tuple[HotspotCheck, ...] | None = None
    itd_libraries: tuple[ItdLibrary, ...] | None = None
    itd_clones: tuple[ItdClone, ...] | None = None
    itd_pairs: tuple[ItdPair, ...] | None = None
    mirna_change: tuple[MirnaChange, ...] | None = None
    mirna_qc: tuple[MirnaQc, ...] | None = None
    expression: tuple[GeneExpression, ...] | None = None
    expression_change: tuple[ExpressionChange, ...] | None = None
    pathways: tuple[PathwayChange, ...] | None = None
    alignment_qc: tuple[AlignmentQc, ...] | None = None
    gene_coverage: tuple[GeneCoverage, ...] | None = None
    pair_identity: tuple[PairIdentity, ...] | None = None

    def comparisons(self, known: Iterable[str] = ()) -> list[Comparison]:
        """Comparisons of the time points any table names; single time points without a pair.

        Args:
            known: time points of a patient without any table, who still gets a row per claim.
        """
        timepoints = self._timepoints() or set(known)
        pairs = [Comparison(before, after) for before, after in comparisons(timepoints)]
        singles = sorted(timepoints - {NORMAL, REMISSION}, key=timepoint_rank)
        return pairs or [single_comparison(timepoint) for timepoint in singles]

    def mismatch(self, assay: str, before: str, after: str) -> str:
        """Why libraries of `assay` at two time points must not be compared, "" when they may."""
        foreign = self._foreign_pairs()
        first, second = self._sample(assay, before), self._sample(assay, after)
        if frozenset({first, second}) in foreign:
            return f"{first} and {second} are from different people"
        return next(filter(None, (self.mismatch_at(assay, t) for t in (before, after))), "")

    def mismatch_at(self, assay: str, timepoint: str) -> str:
        """Why an RNA library must not speak for the patient's DNA at `timepoint`, "" if it may."""
        if assay != RNA:
            return ""
        dna, rna = self._sample(DNA, timepoint), self._sample(RNA, timepoint)
        if frozenset({dna, rna}) in self._foreign_pairs():
            return f"{dna} and {rna} are from different people"
        return ""

    def dna_samples(self) -> set[str] | None:
        """Names of DNA libraries, None when no QC table tells."""
        if self.alignment_qc is None:
            return None
        return {row.sample for row in self.alignment_qc if row.assay == DNA}

    def _foreign_pairs(self) -> set[frozenset[str]]:
        return {
            frozenset({row.sample_a, row.sample_b})
            for row in self.pair_identity or ()
            if row.verdict == DIFFERENT_PEOPLE
        }

    def _sample(self, assay: str, timepoint: str) -> str:
        rows: Iterable[AlignmentQc] = self.alignment_qc or ()
        names = [r.sample for r in rows if r.assay == assay and r.timepoint == timepoint]
        if names:
            return min(names)
        expressed = self.expression or () if assay == RNA else ()
        return next((row.sample for row in expressed if row.timepoint == timepoint), "")

    def _paired_rows(
        self,
    ) -> Iterable[
        VariantChange | PairSummary | ItdPair | MirnaChange | ExpressionChange | PathwayChange
    ]:
        yield from self.variants or ()
        yield from self.variant_summary or ()
        yield from self.itd_pairs or ()
        yield from self.mirna_change or ()
        yield from self.expression_change or ()
        yield from self.pathways or ()

    def _timepoints(self) -> set[str]:
        named = {row.comparison for row in self._paired_rows()}
        return {point for name in named for point in name.split(">")} | {
            *(row.timepoint for row in self.itd_libraries or ()),
            *(row.timepoint for row in self.mirna_qc or ()),
            *(row.timepoint for row in self.expression or ()),
            *(row.timepoint for row in self.alignment_qc or ()),
        }


def single_comparison(timepoint: str) -> Comparison:
    """The comparison of a patient seen only at `timepoint`."""
    return Comparison(timepoint, "") if timepoint == DIAGNOSIS else Comparison("", timepoint)


def read_patient_tables(patient: str, folder: Path) -> PatientTables:
    """Read whatever stations have written below `results/{patient}`.

    Raises:
        InputError: a table is damaged.
    """

    def read(name: str, record: type[Row]) -> tuple[Row, ...] | None:
        path = folder / name
        return tuple(read_table(path, record)) if path.is_file() else None

    return PatientTables(
        patient=patient,
        variants=read("variants/variants.tsv", VariantChange),
        variant_summary=read("variants/variant_summary.tsv", PairSummary),
        hotspots=read("variants/hotspots.tsv", HotspotCheck),
        itd_libraries=read("flt3_itd/flt3_itd.tsv", ItdLibrary),
        itd_clones=read("flt3_itd/flt3_itd_clones.tsv", ItdClone),
        itd_pairs=read("flt3_itd/flt3_itd_pairs.tsv", ItdPair),
        mirna_change=read("mirna/mirna_change.tsv", MirnaChange),
        mirna_qc=read("mirna/mirna_qc.tsv", MirnaQc),
        expression=read("expression/expression.tsv", GeneExpression),
        expression_change=read("expression/expression_change.tsv", ExpressionChange),
        pathways=read("expression/pathways.tsv", PathwayChange),
        alignment_qc=read("alignment_qc/alignment_qc.tsv", AlignmentQc),
        gene_coverage=read("alignment_qc/gene_coverage.tsv", GeneCoverage),
        pair_identity=read("alignment_qc/pair_identity.tsv", PairIdentity),
    )
