"""What happened to an ITD clone between two time points."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.records import CloneChange
from amlresist.flt3_itd.settings import Settings

Vector = npt.NDArray[np.float64]
_GRID = 4_001


@dataclass(frozen=True, slots=True)
class Observation:
    """A clone at one time point.

    Attributes:
        itd, total: fragments that carry the clone, and of all alleles.
        present: more fragments than background explains.
        purity: share of leukemic cells; None when unknown.
    """

    itd: float
    total: float
    present: bool
    purity: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A class, its posterior probability and the reasoning in words."""

    change: CloneChange
    probability: float
    reason: str


def posterior(seen: Observation, overdispersion: float) -> tuple[Vector, Vector]:
    """Posterior of the VAF: (values, masses that sum to one).

    Beta(a k + 1/2, (n - a) k + 1/2) with k = 1 / (1 + (n - 1) rho), on a grid of arcsine steps
    where the Jeffreys prior is flat.
    """
    k = 1 / (1 + max(0.0, seen.total - 1) * overdispersion)
    hits, misses = seen.itd * k, max(0.0, seen.total - seen.itd) * k
    angle = (np.arange(_GRID) + 0.5) * (np.pi / 2 / _GRID)
    value = np.sin(angle) ** 2
    height = hits * np.log(value) + misses * np.log1p(-value)
    mass = np.exp(height - height.max())
    return value, mass / mass.sum()


def judge(before: Observation, after: Observation, settings: Settings) -> Judgement:
    """Class of a clone's change.

    Gained and lost need proof of absence: not present, and the 95 % upper bound of the VAF below
    the absence limit. With both purities known the VAFs are compared per leukemic cell.
    """
    values, mass_before = posterior(before, settings.overdispersion)
    _, mass_after = posterior(after, settings.overdispersion)
    if before.present and after.present:
        return _both_present(before, after, values, mass_before, mass_after, settings)
    if not before.present and not after.present:
        return Judgement(CloneChange.NOT_EVALUABLE, 1.0, "seen at neither time point")
    absent, mass, when = (
        (after, mass_after, "after") if before.present else (before, mass_before, "before")
    )
    bound = _quantile(values, mass, 0.95)
    excluded = float(mass[values < settings.absence_limit].sum())
    seen = f"{absent.itd:.0f} of {absent.total:.0f} fragments {when}"
    if bound >= settings.absence_limit:
        needed = round(np.log(0.05) / np.log1p(-settings.absence_limit))
        return Judgement(
            CloneChange.NOT_EVALUABLE,
            1.0 - excluded,
            f"{seen}: VAF up to {bound:.2%} is not excluded; about {needed} fragments would do",
        )
    change = CloneChange.LOST if before.present else CloneChange.GAINED
    return Judgement(change, excluded, f"{seen}: VAF above {bound:.2%} is excluded")


def _both_present(
    before: Observation,
    after: Observation,
    values: Vector,
    mass_before: Vector,
    mass_after: Vector,
    settings: Settings,
) -> Judgement:
    pure = before.purity, after.purity
    scale_before, scale_after = (pure[0], pure[1]) if pure[0] and pure[1] else (1.0, 1.0)
    below = np.concatenate([[0.0], np.cumsum(mass_before)])
    reach = np.searchsorted(values, values * scale_before / scale_after)
    rises = float((mass_after * below[reach]).sum())
    how = "per leukemic cell" if pure[0] and pure[1] else "purity not known"
    rates = [seen.itd / max(seen.total, 1.0) for seen in (before, after)]
    text = f"VAF {rates[0]:.1%} before, {rates[1]:.1%} after ({how}); P(higher after) = {rises:.3f}"
    if rises >= settings.change_probability:
        return Judgement(CloneChange.EXPANDING, rises, text)
    if 1 - rises >= settings.change_probability:
        return Judgement(CloneChange.CONTRACTING, 1 - rises, text)
    return Judgement(CloneChange.PERSISTENT, 1 - abs(2 * rises - 1), text)


def _quantile(values: Vector, mass: Vector, share: float) -> float:
    return float(np.interp(share, np.cumsum(mass), values))
