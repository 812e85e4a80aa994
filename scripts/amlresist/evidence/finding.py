"""What one clause, and then a whole rule, says of a patient."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from amlresist.evidence.records import Status


@dataclass(frozen=True, slots=True)
class Finding:
    """A status with the measurement it rests on.

    Attributes:
        value, low, high: the number and its 95 % interval, NaN where there is none.
        meaning: what the number is.
        direction: what happened in the patient, e.g. `up`, `acquired`, `present`.
        table, key: file and row the number comes from.
        reason: why the status, in words.
        against: what was seen that says the opposite.
    """

    status: Status
    reason: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    meaning: str = ""
    direction: str = ""
    table: str = ""
    key: str = ""
    against: tuple[str, ...] = ()


def not_assessed(reason: str, table: str = "") -> Finding:
    """The data cannot answer."""
    return Finding(Status.NOT_ASSESSED, reason, table=table)


def judge(answers: Sequence[str], expects: Sequence[str], against: Sequence[str]) -> Status:
    """Status of a clause whose question was answered: `answers` are all that hold."""
    if set(answers) & set(expects):
        return Status.SUPPORTED
    if set(answers) & set(against):
        return Status.CONTRADICTED
    return Status.NOT_OBSERVED


def all_of(findings: Sequence[Finding]) -> Finding:
    """Clauses joined by `and`.

    Contradicted only when every clause was answered for or against and one against: in `ABCB1 up
    and BCL2 down`, a rise of BCL2 contradicts only where ABCB1 did rise.
    """
    statuses = {finding.status for finding in findings}
    if statuses == {Status.SUPPORTED}:
        return _joined(findings, Status.SUPPORTED, findings[0])
    if Status.NOT_OBSERVED in statuses:
        return _joined(findings, Status.NOT_OBSERVED, _first(findings, Status.NOT_OBSERVED))
    if Status.NOT_ASSESSED in statuses:
        return _joined(findings, Status.NOT_ASSESSED, _first(findings, Status.NOT_ASSESSED))
    return _joined(findings, Status.CONTRADICTED, _first(findings, Status.CONTRADICTED))


def any_of(findings: Sequence[Finding]) -> Finding:
    """Clauses joined by `or`: not observed only when every alternative could have shown it."""
    order = (
        Status.SUPPORTED,
        Status.CONTRADICTED,
        Status.NOT_ASSESSED,
        Status.NOT_OBSERVED,
    )
    status = min((finding.status for finding in findings), key=order.index)
    return _joined(findings, status, _first(findings, status))


def _first(findings: Sequence[Finding], status: Status) -> Finding:
    return next(finding for finding in findings if finding.status is status)


def _joined(findings: Sequence[Finding], status: Status, chosen: Finding) -> Finding:
    if len(findings) == 1:
        return chosen
    opposite = [
        finding.reason
        for finding in findings
        if finding.status is Status.CONTRADICTED and status is Status.SUPPORTED
    ]
    against = [text for finding in findings for text in finding.against]
    return replace(
        chosen,
        status=status,
        reason="; ".join(finding.reason for finding in findings),
        against=tuple(dict.fromkeys([*against, *opposite])),
    )
