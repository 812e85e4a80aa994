"""Promises of the FLT3-ITD caller on simulated and real reads."""

import csv
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pysam
import pytest
from flt3_itd_reads import (
    Design,
    as_reads,
    call_one,
    duplicate,
    random_bases,
    settings,
    simulate,
    toy_genome,
    toy_length,
    toy_locus,
    toy_transcript,
)
from hypothesis import HealthCheck, given
from hypothesis import settings as test_settings
from hypothesis import strategies as st

from amlresist.__main__ import main
from amlresist.annotation import GeneModel, to_row
from amlresist.dna import reverse_complement
from amlresist.flt3_itd.alleles import Allele, is_same_clone, normalise, rightmost, structure
from amlresist.flt3_itd.calling import call_libraries
from amlresist.flt3_itd.contamination import shared_low_clones
from amlresist.flt3_itd.detection import detection_limit, limit_of_blank
from amlresist.flt3_itd.naming import name_allele
from amlresist.flt3_itd.pairing import Observation, judge
from amlresist.flt3_itd.records import CloneChange, ItdClone, ItdLibrary, ItdPair
from amlresist.flt3_itd.summary import clone_rows, library_row, named_clones, pair_rows
from amlresist.tables import read_table, write_table

LOCUS = toy_locus()
REFERENCE = LOCUS.sequence
EXON = LOCUS.target
AMPLICON = Design(250, (EXON[0] - 20, EXON[0] + 310))
CAPTURE = Design(100)


def calls_of(call):
    return [(clone.allele, round(clone.vaf.value, 6)) for clone in call.clones]


@pytest.mark.parametrize("length", [6, 15, 30, 60, 90, 120, 150, 180, 210, 300])
def test_capture_finds_each_length_exactly_once_with_its_vaf(length):
    rng = np.random.default_rng(length)
    haplotype = duplicate(REFERENCE, EXON[1] - 10 - length, length)
    pairs = simulate(REFERENCE, [(REFERENCE, 0.5), (haplotype, 0.5)], 6000, CAPTURE, rng)
    call = call_one(LOCUS, pairs, "exome")
    assert [clone.allele.apply(REFERENCE) for clone in call.found] == [haplotype]
    assert len(call.clones) == 1
    assert call.found[0].vaf.value == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("length", [6, 15, 30, 60, 90, 120, 150, 180])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_amplicon_measures_vaf_without_length_bias(length, share):
    rng = np.random.default_rng(length)
    haplotype = duplicate(REFERENCE, EXON[0] + 30, length)
    shares = [(REFERENCE, 1 - share), (haplotype, share)]
    call = call_one(LOCUS, simulate(REFERENCE, shares, 2000, AMPLICON, rng))
    assert [clone.allele.apply(REFERENCE) for clone in call.clones] == [haplotype]
    assert call.found[0].vaf.value == pytest.approx(
        share, abs=4 * (share * (1 - share) / 2000) ** 0.5
    )
    assert call.amplicon


@pytest.mark.parametrize("design", [AMPLICON, CAPTURE], ids=["amplicon", "capture"])
@pytest.mark.parametrize(
    ("place", "length", "share"),
    [(50, 63, 0.05), (74, 30, 0.1)],
    ids=["other length", "same length"],
)
def test_two_clones_are_told_apart(design, place, length, share):
    rng = np.random.default_rng(11)
    first = duplicate(REFERENCE, EXON[0] + 60, 30)
    second = duplicate(REFERENCE, EXON[0] + place, length)
    shares = [(REFERENCE, 0.8 - share), (first, 0.2), (second, share)]
    call = call_one(LOCUS, simulate(REFERENCE, shares, 16_000, design, rng))
    found = {clone.allele.apply(REFERENCE): clone.vaf for clone in call.found}
    assert [clone.allele.apply(REFERENCE) for clone in call.clones] == [first, second]
    for haplotype, truth in ((first, 0.2), (second, share)):
        assert found[haplotype].low < truth < found[haplotype].high
        assert found[haplotype].value == pytest.approx(truth, rel=0.15)


def test_seventeen_of_twenty_thousand_fragments_are_found():
    rng = np.random.default_rng(2)
    haplotype = duplicate(REFERENCE, EXON[0] + 60, 30)
    wild = simulate(REFERENCE, [(REFERENCE, 1.0)], 19_983, AMPLICON, rng)
    mutant = simulate(REFERENCE, [(haplotype, 1.0)], 17, AMPLICON, rng)
    call = call_one(LOCUS, (wild[0] + mutant[0], wild[1] + mutant[1]))
    assert len(call.found) == 1
    assert call.found[0].vaf.low < 17 / 20_000 < call.found[0].vaf.high


