"""What a patient's page says: gathered from the station tables, put into the page's template."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from amlresist import __version__
from amlresist.alignment_qc.records import GeneCoverage
from amlresist.evidence.records import Evidence, MechanismSummary, Status
from amlresist.expression.records import ExpressionChange, PathwayChange
from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair
from amlresist.mirna.records import MirnaChange
from amlresist.report import axes, labels
from amlresist.report.checks import pair_checks
from amlresist.report.coverage import gap_of, gene_gaps
from amlresist.report.drivers import RankedVariant, driver_genes, rank_variants, with_itd_names
from amlresist.report.embedded import EmbeddedTable, embed
from amlresist.report.plots import Scatter, clone_chart, vaf_scatter
from amlresist.report.read_plot import ReadPlot, read_plot
from amlresist.report.reads import ReadPicture, allele_of
from amlresist.report.render import render
from amlresist.report.results import (
    BEYOND_REVIEW,
    FILES,
    OWN_CLAIMS,
    STATIONS,
    TABLES,
    PatientResults,
)
from amlresist.report.settings import Settings
from amlresist.report.sources import InputFile, gene_set_sources, own_files
from amlresist.report.wording import ends, words
from amlresist.sheet import PatientFacts, timepoint_rank
from amlresist.variants.alleles import Allele
from amlresist.variants.records import CloneShare, PairSummary, VariantChange, VariantClass
from amlresist.variants.settings import Settings as VariantSettings

MECHANISM_CLASSES = {
    "protein": "Drug-resistance proteins",
    "gene": "Gene alterations",
    "mirna": "miRNA",
    "pathway": "Signalling pathways",
    "general": "The disease as a whole",
}

CHANGED = ("up", "down")
# What the page must know of a variant that it does not carry, to count its label.
COUNTED = (
    "comparison",
    "variant_class",
    "probability",
    "q_value",
    "flags",
    *(f"p_{label}" for label in labels.CHANGES),
)

# File -> caption: claims of different standing are never mixed.
EVIDENCE_TABLES = {
    FILES[Evidence]: "Claims of the review",
    BEYOND_REVIEW: "Resistance facts beyond the review",
    OWN_CLAIMS: "Your own claims",
}


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """One comparison of two time points.

    Attributes:
        number: 1, 2, ... in the order of time.
        variants: every variant of the comparison that the page carries.
        counts: label -> somatic variants with it by the run's own rule, whether carried or not.
        expected_wrong: labels among them that are expected to be wrong.
        scatter: None when no variant was read at both time points.
    """

    number: int
    name: str
    variants: tuple[RankedVariant, ...]
    counts: Counter[VariantClass]
    expected_wrong: float
    summary: PairSummary | None
    itd_pairs: tuple[ItdPair, ...]
    scatter: Scatter | None

    @property
    def is_pair(self) -> bool:
        """Whether two time points are compared; else the variants of one are listed."""
        return labels.is_pair(self.name)

    @property
    def n_somatic(self) -> int:
        """Somatic variants of the comparison, whether the page carries them or not."""
        return self.counts.total()

    @property
    def n_told(self) -> int:
        """Somatic variants with a label."""
        return self.n_somatic - self.counts[VariantClass.NOT_EVALUABLE]

    @property
    def background(self) -> list[RankedVariant]:
        """Candidates that never rose above sequencing error."""
        return [variant for variant in self.variants if labels.is_background(variant.row)]

    @property
    def least_sure(self) -> RankedVariant | None:
        """The labelled driver that is most likely to be labelled wrong."""
        told = [v for v in self.drivers if v.row.variant_class in labels.CHANGES]
        known = [v for v in told if not math.isnan(v.row.probability)]
        return min(known, key=lambda v: v.row.probability, default=None)

    @property
    def somatic(self) -> list[RankedVariant]:
        """Variants that take part in the question what changed."""
        return [variant for variant in self.variants if labels.is_somatic(variant.row)]

    @property
    def drivers(self) -> list[RankedVariant]:
        """Somatic variants of the driver table."""
        return [variant for variant in self.variants if variant.is_driver]


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A driver over three or more time points.

    Attributes:
        name: gene and change.
        vafs: per time point (VAF, seen, excluded above), None where nothing was read.
        steps: per comparison the variant as compared there, None where it is not listed.
    """

    name: str
    vafs: tuple[tuple[float, bool | None, float] | None, ...]
    steps: tuple[RankedVariant | None, ...]


