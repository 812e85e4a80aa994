"""Rows of `variants.tsv` and `variant_summary.tsv` of one pair of time points."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from amlresist.variants.alleles import Allele
from amlresist.variants.classes import CLASSES, Labels
from amlresist.variants.explain import Side, reason
from amlresist.variants.heterozygosity import shows_loh
from amlresist.variants.likelihood import (
    Floats,
    depth_to_exclude,
    excluded_above,
    tail_probability,
    vaf_quantile,
)
from amlresist.variants.loci import Case, Locus, copies_of, wholes
from amlresist.variants.model import Mask, Question
from amlresist.variants.purity import cancer_cell_fraction
from amlresist.variants.records import PairSummary, VariantChange, VariantClass
from amlresist.variants.tracks import Track

NAN = math.nan
_CERTAIN_ARTEFACT = 0.99
_NOISE = 1e-3  # candidates whose fragments errors explain this easily are no variants


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of the n loci of a case.

    Attributes:
        question: what was asked.
        labels: classes and their probabilities.
        seen: whether each locus was seen before, and after.
        diluted: whether fewer leukemic cells would explain its fall.
        change_p: P value of an unchanged share of leukemic cells.
    """

    question: Question
    labels: Labels
    seen: tuple[Mask, Mask]
    diluted: Mask
    change_p: Floats


def change_rows(case: Case, verdict: Verdict) -> list[VariantChange]:
    """Rows of all loci worth reporting, in the order of the case."""
    question, rows = verdict.question, []
    noise = _noise(case)
    whole = wholes(case.loci)
    before = _Column.of(case, question.before, verdict.seen[0], question.limit_before)
    after = _Column.of(case, question.after, verdict.seen[1], question.limit_after)
    for i, locus in enumerate(case.loci):
        sides = (before.side(i), after.side(i))
        row = _row(case, verdict, i, sides)
        if i in whole and any(side.given for side in sides):
            row = _as_part(row, whole[i])
        if _worth_reporting(row, locus, sides, float(noise[i])):
            rows.append(row)
    return rows


def _as_part(row: VariantChange, whole: Allele) -> VariantChange:
    """The row of a substitution that a list also holds as part of `whole`.

    A list does not say whether its counts are of the same molecules; counts of reads are not.
    """
    name = f"{whole.chrom}:{whole.pos + 1} {whole.ref}>{whole.alt}"
    words = f"{row.reason} Also part of {name}, a row of its own: perhaps the same molecules."
    return dataclasses.replace(row, reason=words, flags=(*row.flags, "part_of_mnv"))


def _worth_reporting(row: VariantChange, locus: Locus, sides: Sequence[Side], noise: float) -> bool:
    """Candidates that turn out to be plain noise, and hotspots nothing was seen at, stay out.

    Args:
        noise: chance of the fragments from errors alone; a variant of any time point is listed in
            every comparison.
    """
    if "given" in locus.sources:
        return True
    if row.p_artefact >= _CERTAIN_ARTEFACT:
        return False
    unlabelled = row.variant_class in {VariantClass.NOT_EVALUABLE, VariantClass.ARTEFACT}
    return noise <= _NOISE if unlabelled else any(side.present for side in sides)


def _noise(case: Case) -> npt.NDArray[np.float64]:
    """P(X >= alternative fragments) of errors alone at the time point where it is smallest."""
    tails = [
        tail_probability(np.maximum(t.alt, 0), np.maximum(t.depth, 0), t.error) for t in case.tracks
    ]
    return np.asarray(np.min(tails, axis=0))


