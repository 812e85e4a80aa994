"""Where the wall time of the simulated cohort goes: work of the stations, starting them, planning.

    python benchmarks/overhead.py [--cores 2]

The workflow runs once on a fresh simulated cohort with Python told to time its imports; each job's
log then says how long it imported. An interpreter that imports nothing is timed by itself.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
# `import time: self [us] | cumulative | module`
IMPORT = re.compile(r"^import time:\s+(\d+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """Wall seconds of a job, those of its interpreter's start and those of its imports."""

    rule: str
    seconds: float
    interpreter: float
    imports: float


def main() -> None:
    """Run the cohort and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cohort = Path(folder)
        amlresist = [sys.executable, "-m", "amlresist", "simulate", "demo", "--seed", "1"]
        subprocess.run(amlresist, cwd=cohort, env=ENVIRONMENT, check=True, capture_output=True)
        planning = seconds_of(cohort, "--dry-run", "--cores", "1")
        wall = seconds_of(cohort, "--cores", str(arguments.cores), timing=True)
        jobs = read_jobs(cohort / "demo/results", interpreter_start())
    print_jobs(jobs)
    print_split(jobs, planning, wall, arguments.cores)


def seconds_of(cohort: Path, *options: str, timing: bool = False) -> float:
    """Wall seconds of a Snakemake run.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *options]
    command += ["--workflow-profile", str(ROOT / "profiles/default")]
    command += ["--configfile", "demo/config/config.yaml"]
    environment = ENVIRONMENT | ({"PYTHONPROFILEIMPORTTIME": "1"} if timing else {})
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cohort, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    return time.perf_counter() - began


def interpreter_start() -> float:
    """Wall seconds of a Python that imports nothing, the least of five."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        times.append(time.perf_counter() - began)
    return min(times)


def read_jobs(results: Path, interpreter: float) -> list[Job]:
    """The jobs of a run, from its benchmark tables and logs."""
    jobs = []
    for table in sorted((results / "benchmarks").rglob("*.tsv")):
        name = table.relative_to(results / "benchmarks").with_suffix("")
        seconds = float(table.read_text().splitlines()[1].split("\t")[0])
        log = (results / "logs" / name).with_suffix(".log")
        spent = [int(micro) for micro in IMPORT.findall(log.read_text(errors="replace"))]
        # A library's job lies in a folder of its station, a patient's in the patient's folder.
        parts = name.parts[1:] if name.parts[0].startswith("AML") else name.parts
        rule = parts[0] if len(parts) > 1 and name.parts[0].startswith("AML") else " ".join(parts)
        jobs.append(Job(rule, seconds, interpreter if spent else 0.0, sum(spent) / 1e6))
    return jobs


def print_jobs(jobs: list[Job]) -> None:
    """A row per rule: what starting its jobs took."""
    by_rule: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_rule[job.rule].append(job)
    print("## Jobs\n")
    print("rule\tjobs\twall s per job\timports s per job\tshare of imports %")
    for rule, own in sorted(by_rule.items()):
        seconds = sum(job.seconds for job in own)
        imports = sum(job.imports for job in own)
        share = 100 * imports / seconds if seconds else 0.0
        print(
            f"{rule}\t{len(own)}\t{seconds / len(own):.2f}\t{imports / len(own):.2f}\t{share:.0f}"
        )


def print_split(jobs: list[Job], planning: float, wall: float, cores: int) -> None:
    """The run's core seconds by what they went to."""
    whole = wall * cores
    starting = sum(job.interpreter + job.imports for job in jobs)
    work = sum(job.seconds for job in jobs) - starting
    start = starting + planning * cores
    print("\n## The whole run\n")
    print("part\tcore seconds\tshare %")
    for part, seconds in (
        ("work of the jobs", work),
        ("start of the jobs: interpreter and imports", starting),
        ("start of Snakemake: imports and plan", planning * cores),
        ("check of the inputs, idle cores, bookkeeping between jobs", whole - work - start),
        ("all", whole),
    ):
        print(f"{part}\t{seconds:.1f}\t{100 * seconds / whole:.1f}")
    print(f"\n# wall time {wall:.1f} s on {cores} cores, {len(jobs)} jobs;")
    print(f"# start-up {100 * start / whole:.1f} % of the core seconds, wanted at most 15 %")


if __name__ == "__main__":
    main()
