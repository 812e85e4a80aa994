"""Reads of either allele at known variants -> rows."""

import math
from collections.abc import Iterator

from amlresist.mirna.isomirs import snv_class
from amlresist.mirna.library import CountedLibrary
from amlresist.mirna.records import MirnaAllele
from amlresist.mirna.reference import FLANK_5P, Reference, Site
from amlresist.mirna.rows import PatientMirnas

SEEN = 0.5  # reads from which an allele was seen


def allele_rows(found: PatientMirnas, reference: Reference | None) -> list[MirnaAllele]:
    """Every known variant that reads of a library cross, and those that reads cannot tell."""
    if reference is None:
        return []
    return [
        row for library in found.libraries for row in _of_library(found.patient, library, reference)
    ]


def _of_library(
    patient: str, library: CountedLibrary, reference: Reference
) -> Iterator[MirnaAllele]:
    if library.evidence is None or not library.evaluable:
        return
    quantities = library.evidence.quantities
    for site, reads in zip(reference.sites, quantities.allele_reads.tolist(), strict=True):
        if quantities.counts[site.group] < SEEN or (sum(reads) < SEEN and not site.unused):
            continue
        own, other = (math.nan, math.nan) if site.unused else reads
        share, low, high = share_interval(other, own)
        yield MirnaAllele(
            patient=patient,
            timepoint=library.library.timepoint,
            sample=library.library.sample,
            mirna=reference.groups[site.group],
            hairpin=site.variant.hairpin,
            variant=site.variant.name,
            position=_position(site),
            snv_class=snv_class(_position(site)),
            reference_base=site.variant.reference,
            alternative_base=site.variant.alternative,
            reference_count=own,
            alternative_count=other,
            alternative_share=share,
            share_low=low,
            share_high=high,
            reason=site.unused,
        )


def _position(site: Site) -> int:
    """1-based place in the mature; 0 and below before it."""
    return site.column - FLANK_5P + 1


def share_interval(alternative: float, own: float) -> tuple[float, float, float]:
    """Share of the alternative allele and its 95 % interval (Jeffreys); NaN without reads."""
    total = alternative + own
    if not total > 0:
        return math.nan, math.nan, math.nan
    from scipy.special import betaincinv

    low, high = betaincinv(alternative + 0.5, own + 0.5, [0.025, 0.975]).tolist()
    share = alternative / total
    return share, min(low, share), max(high, share)
