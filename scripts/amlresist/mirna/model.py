"""Abundances of miRNAs by expectation-maximisation over the explanations of every read.

Model (docs/mirna.md): a read of context c (miRNA g in one hairpin) has probability
    theta_c * P5_c(shift_5p) * P3_c(shift_3p) * Ptail_c(t) * prod q(tail base)
            * (1 - e)^matches * (e/3)^substitutions
and a read of something else theta_0 * (1/4)^length. P5, P3 and Ptail are learned for the library
and for each context, since two hairpins of a miRNA need not be cut alike; a context is drawn to the
library's profile as far as they resemble each other in this library. e and q are learned for the
library.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.mirna.explain import MAX_SHIFT_3P, MIN_SHIFT_3P, WIDTH, Explanations
from amlresist.mirna.reference import Reference
from amlresist.mirna.settings import Settings

VARIANT_SHARE = 0.03  # a site substituted more often than this carries a variant, not errors
VARIANT_DEPTH = 20.0
MAX_CYCLES = 30  # of two steps and a leap
ERROR_ROUNDS = 6  # first steps, in which error rate and tail bases are learned; they stand at once
TOLERANCE = 1e-4  # change of a count in one step, relative to 1 + count
LONGEST_LEAP = 100.0
STEADY = 0.999  # cosine of two steps from which a miRNA is said to creep, and may leap
# Log-likelihood per read that a leap may cost before it is taken back; a likelier profile, drawn to
# the library's, costs a little.
MAX_LOSS = 1e-4
# Bounds of the reads' worth of trust in the library's profile, and the miRNAs it is learned from.
MIN_TRUST, MAX_TRUST, FIRST_TRUST = 10.0, 1000.0, 30.0
TRUST_READS = 200.0
TRUST_MIRNAS = 10
TRUST_TRIM = 0.1  # of the miRNAs, those most and least like the library

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Expected:
    """Reads expected under the current parameters; every parameter follows from them.

    Attributes:
        contexts: reads per context.
        cells: per feature (5' shift, 3' shift, tail) reads per context and value, flattened.
    """

    contexts: Floats
    cells: tuple[Floats, ...]


class Model:
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
        self.reads_of = counts[self.read]
        self.context = explanations.context.astype(np.intp)
        self.group_of = np.array([c.group for c in reference.contexts], np.intp)
        self.group = self.group_of[self.context]
        places = [i if c.place < 0 else c.place for i, c in enumerate(reference.contexts)]
        self.place = np.array(places, np.intp)[self.context]
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
        self.cells = [self.context * size + value for value, size in self.features]
        self.site = self._substituted_sites()
        self._start(settings)

    def _start(self, settings: Settings) -> None:
        shift_5p = np.exp(
            -2.0 * np.abs(np.arange(-settings.max_shift_5p, settings.max_shift_5p + 1))
        )
        shift_3p = np.exp(-0.7 * np.abs(np.arange(MIN_SHIFT_3P, MAX_SHIFT_3P + 1)))
        tail = np.exp(-2.0 * np.arange(settings.max_tail + 1))
        self.library_profiles = [p / p.sum() for p in (shift_5p, shift_3p, tail)]
        self.profiles = [np.tile(p, (len(self.group_of), 1)) for p in self.library_profiles]
        self.trust = [FIRST_TRUST] * len(self.features)
        self.tail_bases = np.array([0.45, 0.08, 0.07, 0.40])
        self.error_rate = 1e-3
        self._set_emission()
        self.log_likelihood = -np.inf
        per_read = tally(self.read, minlength=len(self.weights))
        share = (self.weights / np.maximum(per_read, 1))[self.read]
        self.theta = tally(self.context, share, len(self.group_of)) / self.total
        self.theta_other = max(1 - self.theta.sum(), 0.01)

    def fit(self) -> None:
        """Two steps of expectation and maximisation, then a leap along them, until counts stand.

        The leap is that of Varadhan and Roland 2008 (SQUAREM), made for each miRNA on its own:
        miRNAs that share most of their reads creep where others have long arrived.
        """
        for _ in range(ERROR_ROUNDS):
            self.step(learn_errors=True)
        first = self.step()
        for _ in range(MAX_CYCLES):
            second = self.step()
            third = self.step()
            now, before = self.per_group_of(third), self.per_group_of(second)
            if np.max(np.abs(now - before) / (1 + now), initial=0.0) < TOLERANCE:
                break
            reached = self.log_likelihood
            self.maximise(self._leap(first, second, third))
            first = self.step()
            if self.log_likelihood < reached - MAX_LOSS * self.total:
                self.maximise(third)
                first = self.step()

    def step(self, *, learn_errors: bool = False) -> Expected:
        """One step of expectation and maximisation."""
        weight = self.posterior(self.likelihood())
        weight *= self.reads_of
        found = self._expected(weight)
        self.maximise(found)
        if learn_errors:
            self._learn_errors(weight)
        return found

    def per_group_of(self, expected: Expected) -> Floats:
        """Reads of each miRNA."""
        return tally(self.group_of, expected.contexts, self.n_groups)

    def per_group(self, weight: Floats) -> Floats:
        """Sum of a weight per explanation over each miRNA."""
        return tally(self.group, weight, self.n_groups)

    def drop(self, groups: npt.NDArray[np.bool_]) -> None:
        """Take groups out; their reads go to others or to other RNA."""
        self.theta = np.where(groups[self.group_of], 0.0, self.theta)

    def likelihood(self, profiles: Sequence[Floats] = ()) -> Floats:
        """Probability of each explained read given its context, with other profiles if given."""
        product: Floats = self.emission.copy()
        for profile, cells in zip(profiles or self.profiles, self.cells, strict=True):
            product *= np.take(profile, cells)
        return product

    def library_likelihood(self) -> Floats:
        """`likelihood` by the library's isomiR profile alone."""
        return self.likelihood([np.tile(p, (len(self.group_of), 1)) for p in self.library_profiles])

    def posterior(self, likelihood: Floats) -> Floats:
        """Probability of each explanation of its read; the rest of 1 is other RNA."""
        joint = likelihood * self.theta[self.context]
        total = tally(self.read, joint, len(self.weights))
        total += self.theta_other * self.other
        self.log_likelihood = float(self.weights @ np.log(total))
        joint /= total[self.read]
        return np.asarray(joint)

    def log_probabilities(self) -> Floats:
        """Log-probability of each unique read."""
        joint = self.likelihood() * self.theta[self.context]
        other = self.theta_other * self.other
        return np.asarray(np.log(tally(self.read, joint, len(self.weights)) + other))

    def runs(self, origin: Index) -> Index:
        """First explanation of every read by every origin (groups or contexts)."""
        new = (np.diff(self.read) != 0) | (np.diff(origin) != 0)
        return np.flatnonzero(np.r_[True, new][: len(origin)])

    def maximise(self, expected: Expected) -> None:
        """The parameters that fit the expected reads best."""
        self.theta = expected.contexts / self.total
        self.theta_other = max(1 - self.theta.sum(), 1e-9)
        for k, (cells, (_, size)) in enumerate(zip(expected.cells, self.features, strict=True)):
            table = cells.reshape(-1, size)
            library = table.sum(axis=0) + 0.5
            self.library_profiles[k] = library / library.sum()
            self.trust[k] = profile_trust(table, self.library_profiles[k])
            self.profiles[k] = drawn_profiles(table, self.library_profiles[k], self.trust[k])

    def _expected(self, weight: Floats) -> Expected:
        return Expected(
            contexts=tally(self.context, weight, len(self.group_of)),
            cells=tuple(
                tally(cells, weight, len(self.group_of) * size)
                for cells, (_, size) in zip(self.cells, self.features, strict=True)
            ),
        )

    def _learn_errors(self, weight: Floats) -> None:
        """Error rate, without sites that look like a real variant of the miRNA; tail bases."""
        seen = tally(self.site, weight * self.has_substitution)
        depth = np.repeat(self.per_group(weight), WIDTH)[: len(seen)]
        is_error = seen < VARIANT_SHARE * (depth + VARIANT_DEPTH)
        rate = (seen[is_error].sum() + 1.0) / (weight @ self.body + 1000.0)
        self.error_rate = float(np.clip(rate, 1e-5, 0.02))
        tails = weight[self.tailed] @ self.added + 1.0
        self.tail_bases = tails / tails.sum()
        self._set_emission()

    def _set_emission(self) -> None:
        """Probability of the bases of each explained read, wherever its ends lie."""
        log = self.body * np.log1p(-self.error_rate)
        log += self.has_substitution * np.log(self.error_rate / 3)
        log[self.tailed] += self.added @ np.log(self.tail_bases)
        self.emission = np.exp(log)

    def _leap(self, first: Expected, second: Expected, third: Expected) -> Expected:
        """Where the steps of each miRNA lead to; none below zero, each miRNA's features alike."""
        n_contexts = len(self.group_of)
        profile = [cells.reshape(n_contexts, -1) for cells in second.cells]
        near = [a.reshape(p.shape) for a, p in zip(first.cells, profile, strict=True)]
        far = [a.reshape(p.shape) for a, p in zip(third.cells, profile, strict=True)]
        length = _leap_lengths(
            np.hstack(near), np.hstack(profile), np.hstack(far), self.group_of, self.n_groups
        )
        contexts = _along(first.contexts, second.contexts, third.contexts, length)
        cells = []
        for a, b, c in zip(near, profile, far, strict=True):
            table = _along(a, b, c, length[:, None])
            table *= (contexts / np.maximum(table.sum(axis=1), 1e-12))[:, None]
            cells.append(table.ravel())
        return Expected(contexts, tuple(cells))

    def _substituted_sites(self) -> Index:
        place = np.maximum(self.x.substitution.astype(np.intp) + self.x.shift_5p + 8, 0)
        return np.asarray(self.group.astype(np.intp) * WIDTH + place)


