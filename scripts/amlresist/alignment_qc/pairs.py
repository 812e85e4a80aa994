"""Table rows of two libraries: one person, two people, or a mixture?"""

from dataclasses import dataclass

import numpy as np

from amlresist.alignment_qc.carry_over import NONE_SEEN, CarryOver
from amlresist.alignment_qc.genotypes import Sites, allele_counts, genotype_class
from amlresist.alignment_qc.identity import (
    NOT_KNOWN,
    ForeignShare,
    foreign_share,
    foreign_share_with_new,
    log10_same_over_relative,
    log10_same_over_unrelated,
)
from amlresist.alignment_qc.records import PairIdentity
from amlresist.alignment_qc.settings import Settings
from amlresist.alignment_qc.summaries import is_foreign

SAME, DIFFERENT = "same_person", "different_people"
CHIMERISM, CANNOT_TELL = "chimerism_suspected", "cannot_tell"


@dataclass(frozen=True)
class Evidence:
    """What the sites say about a pair."""

    sites: int
    concordance: float
    ratio: float
    over_relative: float
    foreign: ForeignShare


NO_NEW = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def weigh(
    earlier: Sites,
    later_bases: np.ndarray,
    settings: Settings,
    new: tuple[np.ndarray, np.ndarray] = NO_NEW,
) -> Evidence:
    """Evidence from the earlier library's sites that are readable in the later one.

    Args:
        new: (alternative, all) fragments at alleles that only the later library has.
    """
    ref, alt = allele_counts(earlier, later_bases)
    seen = genotype_class(ref, alt, settings.genotype_depth)
    readable = seen >= 0
    genotype, alt, depth = earlier.genotype[readable], alt[readable], (ref + alt)[readable]
    if not len(genotype):
        return Evidence(0, float("nan"), 0.0, 0.0, NOT_KNOWN)
    homozygous = alt[genotype == 2], depth[genotype == 2]
    foreign = foreign_share(*homozygous)
    if not is_foreign(foreign, settings):
        with_new = foreign_share_with_new(homozygous, new, len(genotype))
        foreign = with_new if is_foreign(with_new, settings) else foreign
    return Evidence(
        sites=len(genotype),
        concordance=float((seen[readable] == genotype).mean()),
        ratio=log10_same_over_unrelated(genotype, alt, depth),
        over_relative=log10_same_over_relative(genotype, alt, depth),
        foreign=foreign,
    )


def pair_row(
    patient: str,
    samples: tuple[str, str],
    evidence: Evidence,
    settings: Settings,
    *,
    transplant: bool,
    carried: tuple[CarryOver, CarryOver] = (NONE_SEEN, NONE_SEEN),
) -> PairIdentity:
    """The pair's row.

    Args:
        transplant: one was stated between the two time points.
        carried: changes of the second library seen in the first, and the other way round.
    """
    verdict, reason = _verdict(evidence, settings, transplant=transplant)
    if verdict == SAME:
        pairs = zip(samples, reversed(samples), carried, strict=True)
        reason += "".join(_told_of(*pair, settings) for pair in pairs)
    return PairIdentity(
        patient=patient,
        sample_a=samples[0],
        sample_b=samples[1],
        sites=evidence.sites,
        concordance=evidence.concordance,
        log10_likelihood_ratio=evidence.ratio,
        log10_ratio_relative=evidence.over_relative,
        contamination=evidence.foreign.share,
        contamination_low=evidence.foreign.low,
        contamination_high=evidence.foreign.high,
        homozygous_sites=evidence.foreign.sites,
        verdict=verdict,
        reason=reason,
    )


def _told_of(here: str, there: str, carried: CarryOver, settings: Settings) -> str:
    if not carried.is_even or carried.evidence < settings.decision_log10:
        return ""
    return (
        f"; all {carried.changes} clonal changes of {there} alone are seen in {here} at"
        f" {carried.share:.1%} of their level: a small clone that was there, or reads of {there}"
        " in it"
    )


def _verdict(evidence: Evidence, settings: Settings, *, transplant: bool) -> tuple[str, str]:
    foreign = evidence.foreign
    if evidence.sites < settings.minimum_sites:
        return CANNOT_TELL, f"{evidence.sites} sites, {settings.minimum_sites} are needed"
    figure = f"log10 ratio {evidence.ratio:.1f} at {evidence.sites} sites"
    limit = settings.decision_log10
    is_mixed = is_foreign(foreign, settings)
    lower = min(evidence.ratio, evidence.over_relative)
    # Where a wholly foreign library explains the sites as well, the ratio may still say "swapped".
    is_swap = foreign.over_whole < limit and lower <= -limit
    mixture = f"{foreign.share:.1%} foreign at {foreign.sites} telling sites"
    if is_mixed and not is_swap and (transplant or foreign.share >= settings.chimerism_share):
        cause = "after the transplant" if transplant else "a transplant is not stated"
        return CHIMERISM, f"CHIMERISM SUSPECTED: {mixture}, {cause}"
    # Foreign reads at homozygous sites look like a relative's; their share has been weighed above.
    if not is_swap and evidence.ratio >= limit and (is_mixed or evidence.over_relative > 0):
        told = f"; contaminated by another person: {mixture}" if is_mixed else ""
        return SAME, f"same genotypes ({figure}){told}"
    if lower <= -limit:
        if transplant:
            return CHIMERISM, f"donor genotypes after the transplant ({figure})"
        is_relative = evidence.ratio - evidence.over_relative >= limit
        whose = "look like a close relative's" if is_relative else "do not agree"
        return DIFFERENT, f"genotypes {whose} ({figure}): swapped samples?"
    return CANNOT_TELL, f"genotypes decide neither way ({figure})"
