"""Kill runs at random moments, many times each: the same bytes as an undisturbed run.

python benchmarks/kills.py WORK [--kills 100] [--patients 2] [--per-run 12] [--seed 1] [--cores 2]

WORK is an empty folder. The simulated cohort is made there and cut down to its first patients. A
run is started and killed again and again, until it has seen `--per-run` kills or is done, then
finishes in peace. SIGKILL goes to the whole process group, or to Snakemake alone, so that its jobs
go on while the next start begins. A moment is a random one: in two of five kills inside a job of a
rule that no kill has hit yet, in two after the first job has begun, in one at any time. At once
after each kill every result that Snakemake would keep must be whole; after each finished run all
results must be those of the undisturbed run.
"""

import argparse
import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Logs, timings, and what salmon and MultiQC stamp with the time of the run.
SKIPPED = {"logs", "benchmarks", "aux_info", "libParams", "cmd_info.json", "multiqc.html"}
SKIPPED |= {"pre_indexing.log", "ref_indexing.log"}
RESULTS = Path("demo/results")
LOOK_EVERY = 0.02  # seconds


def command(cores: int) -> list[str]:
    """The command a user would give."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    words += ["--cores", str(cores), "--workflow-profile", str(ROOT / "profiles/default")]
    return [*words, "--configfile", "demo/config/config.yaml"]


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


def digests(work: Path) -> dict[str, str]:
    """Path -> digest of every result that must not differ; files that vanish meanwhile are none."""
    found = {}
    for path in sorted((work / RESULTS).rglob("*")):
        name = path.relative_to(work)
        if SKIPPED & set(name.parts) or not path.is_file():
            continue
        try:
            found[str(name)] = sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            continue
    return found


def clean(work: Path) -> None:
    """Forget every run."""
    for folder in (RESULTS, Path(".snakemake")):
        shutil.rmtree(work / folder, ignore_errors=True)


def started_jobs(work: Path, since: float = 0) -> set[str]:
    """Outputs whose job has begun and is not done, by Snakemake's own marks."""
    marks = work / ".snakemake/incomplete"
    outputs = set()
    for mark in marks.rglob("*"):
        try:
            if mark.is_file() and mark.stat().st_mtime >= since:
                name = "".join(part.removeprefix("@") for part in mark.relative_to(marks).parts)
                outputs.add(base64.urlsafe_b64decode(name).decode())
        except FileNotFoundError:
            continue
    return outputs


@dataclass
class Whole:
    """The undisturbed run.

    Attributes:
        seconds: of the run.
        results: path -> digest.
        rule_of: output -> its rule.
        lasts: rule -> mean seconds of its jobs.
    """

    seconds: float
    results: dict[str, str]
    rule_of: dict[str, str]
    lasts: dict[str, float]


def undisturbed(work: Path, cores: int) -> Whole:
    """Run to the end; learn which rule makes what, watching since temporary files are forgotten."""
    clean(work)
    began = time.monotonic()
    run = start(work, cores, work / "undisturbed.log")
    if run.wait():
        raise SystemExit((work / "undisturbed.log").read_text()[-3000:])
    seconds = time.monotonic() - began
    rule_of, spent = {}, Counter[str]()
    marks = work / ".snakemake/metadata"
    for mark in marks.rglob("*"):
        if mark.is_file():
            name = "".join(part.removeprefix("@") for part in mark.relative_to(marks).parts)
            record = json.loads(mark.read_text())
            rule_of[base64.urlsafe_b64decode(name).decode()] = record["rule"]
            spent[record["rule"]] = max(
                spent[record["rule"]], record["endtime"] - record["starttime"]
            )
    return Whole(seconds, digests(work), rule_of, dict(spent))


