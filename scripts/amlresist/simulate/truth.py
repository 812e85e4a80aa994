"""What should be found: truth rows from the plan."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amlresist.sheet import comparisons
from amlresist.simulate.alleles import COPY_CHANGES, PatientAlleles, alleles_at, true_vaf
from amlresist.simulate.edits import (
    Edit,
    hgvs_coding,
    protein_change,
    right_aligned,
    three_letter,
    vcf_alleles,
)
from amlresist.simulate.genome import Genome
from amlresist.simulate.records import TrueItd, TrueVariant
from amlresist.simulate.scenario import PlannedVariant

ABSENCE_DEPTH = 150  # fragments without the variant that exclude 2 % with 95 % confidence, and some
MIN_FRAGMENTS = 3  # fragments that must be seen with 95 % probability
CHANGE_SD = 4.0  # distance of two VAFs, in standard errors, that cannot be overlooked
STABLE_SD = 2.5  # distance from the border of a change below which sampling may cross it
CCF_FOLD = 1.5  # CCF ratio from which a variant counts as expanding or contracting


@dataclass(frozen=True, slots=True)
class State:
    """A variant in one sample: true VAF, CCF, expected depth and purity."""

    vaf: float
    ccf: float
    depth: float
    purity: float


NO_SAMPLE = State(math.nan, math.nan, math.nan, math.nan)


def is_itd(variant: PlannedVariant) -> bool:
    """The planned change is a FLT3-ITD."""
    return variant.gene == "FLT3" and variant.key.startswith("itd")


def variant_rows(alleles: PatientAlleles, genome: Genome) -> list[TrueVariant]:
    """Truth of all planned small variants and ITDs, per comparison."""
    patient = alleles.patient
    planned = [v for v in (*patient.variants, *patient.germline) if v.change not in COPY_CHANGES]
    return [
        _variant_row(alleles, genome, variant, name, before, after)
        for name, before, after in time_point_pairs(patient.timepoints)
        for variant in planned
    ]


def itd_rows(alleles: PatientAlleles, genome: Genome) -> list[TrueItd]:
    """Truth of the planned FLT3-ITDs, per comparison."""
    return [
        _itd_row(alleles, genome, variant, name, before, after)
        for name, before, after in time_point_pairs(alleles.patient.timepoints)
        for variant in alleles.patient.variants
        if is_itd(variant)
    ]


def time_point_pairs(timepoints: Sequence[str]) -> list[tuple[str, str, str]]:
    """(comparison, before, after); a single time point stands alone, its `after` is ""."""
    pairs = comparisons(timepoints)
    if pairs:
        return [(f"{before}>{after}", before, after) for before, after in pairs]
    return [(timepoints[0], timepoints[0], "")]


def state(alleles: PatientAlleles, variant: PlannedVariant, timepoint: str) -> State:
    """The variant in the sample of a time point; NaN throughout where there is no sample."""
    patient = alleles.patient
    library = patient.library(timepoint, "dna") if timepoint else None
    if library is None:
        return NO_SAMPLE
    present = alleles_at(alleles, variant.gene, timepoint)
    purity = patient.purity(timepoint)
    carriers = sum(
        population.shares.get(timepoint, 0.0)
        for population in patient.populations
        if variant.key in population.variants
    )
    is_inherited = variant in patient.germline
    return State(
        vaf=true_vaf(present, alleles.genome_edits[variant.key]),
        ccf=1.0 if is_inherited else carriers / purity,
        depth=library.size * sum(allele.weight for allele in present),
        purity=purity,
    )


def expected_class(before: State, after: State, is_inherited: bool) -> str:
    """What happened, judged by true cancer-cell fractions."""
    if is_inherited:
        return "germline"
    if math.isnan(after.vaf):
        return "not_evaluable"
    if before.vaf == 0:
        return "acquired"
    if after.vaf == 0:
        return "lost"
    fold = after.ccf / before.ccf
    if fold >= CCF_FOLD:
        return "expanding"
    return "contracting" if fold <= 1 / CCF_FOLD else "stable"


def is_evaluable(expected: str, before: State, after: State) -> bool:
    """Whether the depths suffice to tell what happened."""
    match expected:
        case "acquired":
            return before.depth >= ABSENCE_DEPTH and _is_seen(after)
        case "lost":
            return after.depth >= ABSENCE_DEPTH and _is_seen(before)
        case "expanding" | "contracting":
            scale = after.purity / before.purity
            error = math.hypot(_standard_error(before) * scale, _standard_error(after))
            return abs(after.vaf - before.vaf * scale) >= CHANGE_SD * error
        case "stable":
            deep = min(before.depth, after.depth) >= ABSENCE_DEPTH and _is_seen(before)
            return deep and _is_far_from_a_change(before, after)
        case "germline":
            return min(before.depth, after.depth) >= ABSENCE_DEPTH and _is_seen(before)
        case _:
            return False


def _variant_row(
    alleles: PatientAlleles,
    genome: Genome,
    variant: PlannedVariant,
    comparison: str,
    before_name: str,
    after_name: str,
) -> TrueVariant:
    locus = genome.loci[variant.gene]
    edit = alleles.locus_edits[variant.key]
    chrom, position, ref, alt = _vcf(alleles, genome, variant)
    before, after = (state(alleles, variant, name) for name in (before_name, after_name))
    expected = expected_class(before, after, variant in alleles.patient.germline)
    change = protein_change(edit, locus)
    return TrueVariant(
        patient=alleles.patient.name,
        comparison=comparison,
        chrom=chrom,
        pos=position,
        ref=ref,
        alt=alt,
        variant_type=_variant_type(ref, alt),
        gene=variant.gene,
        transcript=locus.plan.transcript,
        hgvs_c=hgvs_coding(edit, locus),
        hgvs_p=three_letter(change),
        protein_change=change,
        before_vaf=before.vaf,
        after_vaf=after.vaf,
        before_ccf=before.ccf,
        after_ccf=after.ccf,
        before_depth=before.depth,
        after_depth=after.depth,
        before_purity=before.purity,
        after_purity=after.purity,
        expected_class=expected,
        evaluable=is_evaluable(expected, before, after)
        and _is_listed_twice(alleles, before, after),
        trap=variant.trap,
    )


def _itd_row(
    alleles: PatientAlleles,
    genome: Genome,
    variant: PlannedVariant,
    comparison: str,
    before_name: str,
    after_name: str,
) -> TrueItd:
    locus = genome.loci[variant.gene]
    edit = right_aligned(alleles.locus_edits[variant.key], locus.sequence)
    chrom, position, ref, alt = _vcf(alleles, genome, variant)
    before, after = (state(alleles, variant, name) for name in (before_name, after_name))
    small_variant_class = expected_class(before, after, is_inherited=False)
    n_bases = _n_length(variant.change)
    return TrueItd(
        patient=alleles.patient.name,
        comparison=comparison,
        clone=variant.key,
        length=len(edit.inserted),
        duplicated_length=len(edit.inserted) - n_bases,
        n_length=n_bases,
        inserted_sequence=edit.inserted,
        chrom=chrom,
        pos=position,
        ref=ref,
        alt=alt,
        hgvs_c=hgvs_coding(edit, locus),
        before_vaf=before.vaf,
        after_vaf=after.vaf,
        before_allelic_ratio=_allelic_ratio(alleles, variant, before_name),
        after_allelic_ratio=_allelic_ratio(alleles, variant, after_name),
        before_depth=before.depth,
        after_depth=after.depth,
        expected_change={"acquired": "gained", "stable": "persistent"}.get(
            small_variant_class, small_variant_class
        ),
        evaluable=is_evaluable(small_variant_class, before, after),
        trap=variant.trap,
    )


def _vcf(
    alleles: PatientAlleles, genome: Genome, variant: PlannedVariant
) -> tuple[str, int, str, str]:
    chrom = genome.loci[variant.gene].plan.chrom
    edit = alleles.genome_edits[variant.key]
    return chrom, *vcf_alleles(edit, genome.contigs[chrom])


def _allelic_ratio(alleles: PatientAlleles, variant: PlannedVariant, timepoint: str) -> float:
    """This clone's molecules over those without any ITD; NaN without sample or wild type."""
    if not timepoint or alleles.patient.library(timepoint, "dna") is None:
        return math.nan
    itds = {alleles.genome_edits[v.key] for v in alleles.patient.variants if is_itd(v)}
    present = alleles_at(alleles, variant.gene, timepoint)
    wild_type = sum(a.weight for a in present if itds.isdisjoint(a.edits))
    own = sum(a.weight for a in present if alleles.genome_edits[variant.key] in a.edits)
    return own / wild_type if wild_type else math.nan


