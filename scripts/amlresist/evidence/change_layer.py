"""Clauses about miRNAs, gene expression and gene sets: direction of change, and level."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amlresist.evidence.finding import Finding, judge, not_assessed
from amlresist.evidence.measurements import RNA, Comparison, PatientTables
from amlresist.evidence.records import Status
from amlresist.evidence.rules import Clause, Layer
from amlresist.evidence.settings import Settings
from amlresist.evidence.variant_layer import timepoints_of

EXPRESSION_TABLE = "expression/expression.tsv"
TABLES = {
    Layer.MIRNA: "mirna/mirna_change.tsv",
    Layer.EXPRESSION: "expression/expression_change.tsv",
    Layer.PATHWAYS: "expression/pathways.tsv",
}
FOLD_CHANGE = "log2 fold change"
_METHODS = ("singscore", "ssgsea", "ulm")
_EVALUABLE = {"up", "down", "no_change_shown"}


@dataclass(frozen=True, slots=True)
class Change:
    """One miRNA, gene or gene set over a comparison.

    Attributes:
        name: as the table writes it.
        direction: `up`, `down`, `no_change_shown` or `not_evaluable`.
    """

    name: str
    direction: str
    value: float
    low: float
    high: float
    meaning: str
    detail: str = ""

    @property
    def is_evaluable(self) -> bool:
        """Whether a change could have been shown."""
        return self.direction in _EVALUABLE


def weigh_direction(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """Answer `direction=`; several names are members that must agree (see `_members_answer`)."""
    table = TABLES[clause.layer]
    if reason := _cannot_compare(clause.layer, tables, comparison):
        return not_assessed(reason, table)
    changes = changes_of(clause.layer, tables, comparison, settings)
    found = [changes[name] for name in clause.names if name in changes]
    evaluable = [change for change in found if change.is_evaluable]
    needed = math.ceil(len(clause.names) * settings.member_share)
    if len(evaluable) < needed or not evaluable:
        return not_assessed(_why_not_evaluable(clause, found), table)
    answer = _members_answer(evaluable, needed)
    key = f"{comparison.name} {'/'.join(change.name for change in evaluable)}"
    return _direction_finding(clause, evaluable, answer, table, key)


def weigh_level(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """Answer `expression level=`: the gene's rank among the expressed genes of its library."""
    if tables.expression is None:
        return not_assessed("no RNA", EXPRESSION_TABLE)
    ranks: list[tuple[float, str, str]] = []
    asked = timepoints_of(clause.at, comparison)
    for point in asked:
        if reason := tables.mismatch_at(RNA, point):
            return not_assessed(reason, EXPRESSION_TABLE)
        ranks += [
            (row.percentile, row.gene, point)
            for row in tables.expression
            if row.gene in clause.names
            and row.timepoint == point
            and not math.isnan(row.percentile)
        ]
    complete = len(ranks) == len(asked) * len(clause.names)
    findings = [_level_finding(clause, *rank, settings) for rank in ranks]
    supported = [finding for finding in findings if finding.status is Status.SUPPORTED]
    if supported:
        return max(supported, key=lambda finding: finding.value)
    if not findings or not complete:
        where = " and ".join(asked) or clause.at
        return not_assessed(f"no rank of {'/'.join(clause.names)} at {where}", EXPRESSION_TABLE)
    order = (Status.CONTRADICTED, Status.NOT_OBSERVED)
    return min(findings, key=lambda finding: order.index(finding.status))


def changes_of(
    layer: Layer, tables: PatientTables, comparison: Comparison, settings: Settings
) -> dict[str, Change]:
    """Name -> its change over the comparison; every name of a miRNA group leads to the group."""
    if layer is Layer.MIRNA:
        return _mirna_changes(tables, comparison)
    if layer is Layer.EXPRESSION:
        return _gene_changes(tables, comparison)
    return _pathway_changes(tables, comparison, settings)


def interval_text(change: Change) -> str:
    """`+1.20 (0.80 to 1.60)`, or the number alone."""
    if math.isnan(change.low) or math.isnan(change.high):
        return f"{change.value:+.2f}"
    return f"{change.value:+.2f} ({change.low:.2f} to {change.high:.2f})"


