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
    tpm: float = column("transcripts per million, or the given unit", "see unit")
    percentile: float = column(
        "share of the library's expressed genes with at most this abundance; 0 when not expressed",
        "0-100",
    )
    unit: str = column("unit of `tpm`: tpm, cpm (counts without gene lengths) or log2 (as given)")


@dataclass(frozen=True, slots=True)
class ExpressionLibrary:
    """`expression_qc.tsv`: one row per library: what was measured and how it was read."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    source: str = column("salmon, bam or matrix")
    scale: str = column("scale of the input: counts, tpm, log2 or intensity")
    scale_source: str = column("by kind of file, setting, or how the scale was recognised")
    genes_measured: int = column("genes with a value")
    genes_expressed: int = column("genes at or above the threshold of expression")
    fragments: float = column("fragments in genes, NA when the input has none", "fragments")
    identifiers: int = column("identifiers in the input")
    identifiers_unmapped: int = column("identifiers that name no known gene")
    theme_genes_found: int = column("genes of the shipped themes that have a value")
    theme_genes: int = column("genes of the shipped themes")
    usable: bool = column("false when nothing was counted")
    compared: bool = column("false when another library of the time point stands for it")
    reason: str = column("why not usable or not compared, NA otherwise")


@dataclass(frozen=True, slots=True)
class UnmappedIdentifier:
    """`expression_unmapped.tsv`: one row per identifier that was not simply one known gene."""

    patient: str = column("pseudonym of the patient")
    sample: str = column("name of the library")
    identifier: str = column("identifier as in the input")
    status: str = column(
        "unknown, ambiguous, date_like, alias_not_added (its gene is there under its own name)"
        " or merged (several identifiers of one gene)"
    )
    gene: str = column("gene it counts for, NA for none")
    note: str = column("what was done")


@dataclass(frozen=True, slots=True)
class ExpressionChange:
    """`expression_change.tsv`: one row per gene of interest and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    gene: str = column("gene symbol")
    before_tpm: float = column("abundance before", "see unit of expression.tsv")
    after_tpm: float = column("abundance after", "see unit of expression.tsv")
    before_percentile: float = column("rank among expressed genes before", "0-100")
    after_percentile: float = column("rank among expressed genes after", "0-100")
    log2_fold_change: float = column("after over before, after normalisation")
    log2_low: float = column("lower end of the 95 % interval, NA without a dispersion")
    log2_high: float = column("upper end of the 95 % interval, NA without a dispersion")
    dispersion_source: str = column("cohort of n pairs, or prior (exploratory)")
    direction: str = column("up, down, no_change_shown or not_evaluable")
    in_review: bool = column("the review makes a claim about this gene")
    before_count: float = column("fragments before, NA when the input has none", "fragments")
    after_count: float = column("fragments after, NA when the input has none", "fragments")
    dispersion: float = column("biological coefficient of variation used")
    reason: str = column("why the direction, in words")


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
    coverage: float = column("share of the set's genes in the data", "0-1")
    before_percentile: float = column(
        "share of the reference cohort that scores at most as high, NA without one", "0-100"
    )
    after_percentile: float = column(
        "share of the reference cohort that scores at most as high, NA without one", "0-100"
    )
    set_source: str = column("where the set comes from, with its licence")
    flags: tuple[str, ...] = column("blast_fraction_differs, blast_fraction_unknown")
    gene_correlation: float = column(
        "how far the set's genes were taken to move together beyond random ones", "0-1"
    )
    correlation_source: str = column(
        "n samples of the reference cohort, shipped (or both), or setting gene_correlation"
    )


@dataclass(frozen=True, slots=True)
class SampleScore:
    """`sample_scores.tsv`: one row per sample of a scored matrix, gene set and score."""

    sample: str = column("column of the matrix")
    pathway: str = column("name of the gene set")
    method: str = column(
        "singscore, ssgsea or ulm; gsva, ssgsea_normalised or weighted_sum_z compare samples"
    )
    score: float = column("score of the sample")
