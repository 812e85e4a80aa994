"""Table rows of two libraries: one person, two people, or a mixture?"""

from dataclasses import dataclass

import numpy as np

from amlresist.alignment_qc.genotypes import Sites, allele_counts, genotype_class
from amlresist.alignment_qc.identity import (
    NOT_KNOWN,
    ForeignShare,
    foreign_share,
    foreign_share_with_new,
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
        return Evidence(0, float("nan"), 0.0, NOT_KNOWN)
    homozygous = alt[genotype == 2], depth[genotype == 2]
    foreign = foreign_share(*homozygous)
    if not is_foreign(foreign, settings):
        with_new = foreign_share_with_new(homozygous, new, len(genotype))
        foreign = with_new if is_foreign(with_new, settings) else foreign
    return Evidence(
        sites=len(genotype),
        concordance=float((seen[readable] == genotype).mean()),
        ratio=log10_same_over_unrelated(genotype, alt, depth),
        foreign=foreign,
    )


def pair_row(
    patient: str,
    samples: tuple[str, str],
    evidence: Evidence,
    settings: Settings,
    *,
    transplant: bool,
) -> PairIdentity:
    """The pair's row; `transplant`: one was stated between the two time points."""
    verdict, reason = _verdict(evidence, settings, transplant=transplant)
    return PairIdentity(
        patient=patient,
        sample_a=samples[0],
        sample_b=samples[1],
        sites=evidence.sites,
        concordance=evidence.concordance,
        log10_likelihood_ratio=evidence.ratio,
        contamination=evidence.foreign.share,
        contamination_low=evidence.foreign.low,
        contamination_high=evidence.foreign.high,
        homozygous_sites=evidence.foreign.sites,
        verdict=verdict,
        reason=reason,
    )


def _verdict(evidence: Evidence, settings: Settings, *, transplant: bool) -> tuple[str, str]:
    foreign = evidence.foreign
    if evidence.sites < settings.minimum_sites:
        return CANNOT_TELL, f"{evidence.sites} sites, {settings.minimum_sites} are needed"
    figure = f"log10 ratio {evidence.ratio:.1f} at {evidence.sites} sites"
    is_mixed = is_foreign(foreign, settings)
    # Where a wholly foreign library explains the sites as well, the ratio may still say "swapped".
    is_swap = foreign.over_whole < settings.decision_log10 and (
        evidence.ratio <= -settings.decision_log10
    )
    mixture = f"{foreign.share:.1%} foreign at {foreign.sites} telling sites"
    if is_mixed and not is_swap and (transplant or foreign.share >= settings.chimerism_share):
        cause = "after the transplant" if transplant else "a transplant is not stated"
        return CHIMERISM, f"CHIMERISM SUSPECTED: {mixture}, {cause}"
    if evidence.ratio >= settings.decision_log10:
        told = f"; contaminated by another person: {mixture}" if is_mixed else ""
        return SAME, f"same genotypes ({figure}){told}"
    if evidence.ratio <= -settings.decision_log10:
        if transplant:
            return CHIMERISM, f"donor genotypes after the transplant ({figure})"
        return DIFFERENT, f"genotypes do not agree ({figure}): swapped samples?"
    return CANNOT_TELL, f"genotypes decide neither way ({figure})"
