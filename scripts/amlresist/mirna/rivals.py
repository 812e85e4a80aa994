"""miRNAs that differ at an end only: how far their reads tell them apart.

A read that fits two miRNAs base by base is shared out by their isomiR profiles, and no miRNA's
profile is known but by its likeness to the library's. With cells j of end shifts and the
library's profile p, the reads of miRNAs g and h in cell j are n_g p_gj + n_h p_hj, with covariance
(n_g^2 S_g + n_h^2 S_h) + Poisson, S = (diag(p) - p p') / (k + 1) for profiles that are
Dirichlet draws of concentration k. The generalised least-squares variance of (n_g, n_h) is the
inverse of D' C^-1 D.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from amlresist.mirna.model import Floats, Index, Model, tally

MIN_SHARED = 5.0  # shared reads from which a pair is looked at
MOST_RIVALS = 12  # miRNAs of one read that are compared with each other


@dataclass(frozen=True)
class Pair:
    """Two miRNAs and the reads that fit both.

    Attributes:
        groups: the two.
        shared: reads per cell that fit both.
        profiles: probability of each cell for either miRNA by the library's profile, (2, cells).
    """

    groups: tuple[int, int]
    shared: Floats
    profiles: Floats


def rival_variances(model: Model, counts: Floats) -> dict[tuple[int, int], float]:
    """(miRNA, rival) -> variance of the miRNA's count, its profile and the rival's unknown.

    Args:
        counts: reads of each miRNA.
    """
    variances = {}
    trust = min(model.trust[0], model.trust[1])
    for pair in _pairs(model):
        one, other = pair.groups
        both = _variances(pair, counts[[one, other]], trust)
        variances[one, other], variances[other, one] = float(both[0]), float(both[1])
    return variances


def _variances(pair: Pair, counts: Floats, trust: float) -> Floats:
    """Variances of the two counts (module docstring); the last two cells are told reads."""
    told = np.maximum(counts - pair.shared.sum() * counts / max(counts.sum(), 1.0), 0.0)
    rest = np.maximum(1 - pair.profiles.sum(axis=1), 1e-6)
    n_cells = len(pair.shared)
    design = np.zeros((n_cells + 2, 2))
    design[:n_cells] = pair.profiles.T
    design[n_cells, 0], design[n_cells + 1, 1] = rest
    covariance = np.diag(np.maximum(np.r_[pair.shared, told], 1.0))
    for k, n in enumerate(counts):
        profile = design[:, k]
        covariance += n**2 * (np.diag(profile) - np.outer(profile, profile)) / (trust + 1)
    information = design.T @ np.linalg.solve(covariance, design)
    return np.asarray(np.diag(np.linalg.pinv(information)))


def _pairs(model: Model) -> Iterator[Pair]:
    """Pairs of miRNAs with shared reads, in the order of their indices."""
    read, group, cell = _clean_fits(model)
    found: list[Index] = [np.empty((2, 0), np.intp)]
    for step in range(1, min(MOST_RIVALS, len(read))):
        first = np.flatnonzero((read[:-step] == read[step:]) & (group[:-step] != group[step:]))
        found.append(np.array([first, first + step]))
    one, other = np.concatenate(found, axis=1)
    shift_5p, shift_3p = (model.library_profiles[k] for k in (0, 1))
    flat = np.outer(shift_5p, shift_3p).ravel()
    weights = model.weights[read[one]]
    key = group[one] * model.n_groups + group[other]
    order = np.lexsort((cell[other], cell[one], key))
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0][: len(order)])
    for rows in np.split(order, starts[1:]):
        if len(rows) and weights[rows].sum() >= MIN_SHARED:
            yield _pair(group[one], group[other], cell[one], cell[other], weights, flat, rows)


def _pair(
    one: Index,
    other: Index,
    cell_one: Index,
    cell_other: Index,
    weights: Floats,
    flat: Floats,
    rows: Index,
) -> Pair:
    cells, place = np.unique(
        np.array([cell_one[rows], cell_other[rows]]), axis=1, return_inverse=True
    )
    return Pair(
        (int(one[rows[0]]), int(other[rows[0]])),
        tally(np.asarray(place, np.intp).ravel(), weights[rows]),
        flat[cells],
    )


def _clean_fits(model: Model) -> tuple[Index, Index, Index]:
    """Read, miRNA and cell of end shifts of reads that are pieces of its hairpin, sorted."""
    (five, _), (three, n_three) = model.features[:2]
    clean = np.flatnonzero(~model.has_substitution & (model.x.tail == 0))
    rows = np.unique(
        np.array([model.read[clean], model.group[clean], five[clean] * n_three + three[clean]]),
        axis=1,
    )
    return rows[0], rows[1], rows[2]