def _cannot_compare(layer: Layer, tables: PatientTables, comparison: Comparison) -> str:
    rows = {
        Layer.MIRNA: tables.mirna_change,
        Layer.EXPRESSION: tables.expression_change,
        Layer.PATHWAYS: tables.pathways,
    }[layer]
    kind = "small RNA" if layer is Layer.MIRNA else "RNA"
    if rows is None:
        return f"no {kind}"
    if not comparison.is_pair:
        return "only one time point"
    if comparison.name not in {row.comparison for row in rows}:
        return f"no {kind} of both {comparison.before} and {comparison.after}"
    if layer is Layer.MIRNA:
        return ""
    return tables.mismatch(RNA, comparison.before, comparison.after)


def _mirna_changes(tables: PatientTables, comparison: Comparison) -> dict[str, Change]:
    changes: dict[str, Change] = {}
    for row in tables.mirna_change or ():
        if row.comparison == comparison.name:
            change = Change(
                row.mirna,
                row.direction,
                row.log2_fold_change,
                row.log2_low,
                row.log2_high,
                FOLD_CHANGE,
                row.dispersion_source,
            )
            changes |= dict.fromkeys([*row.mirna.split("/"), row.mirna], change)
    return changes


def _gene_changes(tables: PatientTables, comparison: Comparison) -> dict[str, Change]:
    return {
        row.gene: Change(
            row.gene,
            row.direction,
            row.log2_fold_change,
            row.log2_low,
            row.log2_high,
            FOLD_CHANGE,
            row.dispersion_source,
        )
        for row in tables.expression_change or ()
        if row.comparison == comparison.name
    }


def _pathway_changes(
    tables: PatientTables, comparison: Comparison, settings: Settings
) -> dict[str, Change]:
    preferred = [settings.pathway_method, *_METHODS]

    def rank(method: str) -> int:
        return preferred.index(method) if method in preferred else len(preferred)

    rows = [row for row in tables.pathways or () if row.comparison == comparison.name]
    changes: dict[str, Change] = {}
    for row in sorted(rows, key=lambda row: (row.pathway, rank(row.method), row.method)):
        change = Change(
            row.pathway,
            row.direction,
            row.delta,
            row.delta_low,
            row.delta_high,
            f"change of {row.method} score",
            row.reason,
        )
        changes.setdefault(row.pathway, change)
    return changes


def _members_answer(evaluable: Sequence[Change], needed: int) -> str:
    """The direction at least `needed` members share while none goes the other way, else none."""
    directions = [change.direction for change in evaluable]
    up, down = directions.count("up"), directions.count("down")
    if up >= needed and not down:
        return "up"
    if down >= needed and not up:
        return "down"
    return "no_change_shown" if not (up or down) else "mixed"


def _direction_finding(
    clause: Clause, evaluable: Sequence[Change], answer: str, table: str, key: str
) -> Finding:
    told = ", ".join(
        f"{change.name} {change.direction.replace('_', ' ')}, {interval_text(change)}"
        for change in evaluable
    )
    details = dict.fromkeys(change.detail for change in evaluable if change.detail)
    # Members are transcribed together, so their errors are taken as fully shared: the mean of the
    # limits, which is never too narrow.
    return Finding(
        status=judge([answer], clause.expects, clause.against),
        reason=f"{told} [{'; '.join(details)}]" if details else told,
        value=_mean(change.value for change in evaluable),
        low=_mean(change.low for change in evaluable),
        high=_mean(change.high for change in evaluable),
        meaning=("mean " if evaluable[1:] else "") + evaluable[0].meaning,
        direction=answer,
        table=table,
        key=key,
    )


def _level_finding(
    clause: Clause, percentile: float, gene: str, timepoint: str, settings: Settings
) -> Finding:
    answer = "middle"
    if percentile >= settings.high_percentile:
        answer = "high"
    elif percentile <= settings.low_percentile:
        answer = "low"
    return Finding(
        status=judge([answer], clause.expects, clause.against),
        reason=f"{gene} ranks at {percentile:.0f} of 100 among expressed genes at {timepoint}",
        value=percentile,
        meaning="percentile within the library",
        direction=answer,
        table=EXPRESSION_TABLE,
        key=f"{timepoint} {gene}",
    )


def _why_not_evaluable(clause: Clause, found: Sequence[Change]) -> str:
    if not found:
        return f"{'/'.join(clause.names)} not in the data"
    change = found[0]
    return f"{change.name} not evaluable" + (f": {change.detail}" if change.detail else "")


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)
