"""Time and memory to plan a cohort: `snakemake -n` on patients with all assays and empty files.

    python benchmarks/dag.py [--patients 100 300 1000 3000]

Processor seconds count, since wall time depends on what else the machine does.
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
    print(
        "patients\tjobs\tprocessor s\twall s\tms per patient\tmemory MB\tkB per patient", flush=True
    )
    for patients in arguments.patients:
        run = dry_run(patients)
        each = 1000 * (run.processor - one.processor) / patients
        memory = 1024 * (run.memory - one.memory) / patients
        print(
            f"{patients}\t{run.jobs}\t{run.processor:.1f}\t{run.wall:.1f}\t{each:.1f}"
            f"\t{run.memory:.0f}\t{memory:.0f}",
            flush=True,
        )
    print(f"# a single patient: {one.processor:.1f} s, {one.memory:.0f} MB, most of it imports")


def dry_run(patients: int) -> DryRun:
    """Plan an empty cohort.

    Raises:
        RuntimeError: Snakemake failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        python = [sys.executable, "-m"]
        empty = ["amlresist", "simulate", folder, "--empty-patients", str(patients)]
        subprocess.run([*python, *empty], check=True, env=ENVIRONMENT, capture_output=True)
        command = ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "-n", "--cores", "1"]
        command += ["--workflow-profile", str(ROOT / "profiles/default")]
        command += ["--quiet", "host", "--configfile", f"{folder}/config/config.yaml"]
        told = Path(folder) / "told"
        began = time.perf_counter()
        with told.open("wb") as handle:
            process = subprocess.Popen(
                [*python, *command], cwd=folder, env=ENVIRONMENT, stdout=handle, stderr=handle
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
