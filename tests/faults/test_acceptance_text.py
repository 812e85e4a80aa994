"""FASTQ, calls, regions, annotation, matrices, sheets: no fault passes, no good file fails."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from fault_files import GENOME, GTF

from amlresist.errors import InputError
from amlresist.inputs.bed import examine_bed
from amlresist.inputs.fastq import examine_fastq
from amlresist.inputs.genome import Genome
from amlresist.inputs.maf import examine_maf
from amlresist.inputs.matrices import examine_table
from amlresist.inputs.reference_files import examine_annotation, examine_genome
from amlresist.inputs.vcf import examine_vcf
from amlresist.reference.fasta import contigs_of
from amlresist.sheet import read_libraries, read_patient_facts

RNG = np.random.default_rng(5)
READS = [("".join(RNG.choice(list("ACGT"), 60)), "".join(RNG.choice(list("5?FJ"), 60)))
         for _ in range(200)]  # fmt: skip


def fastq(mate: int = 1, reads=READS, style: str = "{n} {mate}:N:0:ACGT", end: str = "\n") -> str:
    return "".join(
        f"@r{style.format(n=n, mate=mate)}{end}{bases}{end}+{end}{quality}{end}"
        for n, (bases, quality) in enumerate(reads)
    )


def zipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def bgzipped(text: str) -> bytes:
    """Two members and an empty one, as bgzip writes them."""
    half = len(text) // 2
    return zipped(text[:half]) + zipped(text[half:]) + zipped("")


def spoil(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 8]) + data[place + 1 :]


MATE_READS = [(bases[::-1].translate(str.maketrans("ACGT", "TGCA")), q) for bases, q in READS]
SOUND, MATES = fastq(), fastq(2, MATE_READS)
LINES = SOUND.splitlines(keepends=True)
FAULTY_FASTQ: dict[str, tuple[bytes | str, bytes | str | None]] = {
    "gzip cut": (zipped(SOUND)[:-50], None),
    "bit flipped in the gzip": (spoil(zipped(SOUND), 5000), None),
    "bytes behind the gzip": (zipped(SOUND) + b"more", None),
    "cut inside a record": (SOUND[:-70], None),
    "cut behind the name": ("".join(LINES[:-3]), None),
    "a line lost": ("".join(LINES[:401] + LINES[402:]), None),
    "a blank line inside": ("".join([*LINES[:400], "\n", *LINES[400:]]), None),
    "name without @": (SOUND.replace("@r7 ", "r7 "), None),
    "quality shorter": (SOUND.replace(READS[9][1], READS[9][1][:-1]), None),
    "quality longer": (SOUND.replace(READS[9][1], READS[9][1] + "F"), None),
    "letter that is no base": (SOUND.replace(READS[9][0], "X" + READS[9][0][1:]), None),
    "control letter": (SOUND.replace(READS[9][0], "\x01" + READS[9][0][1:]), None),
    "Phred+64": (fastq(reads=[(b, "hgfe" * 15) for b, _ in READS]), None),
    "FASTA": ("".join(f">r{n}\n{b}\n" for n, (b, _) in enumerate(READS)), None),
    "a web page": ("<html><body>404 not found</body></html>\n", None),
    "BAM": (b"BAM\1" + bytes(100), None),
    "joined with itself": (SOUND + SOUND, None),
    "mates one behind the other": (
        "".join(a + b for a, b in zip(
            re.findall(r"@r(?:.*\n){4}", SOUND), re.findall(r"@r(?:.*\n){4}", MATES), strict=True)),
        None,
    ),
    "mates: fewer reads": (SOUND, fastq(2, MATE_READS[:-1])),
    "mates: more reads": (fastq(1, READS[:-1]), MATES),
    "mates: out of step": (SOUND, "".join(MATES.splitlines(keepends=True)[4:])),
    "mates: another library": (SOUND, fastq(2, MATE_READS, "x{n} {mate}:N:0:ACGT")),
    "mates: first mates twice": (SOUND, SOUND),
    "mates: the two swapped": (MATES, SOUND),
    "mates: second file empty": (SOUND, ""),
    "mates: second file cut": (zipped(SOUND), zipped(MATES)[:-9]),
}  # fmt: skip
GOOD_FASTQ: dict[str, tuple[bytes | str, bytes | str | None]] = {
    "plain": (SOUND, None),
    "gzip": (zipped(SOUND), None),
    "bgzip": (bgzipped(SOUND), None),
    "two lanes joined": (zipped(SOUND) + zipped(fastq(style="L2:{n} {mate}:N:0:A")), None),
    "no line end at the end": (SOUND[:-1], None),
    "pair": (zipped(SOUND), zipped(MATES)),
    "pair with /1 and /2": (
        fastq(1, style="{n}/{mate}"), fastq(2, MATE_READS, "{n}/{mate}")
    ),
    "pair without mate numbers": (fastq(1, style="{n}"), fastq(2, MATE_READS, "{n}")),
    "names on the plus line": (
        re.sub(r"@(r\d+)\n(\w+)\n\+", r"@\1\n\2\n+\1", fastq(style="{n}")), None
    ),
    "reads of differing lengths": (
        fastq(reads=[(b[: 20 + n % 40], q[: 20 + n % 40]) for n, (b, q) in enumerate(READS)]), None
    ),
    "a read without bases": (fastq(reads=[("", ""), *READS]), None),
    "binned qualities": (fastq(reads=[(b, "#,:F" * 15) for b, _ in READS]), None),
    "one quality": (fastq(reads=[(b, "?" * 60) for b, _ in READS]), None),
    "some N": (fastq(reads=[("NN" + b[2:], q) for b, q in READS]), None),
    "one read": (fastq(reads=READS[:1]), None),
    "umi in the name": (fastq(style="{n}_ACGTAC {mate}:N:0:A"), None),
}  # fmt: skip


@pytest.fixture(scope="module")
def genome(tmp_path_factory) -> Genome:
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in GENOME.items()))
    return Genome(str(path), contigs_of(path))


def put(folder: Path, name: str, content: bytes | str) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def severities(findings) -> set[str]:
    return {finding.severity.value for finding in findings}


def examine_reads(folder: Path, files) -> set[str]:
    first, second = files
    paths = [put(folder, "a.fastq", first)]
    paths += [] if second is None else [put(folder, "b.fastq", second)]
    return severities(examine_fastq(*paths))


@pytest.mark.parametrize("name", FAULTY_FASTQ)
def test_no_faulty_fastq_is_accepted(tmp_path, name):
    assert "STOP" in examine_reads(tmp_path, FAULTY_FASTQ[name])


@pytest.mark.parametrize("name", GOOD_FASTQ)
def test_no_good_fastq_is_refused(tmp_path, name):
    assert not {"STOP", "WARN"} & examine_reads(tmp_path, GOOD_FASTQ[name])


VCF_HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=6000>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


def call(position: int, sample: str = "0/1:60,40:100", *, ref="", alt="", info=".", form="") -> str:
    ref = ref or GENOME["chr1"][position - 1]
    alt = alt or OTHER[ref]
    form = form or "GT:AD:DP"
    return f"chr1\t{position}\t.\t{ref}\t{alt}\t50\tPASS\t{info}\t{form}\t{sample}\n"


CALLS = [call(position) for position in range(100, 2100, 100)]
VCF = VCF_HEAD + "".join(CALLS)
REF = GENOME["chr1"]
MAF = (
    "Hugo_Symbol\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2\t"
    "Tumor_Sample_Barcode\tt_ref_count\tt_alt_count\n"
    + "".join(
        f"G{n}\tchr1\t{n * 100}\t{REF[n * 100 - 1]}\t{OTHER[REF[n * 100 - 1]]}\tS1\t60\t{n}\n"
        for n in range(1, 9)
    )
)  # fmt: skip
BED = "".join(f"chr1\t{n * 200}\t{n * 200 + 120}\n" for n in range(1, 9))
MATRIX = "gene\tdx\trel\n" + "".join(f"G{n}\t{n * 3}\t{n * 5}\n" for n in range(1, 9))
GFF = (
    "##gff-version 3\nchr1\tt\tgene\t101\t700\t.\t+\t.\tID=g1;Name=TP53\n"
    "chr1\tt\tmRNA\t101\t700\t.\t+\t.\tID=t1;Parent=g1\n"
    "chr1\tt\texon\t101\t700\t.\t+\t.\tParent=t1\n"
)
FASTA = ">chr1 first\n" + REF[:300] + "\n>chr2\n" + REF[300:600] + "\n"
SHEET = "patient\ttimepoint\tassay\tbam\nP1\tdiagnosis\tdna\ta.bam\nP1\trelapse\tdna\tb.bam\n"
FACTS = "patient\ttimepoint\tblast_fraction\tsex\nP1\tdiagnosis\t0.8\tfemale\n"

FAULTY_TABLES = {
    "VCF without its first line": ("x.vcf", VCF.split("\n", 1)[1]),
    "VCF without column names": ("x.vcf", VCF.replace("#CHROM", "CHROM")),
    "VCF: spaces for tabs": ("x.vcf", VCF.replace("\t", " ")),
    "VCF: a field lost": ("x.vcf", VCF_HEAD + CALLS[0] + CALLS[1].replace("\tPASS", "")),
    "VCF: a field more": ("x.vcf", VCF_HEAD + CALLS[0][:-1] + "\tx\n"),
    "VCF: last line cut": ("x.vcf", VCF[:-9]),
    "VCF: gzip cut": ("x.vcf.gz", zipped(VCF)[:-30]),
    "VCF: another genome": ("x.vcf", VCF_HEAD + call(101, ref=OTHER[REF[100]])),
    "VCF: past the contig": ("x.vcf", VCF + CALLS[0].replace("\t100\t", "\t6001\t")),
    "VCF: position 0": ("x.vcf", VCF_HEAD + CALLS[0].replace("\t100\t", "\t0\t")),
    "VCF: position no number": ("x.vcf", VCF_HEAD + CALLS[0].replace("\t100\t", "\t1e3\t")),
    "VCF: names without chr": ("x.vcf", VCF.replace("chr1\t", "1\t")),
    "VCF: negative AD": ("x.vcf", VCF + call(2200, "0/1:-6,40:100")),
    "VCF: AD of another length": ("x.vcf", VCF + call(2200, "0/1:100:100")),
    "VCF: AD no number": ("x.vcf", VCF + call(2200, "0/1:60,4O:100")),
    "VCF: AD above DP": ("x.vcf", VCF + call(2200, "0/1:60,4000:100")),
    "VCF: allele that is not listed": ("x.vcf", VCF + call(2200, "0/3:60,40:100")),
    "VCF: FORMAT name twice": ("x.vcf", VCF + call(2200, "0/1:9,9:9,1", form="GT:AD:AD")),
    "VCF: no REF": ("x.vcf", VCF_HEAD + call(100).replace(f"\t{REF[99]}\t", "\t\t", 1)),
    "VCF: comment among the records": ("x.vcf", VCF + "#chr1\t" + CALLS[3][5:]),
    "VCF: sample twice": ("x.vcf", VCF_HEAD[:-1] + "\tS1\n" + CALLS[0][:-1] + "\t0/0:9,0:9\n"),
    "VCF: zero bytes": ("x.vcf", VCF_HEAD + "\0" * 40 + "\n"),
    "BCF that is text": ("x.bcf", VCF),
    "MAF without barcodes": ("x.maf", MAF.replace("Tumor_Sample_Barcode", "Sample")),
    "MAF: column twice": ("x.maf", MAF.replace("t_ref_count", "t_alt_count")),
    "MAF: row cut": ("x.maf", MAF[:-8]),
    "MAF: position no number": ("x.maf", MAF.replace("\t300\t", "\t3OO\t")),
    "MAF: Latin-1": ("x.maf", MAF.encode().replace(b"G3", b"G\xe4")),
    "BED: start behind end": ("x.bed", BED + "chr1\t500\t400\n"),
    "BED: start is end": ("x.bed", BED + "chr1\t500\t500\n"),
    "BED: past the contig": ("x.bed", BED + "chr1\t5000\t7000\n"),
    "BED: another genome": ("x.bed", BED.replace("chr1", "chr77")),
    "BED: no line": ("x.bed", "track name=x\n"),
    "BED: spaces": ("x.bed", BED.replace("\t", " ")),
    "BED: commas in numbers": ("x.bed", BED + "chr1\t1,000\t2,000\n"),
    "GTF: end before start": ("x.gtf", GTF.replace("\t101\t700", "\t701\t700")),
    "GTF: last line cut": ("x.gtf", GTF[:-45]),
    "GTF: exon without transcript": ("x.gtf", GTF.replace("transcript_id", "transcript")),
    "GTF: no exon": ("x.gtf", GTF.splitlines(keepends=True)[0]),
    "GTF: past the contig": ("x.gtf", GTF.replace("\t700\t", "\t7000\t")),
    "GTF: another genome": ("x.gtf", GTF.replace("chr1\t", "chr9\t")),
    "GFF3: place no number": ("x.gff3", GFF.replace("\t101\t", "\t1o1\t")),
    "FASTA: name twice": ("x.fa", FASTA.replace("chr2", "chr1")),
    "FASTA: no name": ("x.fa", FASTA.replace(">chr2", ">")),
    "FASTA: protein": ("x.fa", ">p\nMEEPQSDPSVEPPLSQETFSDLWKLL\n"),
    "FASTA: contig without bases": ("x.fa", FASTA + ">chr3\n"),
    "FASTA: gzip cut": ("x.fa.gz", zipped(FASTA)[:-9]),
    "matrix: text in a cell": ("x.tsv", MATRIX.replace("\t6\t", "\tsix\t")),
    "matrix: NaN": ("x.tsv", MATRIX.replace("\t6\t", "\tNaN\t")),
    "matrix: decimal comma": ("x.tsv", MATRIX.replace("\t6\t", "\t6,5\t")),
    "matrix: row cut": ("x.tsv", MATRIX[:-4]),
    "matrix: sample twice": ("x.tsv", MATRIX.replace("rel", "dx")),
    "matrix: header only": ("x.tsv", MATRIX.splitlines()[0] + "\n"),
    "matrix: spaces": ("x.tsv", MATRIX.replace("\t", " ")),
    "sheet: no row": ("samples.tsv", SHEET.splitlines()[0] + "\n"),
    "sheet: column unknown": ("samples.tsv", SHEET.replace("bam\n", "bamm\n")),
    "sheet: time point unknown": ("samples.tsv", SHEET.replace("relapse", "later")),
    "sheet: library twice": ("samples.tsv", SHEET + "P1\trelapse\tdna\tc.bam\n"),
    "sheet: $() in a path": ("samples.tsv", SHEET.replace("b.bam", "$(touch x).bam")),
    "sheet: slash in a name": ("samples.tsv", SHEET.replace("P1", "../P1")),
    "sheet: Excel's semicolons": ("samples.tsv", SHEET.replace("\t", ";")),
    "sheet: UTF-16": ("samples.tsv", SHEET.encode("utf-16")),
    "patients: percent": ("patients.tsv", FACTS.replace("0.8", "80")),
    "patients: decimal comma": ("patients.tsv", FACTS.replace("0.8", "0,8")),
}  # fmt: skip
INSERTION = call(300, alt=REF[299] + "ACGT")
GOOD_TABLES = {
    "VCF": ("x.vcf", VCF),
    "VCF, gzip": ("x.vcf.gz", zipped(VCF)),
    "VCF, bgzip": ("x.vcf.gz", bgzipped(VCF)),
    "VCF without records": ("x.vcf", VCF_HEAD),
    "VCF without samples": ("x.vcf", re.sub(r"\tFORMAT\tS1|\tGT:AD:DP\t.*", "", VCF)),
    "VCF of version 4.1": ("x.vcf", VCF.replace("4.2", "4.1")),
    "VCF: CRLF": ("x.vcf", VCF.replace("\n", "\r\n")),
    "VCF: insertion, deletion, two alleles": ("x.vcf", VCF_HEAD + INSERTION
        + call(400, ref=REF[399:404], alt=REF[399]) + call(500, "1/2:9,4,5:18", alt="<DEL>,<INS>")),
    "VCF: phased and haploid": ("x.vcf", VCF_HEAD + call(300, "0|1:6,4:10") + call(400, "1:0,9:9")),
    "VCF: fields missing at the end": ("x.vcf", VCF_HEAD + call(300, "0/1") + call(400, "./.")),
    "VCF: breakend": ("x.vcf", VCF_HEAD + call(300, alt=f"{REF[299]}[chr2:321[")),
    "VCF: freebayes fields": ("x.vcf", VCF_HEAD + call(
        300, "0/1:100:60,40:60:2000:40:1500", form="GT:DP:AD:RO:QR:AO:QA",
        info="AB=0.4;TYPE=snp;technology.ILLUMINA=1")),
    "VCF: flags in INFO": ("x.vcf", VCF_HEAD + call(300, info="DB;SOMATIC;AF=0.4,0.1")),
    "VCF: AD surplus within a caller's reason": ("x.vcf", VCF_HEAD + call(300, "0/1:66,44:100")),
    "MAF": ("x.maf", MAF),
    "MAF: CR line ends": ("x.maf", MAF.replace("\n", "\r")),
    "MAF with a version line": ("x.maf", "#version 2.4\n" + MAF),
    "MAF: no position known": ("x.maf", MAF.replace("\t300\t", "\t\t")),
    "BED": ("x.bed", BED),
    "BED: overlapping, unsorted": ("x.bed", BED + "chr1\t100\t900\tname\t0\t+\n"),
    "BED: with track lines": ("x.bed", "browser position\ntrack name=x\n# x\n" + BED),
    "GTF": ("x.gtf", GTF),
    "GTF: gzip": ("x.gtf.gz", zipped("#!genome-build x\n" + GTF)),
    "GTF: names without chr": ("x.gtf", GTF.replace("chr1\t", "1\t")),
    "GFF3": ("x.gff3", GFF),
    "FASTA": ("x.fa", FASTA),
    "FASTA: soft-masked, CRLF": ("x.fa", FASTA.lower().replace("\n", "\r\n")),
    "FASTA: IUPAC": ("x.fa", FASTA + ">chr3\nRYKMSWBDHVN\n"),
    "matrix": ("x.tsv", MATRIX),
    "matrix: CSV": ("x.csv", MATRIX.replace("\t", ",")),
    "matrix as R writes it": ("x.tsv", MATRIX.replace("gene\t", "", 1)),
    "matrix: decimals and exponents": ("x.tsv", MATRIX.replace("\t6\t", "\t6.5e-3\t")),
    "sheet": ("samples.tsv", SHEET),
    "sheet: BOM, CRLF, no last line end": (
        "samples.tsv", "\ufeff" + SHEET.replace("\n", "\r\n")[:-2]),
    "sheet: blanks around cells": ("samples.tsv", SHEET.replace("\tdna\t", "\t dna \t")),
    "sheet: unicode and blanks in a path": ("samples.tsv", SHEET.replace("a.bam", "Ä b/ü 1.bam")),
    "patients": ("patients.tsv", FACTS),
}  # fmt: skip


def examine_any(path: str, genome: Genome, folder: Path) -> set[str]:
    name = Path(path).name.removesuffix(".gz")
    if name in {"samples.tsv", "patients.tsv"}:
        read = read_libraries if name == "samples.tsv" else read_patient_facts
        try:
            read(path)
        except InputError:
            return {"STOP"}
        return set()
    by_suffix = {
        ".vcf": lambda: examine_vcf(path, genome),
        ".bcf": lambda: examine_vcf(path, genome),
        ".maf": lambda: examine_maf(path, genome),
        ".bed": lambda: examine_bed(path, genome),
        ".gtf": lambda: examine_annotation(path, genome),
        ".gff3": lambda: examine_annotation(path, genome),
        ".fa": lambda: examine_genome(path, folder, need_bases=True)[1],
        ".tsv": lambda: examine_table(path, is_matrix=True),
        ".csv": lambda: examine_table(path, is_matrix=True),
    }
    return severities(by_suffix[Path(name).suffix]())


@pytest.mark.parametrize("name", FAULTY_TABLES)
def test_no_faulty_table_is_accepted(tmp_path, genome, name):
    assert "STOP" in examine_any(put(tmp_path, *FAULTY_TABLES[name]), genome, tmp_path)


@pytest.mark.parametrize("name", GOOD_TABLES)
def test_no_good_table_is_refused(tmp_path, genome, name):
    found = examine_any(put(tmp_path, *GOOD_TABLES[name]), genome, tmp_path)
    assert not {"STOP", "WARN"} & found