@dataclass(frozen=True, slots=True)
class _Column:
    """One time point over all loci: limits are computed at once, since that is much faster."""

    track: Track
    counted: bool
    shown: npt.NDArray[np.bool_]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    excluded: npt.NDArray[np.float64]
    limit: float

    @classmethod
    def of(cls, case: Case, column: int, shown: npt.NDArray[np.bool_], limit: float) -> "_Column":
        track, rho = case.tracks[column], case.overdispersion.rho
        alt, depth = np.maximum(track.alt, 0), np.maximum(track.depth, 0)
        low, high = (vaf_quantile(alt, depth, rho, q) for q in (0.025, 0.975))
        excluded = excluded_above(alt, depth, rho)
        return cls(track, track.has_counts, shown, low, high, excluded, limit)

    def side(self, i: int) -> Side:
        """What is known of locus `i`."""
        track = self.track
        known = bool(track.depth[i] >= 0)
        alt, depth = (int(track.alt[i]), int(track.depth[i])) if known else (0, 0)
        seen = bool(self.shown[i]) and depth > 0
        told = depth > 0 or (bool(track.listed[i]) and not known)
        return Side(
            timepoint=track.timepoint,
            alt=alt if known else None,
            depth=depth if known else None,
            vaf=alt / depth if depth else NAN,
            low=0.0 if alt == 0 and depth else float(self.low[i]),
            high=float(self.high[i]),
            present=(seen or not known) if told else None,
            excluded_above=float(self.excluded[i]) if depth and not seen else NAN,
            limit=self.limit,
            listed=bool(track.listed[i]),
            assayed=bool(track.assayed[i]),
            counted=self.counted,
            given=track.source != "reads",
        )


def _row(case: Case, verdict: Verdict, i: int, sides: tuple[Side, Side]) -> VariantChange:
    question, locus = verdict.question, case.loci[i]
    before, after = sides
    variant_class = verdict.labels.of(i)
    diluted = bool(verdict.diluted[i])
    flags = _flags(case, question, i, locus, sides, variant_class)
    shares = _leukemic_shares(case, question, locus.allele, sides, variant_class)
    return VariantChange(
        patient=case.patient,
        comparison=f"{before.timepoint}>{after.timepoint}",
        **_name(locus),
        **_posteriors(verdict.labels, i, known=all(side.depth for side in sides)),
        **_measured("before", before, shares[0]),
        **_measured("after", after, shares[1]),
        **_explained(case, verdict, i, sides),
        flags=flags + (("variants_fell_alike",) if diluted else ()),
        change_p_value=float(verdict.change_p[i]),
        clone="",
    )


def _name(locus: Locus) -> dict[str, Any]:
    """Columns that say which change it is."""
    allele, annotation = locus.allele, locus.annotation
    return {
        "chrom": allele.chrom,
        "pos": allele.pos + 1,
        "ref": allele.ref,
        "alt": allele.alt,
        "variant_type": allele.kind,
        "gene": annotation.gene,
        "transcript": annotation.transcript,
        "hgvs_c": annotation.hgvs_c,
        "hgvs_p": annotation.hgvs_p,
        "protein_change": annotation.protein_change,
        "consequence": annotation.consequence,
        "hotspot": locus.hotspot,
    }


def _posteriors(labels: Labels, i: int, *, known: bool) -> dict[str, Any]:
    """The class and its probabilities; NaN unless both depths are `known`."""
    p = labels.probabilities[i] if known else np.full(len(CLASSES), NAN)
    columns = [f"p_{name.value.removeprefix('likely_')}" for name in CLASSES]
    return {
        "variant_class": labels.of(i),
        "probability": float(p[labels.best[i]]),
        "q_value": float(labels.q_value[i]) if labels.labelled[i] else NAN,
        **dict(zip(columns, map(float, p), strict=True)),
    }


def _measured(word: str, side: Side, share: float) -> dict[str, Any]:
    """Columns of one time point, `word` before or after."""
    values = {
        "alt": side.alt,
        "depth": side.depth,
        "vaf": side.vaf,
        "vaf_low": side.low,
        "vaf_high": side.high,
        "present": side.present,
        "excluded_above": side.excluded_above,
        "ccf": share,
    }
    return {f"{word}_{name}": value for name, value in values.items()}


def _explained(case: Case, verdict: Verdict, i: int, sides: tuple[Side, Side]) -> dict[str, Any]:
    """The reason in words, and the depth that would have decided."""
    labels, diluted = verdict.labels, bool(verdict.diluted[i])
    best, given = int(labels.best[i]), labels.of(i)
    is_open = given is VariantClass.NOT_EVALUABLE and not diluted
    needed = _depth_needed(case, sides) if is_open else None
    known = all(side.depth for side in sides)
    probability = float(labels.probabilities[i][best]) if known else NAN
    scale = float(verdict.question.scale[i])
    words = reason(*sides, given, CLASSES[best], probability, scale, needed, diluted)
    return {"depth_needed": needed, "reason": words}


