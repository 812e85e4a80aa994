"""Run the benchmarks and write docs/benchmarks.md: commands, what was measured, how to read it.

    python benchmarks/run.py [--only variants flt3_itd] [--reference demo/reference]
        [--genome GRCh38.fa --annotation genes.gtf] [--mirbase FOLDER] [--arrays FOLDER]
        [--peers VENV] [--quick]

Sections of benchmarks that are not run stay as they are; so do those of FLT3-ITD and of miRNA,
measured on the real gene and on miRBase, where these are not given. Public tools that are no part
of our environment are measured beside ours where `--peers` names an environment with gseapy and
mirtop (`make bench` makes it) and bowtie is installed. How a figure compares with what is wanted is
said in benchmarks/notes/NAME.md, which stands above the figures. `--quick` runs everything at its
smallest, to see that it works, and prints the page instead of writing it.
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
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


REAL = {"flt3_itd": "genome", "mirna": "mirbase"}  # section -> the option that names real sequences
QUICK = {
    "variants.py": "--loci 300 --repeats 1 --pairs 2 --speed-loci 2000",
    "variant_reads.py": "--seeds 1",
    "flt3_itd.py": "--libraries 4 --wild-type 4",
    "flt3_itd_tumours.py": "--libraries 1",
    "mirna.py": "--reads 20000",
    "mirna_oracle.py": "--reads 20000",
    "expression.py": "--repeats 2",
    "score_peers.py": "--samples 20",
    "dag.py": "--patients 2 4",
    "cohort.py": "--patients 10 --genes 500",
    "size.py": "--pairs 0.1x10",
}


def commands(name: str, arguments: argparse.Namespace) -> list[str]:
    """Scripts of one section with their options."""
    results = arguments.reference.parent / "results"
    fasta = arguments.genome or arguments.reference / "genome.fa"
    genome = f"--genome {fasta} --annotation {arguments.annotation or fasta.with_suffix('.gtf')}"
    found = {
        "variants": [
            "variants.py --only counts",
            "variants.py --only change",
            "variant_reads.py --only callers",
            "variant_reads.py --only speed",
        ],
        "flt3_itd": [f"flt3_itd.py {genome}", f"flt3_itd_tumours.py {genome}"],
        "mirna": [mirna(arguments), f"mirna_oracle.py {sequences(arguments)} --seeds 201"],
        "expression": [expression(arguments), scores(arguments)],
        "cohort": [
            f"cohort.py --results {results} --patients 100 1000 --genes 0",
            f"cohort.py --results {results} --patients 50 100 --genes 15000",
        ],
    }.get(name, [f"{name}.py"])
    if arguments.quick:
        found = [f"{command} {QUICK.get(command.split()[0], '')}".strip() for command in found]
    return list(dict.fromkeys(found))


def sequences(arguments: argparse.Namespace) -> str:
    """Options that name the FASTA files of miRNA."""
    folder = arguments.mirbase or arguments.reference
    matures, hairpins = (
        min(folder.glob(f"*{name}*.fa"), default="") for name in ("mature", "hairpin")
    )
    return f"--matures {matures} --hairpins {hairpins}"


def mirna(arguments: argparse.Namespace) -> str:
    """miRNA, beside bowtie and mirtop where they are there."""
    command = f"mirna.py {sequences(arguments)}"
    gff3 = min((arguments.mirbase or arguments.reference).glob("*.gff3"), default="")
    bowtie = shutil.which("bowtie")
    if not (arguments.peers and bowtie and gff3):
        return command
    beside = f"--mirtop-python {arguments.peers}/bin/python --bowtie {Path(bowtie).parent}"
    return f"{command} {beside} --gff3 {gff3}"


def expression(arguments: argparse.Namespace) -> str:
    """Expression, with the leukemias where they are there."""
    return f"expression.py --arrays {arguments.arrays}" if arguments.arrays else "expression.py"


def scores(arguments: argparse.Namespace) -> str:
    """Gene-set scores beside decoupler, and gseapy where it is there."""
    python = f" --gseapy-python {arguments.peers}/bin/python" if arguments.peers else ""
    return f"score_peers.py{python}"


def section(name: str, arguments: argparse.Namespace) -> str:
    """Run the scripts of one section; returns its part of the page.

    Raises:
        RuntimeError: one of them failed.
    """
    began, shown, printed = time.perf_counter(), [], []
    for command in commands(name, arguments):
        print(f"{TITLES[name]}: {command}", file=sys.stderr, flush=True)
        words = [sys.executable, *shlex.split(f"benchmarks/{command}")]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr.strip()[-400:]}")
        shown.append(f"    python benchmarks/{command}")
        printed.append(done.stdout.strip())
    minutes = (time.perf_counter() - began) / 60
    effort = f"{minutes:.1f} minutes, {os.cpu_count()} processors"
    return written(name, "\n".join(shown), "\n\n".join(printed), effort)


def written(name: str, shown: str, printed: str, effort: str) -> str:
    """A section of the page."""
    note = NOTES / f"{name}.md"
    remarks = note.read_text(encoding="utf-8").strip() + "\n\n" if note.exists() else ""
    effort = f"{effort}, Python {platform.python_version()}"
    return f"## {TITLES[name]}\n\n{remarks}{shown}\n\n({effort})\n\n{as_tables(printed)}\n"


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
    arguments = parsed()
    for name in arguments.only:
        needed = REAL.get(name)
        if needed and not (getattr(arguments, needed) or arguments.quick):
            print(f"{TITLES[name]} is left as it is: give --{needed} to measure it again")
        elif arguments.quick:
            print(section(name, arguments), flush=True)
        else:
            save(name, section(name, arguments))
    if not arguments.quick:
        plots.main()


def parsed() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(TITLES), default=list(TITLES))
    parser.add_argument("--reference", type=Path, default=Path("demo/reference"))
    parser.add_argument("--genome", type=Path, help="FASTA that holds the real FLT3")
    parser.add_argument("--annotation", help="GTF of the genome; default beside it")
    parser.add_argument("--mirbase", type=Path, help="folder of mature.fa, hairpin.fa, hsa.gff3")
    parser.add_argument("--arrays", help="folder of the ALL and AML arrays, see expression.py")
    parser.add_argument("--peers", default="", help="environment with gseapy and mirtop")
    parser.add_argument("--quick", action="store_true", help="all at its smallest, only printed")
    return parser.parse_args()


def save(name: str, measured: str) -> None:
    """Put one section in its place; the page may have changed while it was measured."""
    known = sections_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    known[name] = measured
    parts = [with_figure(TITLES[name], known[name]) for name in TITLES if name in known]
    PAGE.write_text("\n\n".join([INTRODUCTION.strip(), *parts]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
