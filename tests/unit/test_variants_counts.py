import dataclasses
from pathlib import Path

import numpy as np
import pysam
import pytest
from variants_world import (
    CHROM,
    CLEAN,
    HandRead,
    World,
    random_bases,
    with_run,
    write_bam,
)

from amlresist.errors import InputError
from amlresist.variants.alleles import Allele
from amlresist.variants.counts import FragmentCounts, count_fragments

GENOME = random_bases(2000, np.random.default_rng(11))
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
SITE = 1000
SNV = Allele(CHROM, SITE, GENOME[SITE], OTHER[GENOME[SITE]])
LENGTH = 100
PROPER, REVERSE, MATE_REVERSE, FIRST, SECOND = 0x3, 0x10, 0x20, 0x40, 0x80


def fetch(chrom: str, start: int, end: int) -> str:
    return GENOME[max(0, start) : end] if chrom == CHROM else ""


def bases(start: int, *changes: Allele) -> str:
    """Read of LENGTH reference bases with substitutions."""
    sequence = GENOME[start : start + LENGTH]
    for change in changes:
        at = change.pos - start
        sequence = sequence[:at] + change.alt + sequence[at + len(change.alt) :]
    return sequence


def pair(name: str, first: int, second: int, bases1: str, bases2: str) -> list[HandRead]:
    return [
        HandRead(name, first, bases1, flag=PROPER | MATE_REVERSE | FIRST, mate_start=second),
        HandRead(name, second, bases2, flag=PROPER | REVERSE | SECOND, mate_start=first),
    ]


def count(
    path: Path, *alleles: Allele, keep_duplicates: bool = False, reference: Path | None = None
) -> FragmentCounts:
    return count_fragments(
        path,
        alleles,
        fetch,
        min_mapping_quality=20,
        min_base_quality=20,
        keep_duplicates=keep_duplicates,
        reference=reference,
    )


def told(counts: FragmentCounts, i: int = 0) -> tuple[int, int, int]:
    return int(counts.ref[i]), int(counts.alt[i]), int(counts.other[i])


def test_every_fragment_counts_once_for_its_allele(tmp_path: Path) -> None:
    reads = [HandRead(f"r{i}", SITE - 20 - i, bases(SITE - 20 - i)) for i in range(7)]
    reads += [HandRead(f"a{i}", SITE - 30 - i, bases(SITE - 30 - i, SNV)) for i in range(3)]
    third = Allele(CHROM, SITE, SNV.ref, OTHER[SNV.alt])
    reads += [HandRead("o", SITE - 50, bases(SITE - 50, third))]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)
    assert told(counts) == (7, 3, 1)
    assert counts.depth.tolist() == [11]


def test_overlapping_mates_count_once_and_disagreeing_mates_not_at_all(tmp_path: Path) -> None:
    left, right = SITE - 60, SITE - 30
    reads = pair("both", left, right, bases(left, SNV), bases(right, SNV))
    reads += pair("wild", left, right, bases(left), bases(right))
    reads += pair("torn", left, right, bases(left, SNV), bases(right))
    assert told(count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)) == (1, 1, 0)


def test_a_mate_whose_base_is_poor_leaves_the_word_to_the_other(tmp_path: Path) -> None:
    left, right = SITE - 60, SITE - 30
    good, poor = pair("x", left, right, bases(left, SNV), bases(right))
    reads = [good, dataclasses.replace(poor, quality=5)]
    assert told(count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)) == (0, 1, 0)


def test_mates_with_one_name_at_two_loci_are_not_mixed_up(tmp_path: Path) -> None:
    later = Allele(CHROM, SITE + 90, GENOME[SITE + 90], OTHER[GENOME[SITE + 90]])
    left, right = SITE - 50, SITE + 40
    reads = pair("x", left, right, bases(left, SNV), bases(right))
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV, later)
    assert told(counts, 0) == (0, 1, 0)
    assert told(counts, 1) == (1, 0, 0)


@pytest.mark.parametrize("flag", [0x4, 0x100, 0x200, 0x800], ids=hex)
def test_records_that_are_no_evidence_are_left_out(tmp_path: Path, flag: int) -> None:
    reads = [
        HandRead("kept", SITE - 20, bases(SITE - 20)),
        HandRead("left_out", SITE - 30, bases(SITE - 30, SNV), flag=flag),
        HandRead("elsewhere", SITE - 40, bases(SITE - 40, SNV), mapping_quality=3),
    ]
    assert told(count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)) == (1, 0, 0)


