"""Run the benchmarks and write docs/benchmarks.md: commands, what was measured, how to read it.

    python benchmarks/run.py [--only variants flt3_itd] [--reference demo/reference]
        [--genome GRCh38.fa --annotation genes.gtf]

Sections of benchmarks that are not run stay as they are; so does that of FLT3-ITD, measured on the
real gene, where no genome is given. How a figure compares with what is wanted is said in
benchmarks/notes/NAME.md, which stands above the figures.
"""

import argparse
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import plots

ROOT = Path(__file__).resolve().parents[1]
NOTES = ROOT / "benchmarks" / "notes"
PAGE = ROOT / "docs" / "benchmarks.md"
TITLES = {
    "variants": "Paired variants",
    "flt3_itd": "FLT3-ITD",
    "mirna": "miRNA",
    "expression": "Expression and pathways",
    "dag": "Planning a cohort",
    "cohort": "Tables and pages of a cohort",
    "overhead": "Start-up",
    "size": "A pair at size",
}
INTRODUCTION = """# How accurate, how fast

Every figure comes from a script in `benchmarks/`, on data simulated with a known truth; the command
stands above it. `python benchmarks/run.py` makes this page again. Misses are shown like hits.
"""


def options(name: str, reference: Path, genome: list[str], out: Path) -> list[str]:
    """Arguments of one benchmark; `genome` holds those that name genome and annotation."""
    if name == "mirna":
        files = ("--matures", "mature.fa"), ("--hairpins", "hairpin.fa")
        chosen = [word for option, file in files for word in (option, str(reference / file))]
        return [*chosen, "--reads", "200000", "--out", str(out)]
    if name == "expression":
        return ["--out", str(out)]
    return genome if name == "flt3_itd" else []


def section(name: str, reference: Path, genome: list[str]) -> str:
    """Run one benchmark; returns its part of the page.

    Raises:
        RuntimeError: the benchmark failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"{name}.json"
        command = [f"benchmarks/{name}.py", *options(name, reference, genome, out)]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        minutes = (time.perf_counter() - began) / 60
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip()[-400:]}")
        printed = done.stdout or out.read_text(encoding="utf-8")
    shown = shlex.join(["python", *command]).replace(str(out), out.name)
    return written(name, shown, printed, f"{minutes:.1f} minutes, {os.cpu_count()} processors")


def written(name: str, command: str, printed: str, effort: str) -> str:
    """A section of the page."""
    note = NOTES / f"{name}.md"
    remarks = note.read_text(encoding="utf-8").strip() + "\n\n" if note.exists() else ""
    effort = f"{effort}, Python {platform.python_version()}"
    return f"## {TITLES[name]}\n\n{remarks}    {command}\n\n({effort})\n\n{as_tables(printed)}\n"


def as_tables(printed: str) -> str:
    """Markdown of what a benchmark prints: tab-separated lines become tables.

    Remarks (`# ...`) between the rows of a table stand below it.
    """
    blocks = re.split(r"\n(?=## )", printed.strip())
    return "\n\n".join(_block(block.strip().splitlines()) for block in blocks)


def _block(lines: list[str]) -> str:
    rows = [line.split("\t") for line in lines if "\t" in line]
    others = [line for line in lines if "\t" not in line and line.strip()]
    head = [line for line in others if not line.startswith("# ")]
    text = [f"#{line}" if line.startswith("## ") else line for line in head]
    if rows:
        table = [f"| {' | '.join(row)} |" for row in rows]
        table.insert(1, "|---" * len(rows[0]) + "|")
        text.append("\n".join(table))
    remarks = [f"- {line.removeprefix('# ')}" for line in others if line.startswith("# ")]
    return "\n\n".join([*text, "\n".join(remarks)]).strip()


def sections_of(page: str) -> dict[str, str]:
    """Benchmark -> its section of a page written before."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    by_title = {part.split("\n", 1)[0].removeprefix("## "): part for part in parts[1:]}
    return {name: by_title[title] for name, title in TITLES.items() if title in by_title}


def with_figure(title: str, section: str) -> str:
    """The section with its figure at the end, where one is drawn of its tables."""
    if title not in plots.FIGURES:
        return section.strip()
    name, draw = plots.FIGURES[title]
    link = f"![{' '.join((draw.__doc__ or '').split())}](images/bench_{name}.svg)"
    return f"{section.replace(link, '').strip()}\n\n{link}"


def main() -> None:
    """Run what is asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(TITLES), default=list(TITLES))
    parser.add_argument("--reference", type=Path, default=Path("demo/reference"))
    parser.add_argument("--genome", default="", help="FASTA that holds FLT3")
    parser.add_argument("--annotation", default="", help="GTF of the genome")
    arguments = parser.parse_args()
    genome = ["--genome", arguments.genome, "--annotation", arguments.annotation]
    given = bool(arguments.genome and arguments.annotation)
    known = sections_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    for name in arguments.only:
        if name == "flt3_itd" and name in known and not given:
            print("FLT3-ITD is left as it is: give --genome and --annotation to measure it again")
            continue
        known[name] = section(name, arguments.reference, genome if given else [])
    parts = [with_figure(TITLES[name], known[name]) for name in TITLES if name in known]
    PAGE.write_text("\n\n".join([INTRODUCTION.strip(), *parts]) + "\n", encoding="utf-8")
    plots.main()


if __name__ == "__main__":
    main()
