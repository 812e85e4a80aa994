"""Which stations finished for each patient, and whether their libraries are sound."""

from collections.abc import Sequence
from pathlib import Path

from amlresist.cohort.records import PatientStatus
from amlresist.evidence.measurements import PatientTables

# Station -> the table that is there when it finished.
FINISHED = {
    "alignment_qc": "alignment_qc.tsv",
    "variants": "variants.tsv",
    "flt3_itd": "flt3_itd.tsv",
    "mirna": "mirna_change.tsv",
    "expression": "pathways.tsv",
    "evidence": "evidence.tsv",
}
DONE, FAILED, NOT_RUN = "done", "failed", "not_run"
_QC_ORDER = ("good", "poor", "not_evaluable")
_IDENTITY_ORDER = ("same_person", "cannot_tell", "chimerism_suspected", "different_people")
_UNTRUSTED = {"poor", "not_evaluable", "different_people", "chimerism_suspected"}
_STATUS_ORDER = ("failed", "poor", "good")


def patient_statuses(results: Path, cohort: Sequence[PatientTables]) -> list[PatientStatus]:
    """One row per patient: failed ones first, then poor ones, then by name."""
    rows = [_status(results, tables) for tables in cohort]
    return sorted(rows, key=lambda row: (_STATUS_ORDER.index(row.status), row.patient))


def _status(results: Path, tables: PatientTables) -> PatientStatus:
    stations = {name: station_state(results, tables.patient, name) for name in FINISHED}
    qc = _worst([row.verdict for row in tables.alignment_qc or ()], _QC_ORDER)
    identity = _worst([row.verdict for row in tables.pair_identity or ()], _IDENTITY_ORDER)
    failed = [name for name, state in stations.items() if state == FAILED]
    reasons = [f"{name} failed" for name in failed] + _reasons(tables)
    is_poor = bool({qc, identity} & _UNTRUSTED) or bool(_reasons(tables))
    return PatientStatus(
        patient=tables.patient,
        status="failed" if failed else "poor" if is_poor else "good",
        comparisons=tuple(comparison.name for comparison in tables.comparisons()),
        qc_verdict=qc,
        identity=identity,
        reason="; ".join(dict.fromkeys(reasons)),
        **stations,
    )


def station_state(results: Path, patient: str, station: str) -> str:
    """`done` with its table, `failed` with traces but no table, else `not_run`."""
    if (results / patient / station / FINISHED[station]).is_file():
        return DONE
    log = results / "logs" / patient / f"{station}.log"
    has_traces = log.is_file() or (results / patient / station).is_dir()
    return FAILED if has_traces or station == "evidence" else NOT_RUN


def _worst(verdicts: Sequence[str], order: Sequence[str]) -> str:
    known = [verdict for verdict in verdicts if verdict in order]
    return max(known, key=order.index, default="")


def _reasons(tables: PatientTables) -> list[str]:
    libraries = [
        f"{row.sample}: {row.reason}"
        for row in tables.alignment_qc or ()
        if row.verdict in _UNTRUSTED
    ]
    small_rna = [
        f"{row.sample}: {row.reason}" for row in tables.mirna_qc or () if row.verdict in _UNTRUSTED
    ]
    pairs = [
        f"{row.sample_a} and {row.sample_b}: {row.reason}"
        for row in tables.pair_identity or ()
        if row.verdict in _UNTRUSTED
    ]
    return libraries + small_rna + pairs
