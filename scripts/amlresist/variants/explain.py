"""The arithmetic behind a class, in words."""

import math
from dataclasses import dataclass

from amlresist.variants.records import VariantClass


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of a variant at one time point.

    Attributes:
        timepoint: name of the time point.
        alt, depth: fragments; None when unknown.
        vaf, low, high: observed VAF and its 95 % interval.
        present: more fragments than errors explain; None when unknown.
        excluded_above: U95 where not present, else NaN.
        limit: VAF below which it counts as absent.
        listed, assayed: whether a given result lists it; whether the locus was covered.
        counted: whether the source gives counts at all.
        given: whether the source is a result made elsewhere, not reads.
    """

    timepoint: str
    alt: int | None
    depth: int | None
    vaf: float
    low: float
    high: float
    present: bool | None
    excluded_above: float
    limit: float
    listed: bool
    assayed: bool
    counted: bool
    given: bool

    def words(self) -> str:
        """One clause about this time point."""
        if self.alt is None or self.depth is None:
            if self.listed:
                return f"{self.timepoint}: listed without counts"
            return f"{self.timepoint}: no count (not listed is not absent)"
        seen = f"{self.timepoint}: {self.alt} of {self.depth} fragments"
        if self.depth == 0:
            return f"{self.timepoint}: no fragment covers it"
        if self.present:
            return f"{seen}, VAF {percent(self.vaf)} ({percent(self.low)} to {percent(self.high)})"
        return f"{seen}, no more than errors explain; excluded above {percent(self.excluded_above)}"


def reason(
    before: Side,
    after: Side,
    label: VariantClass,
    best: VariantClass,
    probability: float,
    scale: float,
    depth_needed: int | None,
    diluted: bool = False,
) -> str:
    """Why a variant has its class.

    Args:
        before, after: the two time points.
        label, best: class given, and the likeliest one with its `probability`.
        probability: posterior of `best`.
        scale: VAF after over VAF before of an unchanged clone.
        depth_needed: that would have decided, None where depth is not the gap.
        diluted: fewer leukemic cells, whose shares are unknown, would explain the fall.
    """
    counts = f"{before.words()}; {after.words()}."
    if label is not VariantClass.NOT_EVALUABLE:
        moved = _expectation(before, after, scale, label)
        return f"{counts}{moved} Posterior of {_spelled(label)}: {probability:.4g}."
    unknown = _why_unknown(before, after)
    if unknown:
        return f"{counts} {unknown}"
    if diluted:
        return (
            f"{counts} Likeliest: {_spelled(best)}, but it fell no further than the largest"
            " variants did, as fewer leukemic cells in the sample would make all fall. Blast"
            " fractions would tell."
        )
    needed = f" A depth of {depth_needed} would have decided." if depth_needed else ""
    likeliest = f"Likeliest: {_spelled(best)} ({probability:.3g})"
    return f"{counts} {likeliest}, {_why_unsaid(before, after, best)}.{needed}"


def _why_unsaid(before: Side, after: Side, best: VariantClass) -> str:
    """Why the likeliest class is not given."""
    empty = {VariantClass.ACQUIRED: before, VariantClass.LOST: after}.get(best)
    if empty is not None and empty.excluded_above >= empty.limit:
        return (
            f"but the counts of {empty.timepoint} do not exclude {percent(empty.limit)},"
            " below which a variant counts as absent"
        )
    return "not sure enough to be said"


def _expectation(before: Side, after: Side, scale: float, label: VariantClass) -> str:
    compared = {VariantClass.EXPANDING, VariantClass.CONTRACTING, VariantClass.STABLE}
    if label not in compared or abs(scale - 1) < 0.02 or math.isnan(before.vaf):
        return ""
    expected = percent(min(1.0, before.vaf * scale))
    return f" With the purities of both samples an unchanged clone would have VAF {expected} after."


def _why_unknown(before: Side, after: Side) -> str:
    for side in (before, after):
        if not side.counted:
            return "Without counts only presence in the lists can be told, not absence or change."
    for side in (before, after):
        if side.given and side.depth is None:
            return f"The result given for {side.timepoint} does not say: gained or lost is open."
        if not side.assayed:
            return f"Not assayed at {side.timepoint}: gained or lost cannot be told."
    if not before.present and not after.present:
        return "Seen at neither of the two time points."
    return ""


def _spelled(label: VariantClass) -> str:
    return label.value.replace("_", " ")


def percent(value: float) -> str:
    """A VAF as text, e.g. `0.87 %`."""
    return "NA" if math.isnan(value) else f"{100 * value:.3g} %"
