"""Unusual FASTQ, calls, annotation, tables and sheets: hidden faults are told, rare forms pass."""

import bz2
import gzip
import lzma
import re
from pathlib import Path

import pysam
import pytest
from fault_files import GENOME, GTF
from test_acceptance_text import (
    BED,
    FACTS,
    FASTA,
    GFF,
    LINES,
    MATE_READS,
    OTHER,
    READS,
    REF,
    SHEET,
    SOUND,
    examine_any,
    fastq,
    put,
    severities,
    zipped,
)
from test_mutations import packed

from amlresist.annotation import read_gene_models
from amlresist.errors import InputError
from amlresist.inputs.config_files import read_configs
from amlresist.inputs.fastq import examine_fastq
from amlresist.inputs.genome import Genome
from amlresist.inputs.maf import examine_maf
from amlresist.inputs.reference_files import examine_annotation
from amlresist.inputs.vcf import examine_vcf
from amlresist.reference.fasta import contigs_of
from amlresist.sheet import read_libraries, read_patient_facts
from amlresist.variants.given import read_given
from amlresist.variants.purity import read_segments


@pytest.fixture(scope="module")
def genome(tmp_path_factory) -> Genome:
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in GENOME.items()))
    return Genome(str(path), contigs_of(path))


# --- FASTQ ---------------------------------------------------------------------------------------


def of_reads(change) -> str:
    return fastq(reads=[change(bases, quality) for bases, quality in READS])


def named(pattern: str, mate: int) -> str:
    reads = READS if mate == 1 else MATE_READS
    return "".join(
        f"@{pattern.format(n=n, mate=mate)}\n{bases}\n+\n{quality}\n"
        for n, (bases, quality) in enumerate(reads)
    )


BAD_FASTQ = {
    "zip archive": (b"PK\x03\x04" + SOUND.encode(), None, "STOP", "zip archive"),
    "bzip2": (bz2.compress(SOUND.encode()), None, "STOP", "bzip2"),
    "xz": (lzma.compress(SOUND.encode()), None, "STOP", "xz"),
    "gzip inside gzip": (gzip.compress(zipped(SOUND)), None, "STOP", ""),
    "RNA letters": (of_reads(lambda b, q: (b.replace("T", "U"), q)), None, "STOP", "RNA (U)"),
    "colours": (of_reads(lambda b, q: ("T" + "0123" * 15, q + "!")), None, "STOP", "IUPAC"),
    "quality behind '~'": (of_reads(lambda b, q: (b, "\x7f" + q[1:])), None, "STOP", "'~'"),
    "wrapped lines": (re.sub(r"(?m)^([ACGT]{30})", r"\1\n", SOUND), None, "STOP", ""),
    "a hole of zero bytes": (SOUND[:3000] + "\0" * 512 + SOUND[3512:], None, "STOP", ""),
    "no quality at all": (of_reads(lambda b, q: (b, "#" * len(q))), None, "WARN", "above 2"),
    "no signal": (of_reads(lambda b, q: ("G" * len(b), q)), None, "WARN", "one base only"),
    "reads without bases": (fastq(reads=[("", "")] * 9), None, "WARN", "not evaluable"),
    "index reads as mates": (
        SOUND, fastq(2, [(b[:8], q[:8]) for b, q in READS]), "WARN", "barcodes"),
    "cell barcodes as mates": (
        of_reads(lambda b, q: (b[:28], q[:28])), fastq(2, MATE_READS), "WARN", "barcodes"),
    "one file under two names": (SOUND, fastq(2), "WARN", "same bases as their mates"),
}  # fmt: skip
RARE_FASTQ = {
    "bgzip as bcl2fastq writes it": (packed(SOUND.encode())[:-28], None),
    "ten gzip members": (
        b"".join(zipped("".join(LINES[i : i + 80])) for i in range(0, len(LINES), 80)), None),
    "gzip that is only stored": (gzip.compress(SOUND.encode(), 0), None),
    "gzip with name and comment": (
        b"\x1f\x8b\x08\x18\0\0\0\0\0\x03a.fq\0words\0" + zipped(SOUND)[10:], None),
    "zero bytes behind the gzip": (zipped(SOUND) + bytes(512), None),
    "tags in the names": (fastq(style="{n}\tst:Z:2024\tRG:Z:x"), None),
    "quality up to '~'": (of_reads(lambda b, q: (b, "~!5" * 20)), None),
    "reads of 15 bases": (of_reads(lambda b, q: (b[:15], q[:15])), None),
    "a long read": (f"@l\n{'ACGT' * 25_000}\n+\n{'F' * 99_999}E\n", None),
    "names of SRA": tuple(named("SRR1.{n}.{mate} {n} length=60", mate) for mate in (1, 2)),
    "names of ENA": tuple(named("ERR1.{n} HS:1:{n}/{mate}", mate) for mate in (1, 2)),
    "names of MGI": tuple(named("V350L1C001R001{n}/{mate}", mate) for mate in (1, 2)),
    "names of old Illumina": tuple(named("HWI:1:{n}#ACGT/{mate}", mate) for mate in (1, 2)),
    "third reads as mates": (SOUND, fastq(3, MATE_READS)),
}  # fmt: skip


