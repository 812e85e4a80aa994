"""Tables of the expression station."""

from dataclasses import dataclass

from amlresist.tables import column


@dataclass(frozen=True, slots=True)
class GeneExpression:
    """`expression.tsv`: one row per gene and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    gene: str = column("gene symbol")
    count: float = column("estimated fragments, NA when the given matrix has none", "fragments")
    tpm: float = column("transcripts per million, or the given unit", "TPM")
    percentile: float = column("rank among expressed genes of the library", "0-100")


@dataclass(frozen=True, slots=True)
class ExpressionChange:
    """`expression_change.tsv`: one row per gene of interest and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    gene: str = column("gene symbol")
    before_tpm: float = column("abundance before", "TPM")
    after_tpm: float = column("abundance after", "TPM")
    before_percentile: float = column("rank among expressed genes before", "0-100")
    after_percentile: float = column("rank among expressed genes after", "0-100")
    log2_fold_change: float = column("after over before")
    log2_low: float = column("lower end of the 95 % interval, NA without a dispersion")
    log2_high: float = column("upper end of the 95 % interval, NA without a dispersion")
    dispersion_source: str = column("cohort of n pairs, or prior (exploratory)")
    direction: str = column("up, down, no_change_shown or not_evaluable")
    in_review: bool = column("the review makes a claim about this gene")


@dataclass(frozen=True, slots=True)
class PathwayChange:
    """`pathways.tsv`: one row per gene set, score and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    pathway: str = column("name of the gene set")
    mechanism: str = column("mechanism of the review the set speaks for, NA for none")
    method: str = column("singscore, ssgsea or ulm")
    before_score: float = column("score before")
    after_score: float = column("score after")
    delta: float = column("after - before")
    delta_low: float = column("lower end of the 95 % gene-bootstrap interval")
    delta_high: float = column("upper end of the 95 % gene-bootstrap interval")
    p_value: float = column("two-sided rank among matched random sets", "0-1")
    q_value: float = column("Benjamini-Hochberg over the comparison's sets", "0-1")
    genes_found: int = column("genes of the set in the data")
    genes_in_set: int = column("genes of the set")
    direction: str = column("up, down, no_change_shown or not_evaluable")
    driving_genes: tuple[str, ...] = column("genes that moved the score most, with their change")
    reason: str = column("why the direction, in words")
