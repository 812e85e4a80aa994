"""Swaps, mixtures and transplants are seen, clean pairs are never blamed."""

import numpy as np
import pytest

from amlresist.alignment_qc import regions
from amlresist.alignment_qc.carry_over import NONE_SEEN, CarryOver, carry_over
from amlresist.alignment_qc.genotypes import Sites, best_matches, find_sites, new_alleles
from amlresist.alignment_qc.pairs import pair_row, weigh
from amlresist.alignment_qc.records import Genotype
from amlresist.alignment_qc.settings import Settings
from amlresist.settings import load

SETTINGS = load(Settings, "alignment_qc")
REF, ALT = 0, 2
POLYMORPHIC = 130  # of which about 70 differ from the genome in one person


def person(rng, sites: int = POLYMORPHIC) -> np.ndarray:
    """Genotypes 0 to 2 at sites whose allele frequencies range from rare to common."""
    frequency = rng.beta(1.0, 1.5, sites)
    return frequency


def genotypes(rng, frequency: np.ndarray) -> np.ndarray:
    return rng.binomial(2, frequency)


def reads(rng, vaf: np.ndarray, depth: int) -> np.ndarray:
    """Base counts (sites, 4) with errors and the scatter of real heterozygous sites."""
    n = rng.poisson(depth, len(vaf))
    expected = np.clip(vaf * 0.998 + (1 - vaf) * 0.001, 1e-4, 1 - 1e-4)
    scattered = np.where(
        (vaf > 0) & (vaf < 1), rng.beta(expected * 300, (1 - expected) * 300), expected
    )
    alt = rng.binomial(n, scattered)
    counts = np.zeros((len(vaf), 4), dtype=np.int64)
    counts[:, ALT], counts[:, REF] = alt, n - alt
    return counts


def verdict(rng, later_vaf, own, *, depth=300, transplant=False):
    reference = np.full(len(own), REF)
    earlier, later = reads(rng, own / 2, depth), reads(rng, later_vaf, depth)
    new = new_alleles(earlier, later, reference, SETTINGS.genotype_depth)
    sites = find_sites(earlier, reference, SETTINGS.genotype_depth)
    evidence = weigh(sites, later, SETTINGS, new)
    return pair_row("P", ("a", "b"), evidence, SETTINGS, transplant=transplant)


def test_no_false_alarm_in_200_clean_pairs():
    rng = np.random.default_rng(1)
    for _ in range(200):
        own = genotypes(rng, person(rng))
        row = verdict(rng, own / 2, own)
        assert row.verdict == "same_person", row
        assert "contaminated" not in row.reason


def test_no_false_alarm_with_lost_alleles_and_somatic_changes():
    rng = np.random.default_rng(2)
    for _ in range(100):
        own = genotypes(rng, person(rng))
        vaf = own / 2
        lost = rng.random(len(vaf)) < 0.2
        vaf = np.where(lost & (own == 1), rng.choice([0.05, 0.95], len(vaf)), vaf)
        row = verdict(rng, vaf, own)
        assert row.verdict == "same_person", row


def test_every_swap_is_seen():
    rng = np.random.default_rng(3)
    for _ in range(100):
        frequency = person(rng)
        own, other = genotypes(rng, frequency), genotypes(rng, frequency)
        row = verdict(rng, other / 2, own)
        assert row.verdict == "different_people", row


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_contamination_is_seen_and_measured(share):
    rng = np.random.default_rng(4)
    estimates = []
    for _ in range(60):
        frequency = person(rng)
        own, other = genotypes(rng, frequency), genotypes(rng, frequency)
        row = verdict(rng, (1 - share) * own / 2 + share * other / 2, own)
        assert row.verdict == "same_person", row
        assert "contaminated by another person" in row.reason, row
        assert row.contamination_low <= row.contamination <= row.contamination_high
        estimates.append(row.contamination)
    assert np.median(estimates) == pytest.approx(share, rel=0.25)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
@pytest.mark.parametrize("transplant", [True, False])
def test_b013_donor_cells_are_seen(share, transplant):
    rng = np.random.default_rng(5)
    for _ in range(40):
        frequency = person(rng)
        own, donor = genotypes(rng, frequency), genotypes(rng, frequency)
        vaf = (1 - share) * own / 2 + share * donor / 2
        row = verdict(rng, vaf, own, transplant=transplant)
        assert row.verdict == "chimerism_suspected", row


@pytest.mark.parametrize("share", [0.9, 0.95, 0.98])
def test_b072_nearly_complete_donor_never_passes_as_the_patient(share):
    rng = np.random.default_rng(11)
    for _ in range(40):
        frequency = person(rng)
        own, donor = genotypes(rng, frequency), genotypes(rng, frequency)
        row = verdict(rng, (1 - share) * own / 2 + share * donor / 2, own)
        assert row.verdict in {"chimerism_suspected", "different_people"}, row


