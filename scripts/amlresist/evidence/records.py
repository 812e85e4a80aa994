"""Tables of the evidence station.

`evidence.tsv` holds the review's claims; `evidence_beyond_review.tsv` and `evidence_own_claims.tsv`
have the same columns and hold the resistance facts beyond the review and the user's own claims.
"""

from dataclasses import dataclass
from enum import StrEnum

from amlresist.tables import column


class Status(StrEnum):
    """What this patient's data say about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_OBSERVED = "not_observed"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`evidence.tsv`: one row per patient, claim and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after; one time point when unpaired")
    claim: str = column("identifier of the claim")
    mechanism: str = column("resistance mechanism, e.g. P-gp")
    mechanism_class: str = column("protein, gene, mirna or pathway")
    layer: str = column("station that measures it: variants, flt3_itd, mirna, expression, pathways")
    statement: str = column("the claim in our words")
    entity: str = column("gene, miRNA or gene set the claim is about")
    status: Status = column("supported, contradicted, not_observed or not_assessed")
    value: float = column("the number the status rests on")
    value_low: float = column("lower end of its interval")
    value_high: float = column("upper end of its interval")
    value_meaning: str = column("what the number is, e.g. log2 fold change, VAF after")
    direction: str = column("direction of change in this patient")
    expected: str = column("what the claim expects")
    source_table: str = column("table the value comes from")
    source_key: str = column("row of that table")
    reason: str = column("why the status, in words")
    contradicts: tuple[str, ...] = column("claims that say the opposite")
    references: str = column("reference numbers of the review")
    note: str = column("correction or ambiguity of the claim")
    knowledge: str = column("review, beyond_review, or the path of the user's claim table")
    consequence: str = column("what the claim says follows; the status does not judge that part")
    repeats: str = column("claim that this one restates, NA for none")
    against: tuple[str, ...] = column("what was seen that says the opposite, beside a support")
    beside: tuple[str, ...] = column("targets or gene sets beside the claim; they decide nothing")
    drugs_named: tuple[str, ...] = column("drugs named in the review with the claim; no advice")


@dataclass(frozen=True, slots=True)
class MechanismSummary:
    """`mechanisms.tsv`: one row per patient, mechanism and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    mechanism: str = column("resistance mechanism, e.g. P-gp")
    mechanism_class: str = column("protein, gene, mirna or pathway")
    supported: int = column("claims supported")
    contradicted: int = column("claims contradicted")
    not_observed: int = column("claims not observed")
    not_assessed: int = column("claims not assessed")
    summary: Status = column("over all layers; supported and contradicted together: see agreement")
    agreement: str = column("agree, disagree, one_layer or none")
    layers: tuple[str, ...] = column("layers that were measured")
    missing_layers: tuple[str, ...] = column("layers that were not measured")
    headline: str = column("one sentence for the reader")


@dataclass(frozen=True, slots=True)
class Flt3Npm1:
    """`flt3_npm1.tsv`: one row per time point: FLT3-ITD allelic ratio beside NPM1."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point")
    itd: str = column("present, absent or not_assessed")
    itd_assay: str = column("dna or rna, what the ITD verdict rests on; NA when not assessed")
    allelic_ratio: float = column("total ITD / wild type from DNA, NA when there is no wild type")
    allelic_ratio_low: float = column("lower end of the 95 % interval")
    allelic_ratio_high: float = column("upper end of the 95 % interval")
    no_wild_type: bool = column("no wild-type fragment beside the ITD: the ratio counts as high")
    ratio_class: str = column("none, low (< 0.5), high (>= 0.5) or not_assessed")
    ratio_class_sure: bool | None = column("the interval lies on one side of 0.5, NA without ratio")
    npm1: str = column("mutated, wild_type or not_assessed")
    npm1_change: str = column("protein change of the NPM1 variant, NA for none")
    npm1_vaf: float = column("its VAF", "fraction")
    stratum: str = column("the combination in words")
    review_reading: str = column(
        "better, poor, open (the review leaves it open), no_itd, not_assessed or diagnosis_only"
    )
    eln_2017: str = column("risk group of ELN 2017 by these two markers alone, at diagnosis only")
    eln_2022: str = column("risk group of ELN 2022 by these two markers alone, at diagnosis only")
    kinase_changes: tuple[str, ...] = column("FLT3 kinase-domain changes present, with their VAF")
    notes: tuple[str, ...] = column("what a reader must know to use the row")
