"""Inherited variants whose allele balance moves because the leukemic cells lost one allele.

A lost chromosome arm, or one replaced by its sister (copy-neutral LOH), moves all heterozygous SNPs
on it together, some up and some down. A clone moves its variants all over the genome instead, among
SNPs that stay. So the nearest SNPs tell the two apart.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from amlresist.variants.alleles import Allele
from amlresist.variants.likelihood import Floats, effective_share
from amlresist.variants.model import Mask
from amlresist.variants.read_columns import Ints

BASE_SHARE = 0.02  # of SNPs with LOH between two time points, before the neighbours are seen
MAX_SHARE = 0.7
NEIGHBOURS = 4
MAX_DISTANCE = 20_000_000
MIN_DEPTH = 20
_DEVIATES = 4.0  # standard deviations
_MIN_SHIFT = 0.08
_SAME_SHIFT = 0.08
_FEWEST_MOVED = 2


def loh_shares(alleles: Sequence[Allele], alt: Ints, depth: Ints, rho: float) -> Floats:
    """Prior share of LOH among germline variants at each locus, from its nearest SNPs.

    Args:
        alleles: n loci.
        alt, depth: fragments at the leukemic time points, shape (n, T).
        rho: overdispersion.
    """
    n = len(alleles)
    shares = np.full(n, BASE_SHARE)
    if not n or not alt.shape[1]:
        return shares
    usable, shift = _shifts(alt, depth, rho)
    chroms = np.array([a.chrom for a in alleles])
    positions = np.array([a.pos for a in alleles], dtype=np.int64)
    for chrom in np.unique(chroms[usable]):
        here = np.flatnonzero((chroms == chrom) & usable)
        here = here[np.argsort(positions[here], kind="stable")]
        moving = np.flatnonzero((chroms == chrom) & (shift.max(axis=1) > 0))
        shares[moving] = _shares_of(moving, here, positions, shift)
    return shares


def _shares_of(moving: Ints, here: Ints, positions: Ints, shift: Floats) -> Floats:
    """Share of LOH at each of `moving`, from the nearest of `here` (sorted by position)."""
    near = _nearest(moving, here, positions)
    known = near >= 0
    alike = np.abs(shift[near] - shift[moving, None]).max(axis=2) <= _SAME_SHIFT
    moved = (known & alike & (shift[near].max(axis=2) > 0)).sum(axis=1)
    # Posterior mean: beta prior worth half a SNP at the base share.
    share = (moved + 0.5 * BASE_SHARE) / (known.sum(axis=1) + 0.5)
    return np.where(moved < _FEWEST_MOVED, BASE_SHARE, np.minimum(MAX_SHARE, share))


def _nearest(moving: Ints, here: Ints, positions: Ints) -> Ints:
    """The NEIGHBOURS nearest of `here` for each of `moving`, -1 where there are fewer."""
    places = np.searchsorted(positions[here], positions[moving])
    around = places[:, None] + np.arange(-NEIGHBOURS - 1, NEIGHBOURS + 1)
    inside = (around >= 0) & (around < len(here))
    near = here[np.clip(around, 0, len(here) - 1)]
    distance = np.abs(positions[near] - positions[moving, None])
    inside &= (near != moving[:, None]) & (distance <= MAX_DISTANCE)
    distance = np.where(inside, distance, np.iinfo(np.int64).max)
    order = np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]
    chosen = np.take_along_axis(near, order, axis=1)
    return np.where(np.take_along_axis(inside, order, axis=1), chosen, -1)


def _shifts(alt: Ints, depth: Ints, rho: float) -> tuple[Mask, Floats]:
    """Loci that look heterozygous at some time point, and their shift |f - 1/2| (0: none)."""
    vaf = alt / np.maximum(depth, 1)
    spread = np.sqrt(0.25 / np.maximum(depth * effective_share(depth, rho), 1))
    away = np.abs(vaf - 0.5)
    shifted = (away > np.maximum(_DEVIATES * spread, _MIN_SHIFT)) & (depth >= MIN_DEPTH)
    het = (away <= np.maximum(3 * spread, 0.03)) & (depth >= MIN_DEPTH)
    return het.any(axis=1), np.where(shifted, away, 0.0)


def shows_loh(vafs: Sequence[float]) -> bool:
    """Whether VAFs of a germline variant fit neither two alleles at all time points, nor one."""
    known: npt.NDArray[np.float64] = np.array([v for v in vafs if not np.isnan(v)])
    if not len(known) or known.min() > 0.95:
        return False
    return bool((np.abs(known - 0.5) > 0.15).any())
