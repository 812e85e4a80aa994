"""Unusual BAM and CRAM files: what hides in sound blocks is told, what is only rare passes."""

import dataclasses
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest
from fault_files import GENOME, READ_LENGTH, random_genome, sound_reads, write_fasta
from test_acceptance_bam import READS, SAMPLE, SQ_LINES, bam, header, told

from amlresist.inputs.alignments import examine_alignment
from amlresist.settings import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))

from mutations import packed

Row = list[str]
HEADER = ["@HD\tVN:1.6\tSO:coordinate", *SQ_LINES, f"@RG\tID:a\tSM:{SAMPLE}"]


@pytest.fixture
def folder(tmp_path) -> Path:
    pysam.faidx(str(write_fasta(tmp_path / "genome.fa")))
    return tmp_path


def from_sam(folder: Path, records: str, lines: list[str] = HEADER) -> Path:
    sam, out = folder / "x.sam", folder / "x.bam"
    sam.write_text("\n".join(lines) + "\n" + records)
    pysam.view("-b", "--no-PG", "-o", str(out), str(sam), catch_stdout=False)
    return out


def edited(change: Callable[[int, Row], Row]) -> Callable[[Path], Path]:
    """A BAM whose SAM rows are changed one by one."""

    def make(folder: Path) -> Path:
        rows = pysam.view(str(bam(folder, name="source.bam"))).splitlines()
        changed = [change(number, row.split("\t")) for number, row in enumerate(rows)]
        return from_sam(folder, "".join("\t".join(row) + "\n" for row in changed))

    return make


def with_column(number: int, value: Callable[[int, Row], str]) -> Callable[[Path], Path]:
    return edited(lambda n, row: [*row[:number], value(n, row), *row[number + 1 :]])


