"""From measured libraries to the station's tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amlresist.expression.change import Dispersion, GeneChange, gene_changes, not_evaluable
from amlresist.expression.correlation import SetCorrelations, shipped_correlations
from amlresist.expression.gene_sets import GeneSet
from amlresist.expression.libraries import MeasuredLibrary
from amlresist.expression.measured import Floats, percentiles
from amlresist.expression.pathways import (
    Pair,
    ScoreChange,
    make_pair,
    pathway_changes,
    unscored,
)
from amlresist.expression.records import (
    ExpressionChange,
    ExpressionLibrary,
    GeneExpression,
    PathwayChange,
    UnmappedIdentifier,
)
from amlresist.expression.reference_cohort import (
    ReferenceCohort,
    SetPercentiles,
    cohort_correlations,
    cohort_percentiles,
)
from amlresist.expression.scores import Method
from amlresist.expression.settings import Settings
from amlresist.sheet import PatientFacts, comparisons

NAN = float("nan")


@dataclass(frozen=True)
class Question:
    """What is asked of a patient's libraries.

    Attributes:
        genes: genes always listed in the change table -> whether the review makes a claim.
        gene_sets: sets to score.
        facts: time point -> what is known of the patient then.
        cohort: reference cohort, None where none is given.
    """

    patient: str
    genes: Mapping[str, bool]
    gene_sets: Sequence[GeneSet]
    facts: Mapping[str, PatientFacts]
    cohort: ReferenceCohort | None


def compared_libraries(libraries: Sequence[MeasuredLibrary]) -> dict[str, MeasuredLibrary]:
    """Time point -> the library that stands for it: the first usable one by name."""
    chosen: dict[str, MeasuredLibrary] = {}
    for item in sorted(libraries, key=lambda m: (not m.measured.usable, m.library.sample)):
        chosen.setdefault(item.library.timepoint, item)
    return chosen


def expression_rows(
    patient: str, libraries: Sequence[MeasuredLibrary], threshold: float
) -> list[GeneExpression]:
    """Every gene of every library."""
    rows = []
    for item in libraries:
        counts = item.measured.counts
        ranks = percentiles(item.measured, threshold)
        for i, gene in enumerate(item.measured.genes):
            rows.append(
                GeneExpression(
                    patient,
                    item.library.timepoint,
                    item.library.sample,
                    gene,
                    NAN if counts is None else float(counts[i]),
                    float(item.measured.abundance[i]),
                    float(ranks[i]),
                    item.measured.unit,
                )
            )
    return rows


def library_rows(
    question: Question,
    libraries: Sequence[MeasuredLibrary],
    theme_genes: frozenset[str],
    threshold: float,
) -> list[ExpressionLibrary]:
    """How each library was read."""
    chosen = compared_libraries(libraries)
    rows = []
    for item in libraries:
        measured = item.measured
        compared = chosen[item.library.timepoint] is item and measured.usable
        rows.append(
            ExpressionLibrary(
                question.patient,
                item.library.timepoint,
                item.library.sample,
                item.source,
                item.scale,
                item.scale_source,
                len(measured.genes),
                int((percentiles(measured, threshold) > 0).sum()),
                NAN if measured.counts is None else float(measured.counts.sum()),
                item.identifiers,
                item.unmapped,
                len(theme_genes & set(measured.genes)),
                len(theme_genes),
                measured.usable,
                compared,
                _why_not_compared(item, chosen[item.library.timepoint]),
            )
        )
    return rows


def unmapped_rows(patient: str, libraries: Sequence[MeasuredLibrary]) -> list[UnmappedIdentifier]:
    """Identifiers that were not simply one known gene."""
    return [
        UnmappedIdentifier(
            patient, item.library.sample, remark.identifier, remark.status, remark.gene, remark.note
        )
        for item in libraries
        for remark in item.remarks
    ]


def change_rows(
    question: Question,
    libraries: Sequence[MeasuredLibrary],
    dispersion: Dispersion,
    settings: Settings,
) -> list[ExpressionChange]:
    """Change of the genes of interest, present or not, in every comparison."""
    rows = []
    for before, after in _pairs(libraries):
        changes = (
            gene_changes(before.measured, after.measured, dispersion, settings)
            if before.measured.usable and after.measured.usable
            else {}
        )
        sides = [_GeneTable(item, settings.expressed_threshold) for item in (before, after)]
        for gene, in_review in sorted(question.genes.items()):
            change = changes.get(gene) or not_evaluable(gene, _absence(gene, before, after))
            rows.append(_change_row(question.patient, change, sides, dispersion, in_review))
    return rows


def pathway_rows(
    question: Question, libraries: Sequence[MeasuredLibrary], settings: Settings
) -> list[PathwayChange]:
    """Change of every set and score in every comparison."""
    rows = []
    for before, after in _pairs(libraries):
        comparison = _comparison(before, after)
        why_not = _why_no_scores(before, after)
        if why_not:
            rows += _unscored_rows(question, comparison, settings, why_not)
            continue
        pair = make_pair(before.measured, after.measured)
        correlations = _correlations(question, pair, settings)
        changes = pathway_changes(pair, question.gene_sets, settings, comparison, correlations)
        ranks = _percentiles(question, before, after, settings)
        caveat, flags = blast_caveat(
            question.facts,
            before.library.timepoint,
            after.library.timepoint,
            settings.blast_difference,
        )
        rows += [
            _pathway_row(question.patient, comparison, change, ranks, caveat, flags)
            for change in changes
        ]
    return rows


def blast_caveat(
    facts: Mapping[str, PatientFacts], before: str, after: str, difference: float
) -> tuple[str, tuple[str, ...]]:
    """(words, flags) on how far a change may be one of cell composition."""
    shares = [
        facts[timepoint].blast_fraction if timepoint in facts else None
        for timepoint in (before, after)
    ]
    if shares[0] is None or shares[1] is None:
        text = "blast fraction not known: part of a change may be another mix of cells"
        return text, ("blast_fraction_unknown",)
    text = f"blasts {shares[0]:.0%} before, {shares[1]:.0%} after"
    if abs(shares[0] - shares[1]) >= difference:
        return (
            f"{text}: part of a change may be another mix of cells",
            ("blast_fraction_differs",),
        )
    return text, ()


class _GeneTable:
    """One library's values by gene."""

    def __init__(self, item: MeasuredLibrary, threshold: float) -> None:
        self.timepoint = item.library.timepoint
        self._place = {gene: i for i, gene in enumerate(item.measured.genes)}
        self._abundance = item.measured.abundance
        self._counts = item.measured.counts
        self._percentiles = percentiles(item.measured, threshold)

    def abundance(self, gene: str) -> float:
        return self._value(self._abundance, gene)

    def count(self, gene: str) -> float:
        return self._value(self._counts, gene)

    def percentile(self, gene: str) -> float:
        return self._value(self._percentiles, gene)

    def _value(self, values: Floats | None, gene: str) -> float:
        place = self._place.get(gene)
        return NAN if place is None or values is None else float(values[place])


