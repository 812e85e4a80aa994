"""How much more VAFs scatter than counting alone would: learned from heterozygous SNPs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln, logsumexp

from amlresist.variants.likelihood import Floats
from amlresist.variants.read_columns import Ints

HETEROZYGOUS = (0.35, 0.65)
MIN_DEPTH = 30
_CANDIDATES = np.geomspace(5e-5, 0.05, 90)
_SNP_SHARES = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.98)
_MEANS = np.linspace(0.45, 0.53, 41)  # reference bias of capture and alignment is a few percent
_KERNEL = 0.025
_CLONAL = (HETEROZYGOUS[0], 0.52, 12)  # VAFs of clonal variants: start, end, steps
_SAME_SHARE = 0.9  # of what is no SNP, the part with one VAF at all time points
_MOST_LOCI = 800  # more would only cost time
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

    Clonal somatic variants lie there too. So each locus is a heterozygous SNP (beta-binomial around
    the library's mean), or of a clone with the same VAF at all time points, or anything else; the
    share of SNPs is fitted.

    Args:
        alt, depth: fragments, shape (loci, time points).
        default: rho where there are too few such loci, and the centre of the prior.
        min_snps: fewest loci that replace the default.
    """
    chosen = np.flatnonzero(heterozygous_loci(alt, depth))
    snps = len(chosen)
    if snps < min_snps:
        return Overdispersion(default, 0, 0.5)
    used = chosen[:: -(-snps // _MOST_LOCI)]
    a, n = alt[used].astype(np.float64), depth[used].astype(np.float64)
    # Capture bias differs between libraries: a mean for each.
    means = [_commonest(column) for column in (a / n).T]
    as_snp = _joint(a, n, means)
    grid = np.linspace(*_CLONAL)
    same = logsumexp([_joint(a, n, [f] * a.shape[1]) for f in grid], axis=0) - np.log(len(grid))
    width = HETEROZYGOUS[1] - HETEROZYGOUS[0]
    anything = -np.log(width * n).sum(axis=1)[:, None]
    other = np.logaddexp(np.log(_SAME_SHARE) + same, np.log1p(-_SAME_SHARE) + anything)
    log = np.max([_mixed(as_snp, other, share) for share in _SNP_SHARES], axis=0)
    log -= 0.5 * (np.log(_CANDIDATES / default) / _PRIOR_SPREAD) ** 2
    return Overdispersion(float(_CANDIDATES[int(np.argmax(log))]), snps, float(np.mean(means)))


def _joint(a: Floats, n: Floats, means: Sequence[float]) -> Floats:
    """log P of all counts of each locus (row) for each of the candidate rho (column)."""
    columns = zip(a.T, n.T, means, strict=True)
    return np.asarray(sum(_log_likelihoods(*column) for column in columns))


def _mixed(as_snp: Floats, other: Floats, share: float) -> Floats:
    log = np.logaddexp(np.log(share) + as_snp, np.log1p(-share) + other)
    return np.asarray(log.sum(axis=0))


def _commonest(vaf: Floats) -> float:
    """The VAF around which most loci lie, taken for the mean of the SNPs."""
    near = np.exp(-0.5 * ((vaf[:, None] - _MEANS) / _KERNEL) ** 2).sum(axis=0)
    return float(_MEANS[int(np.argmax(near))])


def _log_likelihoods(a: Floats, n: Floats, mean: float) -> Floats:
    """log P(a | n) of each locus (row) as a SNP, for each of the candidate rho (column)."""
    strength = 1 / _CANDIDATES - 1
    alpha, beta = mean * strength, (1 - mean) * strength
    log = betaln(a[:, None] + alpha, (n - a)[:, None] + beta) - betaln(alpha, beta)
    ways = gammaln(n + 1) - gammaln(a + 1) - gammaln(n - a + 1)
    return np.asarray(log + ways[:, None])
