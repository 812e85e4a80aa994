from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from variants_world import (
    CHROM,
    HandRead,
    World,
    random_bases,
    with_run,
    write_bam,
)

from amlresist.errors import InputError
from amlresist.simulate.reads import ReadModel
from amlresist.variants.alleles import Allele, normalise
from amlresist.variants.candidates import read_candidates, select, write_candidates
from amlresist.variants.pileup import Pileup, pile_up
from amlresist.variants.reference import Reference

OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
DEFAULTS: dict[str, Any] = {"min_reads": 3, "error": 0.0005, "max_p": 0.001}
GENOME = random_bases(2000, np.random.default_rng(11))
SITE = 1000
SNV = Allele(CHROM, SITE, GENOME[SITE], OTHER[GENOME[SITE]])
BESIDE = Allele(CHROM, SITE + 1, GENOME[SITE + 1], OTHER[GENOME[SITE + 1]])
MNV = Allele(CHROM, SITE, SNV.ref + BESIDE.ref, SNV.alt + BESIDE.alt)


def look(
    path: Path,
    fetch: object,
    length: int,
    *,
    keep_duplicates: bool = False,
    reference: Path | None = None,
) -> Pileup:
    return pile_up(
        path,
        [(CHROM, 0, length)],
        fetch,  # type: ignore[arg-type]
        min_mapping_quality=20,
        min_base_quality=20,
        keep_duplicates=keep_duplicates,
        merge_distance=2,
        reference=reference,
    )


def fetch(chrom: str, start: int, end: int) -> str:
    return GENOME[max(0, start) : end]


def read(name: str, *changes: Allele, start: int = SITE - 40, flag: int = 0) -> HandRead:
    sequence = GENOME
    for change in changes:
        sequence = sequence[: change.pos] + change.alt + sequence[change.end :]
    return HandRead(name, start, sequence[start : start + 100], flag=flag)


def pile(tmp_path: Path, reads: list[HandRead], *, keep_duplicates: bool = False) -> Pileup:
    path = write_bam(tmp_path / "x.bam", GENOME, reads)
    return look(path, fetch, len(GENOME), keep_duplicates=keep_duplicates)


def test_reads_are_counted_per_allele_with_their_depth(tmp_path: Path) -> None:
    reads = [read(f"r{i}") for i in range(6)] + [read(f"a{i}", SNV) for i in range(4)]
    found = pile(tmp_path, reads)
    assert dict(found.alleles) == {SNV: 4}
    assert found.depth_at(SNV) == 10


def test_changes_of_one_read_are_one_allele_and_of_two_reads_are_two(tmp_path: Path) -> None:
    reads = [read(f"m{i}", MNV) for i in range(3)]
    reads += [read(f"a{i}", SNV) for i in range(4)] + [read(f"b{i}", BESIDE) for i in range(5)]
    assert dict(pile(tmp_path, reads).alleles) == {MNV: 3, SNV: 4, BESIDE: 5}


def test_cram_shows_what_bam_shows(tmp_path: Path) -> None:
    reads = [read(f"m{i}", MNV) for i in range(3)] + [read(f"a{i}", SNV) for i in range(4)]
    bam, fasta, cram = (tmp_path / f"x.{form}" for form in ("bam", "fa", "cram"))
    write_bam(bam, GENOME, reads)
    fasta.write_text(f">{CHROM}\n{GENOME}\n")
    pysam.view("-C", "-T", str(fasta), "-o", str(cram), str(bam), catch_stdout=False)
    found = [look(path, fetch, len(GENOME), reference=fasta) for path in (bam, cram)]
    assert dict(found[0].alleles) == dict(found[1].alleles) == {MNV: 3, SNV: 4}


def test_duplicates_are_seen_in_amplicons_only(tmp_path: Path) -> None:
    reads = [read("a", SNV), read("copy", SNV, flag=0x400)]
    assert pile(tmp_path, reads).alleles[SNV] == 1
    assert pile(tmp_path, reads, keep_duplicates=True).alleles[SNV] == 2


def test_reference_bases_that_are_not_known_make_no_candidates(tmp_path: Path) -> None:
    masked = GENOME[:SITE] + "MN" + GENOME[SITE + 2 :].lower()
    path = write_bam(tmp_path / "x.bam", GENOME, [read(f"r{i}") for i in range(6)])
    found = look(path, lambda chrom, a, b: masked[max(0, a) : b], len(GENOME))
    assert dict(found.alleles) == {}


