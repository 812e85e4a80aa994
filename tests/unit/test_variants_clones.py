"""Clusters of variants, the founder among them, SNPs under LOH, and the hotspots' own table."""

import dataclasses
import math

import numpy as np
import pytest

from amlresist.settings import load
from amlresist.variants.alleles import Allele
from amlresist.variants.clones import cluster, founder
from amlresist.variants.comparison import compare
from amlresist.variants.consequence import Annotation
from amlresist.variants.heterozygosity import BASE_SHARE, loh_shares, shows_loh
from amlresist.variants.hotspot_table import hotspot_rows
from amlresist.variants.loci import Case, Locus
from amlresist.variants.overdispersion import Overdispersion
from amlresist.variants.purity import (
    Purity,
    cancer_cell_fraction_interval,
    combined,
    from_founder,
)
from amlresist.variants.records import VariantClass
from amlresist.variants.settings import Settings
from amlresist.variants.tracks import Track

SETTINGS = load(Settings, "variants", "")
RHO = 0.002


def drawn(rng, centres, sizes, depth=1000, rho=RHO):
    """Counts of clones with the given VAFs at two time points; capture bias as rho says."""
    vaf = np.repeat(np.array(centres), sizes, axis=0)
    total = rng.poisson(depth, vaf.shape)
    spread = rng.beta(np.maximum(vaf, 1e-9) * (1 / rho - 1), (1 - vaf) * (1 / rho - 1))
    return rng.binomial(total, np.where(vaf > 0, spread, 0)), total


def test_five_clones_are_found_and_the_founder_is_not_split():
    centres = [(0.47, 0.42), (0.24, 0.0), (0.17, 0.41), (0.03, 0.40), (0.0, 0.39)]
    sizes = [200, 6, 6, 6, 60]
    alt, depth = drawn(np.random.default_rng(3), centres, sizes, depth=3000)
    found = cluster(alt, depth, 1e-3, RHO)
    assert sorted(found.size(i) for i in range(len(found.vaf))) == pytest.approx(
        sorted(sizes), abs=3
    )
    assert found.vaf[founder(found, 3)] == pytest.approx((0.47, 0.42), abs=0.02)


def test_order_of_variants_changes_no_cluster():
    alt, depth = drawn(np.random.default_rng(5), [(0.45, 0.4), (0.2, 0.0), (0.0, 0.3)], [9, 5, 7])
    turned = np.random.default_rng(6).permutation(len(alt))
    one, other = cluster(alt, depth, 1e-3, RHO), cluster(alt[turned], depth[turned], 1e-3, RHO)
    np.testing.assert_array_equal(other.assignment, one.assignment[turned])


def test_purity_is_twice_the_founder_and_a_given_share_goes_first():
    alt, depth = drawn(np.random.default_rng(7), [(0.45, 0.2)], [12])
    clusters = cluster(alt, depth, 1e-3, RHO)
    learned = from_founder(clusters, founder(clusters, 3))
    assert learned.shares == pytest.approx((0.9, 0.4), abs=0.04)
    given = Purity((0.8, 0.5), "given blast fraction")
    assert combined(given, learned) == given
    assert combined(Purity((0.8, math.nan), "given blast fraction"), learned) == learned


def snps(moved, chrom="chr17"):
    """Alleles and counts of SNPs on a chromosome; VAFs after as given."""
    alleles = [Allele(chrom, 100_000 * i, "C", "T") for i in range(len(moved))]
    depth = np.full((len(moved), 2), 400)
    return alleles, np.array([[200, round(400 * f)] for f in moved]), depth


def test_neighbours_that_move_together_show_loh():
    shares = loh_shares(*snps([0.05, 0.95, 0.05, 0.06, 0.94]), RHO)
    assert (shares > 0.5).all()
    assert shows_loh((0.5, 0.05))
    assert not shows_loh((0.47, 0.52))
    assert not shows_loh((1.0, 0.99))


def test_one_that_moves_among_snps_that_stay_shows_none():
    shares = loh_shares(*snps([0.5, 0.51, 0.05, 0.49, 0.5]), RHO)
    assert (shares == BASE_SHARE).all()


