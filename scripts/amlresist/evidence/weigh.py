"""Every claim against a patient's tables."""

from collections.abc import Iterable, Sequence

from amlresist.evidence import change_layer, itd_layer, variant_layer
from amlresist.evidence.finding import Finding, all_of, any_of
from amlresist.evidence.knowledge import WeighedClaim
from amlresist.evidence.measurements import Comparison, PatientTables
from amlresist.evidence.records import Evidence
from amlresist.evidence.rules import Clause, Layer, Question, Rule
from amlresist.evidence.settings import Settings
from amlresist.sheet import PatientFacts


def weigh_claims(
    claims: Sequence[WeighedClaim],
    tables: PatientTables,
    facts: Iterable[PatientFacts],
    settings: Settings,
) -> list[Evidence]:
    """One row per comparison and claim, in the order of time and of `claims`."""
    known = {fact.timepoint: fact for fact in facts}
    return [
        _evidence(claim, tables, comparison, known.get(comparison.after), settings)
        for comparison in tables.comparisons(known)
        for claim in claims
    ]


def weigh_rule(
    rule: Rule, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """What the tables say of a rule."""
    findings = [weigh_clause(clause, tables, comparison, settings) for clause in rule.clauses]
    return all_of(findings) if rule.all_needed else any_of(findings)


def weigh_clause(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """What the tables say of one clause."""
    match clause.layer, clause.question:
        case Layer.VARIANTS, Question.CHANGE:
            return variant_layer.weigh_change(clause, tables, comparison, settings)
        case Layer.VARIANTS, _:
            return variant_layer.weigh_state(clause, tables, comparison, settings)
        case Layer.FLT3_ITD, Question.CHANGE:
            return itd_layer.weigh_change(clause, tables, comparison, settings)
        case Layer.FLT3_ITD, _:
            return itd_layer.weigh_state(clause, tables, comparison, settings)
        case _, Question.LEVEL:
            return change_layer.weigh_level(clause, tables, comparison, settings)
    return change_layer.weigh_direction(clause, tables, comparison, settings)


def _evidence(
    claim: WeighedClaim,
    tables: PatientTables,
    comparison: Comparison,
    fact_after: PatientFacts | None,
    settings: Settings,
) -> Evidence:
    finding = weigh_rule(claim.rule, tables, comparison, settings)
    notes = [claim.note, _exposure_note(claim.exposure, fact_after)]
    return Evidence(
        patient=tables.patient,
        comparison=comparison.name,
        claim=claim.claim,
        mechanism=claim.mechanism,
        mechanism_class=claim.mechanism_class,
        layer=";".join(claim.rule.layers),
        statement=claim.statement,
        entity=";".join(claim.entity),
        status=finding.status,
        value=finding.value,
        value_low=finding.low,
        value_high=finding.high,
        value_meaning=finding.meaning,
        direction=finding.direction,
        expected=claim.expected,
        source_table=finding.table,
        source_key=finding.key,
        reason=finding.reason,
        contradicts=claim.contradicts,
        references=claim.references,
        note=" ".join(filter(None, notes)),
        knowledge=claim.knowledge,
        consequence=claim.consequence,
        repeats=claim.repeats,
        against=finding.against,
        beside=_beside(claim, tables, comparison, settings),
        drugs_named=claim.drugs_named,
    )


def _beside(
    claim: WeighedClaim, tables: PatientTables, comparison: Comparison, settings: Settings
) -> tuple[str, ...]:
    if not claim.beside:
        return ()
    changes = change_layer.changes_of(Layer.PATHWAYS, tables, comparison, settings)
    changes |= change_layer.changes_of(Layer.EXPRESSION, tables, comparison, settings)
    shown = []
    for name, expected in claim.beside:
        change = changes.get(name)
        found = "not measured"
        if change and change.is_evaluable:
            found = f"{change.direction.replace('_', ' ')} {change_layer.interval_text(change)}"
        shown.append(f"{name} {found} (claim: {expected})")
    return tuple(shown)


def _exposure_note(exposure: str, fact: PatientFacts | None) -> str:
    if not exposure:
        return ""
    known = None
    if fact and exposure == "FLT3 inhibitor":
        known = fact.flt3_inhibitor_before
    elif fact and exposure == "allogeneic transplant":
        known = fact.transplant_before
    told = {True: "given before", False: "not given before", None: "exposure not stated"}[known]
    return f"Seen under {exposure} ({told})."
