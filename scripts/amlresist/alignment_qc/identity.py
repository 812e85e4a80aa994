"""Are two libraries of one person, and is a foreign genome mixed into the later one?

Both questions start from the sites where the earlier library A differs from the genome, so that
what the later library B shows there is not biased by how the sites were found.

Same person: B has A's genotype g; unrelated person: B's genotype is drawn from the population. With
k of n alternative fragments in B, sum over sites of log10 P(k | n, g) / sum_j pi_j P(k | n, j). A
heterozygous site may show any VAF with probability `LOH` (loss of heterozygosity, clones), so that
it costs little when an allele is lost.

Foreign share a: at homozygous-alternative sites, which no loss of an allele can change, B's
expected VAF is (1 - a) + a j / 2 for the foreign genotype j; a maximises the likelihood with j
summed out (the model of Jun et al. 2012, Am J Hum Genet 91:839, without known allele frequencies).
Where these sites show nothing, because both people happen to agree there, alleles that only B has
are weighed too (expected VAF a j / 2): a few of them are somatic, a foreign genome has many.
The foreign person may be a sibling, as donors are: the likelihood is that of the better of two
priors, an unrelated person or one who shares half of the genotypes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, gammaln, logsumexp

ERROR = 0.002  # base errors and mismapped reads at a homozygous site
LOH = 0.25
OUTLIER = 0.05
SOMATIC = 0.5  # share of alleles new in the later library that are mutations of any VAF
NEARLY, NEARLY_RANGE = 0.1, 0.2  # share of homozygous sites with up to 20 % other reads
POPULATION_FREQUENCY = 0.3  # typical alternative-allele frequency of a site seen in one person
# A person is homozygous mostly for common alleles, which a foreign genome often carries too.
HOMOZYGOUS_FREQUENCY = 0.6
_FREQUENCIES = {1: POPULATION_FREQUENCY, 2: HOMOZYGOUS_FREQUENCY}  # by A's genotype
# Beta-binomial concentration a + b: heterozygous sites scatter (rho = 0.005), homozygous hardly.
CONCENTRATION_HET, CONCENTRATION_HOM = 200.0, 500.0
SHARES = np.concatenate(
    [np.arange(0, 0.05, 0.0025), np.arange(0.05, 0.2, 0.01), np.linspace(0.2, 1, 41)]
)
KINSHIPS = (0.0, 0.5)  # share of genotypes alike by descent: unrelated people, siblings
LEAST_HOMOZYGOUS = 5
LEAST_SUPPORT = 0.2  # share of homozygous sites that must show the foreign allele
# ... or evidence, log10, that remains without the sites that show it best.
LEFT_OUT, LEAST_WITHOUT_BEST = 3, 1.0
# ... or sites whose allele is gone: at most this VAF is left.
GONE_UP_TO, LEAST_GONE = 0.3, 2
LEAST_NEW, LEAST_NEW_SHARE = 6, 0.2  # alleles that only B has; share: of A's sites
LEAST_BACKING = 2  # homozygous sites with foreign reads, where new alleles are fewer
DROP_95 = 1.92  # half of the 95 % point of chi-squared with one degree of freedom


@dataclass(frozen=True, slots=True)
class ForeignShare:
    """Estimated share of a foreign genome, 0 to 1, with its 95 % interval.

    Attributes:
        evidence: log10 likelihood ratio of the estimate over no foreign genome.
        over_whole: the same over a wholly foreign library.
        support: share of the homozygous sites with more foreign reads than errors explain.
        without_best: the evidence without the `LEFT_OUT` sites that show it best: a few sites
            of misplaced reads are no genome.
        gone: homozygous sites whose allele is nearly gone, as no single loss of an allele does.
        sites: homozygous-alternative sites used; the estimate is NaN below five.
    """

    share: float
    low: float
    high: float
    evidence: float
    over_whole: float
    support: float
    without_best: float
    gone: int
    sites: int


NOT_KNOWN = ForeignShare(float("nan"), float("nan"), float("nan"), 0.0, 0.0, 0.0, 0.0, 0, 0)


def log10_same_over_unrelated(genotype: np.ndarray, alt: np.ndarray, depth: np.ndarray) -> float:
    """log10 likelihood ratio of same person over unrelated people.

    Args:
        genotype: A's genotype at each site, 1 or 2.
        alt, depth: B's alternative and all fragments there.
    """
    if not len(genotype):
        return 0.0
    by_genotype = _log_by_genotype(alt, depth)
    same = by_genotype[genotype, np.arange(len(genotype))]
    unrelated = logsumexp(by_genotype + _log_prior(POPULATION_FREQUENCY)[:, None], axis=0)
    return float((same - unrelated).sum() / np.log(10))


def log10_same_over_relative(genotype: np.ndarray, alt: np.ndarray, depth: np.ndarray) -> float:
    """log10 likelihood ratio of same person over parent, child or sibling, whichever fits better.

    A parent or child shares one allele by descent everywhere; a sibling none, one or both with
    probability 1/4, 1/2, 1/4. What is not shared is drawn from the population, whose allele is
    commoner where A is homozygous.

    Args:
        genotype: A's genotype at each site, 1 or 2.
        alt, depth: B's alternative and all fragments there.
    """
    if not len(genotype):
        return 0.0
    by_genotype = _log_by_genotype(alt, depth)
    # A few foreign or misplaced reads at a homozygous site speak for no relative.
    nearly = np.log(NEARLY / NEARLY_RANGE / (depth + 1.0))
    share = alt / np.maximum(depth, 1)
    for homozygous, distance in ((0, share), (2, 1 - share)):
        with_nearly = np.logaddexp(by_genotype[homozygous], nearly)
        by_genotype[homozygous] = np.where(
            distance <= NEARLY_RANGE, with_nearly, by_genotype[homozygous]
        )
    same = by_genotype[genotype, np.arange(len(genotype))]
    priors = {g: (_log_prior(p), _log_one_shared(g, p)) for g, p in _FREQUENCIES.items()}
    none, one = (
        logsumexp(by_genotype + np.array([priors[g][n] for g in genotype]).T, axis=0)
        for n in range(2)
    )
    sibling = np.logaddexp(np.logaddexp(none, same) + np.log(0.25), one + np.log(0.5))
    return float((same.sum() - max(one.sum(), sibling.sum())) / np.log(10))


def foreign_share(alt: np.ndarray, depth: np.ndarray) -> ForeignShare:
    """Share of a foreign genome from sites that are homozygous-alternative in the person.

    Args:
        alt, depth: the library's alternative and all fragments at those sites.
    """
    if len(alt) < LEAST_HOMOZYGOUS:
        return NOT_KNOWN
    support = float(_show_foreign(alt, depth).mean())
    gone = int((alt <= GONE_UP_TO * depth).sum())
    return _estimate(_log_likelihoods(alt, depth, 1.0), support, gone, len(alt))


def foreign_share_with_new(
    homozygous: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray], sites: int
) -> ForeignShare:
    """Share of a foreign genome, also from alleles that only the later library has.

    Args:
        homozygous, new: (alternative, all fragments) at homozygous sites and at new alleles.
        sites: sites of the earlier library; the new ones must be many beside them, unless some
            homozygous sites show foreign reads as well (a sibling shares most alleles).
    """
    n_new = len(new[0])
    is_backed = _show_foreign(*homozygous).sum() >= LEAST_BACKING
    if n_new < LEAST_NEW or not (is_backed or n_new >= LEAST_NEW_SHARE * sites):
        return NOT_KNOWN
    both = _log_likelihoods(*homozygous, 1.0), _log_likelihoods(*new, 0.0)
    likelihoods = np.concatenate(both, axis=2)
    return _estimate(likelihoods, n_new / sites, 0, len(homozygous[0]) + n_new)


def _show_foreign(alt: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Homozygous sites with more other reads than errors explain."""
    limit = ERROR * depth + 4 * np.sqrt(ERROR * depth) + 1
    shows: np.ndarray = (depth - alt) > limit
    return shows


