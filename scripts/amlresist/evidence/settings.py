"""Settings of the evidence station."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Values of the `evidence` section of the config; limits and reasons stand in its schema."""

    beyond_review: bool
    claims_tables: list[str]
    covered_share: float
    hotspot_limit: float
    itd_detection_limit: float
    allelic_ratio_cut: float
    high_percentile: float
    low_percentile: float
    member_share: float
    pathway_method: str