def test_an_indel_is_one_allele_wherever_the_aligner_puts_it(tmp_path: Path) -> None:
    genome = with_run(GENOME, SITE, "A" * 8)
    start = SITE - 40
    short = genome[start:SITE] + "A" * 7 + genome[SITE + 8 : SITE + 61]
    reads = [
        HandRead("left", start, short, "40M1D60M"),
        HandRead("right", start, short, "47M1D53M"),
    ]
    path = write_bam(tmp_path / "x.bam", genome, reads)
    found = look(path, lambda chrom, a, b: genome[max(0, a) : b], len(genome))
    before = genome[SITE - 1]
    assert dict(found.alleles) == {Allele(CHROM, SITE - 1, before + "A", before): 2}


def pileup_of(reads: int, depth: int) -> Pileup:
    found = Pileup()
    found.alleles[SNV] = reads
    found.depth.append((CHROM, 0, np.full(len(GENOME), depth)))
    return found


@pytest.mark.parametrize(
    ("reads", "depth", "chosen"),
    [(2, 100, False), (3, 100, True), (3, 10_000, False), (20, 10_000, True)],
)
def test_an_allele_passes_when_errors_make_its_reads_unlikely(
    reads: int, depth: int, chosen: bool
) -> None:
    assert bool(select([pileup_of(reads, depth)], **DEFAULTS)) is chosen


def test_reads_of_all_libraries_count_together() -> None:
    assert select([pileup_of(2, 100)] * 3, **DEFAULTS) == [SNV]
    assert select([], **DEFAULTS) == []


def test_candidates_come_back_from_their_vcf(tmp_path: Path) -> None:
    sources = {SNV: {"reads", "hotspot"}, MNV: {"given"}}
    write_candidates(tmp_path / "c.vcf.gz", sources, {CHROM: len(GENOME)})
    found = read_candidates(tmp_path / "c.vcf.gz")
    assert found == {SNV: ("hotspot", "reads"), MNV: ("given",)}
    assert (tmp_path / "c.vcf.gz.tbi").exists()


def test_a_broken_candidate_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.vcf"
    path.write_text("##fileformat=VCFv4.3\nchr1\tten\n")
    with pytest.raises(InputError, match="line 2"):
        read_candidates(path)


@pytest.mark.parametrize(("vaf", "depth"), [(0.02, 1000), (0.05, 300)])
def test_rare_variants_become_candidates(tmp_path: Path, vaf: float, depth: int) -> None:
    rng = np.random.default_rng(23)
    genome = random_bases(10_000, rng)
    world = World.make(tmp_path / "world", genome)
    alleles = []
    for i, place in enumerate(range(300, 9700, 400)):
        deleted, inserted = genome[place : place + 1 + i % 3], ""
        if i % 3 == 0:
            inserted = OTHER[deleted]
        elif i % 3 == 1:
            deleted, inserted = "", random_bases(1 + i % 8, rng)
        alleles.append(world.allele(place, deleted, inserted))
    mixture = [(genome, 1 - vaf), (world.planted(alleles), vaf)]
    path = world.align("rare", mixture, depth, rng, ReadModel())
    found = set(select([look(path, Reference(world.fasta).fetch, len(genome))], **DEFAULTS))
    assert len(found & set(alleles)) >= 0.95 * len(alleles)
    assert len(found - set(alleles)) <= 60, "the model must not drown in noise"


INSERTED = "GATTACAGGCATTCAGCAATGC"


def clipped(start: int, sequence: str, cigar: str) -> HandRead:
    return HandRead(f"{start}_{cigar}", start, sequence, cigar)


def test_a_long_insertion_is_found_in_ends_clipped_by_the_aligner(tmp_path: Path) -> None:
    sequence = GENOME[SITE - 40 : SITE] + INSERTED + GENOME[SITE : SITE + 38]
    reads = [clipped(SITE - 40, sequence, "40M60S"), clipped(SITE, sequence, "62S38M")]
    found = pile(tmp_path, reads).alleles
    base = GENOME[SITE - 1]
    assert dict(found) == {normalise(Allele(CHROM, SITE - 1, base, base + INSERTED), fetch): 2}


def test_a_long_deletion_is_found_in_ends_clipped_by_the_aligner(tmp_path: Path) -> None:
    sequence = GENOME[SITE - 50 : SITE] + GENOME[SITE + 35 : SITE + 85]
    reads = [clipped(SITE - 50, sequence, "50M50S"), clipped(SITE + 35, sequence, "50S50M")]
    found = pile(tmp_path, reads).alleles
    deleted = Allele(CHROM, SITE - 1, GENOME[SITE - 1 : SITE + 35], GENOME[SITE - 1])
    assert dict(found) == {normalise(deleted, fetch): 2}


def test_a_clipped_adapter_is_no_allele(tmp_path: Path) -> None:
    adapter = "AGATCGGAAGAGCACACGTCTGAACTCCAG"
    sequence = GENOME[SITE - 70 : SITE] + adapter
    assert not pile(tmp_path, [clipped(SITE - 70, sequence, "70M30S")] * 5).alleles
