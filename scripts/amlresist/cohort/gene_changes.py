"""Gains and losses of mutated genes over the cohort, and the review's expectation of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from amlresist.cohort.exact_tests import clopper_pearson, mcnemar_exact
from amlresist.cohort.records import GeneChange, ReviewExpectation
from amlresist.evidence.itd_layer import clone_fate, pair_rows
from amlresist.evidence.itd_layer import weigh_change as weigh_itd_change
from amlresist.evidence.measurements import Comparison, PatientTables
from amlresist.evidence.records import Status
from amlresist.evidence.rules import parse_rule
from amlresist.evidence.settings import Settings
from amlresist.evidence.variant_effects import is_meant
from amlresist.evidence.variant_layer import cannot_compare, covered_genes
from amlresist.multiple_testing import benjamini_hochberg
from amlresist.variants.records import VariantChange, VariantClass

# The review's gains and losses: gene -> (claim, expected fate).
EXPECTED = {
    "IDH1": ("O_acq_IDH1", "acquired"),
    "TP53": ("O_acq_TP53", "acquired"),
    "ASXL1": ("O_acq_ASXL1", "acquired"),
    "DNMT3A": ("O_lost_DNMT3A", "lost"),
    "CEBPA": ("O_lost_CEBPA", "lost"),
    "IDH2": ("O_lost_IDH2", "lost"),
    "PTPN11": ("O_lost_PTPN11", "lost"),
}
ITD_CLAIM, ITD_SHARE = "F03", (0.0625, 0.167)  # refs 52, 53 of the review
_KEPT = {VariantClass.EXPANDING, VariantClass.CONTRACTING, VariantClass.STABLE}
_ANY_VARIANT = parse_rule("variants gene=any change=any against=none").clauses[0]
_ITD_CHANGED = parse_rule("flt3_itd change=any against=none").clauses[0]


class Fate(StrEnum):
    """What became of a gene's mutations in one patient."""

    GAINED = "gained"
    LOST = "lost"
    KEPT = "kept"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PairedGenes:
    """The somatic protein-changing variants of one patient's first pair.

    Attributes:
        variants: gene -> its variants.
        covered: genes readable at both time points.
    """

    patient: str
    variants: Mapping[str, Sequence[VariantChange]]
    covered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fates:
    """Patients by what became of one gene in them."""

    patients: Mapping[str, Fate]

    def count(self, *fates: Fate) -> int:
        """Patients with one of `fates`."""
        return sum(fate in fates for fate in self.patients.values())

    def named(self, fate: Fate) -> tuple[str, ...]:
        """Their names, sorted."""
        return tuple(sorted(p for p, found in self.patients.items() if found is fate))

    @property
    def compared(self) -> int:
        """Patients in whom it could be told."""
        return len(self.patients) - self.count(Fate.UNKNOWN)


def gene_changes(cohort: Sequence[PatientTables], settings: Settings) -> list[GeneChange]:
    """One row per gene with a somatic protein-changing variant in any patient's first pair."""
    patients = paired_genes(cohort, settings)
    genes = sorted({gene for patient in patients for gene in patient.variants} - {""})
    fates = {gene: gene_fates(gene, patients) for gene in genes}
    p_values = [mcnemar_exact(f.count(Fate.GAINED), f.count(Fate.LOST)) for f in fates.values()]
    q_values = benjamini_hochberg(p_values).tolist()
    return [
        _row(gene, fates[gene], [v for p in patients for v in p.variants.get(gene, ())], p, q)
        for gene, p, q in zip(fates, p_values, q_values, strict=True)
    ]


def review_expectations(
    cohort: Sequence[PatientTables], settings: Settings
) -> list[ReviewExpectation]:
    """The review's gains and losses against what the cohort shows."""
    patients = paired_genes(cohort, settings)
    rows = [
        _expectation(gene, claim, expected, gene_fates(gene, patients))
        for gene, (claim, expected) in EXPECTED.items()
    ]
    itd = itd_fates(cohort, settings)
    return [*rows, _expectation("FLT3-ITD", ITD_CLAIM, "acquired", itd, ITD_SHARE)]


def paired_genes(cohort: Sequence[PatientTables], settings: Settings) -> list[PairedGenes]:
    """The first pair of every patient whose DNA of two time points may be compared."""
    return [
        _paired_genes(tables, pair, settings)
        for tables in cohort
        if (pair := first_pair(tables)) and not cannot_compare(tables, pair)
    ]


def gene_fates(gene: str, patients: Sequence[PairedGenes]) -> Fates:
    """What became of a gene's protein-changing mutations in every patient."""
    return Fates({patient.patient: _gene_fate(gene, patient) for patient in patients})


