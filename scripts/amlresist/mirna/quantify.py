"""Abundances of miRNAs by expectation-maximisation over the explanations of every read.

Model (docs/mirna.md): a read of context c (miRNA g in one hairpin) has probability
    theta_c * P5_g(shift_5p) * P3_g(shift_3p) * Ptail_g(t) * prod q(tail base)
            * (1 - e)^matches * (e/3)^substitutions
and a read of something else theta_0 * (1/4)^length. P5, P3 and Ptail are learned for the library
and, shrunk to the library's, for each miRNA; e and q are learned for the library.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.mirna.explain import MAX_SHIFT_3P, MIN_SHIFT_3P, WIDTH, Explanations
from amlresist.mirna.reference import Reference
from amlresist.mirna.settings import Settings

PRIOR_READS = 30.0  # reads' worth of trust in the library's isomiR profile for a single miRNA
VARIANT_SHARE = 0.03  # a site substituted more often than this carries a variant, not errors
VARIANT_DEPTH = 20.0
MAX_ITERATIONS = 200
TOLERANCE = 1e-3  # reads of change, relative to 1 + count
RIVAL = 0.1  # another miRNA could claim a read when it explains it this well, per abundance
# Hairpin-encoded bases from which a match is no chance: of 1e5 unrelated sequences fewer than one
# matches 25,000 possible starts that well.
CLEAN_BASES = 16
CLEAN_BASES_SUBSTITUTED = 19

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quantities:
    """Counts of one library; arrays over groups unless said otherwise.

    Attributes:
        counts: reads, ambiguous ones shared out.
        missing: share of the count's information lost to ambiguity, 0-1.
        ambiguous: share of the count that other groups could claim.
        canonical: share of reads equal to the mature.
        context_counts: reads per context.
        context_missing: per context the share of its count's information lost to ambiguity.
        best: per unique read the index of its likeliest explanation, -1 for none.
        posterior: per unique read the probability that it is a miRNA at all.
        error_rate: substitutions per base learned.
    """

    counts: Floats
    missing: Floats
    ambiguous: Floats
    canonical: Floats
    context_counts: Floats
    context_missing: Floats
    best: npt.NDArray[np.int64]
    posterior: Floats
    error_rate: float


def quantify(
    counts: Sequence[int],
    lengths: Sequence[int],
    explanations: Explanations,
    reference: Reference,
    settings: Settings,
) -> Quantities:
    """Share every read out among the miRNAs that explain it.

    Args:
        counts, lengths: reads and bases of each unique sequence.
        explanations: from `explain`, for the same sequences.
    """
    model = _Model(
        np.asarray(counts, float), np.asarray(lengths), explanations, reference, settings
    )
    model.fit()
    unsupported = model.unsupported(settings.min_support_share)
    if unsupported.any():
        model.drop(unsupported)
        model.fit()
    return model.quantities()


class _Model:
    """State of the estimation; `fit` improves it until the counts stand still."""

    def __init__(
        self,
        counts: Floats,
        lengths: npt.NDArray[np.int64],
        explanations: Explanations,
        reference: Reference,
        settings: Settings,
    ) -> None:
        self.x = explanations
        self.weights = counts
        self.total = max(counts.sum(), 1.0)
        self.other = 0.25**lengths
        self.group_of = np.array([c.group for c in reference.contexts], np.int32)
        self.group = self.group_of[explanations.context]
        self.n_groups = len(reference.groups)
        self.has_substitution = explanations.substitution >= 0
        self.body = (lengths[explanations.read] - explanations.tail).astype(np.float64)
        self.body -= self.has_substitution
        n_shifts = 2 * settings.max_shift_5p + 1
        self.features = (
            (explanations.shift_5p.astype(np.intp) + settings.max_shift_5p, n_shifts),
            (
                explanations.shift_3p.astype(np.intp) - MIN_SHIFT_3P,
                MAX_SHIFT_3P - MIN_SHIFT_3P + 1,
            ),
            (explanations.tail.astype(np.intp), settings.max_tail + 1),
        )
        self.cells = [self.group * size + value for value, size in self.features]
        self.site = self._substituted_sites()
        self._start(settings)

    def _start(self, settings: Settings) -> None:
        shift_5p = np.exp(
            -2.0 * np.abs(np.arange(-settings.max_shift_5p, settings.max_shift_5p + 1))
        )
        shift_3p = np.exp(-0.7 * np.abs(np.arange(MIN_SHIFT_3P, MAX_SHIFT_3P + 1)))
        tail = np.exp(-2.0 * np.arange(settings.max_tail + 1))
        self.profiles = [
            np.tile(p / p.sum(), (self.n_groups, 1)) for p in (shift_5p, shift_3p, tail)
        ]
        self.tail_bases = np.array([0.45, 0.08, 0.07, 0.40])
        self.error_rate = 1e-3
        per_read = np.bincount(self.x.read, minlength=len(self.weights))
        share = (self.weights / np.maximum(per_read, 1))[self.x.read]
        self.theta = np.bincount(self.x.context, share, len(self.group_of)) / self.total
        self.theta_other = max(1 - self.theta.sum(), 0.01)

    def fit(self) -> None:
        """Alternate expectation and maximisation."""
        before = self.theta * self.total
        for _ in range(MAX_ITERATIONS):
            self._maximise(self._posterior())
            now = self.theta * self.total
            if np.max(np.abs(now - before) / (1 + now)) < TOLERANCE:
                break
            before = now

    def unsupported(self, min_share: float) -> npt.NDArray[np.bool_]:
        """Groups whose reads are hardly ever long clean matches, as chance matches are not."""
        weight = self._posterior() * self.weights[self.x.read]
        needed = np.where(self.has_substitution, CLEAN_BASES_SUBSTITUTED, CLEAN_BASES)
        typical = self.body + self.has_substitution >= needed
        counts = self._per_group(weight)
        support = self._per_group(weight * typical)
        return (counts > 0) & (support < min_share * counts)

    def drop(self, groups: npt.NDArray[np.bool_]) -> None:
        """Take groups out; their reads go to others or to other RNA."""
        self.theta = np.where(groups[self.group_of], 0.0, self.theta)

    def quantities(self) -> Quantities:
        """The estimates in the form the station reports."""
        likelihood = self._likelihood()
        posterior = self._posterior()
        weight = posterior * self.weights[self.x.read]
        counts = self._per_group(weight)
        runs = np.flatnonzero(
            np.r_[True, (np.diff(self.x.read) != 0) | (np.diff(self.group) != 0)][: len(weight)]
        )
        canonical = (
            (self.x.shift_5p == 0)
            & (self.x.shift_3p == 0)
            & (self.x.tail == 0)
            & ~self.has_substitution
        )
        per = np.maximum(counts, 1e-12)
        return Quantities(
            counts=counts,
            missing=self._missing(posterior, runs) / per,
            ambiguous=self._ambiguous(likelihood, weight, counts, runs) / per,
            canonical=self._per_group(weight * canonical) / per,
            context_counts=np.bincount(self.x.context, weight, len(self.group_of)),
            context_missing=self._context_missing(posterior),
            best=self._best(posterior),
            posterior=np.bincount(self.x.read, posterior, len(self.weights)),
            error_rate=self.error_rate,
        )

    def _likelihood(self) -> Floats:
        log = self.body * np.log1p(-self.error_rate)
        log += self.has_substitution * np.log(self.error_rate / 3)
        log += self.x.tail_bases @ np.log(self.tail_bases)
        for profile, cells in zip(self.profiles, self.cells, strict=True):
            log += np.log(profile).ravel()[cells]
        return np.exp(log, out=log)

    def _posterior(self) -> Floats:
        joint = self._likelihood()
        joint *= self.theta[self.x.context]
        total = np.bincount(self.x.read, joint, len(self.weights))
        total += self.theta_other * self.other
        joint /= total[self.x.read]
        return joint

    def _maximise(self, posterior: Floats) -> None:
        weight = posterior * self.weights[self.x.read]
        self.theta = np.bincount(self.x.context, weight, len(self.group_of)) / self.total
        self.theta_other = max(1 - self.theta.sum(), 1e-9)
        self.profiles = [
            _shrunken(np.bincount(cells, weight, self.n_groups * size), size)
            for cells, (_, size) in zip(self.cells, self.features, strict=True)
        ]
        tails = weight @ self.x.tail_bases + 1.0
        self.tail_bases = tails / tails.sum()
        self.error_rate = self._learn_error_rate(weight)

    def _learn_error_rate(self, weight: Floats) -> float:
        """Substitutions per base, leaving out sites that look like a real variant of the miRNA."""
        n_sites = len(self.theta) and int(self.site.max(initial=0)) + 1
        seen = np.bincount(self.site, weight * self.has_substitution, n_sites)
        depth = np.repeat(self._per_group(weight), WIDTH)[:n_sites]
        is_error = seen < VARIANT_SHARE * (depth + VARIANT_DEPTH)
        errors = seen[is_error].sum() + 1.0
        return float(np.clip(errors / (weight @ self.body + 1000.0), 1e-5, 0.02))

    def _substituted_sites(self) -> npt.NDArray[np.intp]:
        place = np.maximum(self.x.substitution.astype(np.intp) + self.x.shift_5p + 8, 0)
        return self.group.astype(np.intp) * WIDTH + place

    def _per_group(self, weight: Floats) -> Floats:
        return np.bincount(self.group, weight, self.n_groups)

    def _missing(self, posterior: Floats, runs: npt.NDArray[np.intp]) -> Floats:
        if not len(runs):
            return np.zeros(self.n_groups)
        share = np.minimum(np.add.reduceat(posterior, runs), 1.0)
        lost = share * (1 - share) * self.weights[self.x.read[runs]]
        return np.bincount(self.group[runs], lost, self.n_groups)

    def _context_missing(self, posterior: Floats) -> Floats:
        x = self.x
        new = (np.diff(x.read) != 0) | (np.diff(x.context) != 0)
        runs = np.flatnonzero(np.r_[True, new][: len(posterior)])
        if not len(runs):
            return np.zeros(len(self.group_of))
        share = np.minimum(np.add.reduceat(posterior, runs), 1.0)
        weights = self.weights[x.read[runs]]
        lost = np.bincount(x.context[runs], share * (1 - share) * weights, len(self.group_of))
        counts = np.bincount(x.context[runs], share * weights, len(self.group_of))
        return lost / np.maximum(counts, 1e-12)

    def _ambiguous(
        self, likelihood: Floats, weight: Floats, counts: Floats, runs: npt.NDArray[np.intp]
    ) -> Floats:
        """Reads of each group that an expressed rival explains at least `RIVAL` times as well."""
        if not len(runs):
            return np.zeros(self.n_groups)
        group, read = self.group[runs], self.x.read[runs]
        claim = np.add.reduceat(likelihood, runs) * (counts[group] >= 0.5)
        first = np.zeros(len(self.weights))
        np.maximum.at(first, read, claim)
        is_first = claim == first[read]
        second = np.zeros(len(self.weights))
        np.maximum.at(second, read, np.where(is_first, 0.0, claim))
        ties = np.bincount(read, is_first, len(self.weights))[read] > 1
        rival = np.where(is_first & ~ties, second[read], first[read])
        contested = np.add.reduceat(weight, runs) * (rival >= RIVAL * claim)
        return np.bincount(group, contested, self.n_groups)

    def _best(self, posterior: Floats) -> npt.NDArray[np.int64]:
        best = np.full(len(self.weights), -1, np.int64)
        order = np.lexsort((np.arange(len(posterior))[::-1], posterior))
        best[self.x.read[order]] = order
        return best


def _shrunken(cells: Floats, size: int) -> Floats:
    """Profile of each group, drawn to the library's profile by `PRIOR_READS` reads."""
    table = cells.reshape(-1, size)
    library = table.sum(axis=0) + 0.5
    library /= library.sum()
    return (table + PRIOR_READS * library) / (table.sum(axis=1, keepdims=True) + PRIOR_READS)
