"""Rows of `clones.tsv`, and which clone each variant belongs to."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.special import betaincinv

from amlresist.variants.alleles import Allele
from amlresist.variants.clones import Clusters, cluster, founder
from amlresist.variants.heterozygosity import BASE_SHARE
from amlresist.variants.likelihood import Floats, effective_share
from amlresist.variants.loci import Case, is_driver
from amlresist.variants.model import Mask, Observations
from amlresist.variants.purity import cancer_cell_fraction, cancer_cell_fraction_interval
from amlresist.variants.read_columns import Ints
from amlresist.variants.records import CloneShare
from amlresist.variants.settings import Settings

_MIN_DEPTH = 20
_DOUBTFUL = 0.9  # prior of an artefact, as beside an indel, from which a locus tells of no clone


def somatic_loci(case: Case, observations: Observations) -> Ints:
    """Loci to cluster: counted everywhere, seen somewhere, and not like a germline variant."""
    columns = _leukemic_columns(case)
    if not columns:
        return np.zeros(0, dtype=np.int64)
    depth, alt = observations.depth[:, columns], observations.alt[:, columns]
    vaf = alt / np.maximum(depth, 1)
    deep = (depth >= _MIN_DEPTH).all(axis=1)
    seen = (vaf > 0.015).any(axis=1) & (alt.max(axis=1) >= 5)
    doubtful = observations.artefact_prior > _DOUBTFUL
    return np.flatnonzero(deep & seen & ~doubtful & ~_germline_like(observations, vaf, case))


def _germline_like(observations: Observations, vaf: Floats, case: Case) -> Mask:
    """Near 0.5 or 1 at every time point, where germline variants are to be expected.

    Loci that lose heterozygosity together with their neighbours are germline, too.
    """
    columns = _leukemic_columns(case)
    depth = observations.depth[:, columns]
    effective = np.maximum(depth * effective_share(depth, case.overdispersion.rho), 1)
    het = (np.abs(vaf - 0.5) < np.maximum(0.08, 3 * np.sqrt(0.25 / effective))).all(axis=1)
    hom = (vaf > 0.95).all(axis=1)
    het |= observations.loh_share > 2 * BASE_SHARE
    normal = [i for i, t in enumerate(case.tracks) if t.timepoint == "normal"]
    if normal:
        in_normal = observations.alt[:, normal[0]] > 0.1 * observations.depth[:, normal[0]]
        return np.asarray(in_normal & (observations.depth[:, normal[0]] > 0))
    return np.asarray((het | hom) & (observations.germline_prior > 0.3))


def leukemic_timepoints(timepoints: Iterable[str]) -> list[str]:
    """Those at which leukemia is expected: not normal, not remission."""
    return [t for t in timepoints if not t.startswith(("normal", "remission"))]


def _leukemic_columns(case: Case) -> list[int]:
    leukemic = set(leukemic_timepoints(track.timepoint for track in case.tracks))
    tracks = enumerate(case.tracks)
    return [i for i, track in tracks if track.has_counts and track.timepoint in leukemic]


def find_clones(
    case: Case,
    observations: Observations,
    settings: Settings,
    left_out: frozenset[Allele] = frozenset(),
) -> tuple[Ints, Clusters]:
    """Clustered loci and their clusters; `left_out` are variants known to be of no clone."""
    loci = somatic_loci(case, observations)
    kept = [case.loci[i].allele not in left_out for i in loci]
    loci = loci[np.array(kept, dtype=bool)]
    columns = _leukemic_columns(case)
    clusters = cluster(
        observations.alt[loci][:, columns],
        observations.depth[loci][:, columns],
        settings.error_floor,
        case.overdispersion.rho + case.overdispersion.between,
    )
    return loci, clusters


def truncal_of(case: Case, loci: Ints, clusters: Clusters, settings: Settings) -> int | None:
    """The founder cluster of the clustered loci; None if there is none."""
    drivers = np.array([is_driver(case, case.loci[i]) for i in loci], dtype=bool)
    return founder(clusters, settings.founder_min_variants, drivers)


def clone_names(clusters: Clusters, truncal: int | None) -> list[str]:
    """`founder` for the truncal cluster, `clone1` ... for the others."""
    names, number = [], 0
    for index in range(len(clusters.vaf)):
        if index == truncal:
            names.append("founder")
        else:
            number += 1
            names.append(f"clone{number}")
    return names


def clone_rows(case: Case, clusters: Clusters, names: Sequence[str]) -> list[CloneShare]:
    """One row per clone and time point."""
    rows = []
    for index, name in enumerate(names):
        for place, column in enumerate(_leukemic_columns(case)):
            hits, total = clusters.fragments[index, place]
            low, high = (
                float(betaincinv(hits + 0.5, total - hits + 0.5, q)) for q in (0.025, 0.975)
            )
            vaf = float(hits / total) if total else math.nan
            share = case.purity.shares[column]
            ccf_low, ccf_high = cancer_cell_fraction_interval(
                (vaf, low, high), (share, *case.purity.interval(column))
            )
            rows.append(
                CloneShare(
                    patient=case.patient,
                    clone=name,
                    timepoint=case.tracks[column].timepoint,
                    n_variants=clusters.size(index),
                    vaf=vaf,
                    vaf_low=low,
                    vaf_high=high,
                    ccf=cancer_cell_fraction(vaf, share),
                    ccf_low=ccf_low,
                    ccf_high=ccf_high,
                )
            )
    return rows
