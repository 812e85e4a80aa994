"""Sex is read from X; what leukemias lose and transplants bring raises no false alarm."""

import numpy as np
import pytest

from amlresist.alignment_qc.genotypes import Sites
from amlresist.alignment_qc.sex import judged_sex, observed_sex

BCOR, CRLF2_SHARED_WITH_Y = 40_000_000, 1_200_000


def sex(heterozygous, homozygous, contig="chrX", position=BCOR):
    genotype = np.array([1] * heterozygous + [2] * homozygous, dtype=np.int64)
    none = np.zeros(len(genotype), dtype=np.int64)
    places = [(contig, position + 100 * number) for number in range(len(genotype))]
    return observed_sex(Sites(none, none, none, genotype), places)


@pytest.mark.parametrize(
    ("sites", "expected"), [((8, 6), "female"), ((0, 9), "male"), ((2, 2), ""), ((0, 0), "")]
)
def test_heterozygosity_on_x_tells_the_sex_or_nothing(sites, expected):
    assert sex(*sites) == expected
    assert sex(*sites, contig="X") == expected


def test_other_contigs_say_nothing_of_the_sex():
    assert sex(8, 6, contig="chr1") == sex(0, 9, contig="chrY") == ""


def test_sites_that_x_shares_with_y_do_not_make_a_man_a_woman():
    assert sex(8, 6, position=CRLF2_SHARED_WITH_Y) == ""
    assert sex(8, 6, position=155_800_000) == ""


def test_reads_of_a_man_under_a_womans_name_are_told():
    reported, warning = judged_sex("male", "female", ["male"], transplanted=False)
    assert reported == "male"
    assert "sex looks male, stated is female: another person's sample" in warning


def test_reads_of_a_woman_under_a_mans_name_are_told():
    reported, warning = judged_sex("female", "male", [], transplanted=False)
    assert reported == "female"
    assert warning == "sex looks female, stated is male: another person's sample?"


def test_x_lost_at_relapse_is_no_swap():
    reported, warning = judged_sex("male", "female", ["female"], transplanted=False)
    assert reported == ""
    assert "lost X" in warning
    assert "another person's" not in warning


def test_a_man_without_y_reads_male():
    assert judged_sex(sex(0, 9), "male", ["male"], transplanted=False) == ("male", "")


def test_a_donor_of_the_other_sex_is_named_as_a_cause():
    assert "donor's cells" in judged_sex("female", "male", ["male"], transplanted=True)[1]


def test_nothing_stated_or_observed_is_no_warning():
    assert judged_sex("male", "", [], transplanted=False) == ("male", "")
    assert judged_sex("", "female", [], transplanted=False) == ("", "")