def _pairs(
    libraries: Sequence[MeasuredLibrary],
) -> list[tuple[MeasuredLibrary, MeasuredLibrary]]:
    chosen = compared_libraries(libraries)
    return [(chosen[before], chosen[after]) for before, after in comparisons(chosen)]


def _comparison(before: MeasuredLibrary, after: MeasuredLibrary) -> str:
    return f"{before.library.timepoint}>{after.library.timepoint}"


def _why_not_compared(item: MeasuredLibrary, chosen: MeasuredLibrary) -> str:
    if not item.measured.usable:
        return "nothing was counted"
    return "" if chosen is item else f"{chosen.library.sample} stands for this time point"


def _why_no_scores(before: MeasuredLibrary, after: MeasuredLibrary) -> str:
    for item in (before, after):
        if not item.measured.usable:
            return f"nothing was counted in {item.library.sample}"
    if before.measured.unit is not after.measured.unit:
        return (
            f"{before.library.sample} is in {before.measured.unit}, {after.library.sample} in"
            f" {after.measured.unit}: not comparable"
        )
    return ""


def _absence(gene: str, before: MeasuredLibrary, after: MeasuredLibrary) -> str:
    for item in (before, after):
        if not item.measured.usable:
            return f"nothing was counted in {item.library.sample}"
    lacking = [i.library.timepoint for i in (before, after) if gene not in i.measured.genes]
    return f"not measured at {' and '.join(lacking)}"


def _change_row(
    patient: str,
    change: GeneChange,
    sides: Sequence[_GeneTable],
    dispersion: Dispersion,
    in_review: bool,
) -> ExpressionChange:
    before, after = sides
    gene = change.gene
    return ExpressionChange(
        patient,
        f"{before.timepoint}>{after.timepoint}",
        gene,
        before.abundance(gene),
        after.abundance(gene),
        before.percentile(gene),
        after.percentile(gene),
        change.log2,
        change.low,
        change.high,
        dispersion.source,
        change.direction,
        in_review,
        before.count(gene),
        after.count(gene),
        change.bcv,
        change.reason,
    )


def _unscored_rows(
    question: Question, comparison: str, settings: Settings, why_not: str
) -> list[PathwayChange]:
    return [
        _pathway_row(
            question.patient,
            comparison,
            unscored(gene_set, Method(method), 0, (), why_not),
            {},
            "",
            (),
        )
        for gene_set in question.gene_sets
        for method in settings.methods
    ]


def _percentiles(
    question: Question, before: MeasuredLibrary, after: MeasuredLibrary, settings: Settings
) -> SetPercentiles:
    if question.cohort is None:
        return {}
    return cohort_percentiles(
        before.measured,
        after.measured,
        question.cohort,
        question.gene_sets,
        [Method(name) for name in settings.methods],
        settings.minimum_genes,
    )


def _correlations(question: Question, pair: Pair, settings: Settings) -> SetCorrelations:
    shipped = shipped_correlations()
    if question.cohort is None:
        return shipped
    return shipped | cohort_correlations(
        pair.genes,
        question.cohort,
        question.gene_sets,
        shipped,
        [Method(name) for name in settings.methods],
        minimum_genes=settings.minimum_genes,
        minimum_background=settings.minimum_background,
        seed=settings.seed,
    )


def _pathway_row(
    patient: str,
    comparison: str,
    change: ScoreChange,
    ranks: SetPercentiles,
    caveat: str,
    flags: tuple[str, ...],
) -> PathwayChange:
    gene_set = change.gene_set
    scored = not np.isnan(change.delta)
    before, after = ranks.get((gene_set.name, change.method), (NAN, NAN)) if scored else (NAN, NAN)
    return PathwayChange(
        patient,
        comparison,
        gene_set.name,
        gene_set.mechanism,
        change.method,
        change.before,
        change.after,
        change.delta,
        change.low,
        change.high,
        change.p_value,
        change.q_value,
        change.genes_found,
        len(gene_set.genes),
        change.direction,
        change.driving,
        f"{change.reason}; {caveat}" if scored else change.reason,
        change.genes_found / len(gene_set.genes) if gene_set.genes else 0.0,
        before,
        after,
        gene_set.source,
        flags if scored else (),
        change.correlation.value if change.correlation else NAN,
        change.correlation.source if change.correlation else "",
    )
