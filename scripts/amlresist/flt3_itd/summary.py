"""From calls to the rows of the station's tables."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amlresist.flt3_itd.alleles import rightmost
from amlresist.flt3_itd.calling import CloneCall, LibraryCall
from amlresist.flt3_itd.library import UNALIGNED_MISSING
from amlresist.flt3_itd.naming import Names, coding_name, name_allele
from amlresist.flt3_itd.pairing import Observation, judge
from amlresist.flt3_itd.quantify import Interval
from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair, Verdict
from amlresist.flt3_itd.settings import Settings
from amlresist.sheet import PatientFacts, comparisons

_MISSING = math.nan
HALF = 0.5


@dataclass(frozen=True)
class NamedClone:
    """A clone of a library with its names."""

    library: LibraryCall
    call: CloneCall
    names: Names


def named_clones(calls: Sequence[LibraryCall]) -> list[NamedClone]:
    """All clones with names unique over the patient: equal names get a letter per allele."""
    clones = [
        NamedClone(library, clone, name_allele(library.reads.locus, clone.allele))
        for library in calls
        for clone in library.clones
    ]
    alleles = sorted({(c.names.clone, c.names.pos, c.names.ref, c.names.alt) for c in clones})
    numbers: Counter[str] = Counter()
    titles = {}
    for key in alleles:
        titles[key] = key[0] + ("" if not numbers[key[0]] else chr(ord("a") + numbers[key[0]]))
        numbers[key[0]] += 1
    return [NamedClone(c.library, c.call, _renamed(c.names, titles[_key(c.names)])) for c in clones]


def _key(names: Names) -> tuple[str, int, str, str]:
    return names.clone, names.pos, names.ref, names.alt


def _renamed(names: Names, title: str) -> Names:
    from dataclasses import replace

    return replace(names, clone=title)


def clone_rows(patient: str, clones: Sequence[NamedClone]) -> list[ItdClone]:
    """`flt3_itd_clones.tsv`."""
    return [_clone_row(patient, clone) for clone in clones]


def _clone_row(patient: str, clone: NamedClone) -> ItdClone:
    call, names = clone.call, clone.names
    library = clone.library.reads.library
    locus = clone.library.reads.locus
    ratio = _finite(call.ratio, clone.library.no_wild_type)
    return ItdClone(
        patient=patient,
        timepoint=library.timepoint,
        sample=library.sample,
        assay=library.assay,
        clone=names.clone,
        kind="itd" if call.is_tandem else "insertion",
        length=call.allele.length,
        duplicated_length=names.duplicated,
        n_length=names.novel,
        inserted_sequence=names.inserted,
        chrom=locus.transcript.chrom,
        pos=names.pos,
        ref=names.ref,
        alt=names.alt,
        hgvs_c=names.hgvs_c,
        hgvs_p=names.hgvs_p,
        in_frame=names.in_frame,
        typical=names.typical,
        domain=names.domain,
        itd_fragments=call.itd,
        wildtype_fragments=call.wild_type,
        vaf=call.vaf.value,
        vaf_low=call.vaf.low,
        vaf_high=call.vaf.high,
        allelic_ratio=ratio.value,
        allelic_ratio_low=ratio.low,
        allelic_ratio_high=ratio.high,
        vaf_left=call.vaf_left,
        vaf_right=call.vaf_right,
        detection="de_novo" if call.de_novo else "targeted",
        flags=_flags(clone),
        insertion_site="c." + coding_name(locus, rightmost(locus.sequence, call.allele).start - 1),
    )


def _flags(clone: NamedClone) -> tuple[str, ...]:
    flags = list(clone.call.flags)
    if not clone.call.present:
        flags.append("not_seen")
    if clone.call.present and clone.library.no_wild_type:
        flags.append("no_wild_type")
    if clone.call.allele.length % 3:
        flags.append("out_of_frame")
    elif not clone.names.in_frame:
        flags.append("stop_gained")
    return tuple(flags)


def _finite(ratio: Interval, no_wild_type: bool) -> Interval:
    """A ratio for the table: no value without wild type, no infinite ends."""
    value = _MISSING if no_wild_type or math.isinf(ratio.value) else ratio.value
    high = _MISSING if no_wild_type or math.isinf(ratio.high) else ratio.high
    return Interval(value, ratio.low, high)


def ratio_text(clone: NamedClone) -> str:
    """Allelic ratio of a clone in words, for figures."""
    if clone.library.no_wild_type or math.isinf(clone.call.ratio.value):
        return "no wild type"
    return f"AR {clone.call.ratio.value:.2f}"


def library_row(patient: str, call: LibraryCall, settings: Settings) -> ItdLibrary:
    """Row of `flt3_itd.tsv`."""
    library = call.reads.library
    found = call.found
    verdict = _verdict(call, settings)
    ratio = _finite(call.total_ratio, call.no_wild_type)
    flags = call.flags + (("no_wild_type",) if call.no_wild_type else ())
    return ItdLibrary(
        patient=patient,
        timepoint=library.timepoint,
        sample=library.sample,
        assay=library.assay,
        verdict=verdict,
        n_clones=len(found),
        total_vaf=_of(verdict, call.total_vaf.value, bool(found)),
        total_allelic_ratio=_of(verdict, ratio.value, bool(found)),
        allelic_ratio_low=_of(verdict, ratio.low, bool(found)),
        allelic_ratio_high=_of(verdict, ratio.high, bool(found)),
        no_wild_type=call.no_wild_type,
        depth=call.depth,
        detection_limit=call.limit,
        reason=_reason(call, verdict),
        flags=flags,
        method="amplicon" if call.amplicon else "capture",
    )


def _of(verdict: Verdict, value: float, found: bool) -> float:
    if found:
        return value
    return 0.0 if verdict is Verdict.NO_ITD else _MISSING


def _verdict(call: LibraryCall, settings: Settings) -> Verdict:
    if call.found:
        return Verdict.ITD
    if UNALIGNED_MISSING in call.flags:
        return Verdict.NOT_CALLABLE
    return Verdict.NO_ITD if call.limit <= settings.callable_limit else Verdict.NOT_CALLABLE


def _reason(call: LibraryCall, verdict: Verdict) -> str:
    if verdict is Verdict.ITD:
        parts = [f"{c.allele.length} bp at VAF {c.vaf.value:.2%}" for c in call.found]
        return f"{', '.join(parts)} over {call.depth} fragments"
    if verdict is Verdict.NO_ITD:
        return f"no ITD >= {call.limit:.2%} with 95 % power over {call.depth} fragments"
    if UNALIGNED_MISSING in call.flags:
        return "unaligned mates were left out of the file; reads with an ITD are often among them"
    if not call.depth:
        return "no fragment reads across the juxtamembrane exon"
    return (
        f"{call.depth} fragments across the juxtamembrane exon: "
        f"an ITD below {call.limit:.0%} could be missed"
    )


def pair_rows(
    patient: str,
    clones: Sequence[NamedClone],
    calls: Sequence[LibraryCall],
    facts: Mapping[str, PatientFacts],
    settings: Settings,
) -> list[ItdPair]:
    """`flt3_itd_pairs.tsv`: every clone seen at one end of a comparison at least."""
    rows = []
    for assay in sorted({call.reads.library.assay for call in calls}):
        deepest = _deepest(calls, assay)
        for before, after in comparisons(deepest):
            ends = deepest[before], deepest[after]
            for name in sorted({c.names.clone for c in clones if c.library in ends}):
                pair = [_clone_in(clones, end, name) for end in ends]
                if any(c is not None and c.call.present for c in pair):
                    rows.append(_pair_row(patient, (before, after), pair, ends, facts, settings))
    return rows


def _deepest(calls: Sequence[LibraryCall], assay: str) -> dict[str, LibraryCall]:
    best: dict[str, LibraryCall] = {}
    for call in calls:
        library = call.reads.library
        if library.assay == assay:
            known = best.get(library.timepoint)
            if known is None or call.depth > known.depth:
                best[library.timepoint] = call
    return best


def _clone_in(clones: Sequence[NamedClone], end: LibraryCall, name: str) -> NamedClone | None:
    return next((c for c in clones if c.library is end and c.names.clone == name), None)


def _pair_row(
    patient: str,
    timepoints: tuple[str, str],
    pair: Sequence[NamedClone | None],
    ends: Sequence[LibraryCall],
    facts: Mapping[str, PatientFacts],
    settings: Settings,
) -> ItdPair:
    known = next(c for c in pair if c is not None)
    seen = [
        _observe(clone, end, facts.get(timepoint))
        for clone, end, timepoint in zip(pair, ends, timepoints, strict=True)
    ]
    judged = judge(seen[0], seen[1], settings)
    vafs = [c.call.vaf if c else Interval(_MISSING, _MISSING, _MISSING) for c in pair]
    ratios = [c.call.ratio.value if c else _MISSING for c in pair]
    shown = [_MISSING if end.no_wild_type else r for r, end in zip(ratios, ends, strict=True)]
    return ItdPair(
        patient=patient,
        comparison=">".join(timepoints),
        assay=known.library.reads.library.assay,
        clone=known.names.clone,
        length=known.call.allele.length,
        hgvs_c=known.names.hgvs_c,
        change=judged.change,
        probability=judged.probability,
        before_vaf=vafs[0].value,
        before_vaf_low=vafs[0].low,
        before_vaf_high=vafs[0].high,
        after_vaf=vafs[1].value,
        after_vaf_low=vafs[1].low,
        after_vaf_high=vafs[1].high,
        before_allelic_ratio=shown[0],
        after_allelic_ratio=shown[1],
        crosses_half=_crossing(ratios[0], ratios[1]),
        reason=judged.reason,
    )


def _observe(clone: NamedClone | None, end: LibraryCall, fact: PatientFacts | None) -> Observation:
    purity = fact.blast_fraction if fact is not None else None
    if clone is None or (UNALIGNED_MISSING in end.flags and not clone.call.present):
        return Observation(0.0, 0.0, False, purity)  # nothing that proves absence
    call = clone.call
    total = call.itd / call.vaf.value if call.itd and call.vaf.value else float(end.depth)
    return Observation(call.itd, total, call.present, purity)


def _crossing(before: float, after: float) -> str:
    if before < HALF <= after:
        return "up"
    return "down" if after < HALF <= before else ""
