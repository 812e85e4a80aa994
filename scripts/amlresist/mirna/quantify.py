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
LEARNING_ROUNDS = 25  # in which isomiR profiles and error rate are learned beside abundances
MAX_ROUNDS = 400  # of abundances alone
TOLERANCE = 1e-3  # reads of change, relative to 1 + count
TELLING = 10.0  # a read tells the hairpin when it fits this much better than the next
RIVAL = 0.1  # another miRNA could claim a read when it explains it this well, per abundance
# Hairpin-encoded bases from which a match is no chance: of 1e5 unrelated sequences fewer than one
# matches 25,000 possible starts that well.
CLEAN_BASES = 16
CLEAN_BASES_SUBSTITUTED = 19
TYPICAL_SHIFT_5P, TYPICAL_SHIFT_3P = 3, 4  # ends beyond are fragments of the hairpin, no isomiRs
# A miRNA in the shadow of a commoner one: its reads are isomiRs of the other just as well.
SHADOW_CLAIM = 0.005  # how well, by the library's isomiR profile, the other explains them
SHADOW_COUNT = 0.1  # largest count relative to the other's
SHADOW_SHARE = 0.8  # of its reads in shadow
SHADOW_EVIDENCE = 10.0  # log-likelihood it must add to be counted nevertheless

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quantities:
    """Counts of one library; arrays over groups unless said otherwise.

    Attributes:
        counts: reads, ambiguous ones shared out.
        hidden: reads of a miRNA not counted because a commoner one explains them as well.
        missing: share of the count's information lost to ambiguity, 0-1.
        ambiguous: share of the count that other groups could claim.
        canonical: share of reads equal to the mature.
        context_counts: reads per context.
        context_told: reads per context that fit no other context of the miRNA nearly as well.
        best: per unique read the index of its likeliest explanation, -1 for none.
        posterior: per unique read the probability that it is a miRNA at all.
        error_rate: substitutions per base learned.
    """

    counts: Floats
    hidden: Floats
    missing: Floats
    ambiguous: Floats
    canonical: Floats
    context_counts: Floats
    context_told: Floats
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
    hidden = model.settle_shadows()
    return model.quantities(hidden)


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
        self.read = explanations.read.astype(np.intp)
        self.context = explanations.context.astype(np.intp)
        self.group_of = np.array([c.group for c in reference.contexts], np.intp)
        self.group = self.group_of[self.context]
        self.n_groups = len(reference.groups)
        self.has_substitution = explanations.substitution >= 0
        self.body = (lengths[self.read] - explanations.tail).astype(np.float64)
        self.body -= self.has_substitution
        self.tailed = np.flatnonzero(explanations.tail)
        self.added = explanations.tail_bases[self.tailed].astype(np.float64)
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
        per_read = _tally(self.read, minlength=len(self.weights))
        share = (self.weights / np.maximum(per_read, 1))[self.read]
        self.theta = _tally(self.context, share, len(self.group_of)) / self.total
        self.theta_other = max(1 - self.theta.sum(), 0.01)

    def fit(self) -> None:
        """Alternate expectation and maximisation: first everything, then abundances alone."""
        for _ in range(LEARNING_ROUNDS):
            self._maximise(self._posterior(self._likelihood()))
        likelihood = self._likelihood()
        for _ in range(MAX_ROUNDS):
            before = self.theta * self.total
            self._maximise_abundances(self._posterior(likelihood) * self.weights[self.read])
            now = self.theta * self.total
            if np.max(np.abs(now - before) / (1 + now)) < TOLERANCE:
                break

    def unsupported(self, min_share: float) -> npt.NDArray[np.bool_]:
        """Groups whose reads are hardly ever long clean matches, as chance matches are not."""
        weight = self._posterior(self._likelihood()) * self.weights[self.read]
        needed = np.where(self.has_substitution, CLEAN_BASES_SUBSTITUTED, CLEAN_BASES)
        typical = self.body + self.has_substitution >= needed
        typical &= np.abs(self.x.shift_5p) <= TYPICAL_SHIFT_5P
        typical &= np.abs(self.x.shift_3p) <= TYPICAL_SHIFT_3P
        counts = self._per_group(weight)
        support = self._per_group(weight * typical)
        return (counts > 0) & (support < min_share * counts)

    def settle_shadows(self) -> Floats:
        """Leave out miRNAs in another's shadow unless the reads need them.

        Returns the counts of those left out, which their intervals must still cover.
        """
        counts = self._per_group(self._posterior(self._likelihood()) * self.weights[self.read])
        shadowed = self._shadowed(counts)
        if not shadowed.any():
            return np.zeros(self.n_groups)
        theta, before = self.theta, self._log_total()
        self.drop(shadowed)
        self.fit()
        lost = self.weights * (before - self._log_total())
        pairs = np.unique(self.read * self.n_groups + self.group)
        evidence = _tally(pairs % self.n_groups, lost[pairs // self.n_groups], self.n_groups)
        needed = shadowed & (evidence > SHADOW_EVIDENCE)
        if needed.any():
            self.theta = np.where(needed[self.group_of], theta, self.theta)
            self.fit()
        return np.where(shadowed & ~needed, counts, 0.0)

    def _log_total(self) -> Floats:
        """Log-probability of each unique read."""
        joint = self._likelihood() * self.theta[self.context]
        other = self.theta_other * self.other
        return np.asarray(np.log(_tally(self.read, joint, len(self.weights)) + other))

    def _shadowed(self, counts: Floats) -> npt.NDArray[np.bool_]:
        runs = self._runs(self.group)
        if not len(runs):
            return np.zeros(self.n_groups, bool)
        library = [counts @ p / max(counts.sum(), 1e-9) + 1e-9 for p in self.profiles]
        claim = np.add.reduceat(
            self._likelihood([np.tile(p, (self.n_groups, 1)) for p in library]), runs
        )
        group, read = self.group[runs], self.read[runs]
        best = np.zeros(len(self.weights))
        np.maximum.at(best, read, claim * (counts[group] > 0))
        commonest = np.zeros(len(self.weights))
        np.maximum.at(commonest, read, counts[group] * (claim >= SHADOW_CLAIM * best[read]))
        in_shadow = counts[group] < SHADOW_COUNT * commonest[read]
        weight = np.add.reduceat(self._posterior(self._likelihood()), runs) * self.weights[read]
        share = _tally(group, weight * in_shadow, self.n_groups)
        return (counts >= 0.5) & (share >= SHADOW_SHARE * counts)

    def drop(self, groups: npt.NDArray[np.bool_]) -> None:
        """Take groups out; their reads go to others or to other RNA."""
        self.theta = np.where(groups[self.group_of], 0.0, self.theta)

    def quantities(self, hidden: Floats) -> Quantities:
        """The estimates in the form the station reports; `hidden` from `settle_shadows`."""
        likelihood = self._likelihood()
        posterior = self._posterior(likelihood)
        weight = posterior * self.weights[self.read]
        counts = self._per_group(weight)
        runs = self._runs(self.group)
        canonical = (
            (self.x.shift_5p == 0)
            & (self.x.shift_3p == 0)
            & (self.x.tail == 0)
            & ~self.has_substitution
        )
        per = np.maximum(counts, 1e-12)
        return Quantities(
            counts=counts,
            hidden=hidden,
            missing=self._missing(posterior, runs) / per,
            ambiguous=self._ambiguous(likelihood, weight, counts, runs) / per,
            canonical=self._per_group(weight * canonical) / per,
            context_counts=_tally(self.context, weight, len(self.group_of)),
            context_told=self._told(likelihood, weight),
            best=self._best(posterior),
            posterior=_tally(self.read, posterior, len(self.weights)),
            error_rate=self.error_rate,
        )

    def _likelihood(self, profiles: Sequence[Floats] = ()) -> Floats:
        log = self.body * np.log1p(-self.error_rate)
        log += self.has_substitution * np.log(self.error_rate / 3)
        log[self.tailed] += self.added @ np.log(self.tail_bases)
        for profile, cells in zip(profiles or self.profiles, self.cells, strict=True):
            log += np.log(profile).ravel()[cells]
        return np.asarray(np.exp(log, out=log))

    def _posterior(self, likelihood: Floats) -> Floats:
        joint = likelihood * self.theta[self.context]
        total = _tally(self.read, joint, len(self.weights))
        total += self.theta_other * self.other
        joint /= total[self.read]
        return np.asarray(joint)

    def _maximise(self, posterior: Floats) -> None:
        weight = posterior * self.weights[self.read]
        self._maximise_abundances(weight)
        self.profiles = [
            _shrunken(_tally(cells, weight, self.n_groups * size), size)
            for cells, (_, size) in zip(self.cells, self.features, strict=True)
        ]
        tails = weight[self.tailed] @ self.added + 1.0
        self.tail_bases = tails / tails.sum()
        self.error_rate = self._learn_error_rate(weight)

    def _maximise_abundances(self, weight: Floats) -> None:
        self.theta = _tally(self.context, weight, len(self.group_of)) / self.total
        self.theta_other = max(1 - self.theta.sum(), 1e-9)

    def _learn_error_rate(self, weight: Floats) -> float:
        """Substitutions per base, leaving out sites that look like a real variant of the miRNA."""
        n_sites = len(self.theta) and int(self.site.max(initial=0)) + 1
        seen = _tally(self.site, weight * self.has_substitution, n_sites)
        depth = np.repeat(self._per_group(weight), WIDTH)[:n_sites]
        is_error = seen < VARIANT_SHARE * (depth + VARIANT_DEPTH)
        errors = seen[is_error].sum() + 1.0
        return float(np.clip(errors / (weight @ self.body + 1000.0), 1e-5, 0.02))

    def _substituted_sites(self) -> npt.NDArray[np.intp]:
        place = np.maximum(self.x.substitution.astype(np.intp) + self.x.shift_5p + 8, 0)
        return np.asarray(self.group.astype(np.intp) * WIDTH + place)

    def _runs(self, origin: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """First explanation of every read by every origin (groups or contexts)."""
        new = (np.diff(self.read) != 0) | (np.diff(origin) != 0)
        return np.flatnonzero(np.r_[True, new][: len(origin)])

    def _per_group(self, weight: Floats) -> Floats:
        return _tally(self.group, weight, self.n_groups)

    def _missing(self, posterior: Floats, runs: npt.NDArray[np.intp]) -> Floats:
        if not len(runs):
            return np.zeros(self.n_groups)
        share = np.minimum(np.add.reduceat(posterior, runs), 1.0)
        lost = share * (1 - share) * self.weights[self.read[runs]]
        return _tally(self.group[runs], lost, self.n_groups)

    def _told(self, likelihood: Floats, weight: Floats) -> Floats:
        """Reads that fit one context at least `TELLING` times as well as its group's others."""
        runs = self._runs(self.context)
        if not len(runs):
            return np.zeros(len(self.group_of))
        claim = np.add.reduceat(likelihood, runs)
        _, owner = np.unique(
            self.read[runs] * self.n_groups + self.group[runs], return_inverse=True
        )
        best, second = np.zeros(owner.max() + 1), np.zeros(owner.max() + 1)
        np.maximum.at(best, owner, claim)
        is_best = claim == best[owner]
        ties = _tally(owner, is_best)[owner] > 1
        np.maximum.at(second, owner, np.where(is_best, 0.0, claim))
        tells = is_best & ~ties & (claim >= TELLING * second[owner])
        reads = np.add.reduceat(weight, runs) * tells
        return _tally(self.context[runs], reads, len(self.group_of))

    def _ambiguous(
        self, likelihood: Floats, weight: Floats, counts: Floats, runs: npt.NDArray[np.intp]
    ) -> Floats:
        """Reads of each group that an expressed rival explains at least `RIVAL` times as well."""
        if not len(runs):
            return np.zeros(self.n_groups)
        group, read = self.group[runs], self.read[runs]
        claim = np.add.reduceat(likelihood, runs) * (counts[group] >= 0.5)
        first = np.zeros(len(self.weights))
        np.maximum.at(first, read, claim)
        is_first = claim == first[read]
        second = np.zeros(len(self.weights))
        np.maximum.at(second, read, np.where(is_first, 0.0, claim))
        ties = _tally(read, is_first, len(self.weights))[read] > 1
        rival = np.where(is_first & ~ties, second[read], first[read])
        contested = np.add.reduceat(weight, runs) * (rival >= RIVAL * claim)
        return _tally(group, contested, self.n_groups)

    def _best(self, posterior: Floats) -> npt.NDArray[np.int64]:
        """Of the likeliest group the simplest explanation: an encoded base is not called added."""
        best = np.full(len(self.weights), -1, np.int64)
        order = np.lexsort((np.arange(len(posterior))[::-1], posterior))
        best[self.read[order]] = order
        effort = 100.0 * self.has_substitution + 10.0 * self.x.tail + np.abs(self.x.shift_5p)
        of_winner = self.group == self.group[best[self.read]]
        order = np.lexsort((np.arange(len(posterior))[::-1], posterior, -effort, of_winner))
        best[self.read[order]] = order
        return best


def _tally(
    index: npt.NDArray[np.intp], weights: npt.ArrayLike | None = None, minlength: int = 0
) -> Floats:
    """Sum of weights (or number) per index."""
    return np.bincount(index, weights, minlength).astype(np.float64)


def _shrunken(cells: Floats, size: int) -> Floats:
    """Profile of each group, drawn to the library's profile by `PRIOR_READS` reads."""
    table = cells.reshape(-1, size)
    library = table.sum(axis=0) + 0.5
    library /= library.sum()
    total = table.sum(axis=1, keepdims=True) + PRIOR_READS
    return np.asarray((table + PRIOR_READS * library) / total)
