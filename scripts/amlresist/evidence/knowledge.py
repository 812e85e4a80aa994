"""The knowledge tables: genes of interest, resistance mechanisms, claims and resistance facts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypeVar

from amlresist.errors import InputError, Problem
from amlresist.evidence.rules import Rule, RuleError, parse_rule
from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table

KNOWLEDGE = RESOURCES / "knowledge"
REVIEW = "review"
BEYOND_REVIEW = "beyond_review"
Row = TypeVar("Row")


class Role(StrEnum):
    """Why a gene is of interest."""

    DRIVER = "driver"
    REVIEW_VARIANT = "review_variant"
    REVIEW_EXPRESSION = "review_expression"
    REVIEW_TARGET = "review_target"
    RESISTANCE = "resistance"


@dataclass(frozen=True, slots=True)
class Gene:
    """`genes.tsv`: one row per gene of interest."""

    gene: str = column("HGNC symbol")
    hgnc_id: str = column("HGNC identifier, HGNC:number")
    ensembl_gene: str = column("Ensembl gene id without version")
    aliases: tuple[str, ...] = column("other names in the literature")
    name: str = column("full name")
    roles: tuple[Role, ...] = column(
        "driver: recurrently mutated in AML; review_variant, review_expression: a claim of the"
        " review is about its mutations or its expression; review_target: partner or target named"
        " in the review or member of a family it names; resistance: known beyond the review"
    )
    mechanisms: tuple[str, ...] = column("mechanisms of the review the gene belongs to")
    claims: tuple[str, ...] = column("claims whose rule asks about the gene")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """`mechanisms.tsv` of the knowledge: a resistance mechanism a row, in the report's order."""

    mechanism: str = column("name, e.g. P-gp")
    mechanism_class: str = column("protein, gene, mirna, pathway or general")
    meaning: str = column("the mechanism in a few words")
    pathways: tuple[str, ...] = column("gene sets of the expression station that speak for it")
    layers: tuple[str, ...] = column("stations whose tables bear on it")


@dataclass(frozen=True, slots=True)
class Claim:
    """`claims.tsv`: one row per claim of the review."""

    claim: str = column("identifier; the letters tell the section, B the review's summary table")
    section: str = column("section of the review")
    mechanism: str = column("mechanism of `mechanisms.tsv` the claim belongs to")
    mechanism_class: str = column("protein, gene, mirna, pathway or general")
    statement: str = column("what the review says, in our words")
    entity: tuple[str, ...] = column("genes, miRNAs or gene sets the claim is about")
    entity_ids: tuple[str, ...] = column("HGNC ids of its genes, miRBase accessions of its miRNAs")
    alteration: str = column("what is altered, e.g. expression up, mutation lost")
    consequence: str = column(
        "what the review says follows: resistant, sensitive, relapse, prognosis, proliferation,"
        " remission or none"
    )
    expected: str = column("what a patient's data would show if the claim held")
    measurable: bool = column("DNA, RNA or small RNA of a pair can show it; the rule says how")
    layers: tuple[str, ...] = column("layers that measure it")
    rule: str = column("rule that weighs a patient's tables, NA when not measurable")
    why_not_measurable: str = column("why these data cannot show it, NA when measurable")
    beside: tuple[str, ...] = column(
        "genes or gene sets shown beside, as name:expected direction; they decide nothing"
    )
    drugs_named: tuple[str, ...] = column("drugs named in the review with the claim; no advice")
    evidence_context: str = column("what kind of study the review rests the claim on")
    contradicts: tuple[str, ...] = column("claims of the review that say the opposite")
    repeats: str = column("claim that this row restates; it is not counted twice in summaries")
    correction: str = column("error or ambiguity of the review, and how it is read here")
    references: str = column("reference numbers of the review")


@dataclass(frozen=True, slots=True)
class ResistanceFact:
    """`resistance_facts.tsv`: one row per resistance fact known beyond the review."""

    claim: str = column("identifier, X and a number")
    mechanism: str = column("what resists, in short")
    mechanism_class: str = column("protein, gene, mirna or pathway")
    statement: str = column("the fact in our words")
    entity: tuple[str, ...] = column("genes the fact is about")
    expected: str = column("what a patient's data would show if it held")
    rule: str = column("rule that weighs a patient's tables")
    exposure: str = column("treatment it was seen under, NA for none")
    evidence_context: str = column("what kind of study it rests on")
    note: str = column("limit of the fact")
    references: str = column("its publications, with DOI where it was confirmed")


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """A user's claim table (setting `claims_tables`): one row per claim."""

    claim: str = column("identifier, unique over all tables")
    mechanism: str = column("mechanism it belongs to")
    mechanism_class: str = column("protein, gene, mirna or pathway")
    statement: str = column("the claim in words")
    entity: tuple[str, ...] = column("genes, miRNAs or gene sets it is about")
    expected: str = column("what a patient's data would show if it held")
    rule: str = column("rule that weighs a patient's tables")
    note: str = column("anything a reader should know, NA for nothing")
    references: str = column("where it comes from")


