"""`docs/claims.md`, made from the knowledge tables: `python -m amlresist.evidence.claims_page`."""

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from amlresist.evidence.knowledge import KNOWLEDGE, Claim, ResistanceFact, claims
from amlresist.tables import read_table

Row = TypeVar("Row")
_HEAD = """# Claims

Made by `python -m amlresist.evidence.claims_page` from `resources/knowledge/claims.tsv` and
`resistance_facts.tsv`. The rule language is explained in [evidence.md](evidence.md). Drugs are
shown as the review names them; nothing here is advice on treatment.
"""


def claims_markdown(
    review: Sequence[Claim] | None = None, facts: Sequence[ResistanceFact] | None = None
) -> str:
    """The page: measurable claims by section, those that are not and why, and the facts beyond."""
    review = claims() if review is None else review
    if facts is None:
        facts = read_table(KNOWLEDGE / "resistance_facts.tsv", ResistanceFact)
    measurable = [claim for claim in review if claim.measurable]
    others = [claim for claim in review if not claim.measurable]
    parts = [
        _HEAD,
        f"\n{len(measurable)} of the {len(review)} claims of the review can be weighed against"
        f" DNA, RNA or small RNA of a pair; {len(others)} cannot.\n",
        "\n## Claims that are weighed\n",
    ]
    for section, group in groupby(measurable, key=lambda claim: claim.section):
        parts.append(f"\n### {section}\n\n")
        parts.append(_table(("claim", "says", "rule", "opposite", "note", "refs"), group, _weighed))
    parts.append("\n## Claims that cannot be weighed\n\n")
    parts.append(_table(("claim", "says", "why not", "note", "refs"), others, _unweighed))
    parts.append("\n## Beyond the review\n\nKept apart; setting `beyond_review`.\n\n")
    parts.append(_table(("fact", "says", "rule", "seen under", "sources"), facts, _fact))
    return "".join(parts)


def _table(
    header: Sequence[str], rows: Iterable[Row], cells: Callable[[Row], Sequence[str]]
) -> str:
    lines = [header, ("---",) * len(header), *(cells(row) for row in rows)]
    return "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines)


def _weighed(claim: Claim) -> tuple[str, ...]:
    opposite = ", ".join(claim.contradicts)
    rule = f"`{claim.rule}`"
    return claim.claim, claim.statement, rule, opposite, claim.correction, claim.references


def _unweighed(claim: Claim) -> tuple[str, ...]:
    why = claim.why_not_measurable
    return claim.claim, claim.statement, why, claim.correction, claim.references


def _fact(fact: ResistanceFact) -> tuple[str, ...]:
    return fact.claim, fact.statement, f"`{fact.rule}`", fact.exposure, fact.references


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(claims_markdown())