def test_duplicates_count_for_amplicons_only(tmp_path: Path) -> None:
    reads = [
        HandRead("first", SITE - 20, bases(SITE - 20, SNV)),
        HandRead("copy", SITE - 20, bases(SITE - 20, SNV), flag=0x400),
    ]
    path = write_bam(tmp_path / "x.bam", GENOME, reads)
    assert told(count(path, SNV)) == (0, 1, 0)
    assert told(count(path, SNV, keep_duplicates=True)) == (0, 2, 0)


def test_strand_is_that_of_the_first_read(tmp_path: Path) -> None:
    far = SITE + 300
    reads = pair("plus", SITE - 30, far, bases(SITE - 30, SNV), bases(far))
    reads += [
        HandRead(
            "minus",
            SITE - 40,
            bases(SITE - 40, SNV),
            flag=PROPER | MATE_REVERSE | SECOND,
            mate_start=far,
        )
    ]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)
    assert (counts.alt.tolist(), counts.alt_forward.tolist()) == ([2], [1])


def test_two_snvs_of_one_codon_are_kept_apart(tmp_path: Path) -> None:
    beside = Allele(CHROM, SITE + 1, GENOME[SITE + 1], OTHER[GENOME[SITE + 1]])
    reads = [HandRead(f"a{i}", SITE - 30, bases(SITE - 30, SNV)) for i in range(5)]
    reads += [HandRead(f"b{i}", SITE - 30, bases(SITE - 30, beside)) for i in range(3)]
    reads += [HandRead(f"r{i}", SITE - 30, bases(SITE - 30)) for i in range(2)]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV, beside)
    assert told(counts, 0)[:2] == (5, 5)
    assert told(counts, 1)[:2] == (7, 3)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_an_mnv_is_no_evidence_for_the_snvs_it_is_made_of(tmp_path: Path, size: int) -> None:
    changed = "".join(OTHER[base] for base in GENOME[SITE : SITE + size])
    mnv = Allele(CHROM, SITE, GENOME[SITE : SITE + size], changed)
    reads = [HandRead(f"m{i}", SITE - 30, bases(SITE - 30, mnv)) for i in range(6)]
    reads += [HandRead(f"s{i}", SITE - 30, bases(SITE - 30, SNV)) for i in range(2)]
    reads += [HandRead(f"r{i}", SITE - 30, bases(SITE - 30)) for i in range(4)]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), mnv, SNV)
    assert int(counts.alt[0]) == 6
    assert told(counts, 1) == (4, 2, 6)


def test_an_insertion_counts_alike_however_it_is_aligned(tmp_path: Path) -> None:
    insertion = Allele(CHROM, SITE, GENOME[SITE], GENOME[SITE] + "ACGTTGCA")
    sequence = GENOME[SITE - 49 : SITE + 1] + "ACGTTGCA" + GENOME[SITE + 1 : SITE + 43]
    start = SITE - 49
    reads = [
        HandRead("cigar", start, sequence, "50M8I42M"),
        HandRead("clipped_right", start, sequence, "50M50S"),
        HandRead("clipped_left", SITE + 1, sequence, "58S42M"),
        HandRead("wild", start, GENOME[start : start + 100]),
    ]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), insertion)
    assert told(counts) == (1, 3, 0)


def test_two_indels_of_one_molecule_are_both_counted(tmp_path: Path) -> None:
    insertion = Allele(CHROM, SITE - 1, GENOME[SITE - 1], GENOME[SITE - 1] + "GATTACA")
    deletion = Allele(CHROM, SITE + 14, GENOME[SITE + 14 : SITE + 20], GENOME[SITE + 14])
    both = [
        GENOME[start:SITE] + "GATTACA" + GENOME[SITE : SITE + 15] + GENOME[SITE + 20 : SITE + 60]
        for start in range(SITE - 45, SITE - 30)
    ]
    reads = [
        HandRead(f"b{i}", SITE - 45 + i, sequence, f"{45 - i}M7I15M5D40M")
        for i, sequence in enumerate(both)
    ]
    reads += [HandRead(f"r{i}", SITE - 45 + i, bases(SITE - 45 + i)) for i in range(15)]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), insertion, deletion)
    assert told(counts, 0) == (15, 15, 0)
    assert told(counts, 1) == (15, 15, 0)


def test_a_deleted_base_is_another_allele_of_the_snv(tmp_path: Path) -> None:
    start = SITE - 40
    without = GENOME[start : SITE - 2] + GENOME[SITE + 4 : SITE + 66]
    reads = [HandRead(f"d{i}", start, without, "38M6D62M") for i in range(4)]
    reads += [HandRead(f"a{i}", start, bases(start, SNV)) for i in range(3)]
    reads += [HandRead(f"r{i}", start, bases(start)) for i in range(5)]
    assert told(count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)) == (5, 3, 4)


