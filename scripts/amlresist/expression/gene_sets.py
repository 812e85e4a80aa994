"""Gene sets: the shipped themes, GMT files and weighted networks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amlresist.errors import InputError, Problem
from amlresist.expression.genes import GeneNames
from amlresist.expression.measured import Floats
from amlresist.inputs.text import lines_of
from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table

THEMES = RESOURCES / "gene_sets" / "themes.tsv"
THEME_GENES = RESOURCES / "gene_sets" / "theme_genes.tsv"


@dataclass(frozen=True)
class GeneSet:
    """A set of genes that speaks for a process.

    Attributes:
        name: of the set.
        mechanism: mechanism of the review it speaks for, "" for none.
        source: where it comes from, with its licence.
        genes: symbols, sorted.
        weights: per gene; 1 goes with the process, -1 against it; any size in a network.
    """

    name: str
    mechanism: str
    source: str
    genes: tuple[str, ...]
    weights: Floats


@dataclass(frozen=True, slots=True)
class Theme:
    """`themes.tsv`: one row per shipped gene set."""

    pathway: str = column("name of the set")
    mechanism: str = column("mechanisms of the review it speaks for, joined by ;")
    title: str = column("what the set stands for")
    source: str = column("pathway identifiers and publications")
    licence: str = column("licence of the list")
    note: str = column("limits")


@dataclass(frozen=True, slots=True)
class ThemeGene:
    """`theme_genes.tsv`: one row per gene of a shipped set."""

    pathway: str = column("name of the set")
    gene: str = column("HGNC symbol")
    weight: float = column("1: more of it means more of the process; -1: less")


def shipped_themes() -> list[GeneSet]:
    """The themes of the review."""
    members: dict[str, dict[str, float]] = defaultdict(dict)
    for row in read_table(THEME_GENES, ThemeGene):
        members[row.pathway][row.gene] = row.weight
    return [
        _gene_set(
            theme.pathway,
            members[theme.pathway],
            f"{theme.source} ({theme.licence})",
            theme.mechanism,
        )
        for theme in read_table(THEMES, Theme)
    ]


def read_gmt(path: Path | str, names: GeneNames) -> list[GeneSet]:
    """Gene sets of a GMT file: name, description, genes; genes in any naming the product knows.

    Raises:
        InputError: the file is missing, a line is no set, or a name comes twice.
    """
    sets: dict[str, GeneSet] = {}
    for number, line in _lines(path, "gene-set file"):
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < 3 or not cells[0] or cells[0] in sets:
            raise InputError(
                Problem(
                    str(path),
                    f"line {number}",
                    cells[0],
                    "not a gene set of its own: name, description and genes, tab-separated",
                    "Give a GMT file in which each name comes once.",
                )
            )
        genes = {names.resolve(cell).gene: 1.0 for cell in cells[2:] if cell}
        sets[cells[0]] = _gene_set(cells[0], genes, Path(path).name)
    return list(sets.values())


def read_network(path: Path | str, names: GeneNames) -> list[GeneSet]:
    """Weighted gene sets of a TSV or CSV with the columns source, target and weight.

    `pathway` or `tf` may stand for source and `gene` for target, as in PROGENy and CollecTRI.

    Raises:
        InputError: a column is missing, a weight is not a number other than zero, or a pair has
            two weights.
    """
    lines = list(_lines(path, "network"))
    separator = "\t" if lines and "\t" in lines[0][1] else ","
    header = (
        [cell.strip().strip('"').lower() for cell in lines[0][1].split(separator)] if lines else []
    )
    places = [
        _column(path, header, options)
        for options in (("source", "pathway", "tf"), ("target", "gene"), ("weight", "mor"))
    ]
    members: dict[str, dict[str, float]] = defaultdict(dict)
    written: dict[tuple[str, str], float] = {}
    for number, line in lines[1:]:
        cells = [cell.strip().strip('"') for cell in line.split(separator)]
        try:
            source, target, text = (cells[place] for place in places)
            weight = float(text)
        except (IndexError, ValueError):
            weight = 0.0
        if not np.isfinite(weight) or weight == 0:
            raise InputError(
                Problem(
                    str(path), f"line {number}", line, "no weight", "Give source, target, weight."
                )
            )
        if written.setdefault((source, target), weight) != weight:
            message, remedy = "source and target stand twice with two weights", "Keep one."
            raise InputError(Problem(str(path), f"line {number}", line, message, remedy))
        members[source][names.resolve(target).gene] = weight
    return [_gene_set(name, genes, Path(path).name) for name, genes in members.items()]


def load_gene_sets(
    gmt_paths: Iterable[str], network_paths: Iterable[str], names: GeneNames
) -> list[GeneSet]:
    """The shipped themes, then the user's sets; a name that comes twice is refused."""
    sets = shipped_themes()
    origin = dict.fromkeys((s.name for s in sets), "the shipped themes")
    for path, read in [(p, read_gmt) for p in gmt_paths] + [
        (p, read_network) for p in network_paths
    ]:
        for gene_set in read(path, names):
            if gene_set.name in origin:
                raise InputError(
                    Problem(
                        path,
                        "",
                        gene_set.name,
                        f"a gene set of this name is already in {origin[gene_set.name]}",
                        "Rename one of them.",
                    )
                )
            origin[gene_set.name] = path
            sets.append(gene_set)
    return sets


def members_in(
    gene_set: GeneSet, place_of: Mapping[str, int]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats, list[str]]:
    """(places in the data, weights, symbols) of the set's genes that the data have."""
    found = [
        (place_of[gene], weight, gene)
        for gene, weight in zip(gene_set.genes, gene_set.weights, strict=True)
        if gene in place_of
    ]
    places = np.array([place for place, _, _ in found], dtype=np.intp)
    weights = np.array([weight for _, weight, _ in found], dtype=np.float64)
    return places, weights, [gene for _, _, gene in found]


def _gene_set(name: str, genes: Mapping[str, float], source: str, mechanism: str = "") -> GeneSet:
    ordered = tuple(sorted(genes))
    return GeneSet(name, mechanism, source, ordered, np.array([genes[gene] for gene in ordered]))


def _column(path: Path | str, header: Sequence[str], options: tuple[str, ...]) -> int:
    for option in options:
        if option in header:
            return header.index(option)
    raise InputError(
        Problem(
            str(path),
            "header",
            options[0],
            "column is missing",
            f"Name a column {' or '.join(options)}.",
        )
    )


def _lines(path: Path | str, what: str) -> list[tuple[int, str]]:
    if not Path(path).is_file():
        raise InputError(Problem(str(path), "", "", f"{what} not found", "Correct the path."))
    return [
        (line.number, line.text)
        for line in lines_of(str(path))
        if line.text.strip() and not line.text.startswith("#")
    ]
