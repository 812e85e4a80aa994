"""Settings of the miRNA station; defaults, limits and reasons: config/schemas/mirna.schema.json."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Section `mirna` of the config."""

    adapter: str
    min_adapter_share: float
    adapter_error_rate: float
    adapter_min_overlap: int
    umi_length: int
    min_umi_share: float
    trim_5p: int
    trim_3p: int
    min_length: int
    short_length: int
    max_length: int
    low_base_quality: int
    max_low_base_share: float
    species: str
    variants: str
    max_unplaced_share: float
    max_shift_5p: int
    max_tail: int
    min_support_share: float
    min_assigned: int
    good_assigned: int
    min_assigned_share: float
    good_assigned_share: float
    good_share_20_24: float
    max_too_short_share: float
    max_no_adapter_share: float
    max_foreign_share: float
    prior_bcv: float
    min_change_count: int
    isomir_min_reads: float
