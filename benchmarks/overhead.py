"""Where the wall time of the simulated cohort goes: work of the stations, starting them, planning.

    python benchmarks/overhead.py [--cores 2]

The workflow runs on a fresh simulated cohort twice. In the first run Python lists what it imports,
in each job's log. The second run is timed. Then interpreters that only import the modules of one of
a rule's jobs are timed, as many at once as there are cores: listing slows imports, so that its own
times say too much.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
# `import time: self [us] | cumulative | module`, indented where another module asked for it.
IMPORT = re.compile(r"^import time:[\s\d]+\|[\s\d]+\| (\w\S*)$", re.MULTILINE)
REPEATS = 5
# What is listed as imported may have been looked for in vain.
IMPORT_ALL = """import sys
for name in sys.argv[1:]:
    try:
        __import__(name)
    except ImportError:
        pass
"""


@dataclass(frozen=True)
class Job:
    """Wall seconds of a job, and those that its interpreter took to start and import."""

    rule: str
    seconds: float
    start: float


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
        cores = arguments.cores
        seconds_of(cohort, "--cores", str(cores), listing=True)
        modules = imported_modules(cohort / "demo/results")
        shutil.rmtree(cohort / "demo/results")
        wall = seconds_of(cohort, "--cores", str(cores))
        starts = {names: start_of(names, cores) for names in set(modules.values())}
        jobs = read_jobs(cohort / "demo/results", {job: starts[modules[job]] for job in modules})
    print_jobs(jobs)
    print_split(jobs, planning, wall, arguments.cores)


def seconds_of(cohort: Path, *options: str, listing: bool = False) -> float:
    """Wall seconds of a Snakemake run.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *options]
    command += ["--workflow-profile", str(ROOT / "profiles/default")]
    command += ["--configfile", "demo/config/config.yaml"]
    environment = ENVIRONMENT | ({"PYTHONPROFILEIMPORTTIME": "1"} if listing else {})
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cohort, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    return time.perf_counter() - began


def imported_modules(results: Path) -> dict[str, tuple[str, ...]]:
    """What the jobs of each rule imported, of one of its jobs, in order; nothing if no Python."""
    modules: dict[str, tuple[str, ...]] = {}
    for rule, _, log in tables_of_jobs(results):
        modules.setdefault(rule, tuple(IMPORT.findall(log.read_text(errors="replace"))))
    return modules


def start_of(modules: tuple[str, ...], cores: int) -> float:
    """Median wall seconds of interpreters that import these modules and end, `cores` at once."""
    if not modules:
        return 0.0
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        command = [sys.executable, "-c", IMPORT_ALL, *modules]
        running = [subprocess.Popen(command, env=ENVIRONMENT) for _ in range(cores)]
        if any(process.wait() for process in running):
            raise RuntimeError(f"an interpreter that imports {modules} failed")
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def read_jobs(results: Path, starts: dict[str, float]) -> list[Job]:
    """The jobs of a run, from its benchmark tables."""
    return [
        Job(rule, float(table.read_text().splitlines()[1].split("\t")[0]), starts[rule])
        for rule, table, _ in tables_of_jobs(results)
    ]


def tables_of_jobs(results: Path) -> Iterator[tuple[str, Path, Path]]:
    """Rule, benchmark table and log of each job."""
    for table in sorted((results / "benchmarks").rglob("*.tsv")):
        name = table.relative_to(results / "benchmarks").with_suffix("")
        of_patient = name.parts[0].startswith("AML")
        # A library's job lies in a folder of its station, a patient's in the patient's folder.
        rule = name.parts[1] if of_patient else " ".join(name.parts)
        yield rule, table, (results / "logs" / name).with_suffix(".log")


def print_jobs(jobs: list[Job]) -> None:
    """A row per rule: what starting its jobs took."""
    by_rule: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_rule[job.rule].append(job)
    print("## Jobs\n")
    print("rule\tjobs\twall s per job\tstart s per job\tshare of start %")
    for rule, own in sorted(by_rule.items()):
        seconds = sum(job.seconds for job in own)
        start = sum(job.start for job in own)
        share = 100 * start / seconds if seconds else 0.0
        print(f"{rule}\t{len(own)}\t{seconds / len(own):.2f}\t{start / len(own):.2f}\t{share:.0f}")


def print_split(jobs: list[Job], planning: float, wall: float, cores: int) -> None:
    """The run's core seconds by what they went to."""
    whole = wall * cores
    starting = sum(job.start for job in jobs)
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
