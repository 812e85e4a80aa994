"""How many fragments make an ITD, and how rare an ITD would have been seen."""

import math

_POWER = 0.95
_FALSE_POSITIVE = 1e-4
_STEPS = 60


def limit_of_blank(fragments: float, background: float, minimum: int) -> int:
    """Smallest count c with P(X >= c) <= 1e-4 for X ~ Poisson(fragments x background).

    At least `minimum`.
    """
    mean = fragments * background
    count, term = 0, math.exp(-mean) if mean < 700 else 0.0
    if mean >= 700:  # Normal approximation: the exponential underflows
        return math.ceil(mean + 3.719 * math.sqrt(mean))
    tail = 1.0
    while tail > _FALSE_POSITIVE:
        tail -= term
        count += 1
        term *= mean / count
    return max(count, minimum)


def detection_limit(fragments: float, background: float, minimum: int) -> float:
    """Smallest VAF whose count reaches the limit of blank with 95 % probability; 1 if none does."""
    needed = limit_of_blank(fragments, background, minimum)
    if _power(fragments, 1.0, needed) < _POWER:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(fragments, middle, needed) >= _POWER else (middle, high)
    return high


def _power(fragments: float, share: float, needed: int) -> float:
    """P(X >= needed) for X ~ Binomial(fragments, share)."""
    size = int(fragments)
    if size < needed:
        return 0.0
    if share >= 1.0:
        return 1.0
    if share <= 0.0:
        return float(needed <= 0)
    missed = (
        math.lgamma(size + 1)
        - math.lgamma(k + 1)
        - math.lgamma(size - k + 1)
        + k * math.log(share)
        + (size - k) * math.log1p(-share)
        for k in range(needed)
    )
    return 1.0 - math.fsum(math.exp(term) for term in missed)
