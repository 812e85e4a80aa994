"""How much more VAFs scatter than counting alone would: learned from heterozygous SNPs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from amlresist.variants.likelihood import Floats
from amlresist.variants.read_columns import Ints

MIN_DEPTH = 30
_MEAN_VAF = (0.4, 0.6)  # mean over the time points at which a SNP may lie
_CENTRES = np.linspace(0.45, 0.53, 41)  # reference bias of capture and alignment is a few percent
_KERNEL = 0.015
_WINDOW = (0.5, 3.0)  # standard deviations below and above; clones lie below, so less is taken
_NARROWINGS = 2
_CANDIDATES = np.geomspace(5e-5, 0.05, 60)
_FINE = np.geomspace(5e-5, 0.05, 1200)
_PRIOR_SPREAD = 1.0  # of log rho around the default: one pair's SNPs soon outweigh it
_DEFAULT_SPREAD = 0.8  # standard error of the default, relative
_CHANGED = 0.6  # width over which the difference of a variant that changed is spread
_TAIL = 2.0  # so many strays are taken for the tail of the SNPs
_SECOND_GAIN = 2.0  # log likelihood a second group must gain beyond the BIC
_FEWEST_ABOVE = 10
_ONE_SD = 0.683  # share of a normal variable within one standard deviation
_ROUNDS = 15
_MORE_ROUNDS = 3
_MOST_LOCI = 1000  # more would only cost time


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """Beta-binomial rho and where it comes from.

    Attributes:
        rho: intra-class correlation of fragments of one locus (posterior mean of its logarithm).
        snps: loci it was learned from, 0 for the default.
        spread: standard error of rho (posterior standard deviation).
        between: what capture bias that a locus has in all libraries adds to rho; it does not touch
            the comparison of two time points, but loci of one clone scatter by it.
    """

    rho: float
    snps: int
    spread: float
    between: float = 0.0

    @property
    def source(self) -> str:
        """In words, for the table."""
        if not self.snps:
            return "default"
        return f"{self.snps} loci near VAF 0.5"


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups of loci whose VAFs differ alike between the time points.

    Attributes:
        shifts: difference of each time point from the mean of all, shape (K, T).
        weights: share of each group, and last of loci that differ anyhow, shape (K + 1,).
    """

    shifts: Floats
    weights: Floats

    @classmethod
    def start(cls, shifts: Floats) -> "_Groups":
        return cls(shifts, np.full(len(shifts) + 1, 1 / (len(shifts) + 1)))


