"""Coverage equals a truth counted by hand; mates count once; no reads is never good."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.__main__ import main
from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, Genotype, PairIdentity
from amlresist.alignment_qc.regions import Region, make_region
from amlresist.alignment_qc.scan import scan_alignment
from amlresist.alignment_qc.settings import Settings
from amlresist.libraries import LibraryInput, to_json
from amlresist.settings import load
from amlresist.tables import read_table

SETTINGS = load(Settings, "alignment_qc")
SIZE = 2000
CDS = (500, 700)  # 0-based half-open; two genes of interest, the second never read
GTF = "".join(
    f'{contig}\tt\t{kind}\t501\t700\t.\t+\t0\tgene_id "{gene}"; transcript_id "T{gene}"; '
    f'gene_name "{gene}";\n'
    for contig, gene in (("chr1", "TP53"), ("chr2", "FLT3"))
    for kind in ("transcript", "exon", "CDS")
)


@pytest.fixture(scope="module")
def genome(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    rng = np.random.default_rng(3)
    bases = {name: "".join(rng.choice(list("ACGT"), SIZE)) for name in ("chr1", "chr2", "chrX")}
    path.write_text("".join(f">{name}\n{text}\n" for name, text in bases.items()))
    (path.parent / "genes.gtf").write_text(GTF)
    pysam.faidx(str(path))
    return path


@dataclass(frozen=True)
class Read:
    """One alignment; `other` is the start of its mate, -1 for single-end reads."""

    name: str
    start: int
    cigar: str = "100M"
    flag: int = 0
    other: int = -1
    mapq: int = 60
    quality: str = "I"
    change: str = ""  # every base becomes this one


def write_bam(path: Path, genome: Path, reads) -> str:
    with pysam.FastaFile(str(genome)) as bases:
        lines = [{"SN": n, "LN": SIZE} for n in bases.references]
        text = bases.fetch("chr1")
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": lines}
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in sorted(reads, key=lambda one: one.start):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag = read.name, read.flag
            record.reference_id, record.reference_start = 0, read.start
            record.mapping_quality, record.cigarstring = read.mapq, read.cigar
            if read.other >= 0:
                record.flag |= 0x1
                record.next_reference_id, record.next_reference_start = 0, read.other
            sequence = ""
            place = read.start
            for operation, length in record.cigartuples:
                if operation in (0, 7, 8):
                    sequence += text[place : place + length].ljust(length, "A")
                elif operation in (1, 4):
                    sequence += "A" * length
                place += length if operation in (0, 2, 3, 7, 8) else 0
            record.query_sequence = read.change * len(sequence) if read.change else sequence
            record.query_qualities = pysam.qualitystring_to_array(read.quality * len(sequence))
            out.write(record)
    return str(path)


@pytest.fixture
def depth_of(tmp_path, genome):
    """Scan reads over the first contig; gives depth and base counts per position."""

    def scan(reads, *, keep_duplicates=False):
        path = write_bam(tmp_path / "a.bam", genome, reads)
        region = Region((("chr1", 0, SIZE),))
        return scan_alignment(path, str(genome), region, SETTINGS, keep_duplicates=keep_duplicates)

    return scan


def pair(name: str, first: int, second: int) -> list[Read]:
    return [Read(name, first, flag=0x43, other=second), Read(name, second, flag=0x83, other=first)]


def test_depth_is_the_number_of_fragments_over_each_base(depth_of):
    scan = depth_of([Read("a", 100), Read("b", 150), Read("c", 400)])
    expected = np.zeros(SIZE, dtype=int)
    for start in (100, 150, 400):
        expected[start : start + 100] += 1
    assert (scan.depth == expected).all()
    assert (scan.bases.sum(axis=1) == expected).all()


@pytest.mark.parametrize("second", [100, 130, 199, 200, 350])
def test_b064_overlapping_mates_count_once(depth_of, second):
    scan = depth_of(pair("a", 100, second))
    expected = np.zeros(SIZE, dtype=int)
    expected[100:200] = 1
    expected[second : second + 100] = 1
    assert (scan.depth == expected).all()
    assert (scan.bases.sum(axis=1) == expected).all()


def test_deletions_count_as_read_but_skips_and_clips_do_not(depth_of):
    scan = depth_of([Read("a", 100, "10S20M10D20M50N20M5S"), Read("b", 900, "20M5I20M")])
    covered = np.flatnonzero(scan.depth)
    expected = [*range(100, 150), *range(200, 220), *range(900, 940)]
    assert covered.tolist() == expected
    assert scan.bases[120:130].sum() == 0
    assert scan.bases.sum() == 60 + 40


@pytest.mark.parametrize(
    "changes", [{"flag": 0x100}, {"flag": 0x800}, {"flag": 0x200}, {"flag": 0x400}, {"mapq": 19}]
)
def test_unusable_reads_are_not_counted(depth_of, changes):
    scan = depth_of([Read("a", 100, **changes)])
    assert (scan.usable, scan.depth.sum(), scan.bases.sum()) == (0, 0, 0)


def test_duplicates_count_in_amplicons(depth_of):
    assert depth_of([Read("a", 100, flag=0x400)], keep_duplicates=True).depth.sum() == 100


def test_bases_of_low_quality_give_depth_but_no_genotype(depth_of):
    scan = depth_of([Read("a", 100, quality="#")])
    assert (scan.depth.sum(), scan.bases.sum()) == (100, 0)


def test_read_past_the_end_of_its_contig_is_left_out(depth_of):
    assert depth_of([Read("a", SIZE - 50)]).usable == 0


intervals = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 90), st.integers(1, 30)), max_size=8
).map(lambda spans: [(contig, start, min(start + length, 100)) for contig, start, length in spans])
LENGTHS = {"a": 100, "b": 100}


def positions(spans) -> set[tuple[str, int]]:
    return {(contig, place) for contig, start, end in spans for place in range(start, end)}


@given(intervals, st.integers(0, 10))
def test_region_holds_every_padded_base_once(spans, padding):
    region = make_region(spans, padding, LENGTHS)
    padded = [(c, max(s - padding, 0), min(e + padding, 100)) for c, s, e in spans]
    found = region.places(range(region.size))
    assert len(found) == len(set(found))
    assert set(found) == positions(padded)


@given(intervals, intervals)
def test_mask_marks_the_shared_bases(spans, inside):
    region = make_region(spans, 0, LENGTHS)
    marked = set(region.places(np.flatnonzero(region.mask(inside))))
    assert marked == positions(spans) & positions(inside)


def run(genome: Path, folder: Path, libraries, *extra: str) -> dict:
    words = ["alignment-qc", "--patient", "P1", "--libraries", to_json(libraries), *extra]
    words += ["--reference", str(genome), "--gene-models", str(genome.parent / "genes.gtf")]
    assert main([*words, "--out-dir", str(folder)]) == 0
    return {
        "libraries": read_table(folder / "alignment_qc.tsv", AlignmentQc),
        "genes": read_table(folder / "gene_coverage.tsv", GeneCoverage),
        "pairs": read_table(folder / "pair_identity.tsv", PairIdentity),
        "genotypes": read_table(folder / "genotypes.tsv", Genotype),
    }


def library(path: str, timepoint: str = "diagnosis", **facts) -> LibraryInput:
    return LibraryInput(f"P1_{timepoint}", timepoint, "dna", "panel", (path,), **facts)


def covering(depth: int, start: int = CDS[0], end: int = CDS[1]) -> list[Read]:
    return [Read(f"r{n}.{at}", at) for at in range(start, end, 100) for n in range(depth)]


def test_gene_coverage_equals_the_planted_depth(tmp_path, genome):
    reads = covering(150, 500, 600) + covering(50, 600, 700)
    tables = run(genome, tmp_path, [library(write_bam(tmp_path / "a.bam", genome, reads))])
    (gene,) = tables["genes"]  # the other gene has no read in any library: not assayed
    assert (gene.gene, gene.coding_bases, gene.mean_depth) == ("TP53", 200, 100)
    assert gene.share_at_minimum == 0.5
    (row,) = tables["libraries"]
    assert (row.reads, row.mapped_share, row.usable_share, row.read_length) == (200, 1, 1, 100)
    assert (row.verdict, row.mean_depth, row.share_at_minimum) == ("poor", 100, 0.5)


def test_b069_shallow_library_is_not_evaluable_beside_a_deep_one(tmp_path, genome):
    deep = library(write_bam(tmp_path / "a.bam", genome, covering(1000)))
    shallow = library(write_bam(tmp_path / "b.bam", genome, covering(30)), "relapse")
    rows = {row.timepoint: row for row in run(genome, tmp_path, [deep, shallow])["libraries"]}
    assert rows["diagnosis"].verdict == "good"
    assert (rows["relapse"].verdict, rows["relapse"].mean_depth) == ("not_evaluable", 30)
    assert "100 fragments" in rows["relapse"].reason


def test_gene_outside_the_given_targets_is_not_the_librarys_fault(tmp_path, genome):
    (tmp_path / "t.bed").write_text("1\t500\t600\n")  # spelled without chr
    path = write_bam(tmp_path / "a.bam", genome, covering(150, 500, 600))
    (row,) = run(genome, tmp_path, [library(path, targets=str(tmp_path / "t.bed"))])["libraries"]
    assert (row.target_bases, row.mean_depth, row.verdict) == (100, 150, "good")


def test_coverage_of_a_gene_inside_the_targets_is_told_beside_that_of_all_of_it(tmp_path, genome):
    (tmp_path / "t.bed").write_text("chr1\t500\t600\n")
    path = write_bam(tmp_path / "a.bam", genome, covering(150, 500, 600))
    genes = run(genome, tmp_path, [library(path, targets=str(tmp_path / "t.bed"))])["genes"]
    (gene,) = [row for row in genes if row.target_bases]
    assert (gene.target_bases, gene.target_share_at_minimum) == (100, 1.0)
    assert gene.share_at_minimum == pytest.approx(100 / gene.coding_bases)
    (untargeted, *_) = run(genome, tmp_path, [library(path)])["genes"]
    assert untargeted.target_bases is None


@pytest.mark.parametrize("reads", [[], [Read("a", 500, flag=0x100)], [Read("a", 500, mapq=0)]])
def test_bam_without_usable_reads_is_not_evaluable(tmp_path, genome, reads):
    sound = library(write_bam(tmp_path / "a.bam", genome, covering(150)))
    empty = library(write_bam(tmp_path / "b.bam", genome, reads), "relapse")
    tables = run(genome, tmp_path, [sound, empty])
    rows = {row.timepoint: row for row in tables["libraries"]}
    assert rows["relapse"].verdict == "not_evaluable"
    assert "no usable read" in rows["relapse"].reason
    assert rows["diagnosis"].verdict == "good"
    assert tables["pairs"][0].verdict == "cannot_tell"


def test_truncated_bam_is_refused(tmp_path, genome, capsys):
    path = Path(write_bam(tmp_path / "a.bam", genome, covering(150)))
    for kept, message in ((-28, "no end-of-file block"), (-200, "ends inside the block")):
        path.write_bytes(path.read_bytes()[:kept])
        words = ["alignment-qc", "--library", f"diagnosis={path}", "--reference", str(genome)]
        words += ["--gene-models", str(genome.parent / "genes.gtf")]
        assert main([*words, "--out-dir", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


def test_only_empty_bams_still_give_whole_tables(tmp_path, genome):
    tables = run(genome, tmp_path, [library(write_bam(tmp_path / "a.bam", genome, []))])
    assert tables["libraries"][0].verdict == "not_evaluable"
    assert tables["genes"] == tables["pairs"] == tables["genotypes"] == []


def test_order_of_reads_of_one_place_and_of_libraries_does_not_matter(tmp_path, genome):
    reads = covering(60) + [Read(f"x{n}", 520, change="C") for n in range(30)]
    first = library(write_bam(tmp_path / "a.bam", genome, reads))
    second = library(write_bam(tmp_path / "b.bam", genome, reads[::-1]), "relapse")
    run(genome, tmp_path / "one", [first, second])
    run(genome, tmp_path / "two", [second, first])
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_genotypes_of_every_library_stand_at_every_site(tmp_path, genome):
    changed = covering(40) + [Read(f"x{n}", 600, change="C") for n in range(40)]
    paths = [write_bam(tmp_path / "a.bam", genome, changed)]
    paths.append(write_bam(tmp_path / "b.bam", genome, covering(40)))
    libraries = [library(paths[0]), library(paths[1], "relapse")]
    rows = run(genome, tmp_path, libraries)["genotypes"]
    by_sample = {
        sample: [r for r in rows if r.sample == sample] for sample in {r.sample for r in rows}
    }
    places = {sample: [row.pos for row in found] for sample, found in by_sample.items()}
    assert places["P1_diagnosis"] == places["P1_relapse"]
    assert 50 < len(places["P1_diagnosis"]) < 100  # bases of the second half that are not C
    assert {row.alt for row in rows} == {"C"}
    assert {row.alt_count for row in by_sample["P1_diagnosis"]} == {40}
    assert {(row.ref_count, row.alt_count) for row in by_sample["P1_relapse"]} == {(40, 0)}


def test_b030_reads_of_another_species_are_told(tmp_path, genome):
    foreign = [replace(r, flag=4, mapq=0, name=f"x{n}") for n, r in enumerate(covering(150))]
    bam = write_bam(tmp_path / "a.bam", genome, covering(100) + foreign)
    row = run(genome, tmp_path, [library(bam)])["libraries"][0]
    assert "of the reads lie in the genome: another species" in row.reason
    assert row.mapped_share == pytest.approx(0.4)
