"""The rule language of claims: what a table must show for a claim, and what speaks against it.

    rule    clause, or clauses joined all by `and` or all by `or`
    clause  LAYER key=value key=value ...; several values are joined with commas

Every clause names what it looks at, what supports the claim, and after `against=` what contradicts
it (`none` where nothing does). For example

    variants gene=IDH1 change=acquired against=lost
    expression gene=MVP direction=up against=none and pathways name=pkc direction=up against=down
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=str)


class Layer(StrEnum):
    """The kind of measurement a clause asks."""

    VARIANTS = "variants"
    FLT3_ITD = "flt3_itd"
    MIRNA = "mirna"
    EXPRESSION = "expression"
    PATHWAYS = "pathways"


class Question(StrEnum):
    """What a clause asks of its layer."""

    CHANGE = "change"
    STATE = "state"
    DIRECTION = "direction"
    LEVEL = "level"


class At(StrEnum):
    """Time point a `state` or `level` is asked at; before and after are those of the comparison."""

    BEFORE = "before"
    AFTER = "after"
    EITHER = "either"
    DIAGNOSIS = "diagnosis"


class Effect(StrEnum):
    """Which variants of a gene count."""

    ANY = "any"
    PROTEIN_CHANGING = "protein_changing"
    LOSS_OF_FUNCTION = "loss_of_function"
    FRAMESHIFT = "frameshift"


ANY_GENE = "any"
NOTHING = "none"
_DIRECTIONS = ("up", "down")
# Layer -> question -> answers that `expects` and `against` may name.
ANSWERS: Mapping[Layer, Mapping[Question, tuple[str, ...]]] = {
    Layer.VARIANTS: {
        Question.CHANGE: ("acquired", "lost", "expanding", "contracting", "stable"),
        Question.STATE: ("present", "absent"),
    },
    Layer.FLT3_ITD: {
        Question.CHANGE: ("gained", "lost", "persistent"),
        Question.STATE: ("present", "absent", "low", "high"),
    },
    Layer.MIRNA: {Question.DIRECTION: _DIRECTIONS},
    Layer.EXPRESSION: {Question.DIRECTION: _DIRECTIONS, Question.LEVEL: ("high", "low")},
    Layer.PATHWAYS: {Question.DIRECTION: _DIRECTIONS},
}
# Layer -> key that names what is looked at; FLT3-ITD needs none.
_NAME_KEY = {
    Layer.VARIANTS: "gene",
    Layer.MIRNA: "name",
    Layer.EXPRESSION: "gene",
    Layer.PATHWAYS: "name",
}
_VARIANT_KEYS = ("protein", "residue", "effect", "unseen")
_UNSEEN = ("not_observed", "not_assessed")
_JOINER = re.compile(r"\s+(and|or)\s+")


class RuleError(ValueError):
    """A rule cannot be read; the text says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One question to one layer.

    Attributes:
        names: genes, miRNAs or gene sets; `("any",)` for every gene; empty for FLT3-ITD.
        expects: answers that support the claim.
        against: answers that contradict it.
        at: time point, for `state` and `level`.
        proteins: exact protein changes in one letter (`F691L`); empty for all.
        residues: residues (`G12`); empty for all.
        effect: which variants count.
        unseen_is_unassessed: seeing nothing proves nothing (the layer cannot show every form).
    """

    layer: Layer
    names: tuple[str, ...]
    question: Question
    expects: tuple[str, ...]
    against: tuple[str, ...]
    at: At = At.EITHER
    proteins: tuple[str, ...] = ()
    residues: tuple[str, ...] = ()
    effect: Effect = Effect.PROTEIN_CHANGING
    unseen_is_unassessed: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Clauses of which all (`and`) or at least one (`or`) must hold."""

    clauses: tuple[Clause, ...]
    all_needed: bool

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers asked, in the order of the clauses."""
        return tuple(dict.fromkeys(clause.layer.value for clause in self.clauses))


def parse_rule(text: str) -> Rule:
    """Read a rule.

    Raises:
        RuleError: the text is no rule.
    """
    first, *rest = _JOINER.split(text.strip())
    joiners, others = rest[0::2], rest[1::2]
    if len(set(joiners)) > 1:
        raise RuleError("a rule joins its clauses by `and` or by `or`, not by both")
    clauses = tuple(_parse_clause(part) for part in (first, *others))
    return Rule(clauses, all_needed="or" not in joiners)


def _parse_clause(text: str) -> Clause:
    word, *pairs = text.split() or [""]
    if word not in set(Layer):
        raise RuleError(f"{word!r} is no layer; known: {', '.join(Layer)}")
    layer = Layer(word)
    given = _pairs(pairs)
    question = _question(layer, given)
    keys = {*_allowed_keys(layer, question)}
    if unknown := sorted(set(given) - keys):
        raise RuleError(f"{layer}: unknown key {unknown[0]!r}; known: {', '.join(sorted(keys))}")
    expects = _answers(layer, question, question.value, given)
    if expects == ("any",):
        expects = ANSWERS[layer][question]
    against = _answers(layer, question, "against", given)
    if overlap := set(expects) & set(against):
        raise RuleError(f"{sorted(overlap)[0]!r} cannot both support and contradict")
    return Clause(
        layer=layer,
        names=_names(layer, given),
        question=question,
        expects=expects,
        against=() if against == (NOTHING,) else against,
        at=_choice("at", given.get("at", (At.EITHER,)), tuple(At)),
        proteins=given.get("protein", ()),
        residues=given.get("residue", ()),
        effect=_choice("effect", given.get("effect", (Effect.PROTEIN_CHANGING,)), tuple(Effect)),
        unseen_is_unassessed=_choice("unseen", given.get("unseen", _UNSEEN[:1]), _UNSEEN)
        == _UNSEEN[1],
    )


def _pairs(words: list[str]) -> dict[str, tuple[str, ...]]:
    given: dict[str, tuple[str, ...]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        values = tuple(value.split(","))
        if not equals or not all(values):
            raise RuleError(f"expected key=value, found {word!r}")
        if key in given:
            raise RuleError(f"{key!r} is given twice")
        given[key] = values
    return given


def _question(layer: Layer, given: Mapping[str, tuple[str, ...]]) -> Question:
    asked = [question for question in ANSWERS[layer] if question.value in given]
    if len(asked) != 1:
        raise RuleError(f"{layer}: needs exactly one of {', '.join(ANSWERS[layer])}")
    return asked[0]


def _allowed_keys(layer: Layer, question: Question) -> list[str]:
    keys = [question.value, "against"]
    keys += [_NAME_KEY[layer]] if layer in _NAME_KEY else []
    keys += ["at"] if question in {Question.STATE, Question.LEVEL} else []
    keys += _VARIANT_KEYS if layer is Layer.VARIANTS else []
    return keys


def _names(layer: Layer, given: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    key = _NAME_KEY.get(layer)
    if key and key not in given:
        raise RuleError(f"{layer}: needs {key}=")
    return given[key] if key else ()


def _answers(
    layer: Layer, question: Question, key: str, given: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    if key not in given:
        raise RuleError(f"{layer}: needs {key}= (write against=none where nothing contradicts)")
    special = NOTHING if key == "against" else "any"
    known = ANSWERS[layer][question]
    values = given[key]
    if values == (special,):
        return values
    if wrong := [value for value in values if value not in known]:
        raise RuleError(f"{key}={wrong[0]}: known: {', '.join(known)}, {special}")
    return values


def _choice(key: str, values: tuple[str, ...], known: tuple[Choice, ...]) -> Choice:
    if len(values) != 1 or values[0] not in known:
        raise RuleError(f"{key}={','.join(values)}: expected one of {', '.join(known)}")
    return known[[str(choice) for choice in known].index(values[0])]
