"""A patient with one time point: what is there, and that nothing can be said of change."""

import dataclasses
import math

from amlresist.variants.comparison import Case, compare
from amlresist.variants.records import PairSummary, VariantChange, VariantClass
from amlresist.variants.settings import Settings

_SURE_ARTEFACT = 0.9


def describe(
    case: Case, column: int, settings: Settings
) -> tuple[list[VariantChange], PairSummary]:
    """Variants of one time point; `after` is missing and the class not evaluable.

    Germline variants and artefacts can be told from one time point and keep their labels.
    """
    rows, summary = compare(case, column, column, settings)
    timepoint = case.tracks[column].timepoint
    kept = [_unpaired(row, timepoint) for row in rows if not row.p_artefact > _SURE_ARTEFACT]
    return kept, dataclasses.replace(
        summary,
        comparison=timepoint,
        n_acquired=0,
        n_lost=0,
        n_expanding=0,
        n_contracting=0,
        n_stable=0,
        n_germline=0,
        n_artefact=0,
        n_not_evaluable=len(kept),
        expected_wrong_labels=0.0,
        purity_after=math.nan,
        null_pair_false_acquired=math.nan,
    )


def _unpaired(row: VariantChange, timepoint: str) -> VariantChange:
    first = row.reason.split(";")[0]
    return dataclasses.replace(
        row,
        comparison=timepoint,
        variant_class=VariantClass.NOT_EVALUABLE,
        probability=math.nan,
        q_value=math.nan,
        p_acquired=math.nan,
        p_lost=math.nan,
        p_expanding=math.nan,
        p_contracting=math.nan,
        p_stable=math.nan,
        after_alt=None,
        after_depth=None,
        after_vaf=math.nan,
        after_vaf_low=math.nan,
        after_vaf_high=math.nan,
        after_present=None,
        after_excluded_above=math.nan,
        after_ccf=math.nan,
        depth_needed=None,
        reason=f"{first}. No second time point to compare with.",
        flags=(*row.flags, "no_second_time_point"),
        change_p_value=math.nan,
    )