def track(timepoint, alt, depth):
    alt, depth = np.array(alt), np.array(depth)
    n = len(alt)
    no = np.zeros(n, dtype=bool)
    return Track(
        timepoint,
        f"S_{timepoint}",
        "reads",
        depth - alt,
        alt,
        np.zeros(n, dtype=np.int64),
        depth,
        np.full(n, -1),
        ~no,
        alt > 0,
        no,
        np.full(n, 1e-3),
    )


def case_of(loci, tracks):
    return Case(
        patient="P1",
        loci=loci,
        tracks=tracks,
        overdispersion=Overdispersion(RHO, 0, 0.0),
        purity=Purity((math.nan,) * len(tracks), "unknown"),
        segments=(),
        transplanted=frozenset(),
        drivers=frozenset({"NRAS"}),
    )


def hotspot(position, change):
    annotation = Annotation(
        gene="NRAS", protein_change=change, consequence="missense_variant", hgvs_c="", hgvs_p=""
    )
    return Locus(Allele("chr1", position, "C", "T"), annotation, "NRAS G12", ("hotspot",))


LOCI = [hotspot(100, "G12D"), hotspot(200, "G12V"), hotspot(300, "G12S")]


def test_a_hotspot_nothing_was_seen_at_is_no_variant_but_in_its_own_table():
    tracks = (track("diagnosis", [1, 0, 0], [300] * 3), track("relapse", [0, 90, 0], [300, 300, 0]))
    case = case_of(LOCI, tracks)
    rows, _ = compare(case, 0, 1, SETTINGS)
    assert [(row.protein_change, row.variant_class) for row in rows] == [
        ("G12V", VariantClass.ACQUIRED)
    ]
    looked = {(row.protein_change, row.timepoint): row for row in hotspot_rows(case, SETTINGS)}
    assert len(looked) == 6
    assert looked["G12D", "diagnosis"].seen is False
    assert looked["G12D", "relapse"].excluded_above == pytest.approx(0.0075, abs=0.003)
    assert looked["G12V", "relapse"].seen is True
    assert looked["G12S", "relapse"].seen is None


def test_a_variant_lost_early_keeps_its_row_between_later_time_points():
    tracks = (
        track("diagnosis", [60, 60, 0], [400] * 3),
        track("relapse", [0, 50, 0], [400] * 3),
        track("relapse2", [0, 55, 90], [400] * 3),
    )
    rows, _ = compare(case_of(LOCI, tracks), 1, 2, SETTINGS)
    found = {row.protein_change: row for row in rows}
    assert found["G12D"].variant_class is VariantClass.NOT_EVALUABLE
    assert "neither" in found["G12D"].reason
    assert found["G12S"].variant_class is VariantClass.ACQUIRED


def test_new_variants_after_a_transplant_are_no_gains_unless_drivers():
    other = Locus(Allele("chr9", 50, "C", "T"), Annotation(), "", ("reads",))
    tracks = (track("diagnosis", [0, 0], [500] * 2), track("relapse", [200, 120], [500] * 2))
    case = dataclasses.replace(
        case_of([other, LOCI[0]], tracks), transplanted=frozenset({"relapse"})
    )
    rows, _ = compare(case, 0, 1, SETTINGS)
    found = {row.chrom: row for row in rows}
    assert found["chr9"].variant_class is not VariantClass.ACQUIRED
    assert found["chr1"].variant_class is VariantClass.ACQUIRED
    assert "after_transplant" in found["chr9"].flags


def test_low_depth_is_not_evaluable_and_names_the_depth_needed():
    tracks = (track("diagnosis", [0, 0, 0], [15] * 3), track("relapse", [30, 0, 0], [300] * 3))
    rows, _ = compare(case_of(LOCI, tracks), 0, 1, SETTINGS)
    assert rows[0].variant_class is VariantClass.NOT_EVALUABLE
    assert 90 < rows[0].depth_needed < 300


FOUNDERS = [(0.45, 0.18), (0.42, 0.17)]  # a relapse of 40 % purity; too few for a founder cluster


