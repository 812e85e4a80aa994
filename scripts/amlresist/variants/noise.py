"""Sequencing error per kind of change, learned in the run from loci that carry no variant.

For SNVs a kind is the substitution, for indels in homopolymers what is lost or gained and the
length of the run: `deletion 1 of 9`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import (
    Allele,
    BareChange,
    anchored,
    bare,
    normalise,
    shift_right,
)
from amlresist.variants.counts import FragmentCounts

OFFSETS = (-23, -17, -11, 11, 17, 23)  # bases from a candidate at which the same reads are seen
_MAX_CONTROLS = 1200
_VARIANT_VAF = 0.03  # a control above is taken for a variant
_VARIANT_VAF_RUN = 0.15  # the same for indels in homopolymers, which slip
_PRIOR_FRAGMENTS = 2000.0  # weight of the floor against what is seen
_PRIOR_FRAGMENTS_RUN = 500.0  # the same for indels, whose expected error is a rough guess
_REPEAT_FREE = 4  # repeat units up to which slippage is not raised
_REPEAT_FACTOR = 1.6
_MAX_REPEAT_ERROR = 0.05
_STEP_FACTOR = 0.25  # for each further unit: polymerases seldom slip by two at once
_RUN_DISTANCE = 300  # bases from a candidate within which runs like its own are looked for
_MAX_RUNS = 24  # of each kind
_FACTOR_SHAPE = 4.0  # of the gamma distribution by which runs of one length slip more or less
_RUN = re.compile("A{5,}|C{5,}|G{5,}|T{5,}")


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


def control_indels(candidates: Sequence[Allele], fetch: FetchSequence) -> list[Allele]:
    """Indels like a candidate, in all homopolymers of the same length near the candidates.

    Their own runs are among them: where reads slip, most runs make a candidate. None where no
    candidate is an indel of a homopolymer of 5 or more.
    """
    wanted = {kind for kind in (_run_kind(a, fetch) for a in candidates) if kind}
    if not wanted:
        return []
    found: dict[str, set[Allele]] = defaultdict(set)
    for chrom, start, letter in _runs(candidates, fetch):
        for bases in (letter, 2 * letter):
            for change in (BareChange(start, bases, ""), BareChange(start, "", bases)):
                allele = normalise(anchored(chrom, change, fetch), fetch)
                found[_run_kind(allele, fetch)].add(allele)
    chosen = []
    for kind in sorted(wanted):
        controls = sorted(found[kind])
        chosen += controls[:: max(1, -(-len(controls) // _MAX_RUNS))]
    return chosen


def _runs(candidates: Sequence[Allele], fetch: FetchSequence) -> Iterator[tuple[str, int, str]]:
    """(contig, start, base) of each homopolymer near a candidate."""
    seen: dict[str, int] = {}
    for chrom, position in sorted((a.chrom, a.pos) for a in candidates):
        start = max(position - _RUN_DISTANCE, seen.get(chrom, 0), 0)
        text = fetch(chrom, start, position + _RUN_DISTANCE).upper()
        for match in _RUN.finditer(text):
            if match.start() > 0 and match.end() < len(text):  # cut runs are no runs
                yield chrom, start + match.start(), match[0][0]
        seen[chrom] = start + len(text)


def learn(
    controls: Sequence[Allele], counts: FragmentCounts, floor: float, fetch: FetchSequence
) -> dict[str, float]:
    """Kind -> error rate per fragment, never below `floor`.

    Loci above 3 % VAF (15 % for indels in homopolymers) are left out as variants, and so is the
    homopolymer with the most. Fragments at the expected rate are added, so that a kind with little
    data keeps it.

    Args:
        controls: SNVs nobody suspects, or indels in homopolymers.
        counts: of the controls.
        floor: error rate of SNVs, and of indels outside repeats, where nothing is learned.
        fetch: reference sequence.
    """
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    expected: dict[str, float] = {}
    for control, hits, n in zip(controls, counts.alt, counts.depth, strict=True):
        kind = _kind(control, fetch)
        if n and hits / n < (_VARIANT_VAF if control.is_substitution else _VARIANT_VAF_RUN):
            expected[kind] = error_of(control, {}, floor, fetch)
            seen[kind].append((float(hits), float(n)))
    rates = {}
    for kind, pairs in sorted(seen.items()):
        in_run = ">" not in kind
        ordered = sorted(pairs, key=lambda pair: pair[0] / pair[1])
        kept = ordered[:-1] if in_run else ordered
        weight = _PRIOR_FRAGMENTS_RUN if in_run else _PRIOR_FRAGMENTS
        hits, n = (sum(column) for column in zip((0.0, 0.0), *kept, strict=True))
        rates[kind] = max(floor, (hits + expected[kind] * weight) / (n + weight))
    return rates


def error_of(
    allele: Allele, rates: Mapping[str, float], floor: float, fetch: FetchSequence | None
) -> float:
    """Error rate of one allele: as learned, else by repeat length for indels."""
    if allele.is_substitution:
        return rates.get(allele.substitution, floor)
    if fetch is None:
        return floor
    kind = _run_kind(allele, fetch)
    if kind in rates:
        return rates[kind]
    units = max(0, _repeat_units(allele, fetch) - _REPEAT_FREE)
    change = bare(allele)
    unit = change.deleted or change.inserted
    steps = len(unit) // _period(unit) if units else 1
    expected = min(_MAX_REPEAT_ERROR, floor * _REPEAT_FACTOR**units)
    return max(floor, expected * _STEP_FACTOR ** (steps - 1))


def slips(allele: Allele, fetch: FetchSequence) -> bool:
    """Whether reads may gain or lose this indel by themselves, since it is one of a repeat."""
    return _repeat_units(allele, fetch) > _REPEAT_FREE


def slip_factor(alt: int, depth: int, error: float) -> float:
    """How much more a repeat slips than is usual for its length, by its reads in one library.

    Repeats of one length differ by a factor of mean 1 whose distribution is a gamma of shape 4; the
    mean after a of n fragments at error rate e is (a + 4) / (n e + 4).
    """
    return (alt + _FACTOR_SHAPE) / (depth * error + _FACTOR_SHAPE)


def _kind(allele: Allele, fetch: FetchSequence) -> str:
    return allele.substitution if allele.is_substitution else _run_kind(allele, fetch)


def _run_kind(allele: Allele, fetch: FetchSequence) -> str:
    """Kind of an indel of one or two bases of a homopolymer; "" for every other allele."""
    if allele.kind not in {"insertion", "deletion"}:
        return ""
    change = bare(allele)
    bases = change.deleted or change.inserted
    if len(bases) > 2 or len(set(bases)) > 1:
        return ""
    units = _repeat_units(allele, fetch)
    return f"{allele.kind} {len(bases)} of {units}" if units > _REPEAT_FREE else ""


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