def test_wild_type_libraries_give_no_call():
    rng = np.random.default_rng(3)
    for design in [AMPLICON, CAPTURE] * 8:
        call = call_one(LOCUS, simulate(REFERENCE, [(REFERENCE, 1.0)], 1500, design, rng))
        assert call.clones == ()
        assert library_row("p", call, settings()).verdict == "no_itd"


@pytest.mark.parametrize("kind", ["novel", "intron", "foreign", "imperfect"])
def test_unusual_insertions_keep_their_sequence(kind):
    rng = np.random.default_rng(4)
    place = EXON[0] + 60
    copied = REFERENCE[place : place + 39]
    changed = copied[:10] + ("A" if copied[10] != "A" else "C") + copied[11:]
    haplotype = {
        "novel": duplicate(REFERENCE, place, 39, "GGCTCA"),
        "intron": duplicate(REFERENCE, EXON[1] - 20, 60),
        "foreign": REFERENCE[:place] + random_bases(24, rng) + REFERENCE[place:],
        "imperfect": REFERENCE[: place + 39] + changed + REFERENCE[place + 39 :],
    }[kind]
    shares = [(REFERENCE, 0.6), (haplotype, 0.4)]
    call = call_one(LOCUS, simulate(REFERENCE, shares, 5000, CAPTURE, rng))
    assert [clone.allele.apply(REFERENCE) for clone in call.clones] == [haplotype]
    assert call.clones[0].is_tandem == (kind != "foreign")
    names = name_allele(LOCUS, call.clones[0].allele)
    assert (names.hgvs_p == "") == (kind == "intron")
    if kind == "novel":
        assert (names.duplicated, names.novel) == (39, 6)


def test_an_error_that_few_reads_share_neither_adds_nor_replaces_a_clone():
    rng = np.random.default_rng(14)
    place, novel = EXON[0] + 50, "CTTGGAACCGTA"
    haplotype = duplicate(REFERENCE, place, 45, novel)
    wrong = duplicate(REFERENCE, place, 45, "CTTGGATCCGTA")
    exact, others, wild = (
        list(zip(*simulate(REFERENCE, [(text, 1.0)], 200, CAPTURE, rng), strict=True))
        for text in (haplotype, wrong, REFERENCE)
    )
    core = wrong[place + 30 : place + 72]  # both junctions of the inserted bases
    few = [pair for pair in others if any(core in both_strands(read) for read in pair)][:2]
    pairs = tuple(zip(*wild, *exact[:80], *few, strict=True))
    call = call_one(LOCUS, pairs, "exome")
    assert len(few) == 2
    assert [clone.allele.apply(REFERENCE) for clone in call.clones] == [haplotype]


def both_strands(read):
    return f"{read} {reverse_complement(read)}"


def test_no_wild_type_is_said_instead_of_infinity():
    rng = np.random.default_rng(5)
    haplotype = duplicate(REFERENCE, EXON[0] + 60, 30)
    call = call_one(LOCUS, simulate(REFERENCE, [(haplotype, 1.0)], 500, AMPLICON, rng))
    row = library_row("p", call, settings())
    assert row.no_wild_type
    assert np.isnan(row.total_allelic_ratio)
    assert "no_wild_type" in clone_rows("p", named_clones([call]))[0].flags


def test_low_depth_is_not_callable_and_empty_is_not_negative():
    rng = np.random.default_rng(6)
    few = call_one(LOCUS, simulate(REFERENCE, [(REFERENCE, 1.0)], 60, CAPTURE, rng))
    assert library_row("p", few, settings()).verdict == "not_callable"
    empty = library_row("p", call_one(LOCUS, ([], [])), settings())
    assert empty.verdict == "not_callable"
    assert np.isnan(empty.total_vaf)


@given(st.integers(0, 10_000))
@test_settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_read_order_strand_and_mate_do_not_change_calls(seed):
    rng = np.random.default_rng(seed)
    length = int(rng.integers(3, 70))
    haplotype = duplicate(REFERENCE, int(rng.integers(EXON[0], EXON[1] - length)), length)
    pairs = simulate(REFERENCE, [(REFERENCE, 0.5), (haplotype, 0.5)], 1200, CAPTURE, rng)
    expected = calls_of(call_one(LOCUS, pairs, "panel"))
    order = rng.permutation(len(pairs[0]))
    shuffled = tuple([side[i] for i in order] for side in pairs)
    assert calls_of(call_one(LOCUS, shuffled, "panel")) == expected
    assert calls_of(call_one(LOCUS, pairs[::-1], "panel")) == expected


