"""The quick check names what shows at once, writes the same files, and is quick."""

import gzip
import json
import resource

import pysam
import pytest
from fault_files import PAIRS, sound_reads, write_bam

from amlresist.__main__ import main
from amlresist.inputs.check import check_everything


@pytest.fixture
def quick(cohort):
    """Run the quick check; gives its findings as text."""

    def run() -> list[str]:
        cohort.write_sheet()
        findings, _ = check_everything(cohort.config, cohort.folder, 1, quick=True)
        return [f"{finding.severity} {finding.problem}" for finding in findings]

    return run


def test_sound_cohort_passes(quick):
    assert not [line for line in quick() if not line.startswith("NOTE")]


def test_missing_end_block_is_seen(cohort, quick):
    cohort.relapse.write_bytes(cohort.relapse.read_bytes()[:-28])
    (stop,) = [line for line in quick() if line.startswith("STOP")]
    assert "rel.bam" in stop and "no end-of-file block" in stop


def test_other_genome_and_shared_reads_are_seen_together(cohort, quick):
    contigs = {"chr1": 5999, "chr2": 4000, "chrM": 500}
    reads = [read for read in sound_reads(1) if read.start < 5000]
    write_bam(cohort.diagnosis, reads, contigs=contigs)
    cohort.relapse.write_bytes(cohort.diagnosis.read_bytes())
    stops = [line for line in quick() if line.startswith("STOP")]
    assert any("differ in length from the genome" in line for line in stops)
    assert any("has the same content as row" in line for line in stops)


def test_mates_out_of_step_in_the_first_records_are_seen(cohort, quick):
    row = cohort.rows[0]
    del row["bam"]
    for column, names in (("fq1", "ab"), ("fq2", "ba")):
        row[column] = str(cohort.folder / f"{column}.gz")
        text = "".join(f"@{name}\nACGT\n+\nFFFE\n" for name in names)
        (cohort.folder / f"{column}.gz").write_bytes(gzip.compress(text.encode()))
    assert any("do not pair" in line for line in quick())


def test_library_without_reads_is_seen(cohort, quick):
    write_bam(cohort.relapse, [])
    assert any("has no reads: the library is not evaluable" in line for line in quick())


def test_damage_in_the_middle_is_left_to_the_job_that_streams(cohort, quick):
    content = bytearray(cohort.relapse.read_bytes())
    content[len(content) // 2] ^= 1
    cohort.relapse.write_bytes(content)
    assert not [line for line in quick() if line.startswith("STOP")]
    cohort.check().stops("rel.bam")


def test_same_files_are_written_as_by_the_full_check(cohort):
    cohort.write_sheet()
    config = cohort.folder / "config.yaml"
    config.write_text(json.dumps(cohort.config))
    for folder, words in (("full", []), ("quick", ["--quick"])):
        words += ["--config", str(config), "--out-dir", str(cohort.folder / folder)]
        assert main(["check", *words, "--threads", "1"]) == 0
    names = [
        sorted(path.name for path in (cohort.folder / folder).iterdir())
        for folder in ("full", "quick")
    ]
    assert names == [["inputs.json", "problems.json", "problems.tsv"]] * 2
    described = json.loads((cohort.folder / "quick/inputs.json").read_text())
    assert {item["digest"].split(":")[0] for item in described} == {"ends-sha256"}


def processor_seconds() -> float:
    """User and system time of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def test_a_thousand_libraries_are_checked_in_seconds(cohort):
    pysam.faidx(cohort.config["reference"]["fasta"])
    cohort.rows.clear()
    reads = sound_reads(1, PAIRS // 100)
    for patient in range(500):
        for timepoint in ("diagnosis", "relapse"):
            sample = f"P{patient}_{timepoint}_dna"
            path = cohort.folder / f"{sample}.bam"
            write_bam(path, reads, sample=sample, index=False)
            cohort.rows.append(
                {"patient": f"P{patient}", "timepoint": timepoint, "assay": "dna"}
                | {"bam": str(path)}
            )
    cohort.write_sheet()
    start = processor_seconds()
    findings, digests = check_everything(cohort.config, cohort.folder, 2, quick=True)
    assert processor_seconds() - start < 20
    assert len(digests) > 1000
    assert not [finding for finding in findings if finding.severity == "STOP"]
