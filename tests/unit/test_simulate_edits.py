"""Changes are placed and named the same way however they are written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlresist.simulate.edits import (
    Edit,
    apply_edits,
    left_aligned,
    parse_change,
    right_aligned,
    three_letter,
)
from amlresist.simulate.gene_plan import GenePlan
from amlresist.simulate.genome import build_locus
from amlresist.simulate.locus import Locus

BASES = st.text(alphabet="ACGT", min_size=0, max_size=6)
PLAN = GenePlan("GENE", "chr1", "+", "ENSG1", "ENST1.1", "model", 300, ("W100:TGG",), ())


@pytest.fixture(scope="module")
def locus() -> Locus:
    return build_locus(PLAN, None, np.random.default_rng(1))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="AC", min_size=20, max_size=40), st.data())
def test_aligning_an_edit_keeps_the_allele(sequence: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, len(sequence) - 8))
    end = data.draw(st.integers(start, start + 6))
    edit = Edit(start, end, data.draw(BASES))
    allele = apply_edits(sequence, [edit])
    left, right = left_aligned(edit, sequence), right_aligned(edit, sequence)
    assert apply_edits(sequence, [left]) == apply_edits(sequence, [right]) == allele
    assert left.start <= right.start
    if allele != sequence:
        assert left_aligned(right, sequence) == left


def test_coding_names_and_offsets_are_each_others_inverse(locus: Locus) -> None:
    for offset in range(len(locus.sequence)):
        assert locus.offset(locus.coding_name(offset)) == offset


def test_duplication_with_n_nucleotides_stands_after_its_copy(locus: Locus) -> None:
    edit = parse_change("301_306itdACG", locus)
    first = locus.offset(301)
    assert edit == Edit(first + 6, first + 6, "ACG" + locus.sequence[first : first + 6])


def test_a_change_of_another_base_is_refused(locus: Locus) -> None:
    with pytest.raises(ValueError, match="reference has T"):
        parse_change("298A>G", locus)


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply_edits("ACGTACGT", [Edit(1, 4, ""), Edit(3, 5, "A")])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("D835Y", "p.Asp835Tyr"),
        ("W288Cfs*12", "p.Trp288CysfsTer12"),
        ("V592_L601dup", "p.Val592_Leu601dup"),
        ("R201*", "p.Arg201Ter"),
        ("", ""),
    ],
)
def test_three_letter_names(change: str, expected: str) -> None:
    assert three_letter(change) == expected
