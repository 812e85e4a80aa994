"""Where the marks of the larger plots go."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from amlresist.report.axes import Axis, vaf_axis
from amlresist.report.drivers import RankedVariant
from amlresist.report.labels import is_background
from amlresist.sheet import timepoint_rank
from amlresist.variants.records import CloneShare

# With no variant fragment among n, VAFs above 3/n are excluded with 95 % (rule of three).
RULE_OF_THREE = 3.0
LABEL_HEIGHT = 13.0
CHARACTER_WIDTH = 6.4
LINE_COLOURS = 6
Label = tuple[float, float, float]  # left, right, baseline of a text


@dataclass(frozen=True, slots=True)
class ScatterPoint:
    """A variant in the VAF-VAF plot; `label` is "" for bystanders."""

    variant: RankedVariant
    x: float
    y: float
    label: str
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """VAF after against VAF before, with the band in which nothing can be seen."""

    x: Axis
    y: Axis
    points: tuple[ScatterPoint, ...]
    limit_before: float
    limit_after: float


def vaf_scatter(variants: Sequence[RankedVariant]) -> Scatter:
    """The plot of all variants that were read at both time points."""
    x, y = vaf_axis(56, 500), vaf_axis(400, 16)
    both = [v for v in variants if v.row.before_depth and v.row.after_depth]
    both = [v for v in both if not is_background(v.row)]
    return Scatter(
        x,
        y,
        tuple(_with_labels(both, x, y)),
        _detection_limit(v.row.before_depth for v in both),
        _detection_limit(v.row.after_depth for v in both),
    )


def _detection_limit(depths: Iterable[int | None]) -> float:
    known = [depth for depth in depths if depth]
    return min(1.0, RULE_OF_THREE / median(known)) if known else math.nan


def _with_labels(variants: Sequence[RankedVariant], x: Axis, y: Axis) -> list[ScatterPoint]:
    points: list[ScatterPoint] = []
    taken: list[Label] = []
    for variant in variants:
        at_x, at_y = x.at(variant.row.before_vaf), y.at(variant.row.after_vaf)
        label = variant.name if variant.is_driver and len(variant.name) <= 24 else ""
        label = "" if any(label == point.label for point in points) else label
        placed = place_label(label, at_x, at_y, x.end, taken)
        points.append(ScatterPoint(variant, at_x, at_y, label, *placed))
    return points


def place_label(
    label: str, at_x: float, at_y: float, end: float, taken: list[Label]
) -> tuple[float, float, str]:
    """Where the text beside a mark goes: (x, baseline, anchor); added to `taken`.

    Args:
        label: the text, "" for none.
        at_x, at_y: the mark.
        end: right edge of the plot; a text that would cross it goes to the left of its mark.
        taken: labels set so far, which the new one must not cover.
    """
    width = len(label) * CHARACTER_WIDTH
    to_left = at_x + 9 + width > end
    left = at_x - 9 - width if to_left else at_x + 9
    baseline = _free_baseline(left, left + width, at_y + 4, taken) if label else at_y
    taken += [(left, left + width, baseline)] if label else []
    anchor = "end" if to_left else "start"
    return round(at_x - 9 if to_left else at_x + 9, 1), round(baseline, 1), anchor


def _free_baseline(left: float, right: float, wanted: float, taken: Sequence[Label]) -> float:
    def is_free(baseline: float) -> bool:
        return all(
            right < other_left or left > other_right or abs(baseline - other) >= LABEL_HEIGHT
            for other_left, other_right, other in taken
        )

    steps = (sign * step * LABEL_HEIGHT for step in range(12) for sign in (-1, 1))
    return next((wanted + step for step in steps if is_free(wanted + step)), wanted)


@dataclass(frozen=True, slots=True)
class CloneLine:
    """One clone's path over time: points are (x, y, share or NaN)."""

    name: str
    n_variants: int
    colour: int
    points: tuple[tuple[float, float, float], ...]
    label_y: float


@dataclass(frozen=True, slots=True)
class CloneChart:
    """Shares of leukemic cells over time; VAFs where the purity is not known."""

    timepoints: tuple[tuple[float, str], ...]
    y: Axis
    lines: tuple[CloneLine, ...]
    is_ccf: bool


def clone_chart(rows: Sequence[CloneShare]) -> CloneChart:
    """The plot of all clones; needs at least one row."""
    times = sorted({row.timepoint for row in rows}, key=timepoint_rank)
    x = {name: 60 + 300 * i / max(1, len(times) - 1) for i, name in enumerate(times)}
    is_ccf = all(math.isfinite(row.ccf) for row in rows)
    ticks = tuple((share / 4, f"{25 * share} %") for share in range(5))
    y = Axis(240, 16, 0.0, 1.0, 1.0, ticks)
    ordered = sorted(rows, key=lambda row: (row.clone != "founder", row.clone))
    paths = []
    for clone, group in groupby(ordered, key=lambda row: row.clone):
        shares = sorted(group, key=lambda row: timepoint_rank(row.timepoint))
        values = [row.ccf if is_ccf else row.vaf for row in shares]
        points = tuple(
            (round(x[row.timepoint], 1), y.at(value), value)
            for row, value in zip(shares, values, strict=True)
        )
        paths.append((clone, shares[0].n_variants, points))
    return CloneChart(
        tuple((round(x[name], 1), name) for name in times), y, _spread_labels(paths), is_ccf
    )


def _spread_labels(
    paths: Sequence[tuple[str, int, tuple[tuple[float, float, float], ...]]],
) -> tuple[CloneLine, ...]:
    by_end = sorted(range(len(paths)), key=lambda i: paths[i][2][-1][1])
    label_y: dict[int, float] = {}
    lowest = -math.inf
    for i in by_end:
        lowest = max(lowest + LABEL_HEIGHT + 2, paths[i][2][-1][1] + 4)
        label_y[i] = round(lowest, 1)
    return tuple(
        CloneLine(name, n_variants, i % LINE_COLOURS, points, label_y[i])
        for i, (name, n_variants, points) in enumerate(paths)
    )
