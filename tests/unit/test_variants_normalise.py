import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from variants_world import CHROM, random_bases

from amlresist.variants.alleles import (
    Allele,
    anchored,
    bare,
    normalise,
    shift_left,
    shift_right,
)

GENOME = random_bases(60, np.random.default_rng(1)) + "A" * 12 + "CAG" * 8 + "TTGACCA" * 3


def fetch(chrom: str, start: int, end: int) -> str:
    return GENOME[max(0, start) : end]


def applied(allele: Allele) -> str:
    assert GENOME[allele.pos : allele.end] == allele.ref
    return GENOME[: allele.pos] + allele.alt + GENOME[allele.end :]


def test_an_inserted_base_of_a_run_is_written_at_its_left_end() -> None:
    written = Allele(CHROM, 70, "A", "AA")
    assert normalise(written, fetch) == Allele(CHROM, 59, GENOME[59], GENOME[59] + "A")


def test_a_lost_repeat_unit_is_written_at_its_left_end() -> None:
    written = Allele(CHROM, 86, GENOME[86:90], GENOME[86])
    found = normalise(written, fetch)
    assert found == Allele(CHROM, 71, GENOME[71:75], GENOME[71])


def test_shared_bases_are_trimmed() -> None:
    ref = GENOME[10:16]
    other = "A" if ref[2] != "A" else "C"
    assert normalise(Allele(CHROM, 10, ref, ref[:2] + other + ref[3:]), fetch) == Allele(
        CHROM, 12, ref[2], other
    )


def test_a_change_at_the_first_base_keeps_the_base_behind_it() -> None:
    found = normalise(Allele(CHROM, 0, GENOME[0:3], GENOME[2]), fetch)
    assert found.pos == 0
    assert applied(found) == GENOME[2:]


CHANGES = st.tuples(
    st.integers(1, len(GENOME) - 12), st.integers(0, 9), st.text("ACGT", max_size=9)
)


@given(change=CHANGES, moved=st.integers(0, 30))
def test_every_spelling_of_an_allele_has_one_normal_form(
    change: tuple[int, int, str], moved: int
) -> None:
    start, deleted, inserted = change
    base = GENOME[start - 1]
    allele = Allele(CHROM, start - 1, base + GENOME[start : start + deleted], base + inserted)
    if allele.ref == allele.alt:
        return
    found = normalise(allele, fetch)
    assert applied(found) == applied(allele)
    assert normalise(found, fetch) == found
    longer_left = max(0, found.pos - moved)
    left, right = GENOME[longer_left : found.pos], GENOME[found.end : found.end + moved]
    padded = Allele(CHROM, longer_left, left + found.ref + right, left + found.alt + right)
    assert normalise(padded, fetch) == found
    right_most = shift_right(bare(found), CHROM, fetch)
    assert normalise(anchored(CHROM, right_most, fetch), fetch) == found
    assert shift_left(right_most, CHROM, fetch) == shift_left(bare(found), CHROM, fetch)


def test_kinds_of_changes() -> None:
    kinds = {
        ("A", "C"): "snv",
        ("AC", "GT"): "mnv",
        ("A", "ACC"): "insertion",
        ("ACC", "A"): "deletion",
        ("ACC", "GT"): "complex",
        ("A", "<DUP>"): "unknown",
    }
    for (ref, alt), kind in kinds.items():
        assert Allele(CHROM, 5, ref, alt).kind == kind


def test_error_classes_do_not_depend_on_the_strand() -> None:
    assert Allele(CHROM, 5, "G", "A").substitution == Allele(CHROM, 5, "C", "T").substitution
    assert Allele(CHROM, 5, "A", "C").substitution == "T>G"
