"""A sample that fails while its job reads it: the others finish, and the cohort page says so."""

import gzip
import re
import shutil

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workflow")]

KIT, NO_KIT = b"TGGAATTCTCGGGTGCCAAGG", b"CATTACATCTACCATACTTAC"


def test_a_failing_sample_lets_the_others_finish_and_is_named_first(simulated, snakemake, tmp_path):
    shutil.copytree(
        simulated / "demo", tmp_path / "demo", ignore=shutil.ignore_patterns("results", "*.bam*")
    )
    sheet = tmp_path / "demo/config/samples.tsv"
    header, *rows = sheet.read_text().splitlines()
    chosen = [row for row in rows if "\tmirna\t" in row and ".fastq.gz" in row]
    patients = sorted({row.split("\t")[header.split("\t").index("patient")] for row in chosen})[:2]
    chosen = [row for row in chosen if any(patient in row for patient in patients)]
    sheet.write_text("\n".join([header, *chosen]) + "\n")
    good, bad = patients
    for row in chosen:
        if bad in row:
            (name,) = re.findall(r"\S+\.fastq\.gz", row)
            path = tmp_path / name
            path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(KIT, NO_KIT)))
    done = snakemake(tmp_path)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "adapter" in told
    assert "Traceback" not in told
    results = tmp_path / "demo/results"
    assert (results / good / f"report/{good}.html").exists()
    assert not (results / bad / "mirna/mirna_counts.tsv").exists()
    page = (results / "cohort/report.html").read_text(encoding="utf-8")
    first = page.partition('<tbody data-row="0">')[2].partition("</tr>")[0]
    assert bad in first
    assert "failed" in first