def reads_told(folder: Path, first, second) -> list[tuple[str, str]]:
    paths = [put(folder, "a.fastq", first)]
    paths += [] if second is None else [put(folder, "b.fastq", second)]
    return [(f.severity.value, f.problem.message) for f in examine_fastq(*paths)]


@pytest.mark.parametrize("name", BAD_FASTQ)
def test_hidden_faults_of_fastq_are_told(tmp_path, name):
    first, second, severity, words = BAD_FASTQ[name]
    found = reads_told(tmp_path, first, second)
    assert any(told == severity and words in text for told, text in found), found


@pytest.mark.parametrize("name", RARE_FASTQ)
def test_rare_forms_of_fastq_pass(tmp_path, name):
    assert not {"STOP", "WARN"} & {told for told, _ in reads_told(tmp_path, *RARE_FASTQ[name])}


# --- variants ------------------------------------------------------------------------------------

PLACES = range(100, 2100, 100)


def vcf(form: str, *samples: str, version="4.2", alt="", info=".", names=("S1",)) -> str:
    head = f"##fileformat=VCFv{version}\n##contig=<ID=chr1,length=6000>\n"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(names)
    rows = [
        f"chr1\t{p}\t.\t{REF[p - 1]}\t{alt or OTHER[REF[p - 1]]}\t50\tPASS\t{info}\t{form}\t"
        + "\t".join(samples)
        for p in PLACES
    ]
    return "\n".join([head + columns, *rows]) + "\n"


PAIR = ("NORMAL", "TUMOR")
FLAVOURS = {
    "VarScan": vcf(
        "GT:GQ:DP:RD:AD:FREQ:DP4", "0/0:.:50:50:0:0%:25,25,0,0",
        "0/1:.:100:60:40:40%:30,30,20,20", version="4.1", names=PAIR),
    "Mutect2": vcf(
        "GT:AD:AF:DP:F1R2:F2R1:SB", "0/0:50,0:0.02:50:25,0:25,0:25,25,0,0",
        "0|1:60,40:0.4:100:30,20:30,20:30,30,20,20", info="TLOD=1.5;GERMQ=93", names=PAIR),
    "Strelka indel": vcf(
        "DP:TAR:TIR:TOR", "50:50,50:0,0:1,1", "100:60,61:40,40:2,2", alt="GACG", names=PAIR),
    "VarDict": vcf(
        "GT:DP:VD:ALD:RD:AD:AF:SBF", "0/1:100:40:20,20:30,30:60,40:0.4:1",
        "0/0:50:0:0,0:25,25:50,0:0:1", names=PAIR[::-1]),
    "DeepSomatic": vcf("GT:GQ:DP:AD:VAF:PL", "1/1:30:100:60,40:0.4:30,10,0"),
    "Platypus": vcf("GT:GL:GQ:NR:NV", "0/1:-9,0,-9:99:100:40", version="4.0"),
    "freebayes": vcf("GT:DP:RO:QR:AO:QA", "0/1:100:60:2000:40:1500"),
    "Torrent": vcf("GT:DP:FDP:RO:FRO:AO:FAO", "0/1:100:100:60:60:40:40"),
    "Pisces": vcf("GT:GQ:AD:DP:VF", "0/1:100:60,40:100:0.4"),
    "SomaticSniper": vcf("GT:IGT:DP:DP4:BCOUNT", "0/1:0/1:100:30,30,20,20:60,0,40,0"),
    "LoFreq, counts in INFO": re.sub(r"\tFORMAT\tS1|\t\.\t0/1", "", vcf(
        ".", "0/1", version="4.0", info="DP=100;AF=0.4;SB=0;DP4=30,30,20,20")),
    "gVCF": vcf("GT:AD:DP:PL", "0/1:60,40,0:100:1,2,3,4,5,6").replace("\t50\t", ",<NON_REF>\t50\t"),
    "version 4.5": vcf("GT:AD", "/0/1:60,40", version="4.5"),
    "byte-order mark": "\ufeff" + vcf("GT:AD", "0/1:60,40"),
    "Windows line ends, blank lines": vcf("GT:AD", "0/1:60,40").replace("\n", "\r\n") + "\r\n\r\n",
    "name with blanks": vcf("GT:AD", "0/1:60,40", names=("Patient 1, Dx",)),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAVOURS)
