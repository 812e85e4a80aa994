"""Prior over the pair of VAFs of a somatic variant, learned from the loci themselves.

A mixture of simple stories: absent before; absent after; small before; small after; anything; near
one half both times; and *shared*, where the VAF after is the VAF before times a factor. Learning
them by expectation maximisation is empirical Bayes: many loci tell which factors occur, few leave
the start as it is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.variants.likelihood import SMALLEST_VAF, Floats

_WEIGHTS = (0.15, 0.15, 0.05, 0.05, 0.2)  # of the stories of two VAFs that do not depend
_SHARED = 0.4
_FOUNDERS = 0.15  # share of variants in all leukemic cells, where purity is known
_FOUNDER_SPREAD = 0.03
_HALVES = 0.05  # share of variants near one half both times, as SNPs in a list are
_HALF_SPREAD = 0.02
_HALVES_SCALE = 0.05  # largest log factor of an unchanged clone at which they count as unchanged
_SMALL = 0.05  # VAF of a subclone that came before, or that remains
_FACTORS = np.linspace(-3, 3, 101)  # logarithms of factors between the VAFs of shared variants
_UNCHANGED = 0.12  # spread of the log factor of a clone that stays as it was
_CHANGED = 0.8  # spread of one that does not
_CHANGED_SHARE = 0.2
_PRIOR_LOCI = 12.0  # weight of the starting prior, in loci
_INSIDE = (-0.4, -0.2, 0.0, 0.2, 0.4)  # places in a cell of the grid, in widths
_INSIDE_FACTOR = (-1 / 3, 0.0, 1 / 3)


@dataclass(frozen=True, slots=True)
class SharedPairs:
    """Pairs of grid VAFs of shared variants, by log factor and middle VAF: N shares.

    Attributes:
        factor, middle: index of log factor and of the VAF between before and after, shape (N,).
        pair: index of the pair, before * G + after, shape (N,).
        share: of the variants of that factor and middle, shape (N,).
    """

    factor: npt.NDArray[np.int64]
    middle: npt.NDArray[np.int64]
    pair: npt.NDArray[np.int64]
    share: Floats


@dataclass(frozen=True, slots=True)
class PairPrior:
    """Mixture over pairs of VAFs on a grid of G values; C stories of independent VAFs.

    Attributes:
        weights: of the C stories and, last, of shared variants, shape (C + 1,).
        before, after: density of each VAF in each story, shape (C, G).
        settled: stories whose densities are known and not learned, shape (C, 1).
        middle: VAF between before and after of shared variants, shape (G,).
        factors: density over the log factors, shape (F,).
        places: where shared variants lie among the pairs.
    """

    weights: Floats
    before: Floats
    after: Floats
    settled: npt.NDArray[np.bool_]
    middle: Floats
    factors: Floats
    places: SharedPairs

    def _shared(self) -> tuple[Floats, Floats]:
        """Density of each of the places of shared variants, and over the pairs (flat)."""
        places, size = self.places, len(self.middle)
        density = self.factors[places.factor] * self.middle[places.middle] * places.share
        return density, np.asarray(np.bincount(places.pair, density, size * size), np.float64)

    def _parts(self) -> Floats:
        """Density over pairs of each story, shape (C + 1, G, G)."""
        independent = self.before[:, :, None] * self.after[:, None, :]
        _, shared = self._shared()
        shared = shared.reshape(1, *independent.shape[1:]) / shared.sum()
        return np.concatenate((independent, shared))

    def pairs(self) -> Floats:
        """Density over pairs, shape (G, G), rows before; the pair (0, 0) has none."""
        density = np.tensordot(self.weights, self._parts(), axes=1)
        density[0, 0] = 0
        return np.asarray(density / density.sum())

    def updated(self, found: Floats, start: "PairPrior") -> "PairPrior":
        """The stories after one more round of expectation maximisation.

        Args:
            found: expected number of loci of each pair, shape (G, G).
            start: prior of the stories; it weighs as _PRIOR_LOCI loci.
        """
        parts = self._parts() * self.weights[:, None, None]
        parts *= found / np.maximum(parts.sum(axis=0), 1e-300)
        base = _PRIOR_LOCI * start.weights
        density, shared = self._shared()
        places = self.places
        loci = density * (parts[-1].ravel() / np.maximum(shared, 1e-300))[places.pair]
        middle = np.bincount(places.middle, loci, len(self.middle))
        factors = np.bincount(places.factor, loci, len(self.factors))
        return PairPrior(
            _normal(parts.sum(axis=(1, 2)) + base),
            _learned(parts[:-1].sum(axis=2), base, start.before, start.settled),
            _learned(parts[:-1].sum(axis=1), base, start.after, start.settled),
            self.settled,
            _normal(middle + base[-1] * start.middle),
            _normal(factors + base[-1] * start.factors),
            places,
        )


def starting_prior(vaf: Floats, scale: float, truncal: tuple[float, float]) -> PairPrior:
    """Stories before any locus was seen.

    SNPs that a list was not cleared of have a story of their own where no clone changes its VAF:
    that they stay as they are says nothing of the factors by which clones change.

    Args:
        vaf: the grid; 0 first.
        scale: VAF after over VAF before of a clone that stays as it was.
        truncal: VAF before and after of a variant in all leukemic cells, NaN where unknown.
    """
    absent = np.asarray(vaf == 0, dtype=np.float64)
    spread, small = vaf_density(vaf), _normal(vaf_density(vaf) * (vaf < _SMALL))
    stories = [(absent, spread), (spread, absent), (small, spread), (spread, small)]
    stories.append((spread, spread))
    weights = [*_WEIGHTS, _SHARED]
    if not np.isnan(truncal).any():
        peaks = [_normal(np.exp(-0.5 * ((vaf - f) / _FOUNDER_SPREAD) ** 2)) for f in truncal]
        stories.append((peaks[0], peaks[1]))  # where they lie is known
        weights.insert(-1, _FOUNDERS)
    if abs(np.log(scale)) < _HALVES_SCALE:
        half = _normal(np.exp(-0.5 * ((vaf - 0.5) / _HALF_SPREAD) ** 2))
        stories.append((half, half))
        weights.insert(-1, _HALVES)
    unchanged, changed = (_bell(_FACTORS, width) for width in (_UNCHANGED, _CHANGED))
    return PairPrior(
        _normal(np.array(weights)),
        np.array([before for before, _ in stories]),
        np.array([after for _, after in stories]),
        np.arange(len(stories))[:, None] >= len(_WEIGHTS),
        spread,
        (1 - _CHANGED_SHARE) * unchanged + _CHANGED_SHARE * changed,
        _places(vaf, scale),
    )


def vaf_density(vaf: Floats) -> Floats:
    """Half even in VAF, half even in log VAF, over the positive grid."""
    width = np.gradient(vaf[1:])
    return np.concatenate(([0.0], (_normal(width) + _normal(width / vaf[1:])) / 2))


def _learned(found: Floats, base: Floats, start: Floats, settled: npt.NDArray[np.bool_]) -> Floats:
    """Densities of the stories from expected loci, the start weighing as `base` loci."""
    return np.where(settled, start, _normal(found + base[:-1, None] * start))


def _normal(values: Floats) -> Floats:
    """Scaled to a sum of 1 along the last axis."""
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def _bell(places: Floats, width: float) -> Floats:
    return _normal(np.exp(-0.5 * (places / width) ** 2))


def _places(vaf: Floats, scale: float) -> SharedPairs:
    """Pairs of shared variants: before = m / sqrt(scale factor), after = m sqrt(scale factor).

    Averaged over places within the cells of the grid and of the factors, so that their widths do
    not matter. Factors that lift a VAF above 1 have less than all their mass.
    """
    size, angle = len(vaf), _angle(vaf[1:])
    step = angle[1] - angle[0]
    keys, shares = [], []
    for inside in _INSIDE:
        middle = np.sin(np.clip(angle + inside * step, 0.8 * angle[0], np.pi / 2)) ** 2
        for part in _INSIDE_FACTOR:
            log = np.log(scale) + _FACTORS[:, None] + part * (_FACTORS[1] - _FACTORS[0])
            before, after = middle * np.exp(-log / 2), middle * np.exp(log / 2)
            low, high = np.minimum(before, after), np.maximum(before, after)
            factor, row = np.nonzero((high <= 1) & (low >= 0.7 * SMALLEST_VAF))
            ends = [_between(values[factor, row], angle) for values in (before, after)]
            for i, left in ends[0]:
                for j, right in ends[1]:
                    keys.append(((factor * size + row + 1) * size + i + 1) * size + j + 1)
                    shares.append(left * right)
    unique, index = np.unique(np.concatenate(keys), return_inverse=True)
    share = np.bincount(index, np.concatenate(shares)) / (len(_INSIDE) * len(_INSIDE_FACTOR))
    cell, pair = np.divmod(unique, size * size)
    return SharedPairs(cell // size, cell % size, pair, share)


def _angle(vaf: Floats) -> Floats:
    return np.asarray(np.arcsin(np.sqrt(vaf)))


def _between(vaf: Floats, angle: Floats) -> list[tuple[npt.NDArray[np.int64], Floats]]:
    """The two points of the grid beside each VAF, with their shares (linear interpolation)."""
    place = (_angle(np.clip(vaf, SMALLEST_VAF, 1)) - angle[0]) / (angle[1] - angle[0])
    place = np.clip(place, 0, len(angle) - 1)
    left = np.minimum(place.astype(np.int64), len(angle) - 2)
    return [(left, 1 - (place - left)), (left + 1, place - left)]
