"""The joint posterior of a variant's VAFs at two time points.

One question per locus: which pair of VAFs (f_before, f_after) do the counts at all time points
allow? A locus is a somatic variant with a pair drawn from a prior that is learned from the run's
own loci, or germline, or an artefact, or nothing at all. Classes are regions of the pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from amlresist.variants.likelihood import (
    SMALLEST_VAF,
    Floats,
    likelihoods,
    tail_probability,
    vaf_grid,
)
from amlresist.variants.pair_prior import starting_prior, vaf_density
from amlresist.variants.read_columns import Ints

Mask = npt.NDArray[np.bool_]
REGIONS = (
    "acquired",
    "small_before",
    "lost",
    "small_after",
    "expanding",
    "contracting",
    "stable",
)
KINDS = ("somatic", "germline", "artefact", "nothing")
_ROUNDS_STORIES = 25  # of expectation maximisation
_ROUNDS_PAIRS = 10  # more would make the learned prior spiky
_STORY_LOCI = 100.0  # weight of the stories against the pairs, in loci
_LEARN_FROM = 8_000  # loci the prior is learned from, evenly spaced
_ARTEFACT_TOP = 0.10  # VAF up to which artefacts are expected
_BATCH = 8192
_SHOWN = 0.01  # chance of the fragments from errors alone
_PUREST = 0.97  # VAF beyond which a somatic variant would need a sample of leukemic cells alone
_SMALLEST_PRIOR = 1e-12
_NEXT_TO_NOTHING = 0.05  # of the absence limit: fragments seen may still be errors below
_SNP_VAF = 0.49  # of heterozygous SNPs; reads of the reference align a little better
_SNP_SPREAD = 0.02
HOMOZYGOUS_SHARE = 0.3  # of the germline variants of a person


@dataclass(frozen=True, slots=True)
class Observations:
    """Counts of n loci at T time points.

    Attributes:
        alt, depth: fragments, shape (n, T).
        error: error rates, shape (n, T).
        alt_forward: alternative fragments on the forward strand, shape (n, T); negative: unknown.
        germline_prior: share of germline among real variants of this sort, shape (n,).
        artefact_prior: prior probability that a locus is an artefact or nothing, shape (n,).
        loh_share: share of loss of heterozygosity at some time point among germline variants
            there, shape (n,).
        balance: VAF of a heterozygous SNP on either chromosome where given copy numbers make it
            other than one half, NaN where they do not; shape (n, T, 2).
    """

    alt: Ints
    depth: Ints
    error: Floats
    alt_forward: Ints
    germline_prior: Floats
    artefact_prior: Floats
    loh_share: Floats
    balance: Floats

    def subset(self, keep: npt.NDArray[np.int64] | Mask) -> "Observations":
        """The chosen loci."""
        return Observations(
            self.alt[keep],
            self.depth[keep],
            self.error[keep],
            self.alt_forward[keep],
            self.germline_prior[keep],
            self.artefact_prior[keep],
            self.loh_share[keep],
            self.balance[keep],
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a pair.

    Attributes:
        before, after: columns of the two time points.
        normal: column of a sample without leukemia, None if there is none.
        limit_before, limit_after: VAF below which a variant counts as absent.
        scale: VAF after over VAF before where the share of leukemic cells is unchanged, shape (n,).
        ratio: factor beyond which a share has changed.
        rho: overdispersion.
        truncal: VAF before and after of a variant in all leukemic cells, NaN where unknown.
        rho_error: standard error of rho.
    """

    before: int
    after: int
    normal: int | None
    limit_before: float
    limit_after: float
    scale: Floats
    ratio: float
    rho: float
    truncal: tuple[float, float]
    rho_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior probabilities per locus (arrays of length n).

    Attributes:
        regions: name of REGIONS -> probability.
        germline, artefact: probabilities of the other explanations.
    """

    regions: dict[str, Floats]
    germline: Floats
    artefact: Floats


def region_masks(vaf: Floats, question: Question, scale: float) -> dict[str, npt.NDArray[np.bool_]]:
    """Pairs of grid VAFs (rows before, columns after) of each region; they share out all pairs."""
    before, after = vaf[:, None], vaf[None, :]
    grown = after > question.ratio * scale * before
    shrunk = before * scale > question.ratio * after
    absent_before = before < question.limit_before
    absent_after = after < question.limit_after
    acquired = grown & (before < _NEXT_TO_NOTHING * question.limit_before)
    lost = shrunk & (after < _NEXT_TO_NOTHING * question.limit_after)
    small_before = grown & absent_before & ~acquired
    small_after = shrunk & absent_after & ~lost
    return {
        "acquired": acquired,
        "small_before": small_before,
        "lost": lost,
        "small_after": small_after,
        "expanding": grown & ~absent_before,
        "contracting": shrunk & ~absent_after,
        "stable": ~grown & ~shrunk & ((before > 0) | (after > 0)),
    }


def _without_pure(prior: Floats, vaf: Floats) -> Floats:
    """No sample is free of normal cells: VAF 1 at both time points is left to germline."""
    pure = vaf > _PUREST
    prior[np.ix_(pure, pure)] = _SMALLEST_PRIOR
    return np.asarray(prior / prior.sum())


def fit(observations: Observations, question: Question) -> Posterior:
    """Learn the prior over pairs from the loci, then give each locus its posterior."""
    vaf = vaf_grid()
    n = len(observations.alt)
    step = max(1, -(-n // _LEARN_FROM))
    chosen = observations.subset(np.arange(0, n, step))
    terms = _Terms.of(chosen, question, vaf)
    prior, shares = _learned(terms, _shown(chosen, question), question, vaf)
    parts = []
    for first in range(0, n, _BATCH):
        batch = np.arange(first, min(n, first + _BATCH))
        terms = _Terms.of(observations.subset(batch), question, vaf)
        scale = np.broadcast_to(question.scale, (n,))[batch]
        parts.append(_posterior(terms, prior, shares, question, scale, vaf))
    return _joined(parts)


def _shown(observations: Observations, question: Question) -> Mask:
    """Loci with more fragments before or after than errors explain; others refine no pair."""
    columns = [question.before, question.after]
    tails = tail_probability(
        observations.alt[:, columns], observations.depth[:, columns], observations.error[:, columns]
    )
    return np.asarray((tails <= _SHOWN).any(axis=1))


def _learned(
    terms: "_Terms", shown: Mask, question: Question, vaf: Floats
) -> tuple[Floats, Floats]:
    """The prior over pairs, and the factors by which KINDS are more common than expected.

    First the stories of PairPrior, then the pairs themselves, on which the stories weigh as many
    loci: so what no story foresees is learned where there are thousands.
    """
    scale = float(np.median(question.scale)) if len(question.scale) else 1.0
    stories = start = starting_prior(vaf, scale, question.truncal)
    prior, shares = _without_pure(start.pairs(), vaf), np.ones(len(KINDS))
    masses = terms.masses(prior, shares)
    somatic = 1 - masses[:, 1] / np.maximum(masses.sum(axis=1), 1e-300)
    for _ in range(_ROUNDS_STORIES):
        found, shares = _expected(terms, prior, shares, somatic)
        stories = stories.updated(found, start)
        prior = _without_pure(stories.pairs(), vaf)
    told = prior
    for _ in range(_ROUNDS_PAIRS):
        found, shares = _expected(terms, prior, shares, somatic * shown)
        prior = _without_pure(found + _STORY_LOCI * told, vaf)
    return prior, shares


def _joined(parts: list[Posterior]) -> Posterior:
    if not parts:
        nothing = np.zeros(0)
        return Posterior(dict.fromkeys(REGIONS, nothing), nothing, nothing)
    return Posterior(
        {name: np.concatenate([part.regions[name] for part in parts]) for name in REGIONS},
        np.concatenate([part.germline for part in parts]),
        np.concatenate([part.artefact for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class _Terms:
    """Likelihoods of a batch of n loci.

    Attributes:
        before, after: P(counts | f) on the grid, shape (n, G).
        company: factor that the other time points give a somatic variant, shape (n,).
        fixed: likelihoods of germline, artefact and nothing, shape (n, 3).
        weights: prior probabilities of KINDS, shape (n, 4).
    """

    before: Floats
    after: Floats
    company: Floats
    fixed: Floats
    weights: Floats

    @classmethod
    def of(cls, observations: Observations, question: Question, vaf: Floats) -> "_Terms":
        """Terms of all loci of a batch."""
        columns = [
            likelihoods(counts, depth, error, question.rho, vaf)
            for counts, depth, error in zip(
                observations.alt.T, observations.depth.T, observations.error.T, strict=True
            )
        ]
        before, after = columns[question.before], columns[question.after]
        company = _company(columns, question, vaf)
        shared = np.prod(columns, axis=0)  # the same VAF at every time point
        strand = _strand_factor(observations.alt, observations.alt_forward)
        once = _sporadic_density(vaf)
        one_sided = (before @ once) * after[:, 0] + before[:, 0] * (after @ once)
        artefact = (0.8 * (shared @ _artefact_density(vaf)) + 0.1 * one_sided * company) * strand
        loh = observations.loh_share
        germline = (1 - loh) * (shared @ _germline_density(vaf))
        germline += loh * _germline_loh(columns, question.normal, vaf)
        given = np.isfinite(observations.balance).any(axis=(1, 2))
        inside = [column[given] for column in columns]
        germline[given] = _germline_copies(inside, observations.balance[given], vaf)
        fixed = np.column_stack((germline, artefact, shared[:, 0]))
        return cls(before, after, company, fixed, _kind_weights(observations))

    def masses(self, prior: Floats, shares: Floats) -> Floats:
        """Joint probability of the counts and each of KINDS, shape (n, 4)."""
        somatic = ((self.before @ prior) * self.after).sum(axis=1) * self.company
        return np.column_stack((somatic, self.fixed)) * self.weights * shares


def _kind_weights(observations: Observations) -> Floats:
    real = 1 - observations.artefact_prior
    return np.column_stack(
        (
            real * (1 - observations.germline_prior),
            real * observations.germline_prior,
            0.3 * observations.artefact_prior,
            0.7 * observations.artefact_prior,
        )
    )


def _company(columns: Sequence[Floats], question: Question, vaf: Floats) -> Floats:
    """What the time points not asked about say of a somatic variant: anything may be there.

    A normal sample holds none of it, or a trace of leukemia.
    """
    anything = 0.4 * (vaf == 0) + 0.6 * vaf_density(vaf)
    company = np.ones(len(columns[question.before]))
    for t, column in enumerate(columns):
        if t == question.normal:
            company = company * (column @ _in_normal(vaf))
        elif t not in {question.before, question.after}:
            company = company * (column @ anything)
    return company


def _in_normal(vaf: Floats) -> Floats:
    """Share of a somatic variant in a normal sample: none, or a trace of leukemia."""
    trace = (vaf > 0) & (vaf < 0.05)
    return np.asarray(0.9 * (vaf == 0) + 0.1 * trace / trace.sum())


def _germline_density(vaf: Floats) -> Floats:
    """VAF of germline variants: about one half, or one."""
    het = (1 - HOMOZYGOUS_SHARE) * _near_half(vaf)
    return np.asarray(het + HOMOZYGOUS_SHARE * _homozygous(vaf))


def _germline_loh(columns: Sequence[Floats], normal: int | None, vaf: Floats) -> Floats:
    """A heterozygous variant whose leukemic cells have lost one allele at some time points.

    Its VAF is then anything apart from one half: the share of cells with the loss is not known, and
    either allele may be lost. A normal sample keeps one half.
    """
    het = _near_half(vaf)
    shifted = ((vaf > 0) & (np.abs(vaf - 0.5) > 0.05)) * np.gradient(vaf)
    shifted /= shifted.sum()
    likelihood = np.ones(len(columns[0]))
    unchanged = np.ones(len(columns[0]))
    for t, column in enumerate(columns):
        with_loss = column @ (het if t == normal else 0.5 * (het + shifted))
        likelihood = likelihood * with_loss
        unchanged = unchanged * (column @ (het if t == normal else 0.5 * het))
    return likelihood - unchanged


def _germline_copies(columns: Sequence[Floats], balance: Floats, vaf: Floats) -> Floats:
    """A germline variant on a stretch of known copy number: on one chromosome or on the other."""
    homozygous = np.prod(columns, axis=0) @ _homozygous(vaf)
    likelihood = HOMOZYGOUS_SHARE * homozygous
    for side in (0, 1):
        here = np.ones(len(balance))
        for t, column in enumerate(columns):
            centre = np.where(np.isnan(balance[:, t, side]), _SNP_VAF, balance[:, t, side])
            for value in np.unique(centre):
                chosen = centre == value
                here[chosen] *= column[chosen] @ _bell(vaf, float(value), _SNP_SPREAD)
        likelihood += 0.5 * (1 - HOMOZYGOUS_SHARE) * here
    return np.asarray(likelihood)


def _near_half(vaf: Floats) -> Floats:
    return _bell(vaf, _SNP_VAF, _SNP_SPREAD)


def _homozygous(vaf: Floats) -> Floats:
    hom = (vaf > 0.98).astype(np.float64)
    return np.asarray(hom / hom.sum())


def _bell(vaf: Floats, centre: float, spread: float) -> Floats:
    density = np.exp(-0.5 * ((vaf - centre) / spread) ** 2)
    return np.asarray(density / density.sum())


def _artefact_density(vaf: Floats) -> Floats:
    """VAF of artefacts of a place, which come back in every library: even in log VAF."""
    return _falling_density(vaf, 1)


def _sporadic_density(vaf: Floats) -> Floats:
    """VAF of artefacts of one library: errors of an early PCR cycle.

    A cycle earlier doubles the VAF and halves the molecules that such an error can start from, so
    the density falls with the square of the VAF.
    """
    return _falling_density(vaf, 2)


def _falling_density(vaf: Floats, power: int) -> Floats:
    low = (vaf > 0) & (vaf <= _ARTEFACT_TOP)
    density = np.where(low, np.gradient(vaf), 0) / np.maximum(vaf, SMALLEST_VAF) ** power
    return np.asarray(density / density.sum())


def _strand_factor(alt: Ints, forward: Ints) -> Floats:
    """Bayes factor for an artefact of the split of alternative fragments over the strands.

    Real variants split evenly (beta-binomial, shape 20 + 20); half of all artefacts sit on one
    strand (shape 0.3 + 0.3), half split evenly.
    """
    known = (forward >= 0).all(axis=1)
    plus = np.where(known, forward.clip(min=0).sum(axis=1), 0)
    minus = np.where(known, alt.sum(axis=1) - plus, 0)
    even = betaln(plus + 20, minus + 20) - betaln(20, 20)
    uneven = betaln(plus + 0.3, minus + 0.3) - betaln(0.3, 0.3)
    return np.asarray(0.5 + 0.5 * np.exp(np.clip(uneven - even, -50, 50)))


def _expected(
    terms: _Terms, prior: Floats, shares: Floats, somatic: Floats
) -> tuple[Floats, Floats]:
    """Expected number of somatic loci of each pair of VAFs, and how common artefacts are.

    Germline against somatic is not learned: clonal variants and SNPs lie at the same VAFs. Loci
    weigh with `somatic`, the chance under the starting prior that they are not germline, lest the
    pair prior grow a peak where the SNPs lie.
    """
    masses = terms.masses(prior, shares)
    total = np.maximum(masses.sum(axis=1), 1e-300)
    responsibility = shares[0] * terms.company * terms.weights[:, 0] / total * somatic
    found = prior * ((terms.before * responsibility[:, None]).T @ terms.after)
    expected = (masses / total[:, None]).sum(axis=0) + 1
    learned = shares * expected / ((terms.weights * shares).sum(axis=0) + 1)
    learned[:2] = 1
    return found, np.clip(learned, 0.01, 100)


def _posterior(
    terms: _Terms, prior: Floats, shares: Floats, question: Question, scale: Floats, vaf: Floats
) -> Posterior:
    regions = {name: np.zeros(len(scale)) for name in REGIONS}
    for value in np.unique(scale):
        chosen = scale == value
        before, after = terms.before[chosen], terms.after[chosen]
        for name, mask in region_masks(vaf, question, float(value)).items():
            regions[name][chosen] = _mass(before, after, prior * mask)
    somatic = np.sum(list(regions.values()), axis=0) * terms.company
    masses = np.column_stack((somatic, terms.fixed)) * terms.weights * shares
    total = np.maximum(masses.sum(axis=1), 1e-300)
    weight = shares[0] * terms.company * terms.weights[:, 0] / total
    germline, artefact = masses[:, 1] / total, masses[:, 2:].sum(axis=1) / total
    return Posterior({name: r * weight for name, r in regions.items()}, germline, artefact)


def _mass(before: Floats, after: Floats, prior: Floats) -> Floats:
    """Sum over the pairs of likelihood times prior; rows and columns without prior left out."""
    rows, columns = np.flatnonzero(prior.any(axis=1)), np.flatnonzero(prior.any(axis=0))
    if not len(rows):
        return np.zeros(len(before))
    inner = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return np.asarray(((before[:, inner[0]] @ prior[inner]) * after[:, inner[1]]).sum(axis=1))