def test_every_caller_is_read_with_its_counts(tmp_path, genome, name):
    path = put(tmp_path, "x.vcf", FLAVOURS[name])
    assert not {"STOP", "WARN"} & severities(examine_vcf(path, genome))
    found = read_given(path, "P1", "diagnosis", "P1_diagnosis_dna").variants
    assert {(variant.alt, variant.depth) for variant in found} == {(40, 100)}
    assert len(found) == len(PLACES)


def test_a_genotype_that_lost_its_first_allele_is_refused_in_older_versions(tmp_path, genome):
    path = put(tmp_path, "x.vcf", vcf("GT:AD", "/1:60,40"))
    assert "STOP" in severities(examine_vcf(path, genome))


def test_bcf_is_read_like_the_vcf_it_stands_for(tmp_path, genome):
    text = vcf("GT:AD", "0/1:60,40").replace(
        "##contig", '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n##contig', 1)  # fmt: skip
    paths = {suffix: put(tmp_path, f"x.{suffix}", text) for suffix in ("vcf", "bcf")}
    with (
        pysam.VariantFile(paths["vcf"]) as source,
        pysam.VariantFile(paths["bcf"], "wb", header=source.header) as out,
    ):
        for record in source:
            out.write(record)
    tables = {suffix: read_given(path, "P1", "diagnosis", "S1") for suffix, path in paths.items()}
    counts = {suffix: [v[:3] for v in map(_key, t.variants)] for suffix, t in tables.items()}
    assert counts["bcf"] == counts["vcf"] and len(counts["bcf"]) == len(PLACES)
    assert not {"STOP", "WARN"} & severities(examine_vcf(paths["bcf"], genome))


def _key(variant) -> tuple:
    return variant.allele, variant.alt, variant.depth


def test_bcf_of_another_genome_is_refused(tmp_path, genome):
    path = put(tmp_path, "x.vcf", vcf(".", "."))
    wrong = Path(path).read_text().replace("\tA\t", "\tG\t")
    Path(path).write_text(wrong)
    with (
        pysam.VariantFile(path) as source,
        pysam.VariantFile(str(tmp_path / "x.bcf"), "wb", header=source.header) as out,
    ):
        for record in source:
            out.write(record)
    assert "STOP" in severities(examine_vcf(str(tmp_path / "x.bcf"), genome))


def maf(build: str = "GRCh38", **cells: str) -> str:
    names = ("Hugo_Symbol", "NCBI_Build", "Chromosome", "Start_Position", "Reference_Allele",
             "Tumor_Seq_Allele2", "Tumor_Sample_Barcode", "t_ref_count", "t_alt_count")  # fmt: skip
    rows = [
        {**dict(zip(names, ("G", build, "chr1", str(p), REF[p - 1], OTHER[REF[p - 1]], "S1", "60",
                            "40"), strict=True)), **cells}
        for p in PLACES
    ]  # fmt: skip
    return "\n".join("\t".join(row) for row in [list(names), *(r.values() for r in rows)]) + "\n"


