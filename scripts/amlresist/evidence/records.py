"""Tables of the evidence station."""

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