def test_records_without_bases_tell_nothing(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", GENOME, [HandRead("r", SITE - 20, bases(SITE - 20, SNV))])
    sam = pysam.view("-h", str(path))
    bare = f"bare\t0\t{CHROM}\t{SITE - 9}\t60\t100M\t*\t0\t0\t*\t*\n"
    (tmp_path / "y.sam").write_text(sam + bare)
    pysam.sort("-o", str(tmp_path / "y.bam"), str(tmp_path / "y.sam"))
    pysam.index(str(tmp_path / "y.bam"))
    assert told(count(tmp_path / "y.bam", SNV)) == (0, 1, 0)


def test_depth_is_not_capped(tmp_path: Path) -> None:
    reads = [
        HandRead(f"n{i}", SITE - 50, bases(SITE - 50, SNV) if i % 4 == 0 else bases(SITE - 50))
        for i in range(20_000)
    ]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)
    assert told(counts) == (15_000, 5_000, 0)


def test_order_and_names_of_reads_change_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    reads = [
        HandRead(f"n{i}", SITE - 50, bases(SITE - 50, *([SNV] if rng.random() < 0.3 else [])))
        for i in range(60)
    ]
    turned = [dataclasses.replace(read, name=f"z{read.name}") for read in reads[::-1]]
    first = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV)
    second = count(write_bam(tmp_path / "y.bam", GENOME, turned), SNV)
    assert told(first) == told(second)


def test_an_uncovered_locus_has_depth_zero_and_an_empty_file_too(tmp_path: Path) -> None:
    far = HandRead("far", 10, GENOME[10:110])
    for name, reads in (("none.bam", []), ("far.bam", [far])):
        counts = count(write_bam(tmp_path / name, GENOME, reads), SNV)
        assert counts.depth.tolist() == [0]


