"""Exact tests on counts, for paired and for unpaired patients."""

import math

from scipy.special import betaincinv

# Tables whose probability exceeds the observed one by no more than this count as equally likely;
# the same relative tolerance as in R's fisher.test.
_TIE = 1 + 1e-7


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided exact McNemar p-value: binomial test of the discordant pairs at 1/2.

    NaN without discordant pairs. (McNemar 1947; exact form as in Agresti, Categorical Data
    Analysis, 10.1.)
    """
    discordant = gained + lost
    if not discordant:
        return math.nan
    tail = sum(math.comb(discordant, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / (1 << discordant))


def fisher_exact(mutated_a: int, total_a: int, mutated_b: int, total_b: int) -> float:
    """Two-sided Fisher exact p-value of two unpaired groups: share mutated in `a` and in `b`.

    Sums the hypergeometric probabilities of all tables no more likely than the observed one.

    Raises:
        ValueError: a count is negative or larger than its total.
    """
    if not (0 <= mutated_a <= total_a and 0 <= mutated_b <= total_b):
        raise ValueError("counts must lie between 0 and their totals")
    mutated, total = mutated_a + mutated_b, total_a + total_b
    low, high = max(0, mutated - total_b), min(total_a, mutated)
    weights = [
        math.comb(total_a, k) * math.comb(total_b, mutated - k) for k in range(low, high + 1)
    ]
    observed = weights[mutated_a - low]
    rarer = sum(weight for weight in weights if weight <= observed * _TIE)
    return min(1.0, rarer / math.comb(total, mutated))


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval of a share (Clopper and Pearson 1934); NaN without trials."""
    if not trials:
        return math.nan, math.nan
    alpha = 1 - level
    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, alpha / 2)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - alpha / 2)) if failures else 1.0
    return low, high
