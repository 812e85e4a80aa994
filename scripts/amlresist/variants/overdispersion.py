"""How much more VAFs scatter than counting alone would: learned from heterozygous SNPs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from amlresist.variants.likelihood import Floats
from amlresist.variants.read_columns import Ints

HETEROZYGOUS = (0.35, 0.65)
MIN_DEPTH = 30
_CANDIDATES = np.geomspace(5e-5, 0.05, 140)
_PRIOR_SPREAD = 0.7  # of log rho around the default: one pair's SNPs soon outweigh it


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """Beta-binomial rho and where it comes from.

    Attributes:
        rho: intra-class correlation of fragments of one locus.
        snps: loci it was learned from, 0 for the default.
        reference_bias: mean VAF of those loci (0.5 without bias).
    """

    rho: float
    snps: int
    reference_bias: float

    @property
    def source(self) -> str:
        """In words, for the table."""
        if not self.snps:
            return "default"
        return f"{self.snps} loci near VAF 0.5 at all time points"


def heterozygous_loci(alt: Ints, depth: Ints) -> npt.NDArray[np.bool_]:
    """Loci (rows) near VAF 0.5 at every time point (columns) and deep enough to tell."""
    vaf = alt / np.maximum(depth, 1)
    inside = (vaf > HETEROZYGOUS[0]) & (vaf < HETEROZYGOUS[1]) & (depth >= MIN_DEPTH)
    return np.asarray(inside.all(axis=1))


def estimate(alt: Ints, depth: Ints, default: float, min_snps: int) -> Overdispersion:
    """Posterior mode of rho over the loci near 0.5 at every time point.

    Args:
        alt, depth: fragments, shape (loci, time points).
        default: rho where there are too few such loci, and the centre of the prior.
        min_snps: fewest loci that replace the default.
    """
    chosen = heterozygous_loci(alt, depth)
    snps = int(chosen.sum())
    if snps < min_snps:
        return Overdispersion(default, 0, 0.5)
    a, n = alt[chosen].astype(np.float64), depth[chosen].astype(np.float64)
    log = -0.5 * (np.log(_CANDIDATES / default) / _PRIOR_SPREAD) ** 2
    for column in range(a.shape[1]):  # capture bias differs between libraries: a mean for each
        log += _log_likelihood(a[:, column], n[:, column])
    rho = float(_CANDIDATES[int(np.argmax(log))])
    return Overdispersion(rho, snps, float(np.median(a / n)))


def _log_likelihood(a: Floats, n: Floats) -> Floats:
    mean = float(np.median(a / n))
    strength = 1 / _CANDIDATES - 1
    alpha, beta = mean * strength, (1 - mean) * strength
    each = betaln(a[:, None] + alpha, (n - a)[:, None] + beta) - betaln(alpha, beta)
    return np.asarray(each.sum(axis=0))
