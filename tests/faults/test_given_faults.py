"""Faults of given results and of the reference (B076 to B103)."""

import gzip
import os

import pytest
from fault_files import GENOME, GTF, write_fasta

HEADER = (
    "##fileformat=VCFv4.2\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="d">\n'
    "##contig=<ID=chr1,length=6000>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


def record(position: int, sample: str = "0/1:60,40:100", chrom: str = "chr1") -> str:
    ref = GENOME["chr1"][position - 1]
    return f"{chrom}\t{position}\t.\t{ref}\t{OTHER[ref]}\t50\tPASS\t.\tGT:AD:DP\t{sample}\n"


SOUND = [record(position) for position in range(100, 3100, 100)]


@pytest.fixture
def calls(cohort):
    """The cohort with both time points given as VCF; returns a function that rewrites one."""
    for row, name in zip(cohort.rows, ("dx.vcf", "rel.vcf"), strict=True):
        del row["bam"]
        row["given"] = str(cohort.folder / name)
    (cohort.folder / "rel.vcf").write_text(HEADER + "".join(SOUND))

    def check(text: str | bytes, name: str = "dx.vcf"):
        path = cohort.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        cohort.rows[0]["given"] = str(path)
        return cohort.check()

    return check


def test_sound_vcf_passes(calls):
    calls(HEADER + "".join(SOUND[:-1])).is_sound()


def test_gzip_vcf_passes(calls):
    calls(gzip.compress((HEADER + "".join(SOUND)).encode()), "dx.vcf.gz").is_sound()


def test_b076_no_contig_is_shared(calls):
    lines = [record(position, chrom="chr13") for position in range(100, 3100, 100)]
    calls(HEADER + "".join(lines)).stops("no contig of the file is in the genome", "chr13")


def test_b076_spelling_without_chr_is_refused(calls):
    lines = [record(position, chrom="1") for position in range(100, 3100, 100)]
    calls(HEADER + "".join(lines)).stops("with and without 'chr'", "1 / chr1", "rename-chrs")


def test_b078_no_records_are_legal(calls):
    calls(HEADER).notes("lists no variant", "reported none")


def test_b079_unsorted(calls):
    calls(HEADER + "".join(reversed(SOUND))).warns("not sorted")


def test_b081_ref_is_not_the_genome(calls):
    wrong = []
    for line in SOUND[:10]:
        fields = line.split("\t")
        fields[3], fields[4] = fields[4], fields[3]
        wrong.append("\t".join(fields))
    calls(HEADER + "".join(wrong)).stops("REF of 10 of 10", "another build", "chr1:100")


@pytest.mark.parametrize(
    "sample, words",
    [
        ("0/1:100:100", "1 counts for 2 alleles"),
        ("0/1:60,20,20:100", "3 counts for 2 alleles"),
        ("0/1:60,400:100", "more than the depth"),
        ("0/1:-5,40:100", "negative"),
    ],
)
def test_b082_allele_counts_that_cannot_be(calls, sample, words):
    calls(HEADER + "".join(SOUND) + record(3500, sample)).stops(words, "line 37")


def test_b084_missing_genotype_is_not_reference(calls):
    calls(HEADER + "".join(SOUND) + record(3500, "./.:.:.")).notes("never as absent")


def test_a_record_that_says_nothing_of_its_sample_is_told(calls):
    silent = SOUND[0].replace("GT:AD:DP", "XT:XD:DP")
    assert silent != SOUND[0]
    calls(HEADER + silent + "".join(SOUND[1:])).warns("neither a genotype nor counts", "1 variants")


def test_a_genotype_without_its_separator_is_refused(calls):
    calls(HEADER + SOUND[0].replace("0/1", "01")).stops("genotype is broken", "line 7")


def test_a_header_cut_behind_format_is_refused(calls):
    calls(HEADER[: HEADER.index("FORMAT\t") + len("FORMAT")]).stops("no sample follows FORMAT")


@pytest.mark.parametrize("change", [lambda s: s.replace("\tPASS", ""), lambda s: s[:-1] + "\tx\n"])
def test_b085_columns_missing_or_too_many(calls, change):
    calls(HEADER + SOUND[0] + change(SOUND[1])).stops("line 8", "columns")


def test_b087_spaces_instead_of_tabs(calls):
    calls(HEADER + SOUND[0] + SOUND[1].replace("\t", " ")).stops("spaces", "line 8")
    calls((HEADER + "".join(SOUND)).replace("\t", " ")).stops("spaces")


@pytest.mark.parametrize("cut", [8, 12, 20, 30])
def test_b088_last_line_cut(calls, cut):
    calls((HEADER + "".join(SOUND))[:-cut]).stops("line 36")


def test_b088_missing_line_end_alone_is_a_warning(calls):
    calls((HEADER + "".join(SOUND))[:-1]).warns("no line end")


@pytest.mark.parametrize("position", ["25000", "0", "-3", "1e3", ""])
def test_b091_position_outside_the_contig(calls, position):
    fields = SOUND[0].split("\t")
    fields[1] = position
    calls(HEADER + "\t".join(fields)).stops("position", "line 7")


def test_b093_lower_case_and_star(calls):
    fields = SOUND[0].split("\t")
    fields[3], fields[4] = fields[3].lower(), fields[4].lower() + ",*"
    fields[9] = "0/1:60,40,0:100\n"
    calls(HEADER + "\t".join(fields)).warns("lower-case letters, IUPAC codes or '*'")


def test_gzip_vcf_cut(calls):
    data = gzip.compress((HEADER + "".join(SOUND)).encode())
    calls(data[:-20], "dx.vcf.gz").stops("cannot be read to the end")


def test_no_vcf_at_all(calls):
    calls("hello\n").stops("##fileformat")
    assert calls("").of("STOP")
    assert calls(bytes(range(256))).of("STOP")


MAF = (
    "Hugo_Symbol\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2\t"
    f"Tumor_Sample_Barcode\nFLT3\tchr1\t100\t{GENOME['chr1'][99]}\t-\tS1\n"
    f"NPM1\tchr1\t200\t{GENOME['chr1'][199]}\t-\tS1\n"
)


def test_b094_maf_with_cr_line_ends(calls):
    calls(MAF.replace("\n", "\r"), "dx.maf").is_sound()
    calls(gzip.compress(MAF.replace("\n", "\r").encode()), "dx.maf.gz").is_sound()


def test_maf_without_its_columns(calls):
    calls("gene\tpos\nA\t1\n", "dx.maf").stops("columns are missing", "Hugo_Symbol")
    calls(MAF.replace("\t", " "), "dx.maf").stops("spaces")
    calls(MAF.replace("\t200\t", "\tx\t"), "dx.maf").stops("line 3")


def test_real_maf_with_cr_line_ends(real_data):
    from amlresist.inputs.findings import Severity
    from amlresist.inputs.genome import Genome
    from amlresist.inputs.maf import examine_maf

    for name in ("primary", "relapse"):
        path = real_data / f"paired/maftools_APL_{name}.maf.gz"
        findings = examine_maf(str(path), Genome())
        assert {finding.severity for finding in findings} <= {Severity.NOTE}


@pytest.mark.parametrize(
    "line, words",
    [
        ("chr1\t200\t100\n", "start is not before end"),
        ("chr1 100 200\n", "spaces"),
        ("chr9\t100\t200\n", "contig is not in the genome"),
        ("chr1\t100\t9999\n", "past the contig's 6000"),
        ("chr1\tx\t200\n", "no whole number"),
        ("# nothing\n", "no region"),
        ("", "no region"),
    ],
)
def test_b096_bed(cohort, line, words):
    path = cohort.folder / "panel.bed"
    path.write_text(line)
    cohort.rows[0]["targets"] = str(path)
    cohort.check().stops(words)


def test_b096_kept_bases_are_told(cohort):
    path = cohort.folder / "panel.bed"
    path.write_text("chr1\t100\t200\nchr1\t150\t250\n2\t0\t10\n")
    cohort.rows[0]["targets"] = str(path)
    cohort.check().notes("3 regions, 160 bases")


def test_b097_duplicate_contig_names(cohort):
    path = cohort.folder / "genome.fa"
    path.write_text(path.read_text() + ">chr1\nACGT\n")
    cohort.check().stops("stands twice", "chr1")


def test_b097_lower_case_crlf_and_gzip_are_read(cohort):
    path = cohort.folder / "genome.fa"
    text = path.read_text().lower().replace(">chrm", ">chrM").replace("\n", "\r\n")
    path.write_bytes(gzip.compress(text.encode()))
    cohort.check().is_sound()


def test_b097_old_index_is_not_used(cohort):
    index = cohort.folder / "genome.fa.fai"
    index.write_text("chr1\t10\t6\t60\t61\n")
    os.utime(index, (1, 1))
    cohort.check().notes("index (.fai) is older")


@pytest.mark.parametrize(
    "content, words",
    [("hello\n", "does not start with '>'"), ("", "no sequence"), (">a\nAC!T\n", "no IUPAC")],
)
def test_fasta_that_is_none(cohort, content, words):
    (cohort.folder / "genome.fa").write_text(content)
    cohort.check().stops(words)


@pytest.mark.parametrize(
    "content, words",
    [
        (GTF.replace("chr1", "chr7"), "no transcript lies on a contig"),
        (GTF.replace("\t700\t", "\t7000\t"), "past the end"),
        (GTF.replace("\t", " "), "9 tab-separated fields"),
        ("", "no transcript"),
        (GTF.replace("\t101\t", "\tx\t"), "genes.gtf"),
    ],
)
def test_gtf_of_another_genome_or_broken(cohort, content, words):
    (cohort.folder / "genes.gtf").write_text(content)
    cohort.check().stops(words)


def test_gtf_spelled_without_chr_is_matched(cohort):
    (cohort.folder / "genes.gtf").write_text(GTF.replace("chr1", "1"))
    cohort.check().is_sound()


@pytest.fixture
def matrix(cohort):
    def check(text: str):
        path = cohort.folder / "expression.tsv"
        path.write_text(text)
        names = ("patient", "timepoint")
        rows = [{name: row[name] for name in names} for row in cohort.rows[:2]]
        cohort.rows[2:] = [{**row, "assay": "rna", "given": str(path)} for row in rows]
        return cohort.check()

    return check


def test_sound_matrix_passes(matrix):
    rows = "FLT3\t1\t2\nTP53\t3\t4.5\n"
    matrix(f"gene\tdiagnosis\trelapse\n{rows}").is_sound()
    matrix(f"P1_diagnosis\tP1_relapse\n{rows}").is_sound()


def test_matrix_without_a_column_of_each_library_is_refused_before_any_job(matrix):
    verdict = matrix("gene\tdiagnosis\tafter\nFLT3\t1\t2\n")
    verdict.stops("no column for this sample", "P1_relapse_rna", "after")


@pytest.mark.parametrize("cell", ["nan", "inf", "x", ""])
def test_b102_matrix_cells_that_are_no_numbers(matrix, cell):
    matrix(f"gene\ta\tb\nFLT3\t1\t2\nTP53\t3\t{cell}\n").stops("no finite number", "line 3")


def test_matrix_shape(matrix):
    matrix("gene\ta\tb\nFLT3\t1\t2\nTP53\t3\n").stops("line 3")
    matrix("gene a b\nFLT3 1 2\n").stops("not a table of several columns")
    matrix("gene\ta\tb\n").stops("no rows")


def test_genome_without_bases_of_a_contig(cohort):
    write_fasta(cohort.folder / "genome.fa", {**GENOME, "chr9": ""})
    cohort.check().stops("chr9", "no bases")
