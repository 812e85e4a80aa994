"""Settings of the report station; meaning, defaults and limits are in the schema."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Section `report` of the configuration (see config/schemas/report.schema.json)."""

    max_rows: int
    covered_share: float
    extra_driver_genes: Sequence[str]
    flat_plots_from: int
    read_pictures: int
    read_fragments: int
    study: str
