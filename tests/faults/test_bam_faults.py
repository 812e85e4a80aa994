"""Faults of BAM and CRAM files (B031 to B063): each is made, and named by the check."""

import contextlib
import dataclasses
import gzip
import os
import random
from pathlib import Path

import pysam
import pytest
from fault_files import CONTIGS, GENOME, PAIRS, random_genome, sound_reads, write_bam, write_fasta

from amlresist.__main__ import main
from amlresist.inputs.bam_index import read_index

HEADER = {
    "HD": {"VN": "1.6", "SO": "coordinate"},
    "SQ": [{"SN": name, "LN": length} for name, length in CONTIGS.items()],
}
BGZF_EOF_LENGTH = 28


def replaced(reads, **changes):
    return [dataclasses.replace(read, **changes) for read in reads]


def blocks_of(data: bytes) -> list[int]:
    """Start of each BGZF block."""
    starts, place = [], 0
    while place < len(data):
        starts.append(place)
        place += int.from_bytes(data[place + 16 : place + 18], "little") + 1
    return starts


def cut_at_block(path) -> None:
    """Drop the last blocks with reads, keep the end-of-file block."""
    data = path.read_bytes()
    starts = blocks_of(data)
    path.write_bytes(data[: starts[-2]] + data[-BGZF_EOF_LENGTH:])


def with_header(path, text: str) -> None:
    """Rewrite a BAM under header text that pysam would not write."""
    sam = path.with_suffix(".sam")
    sam.write_text(text + "".join(pysam.view(str(path))))
    path.write_bytes(b"")
    pysam.view("-b", "--no-PG", "-o", str(path), str(sam), catch_stdout=False)


def test_sound_cohort_passes(cohort):
    cohort.check().is_sound()


def test_b031_missing_end_of_file_block(cohort):
    data = cohort.diagnosis.read_bytes()
    cohort.diagnosis.write_bytes(data[:-BGZF_EOF_LENGTH])
    cohort.check().stops("no end-of-file block")