@dataclass(frozen=True, slots=True)
class WeighedClaim:
    """A measurable claim of any table with its rule read.

    Attributes:
        knowledge: `review`, `beyond_review`, or the path of a user's table.
        beside: (gene or gene set, expected direction) pairs shown beside the claim.
        exposure: treatment the claim presumes, "" for none.
    """

    knowledge: str
    claim: str
    mechanism: str
    mechanism_class: str
    statement: str
    entity: tuple[str, ...]
    expected: str
    rule: Rule
    note: str
    references: str
    consequence: str = ""
    contradicts: tuple[str, ...] = ()
    repeats: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    drugs_named: tuple[str, ...] = ()
    exposure: str = ""


@cache
def genes(path: Path = KNOWLEDGE / "genes.tsv") -> tuple[Gene, ...]:
    """Genes of interest, in the order of their symbols."""
    return tuple(read_table(path, Gene))


@cache
def mechanisms(path: Path = KNOWLEDGE / "mechanisms.tsv") -> tuple[Mechanism, ...]:
    """Resistance mechanisms, in the order a report shows them."""
    return tuple(read_table(path, Mechanism))


@cache
def claims(path: Path = KNOWLEDGE / "claims.tsv") -> tuple[Claim, ...]:
    """Every claim of the review, measurable or not, in the review's order."""
    return tuple(read_table(path, Claim))


def review_claims() -> list[WeighedClaim]:
    """The review's measurable claims."""
    path = KNOWLEDGE / "claims.tsv"
    measurable = [claim for claim in claims(path) if claim.measurable]
    return _with_rules(path, measurable, _from_review)


def resistance_facts(path: Path = KNOWLEDGE / "resistance_facts.tsv") -> list[WeighedClaim]:
    """Resistance facts known beyond the review."""
    return _with_rules(path, read_table(path, ResistanceFact), _from_fact)


def own_claims(paths: Iterable[str]) -> list[WeighedClaim]:
    """Claims of the user's own tables.

    Raises:
        InputError: a file cannot be read, a rule is faulty or an identifier is used twice.
    """
    found: list[WeighedClaim] = []
    for path in paths:
        if not Path(path).is_file():
            raise InputError(
                Problem(path, "", "", "claims table does not exist", "Correct claims_tables.")
            )
        found += _with_rules(Path(path), read_table(path, OwnClaim), _own_claim_reader(path))
    _refuse_duplicates([*resistance_facts(), *found] if found else [])
    return found


def _with_rules(
    path: Path, rows: Sequence[Row], make: Callable[[Row, Rule], WeighedClaim]
) -> list[WeighedClaim]:
    weighed, problems = [], []
    for row in rows:
        name, text = str(getattr(row, "claim", "")), str(getattr(row, "rule", ""))
        try:
            weighed.append(make(row, parse_rule(text)))
        except RuleError as error:
            problems.append(
                Problem(
                    str(path),
                    f"claim {name}, column rule",
                    text,
                    f"rule cannot be read: {error}",
                    "The rule language is described in docs/evidence.md.",
                )
            )
    if problems:
        raise InputError(problems)
    return weighed


def _from_review(row: Claim, rule: Rule) -> WeighedClaim:
    beside = [text.split(":", 1) for text in row.beside]
    return WeighedClaim(
        knowledge=REVIEW,
        claim=row.claim,
        mechanism=row.mechanism,
        mechanism_class=row.mechanism_class,
        statement=row.statement,
        entity=row.entity,
        expected=row.expected,
        rule=rule,
        note=row.correction,
        references=row.references,
        consequence=row.consequence,
        contradicts=row.contradicts,
        repeats=row.repeats,
        beside=tuple((name, expected) for name, expected in beside),
        drugs_named=row.drugs_named,
    )


def _from_fact(row: ResistanceFact, rule: Rule) -> WeighedClaim:
    return WeighedClaim(
        knowledge=BEYOND_REVIEW,
        claim=row.claim,
        mechanism=row.mechanism,
        mechanism_class=row.mechanism_class,
        statement=row.statement,
        entity=row.entity,
        expected=row.expected,
        rule=rule,
        note=row.note,
        references=row.references,
        exposure=row.exposure,
    )


def _own_claim_reader(path: str) -> Callable[[OwnClaim, Rule], WeighedClaim]:
    def make(row: OwnClaim, rule: Rule) -> WeighedClaim:
        return WeighedClaim(
            knowledge=path,
            claim=row.claim,
            mechanism=row.mechanism,
            mechanism_class=row.mechanism_class,
            statement=row.statement,
            entity=row.entity,
            expected=row.expected,
            rule=rule,
            note=row.note,
            references=row.references,
        )

    return make


def _refuse_duplicates(weighed: Sequence[WeighedClaim]) -> None:
    seen = {claim.claim for claim in claims()}
    problems = []
    for claim in weighed:
        if claim.claim in seen:
            problems.append(
                Problem(
                    claim.knowledge,
                    "column claim",
                    claim.claim,
                    "identifier is already used",
                    "Give the claim an identifier of its own.",
                )
            )
        seen.add(claim.claim)
    if problems:
        raise InputError(problems)
