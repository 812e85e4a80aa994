"""Settings of the variants station; defaults, limits and reasons: variants.schema.json."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Section `variants` of the configuration."""

    min_mapping_quality: int
    min_base_quality: int
    candidate_min_reads: int
    candidate_error: float
    candidate_max_p: float
    merge_distance: int
    target_padding: int
    absence_limit: float
    absence_share: float
    change_ratio: float
    fdr: float
    fdr_change: float
    max_label_error: float
    max_label_error_absent: float
    max_label_error_unchanged: float
    max_label_error_driver: float
    presence_alpha: float
    error_floor: float
    overdispersion: float
    overdispersion_min_snps: int
    germline_prior: float
    germline_prior_given: float
    founder_min_variants: int
