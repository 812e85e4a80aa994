"""What the tables and pages of a cohort cost, by its size.

    python benchmarks/cohort.py [--results demo/results] [--patients 10 100 300] [--genes 15000]

The patients of a finished run (`make demo`) are copied under new names, so every table is of the
kind that a run leaves. The simulated genome has few genes; `--genes` repeats the rows of the
expression tables up to the number of genes seen in a real library. How long the cohort's page takes
to open in a headless Chromium, until its second frame, is told where there is one; by the clock it
depends on what else the machine does.
"""

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
COPIED = {".tsv", ".maf", ".json", ".svg", ".html"}
OPENINGS = 9
SECOND_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
BY_GENE = {"expression.tsv": ("sample", "gene"), "expression_change.tsv": ("comparison", "gene")}


@dataclass(frozen=True)
class Cost:
    """Processor seconds, highest memory in MB."""

    seconds: float
    memory: float


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("demo/results"))
    parser.add_argument("--patients", nargs="+", type=int, default=[10, 100, 300])
    parser.add_argument("--genes", type=int, default=15_000)
    arguments = parser.parse_args()
    print(
        f"## {arguments.genes:,} genes\n"
        if arguments.genes
        else "## As simulated, some 500 genes\n"
    )
    print("patients\tjob\tprocessor s\tmemory MB\twritten MB", flush=True)
    for number in arguments.patients:
        with tempfile.TemporaryDirectory() as folder:
            names = copy_patients(arguments.results, Path(folder), number, arguments.genes)
            measure(Path(folder), names)


def copy_patients(finished: Path, results: Path, number: int, genes: int) -> list[str]:
    """A cohort of `number` patients made of those that are finished; returns their names."""
    sources = sorted(path.parents[1].name for path in finished.glob("*/evidence/evidence.tsv"))
    names = [f"P{index:04d}" for index in range(number)]
    for index, name in enumerate(names):
        source = sources[index % len(sources)]
        for top in ("", "benchmarks"):
            copy_tree(finished / top / source, results / top / name, source, name, genes)
    (results / "provenance.json").write_bytes((finished / "provenance.json").read_bytes())
    return names


def copy_tree(source: Path, target: Path, old: str, new: str, genes: int) -> None:
    """Copy tables and pages with the patient's name replaced."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.suffix in COPIED and "alignment" not in path.parts:
            inside = Path(str(path.relative_to(source)).replace(old, new))
            text = path.read_text(encoding="utf-8").replace(old, new)
            if path.name in BY_GENE and path.parent.name == "expression":
                group, gene = BY_GENE[path.name]
                text = "".join(repeated(text.splitlines(keepends=True), group, gene, genes))
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            # Pages are only linked: a small one stands for them.
            (target / inside).write_text(text if path.suffix != ".html" else "<!doctype html>")


def repeated(lines: list[str], group: str, gene: str, genes: int) -> Iterable[str]:
    """Lines of a table whose genes are repeated under new names, up to `genes` per group."""
    header = lines[0].rstrip("\n").split("\t")
    yield lines[0]
    by_group: dict[str, list[list[str]]] = {}
    for line in lines[1:]:
        cells = line.split("\t")
        by_group.setdefault(cells[header.index(group)], []).append(cells)
    place = header.index(gene)
    for rows in by_group.values():
        for number in range(max(len(rows), genes)):
            cells = list(rows[number % len(rows)])
            copy = number // len(rows)
            cells[place] += f"-{copy}" if copy else ""
            yield "\t".join(cells)


def measure(results: Path, names: list[str]) -> None:
    """Run the jobs of the cohort and print a row for each."""
    results = results.resolve()
    cohort, content = results / "cohort", results / "cohort/multiqc_content"
    common = ["--results", str(results), "--patients", *names]
    provenance = ["--provenance", str(results / "provenance.json")]
    page, multiqc = cohort / "report.html", cohort / "multiqc.html"
    python = [sys.executable, "-m", "amlresist"]
    benchmarks = ["--benchmarks", str(results / "benchmarks")]
    shown = [f"--config={content}/multiqc_config.yaml", f"--filename={multiqc}", str(content)]
    jobs = {
        "tables": [*python, "cohort", *common, f"--out-dir={cohort}"],
        "page": [*python, "report", "cohort", *common, *provenance, f"--out={page}"],
        "MultiQC's tables": [
            *(*python, "report", "multiqc", *common, *benchmarks, f"--out-dir={content}")
        ],
        "MultiQC": ["multiqc", "--force", "--quiet", "--no-data-dir", *shown],
        "exports": [*python, "export", *common, *provenance, f"--out-dir={cohort}/exports"],
    }
    for job, command in jobs.items():
        before = size_of(cohort)
        cost = run(command)
        written = (size_of(cohort) - before) / 1e6
        row = f"{len(names)}\t{job}\t{cost.seconds:.1f}\t{cost.memory:.0f}\t{written:.1f}"
        print(row, flush=True)
    if opened := openings(page):
        wall, processor = (statistics.median(seconds) for seconds in zip(*opened, strict=True))
        print(
            f"# {len(names)} patients: the page of {page.stat().st_size / 1e6:.1f} MB opens in"
            f" {wall:.2f} s by the clock, with {processor:.2f} processor s (medians of {OPENINGS})",
            flush=True,
        )


def openings(page: Path) -> list[tuple[float, float]]:
    """Wall seconds, and processor seconds of all of Chromium's processes, to open a page.

    None where there is no Chromium.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(OPENINGS):
            tab = browser.new_page(viewport={"width": 1400, "height": 900})
            before, began = processor_seconds(), time.perf_counter()
            tab.goto(page.as_uri())
            tab.evaluate(SECOND_FRAME)
            wall = time.perf_counter() - began
            seconds.append((wall, processor_seconds() - before))
            tab.close()
        browser.close()
    return seconds


def processor_seconds() -> float:
    """Of all processes that this one started and that run."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run(command: list[str]) -> Cost:
    """Run a command; tells what it took.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        if process.returncode:
            text = re.sub(r"\s+", " ", told.read().decode()[-2000:])
            raise RuntimeError(f"{' '.join(command[:5])}: {text}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