def test_no_alleles_give_no_counts(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", GENOME, [])
    assert len(count(path).depth) == 0


def test_cram_counts_equal_bam_counts_and_index_is_built_where_missing(tmp_path: Path) -> None:
    fasta = tmp_path / "genome.fa"
    fasta.write_text(f">{CHROM}\n{GENOME}\n")
    pysam.faidx(str(fasta))
    deletion = Allele(CHROM, SITE + 60, GENOME[SITE + 60 : SITE + 64], GENOME[SITE + 60])
    reads = [HandRead(f"r{i}", SITE - 5 * i, bases(SITE - 5 * i)) for i in range(8)]
    reads += [HandRead(f"a{i}", SITE - 9 * i, bases(SITE - 9 * i, SNV)) for i in range(5)]
    cut = GENOME[SITE : SITE + 61] + GENOME[SITE + 64 : SITE + 103]
    reads += [HandRead("d", SITE, cut, "61M3D39M")]
    bam = write_bam(tmp_path / "x.bam", GENOME, reads)
    cram = tmp_path / "x.cram"
    pysam.view("-C", "-T", str(fasta), "-o", str(cram), str(bam), catch_stdout=False)
    from_bam = count(bam, SNV, deletion)
    from_cram = count(cram, SNV, deletion, reference=fasta)
    for i in range(2):
        assert told(from_bam, i) == told(from_cram, i)
    assert told(from_bam, 1)[1] == 1
    assert not (tmp_path / "x.cram.crai").exists(), "folders of inputs are not written to"


def test_a_truncated_file_is_an_error_not_a_lower_count(tmp_path: Path) -> None:
    reads = [HandRead(f"n{i}", 500 + i % 700, bases(500 + i % 700)) for i in range(5000)]
    path = write_bam(tmp_path / "x.bam", GENOME, reads)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        count(path, Allele(CHROM, 1100, GENOME[1100], OTHER[GENOME[1100]]))


SIZES = (1, 2, 3, 5, 9, 15, 30)


def planted_world(folder: Path) -> tuple[World, list[Allele]]:
    """Insertions, deletions and MNVs every 400 bases, some in homopolymers and repeats."""
    rng = np.random.default_rng(5)
    runs = ("A" * 6, "T" * 8, "CAG" * 4)
    n = 2 * len(SIZES) + 2 * len(runs) + 3
    genome = random_bases(400 * (n + 1), rng)
    places = [200 + 400 * i for i in range(n)]
    repeats = places[2 * len(SIZES) : 2 * len(SIZES) + 2 * len(runs)]
    for place, run in zip(repeats, runs * 2, strict=True):
        genome = with_run(genome, place, run)
    world = World.make(folder, genome)
    n_sizes = len(SIZES)
    alleles = [
        world.allele(p, "", random_bases(size, rng))
        for p, size in zip(places[:n_sizes], SIZES, strict=True)
    ]
    for p, size in zip(places[n_sizes : 2 * n_sizes], SIZES, strict=True):
        alleles.append(world.allele(p, genome[p : p + size], ""))
    for i, (p, run) in enumerate(zip(repeats, runs * 2, strict=True)):
        unit = run[:3] if run.startswith("CAG") else run[0]
        alleles.append(world.allele(p, "", unit) if i < len(runs) else world.allele(p, unit, ""))
    for p, size in zip(places[-3:], (1, 2, 5), strict=True):
        changed = "".join(OTHER[base] for base in genome[p : p + size])
        alleles.append(world.allele(p, genome[p : p + size], changed))
    return world, alleles


def test_planted_indels_and_mnvs_have_the_vaf_that_was_planted(tmp_path: Path) -> None:
    world, alleles = planted_world(tmp_path / "world")
    mixture = [(world.genome, 0.5), (world.planted(alleles), 0.5)]
    path = world.align("mixed", mixture, 1500, np.random.default_rng(8), CLEAN)
    counts = world.count(path, alleles)
    vaf = counts.alt / counts.depth
    z = (vaf - 0.5) / np.sqrt(0.25 / counts.depth)
    assert (counts.depth > 1000).all()
    assert np.abs(z).max() < 4, dict(zip(alleles, vaf.round(3), strict=True))
    assert abs(vaf.mean() / 0.5 - 1) < 0.02


def test_snvs_beside_an_indel_of_the_same_molecule_keep_their_vaf(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    distances = (1, 2, 3, 4, 6, 9, 12, 15)
    genome = random_bases(400 * (4 * len(distances) + 1), rng)
    world = World.make(tmp_path / "world", genome)
    indels, snvs = [], []
    for i in range(4 * len(distances)):
        place, distance, size = 200 + 400 * i, distances[i // 4], (2, 8)[i % 2]
        is_deletion = i % 4 > 1
        deleted = genome[place : place + size] if is_deletion else ""
        indel = world.allele(place, deleted, "" if is_deletion else random_bases(size, rng))
        site = indel.pos - distance if i % 3 else indel.end + distance - 1
        snvs.append(Allele(CHROM, site, genome[site], OTHER[genome[site]]))
        indels.append(indel)
    mixture = [(genome, 0.5), (world.planted([*snvs, *indels]), 0.5)]
    path = world.align("mixed", mixture, 600, np.random.default_rng(9), CLEAN)
    counts = world.count(path, [*snvs, *indels])
    vaf = (counts.alt / counts.depth)[: len(snvs)]
    z = (vaf - 0.5) / np.sqrt(0.25 / counts.depth[: len(snvs)])
    assert np.abs(z).max() < 4, dict(zip(snvs, vaf.round(3), strict=True))
    assert abs(vaf.mean() / 0.5 - 1) < 0.02


def test_a_base_deleted_on_another_molecule_is_another_allele_of_the_snv(tmp_path: Path) -> None:
    start = SITE - 40
    deletion = Allele(CHROM, SITE - 3, GENOME[SITE - 3 : SITE + 4], GENOME[SITE - 3])
    without = GENOME[start : SITE - 2] + GENOME[SITE + 4 : SITE + 66]
    reads = [HandRead(f"d{i}", start, without, "38M6D62M") for i in range(4)]
    reads += [HandRead(f"a{i}", start, bases(start, SNV)) for i in range(3)]
    reads += [HandRead(f"r{i}", start, bases(start)) for i in range(5)]
    counts = count(write_bam(tmp_path / "x.bam", GENOME, reads), SNV, deletion)
    assert told(counts, 0) == (5, 3, 4)
    assert told(counts, 1)[1] == 4


def test_the_reference_is_looked_up_near_the_reads_only(tmp_path: Path) -> None:
    far = 400_000
    genome = GENOME + "ACGT" * 100_000 + GENOME
    looked_up = []

    def recorded(_chrom: str, start: int, end: int) -> str:
        looked_up.append(end - start)
        return genome[max(0, start) : end]

    deletions = [
        Allele(CHROM, p, genome[p : p + 4], genome[p]) for p in (SITE, far + SITE + len(GENOME))
    ]
    reads = [
        HandRead(f"{a.pos}_{i}", a.pos - 60 + i, genome[a.pos - 60 + i :][:100])
        for a in deletions
        for i in range(20)
    ]
    path = write_bam(tmp_path / "x.bam", genome, reads)
    counts = count_fragments(
        path, deletions, recorded, min_mapping_quality=20, min_base_quality=20,
        keep_duplicates=False,
    )  # fmt: skip
    assert counts.ref.tolist() == [20, 20]
    assert max(looked_up) < 1000
