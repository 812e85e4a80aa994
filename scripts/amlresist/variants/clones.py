"""Clusters of variants that go the same way: mixture over the VAFs at all time points."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.variants.likelihood import Floats, effective_share
from amlresist.variants.read_columns import Ints

_MAX_CLUSTERS = 10
_ROUNDS = 60
_SETTLED = 1e-4  # gain in log likelihood of a round below which no more follow
_MOST_FITTED = 5000  # variants the mixture is fitted to; all are assigned
_SMALLEST_RHO = 2e-4  # no capture is more even
_OUTLIER_SHARE = 0.02  # weight of a component that fits anything, so that strays form no cluster
_SMALLEST = 1e-3
_CLONE_DISTANCE = 2.5  # standard deviations of one variant's VAF between two clones
_OUTLIER_DISTANCE = 4.5  # the same where one of the two is small
_SMALL_SHARE = 0.1
_SNP_VAF = (0.46, 0.54)  # mean VAF of heterozygous SNPs, reference bias included


@dataclass(frozen=True, slots=True)
class Clusters:
    """K clusters of n variants at T time points.

    Attributes:
        vaf: centre of each cluster, shape (K, T), by falling VAF at the first time point.
        fragments: alternative and all effective fragments behind each centre, shape (K, T, 2).
        assignment: cluster of each variant, -1 for outliers.
    """

    vaf: Floats
    fragments: Floats
    assignment: npt.NDArray[np.int64]

    def size(self, cluster: int) -> int:
        """Variants of a cluster."""
        return int((self.assignment == cluster).sum())


def cluster(alt: Ints, depth: Ints, error: float, rho: float) -> Clusters:
    """Cluster variants by their VAFs; the number of clusters by BIC.

    The likelihood is binomial in effective fragments k a of k n, k = 1 / (1 + (n - 1) rho), the
    quasi-likelihood form of the beta-binomial.

    Args:
        alt, depth: fragments, shape (n, T).
        error: error rate, the lowest VAF a centre takes.
        rho: overdispersion.
    """
    k = effective_share(depth, max(rho, _SMALLEST_RHO))
    hits, total = alt * k, depth * k
    if not len(alt):
        return Clusters(
            np.zeros((0, alt.shape[1])), np.zeros((0, alt.shape[1], 2)), np.zeros(0, dtype=np.int64)
        )
    # Sorted, so that the order of the variants changes no choice.
    chosen = np.lexsort(np.hstack((alt, depth)).T)[:: -(-len(alt) // _MOST_FITTED)]
    mixture = _best_fit(hits[chosen], total[chosen], error)
    fine = _expected(hits[chosen], total[chosen], mixture)[0]
    joined = _joined(fine, hits[chosen], total[chosen], error)
    responsibility = _expected(hits, total, mixture)[0] @ joined
    return _ordered(_centres(responsibility, hits, total, error), responsibility, hits, total)


@dataclass(frozen=True, slots=True)
class _Mixture:
    """Centres (K, T) and weights (K,) of clusters; strays have the rest of the weight."""

    centres: Floats
    weights: Floats


def _best_fit(hits: Floats, total: Floats, error: float) -> _Mixture:
    """The mixture with the number of clusters that BIC wants."""
    best: tuple[float, _Mixture] | None = None
    for number in range(1, min(_MAX_CLUSTERS, len(hits)) + 1):
        mixture, log_likelihood = _fit(hits, total, number, error)
        parameters = number * (hits.shape[1] + 1) - 1
        score = parameters * np.log(len(hits)) - 2 * log_likelihood
        if best is None or score < best[0] - 1e-6:
            best = (score, mixture)
        elif score > best[0] + 40:
            break
    assert best is not None
    return best[1]


def _centres(responsibility: Floats, hits: Floats, total: Floats, error: float) -> Floats:
    """Mean VAF of each cluster; the last column of `responsibility` is that of strays."""
    numerator = responsibility[:, :-1].T @ hits + 0.5
    denominator = responsibility[:, :-1].T @ total + 1
    return np.clip(numerator / denominator, error, 1 - _SMALLEST)


def _joined(responsibility: Floats, hits: Floats, total: Floats, error: float) -> Floats:
    """Which clusters to join, as a matrix of 0 and 1: clusters by joined clusters, strays last.

    The capture bias of a locus is the same at all time points, so one clone is long drawn out and
    would be split; two clones make two peaks only from two standard deviations apart. Clusters that
    are small beside their neighbour are its outliers up to a larger distance.
    """
    joined = np.eye(responsibility.shape[1])
    effective = np.maximum(np.median(total, axis=0), 1)
    while joined.shape[1] > 2:
        together = responsibility @ joined
        pair = _nearest(
            _centres(together, hits, total, error), together[:, :-1].sum(axis=0), effective
        )
        if pair is None:
            break
        joined[:, pair[0]] += joined[:, pair[1]]
        joined = np.delete(joined, pair[1], axis=1)
    return joined


def _nearest(centres: Floats, sizes: Floats, effective: Floats) -> tuple[int, int] | None:
    """The two clusters that lie closest, if closer than one clone scatters."""
    near: tuple[float, int, int] | None = None
    for i in range(len(centres)):
        for j in range(i):
            middle = (sizes[i] * centres[i] + sizes[j] * centres[j]) / (sizes[i] + sizes[j])
            deviation = np.sqrt(middle * (1 - middle) / effective)
            apart = float((np.abs(centres[i] - centres[j]) / deviation).max())
            small = min(sizes[i], sizes[j]) <= _SMALL_SHARE * max(sizes[i], sizes[j])
            apart /= _OUTLIER_DISTANCE if small else _CLONE_DISTANCE
            if apart < 1 and (near is None or apart < near[0]):
                near = (apart, j, i)
    return near[1:] if near else None


def _fit(hits: Floats, total: Floats, number: int, error: float) -> tuple[_Mixture, float]:
    """A mixture of `number` clusters and its log likelihood."""
    weights = np.full(number, (1 - _OUTLIER_SHARE) / number)
    mixture = _Mixture(_spread_out(hits, total, number), weights)
    log_likelihood = -np.inf
    for _ in range(_ROUNDS):
        before = log_likelihood
        responsibility, log_likelihood = _expected(hits, total, mixture)
        share = responsibility[:, :number].sum(axis=0)
        weights = np.maximum(share / share.sum(), 1e-12) * (1 - _OUTLIER_SHARE)
        mixture = _Mixture(_centres(responsibility, hits, total, error), weights)
        if log_likelihood - before < _SETTLED:
            break
    return mixture, log_likelihood


def _expected(hits: Floats, total: Floats, mixture: _Mixture) -> tuple[Floats, float]:
    """Responsibility of each cluster, strays last, for each variant; and the log likelihood."""
    # A stray's VAF is anything from 0 to 1: beta(1, 1) marginal of the binomial kernel.
    stray = -np.log(total + 1) * (total > 0) + _kernel(hits, total, hits / np.maximum(total, 1e-9))
    outlier = np.log(_OUTLIER_SHARE) + (stray - 0.5 * np.log(np.maximum(total, 1))).sum(axis=1)
    centres = np.clip(mixture.centres, 1e-9, 1 - 1e-9).T
    log = hits @ np.log(centres) + (total - hits) @ np.log1p(-centres) + np.log(mixture.weights)
    log = np.column_stack((log, outlier))
    top = log.max(axis=1, keepdims=True)
    density = np.exp(log - top)
    sums = density.sum(axis=1, keepdims=True)
    return density / sums, float((top + np.log(sums)).sum())


def _kernel(hits: Floats, total: Floats, vaf: Floats) -> Floats:
    vaf = np.clip(vaf, 1e-9, 1 - 1e-9)
    return np.asarray(hits * np.log(vaf) + (total - hits) * np.log1p(-vaf))


def _spread_out(hits: Floats, total: Floats, number: int) -> Floats:
    """Starting centres far from each other: the middle first, then always the farthest variant."""
    vaf = np.clip((hits + 0.5) / (total + 1), _SMALLEST, 1 - _SMALLEST)
    place = np.arcsin(np.sqrt(vaf))
    chosen = [int(np.argmin(np.abs(place - np.median(place, axis=0)).sum(axis=1)))]
    distance = np.full(len(place), np.inf)
    for _ in range(number - 1):
        distance = np.minimum(distance, np.abs(place - place[chosen[-1]]).sum(axis=1))
        chosen.append(int(np.argmax(distance)))
    return np.asarray(vaf[chosen])


def _ordered(centres: Floats, responsibility: Floats, hits: Floats, total: Floats) -> Clusters:
    assignment = responsibility.argmax(axis=1)
    number = len(centres)
    used = [c for c in range(number) if (assignment == c).any()]
    order = sorted(used, key=lambda c: tuple(-centres[c]))
    rank = np.full(number + 1, -1)
    rank[order] = np.arange(len(order))
    assignment = rank[assignment]
    fragments = np.array(
        [
            np.stack(
                (hits[assignment == c].sum(axis=0), total[assignment == c].sum(axis=0)), axis=1
            )
            for c in range(len(order))
        ]
    ).reshape(len(order), hits.shape[1], 2)
    return Clusters(centres[order], fragments, assignment.astype(np.int64))


def founder(
    clusters: Clusters, min_variants: int, drivers: npt.NDArray[np.bool_] | None = None
) -> int | None:
    """The truncal cluster: present and largest at every time point; None if there is none.

    Clusters above VAF 0.6 (loss of heterozygosity) are no candidates. A cluster near VAF 0.5 at
    every time point may be heterozygous SNPs as well as a pure leukemia: it is the founder only
    with a variant that is surely somatic.

    Args:
        clusters: of n variants.
        min_variants: fewest variants of a founder.
        drivers: hotspots and protein changes of drivers among the variants, shape (n,).
    """
    heterozygous = np.asarray((clusters.vaf <= 0.6).all(axis=1))
    candidates = [
        c
        for c in range(len(clusters.vaf))
        if heterozygous[c] and clusters.size(c) >= min_variants and (clusters.vaf[c] > 0.02).all()
    ]
    if not candidates:
        return None
    largest = max(candidates, key=lambda c: float(clusters.vaf[c].min()))
    others = [c for c in range(len(clusters.vaf)) if c != largest and heterozygous[c]]
    dominates = all((clusters.vaf[largest] >= 0.85 * clusters.vaf[c]).all() for c in others)
    near_half = (clusters.vaf[largest] > _SNP_VAF[0]) & (clusters.vaf[largest] < _SNP_VAF[1])
    somatic = drivers is not None and bool(drivers[clusters.assignment == largest].any())
    return largest if dominates and (somatic or not near_half.all()) else None