BAD_MAF = {
    "another build": (maf("GRCh37"), "WARN", "of build GRCh37"),
    "letters that are no bases": (maf(Tumor_Seq_Allele2="ins3"), "STOP", "no bases"),
    "TRUE, as R writes T": (maf(Reference_Allele="TRUE"), "STOP", "no bases"),
    "alleles alike": (maf(Reference_Allele="-", Tumor_Seq_Allele2="-"), "WARN", "same"),
    "places shifted": (maf().replace("\t100\t", "\t101\t"), "WARN", "not the genome's base"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_MAF)
def test_hidden_faults_of_a_maf_are_told(tmp_path, genome, name):
    text, severity, words = BAD_MAF[name]
    found = examine_maf(put(tmp_path, "x.maf", text), genome, "hg38")
    told = [(f.severity.value, f.problem.message) for f in found]
    assert any(found == severity and words in text for found, text in told), told


def test_a_maf_of_the_same_build_by_another_name_passes(tmp_path, genome):
    assert not examine_maf(put(tmp_path, "y.maf", maf(Tumor_Seq_Allele2="")), genome)
    for build in ("GRCh38", "38", "hg38"):
        assert not examine_maf(put(tmp_path, "x.maf", "\ufeff" + maf(build)), genome, "GRCh38")


# --- annotation and genome -----------------------------------------------------------------------


def exon(chrom="chr1", start=101, end=700, names='gene_id "G1"; transcript_id "T1";') -> str:
    return f"{chrom}\tt\texon\t{start}\t{end}\t.\t+\t.\t{names}\n"


def test_a_transcript_name_used_on_x_and_y_is_not_joined_into_one(tmp_path):
    text = exon(start=101, end=200) + exon(start=301, end=400) + exon("chr2", 101, 200)
    (model,) = read_gene_models(put(tmp_path, "x.gtf", text))
    assert (model.chrom, model.exons) == ("chr1", ((100, 200), (300, 400)))


def test_an_exon_listed_twice_counts_once(tmp_path):
    (model,) = read_gene_models(put(tmp_path, "x.gtf", exon() + exon()))
    assert model.exons == ((100, 700),)


CODING = exon() + exon().replace("exon", "CDS")


@pytest.mark.parametrize(
    "text, words",
    [
        (exon(), "no coding sequence"),
        (CODING.replace("G1", "ENSG00000141510"), "no names"),
        (CODING + exon(start=600, end=900), "exons of 1 transcripts overlap"),
    ],
)
def test_gene_models_that_say_too_little_are_told(tmp_path, genome, text, words):
    found = examine_annotation(put(tmp_path, "x.gtf", text), genome)
    assert any(words in f.problem.message for f in found), found


RARE_TEXT = {
    "GFF3 with sequences behind": ("x.gff3", GFF + "##FASTA\n>chr1\nACGT\n"),
    "GTF: byte-order mark, CRLF": ("x.gtf", "\ufeff" + GTF.replace("\n", "\r\n")),
    "GTF of RefSeq": ("x.gtf", exon(
        names='gene_id "TP53"; transcript_id "NM_1.6"; db_xref "A"; db_xref "B"; product "a; b";')),
    "BED: byte-order mark, tabs at the end": ("x.bed", "\ufeff" + BED.replace("\n", "\t\n")),
    "FASTA: byte-order mark, blank lines": ("x.fa", "\ufeff" + FASTA.replace("\n", "\n\n")),
    "FASTA: names of HLA genes": ("x.fa", FASTA + ">HLA-A*01:01:01:01\nACGT\n"),
    "matrix: quoted CSV": ("x.csv", '"","dx","rel"\n"TP53","1","2"\n"FLT3","3","4"\n'),
    "matrix: semicolons": ("x.csv", "gene;dx;rel\nTP53;1;2\nFLT3;3;4\n"),
    "matrix: comma in a quoted cell": ("x.csv", 'gene,about,dx\nTP53,"a, b",1\nFLT3,"c, d",2\n'),
    "matrix: tabs at the end": ("x.tsv", "gene\tdx\t\nTP53\t1\t\nFLT3\t2\t\n"),
    "matrix: GCT": ("x.tsv", "#1.2\n2\t1\nName\tDescription\tdx\nTP53\tna\t1\nFLT3\tna\t2\n"),
    "matrix: featureCounts": (
        "x.tsv", "# featureCounts\nGeneid\tChr\tStart\tLength\ta/dx.bam\n"
        "TP53\tchr1;chr1\t1;5\t9\t3\n"),
    "sheet: capitals, quotes, empty columns": (
        "samples.tsv", SHEET.replace("patient", '"Patient"').replace("dna", "DNA")
        .replace("diagnosis", "Diagnosis").replace("\n", "\t\t\n")),
    "patients: capitals": ("patients.tsv", FACTS.replace("female", "Female")),
}  # fmt: skip
BAD_TEXT = {
    "FASTA: name that SAM does not allow": ("x.fa", ">a,b\nACGT\n"),
    "FASTA: aligned with gaps": ("x.fa", ">chr1\nAC-GT\n"),
    "matrix: Excel workbook": ("x.tsv", b"PK\x03\x04" + bytes(99)),
    "matrix: number only Python reads": ("x.tsv", "gene\tdx\nTP53\t1\nFLT3\t1_000\n"),
    "sheet: folder of the results as a patient": ("samples.tsv", SHEET.replace("P1", "cohort")),
    "sheet: relapse and relapse1": ("samples.tsv", SHEET + "P1\trelapse1\tdna\tc.bam\n"),
    "sheet: relapse0": ("samples.tsv", SHEET.replace("relapse", "relapse0")),
    "sheet: digits of another script": ("samples.tsv", SHEET.replace("relapse", "relapse٢")),
    "patients: two sexes": ("patients.tsv", FACTS + "P1\trelapse\t0.8\tmale\n"),
    "patients: a transplant undone": (
        "patients.tsv", "patient\ttimepoint\ttransplant_before\n"
        "P1\tdiagnosis\tyes\nP1\trelapse\tno\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", RARE_TEXT)
def test_rare_forms_of_text_pass(tmp_path, genome, name):
    path = put(tmp_path, *RARE_TEXT[name])
    assert not {"STOP", "WARN"} & examine_any(path, genome, tmp_path)


@pytest.mark.parametrize("name", BAD_TEXT)
def test_hidden_faults_of_text_are_refused(tmp_path, genome, name):
    assert "STOP" in examine_any(put(tmp_path, *BAD_TEXT[name]), genome, tmp_path)


def test_quoted_cells_and_capitals_of_a_sheet_mean_the_same(tmp_path):
    rare = put(tmp_path, *RARE_TEXT["sheet: capitals, quotes, empty columns"])
    assert read_libraries(rare) == read_libraries(put(tmp_path, "plain.tsv", SHEET))
    facts = read_patient_facts(put(tmp_path, *RARE_TEXT["patients: capitals"]))
    assert facts["P1", "diagnosis"].sex == "female"


def test_contigs_with_the_same_bases_are_told(tmp_path, genome):
    text = f">chr1\n{REF}\n>1\n{REF}\n"
    assert examine_any(put(tmp_path, "x.fa", text), genome, tmp_path) == {"WARN"}


SEGMENTS = "timepoint\tchrom\tstart\tend\ttotal_copies\tmutated_copies\n"


@pytest.mark.parametrize(
    "row",
    [
        "diagnosis\tchr1\t500\t1500\t1\t1",
        "diagnosis\tchr2\t1\t900\t1\t3",
        "diagnosis\tchr2\t1_0\t900\t1\t1",
        "diagnosis\tchr2\t1\t900\t-1\t1",
    ],
)
def test_copy_numbers_that_cannot_be_are_refused(tmp_path, row):
    sound = SEGMENTS + "diagnosis\tchr1\t1\t1000\t3\t1\n"
    assert len(read_segments(put(tmp_path, "sound.tsv", "\ufeff" + sound))) == 1
    with pytest.raises(InputError):
        read_segments(put(tmp_path, "x.tsv", f"{sound}{row}\n"))


# --- what settings and rows name ------------------------------------------------------------------


def test_a_gene_set_file_of_mouse_genes_is_told(cohort):
    path = cohort.folder / "own.gmt"
    cohort.config["expression"] = {"gene_sets": [str(path)]}
    path.write_text("A\td\tTP53\tFLT3\n")
    cohort.check().is_sound()
    path.write_text("A\td\tZzz1\tQqq2\tFLT3\n")
    cohort.check().warns("2 of 3 genes are not known")
    path.write_text("A d TP53\n")
    cohort.check().stops("not a gene set")
    path.unlink()
    cohort.check().stops("expression.gene_sets", "does not exist")


def test_a_network_with_two_weights_for_one_pair_is_refused(cohort):
    path = put(cohort.folder, "n.tsv", "source\ttarget\tweight\nA\tTP53\t1\nA\tTP53\t-1\n")
    cohort.config["expression"] = {"networks": [path]}
    cohort.check().stops("line 3", "two weights")


def test_broken_claims_and_reference_cohorts_are_refused_before_any_job(cohort):
    for section, name, value in (
        ("evidence", "claims_tables", ["claims.tsv"]), ("expression", "reference_cohort", "c.tsv")
    ):  # fmt: skip
        path = cohort.folder / (value if isinstance(value, str) else value[0])
        path.write_text("hello\n")
        cohort.config[section] = {name: str(path) if isinstance(value, str) else [str(path)]}
    verdict = cohort.check()
    verdict.stops("claims.tsv")
    verdict.stops("c.tsv")
    path.write_text("gene\ts1\ts2\nTP53\t5\t7\nFLT3\t9\t4\n")
    cohort.check().stops("c.tsv", "needs at least 10")


def test_mirna_files_that_do_not_belong_together_are_refused_before_any_job(cohort):
    files = {
        "matures": ">hsa-let-7a-5p MIMAT1\nUGAGGUAGUAGGUUGUAUAGUU\n",
        "hairpins": ">hsa-let-7a-1 MI1\nUGGGAUGAGGUAGUAGGUUGUAUAGUUUUAGGGUC\n",
        "reads": "@r\nTGAGGTAGTAGGTTGTATAGTT\n+\n" + "F" * 21 + "E\n",
    }
    paths = {name: put(cohort.folder, f"{name}.fa", text) for name, text in files.items()}
    cohort.rows.append({"patient": "P1", "timepoint": "diagnosis", "assay": "mirna",
                        "fq1": paths["reads"]})  # fmt: skip
    cohort.config["reference"] |= {name: paths[name] for name in ("matures", "hairpins")}
    cohort.check().notes("no pair of time points")
    Path(paths["hairpins"]).write_text(files["hairpins"].replace("GUAGUAGG", "GUACUAGG"))
    cohort.check().stops("are in no hairpin")


def test_a_given_table_is_read_for_each_library_that_names_it(cohort):
    path = put(cohort.folder, "both.vcf", vcf("GT:AD", "0/1:60,40", "0/1:50,50",
                                              names=("P1_diagnosis", "somebody")))  # fmt: skip
    cohort.rows = [
        {"patient": "P1", "timepoint": time, "assay": "dna", "given": path}
        for time in ("diagnosis", "relapse")
    ]
    cohort.check().stops("cannot tell which sample is relapse", "somebody")


def test_a_table_whose_sample_has_no_variant_read_is_told(cohort):
    path = put(cohort.folder, "dx.vcf", vcf("GT:AD", "0/0:99,0", "0/1:60,40", names=PAIR[::-1]))
    cohort.rows[0] = {"patient": "P1", "timepoint": "diagnosis", "assay": "dna", "given": path}
    cohort.check().warns("none of the 20 variants has a read", "swapped")


def test_variants_listed_twice_are_told(cohort):
    path = put(cohort.folder, "dx.maf", maf() + maf().split("\n", 1)[1])
    cohort.rows[0] = {"patient": "P1", "timepoint": "diagnosis", "assay": "dna", "given": path}
    cohort.check().warns("more than once", "20 rows")


def test_names_that_differ_in_case_and_strangers_among_the_facts_are_told(cohort):
    cohort.rows += [{**row, "patient": "p1"} for row in cohort.rows]
    for number, row in enumerate(cohort.rows[2:]):
        copy = cohort.folder / f"copy{number}.bam"
        copy.write_bytes(Path(row["bam"]).read_bytes() + b"")
        row["bam"] = str(copy)
    cohort.config["patients"] = put(cohort.folder, "patients.tsv", FACTS.replace("P1", "P_1"))
    verdict = cohort.check()
    verdict._says("WARN", ("differ in upper and lower case only",))
    verdict._says("WARN", ("P_1", "not used"))


def test_a_path_too_long_for_the_system_is_named(cohort):
    cohort.rows[0]["bam"] = "a" * 5000
    cohort.check().stops("cannot be reached")


def test_a_setting_given_twice_in_one_file_is_refused_and_not_the_last_one_taken(tmp_path):
    first = put(tmp_path, "a.yaml", "variants:\n  fdr: 0.01\n")
    later = put(tmp_path, "b.yaml", "\ufeffvariants:\r\n  fdr: 0.02\r\n")
    assert read_configs([first, later]) == {"variants": {"fdr": 0.02}}
    for text in ("variants:\n  fdr: 0.01\n  fdr: 0.02\n", "variants: {}\nvariants: {fdr: 0.1}\n"):
        with pytest.raises(InputError, match="stands twice"):
            read_configs([put(tmp_path, "c.yaml", text)])