@dataclass
class Campaign:
    """What the kills have hit and found so far."""

    work: Path
    cores: int
    whole: Whole
    rng: random.Random
    kills: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    groups: list[int] = field(default_factory=list)

    def rules(self, outputs: set[str]) -> set[str]:
        """Rules of outputs."""
        return {self.whole.rule_of.get(output, f"rule of {output}") for output in outputs}

    def unhit(self) -> set[str]:
        """Rules no kill has hit."""
        return set(self.whole.lasts) - set(self.hits)

    def wait_for_moment(self, run: subprocess.Popen[bytes], began: float) -> None:
        """Sleep until the moment of the kill, or the end of the run."""
        draw = self.rng.random()
        seconds = self.rng.uniform(0, self.whole.seconds / 8)
        wanted = self.unhit() if draw < 0.4 else set()
        if draw < 0.8 and not wanted:  # from the first job on, else from the start on
            wanted = set(self.whole.lasts)
        until = time.monotonic() + seconds
        while run.poll() is None and (wanted or time.monotonic() < until):
            time.sleep(LOOK_EVERY)
            if wanted and (hit := wanted & self.rules(started_jobs(self.work, began))):
                longest = self.whole.lasts[min(hit)] if draw < 0.4 else self.whole.seconds / 8
                until = time.monotonic() + self.rng.uniform(0, longest)
                wanted = set()

    def kill(self) -> int | None:
        """Start or go on, kill; the exit code when the run came to its end before."""
        began = time.time()
        run = start(self.work, self.cores, self.work / "killed.log")
        self.groups.append(run.pid)
        self.wait_for_moment(run, began)
        if run.poll() is not None:
            return run.returncode
        running = self.rules(started_jobs(self.work, began))
        is_alone = self.rng.random() < 0.5
        run.kill() if is_alone else os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        self.kills += 1
        self.hits.update(running)
        self.tell(is_alone, time.time() - began, running)
        return None

    def tell(self, is_alone: bool, seconds: float, running: set[str]) -> None:
        """One line per kill: what was running, how far the run was, and what is not whole."""
        found = digests(self.work)
        unfinished = started_jobs(self.work)
        wrong = sorted(
            name for name, digest in found.items()
            if digest != self.whole.results.get(name) and not is_excused(name, unfinished)
        )  # fmt: skip
        self.broken += bool(wrong)
        there = len(self.whole.results.keys() & found.keys()) / len(self.whole.results)
        print(
            f"kill {self.kills} of the {'main process' if is_alone else 'process group'} after "
            f"{seconds:.1f} s, {there:.0%} of the results there, running: "
            f"{', '.join(sorted(running)) or 'no job'}; {len(wrong)} results broken "
            f"{', '.join(wrong[:5])}".rstrip(),
            flush=True,
        )

    def finish(self, *, is_done: bool) -> bool:
        """Let the run end in peace; whether every byte is as in the undisturbed run."""
        code = 0
        if not is_done:
            run = start(self.work, self.cores, self.work / "last.log")
            code = run.wait()
        for group in self.groups:  # jobs left behind by kills of Snakemake alone
            end_group(group)
        found = digests(self.work)
        names = sorted(self.whole.results.keys() | found.keys())
        wrong = [name for name in names if self.whole.results.get(name) != found.get(name)]
        print(f"run ends with exit {code}; {len(wrong)} of {len(names)} results differ", *wrong[:5])
        return code == 0 and not wrong


def is_excused(name: str, unfinished: set[str]) -> bool:
    """Whether a file is of a job that is not done, or carries a temporary name."""
    path = Path(name)
    hidden = any(part.startswith(".") for part in path.relative_to(RESULTS).parts)
    return hidden or any(str(place) in unfinished for place in (path, *path.parents))


def end_group(group: int) -> None:
    """Wait for the rest of a process group; end what still runs after a minute."""
    for _ in range(60):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(1)
    os.killpg(group, signal.SIGKILL)


def main() -> int:
    """Run the campaign; the exit code is 1 when any result differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--patients", type=int, default=2)
    parser.add_argument("--per-run", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "demo").is_dir():
        make_cohort(work, arguments.patients)
    whole = undisturbed(work, arguments.cores)
    print(f"undisturbed: {whole.seconds:.0f} s, {len(whole.results)} results, "
          f"{len(whole.lasts)} rules", flush=True)  # fmt: skip
    campaign = Campaign(work, arguments.cores, whole, random.Random(arguments.seed))
    runs = alike = 0
    while campaign.kills < arguments.kills:
        clean(work)
        last = min(campaign.kills + arguments.per_run, arguments.kills)
        code = None
        while code is None and campaign.kills < last:
            code = campaign.kill()
        if code:
            print(f"a start ended with exit {code}: see killed.log", flush=True)
        runs += 1
        alike += campaign.finish(is_done=code == 0)
    print(f"{campaign.kills} kills in {runs} runs: {campaign.broken} left a broken result, "
          f"{alike} of {runs} runs ended with identical results")  # fmt: skip
    print("rules hit:", ", ".join(f"{rule} {n}" for rule, n in sorted(campaign.hits.items())))
    print("rules not hit:", ", ".join(sorted(campaign.unhit())) or "none")
    return int(campaign.broken > 0 or alike < runs)


if __name__ == "__main__":
    sys.exit(main())