def profile_trust(table: Floats, library: Floats) -> float:
    """How many reads' worth of trust a context's profile may put in the library's.

    Profiles of contexts are taken as draws from a Dirichlet of mean p and concentration k, so that
    one of n reads has E[sum (share - p)^2] = sum p (1 - p) (rho + (1 - rho) / n), rho = 1/(k+1).
    rho is the mean over contexts of many reads, without the most and least alike.

    Args:
        table: reads per context and value of the feature.
        library: p.
    """
    n = table.sum(axis=1)
    common = np.flatnonzero(n >= TRUST_READS)
    spread = float((library * (1 - library)).sum())
    if len(common) < TRUST_MIRNAS or spread <= 0:
        return FIRST_TRUST
    reads = n[common]
    distance = ((table[common] / reads[:, None] - library) ** 2).sum(axis=1) / spread
    rho = np.sort((distance - 1 / reads) / (1 - 1 / reads))
    outer = int(TRUST_TRIM * len(rho))
    mean = float(rho[outer : len(rho) - outer].mean())
    return float(np.clip(1 / max(mean, 1e-6) - 1, MIN_TRUST, MAX_TRUST))


def drawn_profiles(table: Floats, library: Floats, trust: float) -> Floats:
    """Profile of each context, drawn to the library's by `trust` reads."""
    total = table.sum(axis=1, keepdims=True) + trust
    return np.asarray((table + trust * library) / total)