def classes_without_purity(vafs, depth=800):
    """Class of each variant of a panel without blast fractions."""
    alt = np.round(np.array(vafs) * depth).astype(int)
    tracks = [track(t, alt[:, i], [depth] * len(alt)) for i, t in enumerate(("dx", "relapse"))]
    loci = [hotspot(100 * (i + 1), f"G{i}D") for i in range(len(alt))]
    rows, _ = compare(case_of(loci, tracks), 0, 1, SETTINGS)
    return [row.variant_class.value for row in rows], rows


@pytest.mark.parametrize("new", [[], [(0, 0.05)], [(0, 0.04), (0, 0.06), (0, 0.05)]])
def test_founders_that_fall_alike_are_not_contracting_whatever_small_is_new(new):
    classes, rows = classes_without_purity([*FOUNDERS, *new])
    assert classes == ["not_evaluable"] * 2 + ["acquired"] * len(new)
    assert all("variants_fell_alike" in row.flags for row in rows[:2])


@pytest.mark.parametrize("new", [[], [(0, 0.05)]])
def test_a_subclone_lost_beside_founders_that_fell_is_lost(new):
    classes, _ = classes_without_purity([*FOUNDERS, (0.2, 0), *new])
    assert classes[:3] == ["not_evaluable", "not_evaluable", "lost"]


def test_a_sample_without_leukemia_proves_no_loss():
    classes, _ = classes_without_purity([(0.45, 0), (0.42, 0), (0.2, 0)])
    assert classes == ["not_evaluable"] * 3


def test_a_clone_that_shrinks_beside_one_that_holds_is_contracting():
    classes, _ = classes_without_purity([(0.45, 0.44), (0.3, 0.1), (0.3, 0.11), (0.3, 0.09)])
    assert classes == ["stable"] + ["contracting"] * 3


def test_founders_replaced_by_a_new_clone_are_lost():
    classes, _ = classes_without_purity([(0.45, 0), (0.42, 0), (0, 0.4)])
    assert classes == ["lost", "lost", "acquired"]


def test_learned_purity_has_an_interval_that_covers_the_truth():
    inside = []
    for seed in range(60):
        alt, depth = drawn(np.random.default_rng(seed), [(0.45, 0.2)], [8], depth=400)
        clusters = cluster(alt, depth, 1e-3, RHO)
        truncal = founder(clusters, 3)
        if truncal is not None:
            ends = from_founder(clusters, truncal).intervals
            inside += [a <= p <= b for p, (a, b) in zip((0.9, 0.4), ends, strict=True)]
    assert len(inside) > 100
    assert np.mean(inside) == pytest.approx(0.95, abs=0.05)


def test_the_interval_of_a_cell_share_holds_that_of_the_purity():
    vaf, exact, learned = (0.1, 0.08, 0.12), (0.8, 0.8, 0.8), (0.8, 0.7, 0.9)
    narrow = cancer_cell_fraction_interval(vaf, exact)
    wide = cancer_cell_fraction_interval(vaf, learned)
    assert narrow == pytest.approx((0.2, 0.3))
    assert wide[0] < narrow[0]
    assert wide[1] > narrow[1]
    assert cancer_cell_fraction_interval((0.0, 0.0, 0.004), learned)[0] == 0.0


def test_snps_alone_near_one_half_are_no_founder_but_drivers_among_them_are():
    alt, depth = drawn(np.random.default_rng(1), [(0.5, 0.5), (0.3, 0.15)], [30, 5])
    clusters = cluster(alt, depth, 1e-3, RHO)
    assert founder(clusters, 3) is None
    driver = np.arange(len(alt)) == 2
    assert founder(clusters, 3, driver) == 0


def test_snps_left_in_a_list_do_not_hold_the_place_of_a_founder():
    alt = [[240, 240], [245, 238], [232, 240], [144, 58], [135, 53]]
    loci = [
        Locus(Allele("chr1", 900 * i, "C", "T"), Annotation(), "", ("given",)) for i in range(5)
    ]
    alt = np.array(alt)
    tracks = [track(t, alt[:, i], [480] * 5) for i, t in enumerate(("dx", "relapse"))]
    rows, _ = compare(case_of(loci, tracks), 0, 1, SETTINGS)
    assert {row.variant_class.value for row in rows[3:]} == {"not_evaluable"}