def _estimate(by_site: np.ndarray, support: float, gone: int, sites: int) -> ForeignShare:
    """Best share of (kinships, shares, sites) log likelihoods."""
    by_kinship = by_site.sum(axis=2)
    likelihoods = by_kinship.max(axis=0)
    best = int(likelihoods.argmax())
    kinship = int(by_kinship[:, best].argmax())
    inside = SHARES[likelihoods >= likelihoods[best] - DROP_95]
    gains = np.sort(by_site[kinship, best] - by_site[kinship, 0]) / np.log(10)
    return ForeignShare(
        share=float(SHARES[best]),
        low=float(inside[0]),
        high=float(inside[-1]),
        evidence=float((likelihoods[best] - likelihoods[0]) / np.log(10)),
        over_whole=float((likelihoods[best] - likelihoods[-1]) / np.log(10)),
        support=support,
        without_best=float(gains[:-LEFT_OUT].sum()),
        gone=gone,
        sites=sites,
    )


def _log_prior(frequency: float) -> np.ndarray:
    """log probability of genotypes 0, 1, 2 of a random person (Hardy-Weinberg); (3,)."""
    rest = 1 - frequency
    prior: np.ndarray = np.log(np.array([rest**2, 2 * frequency * rest, frequency**2]))
    return prior


