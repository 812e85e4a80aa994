"""Error rates: what reads of the run show where nobody suspects a variant."""

import numpy as np
import pytest
from variants_world import CHROM, random_bases, with_run

from amlresist.variants.alleles import Allele
from amlresist.variants.counts import FragmentCounts
from amlresist.variants.noise import control_indels, error_of, learn
from amlresist.variants.tracks import Track, with_shared_slippage

FLOOR = 1e-3
PLACES = range(100, 1100, 50)


def genome(run: str) -> str:
    """A genome with the run every 50 bases, and none beside."""
    text = ("ACGTCAGT" * 200)[:1200]
    for place in PLACES:
        text = with_run(text, place, run)
    return text


def fetching(text: str):  # type: ignore[no-untyped-def]
    return lambda chrom, start, end: text[max(0, start) : end]


def shorter(text: str, place: int) -> Allele:
    return Allele(CHROM, place - 1, text[place - 1 : place + 1], text[place - 1])


def counted(alt: list[int], depth: int) -> FragmentCounts:
    hits = np.array(alt, dtype=np.int64)
    rest = depth - hits
    return FragmentCounts(rest, hits, 0 * hits, hits // 2, rest // 2)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.08])
def test_slippage_is_learned_from_runs_of_the_same_length(share: float) -> None:
    text = genome("A" * 10)
    alleles = [shorter(text, place) for place in PLACES]
    hits = np.random.default_rng(3).binomial(1000, share, len(alleles)).tolist()
    rates = learn(alleles, counted(hits, 1000), FLOOR, fetching(text))
    assert error_of(alleles[0], rates, FLOOR, fetching(text)) == pytest.approx(share, abs=0.003)


def test_one_variant_among_the_runs_does_not_raise_the_error() -> None:
    text = genome("A" * 8)
    alleles = [shorter(text, place) for place in PLACES]
    hits = [2] * (len(alleles) - 1) + [100]
    rates = learn(alleles, counted(hits, 1000), FLOOR, fetching(text))
    assert error_of(alleles[-1], rates, FLOOR, fetching(text)) < 0.003


def test_a_run_alone_teaches_nothing_about_itself() -> None:
    text = genome("A" * 10)
    allele = shorter(text, 100)
    expected = error_of(allele, {}, FLOOR, fetching(text))
    rates = learn([allele], counted([90], 1000), FLOOR, fetching(text))
    assert error_of(allele, rates, FLOOR, fetching(text)) == pytest.approx(expected)


def test_controls_are_like_a_candidate() -> None:
    text = genome("T" * 7)
    candidate = shorter(text, 300)
    controls = control_indels([candidate], fetching(text))
    places = {allele.pos + 1 for allele in controls}
    assert places == {p for p in PLACES if abs(p - 300) < 300}
    assert all(len(a.ref) == 2 and len(a.alt) == 1 for a in controls)


def test_indels_outside_runs_need_no_controls() -> None:
    text = random_bases(600, np.random.default_rng(2)).replace("AAAAA", "ACACA")
    insertion = Allele(CHROM, 300, text[300], text[300] + "GATTACA")
    assert control_indels([insertion], fetching(text)) == []
    assert error_of(insertion, {}, FLOOR, fetching(text)) == FLOOR


def library(timepoint: str, alt: list[int], depth: int, error: float) -> Track:
    """Counts of reads that are assumed to err alike at all loci."""
    hits = np.array(alt, dtype=np.int64)
    yes, n = np.ones(len(alt), dtype=bool), np.full(len(alt), depth, dtype=np.int64)
    counts = (n - hits, hits, 0 * hits, n, hits // 2)
    return Track(timepoint, timepoint, "reads", *counts, yes, yes, ~yes, np.full(len(alt), error))


def test_a_repeat_that_does_not_slip_at_one_time_point_slips_little_at_the_other() -> None:
    text = genome("A" * 10)
    alleles = [shorter(text, place) for place in PLACES[:3]]
    snv = Allele(CHROM, 20, text[20], "ACGT"["ACGT".index(text[20]) - 1])
    alleles.append(snv)
    before = library("diagnosis", [0, 12, 30, 0], 300, 0.04)
    after = library("relapse", [15, 15, 15, 15], 300, 0.04)
    _, told = with_shared_slippage([before, after], alleles, fetching(text), FLOOR)
    assert told.error[0] == pytest.approx(0.04 * 4 / 16)
    assert told.error[1] == pytest.approx(0.04)
    assert told.error[2] == pytest.approx(0.04), "more at diagnosis may be the variant"
    assert told.error[3] == pytest.approx(0.04), "SNVs do not slip"
    assert after.error.tolist() == [0.04] * 4


def test_one_library_alone_keeps_its_rates() -> None:
    text = genome("A" * 10)
    alone = library("diagnosis", [5], 300, 0.04)
    told = with_shared_slippage([alone], [shorter(text, 100)], fetching(text), FLOOR)
    assert told[0].error.tolist() == [0.04]


def test_slips_by_two_bases_are_expected_less_than_by_one() -> None:
    text = genome("A" * 10)
    one, before = shorter(text, 100), text[99]
    two = Allele(CHROM, 99, before + "AA", before)
    rates = [error_of(a, {}, FLOOR, fetching(text)) for a in (one, two)]
    assert rates[1] == pytest.approx(rates[0] / 4)
