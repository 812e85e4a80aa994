"""An unseen hotspot change is not observed where its own codon was read, whatever the rest."""

import pytest

from amlresist.evidence.measurements import Comparison, PatientTables
from amlresist.evidence.rules import parse_rule
from amlresist.evidence.settings import Settings
from amlresist.evidence.variant_layer import weigh_change
from amlresist.settings import load
from amlresist.variants.records import HotspotCheck, PairSummary

RULE = "variants gene=FLT3 protein=F691L change=acquired,expanding against=lost,contracting"

COUNTS = (0,) * 8
SUMMARY = PairSummary(
    "P1", "diagnosis>relapse", *COUNTS, 0.0, 0.002, "", *[1] * 6, "", 0.0, "counts"
)


def check(timepoint: str, *, seen: bool | None, excluded_above: float) -> HotspotCheck:
    return HotspotCheck(
        "P1", timepoint, f"P1_{timepoint}", "FLT3 F691", "FLT3", "F691L", "chr13", 5, "A", "C",
        0, 300, 0.0, seen, excluded_above,
    )  # fmt: skip


@pytest.mark.parametrize(
    "seen, excluded_above, status",
    [(False, 0.01, "not_observed"), (False, 0.2, "not_assessed"), (None, 0.01, "not_assessed")],
)
def test_only_an_excluded_change_is_not_observed(seen, excluded_above, status):
    tables = PatientTables(
        "P1",
        variants=(),
        variant_summary=(SUMMARY,),
        hotspots=(
            check("diagnosis", seen=False, excluded_above=0.01),
            check("relapse", seen=seen, excluded_above=excluded_above),
        ),
    )
    (clause,) = parse_rule(RULE).clauses
    settings = load(Settings, "evidence")
    finding = weigh_change(clause, tables, Comparison("diagnosis", "relapse"), settings)
    assert finding.status.value == status, finding.reason
