"""What the cohort's page says: failed and poor patients first, then patterns over the patients."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from amlresist import __version__
from amlresist.cohort.gather import gathered
from amlresist.cohort.records import GeneChange, ItdRecurrence, PatientStatus, ReviewExpectation
from amlresist.evidence.records import MechanismSummary, Status
from amlresist.flt3_itd.records import CloneChange, ItdLibrary, ItdPair
from amlresist.report.axes import Axis, ratio_axis
from amlresist.report.drivers import RankedVariant, driver_genes, rank_variants
from amlresist.report.embedded import EmbeddedTable, embed
from amlresist.report.labels import CHANGES, count_pairs, is_pair
from amlresist.report.plots import Label, place_label
from amlresist.report.render import render
from amlresist.report.results import STATIONS
from amlresist.report.run_times import RunTime
from amlresist.report.settings import Settings
from amlresist.report.sources import gene_set_sources
from amlresist.sheet import DIAGNOSIS, timepoint_rank
from amlresist.tables import read_table
from amlresist.variants.records import PairSummary, VariantChange, VariantClass

Row = TypeVar("Row")
ITD_COLUMN = "FLT3-ITD"
ITD_CLASSES = {
    CloneChange.GAINED: VariantClass.ACQUIRED,
    CloneChange.LOST: VariantClass.LOST,
    CloneChange.EXPANDING: VariantClass.EXPANDING,
    CloneChange.CONTRACTING: VariantClass.CONTRACTING,
    CloneChange.PERSISTENT: VariantClass.STABLE,
    CloneChange.NOT_EVALUABLE: VariantClass.NOT_EVALUABLE,
}
LETTERS = {
    VariantClass.ACQUIRED: "A",
    VariantClass.LOST: "L",
    VariantClass.EXPANDING: "E",
    VariantClass.CONTRACTING: "C",
    VariantClass.STABLE: "S",
    VariantClass.NOT_EVALUABLE: "?",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a matrix: the class that colours it and what it reads."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Patients by genes or mechanisms; a cell that is None is empty."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class RatioPoint:
    """Total FLT3-ITD allelic ratio of one patient at diagnosis and at the first relapse."""

    patient: str
    timepoint: str
    before: float
    after: float
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


def cohort_page(
    results: Path,
    patients: Sequence[str],
    provenance: Any,
    settings: Settings,
    times: Sequence[RunTime] = (),
) -> str:
    """The page as HTML text; run `times` only where they were asked for."""
    ranked = rank_variants(
        gathered(results, patients, "variants", "variants.tsv", VariantChange),
        driver_genes(settings.extra_driver_genes),
    )
    drivers = [variant for variant in ranked if variant.is_driver]
    counts = first_comparisons(count_pairs(variant.row for variant in ranked))
    pairs = gathered(results, patients, "flt3_itd", "flt3_itd_pairs.tsv", ItdPair)
    libraries = gathered(results, patients, "flt3_itd", "flt3_itd.tsv", ItdLibrary)
    mechanisms = gathered(results, patients, "evidence", "mechanisms.tsv", MechanismSummary)
    summaries = gathered(results, patients, "variants", "variant_summary.tsv", PairSummary)
    tables = _cohort_tables(results / "cohort")
    statuses = tables.get(PatientStatus, [])
    order = [row.patient for row in statuses] or list(patients)
    axis = ratio_axis(56, 400, [row.total_allelic_ratio for row in libraries])
    content = {
        "version": __version__,
        "title": "AML cohort at diagnosis and relapse",
        "subject": "cohort",
        "patients": order,
        "statuses": statuses,
        "has_page": {name: _page(results, name).is_file() for name in order},
        "status_counts": Counter(row.status for row in statuses),
        "summaries": {(row.patient, row.comparison): row for row in summaries},
        "counts": counts,
        "totals": _totals(counts, summaries),
        "oncoprint": oncoprint(order, drivers, pairs),
        "mechanisms": mechanism_matrix(order, mechanisms),
        "letters": {label.value: letter for label, letter in LETTERS.items()},
        "gene_changes": _most_changed(tables.get(GeneChange, [])),
        "expectations": tables.get(ReviewExpectation, []),
        "recurrences": tables.get(ItdRecurrence, []),
        "gathered": {record.__name__ for record in tables},
        "ratio_axis": axis,
        "ratio_y": Axis(360, 16, axis.low, axis.high, axis.power, axis.ticks),
        "ratios": ratio_points(libraries, axis),
        "changes": CHANGES,
        "statuses_of_claims": tuple(Status),
        "stations": STATIONS,
        "settings": settings,
        "provenance": provenance,
        "times": times,
        "themes": gene_set_sources(),
    }
    embedded = _embedded(tables, drivers, mechanisms, libraries, settings.max_rows)
    data = {"tables": {table.name: table.text for table in embedded}}
    return render("cohort.html.j2", {**content, "embedded": embedded, "data": data})


def first_comparisons(
    counts: Mapping[tuple[str, str], Counter[VariantClass]],
) -> dict[tuple[str, str], Counter[VariantClass]]:
    """Only the earliest comparison of each patient, so that a patient counts once."""
    kept: dict[str, tuple[str, str]] = {}
    for key in sorted(counts, key=lambda key: (key[0], _time_order(key[1]))):
        kept.setdefault(key[0], key)
    return {key: counts[key] for key in kept.values()}


def oncoprint(
    patients: Sequence[str], drivers: Sequence[RankedVariant], pairs: Sequence[ItdPair]
) -> Matrix:
    """Patients by driver genes, FLT3-ITD first; the first comparison of a patient counts."""
    labels: dict[tuple[str, str], list[VariantClass]] = {}
    first = _first_comparisons([v.row for v in drivers], pairs)
    for variant in drivers:
        if variant.row.comparison == first[variant.row.patient]:
            key = variant.row.patient, variant.row.gene or variant.name
            labels.setdefault(key, []).append(variant.row.variant_class)
    alone = {patient for patient, name in first.items() if not is_pair(name)}
    with_dna = {pair.patient for pair in pairs if pair.assay == "dna"}
    for pair in pairs:
        if pair.assay != "dna" and pair.patient in with_dna:
            continue  # the same clones, read once more from RNA
        if pair.comparison == first[pair.patient]:
            labels.setdefault((pair.patient, ITD_COLUMN), []).append(ITD_CLASSES[pair.change])
    frequency = Counter(gene for _, gene in labels)
    genes = sorted(frequency, key=lambda gene: (gene != ITD_COLUMN, -frequency[gene], gene))
    return Matrix(
        tuple(genes),
        tuple(
            (p, tuple(_oncoprint_cell(labels.get((p, g), ()), p in alone) for g in genes))
            for p in patients
        ),
    )


def _oncoprint_cell(labels: Sequence[VariantClass], is_alone: bool) -> Cell | None:
    if not labels:
        return None
    if is_alone:
        return Cell("o", "•")
    counts = Counter(labels)
    found = [label for label in LETTERS if counts[label]]
    text = "".join(LETTERS[n] + (str(counts[n]) if counts[n] > 1 else "") for n in found)
    return Cell(found[0].value, text)


def _first_comparisons(
    variants: Sequence[VariantChange], pairs: Sequence[ItdPair]
) -> dict[str, str]:
    names: dict[str, set[str]] = {}
    rows: list[VariantChange | ItdPair] = [*variants, *pairs]
    for row in rows:
        names.setdefault(row.patient, set()).add(row.comparison)
    return {patient: min(found, key=_time_order) for patient, found in names.items()}


def _time_order(comparison: str) -> list[tuple[int, int]]:
    return [timepoint_rank(timepoint) for timepoint in comparison.split(">")]


_STATUS_CELLS = {
    Status.SUPPORTED: Cell("s", "✓"),
    Status.CONTRADICTED: Cell("c", "×"),
    Status.NOT_OBSERVED: Cell("o", "○"),
    Status.NOT_ASSESSED: Cell("n", "–"),
}


def mechanism_matrix(patients: Sequence[str], rows: Sequence[MechanismSummary]) -> Matrix:
    """Patients by mechanisms, in the order of the knowledge table; first comparisons count."""
    columns = tuple(dict.fromkeys(row.mechanism for row in rows))
    cells: dict[tuple[str, str], Cell] = {}
    for row in rows:
        cells.setdefault((row.patient, row.mechanism), _STATUS_CELLS[row.summary])
    return Matrix(
        columns,
        tuple((p, tuple(cells.get((p, column)) for column in columns)) for p in patients),
    )


def ratio_points(libraries: Sequence[ItdLibrary], axis: Axis) -> list[RatioPoint]:
    """Patients with an ITD at diagnosis or first relapse whose DNA gives a ratio at both."""
    ratios: dict[str, dict[str, float]] = {}
    for row in libraries:
        ratio = math.inf if row.no_wild_type else row.total_allelic_ratio
        if row.assay == "dna" and not math.isnan(ratio):
            ratios.setdefault(row.patient, {})[row.timepoint] = ratio
    pairs = []
    for patient, by_time in sorted(ratios.items()):
        relapses = sorted((t for t in by_time if t.startswith("relapse")), key=timepoint_rank)
        if DIAGNOSIS in by_time and relapses:
            before, after = by_time[DIAGNOSIS], by_time[relapses[0]]
            y = Axis(360, 16, axis.low, axis.high, axis.power, ()).at(after)
            if before or after:
                pairs.append((patient, relapses[0], before, after, axis.at(before), y))
    taken: list[Label] = [(x - 6, x + 6, y + 4) for *_, x, y in pairs]
    return [
        RatioPoint(*pair, *place_label(pair[0][:12], *pair[-2:], axis.end - 4, taken))
        for pair in pairs
    ]


_COHORT_TABLES: Mapping[type, str] = {
    PatientStatus: "patients.tsv",
    GeneChange: "gene_changes.tsv",
    ReviewExpectation: "review_expectation.tsv",
    ItdRecurrence: "itd_recurrence.tsv",
}


def _cohort_tables(folder: Path) -> dict[type, list[Any]]:
    return {
        record: read_table(folder / name, record)
        for record, name in _COHORT_TABLES.items()
        if (folder / name).is_file()
    }


def _embedded(
    tables: Mapping[type, list[Any]],
    drivers: Sequence[RankedVariant],
    mechanisms: Sequence[MechanismSummary],
    libraries: Sequence[ItdLibrary],
    limit: int,
) -> list[EmbeddedTable]:
    whole = [
        embed(name, record, tables[record], len(tables[record]))
        for record, name in _COHORT_TABLES.items()
        if record in tables
    ]
    return [
        *whole,
        embed("driver_variants.tsv", VariantChange, [v.row for v in drivers], limit),
        embed("mechanisms.tsv", MechanismSummary, mechanisms, limit),
        embed("flt3_itd.tsv", ItdLibrary, libraries, limit),
    ]


def _most_changed(rows: Sequence[GeneChange]) -> list[GeneChange]:
    return sorted(rows, key=lambda row: (-(row.n_gained + row.n_lost), row.gene))


def _totals(
    counts: Mapping[tuple[str, str], Counter[VariantClass]], summaries: Sequence[PairSummary]
) -> dict[str, float]:
    labels = (*CHANGES, VariantClass.NOT_EVALUABLE)
    totals = {str(label): float(sum(c[label] for c in counts.values())) for label in labels}
    wrong = [r.expected_wrong_labels for r in summaries if (r.patient, r.comparison) in counts]
    return totals | {"wrong": sum(value for value in wrong if not math.isnan(value))}


def _page(results: Path, patient: str) -> Path:
    return results / patient / "report" / f"{patient}.html"
