"""Sequencing error per kind of change, learned in the run from loci that carry no variant."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele, bare, shift_right
from amlresist.variants.counts import FragmentCounts

OFFSETS = (-23, -17, -11, 11, 17, 23)  # bases from a candidate at which the same reads are seen
_MAX_CONTROLS = 1200
_VARIANT_VAF = 0.03  # a control above is taken for a variant
_PRIOR_FRAGMENTS = 2000.0  # weight of the floor against what is seen
_REPEAT_FREE = 4  # repeat units up to which slippage is not raised
_REPEAT_FACTOR = 1.6


def control_alleles(candidates: Sequence[Allele], fetch: FetchSequence) -> list[Allele]:
    """SNVs beside the candidates that nobody suspects, spread evenly over them."""
    taken = {(a.chrom, p) for a in candidates for p in range(a.pos - 3, a.end + 3)}
    places = sorted(
        {(a.chrom, a.pos + o) for a in candidates for o in OFFSETS if a.pos + o >= 0} - taken
    )
    step = max(1, -(-3 * len(places) // _MAX_CONTROLS))
    controls = []
    for chrom, position in places[::step]:
        reference = fetch(chrom, position, position + 1).upper()
        if reference and reference in "ACGT":
            controls += [Allele(chrom, position, reference, b) for b in "ACGT" if b != reference]
    return controls


def learn(controls: Sequence[Allele], counts: FragmentCounts, floor: float) -> dict[str, float]:
    """Substitution -> error rate per fragment, never below `floor`.

    Loci above 3 % VAF are left out as variants. A few thousand fragments at the floor's rate are
    added, so that a kind with little data keeps the floor.
    """
    alt: dict[str, float] = defaultdict(float)
    depth: dict[str, float] = defaultdict(float)
    for control, hits, n in zip(controls, counts.alt, counts.depth, strict=True):
        if n and hits / n < _VARIANT_VAF:
            alt[control.substitution] += float(hits)
            depth[control.substitution] += float(n)
    return {
        kind: max(floor, (alt[kind] + floor * _PRIOR_FRAGMENTS) / (n + _PRIOR_FRAGMENTS))
        for kind, n in sorted(depth.items())
    }


def error_of(
    allele: Allele, rates: Mapping[str, float], floor: float, fetch: FetchSequence | None
) -> float:
    """Error rate of one allele: learned for SNVs, by repeat length for indels."""
    if allele.is_substitution:
        return rates.get(allele.substitution, floor)
    if fetch is None:
        return floor
    return min(0.05, floor * _REPEAT_FACTOR ** max(0, _repeat_units(allele, fetch) - _REPEAT_FREE))


def _repeat_units(allele: Allele, fetch: FetchSequence) -> int:
    """Copies of the inserted or deleted unit that stand in a row."""
    change = bare(allele)
    unit = change.deleted or change.inserted
    if bool(change.deleted) == bool(change.inserted) or len(unit) > 6:
        return 0
    shift = shift_right(change, allele.chrom, fetch).start - change.start
    return (shift + len(change.deleted)) // _period(unit)


def _period(unit: str) -> int:
    return next(p for p in range(1, len(unit) + 1) if unit == unit[:p] * (len(unit) // p))