def test_ten_acquired_mutations_are_no_foreign_genome():
    rng = np.random.default_rng(12)
    for _ in range(40):
        own = genotypes(rng, person(rng))
        vaf = own / 2
        acquired = rng.choice(np.flatnonzero(own == 0), 10, replace=False)
        vaf[acquired] = rng.uniform(0.05, 0.55, 10)
        assert verdict(rng, vaf, own).verdict == "same_person"


def test_full_donor_relapse_is_chimerism_only_when_a_transplant_is_stated():
    rng = np.random.default_rng(6)
    frequency = person(rng)
    own, donor = genotypes(rng, frequency), genotypes(rng, frequency)
    assert verdict(rng, donor / 2, own, transplant=True).verdict == "chimerism_suspected"
    assert verdict(rng, donor / 2, own).verdict == "different_people"


def test_few_sites_cannot_tell():
    rng = np.random.default_rng(7)
    own = genotypes(rng, person(rng, 15))
    assert verdict(rng, own / 2, own).verdict == "cannot_tell"


def test_no_reads_cannot_tell():
    sites = Sites(*(np.array([], dtype=np.int64),) * 4)
    row = pair_row(
        "P",
        ("a", "b"),
        weigh(sites, np.zeros((0, 4), np.int64), SETTINGS),
        SETTINGS,
        transplant=False,
    )
    assert (row.verdict, row.sites) == ("cannot_tell", 0)


def rows_of(patient, sample, own):
    depth = 200
    return [
        Genotype(
            patient, sample, "chr1", 10 * n + 1, "A", "G", depth - depth * g // 2, depth * g // 2
        )
        for n, g in enumerate(own)
    ]


def test_best_match_names_the_person_a_sample_came_from():
    rng = np.random.default_rng(8)
    frequency = person(rng)
    people = [genotypes(rng, frequency) for _ in range(6)]
    tables = [
        rows_of(f"P{n}", f"P{n}_dx", own) + rows_of(f"P{n}", f"P{n}_rel", own)
        for n, own in enumerate(people[:5])
    ]
    tables[0] = rows_of("P0", "P0_dx", people[0]) + rows_of("P0", "P0_rel", people[3])
    matches = {match.sample: match for match in best_matches(tables)}
    assert matches["P0_rel"].other_patient == "P3"
    assert matches["P0_rel"].same_person
    assert not matches["P0_dx"].same_person
    assert not matches["P1_rel"].same_person


def test_best_match_needs_shared_sites():
    assert best_matches([]) == []
    assert best_matches([rows_of("P0", "a", [1] * 5), rows_of("P1", "b", [1] * 5)]) == []


