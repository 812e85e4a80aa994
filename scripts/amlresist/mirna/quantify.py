"""Counts of miRNAs from the fitted model, and how far the reads can tell them apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.mirna.explain import Explanations
from amlresist.mirna.model import Model, tally
from amlresist.mirna.reference import FLANK_5P, Reference
from amlresist.mirna.rivals import rival_variances
from amlresist.mirna.settings import Settings

TELLING = 10.0  # a read tells the hairpin when it fits this much better than the next
RIVAL = 0.1  # another miRNA could claim a read when it explains it this well, per abundance
# Hairpin-encoded bases from which a match is no chance: of 1e5 unrelated sequences fewer than one
# matches 25,000 possible starts that well.
CLEAN_BASES = 16
CLEAN_BASES_SUBSTITUTED = 19
# Ends beyond are fragments of the hairpin or of a tRNA (miR-4454) rather than isomiRs.
TYPICAL_SHIFT_5P, TYPICAL_SHIFT_3P = 2, 4
# A miRNA in the shadow of a commoner one: its reads are isomiRs of the other just as well.
SHADOW_CLAIM = 0.005  # how well, by the library's isomiR profile, the other explains them
SHADOW_COUNT = 0.1  # largest count relative to the other's
SHADOW_SHARE = 0.8  # of its reads in shadow
CONTESTED = 0.5  # share of its information lost, from which less of a claim makes a shadow
CONTESTED_CLAIM, CONTESTED_COUNT = 1e-4, 0.5
SHADOW_EVIDENCE = 10.0  # log-likelihood it must add to be counted nevertheless
RIVAL_WIDENS = 2.0  # a miRNA cannot be told from another that makes its interval this much wider

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quantities:
    """Counts of one library; arrays over groups unless said otherwise.

    Attributes:
        counts: reads, ambiguous ones shared out.
        hidden: reads of a miRNA not counted because a commoner one explains them as well.
        missing: share of the count's information lost to ambiguity, 0-1.
        hidden_sd: standard deviation of the count of a miRNA that is not seen but may hide behind
            another.
        rivals: miRNA -> others, alike but for an end, that it cannot well be told from.
        ambiguous: share of the count that other groups could claim.
        canonical: share of reads equal to the mature.
        place_told: reads per place (context of the FASTA's own allele), its alleles together, that
            fit no other place of the miRNA nearly as well.
        allele_reads: reads of the miRNA across each of the reference's sites, with the hairpin's
            base and with the other one; shape (sites, 2).
        best: per unique read the index of its likeliest explanation, -1 for none.
        posterior: per unique read the probability that it is a miRNA at all.
        error_rate: substitutions per base learned.
    """

    counts: Floats
    hidden: Floats
    missing: Floats
    hidden_sd: Floats
    rivals: Mapping[int, tuple[int, ...]]
    ambiguous: Floats
    canonical: Floats
    place_told: Floats
    allele_reads: Floats
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
    model = Model(np.asarray(counts, float), np.asarray(lengths), explanations, reference, settings)
    model.fit()
    chance = unsupported(model, settings.min_support_share)
    if chance.any():
        model.drop(chance)
        model.fit()
    hidden = settle_shadows(model)
    return quantities(model, hidden, reference)


def unsupported(model: Model, min_share: float) -> npt.NDArray[np.bool_]:
    """Groups whose reads are hardly ever long clean matches, as chance matches are not."""
    weight = model.posterior(model.likelihood()) * model.weights[model.read]
    needed = np.where(model.has_substitution, CLEAN_BASES_SUBSTITUTED, CLEAN_BASES)
    typical = model.body + model.has_substitution >= needed
    typical &= np.abs(model.x.shift_5p) <= TYPICAL_SHIFT_5P
    typical &= np.abs(model.x.shift_3p) <= TYPICAL_SHIFT_3P
    counts = model.per_group(weight)
    support = model.per_group(weight * typical)
    return (counts > 0) & (support < min_share * counts)


def settle_shadows(model: Model) -> Floats:
    """Leave out miRNAs in another's shadow unless the reads need them.

    Returns the counts of those left out, which their intervals must still cover.
    """
    counts = model.per_group(model.posterior(model.likelihood()) * model.weights[model.read])
    shadowed = _shadowed(model, counts)
    if not shadowed.any():
        return np.zeros(model.n_groups)
    theta, before = model.theta, model.log_probabilities()
    model.drop(shadowed)
    model.fit()
    lost = model.weights * (before - model.log_probabilities())
    pairs = np.unique(model.read * model.n_groups + model.group)
    evidence = tally(pairs % model.n_groups, lost[pairs // model.n_groups], model.n_groups)
    needed = shadowed & (evidence > SHADOW_EVIDENCE)
    if needed.any():
        model.theta = np.where(needed[model.group_of], theta, model.theta)
        model.fit()
    return np.where(shadowed & ~needed, counts, 0.0)


def _shadowed(model: Model, counts: Floats) -> npt.NDArray[np.bool_]:
    """miRNAs that a commoner one may do without; `settle_shadows` asks the reads."""
    runs = model.runs(model.group)
    if not len(runs):
        return np.zeros(model.n_groups, bool)
    claim = np.add.reduceat(model.library_likelihood(), runs)
    group, read = model.group[runs], model.read[runs]
    best = np.zeros(len(model.weights))
    np.maximum.at(best, read, claim * (counts[group] > 0))
    posterior = model.posterior(model.likelihood())
    weight = np.add.reduceat(posterior, runs) * model.weights[read]
    contested = _missing(model, posterior, runs) >= CONTESTED * np.maximum(counts, 1e-12)

    def mostly_below(least_claim: float, largest_count: float) -> npt.NDArray[np.bool_]:
        commonest = np.zeros(len(model.weights))
        np.maximum.at(commonest, read, counts[group] * (claim >= least_claim * best[read]))
        below = counts[group] < largest_count * commonest[read]
        return tally(group, weight * below, model.n_groups) >= SHADOW_SHARE * counts

    shadowed = mostly_below(SHADOW_CLAIM, SHADOW_COUNT)
    shadowed |= contested & mostly_below(CONTESTED_CLAIM, CONTESTED_COUNT)
    return shadowed & (counts >= 0.5)


def quantities(model: Model, hidden: Floats, reference: Reference) -> Quantities:
    """The estimates in the form the station reports; `hidden` from `settle_shadows`."""
    likelihood = model.likelihood()
    posterior = model.posterior(likelihood)
    weight = posterior * model.weights[model.read]
    counts = model.per_group(weight)
    runs = model.runs(model.group)
    canonical = (
        (model.x.shift_5p == 0)
        & (model.x.shift_3p == 0)
        & (model.x.tail == 0)
        & ~model.has_substitution
        & ~_altered(reference)[model.context]
    )
    per = np.maximum(counts, 1e-12)
    missing = _missing(model, posterior, runs) / per
    variance, rivals = _with_rivals(model, counts, hidden, missing)
    return Quantities(
        counts=counts,
        hidden=hidden,
        missing=np.where(counts > 0, 1 - counts / np.maximum(variance, per), missing),
        hidden_sd=np.where(counts < 0.5, np.sqrt(variance), 0.0),
        rivals=rivals,
        ambiguous=_ambiguous(model, likelihood, weight, counts, runs) / per,
        canonical=model.per_group(weight * canonical) / per,
        place_told=_told(model, likelihood, weight),
        allele_reads=_allele_reads(model, weight, reference),
        best=_best(model, posterior),
        posterior=tally(model.read, posterior, len(model.weights)),
        error_rate=model.error_rate,
    )


def _with_rivals(
    model: Model, counts: Floats, hidden: Floats, missing: Floats
) -> tuple[Floats, dict[int, tuple[int, ...]]]:
    """Variance of each count with the miRNAs that differ at an end only, and which matter.

    A rival matters when it at least doubles the interval.
    """
    alone = counts / np.maximum(1 - missing, 0.01)
    variance = alone.copy()
    rivals: dict[int, list[int]] = {}
    present = (counts >= 0.5) | (hidden >= 0.5)
    for (group, rival), found in sorted(rival_variances(model, counts).items()):
        if present[rival]:
            variance[group] = max(variance[group], found)
            if found >= RIVAL_WIDENS**2 * max(alone[group], 1.0):
                rivals.setdefault(group, []).append(rival)
    return variance, {group: tuple(found) for group, found in rivals.items()}


def _missing(model: Model, posterior: Floats, runs: npt.NDArray[np.intp]) -> Floats:
    if not len(runs):
        return np.zeros(model.n_groups)
    share = np.minimum(np.add.reduceat(posterior, runs), 1.0)
    lost = share * (1 - share) * model.weights[model.read[runs]]
    return tally(model.group[runs], lost, model.n_groups)


def _told(model: Model, likelihood: Floats, weight: Floats) -> Floats:
    """Reads that fit one place at least `TELLING` times as well as its group's others."""
    runs = model.runs(model.place)
    if not len(runs):
        return np.zeros(len(model.group_of))
    claim = np.add.reduceat(likelihood, runs)
    _, owner = np.unique(model.read[runs] * model.n_groups + model.group[runs], return_inverse=True)
    best, second = np.zeros(owner.max() + 1), np.zeros(owner.max() + 1)
    np.maximum.at(best, owner, claim)
    is_best = claim == best[owner]
    ties = tally(owner, is_best)[owner] > 1
    np.maximum.at(second, owner, np.where(is_best, 0.0, claim))
    tells = is_best & ~ties & (claim >= TELLING * second[owner])
    reads = np.add.reduceat(weight, runs) * tells
    return tally(model.place[runs], reads, len(model.group_of))


def _allele_reads(model: Model, weight: Floats, reference: Reference) -> Floats:
    """Reads of a site's miRNA, of whichever hairpin, by the base their allele has at the site.

    The site must lie in the read's hairpin-encoded part; reads with an error there are left out.
    """
    found = np.zeros((len(reference.sites), 2))
    first = FLANK_5P + model.x.shift_5p.astype(np.intp)
    end = first + (model.body + model.has_substitution).astype(np.intp)
    error = np.where(model.has_substitution, first + model.x.substitution, -1)
    for row, site in enumerate(reference.sites):
        at = model.group == site.group
        at &= (first <= site.column) & (site.column < end) & (error != site.column)
        of_context = np.array([context.window[site.column :][:1] for context in reference.contexts])
        bases = of_context[model.context[at]]
        for allele, base in enumerate((site.variant.reference, site.variant.alternative)):
            found[row, allele] = weight[at] @ (bases == base)
    return found


def _altered(reference: Reference) -> npt.NDArray[np.bool_]:
    """Contexts of alleles whose mature is not the FASTA's."""
    return np.array(
        [
            c.window[FLANK_5P : FLANK_5P + c.length] != reference.sequences[c.group]
            for c in reference.contexts
        ],
        bool,
    )


def _ambiguous(
    model: Model, likelihood: Floats, weight: Floats, counts: Floats, runs: npt.NDArray[np.intp]
) -> Floats:
    """Reads of each group that an expressed rival explains at least `RIVAL` times as well."""
    if not len(runs):
        return np.zeros(model.n_groups)
    group, read = model.group[runs], model.read[runs]
    claim = np.add.reduceat(likelihood, runs) * (counts[group] >= 0.5)
    first = np.zeros(len(model.weights))
    np.maximum.at(first, read, claim)
    is_first = claim == first[read]
    second = np.zeros(len(model.weights))
    np.maximum.at(second, read, np.where(is_first, 0.0, claim))
    ties = tally(read, is_first, len(model.weights))[read] > 1
    rival = np.where(is_first & ~ties, second[read], first[read])
    contested = np.add.reduceat(weight, runs) * (rival >= RIVAL * claim)
    return tally(group, contested, model.n_groups)


def _best(model: Model, posterior: Floats) -> npt.NDArray[np.int64]:
    """Of the likeliest group the simplest explanation: an encoded base is not called added."""
    best = np.full(len(model.weights), -1, np.int64)
    order = np.lexsort((np.arange(len(posterior))[::-1], posterior))
    best[model.read[order]] = order
    effort = 100.0 * model.has_substitution + 10.0 * model.x.tail + np.abs(model.x.shift_5p)
    of_winner = model.group == model.group[best[model.read]]
    order = np.lexsort((np.arange(len(posterior))[::-1], posterior, -effort, of_winner))
    best[model.read[order]] = order
    return best
