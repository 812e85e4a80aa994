"""Small station tables for the tests of evidence and cohort."""

import dataclasses
from typing import Any

from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
from amlresist.evidence.measurements import Comparison, PatientTables
from amlresist.evidence.settings import Settings
from amlresist.expression.records import ExpressionChange, GeneExpression, PathwayChange
from amlresist.flt3_itd.records import CloneChange, ItdClone, ItdLibrary, ItdPair, Verdict
from amlresist.mirna.records import MirnaChange
from amlresist.settings import load
from amlresist.variants.records import PairSummary, VariantChange, VariantClass
from report_example import filled

NAME = "diagnosis>relapse"
PAIR = Comparison("diagnosis", "relapse")
SETTINGS = load(Settings, "evidence")
POINTS = ("diagnosis", "relapse")
# Class -> (VAF before, VAF after) typical of it.
VAFS = {
    "acquired": (0.0, 0.3),
    "lost": (0.4, 0.0),
    "expanding": (0.1, 0.4),
    "contracting": (0.4, 0.1),
    "stable": (0.4, 0.4),
    "germline": (0.5, 0.5),
    "likely_artefact": (0.01, 0.01),
    "not_evaluable": (0.0, 0.0),
}


def variant(gene: str, change: str, label: str, **other: Any) -> VariantChange:
    """A row of `variants.tsv`; `label` is the class."""
    before, after = VAFS[label]
    unclear = label == "not_evaluable"
    values: dict[str, Any] = {
        "patient": "P1",
        "comparison": NAME,
        "chrom": "1",
        "pos": sum(map(ord, gene + change)),
        "ref": "A",
        "alt": "C",
        "gene": gene,
        "protein_change": change,
        "consequence": "frameshift_variant" if "fs" in change else "missense_variant",
        "variant_class": VariantClass(label),
        "probability": 0.99,
        "before_vaf": before,
        "after_vaf": after,
        "before_present": None if unclear else before > 0,
        "after_present": None if unclear else after > 0,
        "reason": "the arithmetic",
    }
    return filled(VariantChange, **(values | other))


def coverage(*genes: str, share: float = 1.0, points: tuple[str, ...] = POINTS) -> Any:
    """Rows of `gene_coverage.tsv`."""
    return tuple(
        filled(
            GeneCoverage,
            patient="P1",
            timepoint=point,
            sample=f"P1_{point}_dna",
            gene=gene,
            share_at_minimum=share,
        )
        for gene in genes
        for point in points
    )


def dna(*rows: VariantChange, covered: tuple[str, ...] = (), **other: Any) -> PatientTables:
    """Tables of a patient with DNA of both time points."""
    summary = filled(PairSummary, patient="P1", comparison=NAME)
    return PatientTables(
        "P1",
        variants=rows,
        variant_summary=(summary,),
        gene_coverage=coverage(*covered),
        **other,
    )


def itd_library(point: str, verdict: str, ratio: float = float("nan"), **other: Any) -> ItdLibrary:
    """A row of `flt3_itd.tsv`."""
    values: dict[str, Any] = {
        "patient": "P1",
        "timepoint": point,
        "sample": f"P1_{point}_dna",
        "assay": "dna",
        "verdict": Verdict(verdict),
        "total_allelic_ratio": ratio,
        "allelic_ratio_low": ratio * 0.9,
        "allelic_ratio_high": ratio * 1.1,
        "detection_limit": 0.01,
        "reason": "depth",
    }
    return filled(ItdLibrary, **(values | other))


def itd_pair(change: str, clone: str = "ITD21_c1775", **other: Any) -> ItdPair:
    """A row of `flt3_itd_pairs.tsv`."""
    values: dict[str, Any] = {
        "patient": "P1",
        "comparison": NAME,
        "assay": "dna",
        "clone": clone,
        "change": CloneChange(change),
        "before_vaf": 0.0 if change == "gained" else 0.3,
        "after_vaf": 0.0 if change == "lost" else 0.3,
    }
    return filled(ItdPair, **(values | other))


def itd_clone(patient: str, vaf: float, **other: Any) -> ItdClone:
    """A row of `flt3_itd_clones.tsv`."""
    values: dict[str, Any] = {
        "patient": patient,
        "timepoint": "relapse",
        "sample": f"{patient}_relapse_dna",
        "clone": "ITD21_c1775",
        "kind": "itd",
        "chrom": "13",
        "pos": 100,
        "ref": "A",
        "alt": "ACCC",
        "vaf": vaf,
        "itd_fragments": 1000 * vaf,
    }
    return filled(ItdClone, **(values | other))


def mirna(name: str, direction: str, value: float = 2.0) -> MirnaChange:
    """A row of `mirna_change.tsv`."""
    signed = -value if direction == "down" else value
    return filled(
        MirnaChange,
        patient="P1",
        comparison=NAME,
        mirna=name,
        direction=direction,
        log2_fold_change=signed,
        log2_low=signed - 1,
        log2_high=signed + 1,
    )


def expressed(gene: str, direction: str, value: float = 2.0) -> ExpressionChange:
    """A row of `expression_change.tsv`."""
    signed = -value if direction == "down" else value
    return filled(
        ExpressionChange,
        patient="P1",
        comparison=NAME,
        gene=gene,
        direction=direction,
        log2_fold_change=signed,
        log2_low=signed - 1,
        log2_high=signed + 1,
    )


def rank(gene: str, percentile: float, point: str = "diagnosis") -> GeneExpression:
    """A row of `expression.tsv`."""
    return filled(
        GeneExpression,
        patient="P1",
        timepoint=point,
        sample=f"P1_{point}_rna",
        gene=gene,
        percentile=percentile,
    )


def pathway(name: str, direction: str, method: str = "singscore") -> PathwayChange:
    """A row of `pathways.tsv`."""
    return filled(
        PathwayChange,
        patient="P1",
        comparison=NAME,
        pathway=name,
        method=method,
        direction=direction,
        delta=-0.1 if direction == "down" else 0.1,
    )


def different_people(assay: str = "dna") -> dict[str, Any]:
    """QC tables in which the two libraries of `assay` come from different people."""
    qc = tuple(
        filled(AlignmentQc, patient="P1", timepoint=p, sample=f"P1_{p}_{assay}", assay=assay)
        for p in POINTS
    )
    first, second = (row.sample for row in qc)
    pair = filled(PairIdentity, sample_a=first, sample_b=second, verdict="different_people")
    return {"alignment_qc": qc, "pair_identity": (pair,)}


def renamed(tables: PatientTables, patient: str) -> PatientTables:
    """The same tables as another patient's."""
    return dataclasses.replace(tables, patient=patient)