def relative(rng, frequency: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Genotypes of a person and of a child or sibling; inherited in blocks, as neighbours are."""
    block = np.sort(rng.integers(0, 30, len(frequency)))

    def haplotype() -> np.ndarray:
        return rng.random(len(frequency)) < frequency

    def inherited(parent: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return np.where(rng.random(30)[block] < 0.5, *parent)

    mother, father = (haplotype(), haplotype()), (haplotype(), haplotype())
    if kind == "child":
        return mother[0] * 1 + mother[1], inherited(mother) * 1 + haplotype()
    first, second = (inherited(mother) * 1 + inherited(father) for _ in range(2))
    return first, second


@pytest.mark.parametrize("kind", ["child", "sibling"])
def test_a_relative_never_passes_as_the_patient(kind):
    rng = np.random.default_rng(14)
    for _ in range(100):
        own, other = relative(rng, person(rng), kind)
        row = verdict(rng, other / 2, own)
        assert row.verdict != "same_person", row


@pytest.mark.parametrize("share, least", [(0.3, 0.95), (0.6, 0.95), (0.9, 0.9)])
def test_cells_of_a_siblings_transplant_are_seen(share, least):
    rng = np.random.default_rng(19)
    seen = 0
    for _ in range(80):
        own, donor = relative(rng, person(rng), "sibling")
        row = verdict(rng, (1 - share) * own / 2 + share * donor / 2, own)
        seen += row.verdict in {"chimerism_suspected", "different_people"}
    assert seen >= least * 80


def test_odd_sites_beside_acquired_mutations_are_no_foreign_genome():
    rng = np.random.default_rng(20)
    for _ in range(40):
        own = genotypes(rng, person(rng))
        vaf = own / 2
        vaf[rng.choice(np.flatnonzero(own == 0), 8, replace=False)] = rng.uniform(0.05, 0.55, 8)
        vaf[rng.choice(np.flatnonzero(own == 2), 2, replace=False)] = rng.uniform(0.6, 0.97, 2)
        row = verdict(rng, vaf, own)
        assert row.verdict == "same_person" and "contaminated" not in row.reason, row


def test_five_percent_foreign_reads_are_seen_from_fifty_sites_on():
    rng = np.random.default_rng(15)
    seen = sites = 0
    for _ in range(100):
        frequency = person(rng, 95)
        own, other = genotypes(rng, frequency), genotypes(rng, frequency)
        row = verdict(rng, 0.95 * own / 2 + 0.05 * other / 2, own)
        sites += row.sites
        seen += "contaminated" in row.reason or row.verdict == "chimerism_suspected"
    assert 50 <= sites / 100 < 60
    assert seen >= 98


def test_two_odd_sites_are_no_foreign_genome():
    rng = np.random.default_rng(16)
    for _ in range(100):
        own = genotypes(rng, person(rng))
        vaf = own / 2
        vaf[rng.choice(np.flatnonzero(own == 2), 2, replace=False)] = 0.9
        row = verdict(rng, vaf, own)
        assert row.verdict == "same_person" and "contaminated" not in row.reason, row


def drawn(rng, vaf: np.ndarray, depth: int = 800) -> np.ndarray:
    """Base counts (sites, 4) of independent reads with one error in a thousand."""
    n = rng.poisson(depth, len(vaf))
    counts = np.zeros((len(vaf), 4), dtype=np.int64)
    counts[:, ALT] = rng.binomial(n, vaf + 0.001)
    counts[:, REF] = n - counts[:, ALT]
    return counts


def told_of(rng, here: np.ndarray, there: np.ndarray) -> CarryOver | None:
    seen = carry_over(drawn(rng, here), drawn(rng, there), np.full(len(here), REF), 20)
    return seen if seen.is_even and seen.evidence >= SETTINGS.decision_log10 else None


@pytest.mark.parametrize("share", [0.005, 0.02, 0.05])
def test_b067_the_patients_other_sample_in_the_tube_is_told(share):
    rng = np.random.default_rng(17)
    relapse = np.zeros(300)
    relapse[:12] = rng.uniform(0.2, 0.5, 12)
    found = [told_of(rng, share * relapse, relapse) for _ in range(40)]
    levels = [seen.share for seen in found if seen]
    assert len(levels) >= (20 if share < 0.01 else 38)
    assert np.median(levels) == pytest.approx(share, rel=0.25)


def test_changes_absent_or_at_differing_low_levels_are_no_other_sample():
    rng = np.random.default_rng(18)
    relapse, diagnosis = np.zeros(300), np.zeros(300)
    relapse[:12] = rng.uniform(0.2, 0.5, 12)
    assert not any(told_of(rng, diagnosis, relapse) for _ in range(100))
    diagnosis[:4] = 0.04
    assert not any(told_of(rng, diagnosis, relapse) for _ in range(100))


def test_told_in_the_row_and_the_verdict_stays():
    rng = np.random.default_rng(19)
    own = genotypes(rng, person(rng))
    earlier, later = reads(rng, own / 2, 300), reads(rng, own / 2, 300)
    evidence = weigh(find_sites(earlier, np.full(len(own), REF), 20), later, SETTINGS)
    carried = CarryOver(0.02, 7, 9.0, True), NONE_SEEN
    row = pair_row("P", ("dx", "rel"), evidence, SETTINGS, transplant=False, carried=carried)
    assert row.verdict == "same_person"
    assert "all 7 clonal changes of rel alone are seen in dx at 2.0%" in row.reason


@pytest.mark.parametrize("length", [1, 7, 64, 1000])
def test_what_is_found_does_not_depend_on_how_the_region_is_cut(monkeypatch, length):
    rng = np.random.default_rng(20)
    relapse = np.where(rng.random(300) < 0.1, rng.uniform(0.1, 1, 300), 0)
    here, there = drawn(rng, 0.02 * relapse), drawn(rng, relapse)
    reference = np.full(300, REF)
    whole = find_sites(there, reference, 20)
    new, carried = new_alleles(here, there, reference, 20), carry_over(here, there, reference, 20)
    monkeypatch.setattr(regions, "STRETCH", length)
    cut = find_sites(there, reference, 20)
    assert all(np.array_equal(getattr(cut, name), value) for name, value in vars(whole).items())
    assert np.array_equal(new_alleles(here, there, reference, 20), new)
    assert carry_over(here, there, reference, 20) == carried
    assert len(whole.place) and len(new[0]) and carried.changes
