"""Kill a run at a random moment, run it again: the same bytes as an undisturbed run.

python benchmarks/kills.py WORK [--kills 20] [--patients 1] [--seed 1] [--cores 2]

WORK is an empty folder. The simulated cohort is made there and cut down to its first patients. The
signal is SIGKILL to the whole process group; every other time Snakemake alone is killed, so that
its jobs go on while the second run begins.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Logs, timings, and what salmon and MultiQC stamp with the time of the run.
SKIPPED = {"logs", "benchmarks", "aux_info", "libParams", "cmd_info.json", "multiqc.html"}
SKIPPED |= {"pre_indexing.log", "ref_indexing.log"}
UNLOCK = "--unlock"


def command(cores: int, *options: str) -> list[str]:
    """The command a user would give."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    words += ["--cores", str(cores), "--workflow-profile", str(ROOT / "profiles/default")]
    return [*words, *options, "--configfile", "demo/config/config.yaml"]


def environment() -> dict[str, str]:
    """The library of this checkout."""
    return os.environ | {"PYTHONPATH": str(ROOT / "scripts")}


def make_cohort(work: Path, patients: int) -> None:
    """Simulate the cohort and keep the sheets' first patients."""
    words = [sys.executable, "-m", "amlresist", "simulate", "demo", "--seed", "1"]
    subprocess.run(words, cwd=work, env=environment(), check=True)
    for name in ("samples.tsv", "patients.tsv"):
        sheet = work / "demo/config" / name
        header, *rows = sheet.read_text().splitlines()
        first = sorted({row.split("\t")[0] for row in rows})[:patients]
        kept = [row for row in rows if row.split("\t")[0] in first]
        sheet.write_text("\n".join([header, *kept]) + "\n")


def start(work: Path, cores: int, log: Path) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own."""
    with log.open("wb") as out:
        return subprocess.Popen(
            command(cores),
            cwd=work,
            env=environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def digests(results: Path) -> dict[str, str]:
    """Relative path -> digest of every result that must not differ."""
    return {
        str(path.relative_to(results)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and not SKIPPED & set(path.relative_to(results).parts)
    }


def clean(work: Path) -> None:
    """Forget every run."""
    for folder in ("demo/results", ".snakemake"):
        shutil.rmtree(work / folder, ignore_errors=True)


def kill_once(work: Path, cores: int, after: float, *, alone: bool) -> str:
    """Run, kill after a while, run again; returns what was told, "" when the run went well."""
    clean(work)
    run = start(work, cores, work / "killed.log")
    time.sleep(after)
    if alone:
        run.kill()
    else:
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    again = start(work, cores, work / "again.log")
    code = again.wait()
    told = (work / "again.log").read_text(errors="replace")
    unlocked = ""
    if code and UNLOCK in told:
        subprocess.run(
            command(cores, UNLOCK), cwd=work, env=environment(), check=True, capture_output=True
        )
        unlocked = "unlocked "
        code = start(work, cores, work / "again.log").wait()
    if alone:
        os.killpg(run.pid, signal.SIGKILL) if _group_lives(run.pid) else None
    return f"{unlocked}exit {code}" if code else unlocked


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """Paths that are missing, more, or of other bytes."""
    names = sorted(expected.keys() | found.keys())
    return [name for name in names if expected.get(name) != found.get(name)]


def main() -> int:
    """Run the campaign; the exit code is 1 when any result differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--patients", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "demo").is_dir():
        make_cohort(work, arguments.patients)
    clean(work)
    began = time.monotonic()
    if start(work, arguments.cores, work / "undisturbed.log").wait():
        raise SystemExit((work / "undisturbed.log").read_text()[-3000:])
    whole = time.monotonic() - began
    expected = digests(work / "demo/results")
    print(f"undisturbed run: {whole:.0f} s, {len(expected)} results compared", flush=True)
    rng = random.Random(arguments.seed)
    failed = 0
    for number in range(1, arguments.kills + 1):
        after, alone = rng.uniform(0, whole), number % 2 == 0
        told = kill_once(work, arguments.cores, after, alone=alone)
        wrong = differences(expected, digests(work / "demo/results"))
        failed += bool(wrong) or "exit" in told
        what = "main process" if alone else "process group"
        words = f"kill {number} of the {what} after {after:.1f} s: {told}"
        print(f"{words}{len(wrong)} differ {', '.join(wrong[:5])}".rstrip(), flush=True)
    print(f"{arguments.kills - failed} of {arguments.kills} runs with identical results")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
