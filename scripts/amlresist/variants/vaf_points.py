"""Rows of `vaf_points.tsv`: the two ends of each line of a plot."""

import math
from collections.abc import Iterable

from amlresist.variants.alleles import Allele
from amlresist.variants.loci import Case, copies_of
from amlresist.variants.purity import absence_limit, cancer_cell_fraction_interval
from amlresist.variants.records import VafPoint, VariantChange
from amlresist.variants.settings import Settings


def vaf_points(case: Case, changes: Iterable[VariantChange], settings: Settings) -> list[VafPoint]:
    """One row per variant, comparison and time point, in the order of the changes.

    A patient with one time point has rows of that one alone.
    """
    purity_of = {
        track.timepoint: (case.purity.shares[column], *case.purity.interval(column))
        for column, track in enumerate(case.tracks)
    }
    rows = []
    for change in changes:
        for timepoint, side in zip(change.comparison.split(">"), ("before", "after"), strict=False):
            purity = purity_of[timepoint]
            limit = absence_limit(settings.absence_limit, settings.absence_share, purity[0])
            rows.append(_point(case, change, timepoint, side, purity, limit))
    return rows


def _point(
    case: Case,
    change: VariantChange,
    timepoint: str,
    side: str,
    purity: tuple[float, float, float],
    limit: float,
) -> VafPoint:
    allele = Allele(change.chrom, change.pos - 1, change.ref, change.alt)
    copies = copies_of(case, timepoint, allele)
    ccf = getattr(change, f"{side}_ccf")
    ends = [getattr(change, f"{side}_vaf_{end}") for end in ("low", "high")]
    vaf = getattr(change, f"{side}_vaf") if not math.isnan(ccf) else math.nan
    low, high = cancer_cell_fraction_interval((vaf, ends[0], ends[1]), purity, *copies)
    return VafPoint(
        patient=change.patient,
        comparison=change.comparison,
        timepoint=timepoint,
        side=side,
        chrom=change.chrom,
        pos=change.pos,
        ref=change.ref,
        alt=change.alt,
        label=_label(change),
        variant_class=change.variant_class,
        clone=change.clone,
        alt_count=getattr(change, f"{side}_alt"),
        depth=getattr(change, f"{side}_depth"),
        vaf=getattr(change, f"{side}_vaf"),
        vaf_low=ends[0],
        vaf_high=ends[1],
        ccf=ccf,
        ccf_low=low,
        ccf_high=high,
        present=getattr(change, f"{side}_present"),
        excluded_above=getattr(change, f"{side}_excluded_above"),
        absence_limit=limit,
    )


def _label(change: VariantChange) -> str:
    named = " ".join(word for word in (change.gene, change.protein_change) if word)
    return named or f"{change.chrom}:{change.pos} {change.ref}>{change.alt}"
