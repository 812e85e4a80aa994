"""Changes of miRNAs and genes with the dispersion the cohort's own pairs teach.

A single pair has no dispersion of its own, so the stations take a stated prior. With at least
three pairs the biological coefficient of variation (BCV) is learned from them, and each pair's
interval is made anew: Var(ln FC) = counting variance + 2 BCV^2, the counting variance being what is
left of the station's interval without its prior.
"""

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from amlresist.expression.change import Dispersion, cohort_dispersion
from amlresist.expression.records import ExpressionChange
from amlresist.mirna.change import MIN_PAIRS, Z95, cohort_bcv, direction_of
from amlresist.mirna.records import MirnaChange

Floats = npt.NDArray[np.float64]
Change = TypeVar("Change", MirnaChange, ExpressionChange)
_LN2 = math.log(2)
_EVALUABLE = {"up", "down", "no_change_shown"}


def mirna_changes_of_cohort(
    read: Callable[[], Iterable[Sequence[MirnaChange]]],
) -> Iterator[MirnaChange]:
    """Every row with the cohort's BCV; unchanged with fewer than three pairs.

    Args:
        read: gives the rows patient by patient; asked twice, so that not all are held at once.
    """
    found = _mirna_bcv(read())
    for row in chain.from_iterable(read()):
        bcv = found.by_name.get(row.mirna) if found else None
        yield row if found is None or bcv is None else with_dispersion(row, bcv, found.source)


def expression_changes_of_cohort(
    read: Callable[[], Iterable[Sequence[ExpressionChange]]], minimum_log2_change: float
) -> Iterator[ExpressionChange]:
    """Every row with the cohort's BCV; unchanged with fewer than three pairs.

    Args:
        read: gives the rows patient by patient; asked twice, so that not all are held at once.
    """
    found = _expression_dispersion(read())
    for row in chain.from_iterable(read()):
        yield (
            with_dispersion(row, found.of(row.gene), found.source, minimum_log2_change)
            if found
            else row
        )


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


@dataclass(frozen=True, slots=True)
class _CohortBcv:
    by_name: dict[str, float]
    source: str


def _mirna_bcv(patients: Iterable[Sequence[MirnaChange]]) -> _CohortBcv | None:
    before, after = _PairMatrix(), _PairMatrix()
    sizes = []
    for pair in filter(None, map(_first_pair, patients)):
        before.add((row.mirna, row.before_count) for row in pair)
        after.add((row.mirna, row.after_count) for row in pair)
        sizes.append([_size(pair, "before"), _size(pair, "after")])
    usable = np.isfinite(np.array(sizes).reshape(-1, 2)).all(axis=1)
    if usable.sum() < MIN_PAIRS:
        return None
    names, counts = before.filled(0.0)
    _, counts_after = after.filled(0.0)
    bcv = cohort_bcv(
        np.nan_to_num(counts[usable]),
        np.nan_to_num(counts_after[usable]),
        np.array(sizes)[usable],
    )
    by_name = dict(zip(names, bcv.tolist(), strict=True))
    return _CohortBcv(by_name, f"cohort of {int(usable.sum())} pairs")


def _expression_dispersion(patients: Iterable[Sequence[ExpressionChange]]) -> Dispersion | None:
    log2, counting = _PairMatrix(), _PairMatrix()
    for pair in filter(None, map(_first_pair, patients)):
        known = [row for row in pair if row.direction in _EVALUABLE]
        log2.add((row.gene, row.log2_fold_change) for row in known)
        counting.add((row.gene, counting_variance(row)) for row in known)
    if log2.pairs < MIN_PAIRS:
        return None
    genes, changes = log2.filled(math.nan)
    _, variances = counting.filled(0.0)
    return cohort_dispersion(changes, np.nan_to_num(variances), genes)


class _PairMatrix:
    """Values by pair and name, gathered pair by pair."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._pairs: list[tuple[array[int], array[float]]] = []

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return len(self._pairs)

    def add(self, values: Iterable[tuple[str, float]]) -> None:
        """Add a pair's values; the last of a name counts."""
        places, numbers = array("q"), array("d")
        for name, value in values:
            places.append(self._place.setdefault(name, len(self._place)))
            numbers.append(value)
        self._pairs.append((places, numbers))

    def filled(self, missing: float) -> tuple[list[str], Floats]:
        """(names in their order, values of shape (pairs, names))."""
        names = sorted(self._place)
        rank = np.empty(len(names), dtype=np.int64)
        rank[[self._place[name] for name in names]] = np.arange(len(names))
        matrix = np.full((len(self._pairs), len(names)), missing)
        for row, (places, numbers) in zip(matrix, self._pairs, strict=True):
            row[rank[np.array(places, dtype=np.int64)]] = numbers
        return names, matrix


def _first_pair(rows: Sequence[Change]) -> list[Change]:
    """Rows of the patient's first comparison, so that a patient counts once."""
    return [row for row in rows if row.comparison == rows[0].comparison]


def _size(pair: Sequence[MirnaChange], side: str) -> float:
    """Effective library size: what turns the pair's counts into its normalised RPM."""
    sizes = [
        getattr(row, f"{side}_count") / getattr(row, f"{side}_rpm") * 1e6
        for row in pair
        if getattr(row, f"{side}_rpm") > 0
    ]
    return float(np.median(sizes)) if sizes else math.nan
