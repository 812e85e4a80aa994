"""The picture of reads shows the fragments that were counted, and no names."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from variants_world import CHROM, HandRead, World, random_bases, write_bam

from amlresist import settings as station_settings
from amlresist.libraries import LibraryInput
from amlresist.report.drivers import RankedVariant
from amlresist.report.read_plot import read_plot
from amlresist.report.reads import ReadPicture, read_pictures
from amlresist.report.settings import Settings
from amlresist.variants.alleles import Allele
from amlresist.variants.records import VariantChange
from amlresist.variants.settings import Settings as VariantSettings

GENOME = random_bases(3000, np.random.default_rng(5))
SITE = 1500
SNV = Allele(CHROM, SITE, GENOME[SITE], "A" if GENOME[SITE] != "A" else "C")


def ranked(*alleles: Allele, is_driver: bool = True) -> list[RankedVariant]:
    blank = {field.name: "" for field in dataclasses.fields(VariantChange)}
    return [
        RankedVariant(
            VariantChange(
                **{**blank, "chrom": a.chrom, "pos": a.pos + 1, "ref": a.ref, "alt": a.alt}
            ),
            index,
            is_driver,
            "a name",
        )
        for index, a in enumerate(alleles)
    ]


def pictures(
    path: Path,
    variants: list[RankedVariant],
    world: World | None = None,
    **changes: int,
) -> dict[Allele, list[ReadPicture]]:
    library = LibraryInput("P_dx_dna", "diagnosis", "dna", "panel", (str(path),))
    settings = dataclasses.replace(station_settings.load(Settings, "report"), **changes)
    counting = station_settings.load(VariantSettings, "variants")
    fetch = world.fetch if world else lambda _, start, end: GENOME[max(0, start) : end]
    return read_pictures(variants, [library], fetch, settings, counting, "")


def hand_reads(n_with: int, n_without: int) -> list[HandRead]:
    changed = GENOME[:SITE] + SNV.alt + GENOME[SITE + 1 :]
    return [
        HandRead(
            f"SECRET{i}",
            start := SITE - 90 + i % 80,
            (changed if i < n_with else GENOME)[start : start + 100],
        )
        for i in range(n_with + n_without)
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("reads"), GENOME)


@pytest.mark.parametrize("size", [-12, 0, 3, 24])
def test_fragments_are_those_of_the_counts(world: World, size: int) -> None:
    change = world.genome[SITE : SITE + 1] if not size else ""
    allele = (
        SNV
        if not size
        else world.allele(SITE, world.genome[SITE : SITE - size], change)
        if size < 0
        else world.allele(SITE, "", random_bases(size, np.random.default_rng(size)))
    )
    mixture = [(world.planted([allele]), 0.4), (world.genome, 0.6)]
    path = world.align(f"mix{size}", mixture, 150, np.random.default_rng(1))
    counted = world.count(path, [allele])
    (picture,) = pictures(path, ranked(allele), world)[allele]
    assert picture.with_variant == counted.alt[0]
    assert picture.without_variant == counted.ref[0] + counted.other[0]
    assert len(picture.fragments) == 40
    assert sum(fragment.carries for fragment in picture.fragments) == 20


def test_the_few_fragments_with_the_variant_are_all_shown(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "few.bam", GENOME, hand_reads(3, 300))
    (picture,) = pictures(path, ranked(SNV))[SNV]
    assert (picture.with_variant, picture.without_variant) == (3, 300)
    assert sum(fragment.carries for fragment in picture.fragments) == 3
    assert len(picture.fragments) == 40


def test_choice_does_not_depend_on_the_order_of_the_reads(tmp_path: Path) -> None:
    reads = hand_reads(100, 200)
    one = write_bam(tmp_path / "one.bam", GENOME, reads)
    other = write_bam(tmp_path / "other.bam", GENOME, reads[::-1])
    drawn = [read_plot(pictures(path, ranked(SNV))[SNV][0]) for path in (one, other)]
    assert drawn[0] == drawn[1]


def test_picture_holds_no_name_of_a_read(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "names.bam", GENOME, hand_reads(10, 10))
    assert "SECRET" not in repr(pictures(path, ranked(SNV)))


def test_misfits_strand_and_quality_are_told(tmp_path: Path) -> None:
    start = SITE - 50
    changed = GENOME[start:SITE] + SNV.alt + GENOME[SITE + 1 : SITE + 50]
    reads = [
        HandRead("forward", start, changed),
        HandRead("reverse", start, GENOME[start : start + 100], flag=0x10, mapping_quality=30),
    ]
    (picture,) = pictures(write_bam(tmp_path / "two.bam", GENOME, reads), ranked(SNV))[SNV]
    with_it, without = picture.fragments
    assert with_it.reads[0].misfits == ((SITE, SNV.alt, 37),)
    assert not with_it.reads[0].reverse and without.reads[0].reverse
    plot = read_plot(picture)
    assert [letter.text for letter in plot.letters["misfit"]] == [SNV.alt]
    assert "doubtful" in plot.paths and "forward" in plot.paths and "reverse" not in plot.paths


def test_window_shows_the_reference_around_the_variant(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "window.bam", GENOME, hand_reads(5, 5))
    (picture,) = pictures(path, ranked(SNV))[SNV]
    assert picture.reference == GENOME[picture.start : picture.end]
    assert picture.start < SITE < picture.end
    plot = read_plot(picture)
    marked = plot.letters["reference"][SITE - picture.start]
    assert plot.band[0] < marked.x < plot.band[0] + plot.band[1]


def test_only_drivers_are_drawn_and_no_more_than_asked_for(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "some.bam", GENOME, hand_reads(5, 5))
    assert pictures(path, ranked(SNV, is_driver=False)) == {}
    assert pictures(path, ranked(SNV), read_pictures=0) == {}


def test_a_locus_without_reads_says_so(tmp_path: Path) -> None:
    far = Allele(CHROM, 200, GENOME[200], "A" if GENOME[200] != "A" else "C")
    path = write_bam(tmp_path / "far.bam", GENOME, hand_reads(5, 5))
    (picture,) = pictures(path, ranked(far))[far]
    assert picture.fragments == ()
    assert picture.with_variant + picture.without_variant == 0
    assert math.isfinite(read_plot(picture).height)
