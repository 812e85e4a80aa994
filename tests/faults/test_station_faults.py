"""Faults that the check lets pass, because a station handles them: its numbers stay right."""

import pysam
import pytest
from fault_files import GTF

from amlresist.alignment.adopt import adopt_alignment
from amlresist.errors import InputError
from amlresist.flt3_itd.reads import Batch, with_tags
from amlresist.libraries import LibraryInput
from amlresist.variants.given import read_given


def test_b061_cram_3_1_is_read(cohort):
    reference = cohort.config["reference"]["fasta"]
    pysam.faidx(reference)
    for row in cohort.rows:
        cram = row["bam"].replace(".bam", ".cram")
        options = ["-O", "cram,version=3.1", "-T", reference, "-o", cram]
        pysam.view(*options, row["bam"], catch_stdout=False)
        row["bam"] = cram
    assert cohort.relapse.read_bytes()[:6] == b"CRAM\x03\x01"
    assert not cohort.check().of("STOP")
    library = LibraryInput("P1_relapse_dna", "relapse", "dna", "panel", (str(cohort.relapse),))
    out = cohort.folder / "results" / "P1_relapse_dna.cram"
    adopt_alignment(library, cohort.folder / "genome.fa", out)
    with pysam.AlignmentFile(str(out), reference_filename=reference) as handle:
        assert sum(1 for _ in handle.fetch("chr1")) > 0


MULTI = (
    "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tdiagnosis\n"
    "chr1\t100\t.\tA\t{alts}\t50\tPASS\t.\tGT:AD:DP\t{sample}\n"
)


@pytest.mark.parametrize(
    ("alts", "sample", "expected"),
    [
        ("C,G", "1/2:50,30,20:100", {"C": (30, 100), "G": (20, 100)}),
        ("C,G", "0/2:50,0,50:100", {"C": (0, 100), "G": (50, 100)}),
        ("C,*", "0/1:60,40,5:105", {"C": (40, 105)}),
    ],
)
def test_b090_alleles_of_one_row_keep_their_own_counts(tmp_path, alts, sample, expected):
    path = tmp_path / "calls.vcf"
    path.write_text(MULTI.format(alts=alts, sample=sample))
    table = read_given(path, "P1", "diagnosis", "P1_diagnosis_dna")
    found = {v.allele.alt: (v.alt, v.depth) for v in table.variants if v.allele.alt != "*"}
    assert found == expected


@pytest.mark.parametrize("end", ["\n", "\n\n", "\r\n", "   \n", "###\n"])
def test_b100_annotation_may_end_with_blank_lines(cohort, end):
    (cohort.folder / "genes.gtf").write_text(GTF + end)
    cohort.check().is_sound()


def test_b028_reads_without_their_molecular_tags_are_refused():
    bases = ["ACGT"] * 10
    tagged = Batch(bases, bases, ["ACGTAC"] * 8 + [""] * 2)
    assert list(with_tags("x.fq", [tagged])) == [tagged]
    cut_off = Batch(bases, bases, ["ACGTAC"] * 7 + [""] * 3)
    with pytest.raises(InputError, match=r"only 70% .*UMI"):
        list(with_tags("x.fq", [cut_off]))