def test_gene_strand_and_contig_name_do_not_change_coding_names():
    rng = np.random.default_rng(8)
    haplotype = duplicate(REFERENCE, EXON[0] + 60, 45)
    pairs = simulate(REFERENCE, [(REFERENCE, 0.5), (haplotype, 0.5)], 1500, AMPLICON, rng)
    names = []
    for strand, chrom in (("-", "13"), ("+", "chr13")):
        locus = toy_locus(strand, chrom=chrom)
        assert locus.sequence == REFERENCE
        call = call_one(locus, pairs)
        names.append((name_allele(locus, call.clones[0].allele).hgvs_c, call.clones[0].vaf))
    assert names[0] == names[1]


@given(st.integers(0, 400), st.integers(3, 60))
@test_settings(max_examples=60, deadline=None)
def test_equivalent_placements_are_one_allele(offset, length):
    start = LOCUS.first + offset % (LOCUS.last - LOCUS.first - 80)
    haplotype = duplicate(REFERENCE, start, length)
    spelled = {
        normalise(REFERENCE, place, place, haplotype[place : place + length])
        for place in range(start, start + length + 1)
    }
    assert len(spelled) == 1
    allele = spelled.pop()
    assert allele.apply(REFERENCE) == rightmost(REFERENCE, allele).apply(REFERENCE) == haplotype
    assert structure(REFERENCE, allele).is_tandem


def test_same_clone_needs_the_same_length_and_source():
    first = (100, REFERENCE[100:130])
    assert is_same_clone(REFERENCE, first, (117, REFERENCE[117:130] + REFERENCE[100:117]))
    assert not is_same_clone(REFERENCE, first, (101, REFERENCE[101:131]))
    assert not is_same_clone(REFERENCE, first, (100, REFERENCE[100:127]))


def test_real_relapses_keep_the_clones_that_callers_placed_differently(real_data):
    window = pysam.FastxFile(str(real_data / "reference/FLT3_exon13-15_gdna_1500bp.fa"))
    plus = reverse_complement(next(iter(window)).sequence)
    first = 28607438  # hg19, 1-based position of the first base of the window
    with (real_data / "paired/APL_pairs_by_id.tsv").open() as handle:
        rows = [r for r in csv.DictReader(handle, delimiter="\t") if r["gene"] == "FLT3_ITD"]
    same = set()
    for patient in {row["patient"] for row in rows}:
        ends = {
            kind: [
                (int(r["Start_Position"]) - first + 1, r["Tumor_Seq_Allele2"])
                for r in rows
                if r["patient"] == patient and r["class"] == kind and r["Start_Position"]
            ]
            for kind in ("lost", "acquired")
        }
        if any(is_same_clone(plus, a, b) for a in ends["lost"] for b in ends["acquired"]):
            same.add(patient)
    assert same == {"29", "233", "223", "227"}


def test_targeted_look_up_finds_a_clone_below_de_novo_detection():
    rng = np.random.default_rng(9)
    haplotype = duplicate(REFERENCE, EXON[0] + 60, 30)
    before = simulate(REFERENCE, [(REFERENCE, 0.6), (haplotype, 0.4)], 1500, AMPLICON, rng)
    wild = simulate(REFERENCE, [(REFERENCE, 1.0)], 3000, AMPLICON, rng)
    libraries = [as_reads(LOCUS, before), as_reads(LOCUS, wild, timepoint="relapse")]
    calls = call_libraries(libraries, settings())
    assert [clone.de_novo for clone in calls[1].clones] == [False]
    pair = pair_rows("p", named_clones(calls), calls, {}, settings())[0]
    assert pair.change is CloneChange.LOST
    assert pair.crosses_half == "down"
    assert pair.after_vaf_high < 0.002


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ((0, 2000, False), (300, 1000, True), CloneChange.GAINED),
        ((300, 1000, True), (0, 2000, False), CloneChange.LOST),
        ((0, 40, False), (300, 1000, True), CloneChange.NOT_EVALUABLE),
        ((100, 1000, True), (600, 1000, True), CloneChange.EXPANDING),
        ((600, 1000, True), (100, 1000, True), CloneChange.CONTRACTING),
        ((300, 1000, True), (310, 1000, True), CloneChange.PERSISTENT),
    ],
)
def test_change_of_a_clone(before, after, change):
    ends = [Observation(*seen, None) for seen in (before, after)]
    assert judge(*ends, settings()).change is change


