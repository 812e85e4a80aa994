"""Draw what the tables of docs/benchmarks.md say, one figure per section, into docs/images.

    python benchmarks/plots.py

The figures are made from the page itself, so that they cannot say anything else than its tables.
"""

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"
# Distinguishable without colour vision (Okabe and Ito).
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
MARKS = "os^DvP"
WANTED = {"color": "#777777", "linewidth": 0.8, "linestyle": "--"}
Tables = dict[str, pd.DataFrame]


def main() -> None:
    """Draw every figure whose tables the page holds."""
    matplotlib.use("svg")
    # Same tables, same bytes.
    matplotlib.rcParams.update({"svg.hashsalt": "amlresist", "svg.fonttype": "none"})
    matplotlib.rcParams.update({"font.size": 9, "axes.spines.top": False})
    matplotlib.rcParams.update({"axes.spines.right": False})
    sections = sections_of(PAGE.read_text(encoding="utf-8"))
    for title, (name, draw) in FIGURES.items():
        figure = draw(sections[title])
        figure.tight_layout()
        figure.savefig(IMAGES / f"bench_{name}.svg", metadata={"Date": None})
        plt.close(figure)


def sections_of(page: str) -> dict[str, Tables]:
    """Title of a section -> heading of a table -> the table; a table without one is ""."""
    return {
        part.split("\n", 1)[0]: _tables(part)
        for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    }


def _tables(section: str) -> Tables:
    found = {}
    for part in re.split(r"^### ", section, flags=re.MULTILINE):
        rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line[:1] == "|"]
        if len(rows) > 2:
            heading = part.split("\n", 1)[0] if part is not section else ""
            width = len(rows[0])
            body = [(row + [""] * width)[:width] for row in rows[2:]]
            table = pd.DataFrame(body, columns=rows[0])
            key = heading if f"### {heading}" in section else ""
            found[key] = table.apply(_numbers)
    return found


def _numbers(column: "pd.Series[str]") -> "pd.Series[float] | pd.Series[str]":
    numbers = pd.to_numeric(column.str.replace(",", ""), errors="coerce")
    return column if numbers.isna().all() else numbers


def variants(tables: Tables) -> plt.Figure:
    """Wrong `acquired` and `lost` of each rule, at both depths and in both mixes."""
    table = tables["Labels, counts"]
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
    table = table[table["class"] == "acquired"]
    for axis, (mix, rows) in zip(axes, table.groupby("mix"), strict=True):
        for colour, mark, (rule, own) in zip(COLOURS, MARKS, rows.groupby("rule"), strict=False):
            axis.plot(own["recall_%"], own["wrong_%"].clip(lower=0.01), mark, c=colour, label=rule)
            for _, row in own.iterrows():
                place = row["recall_%"], max(row["wrong_%"], 0.01)
                axis.annotate(f" {row['depth']:.0f}x", place, fontsize=7)
        axis.axhline(0.5, **WANTED)
        axis.axhline(0.1, **WANTED)
        axis.set(title=f"mix: {mix}", xlabel="recall of acquired, %", yscale="log")
    axes[0].set_ylabel("wrong among acquired, %")
    axes[0].legend(frameon=False)
    return figure


def flt3_itd(tables: Tables) -> plt.Figure:
    """Found over true VAF by length, one panel per VAF."""
    table = tables["Lengths and VAFs, 0.2 % error"]
    table = table[pd.to_numeric(table["clones"], errors="coerce") == 1]
    vafs = sorted(table["VAF"].unique())
    figure, axes = plt.subplots(1, len(vafs), figsize=(9, 3))
    for axis, vaf in zip(axes, vafs, strict=True):
        own = table[table["VAF"] == vaf]
        _by_series(axis, own, "design", "length", "found / true")
        axis.axhline(1, color="#777777", linewidth=0.8)
        if vaf == 0.5:
            axis.axhline(0.95, **WANTED)
            axis.axhline(1.05, **WANTED)
        axis.set(title=f"VAF {vaf:g}", xlabel="ITD length, bp")
    axes[0].set_ylabel("found VAF / true VAF")
    axes[-1].legend(frameon=False, fontsize=7)
    return figure


def mirna(tables: Tables) -> plt.Figure:
    """Largest error of a member of each family, per library."""
    table = tables["Families, largest error of a member"]
    families = [name for name in table.columns if name not in ("seed", "design")]
    figure, axis = plt.subplots(figsize=(6, 3))
    for colour, mark, (design, rows) in zip(COLOURS, MARKS, table.groupby("design"), strict=False):
        for place, family in enumerate(families):
            label = f"simulator: {design}" if place == 0 else None
            errors = 100 * rows[family].astype(float)
            axis.plot([place] * len(rows), errors, mark, c=colour, label=label, alpha=0.7)
    axis.axhline(2, **WANTED)
    axis.set_xticks(range(len(families)), families)
    axis.set_ylabel("largest error of a member, %")
    axis.legend(frameon=False)
    return figure


def expression(tables: Tables) -> plt.Figure:
    """Recall and false share of each score at both planted shifts."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 3), sharey=True)
    shifts = [name for name in tables if name.startswith("shift")]
    for axis, shift in zip(axes, shifts, strict=False):
        values = tables[shift].set_index("figure")["value"].astype(float)
        methods = list(dict.fromkeys(name.split(" ")[0] for name in values.index))
        for place, method in enumerate(methods):
            axis.bar(place - 0.2, values[f"{method} recall"], 0.4, color=COLOURS[0])
            axis.bar(place + 0.2, values[f"{method} false share"], 0.4, color=COLOURS[1])
        axis.axhline(0.9, **WANTED)
        axis.axhline(0.05, **WANTED)
        axis.set_xticks(range(len(methods)), methods)
        axis.set_title(shift)
    axes[0].set_ylabel("blue: recall, orange: false share")
    return figure


def dag(tables: Tables) -> plt.Figure:
    """Processor seconds and memory to plan, by patients."""
    table = tables[""]
    figure, axes = plt.subplots(1, 2, figsize=(7, 3))
    for axis, column, wanted in zip(axes, ("processor s", "memory MB"), (20, 400), strict=True):
        axis.plot(table["patients"], table[column], "o-", color=COLOURS[0])
        axis.plot([1000], [wanted], "_", color=COLOURS[5], markersize=14, markeredgewidth=2)
        axis.annotate("wanted", (1000, wanted), xytext=(6, -10), textcoords="offset points")
        axis.set(xlabel="patients", ylabel=column, ylim=(0, None), xlim=(0, None))
    return figure


def _by_series(axis: Axes, table: pd.DataFrame, series: str, x: str, y: str) -> None:
    for colour, mark, (name, rows) in zip(COLOURS, MARKS, table.groupby(series), strict=False):
        axis.plot(rows[x], rows[y], mark, color=colour, label=name, markersize=4)


FIGURES: dict[str, tuple[str, Callable[[Tables], plt.Figure]]] = {
    "Paired variants": ("variants", variants),
    "FLT3-ITD": ("flt3_itd", flt3_itd),
    "miRNA": ("mirna", mirna),
    "Expression and pathways": ("expression", expression),
    "Planning a cohort": ("dag", dag),
}


if __name__ == "__main__":
    main()