def test_file_cut_inside_a_block(cohort):
    data = cohort.diagnosis.read_bytes()
    cohort.diagnosis.write_bytes(data[: len(data) // 2])
    cohort.check().stops("truncated")


@pytest.mark.parametrize("indexed", [True, False])
def test_b033_cut_on_a_block_boundary_with_eof_added(cohort, indexed):
    write_bam(cohort.diagnosis, sound_reads(1, pairs=3000), index=indexed)
    if not indexed:
        cohort.diagnosis.with_name("dx.bam.bai").unlink()
    cut_at_block(cohort.diagnosis)
    if indexed:
        os.utime(f"{cohort.diagnosis}.bai")
    cohort.check().stops("file ends early")


@pytest.mark.parametrize("place", [0.3, 0.5, 0.7])
def test_b034_one_flipped_bit(cohort, place):
    data = bytearray(cohort.diagnosis.read_bytes())
    data[int(len(data) * place)] ^= 0x10
    cohort.diagnosis.write_bytes(bytes(data))
    assert cohort.check().of("STOP")


def test_b036_header_only_is_not_evaluable(cohort):
    write_bam(cohort.diagnosis, [])
    cohort.check().warns("no reads", "not evaluable")


def test_b037_gzip_instead_of_bgzf(cohort):
    with gzip.open(cohort.diagnosis, "rb") as handle:
        content = handle.read()
    cohort.diagnosis.write_bytes(gzip.compress(content))
    cohort.check().stops("plain gzip, not BGZF", "Re-compress")


def test_b039_index_older_than_the_file(cohort):
    os.utime(f"{cohort.diagnosis}.bai", (1, 1))
    cohort.check().warns("index is older", "fresh one")


def test_b039_index_of_another_file(cohort):
    write_bam(cohort.folder / "other.bam", sound_reads(5, pairs=700))
    other = (cohort.folder / "other.bam.bai").read_bytes()
    cohort.diagnosis.with_name("dx.bam.bai").write_bytes(other)
    cohort.check().warns("index belongs to another file")


def test_b040_no_index_is_only_noted(cohort):
    cohort.diagnosis.with_name("dx.bam.bai").unlink()
    cohort.check().notes("has no index", "results folder")


def test_b042_b009_other_lengths_are_another_build(cohort):
    contigs = {**CONTIGS, "chr1": CONTIGS["chr1"] + 1000}
    write_bam(cohort.diagnosis, sound_reads(1), contigs=contigs)
    cohort.check().stops("chr1 has 7000 bases, 6000 in the genome")


def test_b009_m5_of_another_genome(cohort):
    header = {**HEADER, "SQ": [{**line, "M5": "0" * 32} for line in HEADER["SQ"]]}
    write_bam(cohort.diagnosis, sound_reads(1), header=header)
    cohort.check().stops("MD5")


def test_b009_real_build_lengths_are_told_by_name(cohort):
    genome = {"1": "ACGT" * 10}
    write_fasta(cohort.folder / "genome.fa", genome)
    header = {**HEADER, "SQ": [{"SN": "1", "LN": 249250621}]}
    write_bam(cohort.diagnosis, [], header=header)
    cohort.check().stops("GRCh37")


def test_contigs_with_and_without_chr(cohort):
    write_bam(
        cohort.diagnosis,
        [dataclasses.replace(read, contig=read.contig[3:]) for read in sound_reads(1)],
        contigs={name[3:]: length for name, length in CONTIGS.items()},
    )
    cohort.check().stops("with and without 'chr'", "1 / chr1")


def test_b043_other_contig_order_is_accepted(cohort):
    contigs = {name: CONTIGS[name] for name in ("chr2", "chr1", "chrM")}
    reads = sorted(sound_reads(1), key=lambda read: (read.contig == "chr1", read.start))
    write_bam(cohort.diagnosis, reads, contigs=contigs)
    cohort.check().notes("another order")


def test_b045_other_mitochondrial_sequence(cohort):
    write_bam(cohort.diagnosis, sound_reads(1), contigs={**CONTIGS, "chrM": 498})
    cohort.check().warns("chrM is 498 bases long, 500 in the genome")


def test_b046_duplicated_read_group(cohort):
    lines = ["@HD\tVN:1.6\tSO:coordinate"]
    lines += [f"@SQ\tSN:{name}\tLN:{length}" for name, length in CONTIGS.items()]
    lines += ["@RG\tID:a\tSM:P1_diagnosis_dna", "@RG\tID:a\tSM:OTHER"]
    with_header(cohort.diagnosis, "\n".join(lines) + "\n")
    assert cohort.check().of("STOP")


def test_b048_two_samples_in_one_file(cohort):
    header = {**HEADER, "RG": [{"ID": "a", "SM": "DX"}, {"ID": "b", "SM": "REL"}]}
    write_bam(cohort.diagnosis, sound_reads(1), header=header)
    cohort.check().stops("more than one sample", "DX, REL")


def test_b049_sample_name_of_the_sheet_differs(cohort):
    write_bam(cohort.diagnosis, sound_reads(1), sample="P1_relapse_dna")
    cohort.check().warns("P1_diagnosis_dna", "another library of the sheet", "P1_relapse_dna")


def test_b051_lost_mates_warn_then_stop(cohort):
    reads = sound_reads(1)
    write_bam(cohort.diagnosis, [read for n, read in enumerate(reads) if n % 21])
    cohort.check().warns("have lost a mate")
    write_bam(cohort.diagnosis, [read for n, read in enumerate(reads) if n % 7])
    cohort.check().stops("have lost a mate")


def test_b052_records_repeated(cohort):
    reads = sound_reads(1)
    write_bam(cohort.diagnosis, sorted(reads + reads, key=lambda r: (r.contig, r.start)))
    cohort.check().stops("more than once", "merged")


def test_b054_only_secondary_records(cohort):
    write_bam(cohort.diagnosis, [dataclasses.replace(r, flag=r.flag | 256) for r in sound_reads(1)])
    cohort.check().warns("only secondary or supplementary", "not evaluable")


def test_b055_mapping_quality_zero(cohort):
    write_bam(cohort.diagnosis, replaced(sound_reads(1), mapq=0))
    cohort.check().warns("mapping quality 0", "no locus is evaluable")


def test_b055_star_255_is_understood_in_rna(cohort):
    write_bam(cohort.diagnosis, replaced(sound_reads(1), mapq=255), sample="P1_diagnosis_rna")
    cohort.rows[0]["assay"] = "rna"
    cohort.check().warns("no pair")
    cohort.rows[0]["assay"] = "dna"
    cohort.check().warns("255")


@pytest.mark.parametrize("qualities, words", [("", "no base qualities"), ("F" * 80, "are equal")])
def test_b057_base_qualities_absent_or_flat(cohort, qualities, words):
    write_bam(cohort.diagnosis, replaced(sound_reads(1), qualities=qualities))
    cohort.check().warns(words)


def test_b058_read_past_the_end_of_its_contig(cohort):
    reads = sound_reads(1)
    last = [n for n, read in enumerate(reads) if read.contig == "chr1"][-1]
    beyond = dataclasses.replace(reads[last], start=CONTIGS["chr1"] - 20)
    write_bam(cohort.diagnosis, [*reads[:last], beyond, *reads[last + 1 :]])
    cohort.check().warns("past the end", "1 reads")


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_cram_of_the_genome_is_read(cohort, version):
    cram = cohort.folder / "dx.cram"
    options = [
        "-C",
        "--output-fmt-option",
        f"version={version}",
        "-T",
        cohort.config["reference"]["fasta"],
    ]
    pysam.view(*options, "-o", str(cram), str(cohort.diagnosis), catch_stdout=False)
    cohort.rows[0]["bam"] = str(cram)
    assert not cohort.check().of("STOP")


def test_b060_cram_of_another_genome(cohort):
    other = write_fasta(cohort.folder / "other.fa", random_genome(99))
    cram = cohort.folder / "dx.cram"
    options = ["-C", "-T", str(other), "-o", str(cram)]
    pysam.view(*options, str(cohort.diagnosis), catch_stdout=False)
    cohort.rows[0]["bam"] = str(cram)
    cohort.check().stops("another MD5", "M5")


def test_b060_damaged_cram(cohort):
    cram = cohort.folder / "dx.cram"
    options = ["-C", "-T", cohort.config["reference"]["fasta"], "-o", str(cram)]
    pysam.view(*options, str(cohort.diagnosis), catch_stdout=False)
    cram.write_bytes(cram.read_bytes()[:-2000])
    cohort.rows[0]["bam"] = str(cram)
    assert cohort.check().of("STOP")


def test_b063_spliced_reads_in_dna(cohort):
    reads = [
        dataclasses.replace(read, cigar="40M30N40M") if n % 3 == 0 else read
        for n, read in enumerate(sound_reads(1))
    ]
    write_bam(cohort.diagnosis, reads)
    cohort.check().stops("RNA, not DNA")


def test_unsorted_records_under_a_sorted_header(cohort):
    reads = sound_reads(1)
    write_bam(cohort.diagnosis, reads[200:] + reads[:200], index=False)
    cohort.check().stops("not sorted")


def test_text_instead_of_bam(cohort):
    cohort.diagnosis.write_text("@HD\tVN:1.6\n")
    cohort.check().stops("not compressed in blocks")


def test_empty_file_instead_of_bam(cohort):
    cohort.diagnosis.write_bytes(b"")
    assert cohort.check().of("STOP")


def test_genome_is_not_changed_by_the_check(cohort):
    before = (cohort.folder / "genome.fa").read_text()
    cohort.check()
    assert (cohort.folder / "genome.fa").read_text() == before
    assert GENOME["chr1"][:60] in before


@pytest.mark.parametrize(
    "content",
    [
        b"BAI\1" + bytes(8),
        b"BAI\1" + (7).to_bytes(4, "little"),
        b"BAI\1",
        b"",
        b"CSI\1",
        gzip.compress(b"CSI\1" + bytes(8) + (-9).to_bytes(4, "little", signed=True), mtime=0),
        b"\x1f\x8bnonsense",
    ],
)
def test_b039_broken_index_is_told_and_not_used(cohort, content):
    Path(f"{cohort.relapse}.bai").write_bytes(content)
    cohort.check().warns("index ")


def test_b039_csi_index_is_read(cohort):
    Path(f"{cohort.relapse}.bai").unlink()
    pysam.index("-c", str(cohort.relapse))
    cohort.check().is_sound()


def test_b039_any_damage_of_an_index_is_survived(cohort):
    index = Path(f"{cohort.relapse}.bai")
    sound = index.read_bytes()
    counts = read_index(str(index)).mapped
    assert sum(counts) == 2 * PAIRS and len(counts) == len(CONTIGS)
    rng = random.Random(1)
    for _ in range(300):
        content = bytearray(sound)
        for _ in range(rng.choice((1, 2, 5))):
            content[rng.randrange(len(content))] = rng.randrange(256)
        index.write_bytes(content[: rng.choice((len(content), rng.randrange(len(content))))])
        with contextlib.suppress(ValueError):
            assert len(read_index(str(index)).mapped) < 10_000
    cohort.check()


@pytest.mark.parametrize("content", [b"BAI\1" + bytes(3), b"BAI\1\xff\xff\xff\x7f", b"nonsense"])
def test_b039_a_station_run_alone_refuses_a_damaged_index(cohort, capsys, content):
    Path(f"{cohort.relapse}.bai").write_bytes(content)
    words = ["flt3-itd", "--library", f"relapse={cohort.relapse}", "--reference", "g.fa"]
    assert main([*words, "--gene-models", "m.tsv"]) == 2
    assert "index cannot be used" in capsys.readouterr().err
