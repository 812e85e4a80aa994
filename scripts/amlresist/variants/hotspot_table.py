"""Rows of `hotspots.tsv`: what was seen, or excluded, at each curated change."""

import math

from amlresist.variants.classes import present
from amlresist.variants.comparison import observations_of
from amlresist.variants.likelihood import excluded_above
from amlresist.variants.loci import Case
from amlresist.variants.records import HotspotCheck
from amlresist.variants.settings import Settings


def hotspot_rows(case: Case, settings: Settings) -> list[HotspotCheck]:
    """One row per curated change and library, by locus and then by time."""
    observations = observations_of(case, settings)
    seen = [present(observations, i, settings.presence_alpha) for i in range(len(case.tracks))]
    rows = []
    for i, locus in enumerate(case.loci):
        if not locus.hotspot:
            continue
        for track, shown in zip(case.tracks, seen, strict=True):
            depth, alt = int(track.depth[i]), int(track.alt[i])
            read = depth > 0
            excluded = read and not shown[i]
            rows.append(
                HotspotCheck(
                    patient=case.patient,
                    timepoint=track.timepoint,
                    sample=track.sample,
                    hotspot=locus.hotspot,
                    gene=locus.annotation.gene,
                    protein_change=locus.annotation.protein_change,
                    chrom=locus.allele.chrom,
                    pos=locus.allele.pos + 1,
                    ref=locus.allele.ref,
                    alt=locus.allele.alt,
                    alt_count=alt if depth >= 0 else None,
                    depth=depth if depth >= 0 else None,
                    vaf=alt / depth if read else math.nan,
                    seen=bool(shown[i]) if read else None,
                    excluded_above=float(excluded_above(alt, depth, case.overdispersion.rho))
                    if excluded
                    else math.nan,
                )
            )
    return rows
