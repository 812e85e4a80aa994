"""A patient with one time point: what is there, and that nothing can be said of change."""

import dataclasses
import math

import numpy as np

from amlresist.variants.alleles import Allele
from amlresist.variants.comparison import compare, observations_of, question_of
from amlresist.variants.likelihood import Floats
from amlresist.variants.loci import Case
from amlresist.variants.model import fit
from amlresist.variants.purity import Purity
from amlresist.variants.records import PairSummary, VariantChange, VariantClass
from amlresist.variants.settings import Settings

_SURE_ARTEFACT = 0.9
_SURE_GERMLINE = 0.95


def describe(
    case: Case, column: int, settings: Settings
) -> tuple[list[VariantChange], PairSummary]:
    """Variants of one time point; `after` is missing and the class not evaluable.

    Germline variants can be told from one time point and keep their label.
    """
    germline = _germline(case, column, settings)
    chance = {locus.allele: p for locus, p in zip(case.loci, germline.tolist(), strict=True)}
    rows, summary = compare(case, column, column, settings)
    timepoint = case.tracks[column].timepoint
    kept = [
        _unpaired(row, timepoint, chance[Allele(row.chrom, row.pos - 1, row.ref, row.alt)])
        for row in rows
        if not row.p_artefact > _SURE_ARTEFACT
    ]
    n_germline = sum(row.variant_class is VariantClass.GERMLINE for row in kept)
    return kept, dataclasses.replace(
        summary,
        comparison=timepoint,
        n_acquired=0,
        n_lost=0,
        n_expanding=0,
        n_contracting=0,
        n_stable=0,
        n_germline=n_germline,
        n_artefact=0,
        n_not_evaluable=len(kept) - n_germline,
        expected_wrong_labels=math.fsum(
            1 - row.probability for row in kept if row.variant_class is VariantClass.GERMLINE
        ),
        purity_after=math.nan,
        purity_after_low=math.nan,
        purity_after_high=math.nan,
        null_pair_false_acquired=math.nan,
    )


def _germline(case: Case, column: int, settings: Settings) -> Floats:
    """Posterior of germline from one time point: the other one of the pair has no fragments."""
    track = case.tracks[column]
    nothing = np.zeros(len(case.loci), dtype=np.int64)
    blank = dataclasses.replace(track, ref=nothing, alt=nothing, other=nothing, depth=nothing)
    shares = (case.purity.shares[column],) * 2
    alone = dataclasses.replace(
        case, tracks=(track, blank), purity=Purity(shares, case.purity.source)
    )
    return fit(observations_of(alone, settings), question_of(alone, 0, 1, settings)).germline


def _unpaired(row: VariantChange, timepoint: str, germline: float) -> VariantChange:
    first = row.reason.split(";")[0]
    told = germline >= _SURE_GERMLINE
    return dataclasses.replace(
        row,
        comparison=timepoint,
        variant_class=VariantClass.GERMLINE if told else VariantClass.NOT_EVALUABLE,
        probability=germline if told else math.nan,
        q_value=math.nan,
        p_germline=germline,
        p_acquired=math.nan,
        p_lost=math.nan,
        p_expanding=math.nan,
        p_contracting=math.nan,
        p_stable=math.nan,
        after_alt=None,
        after_depth=None,
        after_vaf=math.nan,
        after_vaf_low=math.nan,
        after_vaf_high=math.nan,
        after_present=None,
        after_excluded_above=math.nan,
        after_ccf=math.nan,
        depth_needed=None,
        reason=f"{first}. There is no second time point to compare with.",
        flags=(*row.flags, "no_second_time_point"),
        change_p_value=math.nan,
    )