def _log_one_shared(genotype: int, frequency: float) -> np.ndarray:
    """log probability of genotypes 0, 1, 2 of a person who shares one of A's two alleles; (3,)."""
    from_a = genotype / 2  # chance that the shared allele is the alternative one
    both, neither = from_a * frequency, (1 - from_a) * (1 - frequency)
    prior: np.ndarray = np.log(np.array([neither, 1 - both - neither, both]) + 1e-12)
    return prior


def _log_likelihoods(alt: np.ndarray, depth: np.ndarray, own: float) -> np.ndarray:
    """(kinships, shares, sites) log likelihoods; `own`: the person's VAF there, 0 or 1."""
    outlier = OUTLIER if own else SOMATIC
    foreign = np.arange(3)[:, None, None] / 2
    share = SHARES[None, :, None]
    by_genotype = _log_beta_binomial(alt, depth, (1 - share) * own + share * foreign)
    anything = np.log(outlier / (depth + 1))
    like_own = np.arange(3) == 2 * own
    population = np.exp(_log_prior(HOMOZYGOUS_FREQUENCY))
    rows = []
    for kinship in KINSHIPS:
        log_prior = np.log(kinship * like_own + (1 - kinship) * population)
        person = np.logaddexp.reduce(by_genotype + log_prior[:, None, None], axis=0)
        rows.append(np.logaddexp(np.log1p(-outlier) + person, anything))
    return np.array(rows)


def _log_by_genotype(alt: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """log P(alt | depth, genotype) for genotypes 0, 1, 2; (3, n)."""
    anything = -np.log(depth + 1.0)
    rows = []
    for genotype, tolerance in ((0, OUTLIER), (1, LOH), (2, OUTLIER)):
        model = np.log1p(-tolerance) + _log_beta_binomial(alt, depth, genotype / 2)
        rows.append(np.logaddexp(model, np.log(tolerance) + anything))
    return np.array(rows)


def _log_beta_binomial(alt: np.ndarray, depth: np.ndarray, vaf: np.ndarray | float) -> np.ndarray:
    expected = vaf * (1 - ERROR) + (1 - np.asarray(vaf)) * ERROR
    is_homozygous = np.minimum(vaf, 1 - np.asarray(vaf)) < ERROR
    concentration = np.where(is_homozygous, CONCENTRATION_HOM, CONCENTRATION_HET)
    a, b = expected * concentration, (1 - expected) * concentration
    ways = gammaln(depth + 1) - gammaln(alt + 1) - gammaln(depth - alt + 1)
    log_probability: np.ndarray = ways + betaln(alt + a, depth - alt + b) - betaln(a, b)
    return log_probability
