"""Settings of the alignment station; meaning and limits in config/schemas/alignment.schema.json."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of config section `alignment`."""

    adapter_r1: str
    adapter_r2: str
    minimum_length: int
    mark_duplicates: bool
    optical_distance: int