def with_header_text(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A BAM whose header text is changed, its binary list of contigs not."""

    def make(folder: Path) -> Path:
        path = bam(folder, index=False)
        with pysam.BGZFile(str(path)) as handle:
            content = handle.read()
        (length,) = struct.unpack_from("<i", content, 4)
        text = change(content[8 : 8 + length])
        path.write_bytes(packed(content[:4] + struct.pack("<i", len(text)) + text
                                + content[8 + length :]))  # fmt: skip
        return path

    return make


def cram(*options: str, version: str = "3.0") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        out = folder / "x.cram"
        form = ",".join([f"cram,version={version}", *options])
        words = ["-O", form, "-T", str(folder / "genome.fa"), "-o", str(out)]
        pysam.view(*words, str(bam(folder)), catch_stdout=False)
        return out

    return make


OTHER = random_genome(99)["chr1"]
COMPLEMENT = str.maketrans("ACGT", "TGCA")
REFUSED = {
    "reads without bases": (edited(lambda n, r: [*r[:9], "*", "*", *r[11:]]), "no bases"),
    "'=' for bases": (with_column(9, lambda n, r: "=" * READ_LENGTH), "as in the genome"),
    "N for every base": (with_column(9, lambda n, r: "N" * READ_LENGTH), "every base is N"),
    "names that end with /1 and /2": (
        with_column(0, lambda n, r: r[0] + ("/1" if int(r[1]) & 64 else "/2")), "/1 and /2"),
    "one name for all reads": (with_column(0, lambda n, r: "x"), "more than once"),
    "header text of another length than the list": (
        with_header_text(lambda text: text.replace(b"LN:4000", b"LN:4001")), "chr2 has 4001"),
    "no contig (unaligned BAM)": (
        lambda f: from_sam(f, "q\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tFFFF\n", [HEADER[0], HEADER[-1]]),
        "no contig"),
}  # fmt: skip
TOLD = {
    "bases of another genome": (
        with_column(9, lambda n, r: OTHER[n : n + READ_LENGTH]), "differ from the genome"),
    "positions shifted by one": (
        with_column(3, lambda n, r: str(int(r[3]) + 1)), "differ from the genome"),
    "bisulfite": (with_column(9, lambda n, r: r[9].replace("C", "T")), "differ from the genome"),
    "reverse reads as sequenced": (
        with_column(9, lambda n, r: r[9] if not int(r[1]) & 16 else
                    r[9][::-1].translate(COMPLEMENT)), "differ from the genome"),
    "Phred+64 kept": (
        with_column(10, lambda n, r: "".join(chr(min(126, ord(q) + 31)) for q in r[10])),
        "Phred+64"),
    "copies that are not marked": (
        lambda f: bam(f, sorted(
            (dataclasses.replace(r, name=f"{r.name}:{copy}") for r in READS for copy in range(3)),
            key=lambda r: (r.contig, r.start))), "no read is marked as a duplicate"),
    "mapping qualities of 3": (with_column(4, lambda n, r: "3"), "mapping quality of 20"),
    "mapped reads without CIGAR": (with_column(5, lambda n, r: "*"), "not evaluable"),
}  # fmt: skip
PASSES = {
    "contigs in the binary list alone": with_header_text(
        lambda text: b"\n".join(
            line for line in text.split(b"\n") if not line.startswith(b"@SQ"))),
    "upper-case M5 and notes on contigs": lambda f: bam(f, header=header(SQ=[
        {"SN": n, "LN": len(bases), "UR": "file:/x y", "SP": "Homo sapiens"}
        for n, bases in GENOME.items()])),
    "read groups without reads": lambda f: bam(f, header=header(RG=[
        {"ID": name, "SM": SAMPLE, "PU": name} for name in "abc"])),
    "every kind of tag": edited(lambda n, row: [
        *row, "NM:i:0", "MD:Z:80", "XA:Z:chr1,+10,80M,0;", "ZB:B:c,1,2", "ZF:f:1.5", "ZH:H:1AE3",
        "RX:Z:ACGT-TTGA", "CG:Z:x"]),
    "a thousand CIGAR operations": lambda f: from_sam(
        f, f"l\t0\tchr1\t1\t60\t{'1M1I' * 600}1M\t*\t0\t0\t"
        + "".join(f"{base}A" for base in GENOME["chr1"][:600]) + GENOME["chr1"][600]
        + f"\t{'F' * 1200}E\n" + pysam.view(str(bam(f, name="source.bam")))),
    "grouped by query": lambda f: from_sam(
        f, pysam.view(str(bam(f, name="source.bam"))),
        ["@HD\tVN:1.6\tSO:unsorted\tGO:query", *HEADER[1:]]),
    "unmapped mates beside their mates": edited(lambda n, r: r if n % 10 else [
        r[0], str((int(r[1]) | 4) & ~2), *r[2:4], "0", "*", *r[6:]]),
    "IUPAC letters in reads": with_column(9, lambda n, r: r[9][:-1] + ("R" if n % 9 else r[9][-1])),
    "names of 250 letters": with_column(0, lambda n, r: r[0].ljust(250, "x")),
    "three reads": lambda f: bam(f, [dataclasses.replace(READS[0], flag=0, name=f"{n}")
                                     for n in range(3)]),
    "two end-of-file blocks": lambda f: twice_ended(bam(f, index=False)),
    "two thousand contigs": lambda f: bam(f, contigs={
        **{n: len(b) for n, b in GENOME.items()},
        **{f"HLA-A*01:{n}:01:01": 100 for n in range(2000)}}),
    "CRAM with its reference inside": cram("embed_ref=1"),
    "CRAM without reference": cram("no_ref=1"),
    "CRAM of small slices": cram("seqs_per_slice=20", "slices_per_container=3"),
    "CRAM of many contigs per slice": cram("multi_seq_per_slice=1"),
    "CRAM with bzip2 and lzma": cram("use_bzip2=1", "use_lzma=1"),
    "CRAM that dropped its names": cram("lossy_names=1"),
    "CRAM 3.1, smallest": cram("archive", version="3.1"),
}  # fmt: skip


def twice_ended(path: Path) -> Path:
    path.write_bytes(path.read_bytes() + path.read_bytes()[-28:])
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_alignments_nobody_can_count_on_are_refused(folder, name):
    make, words = REFUSED[name]
    found = told(make(folder), folder)["STOP"]
    assert any(words in text for text in found), found


@pytest.mark.parametrize("name", TOLD)
def test_alignments_nobody_should_believe_are_told(folder, name):
    make, words = TOLD[name]
    found = told(make(folder), folder)["WARN"]
    assert any(words in text for text in found), found


def test_rna_without_a_spliced_read_is_told(folder):
    path = bam(folder, sound_reads(3, pairs=4_100))
    words = [f.problem.message for f in examine_alignment(str(path), assay="rna")]
    assert any("no read is spliced" in text for text in words)


@pytest.mark.parametrize("name", PASSES)
def test_unusual_but_sound_alignments_pass(folder, name):
    found = told(PASSES[name](folder), folder)
    assert not found["STOP"] and not found["WARN"], found


def test_bases_are_only_compared_where_the_genome_is_indexed(tmp_path):
    fasta = write_fasta(tmp_path / "genome.fa")
    examine_alignment(str(bam(tmp_path)), assay="dna", fasta=str(fasta))
    assert not Path(f"{fasta}.fai").exists()