def _leukemic_shares(
    case: Case,
    question: Question,
    allele: Allele,
    sides: Sequence[Side],
    variant_class: VariantClass,
) -> list[float]:
    """CCF before and after; NaN of what is no variant of the leukemia."""
    if variant_class in {VariantClass.GERMLINE, VariantClass.ARTEFACT}:
        return [NAN, NAN]
    return [
        cancer_cell_fraction(
            side.vaf, case.purity.shares[column], *copies_of(case, side.timepoint, allele)
        )
        for side, column in zip(sides, (question.before, question.after), strict=True)
    ]


def _depth_needed(case: Case, sides: Sequence[Side]) -> int | None:
    """Depth at which as many fragments would exclude the variant; None where that is no gap."""
    needed = [
        depth_to_exclude(side.limit, case.overdispersion.rho, side.alt or 0)
        for side in sides
        if side.counted and not side.present and not side.excluded_above < side.limit
    ]
    known = [depth for depth in needed if depth is not None]
    return max(known) if known and len(known) == len(needed) else None


def _flags(
    case: Case,
    question: Question,
    i: int,
    locus: Locus,
    sides: Sequence[Side],
    variant_class: VariantClass,
) -> tuple[str, ...]:
    flags = []
    for side, word in zip(sides, ("before", "after"), strict=True):
        if not side.counted or (side.given and side.depth is None):
            flags.append(f"{'listed' if side.listed else 'not_listed'}_{word}")
        elif not side.assayed:
            flags.append(f"not_assayed_{word}")
    if not case.segments and variant_class in {
        VariantClass.EXPANDING,
        VariantClass.CONTRACTING,
        VariantClass.LOST,
    }:
        flags.append("copy_number_not_known")
    if case.tracks[question.after].timepoint in case.transplanted:
        flags.append("after_transplant")
    if max((s.vaf for s in sides if not math.isnan(s.vaf)), default=0.0) > 0.65 and (
        variant_class is not VariantClass.GERMLINE
    ):
        flags.append("possible_loh")
    if variant_class is VariantClass.GERMLINE and shows_loh([side.vaf for side in sides]):
        flags.append("loh")
    for column, word in ((question.before, "before"), (question.after, "after")):
        if case.tracks[column].assumed[i]:
            flags.append(f"depth_assumed_{word}")
    if "<" in locus.allele.alt:
        flags.append("no_coordinates" if not locus.allele.chrom else "no_alleles")
    if any(0 < s.depth < 20 for s in sides if s.depth is not None):
        flags.append("low_depth")
    return tuple(flags)


def pair_summary(
    case: Case, question: Question, rows: Sequence[VariantChange], null: float
) -> PairSummary:
    """Row of `variant_summary.tsv`; `null` is the false share of the null pair."""
    counted = {c: sum(row.variant_class is c for row in rows) for c in VariantClass}
    labelled = [r for r in rows if r.variant_class is not VariantClass.NOT_EVALUABLE]
    pair = [case.tracks[question.before], case.tracks[question.after]]
    known = case.purity.intervals or ((NAN, NAN),) * len(case.tracks)
    learned = known[question.before], known[question.after]
    return PairSummary(
        patient=case.patient,
        comparison=f"{pair[0].timepoint}>{pair[1].timepoint}",
        n_acquired=counted[VariantClass.ACQUIRED],
        n_lost=counted[VariantClass.LOST],
        n_expanding=counted[VariantClass.EXPANDING],
        n_contracting=counted[VariantClass.CONTRACTING],
        n_stable=counted[VariantClass.STABLE],
        n_germline=counted[VariantClass.GERMLINE],
        n_artefact=counted[VariantClass.ARTEFACT],
        n_not_evaluable=counted[VariantClass.NOT_EVALUABLE],
        expected_wrong_labels=float(sum(1 - row.probability for row in labelled)),
        overdispersion=case.overdispersion.rho,
        overdispersion_source=case.overdispersion.source,
        purity_before=case.purity.shares[question.before],
        purity_before_low=learned[0][0],
        purity_before_high=learned[0][1],
        purity_after=case.purity.shares[question.after],
        purity_after_low=learned[1][0],
        purity_after_high=learned[1][1],
        purity_source=case.purity.source,
        null_pair_false_acquired=null,
        evidence_level="counts" if all(t.has_counts for t in pair) else "presence",
    )
