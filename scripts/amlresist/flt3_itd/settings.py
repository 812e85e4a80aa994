"""Settings of the FLT3-ITD station; defaults and limits are in the station's schema."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the station; `config/schemas/flt3_itd.schema.json` says what each means."""

    gene: str
    first_coding_base: int
    flank: int
    minimum_length: int
    maximum_length: int
    minimum_fragments: int
    background_rate: float
    anchor: int
    minimum_difference: int
    maximum_mismatch_rate: float
    callable_limit: float
    absence_limit: float
    overdispersion: float
    change_probability: float
    sides_factor: float
    duplicates: str
    primers: list[str]
    umi: str
    maximum_unplaced: int