def test_purity_explains_a_lower_vaf():
    judged = judge(Observation(400, 1000, True, 0.8), Observation(200, 1000, True, 0.4), settings())
    assert judged.change is CloneChange.PERSISTENT


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(10)
    haplotype = duplicate(REFERENCE, EXON[0] + 60, 30)
    inside = 0
    for _ in range(60):
        pairs = simulate(REFERENCE, [(REFERENCE, 0.7), (haplotype, 0.3)], 400, AMPLICON, rng)
        vaf = call_one(LOCUS, pairs).clones[0].vaf
        inside += vaf.low <= 0.3 <= vaf.high
    assert inside >= 53  # 99 % of 60 trials at 95 %


def test_detection_limit_falls_with_depth():
    limits = [detection_limit(depth, 5e-5, 3) for depth in (2, 50, 500, 5000)]
    assert limits[0] == 1.0
    assert limits == sorted(limits, reverse=True)
    assert limits[1] == pytest.approx(0.121, abs=0.01)
    assert limit_of_blank(1_000_000, 5e-5, 3) > 70


def test_a_low_itd_that_another_patient_carries_is_flagged():
    rng = np.random.default_rng(12)
    haplotype = duplicate(REFERENCE, EXON[0] + 60, 30)
    rows = []
    for patient, share in (("a", 0.5), ("b", 0.01)):
        shares = [(REFERENCE, 1 - share), (haplotype, share)]
        call = call_one(LOCUS, simulate(REFERENCE, shares, 2000, AMPLICON, rng))
        rows += clone_rows(patient, named_clones([call]))
    assert {patient for patient, _, _ in shared_low_clones(rows)} == {"b"}


@pytest.fixture(scope="module")
def toy_files(tmp_path_factory):
    """Toy genome, gene models and a library as FASTQ and as BAM."""
    folder = tmp_path_factory.mktemp("flt3")
    (folder / "g.fa").write_text(f">chr13\n{toy_genome()}\n")
    write_table(folder / "models.tsv", GeneModel, [to_row(toy_transcript(chrom="chr13"))])
    rng = np.random.default_rng(13)
    haplotype = duplicate(REFERENCE, EXON[0] + 40, 66)
    shares = [(REFERENCE, 0.6), (haplotype, 0.4)]
    pairs = simulate(REFERENCE, shares, 2500, Design(150, mean=300), rng)
    for number, reads in enumerate(pairs, start=1):
        lines = [f"@r{i}\n{read}\n+\n{'I' * len(read)}\n" for i, read in enumerate(reads)]
        (folder / f"r{number}.fq").write_text("".join(lines))
    return folder


def run(folder: Path, out: str, *words: str) -> Path:
    target = folder / out
    code = main(
        [
            "flt3-itd",
            *words,
            "--reference",
            str(folder / "g.fa"),
            "--annotation",
            str(folder / "models.tsv"),
            "--out-dir",
            str(target),
        ]
    )
    assert code == 0
    return target


def names_and_vafs(target: Path) -> list[tuple[str, float]]:
    clones = read_table(target / "flt3_itd_clones.tsv", ItdClone)
    return [(clone.clone, round(clone.vaf, 3)) for clone in clones]


def test_command_writes_every_output(toy_files):
    out = run(toy_files, "fq", str(toy_files / "r1.fq"), str(toy_files / "r2.fq"))
    assert read_table(out / "flt3_itd.tsv", ItdLibrary)[0].verdict == "itd"
    assert read_table(out / "flt3_itd_pairs.tsv", ItdPair) == []
    assert json.loads((out / "flt3_itd.json").read_text())["clones"][0]["length"] == 66
    with pysam.VariantFile(str(out / "flt3_itd.vcf")) as vcf:
        record = next(iter(vcf))
        fetched = toy_genome()[record.pos - 1 : record.pos - 1 + len(record.ref)]
        assert fetched == record.ref
        assert record.info["SVLEN"] == (66,)
    assert (out / "flt3_itd_r1.svg").read_text().startswith("<svg")
    again = run(toy_files, "fq2", str(toy_files / "r1.fq"), str(toy_files / "r2.fq"))
    for path in sorted(out.iterdir()):
        assert path.read_bytes() == (again / path.name).read_bytes()


