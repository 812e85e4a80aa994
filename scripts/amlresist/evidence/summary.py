"""Evidence per mechanism: counts, agreement across layers and a sentence."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from amlresist.evidence.knowledge import Mechanism
from amlresist.evidence.records import Evidence, MechanismSummary, Status

AGREE, DISAGREE, ONE_LAYER, NONE = "agree", "disagree", "one_layer", "none"
# Shown in the evidence, but no ground to call a mechanism of resistance supported: an NPM1 mutation
# being favourable says nothing about resistance by FLT3.
NOT_OF_RESISTANCE = {"prognosis", "sensitive", "remission", "none"}
_DECIDED = {Status.SUPPORTED, Status.CONTRADICTED}
# What a reader calls each layer.
LAYER_NAMES = {
    "variants": "DNA variants",
    "flt3_itd": "FLT3-ITD",
    "mirna": "miRNA",
    "expression": "gene expression",
    "pathways": "pathways",
}


def summarise_mechanisms(
    evidence: Iterable[Evidence], mechanisms: Sequence[Mechanism]
) -> list[MechanismSummary]:
    """One row per comparison and mechanism with measurable claims, in the mechanisms' order.

    Rows that restate another claim are left out, so that nothing counts twice, and so are claims
    on prognosis or sensitivity.
    """
    summaries = []
    for _, group in groupby(evidence, key=lambda row: (row.patient, row.comparison)):
        by_mechanism: dict[str, list[Evidence]] = {}
        for row in group:
            if not row.repeats and row.consequence not in NOT_OF_RESISTANCE:
                by_mechanism.setdefault(row.mechanism, []).append(row)
        summaries += [
            _summary(mechanism, by_mechanism[mechanism.mechanism])
            for mechanism in mechanisms
            if mechanism.mechanism in by_mechanism
        ]
    return summaries


def _summary(mechanism: Mechanism, rows: Sequence[Evidence]) -> MechanismSummary:
    counts = {status: sum(row.status is status for row in rows) for status in Status}
    asked = list(dict.fromkeys(layer for row in rows for layer in row.layer.split(";")))
    measured = [layer for layer in asked if _is_measured(layer, rows)]
    return MechanismSummary(
        patient=rows[0].patient,
        comparison=rows[0].comparison,
        mechanism=mechanism.mechanism,
        mechanism_class=mechanism.mechanism_class,
        supported=counts[Status.SUPPORTED],
        contradicted=counts[Status.CONTRADICTED],
        not_observed=counts[Status.NOT_OBSERVED],
        not_assessed=counts[Status.NOT_ASSESSED],
        summary=next(status for status in Status if counts[status]),
        agreement=_agreement(rows),
        layers=tuple(measured),
        missing_layers=tuple(layer for layer in asked if layer not in measured),
        headline=_headline(rows, counts, [layer for layer in asked if layer not in measured]),
    )


def _is_measured(layer: str, rows: Sequence[Evidence]) -> bool:
    return any(
        layer in row.layer.split(";") and row.status is not Status.NOT_ASSESSED for row in rows
    )


def _agreement(rows: Sequence[Evidence]) -> str:
    """Whether the measurements that decided point one way.

    A claim contradicted only because its opposite in the review is supported is the review's own
    conflict, not a disagreement of the measurements.
    """
    supported = {row.claim for row in rows if row.status is Status.SUPPORTED}
    against = [
        row
        for row in rows
        if row.against or (row.status is Status.CONTRADICTED and not supported & {*row.contradicts})
    ]
    layers = {row.layer for row in rows if row.status in _DECIDED}
    if not layers:
        return NONE
    if supported and against:
        return DISAGREE
    return AGREE if len(layers) > 1 else ONE_LAYER


def _headline(
    rows: Sequence[Evidence], counts: Mapping[Status, int], missing: Sequence[str]
) -> str:
    parts = []
    for status, word in ((Status.SUPPORTED, "Supported"), (Status.CONTRADICTED, "Against")):
        reasons = list(dict.fromkeys(_short(row) for row in rows if row.status is status))
        if reasons:
            more = f" and {len(reasons) - 2} more" if reasons[2:] else ""
            parts.append(f"{word}: {'; '.join(reasons[:2])}{more}.")
    if not parts:
        observed = counts[Status.NOT_OBSERVED]
        looked_for = (
            "1 claim looked for, not" if observed == 1 else f"{observed} claims looked for, none"
        )
        parts.append(f"{looked_for} seen." if observed else "Not assessed.")
    if missing:
        names = (LAYER_NAMES.get(layer, layer) for layer in missing)
        parts.append(f"Not measured: {', '.join(names)}.")
    return " ".join(parts)


def _short(row: Evidence) -> str:
    return row.reason.split(" [", maxsplit=1)[0]
