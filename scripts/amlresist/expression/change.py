"""Change of a gene within a pair: log2 fold change with an honest interval, no test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amlresist.expression.measured import Floats, Measured, Unit

NDArrayBool = NDArray[np.bool_]

Z_95 = 1.959964
_LN2 = float(np.log(2))


class Direction(StrEnum):
    """What can be said of a change."""

    UP = "up"
    DOWN = "down"
    NO_CHANGE_SHOWN = "no_change_shown"
    NOT_EVALUABLE = "not_evaluable"


class ChangeSettings(Protocol):
    """The settings a gene's change depends on."""

    @property
    def normalisation(self) -> str:
        """`tmm` or `none`."""

    @property
    def prior_bcv(self) -> float:
        """Biological coefficient of variation assumed without a cohort."""

    @property
    def minimum_fragments(self) -> int:
        """Fewest fragments of both time points together."""

    @property
    def abundance_offset(self) -> float:
        """Added to abundances where there are no counts."""

    @property
    def expressed_threshold(self) -> float:
        """Abundance from which a gene counts as expressed."""

    @property
    def minimum_log2_change(self) -> float:
        """Smallest change that gets a direction."""


@dataclass(frozen=True)
class Dispersion:
    """Biological coefficient of variation per gene.

    Attributes:
        source: `prior (exploratory)` or `cohort of n pairs`.
        common: value of genes that are not in `by_gene`.
    """

    source: str
    common: float
    by_gene: Mapping[str, float]

    def of(self, gene: str) -> float:
        """BCV of one gene."""
        return self.by_gene.get(gene, self.common)


@dataclass(frozen=True, slots=True)
class GeneChange:
    """Change of one gene.

    Attributes:
        log2, low, high: after over before with its 95 % interval; NaN when not evaluable.
        bcv: biological coefficient of variation used.
    """

    gene: str
    log2: float
    low: float
    high: float
    bcv: float
    direction: Direction
    reason: str


def prior_dispersion(bcv: float) -> Dispersion:
    """The stated prior, for a pair without a cohort."""
    return Dispersion("prior (exploratory)", bcv, {})


def gene_changes(
    before: Measured, after: Measured, dispersion: Dispersion, settings: ChangeSettings
) -> dict[str, GeneChange]:
    """Change of every gene that both libraries measured.

    With counts k of libraries whose effective sizes are s: log2 of (k2 + 1/2)/s2 over
    (k1 + 1/2)/s1, with variance psi'(k1 + 1/2) + psi'(k2 + 1/2) + 2 BCV^2 on the natural-log scale
    (psi', the trigamma function, is the variance of the log of a Gamma(k + 1/2) rate, the Jeffreys
    posterior of a Poisson rate). Without counts the counting error is not known and left out.
    """
    genes = sorted(set(before.genes) & set(after.genes))
    if before.unit is not after.unit:
        reason = f"before is in {before.unit}, after in {after.unit}: not comparable"
        return {gene: not_evaluable(gene, reason) for gene in genes}
    pick_before = _positions(before, genes)
    pick_after = _positions(after, genes)
    if before.counts is not None and after.counts is not None:
        counts = (before.counts[pick_before], after.counts[pick_after])
        log2, variance = _from_counts(*counts, settings.normalisation)
        too_few = counts[0] + counts[1] < settings.minimum_fragments
        why_not = f"fewer than {settings.minimum_fragments} fragments in both together"
        counting = "counting error and "
    else:
        abundance = (before.abundance[pick_before], after.abundance[pick_after])
        log2, too_few = _from_abundance(before.unit, *abundance, settings)
        variance = np.zeros(len(genes))
        why_not = f"below {settings.expressed_threshold:g} {before.unit} at both time points"
        counting = "no counts, so counting error not known; "
    bcv = np.array([dispersion.of(gene) for gene in genes])
    half = Z_95 * np.sqrt(variance + 2 * bcv**2) / _LN2
    noise = f"{counting}BCV {{:.2g}} from {dispersion.source}"
    return {
        gene: not_evaluable(gene, why_not)
        if too_few[i]
        else _judge(
            gene,
            float(log2[i]),
            float(half[i]),
            float(bcv[i]),
            settings.minimum_log2_change,
            noise.format(bcv[i]),
        )
        for i, gene in enumerate(genes)
    }


def not_evaluable(gene: str, reason: str) -> GeneChange:
    """A gene about whose change nothing can be said."""
    nan = float("nan")
    return GeneChange(gene, nan, nan, nan, nan, Direction.NOT_EVALUABLE, reason)


def tmm_log_ratio(
    before: Floats, after: Floats, *, trim_ratio: float = 0.3, trim_abundance: float = 0.05
) -> float:
    """Log2 composition factor of `after` over `before`: trimmed mean of M values.

    Robinson & Oshlack 2010 (Genome Biol 11:R25): of the genes seen in both, leave out the most
    extreme 30 % of log ratios and 5 % of abundances at each end, and average the rest weighted by
    the inverse of their counting variance.

    Args:
        before, after: counts or abundances of the same genes.
    """
    seen = (before > 0) & (after > 0)
    if seen.sum() < 10:  # too few genes to tell composition from change
        return 0.0
    size_before, size_after = before.sum(), after.sum()
    k1, k2 = before[seen], after[seen]
    ratio = np.log2(k2 / size_after) - np.log2(k1 / size_before)
    abundance = (np.log2(k2 / size_after) + np.log2(k1 / size_before)) / 2
    weight = 1 / ((size_before - k1) / size_before / k1 + (size_after - k2) / size_after / k2)
    kept = _within(ratio, trim_ratio) & _within(abundance, trim_abundance)
    if not kept.any():
        return 0.0
    return float(np.average(ratio[kept], weights=weight[kept]))


