"""The rule language: what it accepts, and how it says what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.evidence.rules import At, Effect, Layer, Question, RuleError, parse_rule

WORDS = ["variants", "gene=", "A", "change=lost", "against=none", "and", "or", "=", ","]


def test_clause_names_what_supports_and_what_contradicts():
    (clause,) = parse_rule("variants gene=IDH1 change=acquired against=lost,stable").clauses
    assert clause.layer is Layer.VARIANTS
    assert clause.question is Question.CHANGE
    assert (clause.names, clause.expects) == (("IDH1",), ("acquired",))
    assert clause.against == ("lost", "stable")
    assert clause.effect is Effect.PROTEIN_CHANGING


def test_any_answer_counts_every_one():
    (clause,) = parse_rule("mirna name=hsa-miR-26a-5p direction=any against=none").clauses
    assert clause.expects == ("up", "down")
    assert clause.against == ()


def test_clauses_are_joined_by_and_or_by_or():
    both = parse_rule(
        "expression gene=MVP direction=up against=none and"
        " expression gene=ABCB1 direction=up against=none"
    )
    either = parse_rule(
        "variants gene=KRAS state=present at=after against=none or"
        " expression gene=KRAS direction=up against=none"
    )
    assert both.all_needed and not either.all_needed
    assert either.layers == ("variants", "expression")
    assert either.clauses[0].at is At.AFTER


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is no layer"),
        ("methylation gene=A direction=up against=none", "known: variants, flt3_itd"),
        ("expression gene=A direction=up", "needs against="),
        ("expression direction=up against=none", "needs gene="),
        ("expression gene=A direction=sideways against=none", "known: up, down"),
        ("expression gene=A direction=up against=up", "both support and contradict"),
        ("expression gene=A direction=up against=none at=before", "unknown key 'at'"),
        ("expression gene=A direction=up level=high against=none", "exactly one of"),
        ("variants gene=A change=lost change=lost against=none", "given twice"),
        ("variants gene=A, change=lost against=none", "expected key=value"),
        ("variants gene=A state=present at=noon against=none", "expected one of before"),
        (
            "mirna name=a direction=up against=none and mirna name=b direction=up against=none"
            " or mirna name=c direction=up against=none",
            "not by both",
        ),
    ],
)
def test_faulty_rules_say_what_would_be_right(text, complaint):
    with pytest.raises(RuleError, match=complaint):
        parse_rule(text)


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text):
    try:
        parse_rule(text)
    except RuleError as error:
        assert str(error)


@given(st.lists(st.sampled_from(WORDS)))
def test_no_word_salad_breaks_the_parser(words):
    try:
        assert parse_rule(" ".join(words)).clauses
    except RuleError as error:
        assert str(error)
