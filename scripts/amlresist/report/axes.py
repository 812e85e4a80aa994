"""Positions on the axes of the pages' plots, in units of their viewBox."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal or vertical axis.

    Attributes:
        start, end: positions of the lowest and the highest value.
        low, high: values there; values beyond are drawn at the edge.
        power: 1 linear, 0.5 square root (gives small VAFs room without hiding zero).
        ticks: (value, label) that are drawn.
    """

    start: float
    end: float
    low: float
    high: float
    power: float
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """Position of a value, rounded to a tenth; the lowest value's for NaN."""
        if math.isnan(value):
            return self.start
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        length = (self.end - self.start) * math.pow(share, self.power)
        return round(self.start + length, 1)


VAF_TICKS = ((0.0, "0"), (0.01, "1"), (0.05, "5"), (0.2, "20"), (0.5, "50"), (1.0, "100 %"))


def vaf_axis(start: float, end: float) -> Axis:
    """Square-root axis from 0 to 100 %."""
    return Axis(start, end, 0.0, 1.0, 0.5, VAF_TICKS)


_SMALLEST_REACH = 1e-12  # below, a change is rounding


def change_axis(start: float, end: float, values: Iterable[float]) -> Axis:
    """Linear axis that is symmetric about 0 and holds all finite `values`."""
    reach = max((abs(value) for value in values if math.isfinite(value)), default=1.0)
    limit = _round_up(reach if reach > _SMALLEST_REACH else 1.0)
    ticks = tuple((limit * share, f"{limit * share:+.2g}") for share in (-1, -0.5, 0.5, 1))
    return Axis(start, end, -limit, limit, 1.0, (*ticks[:2], (0.0, "0"), *ticks[2:]))


def ratio_axis(start: float, end: float, values: Iterable[float]) -> Axis:
    """Square-root axis from 0 for allelic ratios; 0.5 is always on it."""
    reach = max((value for value in values if math.isfinite(value)), default=1.0)
    limit = _round_up(max(reach, 1.0))
    ticks = ((0.0, "0"), (0.1, "0.1"), (0.5, "0.5"), (1.0, "1"), (limit, f"{limit:g}"))
    return Axis(start, end, 0.0, limit, 0.5, tuple(dict.fromkeys(ticks)))


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 10 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= value * (1 - 1e-9))
