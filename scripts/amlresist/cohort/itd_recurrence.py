"""The same ITD in several patients: low in many is contamination until shown otherwise."""

from collections.abc import Iterable, Sequence

from amlresist.cohort.records import ItdCarryOver, ItdRecurrence
from amlresist.flt3_itd.contamination import shared_low_clones
from amlresist.flt3_itd.records import ItdClone

# A carried-over allele is usually far below 2 %; a true clone that low in several people with the
# same sequence is not to be expected.
LOW_VAF = 0.02
MANY_PATIENTS = 3
CARRY_OVER_RATIO = 10


def recurrent_itds(clones: Iterable[ItdClone]) -> list[ItdRecurrence]:
    """Alleles seen in more than one patient, the most widespread first."""
    by_allele: dict[tuple[str, int, str, str], list[ItdClone]] = {}
    for clone in clones:
        if clone.itd_fragments > 0:
            allele = (clone.chrom, clone.pos, clone.ref, clone.alt)
            by_allele.setdefault(allele, []).append(clone)
    rows = [
        _row(found) for found in by_allele.values() if len({clone.patient for clone in found}) > 1
    ]
    return sorted(rows, key=lambda row: (-row.n_patients, row.clone, row.inserted_sequence))


def carried_over_itds(clones: Iterable[ItdClone]) -> list[ItdCarryOver]:
    """Low clones that are more likely another patient's reads, with that patient's library."""
    clones = list(clones)
    suspects = shared_low_clones(clones)
    rows = [
        _carry_over(clone, clones)
        for clone in clones
        if (clone.patient, clone.sample, clone.clone) in suspects
    ]
    return sorted(rows, key=lambda row: (row.patient, row.sample, row.clone))


def _carry_over(clone: ItdClone, clones: Iterable[ItdClone]) -> ItdCarryOver:
    allele = (clone.chrom, clone.pos, clone.ref, clone.alt)
    others = [
        other
        for other in clones
        if other.patient != clone.patient
        and (other.chrom, other.pos, other.ref, other.alt) == allele
    ]
    source = max(others, key=lambda other: (other.vaf, other.sample))
    return ItdCarryOver(
        patient=clone.patient,
        timepoint=clone.timepoint,
        sample=clone.sample,
        clone=clone.clone,
        vaf=clone.vaf,
        source_patient=source.patient,
        source_sample=source.sample,
        source_vaf=source.vaf,
        reason=f"the same ITD is in {source.sample} at {source.vaf:.1%}: carried over? repeat it",
    )


def _row(clones: Sequence[ItdClone]) -> ItdRecurrence:
    ordered = sorted(clones, key=lambda clone: (-clone.vaf, clone.sample))
    highest = ordered[0]
    n_patients = len({clone.patient for clone in clones})
    low = [clone for clone in clones if clone.vaf < LOW_VAF]
    verdict, reason = _verdict(ordered, n_patients, len(low))
    return ItdRecurrence(
        clone=highest.clone,
        inserted_sequence=highest.inserted_sequence,
        length=highest.length,
        n_patients=n_patients,
        n_libraries=len(clones),
        n_low=len(low),
        highest_vaf=highest.vaf,
        highest_sample=highest.sample,
        samples=tuple(clone.sample for clone in ordered),
        verdict=verdict,
        reason=reason,
    )


def _verdict(ordered: Sequence[ItdClone], n_patients: int, n_low: int) -> tuple[str, str]:
    highest = ordered[0]
    others = [clone for clone in ordered if clone.patient != highest.patient]
    seen = f"seen in {n_patients} patients, below {LOW_VAF:.0%} in {n_low} libraries"
    if n_patients >= MANY_PATIENTS and len({c.patient for c in ordered if c.vaf < LOW_VAF}) > 1:
        return "contamination_suspected", f"{seen}: check the run before trusting the low calls"
    if all(c.vaf < LOW_VAF and c.vaf * CARRY_OVER_RATIO <= highest.vaf for c in others):
        reason = f"{seen}; {highest.sample} has it at {highest.vaf:.1%} and may be the source"
        return "carry_over_suspected", reason
    return "recurrent", f"{seen}: the same allele arose in several patients, or a swap"
