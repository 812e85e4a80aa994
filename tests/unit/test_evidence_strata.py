"""FLT3-ITD beside NPM1: strata at diagnosis, and what is left open."""

import pytest

from amlresist.evidence.strata import (
    DIAGNOSIS_NOTE,
    ELN_NOTE,
    OPEN_NOTE,
    RATIO_NOTE,
    flt3_npm1_rows,
)
from evidence_example import SETTINGS, coverage, dna, itd_library, variant

NPM1 = variant("NPM1", "W288Cfs*12", "stable")


def strata(ratio, npm1, **itd):
    rows = (NPM1,) if npm1 else ()
    library = itd_library("diagnosis", itd.pop("verdict", "itd"), ratio, **itd)
    tables = dna(*rows, covered=("NPM1", "FLT3"), itd_libraries=(library,))
    return {row.timepoint: row for row in flt3_npm1_rows(tables, SETTINGS)}


@pytest.mark.parametrize(
    ("ratio", "npm1", "reading", "eln_2017", "eln_2022"),
    [
        (0.3, True, "better", "favorable", "intermediate"),
        (0.8, False, "poor", "adverse", "intermediate"),
        (0.5, False, "poor", "adverse", "intermediate"),
        (0.3, False, "open", "intermediate", "intermediate"),
        (0.8, True, "open", "intermediate", "intermediate"),
    ],
)
def test_four_combinations_at_diagnosis(ratio, npm1, reading, eln_2017, eln_2022):
    row = strata(ratio, npm1)["diagnosis"]
    assert (row.review_reading, row.eln_2017, row.eln_2022) == (reading, eln_2017, eln_2022)
    assert any("open" in reading or "fragment" in note for note in row.notes)


def test_open_combinations_say_so():
    assert any("nothing about this" in note for note in strata(0.8, True)["diagnosis"].notes)


def test_no_wild_type_is_high():
    row = strata(float("nan"), False, no_wild_type=True, allelic_ratio_low=9.0)["diagnosis"]
    assert (row.ratio_class, row.review_reading, row.ratio_class_sure) == ("high", "poor", True)


def test_ratio_near_the_cut_is_said_to_be_unsure():
    assert strata(0.48, True)["diagnosis"].ratio_class_sure is False
    assert strata(0.3, True)["diagnosis"].ratio_class_sure is True


def test_no_strata_at_relapse():
    library = itd_library("relapse", "itd", 0.8)
    tables = dna(NPM1, covered=("NPM1",), itd_libraries=(library,))
    row = flt3_npm1_rows(tables, SETTINGS)[-1]
    assert (row.timepoint, row.review_reading, row.eln_2017) == ("relapse", "diagnosis_only", "")
    assert row.ratio_class == "high"


def test_npm1_is_wild_type_only_where_it_was_readable():
    library = itd_library("diagnosis", "itd", 0.8)
    unread = flt3_npm1_rows(dna(itd_libraries=(library,)), SETTINGS)[0]
    thin = dna(itd_libraries=(library,))
    assert (unread.npm1, unread.review_reading) == ("not_assessed", "not_assessed")
    assert flt3_npm1_rows(thin, SETTINGS)[0].eln_2017 == ""
    assert coverage("NPM1")[0].gene == "NPM1"


def test_kinase_changes_stand_beside():
    rows = (variant("FLT3", "F691L", "acquired"), variant("FLT3", "D835Y", "lost"))
    found = {row.timepoint: row for row in flt3_npm1_rows(dna(*rows), SETTINGS)}
    assert found["diagnosis"].kinase_changes == ("D835Y VAF 0.400",)
    assert found["relapse"].kinase_changes == ("F691L VAF 0.300",)


def test_notes_hold_no_separator_of_the_tables():
    """Tuples are joined with semicolons in the tables."""
    notes = (RATIO_NOTE, ELN_NOTE, OPEN_NOTE, DIAGNOSIS_NOTE)
    assert not any(";" in note for note in notes)
