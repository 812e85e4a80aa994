"""The plan becomes few jobs, and only the jobs the sheet asks for."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from amlresist.settings import REPOSITORY


def simulate_empty(folder: Path, patients: int) -> Path:
    command = [sys.executable, "-m", "amlresist", "simulate", str(folder)]
    subprocess.run([*command, "--empty-patients", str(patients)], check=True, cwd=REPOSITORY)
    return folder / "config" / "config.yaml"


def dry_run(config: Path, *options: str, folder: Path = REPOSITORY) -> str:
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "host", "--cores", "2"]
    done = subprocess.run(
        [*command, "--configfile", str(config), *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def job_counts(output: str) -> Counter[str]:
    return Counter(
        {name: int(count) for name, count in re.findall(r"^(\w+)\s+(\d+)$", output, re.MULTILINE)}
    )


@pytest.mark.slow
def test_a_patient_with_all_assays_takes_at_most_ten_jobs(tmp_path):
    ten = job_counts(dry_run(simulate_empty(tmp_path / "ten", 10)))
    thirty = job_counts(dry_run(simulate_empty(tmp_path / "thirty", 30)))
    per_patient = (thirty["total"] - ten["total"]) / 20
    print(f"jobs per patient: {per_patient}")
    assert per_patient <= 10
    assert ten["patient_page"] == 10
    # What does not depend on a patient is there once, however large the cohort.
    assert ten["cohort_tables"] == thirty["cohort_tables"] == ten["prepare_reference"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_both_front_doors_plan_the_same_jobs(tmp_path, snakefile):
    config = simulate_empty(tmp_path / "one", 1)
    counts = job_counts(dry_run(config, "--snakefile", snakefile))
    assert counts["patient_page"] == 1
    assert counts["total"] > 10


@pytest.mark.slow
def test_a_cohort_without_dna_and_rna_needs_no_genome(tmp_path):
    config = simulate_empty(tmp_path / "mirna", 2)
    sheet = tmp_path / "mirna" / "config" / "samples.tsv"
    lines = sheet.read_text().splitlines()
    sheet.write_text("\n".join([lines[0], *(line for line in lines if "\tmirna\t" in line)]) + "\n")
    counts = job_counts(dry_run(config))
    assert counts["patient_page"] == counts["mirna"] == 2
    assert not {"prepare_reference", "index_genome", "align", "variants"} & counts.keys()


@pytest.mark.slow
@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_another_workflow_takes_it_as_a_module(tmp_path, snakefile):
    config = simulate_empty(tmp_path / "one", 1)
    outer = tmp_path / "outer"
    outer.mkdir()
    target = "amlresist_complete" if snakefile.startswith("workflow") else "amlresist_all"
    (outer / "Snakefile").write_text(
        "import yaml\n"
        f"module amlresist:\n"
        f"    snakefile: '{REPOSITORY / snakefile}'\n"
        f"    config: yaml.safe_load(open('{config}'))\n"
        "use rule * from amlresist as amlresist_*\n"
        "rule mine:\n"
        "    default_target: True\n"
        f"    input: rules.{target}.input\n"
    )
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "host", "--cores", "2"]
    done = subprocess.run(command, cwd=outer, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    counts = job_counts(told)
    assert counts["amlresist_patient_page"] == counts["amlresist_evidence"] == 1
    assert counts["mine"] == 1


@pytest.mark.slow
def test_a_bad_sheet_stops_before_any_job_with_every_problem(tmp_path):
    config = simulate_empty(tmp_path / "bad", 2)
    sheet = tmp_path / "bad" / "config" / "samples.tsv"
    lines = sheet.read_text().splitlines()
    lines[1] = lines[1].replace("diagnosis", "before", 1)
    lines[2] = lines[2].replace("\tdna\t", "\tprotein\t").replace("\tmirna\t", "\tprotein\t")
    sheet.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", str(config)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "row 2, column timepoint" in told
    assert "Traceback" not in told
