"""Time and memory to plan a cohort: `snakemake -n` on patients with all assays and empty files.

    python benchmarks/dag.py [--patients 100 300 1000 3000]

Processor seconds count, since wall time depends on what else the machine does. Each size is also
planned as a workflow of equally many jobs with one file each and nothing else: Snakemake's floor.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
BARE_WORKFLOW = """
PATIENTS, RULES = range({patients}), range({rules})

rule all:
    input: expand("{{patient}}/{{rule}}", patient=PATIENTS, rule=RULES)

for number in RULES:
    rule:
        name: f"rule_{{number}}"
        input: "Snakefile"
        output: f"{{{{patient}}}}/{{number}}"
        shell: "touch {{output}}"
"""


@dataclass(frozen=True)
class DryRun:
    """Jobs planned, processor and wall seconds, highest memory in MB."""

    jobs: int
    processor: float
    wall: float
    memory: float


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", nargs="+", type=int, default=[100, 300, 1000, 3000])
    arguments = parser.parse_args()
    one = dry_run(1)
    columns = ("patients", "jobs", "processor s", "wall s", "ms per patient", "memory MB")
    print(*columns, "kB per patient", "bare jobs: processor s", "memory MB", sep="\t", flush=True)
    for patients in arguments.patients:
        run = dry_run(patients)
        bare = bare_dry_run(patients, run.jobs // patients)
        each = 1000 * (run.processor - one.processor) / patients
        memory = 1024 * (run.memory - one.memory) / patients
        print(
            f"{patients}\t{run.jobs}\t{run.processor:.1f}\t{run.wall:.1f}\t{each:.1f}"
            f"\t{run.memory:.0f}\t{memory:.0f}\t{bare.processor:.1f}\t{bare.memory:.0f}",
            flush=True,
        )
    print(f"# a single patient: {one.processor:.1f} s, {one.memory:.0f} MB, most of it imports")


def dry_run(patients: int) -> DryRun:
    """Plan an empty cohort."""
    with tempfile.TemporaryDirectory() as folder:
        empty = ["-m", "amlresist", "simulate", folder, "--empty-patients", str(patients)]
        subprocess.run([sys.executable, *empty], check=True, env=ENVIRONMENT, capture_output=True)
        options = ["--workflow-profile", str(ROOT / "profiles/default")]
        options += ["--configfile", f"{folder}/config/config.yaml"]
        return measured(Path(folder), ROOT / "Snakefile", options)


def bare_dry_run(patients: int, rules: int) -> DryRun:
    """Plan as many jobs that have one file each, no parameters, no resources."""
    with tempfile.TemporaryDirectory() as folder:
        snakefile = Path(folder) / "Snakefile"
        snakefile.write_text(BARE_WORKFLOW.format(patients=patients, rules=rules))
        return measured(Path(folder), snakefile, ["--scheduler", "greedy"])


def measured(folder: Path, snakefile: Path, options: list[str]) -> DryRun:
    """One `snakemake -n`.

    Raises:
        RuntimeError: Snakemake failed.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "-n"]
    command += ["--cores", "1", "--quiet", "host", *options]
    told = folder / "told"
    began = time.perf_counter()
    with told.open("wb") as handle:
        process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdout=handle, stderr=handle
        )
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    text = told.read_text()
    if process.returncode:
        raise RuntimeError(text[-2000:])
    jobs = int(re.findall(r"^total\s+(\d+)$", text, re.MULTILINE)[-1])
    return DryRun(jobs, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
