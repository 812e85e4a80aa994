"""One library under two names is told, whatever its bytes; two libraries of one kind are not."""

import gzip

import pysam
import pytest
from fault_files import sound_reads, write_bam


def as_other_sample(cohort):
    write_bam(cohort.relapse, sound_reads(1), sample="P1_relapse_dna")


def as_cram(cohort):
    pysam.faidx(str(cohort.folder / "genome.fa"))
    path = cohort.relapse.with_suffix(".cram")
    options = ["-C", "-T", str(cohort.folder / "genome.fa"), "-o", str(path)]
    pysam.view(*options, str(cohort.diagnosis), catch_stdout=False)
    cohort.rows[1]["bam"] = str(path)


@pytest.mark.parametrize("make", [as_other_sample, as_cram])
def test_a_bam_under_another_sample_name_or_format_is_told(cohort, make):
    make(cohort)
    cohort.check().warns("same reads as P1_diagnosis_dna", "row 3")


def test_a_fastq_packed_anew_is_told_and_one_of_like_names_is_not(cohort):
    reads = [(f"r{n}", "ACGTTGCA"[n % 8 :] + "ACGT" * 12 + "TTAGC"[n % 5 :]) for n in range(100)]
    text = "".join(f"@{name}\n{bases}\n+\n{'F' * (len(bases) - 1)}E\n" for name, bases in reads)
    for row, name, level in zip(cohort.rows, "ab", (1, 9), strict=True):
        del row["bam"]
        row["fq1"] = str(cohort.folder / f"{name}.fastq.gz")
        (cohort.folder / f"{name}.fastq.gz").write_bytes(gzip.compress(text.encode(), level))
    cohort.check().warns("same reads as P1_diagnosis_dna")
    other = text.replace("ACGTACGT", "ACCTACCT")
    (cohort.folder / "b.fastq.gz").write_bytes(gzip.compress(other.encode()))
    cohort.check().is_sound()