def cohort_dispersion(
    log2_changes: Floats, sampling_variance: Floats, genes: Sequence[str], prior_weight: float = 10
) -> Dispersion:
    """BCV per gene from at least three pairs of a cohort.

    The spread of a gene's paired log changes around their mean is 2 BCV^2 plus the counting
    variance. Gene-wise estimates from few pairs are unsteady, so they are averaged with the median
    of all genes, which weighs `prior_weight` degrees of freedom (10, as edgeR's prior.df;
    Robinson, McCarthy & Smyth 2010, Bioinformatics 26:139).

    Args:
        log2_changes: pairs x genes, log2; NaN where not evaluable.
        sampling_variance: pairs x genes, natural-log scale, the psi' part of `gene_changes`.

    Raises:
        ValueError: fewer than three pairs.
    """
    n_pairs = log2_changes.shape[0]
    if n_pairs < 3:
        raise ValueError(f"{n_pairs} pairs: a dispersion needs at least three")
    values = log2_changes * _LN2
    present = np.isfinite(values)
    freedom = present.sum(axis=0) - 1.0
    enough = freedom >= 2
    values = np.where(present, values, 0.0)[:, enough]
    used, free = present[:, enough], freedom[enough]
    mean = values.sum(axis=0) / (free + 1)
    spread = (np.where(used, values - mean, 0.0) ** 2).sum(axis=0) / free
    counting = np.where(used, sampling_variance[:, enough], 0.0).sum(axis=0) / (free + 1)
    squared = np.maximum(spread - counting, 0) / 2
    common = _common_squared_bcv(spread, counting, free)
    moderated = (free * squared + prior_weight * common) / (free + prior_weight)
    names = [gene for gene, kept in zip(genes, enough, strict=True) if kept]
    by_gene = dict(zip(names, np.sqrt(moderated).tolist(), strict=True))
    return Dispersion(f"cohort of {n_pairs} pairs", float(np.sqrt(common)), by_gene)


def trigamma(x: Floats) -> Floats:
    """Second derivative of log Gamma, for x > 0.

    Recurrence to x >= 6, then the asymptotic series (Abramowitz & Stegun 6.4.6, 6.4.12).
    """
    shifted = np.array(x, dtype=np.float64)
    total = np.zeros_like(shifted)
    for _ in range(6):
        small = shifted < 6
        total[small] += 1 / shifted[small] ** 2
        shifted[small] += 1
    inverse = 1 / shifted
    square = inverse**2
    series = 1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - square * 5 / 66)))
    result: Floats = total + inverse * (1 + inverse / 2 + square * series)
    return result


def _common_squared_bcv(spread: Floats, counting: Floats, freedom: Floats) -> float:
    if not spread.size:
        return 0.0
    # The median of a chi-square is below its mean by about this factor (Wilson & Hilferty 1931).
    median_over_mean = (1 - 2 / (9 * float(np.median(freedom)))) ** 3
    total = float(np.median(spread)) / median_over_mean
    return max(total - float(np.median(counting)), 0.0) / 2


def _positions(measured: Measured, genes: Sequence[str]) -> list[int]:
    place = {gene: i for i, gene in enumerate(measured.genes)}
    return [place[gene] for gene in genes]


def _from_counts(k1: Floats, k2: Floats, normalisation: str) -> tuple[Floats, Floats]:
    size = np.log2(max(k2.sum(), 1) / max(k1.sum(), 1))
    factor = tmm_log_ratio(k1, k2) if normalisation == "tmm" else 0.0
    log2 = np.log2((k2 + 0.5) / (k1 + 0.5)) - size - factor
    return log2, trigamma(k1 + 0.5) + trigamma(k2 + 0.5)


def _from_abundance(
    unit: Unit, before: Floats, after: Floats, settings: ChangeSettings
) -> tuple[Floats, NDArrayBool]:
    if unit is Unit.LOG2:
        return after - before, np.zeros(len(before), dtype=bool)
    factor = tmm_log_ratio(before, after) if settings.normalisation == "tmm" else 0.0
    offset = settings.abundance_offset
    too_low = (before < settings.expressed_threshold) & (after < settings.expressed_threshold)
    return np.log2((after + offset) / (before + offset)) - factor, too_low


def _judge(
    gene: str, log2: float, half: float, bcv: float, minimum: float, noise: str
) -> GeneChange:
    low, high = log2 - half, log2 + half
    interval = f"log2 change {log2:+.2f}, 95 % interval {low:+.2f} to {high:+.2f} ({noise})"
    if low <= 0 <= high:
        direction, verdict = Direction.NO_CHANGE_SHOWN, "the interval includes no change"
    elif abs(log2) < minimum:
        direction = Direction.NO_CHANGE_SHOWN
        verdict = f"smaller than the least change asked for, {minimum:g}"
    else:
        direction = Direction.UP if log2 > 0 else Direction.DOWN
        verdict = "the interval excludes no change"
    return GeneChange(gene, log2, low, high, bcv, direction, f"{interval}: {verdict}")


def _within(values: Floats, trim: float) -> NDArrayBool:
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    n = len(values)
    kept: NDArrayBool = (ranks >= np.floor(n * trim)) & (ranks < n - np.floor(n * trim))
    return kept