def _n_length(change: str) -> int:
    return len(change.partition("itd")[2])


def _variant_type(ref: str, alt: str) -> str:
    if len(ref) == len(alt):
        return "snv" if len(ref) == 1 else "mnv"
    if len(ref) == 1:
        return "insertion"
    return "deletion" if len(alt) == 1 else "complex"


def _is_seen(sample: State) -> bool:
    """At least `MIN_FRAGMENTS` variant fragments with 95 % probability (Poisson)."""
    mean = sample.depth * sample.vaf
    missed = sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(MIN_FRAGMENTS))
    return missed <= 0.05


def _is_far_from_a_change(before: State, after: State) -> bool:
    """The CCF ratio keeps `STABLE_SD` standard errors away from what counts as a change."""
    scale = after.purity / before.purity
    error = math.hypot(_standard_error(before) * scale, _standard_error(after))
    unchanged = before.vaf * scale
    borders = (unchanged * CCF_FOLD, unchanged / CCF_FOLD)
    return min(abs(after.vaf - border) for border in borders) >= STABLE_SD * error


def _is_listed_twice(alleles: PatientAlleles, before: State, after: State) -> bool:
    """Given calls speak of a time point only where they list the variant."""
    forms = {library.form for library in alleles.patient.libraries if library.assay == "dna"}
    return "vcf" not in forms or min(before.vaf, after.vaf) > 0


def _standard_error(sample: State) -> float:
    return math.sqrt(max(sample.vaf * (1 - sample.vaf), 1e-4) / sample.depth)


def reserved_places(
    patients: Iterable[PatientAlleles], genome: Genome
) -> list[tuple[str, int, int]]:
    """(chrom, start, end) of every planned change, to keep common SNPs away from them."""
    places = set()
    for alleles in patients:
        for variant in (*alleles.patient.variants, *alleles.patient.germline):
            if variant.change not in COPY_CHANGES:
                edit = alleles.genome_edits[variant.key]
                places.add((genome.loci[variant.gene].plan.chrom, edit.start, _extent(edit)))
    return sorted(places)


def _extent(edit: Edit) -> int:
    return max(edit.end, edit.start + len(edit.inserted))
