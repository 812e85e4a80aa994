"""The whole way on the simulated cohort equals its truth at every event the depth allows."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest
import truth

from amlresist.settings import REPOSITORY
from amlresist.sheet import read_libraries
from amlresist.simulate.records import TrueVariant
from amlresist.tables import read_table
from amlresist.variants.records import PairSummary, VariantChange

# One worker runs all of these, so that the cohort is simulated and run once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workflow")]


def patients(demo: Path) -> list[str]:
    return sorted(path.name for path in (demo / "results").glob("AML*"))


def test_every_variant_is_labelled_as_planted(demo):
    tally = truth.variants(demo)
    print(tally.text())
    assert not tally.wrong and not tally.missing and not tally.unplanted, tally.text()
    assert not tally.not_evaluable, tally.text()


def test_every_itd_clone_is_followed_as_planted(demo):
    tally = truth.itds(demo)
    print(tally.text())
    assert sum(tally.right.values()) == sum(tally.planted.values()) >= 6, tally.text()
    assert not tally.unplanted, tally.text()


def test_every_planted_pathway_shift_is_found(demo):
    tally = truth.pathways(demo)
    print(tally.text())
    assert sum(tally.right.values()) == sum(tally.planted.values()) >= 5, tally.text()


def test_mirna_counts_and_planted_changes_are_right(demo):
    tally = truth.mirna_changes(demo)
    print(tally.text())
    assert sum(tally.right.values()) == sum(tally.planted.values()) >= 5, tally.text()
    errors = np.array(list(truth.mirna_errors(demo).values()))
    print(f"{errors.size} miRNA counts: p90 relative error {np.percentile(errors, 90):.4f}")
    assert errors.size > 500
    assert np.percentile(errors, 90) <= 0.01
    assert errors.max() <= 0.05


def test_every_planted_claim_has_its_status(demo):
    tally = truth.evidence(demo)
    print(tally.text())
    assert sum(tally.right.values()) == sum(tally.planted.values()) > 30, tally.text()


def test_a_relapse_of_low_purity_does_not_make_founders_contract(demo):
    rows = read_table(demo / "results/AML04/variants/variants.tsv", VariantChange)
    planted = read_table(demo / "truth/variants.tsv", TrueVariant)
    founders = {
        (t.chrom, t.pos, t.alt)
        for t in planted
        if t.patient == "AML04" and t.expected_class == "stable" and "founder" in t.trap
    }
    labels = [row.variant_class for row in rows if (row.chrom, row.pos, row.alt) in founders]
    assert len(labels) >= 3
    assert "contracting" not in labels


def test_expected_wrong_labels_are_honest(demo):
    tally = truth.variants(demo)
    expected = sum(
        row.expected_wrong_labels
        for table in sorted((demo / "results").glob("*/variants/variant_summary.tsv"))
        for row in read_table(table, PairSummary)
    )
    print(f"expected wrong labels {expected:.2f}, found {len(tally.wrong)}")
    assert expected < 5
    assert len(tally.wrong) <= expected + 3 * np.sqrt(expected) + 1


def test_variant_files_are_read_by_other_tools(demo):
    for path in sorted((demo / "results").glob("*/variants/variants.vcf.gz")):
        with pysam.VariantFile(str(path)) as vcf:
            assert str(vcf.header).startswith("##fileformat=VCFv4.3")
            positions = [(vcf.get_tid(record.contig), record.pos) for record in vcf]
        assert positions == sorted(positions)


def test_every_patient_has_a_page_that_needs_no_network(demo):
    pages = sorted((demo / "results").glob("AML*/report/*.html"))
    assert [page.stem for page in pages] == patients(demo)
    assert len(pages) >= 8
    for page in [*pages, demo / "results/cohort/report.html"]:
        text = page.read_text()
        assert "not a diagnostic" in text
        assert "default-src 'none'" in text.replace("&#39;", "'")
        assert 'src="http' not in text and 'href="http' not in text
        assert page.stat().st_size < 3_000_000


def test_multiqc_shows_our_sections(demo):
    text = (demo / "results/cohort/multiqc.html").read_text()
    assert "FLT3-ITD" in text and "amlresist" in text


def test_inputs_were_checked_and_provenance_noted(demo):
    inputs = json.loads((demo / "results/inputs/inputs.json").read_text())
    sheet = read_libraries(demo / "config/samples.tsv")
    named = {path for row in sheet for path in (row.fq1, row.fq2, row.bam, row.given) if path}
    assert named <= {entry["path"] for entry in inputs}
    provenance = json.loads((demo / "results/provenance.json").read_text())
    assert provenance["tools"]["samtools"] != "not installed"
    assert provenance["config"]["variants"]["absence_limit"] > 0


def test_a_finished_run_has_nothing_to_do(demo, snakemake):
    done = snakemake(demo.parent, "--dry-run")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_shipped_sheets_are_those_of_the_simulated_cohort(simulated):
    for name in ("samples.tsv", "patients.tsv"):
        shipped = (REPOSITORY / "config" / name).read_text()
        assert shipped == (simulated / "demo/config" / name).read_text()


def test_one_core_in_another_place_locale_and_time_zone_gives_the_same_bytes(
    demo, snakemake, tmp_path, monkeypatch
):
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    again = tmp_path / "a gain"
    again.mkdir()
    shutil.copytree(demo, again / "demo", ignore=shutil.ignore_patterns("results"))
    done = snakemake(again, cores=1)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    first, second = demo / "results", again / "demo/results"
    skipped = {"logs", "benchmarks", "cmd_info.json", "aux_info", "libParams", "salmon"}
    compared = 0
    for path in sorted(first.rglob("*")):
        relative = path.relative_to(first)
        if path.is_dir() or skipped & set(relative.parts) or relative.name == "multiqc.html":
            continue
        assert path.read_bytes() == (second / relative).read_bytes(), relative
        compared += 1
    assert compared > 150


def test_a_new_patient_runs_alone(demo, snakemake):
    sheet = demo / "config/samples.tsv"
    before = sheet.read_text()
    row = next(line for line in before.splitlines() if line.startswith("AML07\tdiagnosis\tdna"))
    sheet.write_text(before + row.replace("AML07\t", "NEW\t").replace("AML07_d", "NEW_d", 1) + "\n")
    try:
        done = snakemake(demo.parent, "--dry-run", "--quiet", "rules")
        told = done.stdout + done.stderr
        assert done.returncode == 0, told
        counts = dict(
            line.split()
            for line in told.splitlines()
            if len(line.split()) == 2 and line[0].isalpha()
        )
        assert counts["patient_page"] == counts["variants"] == counts["evidence"] == "1", told
        assert counts["cohort_tables"] == "1"
        assert "prepare_reference" not in counts
    finally:
        sheet.write_text(before)


def test_a_damaged_input_stops_the_run_before_any_job(simulated, snakemake, tmp_path):
    folder = tmp_path / "damaged"
    folder.mkdir()
    shutil.copytree(simulated / "demo", folder / "demo", ignore=shutil.ignore_patterns("results"))
    bams = sorted((folder / "demo/reads").rglob("*.bam"))[:2]
    for bam in bams:
        bam.write_bytes(bam.read_bytes()[:-5000])
    done = snakemake(folder)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    for bam in bams:
        assert bam.name in told
    assert "No job was started" in told
    assert "Traceback" not in told
    assert not list((folder / "demo/results").glob("AML*"))


def test_commands_print_help_and_refuse_nonsense_without_traceback():
    for arguments in (["--help"], ["compare", "--help"], ["compare", "--library", "x=y"]):
        command = [sys.executable, "-m", "amlresist", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