def estimate(alt: Ints, depth: Ints, default: float, min_snps: int) -> Overdispersion:
    """Posterior of rho from how the VAFs of SNPs differ between the time points.

    Only differences within a locus count (restricted likelihood, Patterson and Thompson 1971), so
    that a clonal variant near 0.5, or one whose capture is biased alike in all libraries, does not
    pass for scatter. Loci are chosen by their mean VAF, which tells nothing of the difference.
    Founders of samples of unequal purity may form a second group with a difference of its own, if
    the BIC wants it; variants that changed are strays.

    Args:
        alt, depth: fragments, shape (loci, time points).
        default: rho where there are too few such loci, and the centre of the prior.
        min_snps: fewest loci that replace the default.
    """
    unknown = Overdispersion(default, 0, _DEFAULT_SPREAD * default)
    if alt.shape[1] < 2:
        return unknown
    vaf = alt / np.maximum(depth, 1)
    mean = vaf.mean(axis=1)
    deep = (depth >= MIN_DEPTH).all(axis=1)
    possible = deep & (mean > _MEAN_VAF[0]) & (mean < _MEAN_VAF[1])
    found = unknown
    for _ in range(_NARROWINGS):
        chosen = np.flatnonzero(possible & _near_half(mean, depth, possible, found.rho))
        if len(chosen) < min_snps:
            return unknown
        used = chosen[:: -(-len(chosen) // _MOST_LOCI)]
        rho, spread = _posterior(vaf[used], depth[used].astype(np.float64), default)
        between = _between(mean[possible], depth[possible], rho)
        found = Overdispersion(rho, len(chosen), spread, between)
    return found


def _near_half(
    mean: Floats, depth: Ints, possible: npt.NDArray[np.bool_], rho: float
) -> npt.NDArray[np.bool_]:
    """Loci whose mean VAF over the time points is that of the SNPs, as far as rho tells."""
    if not possible.any():
        return possible
    away = (mean - _centre(mean[possible])) / np.sqrt(_scatter_of_mean(depth, rho))
    return np.asarray((away > -_WINDOW[0]) & (away < _WINDOW[1]))


def _centre(mean: Floats) -> float:
    """The VAF around which most loci lie."""
    near = np.exp(-0.5 * ((mean[:, None] - _CENTRES) / _KERNEL) ** 2).sum(axis=0)
    return float(_CENTRES[int(np.argmax(near))])


def _scatter_of_mean(depth: Ints, rho: float) -> Floats:
    """Variance of the mean VAF of a SNP over its time points, bias of the locus left aside."""
    return np.asarray(0.25 * (rho + 1 / np.maximum(depth, 1)).mean(axis=1) / depth.shape[1])


def _between(mean: Floats, depth: Ints, rho: float) -> float:
    """Scatter of the mean VAFs beyond what rho explains, from the upper half.

    Few somatic variants lie above the SNPs, many below.
    """
    above = mean > _centre(mean)
    if above.sum() < _FEWEST_ABOVE:
        return 0.0
    deviation = np.quantile(mean[above] - _centre(mean), _ONE_SD)
    expected = np.median(_scatter_of_mean(depth[above], rho))
    return float(max(0.0, 4 * (deviation**2 - expected)))


def _posterior(vaf: Floats, depth: Floats, default: float) -> tuple[float, float]:
    """Mean (of the logarithm) and standard deviation of rho."""
    single = np.zeros((1, vaf.shape[1]))
    away = vaf - vaf.mean(axis=1, keepdims=True)
    outer = away[np.argsort(np.abs(away).sum(axis=1), kind="stable")[int(0.8 * len(away))]]
    log = _profile(vaf, depth, single, default)
    second = _profile(vaf, depth, np.vstack((single, outer)), default)
    penalty = 0.5 * vaf.shape[1] * np.log(len(vaf)) + _SECOND_GAIN
    if second.max() - penalty > log.max():
        log = second
    log = log - 0.5 * (np.log(_CANDIDATES / default) / _PRIOR_SPREAD) ** 2
    fine = np.interp(np.log(_FINE), np.log(_CANDIDATES), log)
    weight = np.exp(fine - fine.max())
    weight /= weight.sum()
    mean = float(np.exp(weight @ np.log(_FINE)))  # of log rho: its posterior is lopsided
    return mean, float(np.sqrt(weight @ (_FINE - mean) ** 2))


def _profile(vaf: Floats, depth: Floats, shifts: Floats, default: float) -> Floats:
    """Log likelihood of each of _CANDIDATES, shares and differences of the groups fitted."""
    _, groups = _fitted(vaf, depth, default, _Groups.start(shifts), _ROUNDS)
    log = np.empty(len(_CANDIDATES))
    for i, rho in enumerate(_CANDIDATES):
        log[i], groups = _fitted(vaf, depth, float(rho), groups, _MORE_ROUNDS)
    return log


def _fitted(
    vaf: Floats, depth: Floats, rho: float, groups: _Groups, rounds: int
) -> tuple[float, _Groups]:
    """Log likelihood, and the groups after some rounds of expectation maximisation."""
    mean = vaf.mean(axis=1, keepdims=True)
    variance = mean * (1 - mean) * (rho + (1 - rho) / depth)
    stray = np.full(len(vaf), -(vaf.shape[1] - 1) * np.log(_CHANGED))
    for _ in range(rounds):
        inside = [_contrasts(vaf - shift, variance) for shift in groups.shifts]
        log = np.column_stack((*inside, stray)) + np.log(groups.weights)
        total = logsumexp(log, axis=1)
        share = np.exp(log - total[:, None])
        size = share.sum(axis=0)
        size[-1] = max(size[-1] - _TAIL, 0.05)
        weight = share[:, :-1, None] / variance[:, None, :]
        shifts = (weight * (vaf - mean)[:, None, :]).sum(axis=0) / weight.sum(axis=0)
        shifts -= shifts.mean(axis=1, keepdims=True)
        groups = _Groups(shifts, size / size.sum())
    return float(total.sum()), groups


def _contrasts(vaf: Floats, variance: Floats) -> Floats:
    """Log density of the VAFs of each locus (row) about their own mean."""
    precision = 1 / variance
    sums = precision.sum(axis=1)
    mean = (precision * vaf).sum(axis=1) / sums
    scatter = (precision * (vaf - mean[:, None]) ** 2).sum(axis=1)
    times = vaf.shape[1]
    log = scatter + np.log(variance).sum(axis=1) + np.log(sums) - np.log(times)
    return np.asarray(-0.5 * (log + (times - 1) * np.log(2 * np.pi)))