@dataclass(frozen=True, slots=True)
class ScoreGroup:
    """Pathway changes of one scoring method, which has a scale of its own; (line, row) each."""

    method: str
    axis: axes.Axis
    rows: tuple[tuple[int, PathwayChange], ...]


@dataclass(frozen=True, slots=True)
class MechanismGroup:
    """One of the review's four classes of mechanisms."""

    name: str
    title: str
    mechanisms: tuple[MechanismSummary, ...]


def ranked_variants(results: PatientResults, settings: Settings) -> list[RankedVariant]:
    """All variants of the patient in the order of the page, drivers first."""
    ranked = rank_variants(results.of(VariantChange), driver_genes(settings.extra_driver_genes))
    return with_itd_names(ranked, results.of(ItdClone))


def patient_page(
    results: PatientResults,
    facts: Mapping[str, PatientFacts],
    provenance: Any,
    settings: Settings,
    counting: VariantSettings,
    files: Sequence[InputFile] = (),
    pictures: Mapping[Allele, Sequence[ReadPicture]] = MappingProxyType({}),
) -> str:
    """The page as HTML text.

    Args:
        results: the patient's tables.
        facts: time point -> what is known of the patient then.
        provenance: versions and settings of the run.
        settings: section `report`.
        counting: section `variants`, by which the run gave its labels.
        files: the run's input files with their digests.
        pictures: variant -> its reads, a picture per library.
    """
    ranked = ranked_variants(results, settings)
    mirnas = _review_first(results.of(MirnaChange))
    genes = _changed_first(results.of(ExpressionChange))
    shown = ranked[: settings.max_rows]
    pivot = counting.max_label_error
    views = comparison_views(results, ranked, settings.max_rows, pivot)
    embedded = _embedded(results, ranked, mirnas, genes, settings.max_rows)
    content = {
        "version": __version__,
        "title": f"{results.patient}: AML at diagnosis and relapse",
        "results": results,
        "patient": results.patient,
        "subject": results.patient,
        "facts": [facts[name] for name in sorted(facts, key=timepoint_rank)],
        "provenance": provenance,
        "files": own_files(files, results.patient),
        "settings": settings,
        "checks": pair_checks(results, facts),
        "left_out": {table.name: table.left_out for table in embedded},
        "embedded": embedded,
        "data": _page_data(embedded, ranked, settings.max_rows, pivot),
        "evidence_tables": EVIDENCE_TABLES,
        "by_status": by_status,
        "mechanism_groups": mechanism_groups(results.of(MechanismSummary)),
        "gene_gaps": gene_gaps(results.of(GeneCoverage), settings.covered_share),
        "gap_of": gap_of,
        "clones": clone_chart(results.of(CloneShare)) if results.of(CloneShare) else None,
        **_variants(views, shown, counting),
        "reads": variant_reads(pictures),
        **_layers(results, mirnas[: settings.max_rows], genes[: settings.max_rows]),
        **_names(),
    }
    return render("patient.html.j2", content)


def _embedded(
    results: PatientResults,
    ranked: Sequence[RankedVariant],
    mirnas: Sequence[MirnaChange],
    genes: Sequence[ExpressionChange],
    max_rows: int,
) -> list[EmbeddedTable]:
    """The tables that the page carries; some are in the order of the page."""
    ordered: dict[str, Sequence[Any]] = {
        FILES[VariantChange]: [variant.row for variant in ranked],
        FILES[MirnaChange]: mirnas,
        FILES[ExpressionChange]: genes,
    }
    return [
        embed(name, TABLES[name][1], ordered.get(name, rows), max_rows)
        for name, rows in results.tables.items()
    ]


def _variants(
    views: Sequence[ComparisonView], shown: Sequence[RankedVariant], counting: VariantSettings
) -> dict[str, Any]:
    """What the sections of variants show."""
    return {
        "comparisons": views,
        "several": len(views) > 1,
        "timepoints": timepoints(views),
        "trajectories": trajectories(views),
        "paired": any(view.is_pair for view in views),
        "aside": [variant for variant in shown if not labels.is_somatic(variant.row)],
        "standing": aside_standing,
        "is_somatic": labels.is_somatic,
        "may_open": labels.may_open,
        "background_limit": labels.BACKGROUND_LIMIT,
        "thresholds": labels.thresholds(counting.max_label_error),
        "pivot": counting.max_label_error,
        "counting": counting,
        "vaf_axis": axes.vaf_axis(6, 214),
        "allele_of": allele_of,
    }