def itd_fates(cohort: Sequence[PatientTables], settings: Settings) -> Fates:
    """What became of FLT3-ITD in every patient searched at two time points.

    `gained` means wild type before, as in the review's share.
    """
    found = {}
    for tables in cohort:
        pair = first_pair(tables)
        if pair and tables.itd_pairs is not None:
            found[tables.patient] = _itd_fate(tables, pair, settings)
    return Fates(found)


def first_pair(tables: PatientTables) -> Comparison | None:
    """Diagnosis with the first relapse, where the patient has a pair."""
    return next((pair for pair in tables.comparisons() if pair.is_pair), None)


def _gene_fate(gene: str, patient: PairedGenes) -> Fate:
    classes = {row.variant_class for row in patient.variants.get(gene, ())}
    if classes & _KEPT or {VariantClass.ACQUIRED, VariantClass.LOST} <= classes:
        return Fate.KEPT
    if VariantClass.NOT_EVALUABLE in classes:
        return Fate.UNKNOWN
    if VariantClass.ACQUIRED in classes:
        return Fate.GAINED
    if VariantClass.LOST in classes:
        return Fate.LOST
    return Fate.NEVER if gene in patient.covered else Fate.UNKNOWN


def _itd_fate(tables: PatientTables, pair: Comparison, settings: Settings) -> Fate:
    fates = {clone_fate(row) for row in pair_rows(tables, pair)}
    if fates & {"persistent"} or {"gained", "lost"} <= fates:
        return Fate.KEPT
    finding = weigh_itd_change(_ITD_CHANGED, tables, pair, settings)
    if "" in fates or finding.status is Status.NOT_ASSESSED:
        return Fate.UNKNOWN
    return Fate(next(iter(fates))) if fates else Fate.NEVER


def _paired_genes(tables: PatientTables, pair: Comparison, settings: Settings) -> PairedGenes:
    variants: dict[str, list[VariantChange]] = {}
    for row in tables.variants or ():
        if row.comparison == pair.name and is_meant(row, _ANY_VARIANT):
            variants.setdefault(row.gene, []).append(row)
    covered = covered_genes(tables, pair.before, settings)
    covered &= covered_genes(tables, pair.after, settings)
    return PairedGenes(tables.patient, variants, frozenset(covered))


def _row(
    gene: str, fates: Fates, rows: Sequence[VariantChange], p_value: float, q_value: float
) -> GeneChange:
    def count(variant_class: VariantClass) -> int:
        return sum(row.variant_class is variant_class for row in rows)

    return GeneChange(
        gene=gene,
        n_compared=fates.compared,
        n_gained=fates.count(Fate.GAINED),
        n_lost=fates.count(Fate.LOST),
        n_kept=fates.count(Fate.KEPT),
        n_never=fates.count(Fate.NEVER),
        n_unknown=fates.count(Fate.UNKNOWN),
        n_acquired_variants=count(VariantClass.ACQUIRED),
        n_lost_variants=count(VariantClass.LOST),
        n_expanding_variants=count(VariantClass.EXPANDING),
        n_contracting_variants=count(VariantClass.CONTRACTING),
        n_stable_variants=count(VariantClass.STABLE),
        p_value=p_value,
        q_value=q_value,
        patients_gained=fates.named(Fate.GAINED),
        patients_lost=fates.named(Fate.LOST),
    )


def _expectation(
    gene: str,
    claim: str,
    expected: str,
    fates: Fates,
    review_share: tuple[float, float] = (math.nan, math.nan),
) -> ReviewExpectation:
    gained, lost = fates.count(Fate.GAINED), fates.count(Fate.LOST)
    hits, opposite = (gained, lost) if expected == "acquired" else (lost, gained)
    low, high = clopper_pearson(hits, fates.compared)
    return ReviewExpectation(
        gene=gene,
        claim=claim,
        expected=expected,
        n_compared=fates.compared,
        n_as_expected=hits,
        n_opposite=opposite,
        share=hits / fates.compared if fates.compared else math.nan,
        share_low=low,
        share_high=high,
        review_low=review_share[0],
        review_high=review_share[1],
        p_value=mcnemar_exact(gained, lost),
        verdict=_verdict(fates.compared, hits, opposite),
        reason=f"{gained} gained, {lost} lost, {fates.count(Fate.KEPT)} kept,"
        f" {fates.count(Fate.NEVER)} never mutated, {fates.count(Fate.UNKNOWN)} not told",
    )


def _verdict(compared: int, hits: int, opposite: int) -> str:
    if not compared:
        return "not_assessed"
    if hits == opposite:
        return "balanced" if hits else "not_seen"
    return "as_expected" if hits > opposite else "opposite"
