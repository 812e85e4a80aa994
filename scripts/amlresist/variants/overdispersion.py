"""How much more VAFs scatter than counting alone would: learned from heterozygous SNPs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, ndtr

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
_STRAYS = (-0.6, 0.6)  # differences over which variants that changed are spread
_TAIL = 2.0  # so many strays are taken for the tail of the SNPs
_NEAR_CHANGES = (0.15, 0.3)  # largest difference of a group of variants that changed a little
_NEAR_GAIN = 1.0  # log likelihood that such a group must gain beyond the BIC
_FEWEST_STRAYS = 0.05
_FEWEST_ABOVE = 10
_ONE_SD = 0.683  # share of a normal variable within one standard deviation
_ROUNDS = 20
_MORE_ROUNDS = 4
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


def estimate(alt: Ints, depth: Ints, default: float, min_snps: int) -> Overdispersion:
    """Posterior of rho from how the VAFs of SNPs differ between the time points.

    Only differences within a locus count, so that a clonal variant near 0.5, or one whose capture
    is biased alike in all libraries, does not pass for scatter. Loci are chosen by their mean VAF,
    which tells nothing of the difference. Variants that changed are strays, spread over all
    differences; some may have changed by little only, which looks much like scatter, so rho is
    averaged over the models with and without such variants (`_log_likelihoods`).

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
    """Mean (of the logarithm) and standard deviation of rho.

    Every two time points give a difference; T of them share T - 1 independent ones, so each
    counts 2 / T.
    """
    times = vaf.shape[1]
    log = np.zeros(len(_CANDIDATES))
    for pair in combinations(range(times), 2):
        log += 2 / times * _log_likelihoods(vaf[:, pair], depth[:, pair])
    log -= 0.5 * (np.log(_CANDIDATES / default) / _PRIOR_SPREAD) ** 2
    fine = np.interp(np.log(_FINE), np.log(_CANDIDATES), log)
    weight = np.exp(fine - fine.max())
    weight /= weight.sum()
    mean = float(np.exp(weight @ np.log(_FINE)))  # of log rho: its posterior is lopsided
    return mean, float(np.sqrt(weight @ (_FINE - mean) ** 2))


def _log_likelihoods(vaf: Floats, depth: Floats) -> Floats:
    """Log likelihood of each of _CANDIDATES, from two time points.

    Averaged over models without variants that changed a little, and with some that grew, shrank,
    or did both, each by up to one of _NEAR_CHANGES. Models weigh by the BIC.
    """
    models: list[list[tuple[float, float]]] = [[]]
    for width in _NEAR_CHANGES:
        up, down = (0.0, width), (-width, 0.0)
        models += [[up], [down], [up, down]]
    penalty = 0.5 * np.log(len(vaf)) + _NEAR_GAIN
    logs = [_profile(vaf, depth, model) - len(model) * penalty for model in models]
    return np.asarray(logsumexp(logs, axis=0))


def _profile(vaf: Floats, depth: Floats, near: Sequence[tuple[float, float]]) -> Floats:
    """Log likelihood of each of _CANDIDATES, the shares of the groups of variants fitted."""
    difference, mean = vaf[:, 1] - vaf[:, 0], vaf.mean(axis=1)
    low, high = np.array([_STRAYS, *near]).T
    weights = np.full(len(low) + 1, 0.1 / len(low))
    weights[0] = 0.9
    log = np.empty(len(_CANDIDATES))
    for i, rho in enumerate(_CANDIDATES):
        spread = np.sqrt(mean * (1 - mean) * (2 * rho + (1 - rho) * (1 / depth).sum(axis=1)))
        density = _densities(difference, spread, low, high)
        weights = _shares(density, weights, _MORE_ROUNDS if i else _ROUNDS)
        log[i] = np.log(density @ weights).sum()
    return log


def _densities(difference: Floats, spread: Floats, low: Floats, high: Floats) -> Floats:
    """Density of each difference (row): of unchanged variants, then of changes from low to high."""
    z = difference / spread
    unchanged = np.exp(-0.5 * z**2) / (spread * np.sqrt(2 * np.pi))
    ends = [ndtr((difference[:, None] - edge) / spread[:, None]) for edge in (low, high)]
    changed = np.maximum((ends[0] - ends[1]) / (high - low), 1e-12)
    return np.column_stack((unchanged, changed))


def _shares(density: Floats, weights: Floats, rounds: int) -> Floats:
    """Shares of the groups after some rounds of expectation maximisation."""
    for _ in range(rounds):
        joint = density * weights
        size = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0)
        size[1] = max(size[1] - _TAIL, _FEWEST_STRAYS)
        size = np.maximum(size, _FEWEST_STRAYS)
        weights = size / size.sum()
    return weights