@pytest.mark.skipif(not shutil.which("bwa"), reason="bwa is not installed")
@pytest.mark.parametrize("clip", ["-L5", "-L100"], ids=["soft clips", "end to end"])
def test_aligner_spelling_does_not_change_calls(toy_files, clip):
    expected = names_and_vafs(
        run(toy_files, "plain", str(toy_files / "r1.fq"), str(toy_files / "r2.fq"))
    )
    reference = str(toy_files / "g.fa")
    subprocess.run(["bwa", "index", reference], check=True, capture_output=True)
    reads = [str(toy_files / f"r{i}.fq") for i in (1, 2)]
    sam = subprocess.run(["bwa", "mem", clip, reference, *reads], check=True, capture_output=True)
    (toy_files / "a.sam").write_bytes(sam.stdout)
    bam = str(toy_files / "a.bam")
    pysam.sort("-o", bam, str(toy_files / "a.sam"))
    Path(f"{bam}.bai").unlink(missing_ok=True)
    assert names_and_vafs(run(toy_files, "unindexed", bam)) == expected
    pysam.index(bam)
    assert names_and_vafs(run(toy_files, "indexed", bam)) == expected


def test_bam_of_another_build_is_refused(toy_files, capsys):
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "13", "LN": toy_length() + 1000}]}
    path = toy_files / "other.bam"
    pysam.AlignmentFile(str(path), "wb", header=header).close()
    words = ["flt3-itd", str(path), "--reference", str(toy_files / "g.fa")]
    assert main([*words, "--annotation", str(toy_files / "models.tsv")]) == 2
    assert "in the reference" in capsys.readouterr().err


@pytest.mark.parametrize("gap", [False, True], ids=["other bases", "no bases"])
def test_annotation_of_another_build_is_refused(toy_files, tmp_path, capsys, gap):
    bases = random_bases(toy_length(), np.random.default_rng(1))
    other = tmp_path / "other.fa"
    other.write_text(f">chr13\n{'N' * toy_length() if gap else bases}\n")
    words = ["flt3-itd", str(toy_files / "r1.fq"), "--reference", str(other)]
    assert main([*words, "--annotation", str(toy_files / "models.tsv")]) == 2
    said = capsys.readouterr().err
    assert "same genome build" in said
    assert ("no bases" if gap else "stop codons") in said


def test_broken_fastq_is_refused_without_traceback(toy_files, capsys):
    path = toy_files / "broken.fq"
    path.write_text("@r1\nACGT\n+\nII\n")
    words = ["flt3-itd", str(path), "--reference", str(toy_files / "g.fa")]
    assert main([*words, "--annotation", str(toy_files / "models.tsv")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.fixture(scope="module")
def real_reference(real_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("reference") / "g.fa"
    slices = pysam.FastxFile(str(real_data / "reference/aml_loci_GRCh38.fa"))
    record = next(r for r in slices if "FLT3" in f"{r.name} {r.comment}")
    start = int(record.name.split(":")[1].split("-")[0])
    path.write_text(f">chr13\n{'N' * (start - 1)}{record.sequence}\n")
    return path


@pytest.mark.parametrize(
    ("files", "assay", "hgvs", "length"),
    [
        ("getitd_amplicon_R{}.fastq.gz", "dna", "c.1775_1795dup", 21),
        ("SRR8615687_flt3_{}.fastq.gz", "rna", "c.1772_1801dup", 30),
    ],
)
def test_real_reads_give_the_known_itd(
    real_data, real_reference, tmp_path, files, assay, hgvs, length
):
    reads = [str(real_data / "flt3_itd" / files.format(i)) for i in (1, 2)]
    words = ["flt3-itd", *reads, "--assay", assay, "--reference", str(real_reference)]
    annotation = str(real_data / "reference/aml_loci_GRCh38.gtf.gz")
    assert main([*words, "--annotation", annotation, "--out-dir", str(tmp_path)]) == 0
    clones = read_table(tmp_path / "flt3_itd_clones.tsv", ItdClone)
    assert [(clone.hgvs_c, clone.length) for clone in clones] == [(hgvs, length)]
    if assay == "dna":
        assert clones[0].vaf == pytest.approx(0.690, abs=0.01)
        assert clones[0].allelic_ratio == pytest.approx(2.23, abs=0.1)
    else:
        assert clones[0].vaf >= 0.98
        assert read_table(tmp_path / "flt3_itd.tsv", ItdLibrary)[0].no_wild_type


def test_alleles_sort_by_place():
    assert sorted([Allele(5, 5, "ACG"), Allele(3, 3, "TTT")])[0].start == 3
