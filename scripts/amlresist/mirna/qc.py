"""Can a small-RNA library be trusted? The verdict comes before any number."""

import math
from dataclasses import dataclass

from amlresist.mirna.settings import Settings

GOOD, POOR, NOT_EVALUABLE = "good", "poor", "not_evaluable"
FOREIGN_MAJORITY = 0.5
UNUSUAL_SHIFT_3P = 3  # bases; 3' ends vary by one or two


@dataclass(frozen=True, slots=True)
class QcFacts:
    """What the verdict rests on; shares are NaN where not known (given matrix).

    Attributes:
        assigned: reads assigned to miRNAs.
        assigned_share: assigned / reads inside the length window.
        too_short_share, no_adapter_share: of all reads.
        share_20_24: of trimmed reads.
        foreign_share: reads of other species' miRNAs / all miRNA reads.
        foreign_species: the most frequent of them.
        shift_5p, shift_3p: where the reads of most miRNAs start and end, against the mature.
        hints: settings that the reads speak for, in words.
    """

    assigned: float
    assigned_share: float = math.nan
    too_short_share: float = math.nan
    no_adapter_share: float = math.nan
    share_20_24: float = math.nan
    foreign_share: float = math.nan
    foreign_species: str = ""
    shift_5p: int = 0
    shift_3p: int = 0
    hints: tuple[str, ...] = ()


def verdict(facts: QcFacts, settings: Settings) -> tuple[str, str]:
    """(good, poor or not_evaluable; the reasons in words)."""
    fatal = _fatal(facts, settings)
    if fatal:
        return NOT_EVALUABLE, "; ".join([*fatal, *facts.hints])
    doubts = _doubts(facts, settings)
    if doubts:
        return POOR, "; ".join([*doubts, *facts.hints])
    return GOOD, "; ".join([f"{facts.assigned:,.0f} miRNA reads, no check failed", *facts.hints])


def _fatal(facts: QcFacts, settings: Settings) -> list[str]:
    reasons = []
    if facts.assigned < settings.min_assigned:
        reasons.append(
            f"{facts.assigned:,.0f} miRNA reads, at least {settings.min_assigned:,} are needed"
        )
    if facts.assigned_share < settings.min_assigned_share:
        reasons.append(
            f"{facts.assigned_share:.1%} of in-window reads are miRNA: degraded RNA, an mRNA"
            " library or another species"
        )
    if facts.foreign_share > FOREIGN_MAJORITY:
        reasons.append(_foreign(facts))
    return reasons


def _doubts(facts: QcFacts, settings: Settings) -> list[str]:
    checks = [
        (
            facts.assigned < settings.good_assigned,
            f"{facts.assigned:,.0f} miRNA reads: intervals are wide",
        ),
        (
            facts.assigned_share < settings.good_assigned_share,
            f"{facts.assigned_share:.1%} of in-window reads are miRNA",
        ),
        (
            facts.too_short_share > settings.max_too_short_share,
            f"{facts.too_short_share:.1%} of reads are too short: adapter dimers",
        ),
        (
            facts.no_adapter_share > settings.max_no_adapter_share,
            f"{facts.no_adapter_share:.1%} of reads show no adapter: long inserts",
        ),
        (
            facts.share_20_24 < settings.good_share_20_24,
            f"{facts.share_20_24:.1%} of trimmed reads have 20-24 nt: degraded RNA",
        ),
        (facts.foreign_share > settings.max_foreign_share, _foreign(facts)),
        (
            facts.shift_5p != 0,
            f"reads of most miRNAs start at {facts.shift_5p:+d} bases: does mirna.trim_5p fit the"
            " kit?",
        ),
        (
            abs(facts.shift_3p) >= UNUSUAL_SHIFT_3P,
            f"reads of most miRNAs end at {facts.shift_3p:+d} bases: does mirna.trim_3p fit the"
            " kit?",
        ),
    ]
    return [text for failed, text in checks if failed]


def _foreign(facts: QcFacts) -> str:
    return (
        f"{facts.foreign_share:.1%} of miRNA reads are of another species ({facts.foreign_species})"
    )
