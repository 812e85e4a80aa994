"""Settings of the station; meaning and limits in config/schemas/alignment_qc.schema.json."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of config section `alignment_qc`."""

    minimum_mapping_quality: int
    minimum_base_quality: int
    minimum_depth: int
    good_share: float
    evaluable_share: float
    minimum_usable_share: float
    minimum_mapped_share: float
    genotype_depth: int
    minimum_sites: int
    decision_log10: float
    chimerism_share: float
    contamination_share: float
