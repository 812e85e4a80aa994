"""Changes of miRNAs and genes with the dispersion the cohort's own pairs teach.

A single pair has no dispersion of its own, so the stations take a stated prior. With at least
three pairs the biological coefficient of variation (BCV) is learned from them, and each pair's
interval is made anew: Var(ln FC) = counting variance + 2 BCV^2, the counting variance being what is
left of the station's interval without its prior.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from amlresist.expression.change import cohort_dispersion
from amlresist.expression.records import ExpressionChange
from amlresist.mirna.change import MIN_PAIRS, Z95, cohort_bcv, direction_of
from amlresist.mirna.records import MirnaChange

Floats = npt.NDArray[np.float64]
Change = TypeVar("Change", MirnaChange, ExpressionChange)
_LN2 = math.log(2)
_EVALUABLE = {"up", "down", "no_change_shown"}


def mirna_changes_of_cohort(rows: Sequence[MirnaChange]) -> list[MirnaChange]:
    """Every row with the cohort's BCV; unchanged with fewer than three pairs."""
    pairs = _first_pairs(rows)
    if len(pairs) < MIN_PAIRS:
        return list(rows)
    names = sorted({row.mirna for pair in pairs for row in pair})
    before = _counts(pairs, names, "before_count")
    after = _counts(pairs, names, "after_count")
    sizes = np.array([[_size(pair, "before"), _size(pair, "after")] for pair in pairs])
    usable = np.isfinite(sizes).all(axis=1)
    if usable.sum() < MIN_PAIRS:
        return list(rows)
    bcv = cohort_bcv(before[usable], after[usable], sizes[usable])
    by_name = dict(zip(names, bcv.tolist(), strict=True))
    source = f"cohort of {int(usable.sum())} pairs"
    return [
        with_dispersion(row, by_name[row.mirna], source) if row.mirna in by_name else row
        for row in rows
    ]


def expression_changes_of_cohort(
    rows: Sequence[ExpressionChange], minimum_log2_change: float
) -> list[ExpressionChange]:
    """Every row with the cohort's BCV; unchanged with fewer than three pairs."""
    pairs = _first_pairs(rows)
    if len(pairs) < MIN_PAIRS:
        return list(rows)
    genes = sorted({row.gene for pair in pairs for row in pair})
    log2, counting = (np.full((len(pairs), len(genes)), np.nan) for _ in range(2))
    place = {gene: i for i, gene in enumerate(genes)}
    for i, pair in enumerate(pairs):
        for row in pair:
            if row.direction in _EVALUABLE:
                log2[i, place[row.gene]] = row.log2_fold_change
                counting[i, place[row.gene]] = counting_variance(row)
    dispersion = cohort_dispersion(log2, np.nan_to_num(counting), genes)
    return [
        with_dispersion(row, dispersion.of(row.gene), dispersion.source, minimum_log2_change)
        for row in rows
    ]


def counting_variance(row: Change) -> float:
    """Variance of ln FC without biological variation, from the row's interval and its BCV."""
    standard_error = (row.log2_high - row.log2_low) / (2 * Z95) * _LN2
    return max(standard_error**2 - 2 * row.dispersion**2, 0.0)


def with_dispersion(row: Change, bcv: float, source: str, minimum: float = 0.0) -> Change:
    """The row with another BCV: interval, direction and source follow; the fold change stays.

    Args:
        minimum: smallest log2 fold change that gets a direction.
    """
    if row.direction not in _EVALUABLE or math.isnan(row.log2_low):
        return row
    half_width = Z95 * math.sqrt(counting_variance(row) + 2 * bcv**2) / _LN2
    low, high = row.log2_fold_change - half_width, row.log2_fold_change + half_width
    is_small = abs(row.log2_fold_change) < minimum
    direction = "no_change_shown" if is_small else direction_of(low, high)
    told = (
        f"log2 change {row.log2_fold_change:+.2f}, 95 % interval {low:+.2f} to {high:+.2f}"
        f" with the BCV of the cohort, {bcv:.2f}"
    )
    return replace(
        row,
        log2_low=low,
        log2_high=high,
        dispersion=bcv,
        dispersion_source=source,
        direction=direction,
        reason=told,
    )


def _first_pairs(rows: Sequence[Change]) -> list[list[Change]]:
    """Rows of each patient's first comparison, so that a patient counts once."""
    by_pair: dict[str, dict[str, list[Change]]] = {}
    for row in rows:
        by_pair.setdefault(row.patient, {}).setdefault(row.comparison, []).append(row)
    return [next(iter(by_pair[patient].values())) for patient in sorted(by_pair)]


def _counts(pairs: Sequence[Sequence[MirnaChange]], names: Sequence[str], side: str) -> Floats:
    counts = np.zeros((len(pairs), len(names)))
    place = {name: i for i, name in enumerate(names)}
    for i, pair in enumerate(pairs):
        for row in pair:
            counts[i, place[row.mirna]] = np.nan_to_num(getattr(row, side))
    return counts


def _size(pair: Sequence[MirnaChange], side: str) -> float:
    """Effective library size: what turns the pair's counts into its normalised RPM."""
    sizes = [
        getattr(row, f"{side}_count") / getattr(row, f"{side}_rpm") * 1e6
        for row in pair
        if getattr(row, f"{side}_rpm") > 0
    ]
    return float(np.median(sizes)) if sizes else math.nan
