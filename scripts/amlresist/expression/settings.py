"""Settings of the expression station; defaults, limits and reasons are in its schema."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Section `expression` of config.yaml; see `config/schemas/expression.schema.json`."""

    matrix_scale: str
    minimum_mapping_quality: int
    strandedness: str
    expressed_threshold: float
    normalisation: str
    prior_bcv: float
    minimum_fragments: int
    abundance_offset: float
    minimum_log2_change: float
    methods: Sequence[str]
    gene_sets: Sequence[str]
    networks: Sequence[str]
    minimum_genes: int
    minimum_coverage: float
    minimum_background: int
    null_sets: int
    gene_correlation: float
    bootstrap_samples: int
    fdr: float
    blast_difference: float
    reference_cohort: str
    cohort_minimum: int
    seed: int