def tally(index: Index, weights: npt.ArrayLike | None = None, minlength: int = 0) -> Floats:
    """Sum of weights (or number) per index."""
    return np.bincount(index, weights, minlength).astype(np.float64)


def _leap_lengths(
    first: Floats, second: Floats, third: Floats, group_of: Index, n_groups: int
) -> Floats:
    """How far each context (row) may leap: |r| / |v| where its miRNA's steps are steady, else 1."""
    step, following = second - first, third - second

    def of_group(products: Floats) -> Floats:
        return tally(group_of, products.sum(axis=1), n_groups)

    size, next_size = np.sqrt(of_group(step**2)), np.sqrt(of_group(following**2))
    bend = np.sqrt(of_group((following - step) ** 2))
    cosine = of_group(step * following) / np.maximum(size * next_size, 1e-12)
    steady = (size > 1e-3) & (cosine > STEADY)
    length = np.clip(size / np.maximum(bend, 1e-12), 1.0, LONGEST_LEAP)
    return np.asarray(np.where(steady, length, 1.0)[group_of])


def _along(first: Floats, second: Floats, third: Floats, length: Floats) -> Floats:
    """first + 2 s r + s^2 v, with r the first step and v its change to the next one.

    Nothing falls below a tenth of where the steps were: from zero there is no way back.
    """
    step = second - first
    bend = third - second - step
    return np.maximum(first + 2 * length * step + length**2 * bend, third / 10)
