"""Clauses about FLT3-ITD: verdict, allelic-ratio class and what became of the clones."""

import math
from collections.abc import Sequence

from amlresist.evidence.finding import Finding, judge, not_assessed
from amlresist.evidence.measurements import DNA, Comparison, PatientTables
from amlresist.evidence.records import Status
from amlresist.evidence.rules import Clause
from amlresist.evidence.settings import Settings
from amlresist.evidence.variant_layer import ABSENT, PRESENT, timepoints_of
from amlresist.flt3_itd.records import CloneChange, ItdLibrary, ItdPair, Verdict

LIBRARY_TABLE = "flt3_itd/flt3_itd.tsv"
PAIR_TABLE = "flt3_itd/flt3_itd_pairs.tsv"
LOW, HIGH = "low", "high"
NONE = "none"
_RATIO_CLASSES = {LOW, HIGH}
_STAYING = {CloneChange.PERSISTENT, CloneChange.EXPANDING, CloneChange.CONTRACTING}


def weigh_state(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """Answer `flt3_itd state=`; with `at=either` one time point that supports is enough."""
    timepoints = timepoints_of(clause.at, comparison)
    if not timepoints:
        return not_assessed(f"no library {clause.at}", LIBRARY_TABLE)
    findings = [_state_at(clause, tables, point, settings) for point in timepoints]
    order = (Status.SUPPORTED, Status.CONTRADICTED, Status.NOT_ASSESSED, Status.NOT_OBSERVED)
    return min(findings, key=lambda finding: order.index(finding.status))


def weigh_change(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """Answer `flt3_itd change=`: one clone that did so is enough, as with variants of a gene."""
    if reason := _cannot_compare(tables, comparison):
        return not_assessed(reason, PAIR_TABLE)
    rows = pair_rows(tables, comparison)
    supporting = [row for row in rows if clone_fate(row) in clause.expects]
    opposing = [row for row in rows if clone_fate(row) in clause.against]
    if supporting or opposing:
        status = Status.SUPPORTED if supporting else Status.CONTRADICTED
        return _change_finding(status, supporting or opposing, opposing if supporting else [])
    unclear = next((row for row in rows if not clone_fate(row)), None)
    if unclear:
        return not_assessed(f"{unclear.clone} cannot be told: {unclear.reason}", PAIR_TABLE)
    if rows:
        return _change_finding(Status.NOT_OBSERVED, rows, [])
    return _never_an_itd(tables, comparison, settings)


def _cannot_compare(tables: PatientTables, comparison: Comparison) -> str:
    if not comparison.is_pair:
        return "only one time point"
    if tables.itd_pairs is None:
        return "FLT3-ITD was not looked for at both time points"
    rows = pair_rows(tables, comparison)
    assay = rows[0].assay if rows else DNA
    return tables.mismatch(assay, comparison.before, comparison.after)


def library_at(tables: PatientTables, timepoint: str) -> ItdLibrary | None:
    """The library whose verdict stands for a time point: DNA before RNA, callable ones first."""
    libraries = [row for row in tables.itd_libraries or () if row.timepoint == timepoint]
    return min(
        libraries,
        key=lambda row: (row.verdict is Verdict.NOT_CALLABLE, row.assay != DNA, row.sample),
        default=None,
    )


def ratio_class(library: ItdLibrary, cut: float) -> str:
    """`low`, `high`, or "" when the ratio may not be judged; no wild type and exactly `cut` are
    high, and the ratio of RNA is never held against a cut made for DNA."""
    if library.verdict is not Verdict.ITD or library.assay != DNA:
        return ""
    if library.no_wild_type:
        return HIGH
    if math.isnan(library.total_allelic_ratio):
        return ""
    return HIGH if library.total_allelic_ratio >= cut else LOW


def undetectable(library: ItdLibrary | None, settings: Settings) -> str:
    """Why a negative proves nothing, "" when an ITD would have been seen."""
    if library is None:
        return "FLT3-ITD was not looked for"
    if library.verdict is Verdict.NOT_CALLABLE:
        return f"FLT3-ITD not callable: {library.reason}"
    if library.verdict is Verdict.NO_ITD and not (
        library.detection_limit <= settings.itd_detection_limit
    ):
        return f"an ITD below {library.detection_limit:.1%} could have been missed"
    return ""


def pair_rows(tables: PatientTables, comparison: Comparison) -> list[ItdPair]:
    """ITD clones of a comparison, from DNA where it has any; other insertions are left out."""
    insertions = {row.clone for row in tables.itd_clones or () if row.kind != "itd"}
    rows = [
        row
        for row in tables.itd_pairs or ()
        if row.comparison == comparison.name and row.clone not in insertions
    ]
    of_dna = [row for row in rows if row.assay == DNA]
    return sorted(of_dna or rows, key=lambda row: row.clone)


def clone_fate(row: ItdPair) -> str:
    """`gained`, `lost`, `persistent` (whatever its share did), or "" when it cannot be told."""
    if row.change in _STAYING:
        return CloneChange.PERSISTENT.value
    return "" if row.change is CloneChange.NOT_EVALUABLE else row.change.value


def _state_at(clause: Clause, tables: PatientTables, timepoint: str, settings: Settings) -> Finding:
    library = library_at(tables, timepoint)
    reason = undetectable(library, settings)
    if library is None or reason:
        return not_assessed(f"{reason} at {timepoint}", LIBRARY_TABLE)
    if library.verdict is Verdict.NO_ITD:
        status = judge([ABSENT], clause.expects, clause.against)
        reason = f"no FLT3-ITD at {timepoint}, excluded above {library.detection_limit:.2%}"
        return Finding(
            status,
            reason,
            value=library.detection_limit,
            meaning="VAF excluded above",
            direction=ABSENT,
            table=LIBRARY_TABLE,
            key=library.sample,
        )
    ratio = ratio_class(library, settings.allelic_ratio_cut)
    if not ratio and {*clause.expects} & _RATIO_CLASSES:
        return not_assessed(f"no allelic ratio from DNA at {timepoint}", LIBRARY_TABLE)
    return _itd_finding(clause, library, ratio)


def _itd_finding(clause: Clause, library: ItdLibrary, ratio: str) -> Finding:
    shown = "no wild type" if library.no_wild_type else f"{library.total_allelic_ratio:.3g}"
    return Finding(
        status=judge([PRESENT, ratio], clause.expects, clause.against),
        reason=f"FLT3-ITD at {library.timepoint}, allelic ratio {shown} ({library.assay})",
        value=library.total_allelic_ratio,
        low=library.allelic_ratio_low,
        high=library.allelic_ratio_high,
        meaning="allelic ratio",
        direction=f"{PRESENT} {ratio}".strip(),
        table=LIBRARY_TABLE,
        key=library.sample,
    )


def _change_finding(status: Status, rows: Sequence[ItdPair], against: Sequence[ItdPair]) -> Finding:
    row = max(rows, key=lambda r: max(_number(r.before_vaf), _number(r.after_vaf)))
    is_lost = row.change is CloneChange.LOST
    told = ", ".join(f"{r.clone} {r.change.replace('_', ' ')}" for r in rows)
    return Finding(
        status=status,
        reason=f"FLT3-{told} ({row.assay})",
        value=row.before_vaf if is_lost else row.after_vaf,
        low=row.before_vaf_low if is_lost else row.after_vaf_low,
        high=row.before_vaf_high if is_lost else row.after_vaf_high,
        meaning="VAF before" if is_lost else "VAF after",
        direction=clone_fate(row),
        table=PAIR_TABLE,
        key=f"{row.comparison} {row.clone}",
        against=tuple(f"FLT3-{r.clone} {clone_fate(r)}" for r in against),
    )


def _never_an_itd(tables: PatientTables, comparison: Comparison, settings: Settings) -> Finding:
    for timepoint in (comparison.before, comparison.after):
        library = library_at(tables, timepoint)
        if reason := undetectable(library, settings):
            return not_assessed(f"{reason} at {timepoint}", LIBRARY_TABLE)
        if library and library.verdict is Verdict.ITD:
            return not_assessed(f"FLT3-ITD at {timepoint} was not followed", LIBRARY_TABLE)
    return Finding(
        Status.NOT_OBSERVED,
        "no FLT3-ITD at either time point",
        direction=ABSENT,
        table=LIBRARY_TABLE,
        key=comparison.name,
    )


def _number(value: float) -> float:
    return -1 if math.isnan(value) else value