def _layers(
    results: PatientResults, mirnas: Sequence[MirnaChange], genes: Sequence[ExpressionChange]
) -> dict[str, Any]:
    """What the sections of miRNA, expression and pathways show; rows with their line."""
    return {
        "changed": CHANGED,
        "score_groups": score_groups(results.of(PathwayChange)),
        "themes": gene_set_sources() if results.assessed(PathwayChange) else [],
        "titles": {theme.pathway: theme.title for theme in gene_set_sources()},
        "mirnas": list(enumerate(mirnas)),
        "look_alikes": results.look_alikes,
        "targets": mirna_targets(results.of(Evidence)),
        "genes": list(enumerate(genes)),
        **_change_axes(results, mirnas),
    }


def mirna_targets(rows: Sequence[Evidence]) -> dict[tuple[str, str], list[str]]:
    """(comparison, miRNA) -> what the claims about it show beside it, each once."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.layer == "mirna" and row.beside:
            for name in row.entity.split(";"):
                found.setdefault((row.comparison, name), {}).update(dict.fromkeys(row.beside))
    return {key: list(texts) for key, texts in found.items()}


def comparison_views(
    results: PatientResults, variants: Sequence[RankedVariant], max_rows: int, fdr: float
) -> list[ComparisonView]:
    """One view per comparison that a variant or ITD table names, in the order of time.

    Args:
        results: the patient's tables.
        variants: all of them, in the order of the page.
        max_rows: so many of them the page carries; all are counted.
        fdr: stop of the slider at which the run's own labels stand.
    """
    summaries = {row.comparison: row for row in results.of(PairSummary)}
    pairs = results.of(ItdPair)
    names = {variant.row.comparison for variant in variants} | set(summaries)
    names |= {pair.comparison for pair in pairs}
    views = []
    for number, name in enumerate(sorted(names, key=_by_time), start=1):
        own = [variant for variant in variants if variant.row.comparison == name]
        chosen = tuple(variant for variant in own if variant.index < max_rows)
        counts, wrong = labels.count_labels((variant.row for variant in own), fdr, fdr)
        scatter = vaf_scatter(chosen)
        views.append(
            ComparisonView(
                number,
                name,
                chosen,
                counts,
                wrong,
                summaries.get(name),
                tuple(pair for pair in pairs if pair.comparison == name),
                scatter if scatter.points else None,
            )
        )
    return views


def variant_reads(
    pictures: Mapping[Allele, Sequence[ReadPicture]],
) -> dict[Allele, list[tuple[str, ReadPlot]]]:
    """Per variant (identifier in the page, drawing) of each library."""
    return {
        allele: [(f"reads-{i}-{j}", read_plot(picture)) for j, picture in enumerate(own)]
        for i, (allele, own) in enumerate(pictures.items())
    }


def timepoints(views: Sequence[ComparisonView]) -> list[str]:
    """Time points of all comparisons, in the order of time."""
    names = {name for view in views for name in view.name.split(">")}
    return sorted(names, key=timepoint_rank)


def trajectories(views: Sequence[ComparisonView]) -> list[Trajectory]:
    """Drivers of any comparison over all time points; empty for a single comparison."""
    if len(views) < 2:
        return []
    drivers = sorted((v for view in views for v in view.drivers), key=lambda v: v.index)
    names = {_allele(variant.row): variant.name for variant in drivers}
    return [_trajectory(allele, name, views) for allele, name in names.items()]


def _trajectory(
    allele: tuple[str, int, str, str], name: str, views: Sequence[ComparisonView]
) -> Trajectory:
    steps: list[RankedVariant | None] = []
    seen: dict[str, tuple[float, bool | None, float]] = {}
    for view in views:
        found = next((v for v in view.variants if _allele(v.row) == allele), None)
        steps.append(found)
        if found:
            row = found.row
            before, after = ends(view.name)
            seen[before] = (row.before_vaf, row.before_present, row.before_excluded_above)
            if view.is_pair:
                seen[after] = (row.after_vaf, row.after_present, row.after_excluded_above)
    return Trajectory(name, tuple(seen.get(t) for t in timepoints(views)), tuple(steps))


def _allele(row: VariantChange) -> tuple[str, int, str, str]:
    return row.chrom, row.pos, row.ref, row.alt


def aside_standing(row: VariantChange) -> str:
    """Why a variant takes no part in the question what changed."""
    if labels.is_background(row):
        return "not above error"
    return "germline" if labels.is_inherited(row) else words(row.variant_class)


def _by_time(name: str) -> list[tuple[int, int]]:
    return [timepoint_rank(timepoint) for timepoint in name.split(">")]


def by_status(rows: Sequence[Evidence]) -> list[tuple[int, Evidence]]:
    """(line, claim): the supported and contradicted first, those not assessed last."""
    order = list(Status)
    return sorted(enumerate(rows), key=lambda item: (order.index(item[1].status), item[0]))


def mechanism_groups(rows: Sequence[MechanismSummary]) -> list[MechanismGroup]:
    """Mechanisms by the review's four classes; another class of a user's own comes last."""
    names = list(dict.fromkeys([*MECHANISM_CLASSES, *sorted({r.mechanism_class for r in rows})]))
    return [
        MechanismGroup(name, MECHANISM_CLASSES.get(name, name), chosen)
        for name in names
        if (chosen := tuple(row for row in rows if row.mechanism_class == name))
    ]


def score_groups(rows: Sequence[PathwayChange]) -> list[ScoreGroup]:
    """Pathways by method in the order of the table, those that changed first."""
    groups = []
    for method in dict.fromkeys(row.method for row in rows):
        own = [(line, row) for line, row in enumerate(rows) if row.method == method]
        own.sort(key=lambda item: (item[1].direction not in CHANGED, item[0]))
        reach = [v for _, row in own for v in (row.delta_low, row.delta, row.delta_high)]
        groups.append(ScoreGroup(method, axes.change_axis(6, 194, reach), tuple(own)))
    return groups


def is_told(row: MirnaChange | ExpressionChange) -> bool:
    """Whether a reader looks for the row: it changed, or the review names it."""
    return row.in_review or row.direction in CHANGED


def _review_first(rows: Sequence[MirnaChange]) -> list[MirnaChange]:
    return sorted(rows, key=lambda row: (*_change_order(row), row.mirna, row.comparison))


def _changed_first(rows: Sequence[ExpressionChange]) -> list[ExpressionChange]:
    return sorted(rows, key=lambda row: (*_change_order(row), row.gene, row.comparison))


def _change_order(row: MirnaChange | ExpressionChange) -> tuple[object, ...]:
    change = row.log2_fold_change
    size = math.inf if math.isnan(change) else -abs(change)
    told = not is_told(row), not row.in_review
    return *told, row.direction not in CHANGED, row.direction == "not_evaluable", size


def _page_data(
    embedded: Sequence[EmbeddedTable], ranked: Sequence[RankedVariant], max_rows: int, fdr: float
) -> dict[str, Any]:
    beyond = [v.row for v in ranked[max_rows:] if labels.is_somatic(v.row)]
    return {
        "somatic": [labels.is_somatic(variant.row) for variant in ranked[:max_rows]],
        "beyond": [[_plain(getattr(row, name)) for name in COUNTED] for row in beyond],
        "counted": COUNTED,
        "tables": {table.name: table.text for table in embedded},
        "thresholds": labels.thresholds(fdr),
        "runThreshold": fdr,
        "changes": [str(label) for label in labels.CHANGES],
    }


def _plain(value: Any) -> str:
    """A cell as the tables write it."""
    if isinstance(value, tuple):
        return ";".join(value) or "NA"
    if isinstance(value, float):
        return "NA" if math.isnan(value) else f"{value:.6g}"
    return str(value)


def _change_axes(results: PatientResults, mirnas: Sequence[MirnaChange]) -> dict[str, axes.Axis]:
    def spread(rows: Sequence[Any], *names: str) -> list[float]:
        return [getattr(row, name) for row in rows for name in names]

    fold = ("log2_low", "log2_fold_change", "log2_high")
    ratios = ("allelic_ratio", "allelic_ratio_high")
    libraries = spread(results.of(ItdLibrary), "total_allelic_ratio", "allelic_ratio_high")
    return {
        "mirna_axis": axes.change_axis(6, 194, spread(mirnas, *fold)),
        "gene_axis": axes.change_axis(6, 194, spread(results.of(ExpressionChange), *fold)),
        "ratio_axis": axes.ratio_axis(6, 214, libraries + spread(results.of(ItdClone), *ratios)),
    }


def _names() -> dict[str, Any]:
    """What templates call records and words by."""
    return {
        "record": {record.__name__: record for record in FILES},
        "stations": STATIONS,
        "changes": labels.CHANGES,
        "statuses": tuple(Status),
        "posterior": labels.posterior,
        "classes": tuple(VariantClass),
    }
