"""One pair of time points: from counts to classes, with everything they rest on."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.variants.alleles import Allele
from amlresist.variants.classes import CLASSES, Control, Labels, change_p_value, label, present
from amlresist.variants.classes import statements as statements_of
from amlresist.variants.consequence import Annotation
from amlresist.variants.dilution import explained_by_dilution, kept_cells
from amlresist.variants.explain import Side, reason
from amlresist.variants.heterozygosity import loh_shares, shows_loh
from amlresist.variants.likelihood import (
    depth_to_exclude,
    excluded_above,
    tail_probability,
    vaf_quantile,
)
from amlresist.variants.model import HOMOZYGOUS_SHARE, Mask, Observations, Question, fit
from amlresist.variants.overdispersion import Overdispersion
from amlresist.variants.purity import (
    Purity,
    Segment,
    absence_limit,
    cancer_cell_fraction,
    expected_vaf,
    snp_vafs,
)
from amlresist.variants.read_columns import Ints
from amlresist.variants.records import PairSummary, VariantChange, VariantClass
from amlresist.variants.settings import Settings
from amlresist.variants.support import unsupported
from amlresist.variants.tracks import Track

NAN = math.nan
NORMAL = "normal"
_HOMOZYGOUS_DEPTH = 10
_INDEL_REACH = 10  # bases beside an indel in which misaligned read ends show substitutions
_CERTAIN_ARTEFACT = 0.99
_MOST_SPLIT = 10_000  # loci of the null pair; more would only cost time
_PERHAPS_GERMLINE = 0.01  # posterior; as of a SNP in a list said to be cleared of them
_NOISE = 1e-3  # candidates whose fragments errors explain this easily are no variants
_TYPE_GROUPS = {"snv": 0, "unknown": 0, "mnv": 1, "insertion": 2, "deletion": 2, "complex": 2}


@dataclass(frozen=True, slots=True)
class Locus:
    """A variant to compare.

    Attributes:
        allele: the change.
        annotation: its meaning.
        hotspot: name of the curated hotspot, "" for none.
        sources: why it is examined: `reads`, `hotspot`, `given`.
    """

    allele: Allele
    annotation: Annotation
    hotspot: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A patient's loci and libraries, and what was learned from them.

    Attributes:
        patient: pseudonym.
        loci: n variants.
        tracks: libraries in the order of time; one per time point.
        overdispersion: of the patient's libraries.
        purity: one share per track.
        segments: copy number, empty where not given.
        transplanted: time points after a transplant.
        drivers: gene symbols recurrently mutated in AML.
    """

    patient: str
    loci: Sequence[Locus]
    tracks: Sequence[Track]
    overdispersion: Overdispersion
    purity: Purity
    segments: Sequence[Segment]
    transplanted: frozenset[str]
    drivers: frozenset[str]


def observations_of(case: Case, settings: Settings) -> Observations:
    """Counts of all libraries; unknown counts weigh nothing."""
    alt = np.stack([np.maximum(t.alt, 0) for t in case.tracks], axis=1)
    depth = np.stack([np.maximum(t.depth, 0) for t in case.tracks], axis=1)
    leukemic = [i for i, t in enumerate(case.tracks) if t.timepoint != NORMAL]
    unknown = (
        _in_cleared_list(alt[:, leukemic], depth[:, leukemic], settings),
        settings.germline_prior,
    )
    return Observations(
        alt=alt,
        depth=depth,
        error=np.stack([t.error for t in case.tracks], axis=1),
        alt_forward=np.stack([t.alt_forward for t in case.tracks], axis=1),
        germline_prior=np.array([_germline_prior(case, locus, *unknown) for locus in case.loci]),
        artefact_prior=_artefact_prior(case.loci, alt, depth),
        loh_share=loh_shares(
            [locus.allele for locus in case.loci],
            alt[:, leukemic],
            depth[:, leukemic],
            case.overdispersion.rho,
        ),
        balance=_snp_balance(case),
    )


def _snp_balance(case: Case) -> npt.NDArray[np.float64]:
    """VAF of a SNP on either chromosome where given segments unbalance them, else NaN.

    The chromosome with the variant of a segment has its mutated copies, the other one the rest.
    Where purity is unknown the copies say nothing of a VAF.
    """
    balance = np.full((len(case.loci), len(case.tracks), 2), NAN)
    for t, track in enumerate(case.tracks):
        share = case.purity.shares[t]
        if math.isnan(share) or not any(s.timepoint == track.timepoint for s in case.segments):
            continue
        for i, locus in enumerate(case.loci):
            total, mutated = copies_of(case, track.timepoint, locus.allele)
            if mutated != total - mutated:
                balance[i, t] = snp_vafs(share, total, mutated)
    return balance


def _in_cleared_list(alt: Ints, depth: Ints, settings: Settings) -> float:
    """Share of germline among given variants, from those that are homozygous at every time point.

    Few (n r of n loci, r the share of homozygous among germline) say how well the list was cleared:
    mean of a gamma posterior, `germline_prior_given` before. Many say that it was not cleared at
    all.
    """
    deep = (depth >= _HOMOZYGOUS_DEPTH).all(axis=1)
    homozygous = int((deep & (alt > 0.97 * depth).all(axis=1)).sum())
    if homozygous >= max(3, 0.03 * len(alt)):
        return settings.germline_prior
    before = 1 / max(settings.germline_prior_given, 1e-9)
    share = (1 + homozygous) / (before + HOMOZYGOUS_SHARE * int(deep.sum()))
    return min(share, settings.germline_prior)


def _artefact_prior(loci: Sequence[Locus], alt: Ints, depth: Ints) -> npt.NDArray[np.float64]:
    """Given variants were judged before; substitutions beside an indel are often misaligned reads.

    Reads that end in an insertion or deletion are aligned without it and show substitutions there.
    """
    frequent = np.asarray((alt > 0.05 * np.maximum(depth, 1)).any(axis=1))
    indels: dict[str, list[Allele]] = {}
    for locus, often in zip(loci, frequent, strict=True):
        if often and _shifts_reads(locus):
            indels.setdefault(locus.allele.chrom, []).append(locus.allele)
    prior = np.full(len(loci), 0.5)
    for i, locus in enumerate(loci):
        if "given" in locus.sources:
            prior[i] = 0.02
        elif locus.allele.is_substitution:
            near = any(_beside(locus.allele, a) for a in indels.get(locus.allele.chrom, ()))
            prior[i] = 0.98 if near else 0.5
    return prior


def _shifts_reads(locus: Locus) -> bool:
    return not locus.allele.is_substitution and "<" not in locus.allele.alt


def _beside(allele: Allele, indel: Allele) -> bool:
    reach = _INDEL_REACH + max(len(indel.ref), len(indel.alt))
    return indel.pos - reach <= allele.pos < indel.end + reach


def compare(
    case: Case,
    before: int,
    after: int,
    settings: Settings,
    observations: Observations | None = None,
) -> tuple[list[VariantChange], PairSummary]:
    """Classes of all variants between two time points (columns of `case.tracks`).

    `observations` saves to make those of the case again.
    """
    observations = observations or observations_of(case, settings)
    question = question_of(case, before, after, settings)
    posterior = fit(observations, question)
    seen = [_seen(case, observations, column, settings) for column in (before, after)]
    probabilities = statements_of(posterior, seen[0], seen[1])
    pair = (case.tracks[before], case.tracks[after])
    evaluable = np.logical_and.reduce([(t.depth > 0) & t.assayed for t in pair])
    evaluable &= seen[0] | seen[1]
    evaluable &= ~_donor_suspected(case, observations, question)
    evaluable &= ~unsupported(observations, question, probabilities.argmax(axis=1))
    diluted = _diluted(case, observations, question, probabilities, evaluable)
    evaluable &= ~diluted
    labels = label(
        probabilities,
        np.array([_TYPE_GROUPS[locus.allele.kind] for locus in case.loci], dtype=np.int64),
        evaluable,
        np.array([is_driver(case, x) for x in case.loci], dtype=bool),
        control_of(settings),
    )
    rows = _rows(case, question, labels, seen, diluted, change_p_value(observations, question))
    null = null_pair(observations, question, settings) if evaluable.any() else NAN
    return rows, _summary(case, question, rows, null)


def _seen(case: Case, observations: Observations, column: int, settings: Settings) -> Mask:
    """Loci seen at a time point; a VAF without counts must pass the absence limit itself.

    How many fragments are noise depends on the depth, which is not known there.
    """
    track = case.tracks[column]
    shown = present(observations, column, settings.presence_alpha)
    return shown & (~track.assumed | (track.alt >= settings.absence_limit * track.depth))


def _diluted(
    case: Case,
    observations: Observations,
    question: Question,
    probabilities: npt.NDArray[np.float64],
    evaluable: Mask,
) -> Mask:
    """Lost or contracting variants whose fall fewer leukemic cells in the sample would explain.

    Only where nobody knows the shares of leukemic cells; what may be germline says nothing of them.
    """
    columns = [question.before, question.after]
    best = np.where(evaluable, probabilities.argmax(axis=1), -1)
    falling = np.isin(best, [_place(VariantClass.LOST), _place(VariantClass.CONTRACTING)])
    if not np.isnan([case.purity.shares[column] for column in columns]).any():
        return np.zeros(len(best), dtype=bool)
    alt, depth = observations.alt[:, columns], observations.depth[:, columns]
    somatic = (best >= 0) & (best <= _place(VariantClass.STABLE))
    germline = probabilities[:, _place(VariantClass.GERMLINE)] > _PERHAPS_GERMLINE
    somatic &= ~germline | [is_driver(case, locus) for locus in case.loci]
    shared = best[somatic] != _place(VariantClass.ACQUIRED)
    kept = kept_cells(alt[somatic] / depth[somatic], shared & (alt[somatic, 0] > 0))
    explained = explained_by_dilution(alt, depth, kept, question.ratio, question.rho)
    return np.asarray(falling & explained)


def _place(name: VariantClass) -> int:
    return CLASSES.index(name)


def control_of(settings: Settings) -> Control:
    """Limits of label errors from the settings."""
    return Control(
        settings.fdr,
        settings.fdr_change,
        settings.max_label_error,
        settings.max_label_error_absent,
        settings.max_label_error_unchanged,
        settings.max_label_error_driver,
    )


def null_pair(observations: Observations, question: Question, settings: Settings) -> float:
    """Share of loci called acquired when one time point's fragments are split in two.

    Nothing changes between the halves, so every such call is false; depth is halved, so the figure
    errs on the high side. Of very many loci some are taken, evenly spaced.
    """
    step = max(1, -(-len(observations.alt) // _MOST_SPLIT))
    observations = observations.subset(np.arange(0, len(observations.alt), step))
    rng = np.random.default_rng(20)
    alt, depth = (values[:, question.before] for values in (observations.alt, observations.depth))
    first = rng.binomial(depth, 0.5)
    hits = rng.hypergeometric(alt, depth - alt, first)
    halves = dataclasses.replace(
        observations,
        alt=np.stack((hits, alt - hits), axis=1),
        depth=np.stack((first, depth - first), axis=1),
        error=np.stack([observations.error[:, question.before]] * 2, axis=1),
        alt_forward=np.full((len(alt), 2), -1),
    )
    ones = np.ones(len(alt))
    asked = dataclasses.replace(question, before=0, after=1, normal=None, scale=ones)
    seen = [present(halves, column, settings.presence_alpha) for column in (0, 1)]
    given = label(
        statements_of(fit(halves, asked), seen[0], seen[1]),
        np.zeros(len(alt), dtype=np.int64),
        np.asarray((halves.depth > 0).all(axis=1)),
        np.zeros(len(alt), dtype=bool),
        control_of(settings),
    )
    return float((given.labelled & (given.best == 0)).mean()) if len(alt) else NAN


def question_of(case: Case, before: int, after: int, settings: Settings) -> Question:
    """What is asked of the variants between two columns of `case.tracks`."""
    purities = case.purity.shares[before], case.purity.shares[after]
    normal = next((i for i, t in enumerate(case.tracks) if t.timepoint == NORMAL), None)
    limits = [
        absence_limit(settings.absence_limit, settings.absence_share, share) for share in purities
    ]
    scale = [_scale(case, locus.allele, before, after) for locus in case.loci]
    return Question(
        before=before,
        after=after,
        normal=normal,
        limit_before=limits[0],
        limit_after=limits[1],
        scale=np.array(scale, dtype=np.float64),
        ratio=settings.change_ratio,
        rho=case.overdispersion.rho,
        truncal=(expected_vaf(purities[0]), expected_vaf(purities[1])),
        rho_error=case.overdispersion.spread,
    )


def _scale(case: Case, allele: Allele, before: int, after: int) -> float:
    """VAF after over VAF before of a clone that stays as it was."""
    expected = []
    for column in (before, after):
        share = case.purity.shares[column]
        if math.isnan(share):
            return 1.0
        total, mutated = copies_of(case, case.tracks[column].timepoint, allele)
        expected.append(expected_vaf(share, total, mutated))
    return expected[1] / expected[0]


def copies_of(case: Case, timepoint: str, allele: Allele) -> tuple[float, float]:
    """All copies and mutated copies in the leukemic cells: of the given segment, else 2 and 1."""
    for segment in case.segments:
        inside = segment.start <= allele.pos < segment.end
        if segment.timepoint == timepoint and segment.chrom == allele.chrom and inside:
            return segment.total_copies, segment.mutated_copies
    return 2.0, 1.0


def _germline_prior(case: Case, locus: Locus, cleared: float, found: float) -> float:
    """Share of germline among real variants of this sort, before looking at VAFs.

    Hotspots are somatic; protein-altering changes of drivers mostly so, truncating ones nearly all.

    Args:
        cleared, found: the share among given variants, and among those found in the reads.
    """
    if locus.hotspot:
        return 0.002
    prior = cleared if locus.sources == ("given",) else found
    if not _alters_driver(case, locus):
        return prior
    return min(prior, 0.3 if locus.annotation.consequence == "missense_variant" else 0.005)


def is_driver(case: Case, locus: Locus) -> bool:
    """Whether a variant is a hotspot or changes the protein of a driver."""
    return bool(locus.hotspot) or _alters_driver(case, locus)


def _alters_driver(case: Case, locus: Locus) -> bool:
    return locus.annotation.gene in case.drivers and locus.annotation.alters_protein


def _donor_suspected(
    case: Case, observations: Observations, question: Question
) -> npt.NDArray[np.bool_]:
    """New variants after a transplant that are no hotspot and no driver: perhaps the donor's."""
    if case.tracks[question.after].timepoint not in case.transplanted:
        return np.zeros(len(case.loci), dtype=bool)
    new = (observations.alt[:, question.before] <= 2) & (observations.alt[:, question.after] > 2)
    driver = [is_driver(case, x) for x in case.loci]
    return np.asarray(new & ~np.array(driver, dtype=bool))


def _rows(
    case: Case,
    question: Question,
    labels: Labels,
    seen: Sequence[npt.NDArray[np.bool_]],
    diluted: Mask,
    change_p: npt.NDArray[np.float64],
) -> list[VariantChange]:
    rows = []
    noise = _noise(case)
    columns = [
        _Column.of(case, question.before, seen[0], question.limit_before),
        _Column.of(case, question.after, seen[1], question.limit_after),
    ]
    for i, locus in enumerate(case.loci):
        sides = [column.side(i) for column in columns]
        pair = (sides[0], sides[1])
        row = _row(case, question, labels, i, locus, pair, bool(diluted[i]), float(change_p[i]))
        if _worth_reporting(row, locus, sides, float(noise[i])):
            rows.append(row)
    return rows


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


def _row(
    case: Case,
    question: Question,
    labels: Labels,
    i: int,
    locus: Locus,
    sides: tuple[Side, Side],
    diluted: bool,
    change_p: float,
) -> VariantChange:
    before, after = sides
    variant_class = labels.of(i)
    best = CLASSES[labels.best[i]]
    known = all(side.depth for side in sides)
    p = labels.probabilities[i] if known else np.full(len(CLASSES), NAN)
    open_by_depth = variant_class is VariantClass.NOT_EVALUABLE and not diluted
    needed = _depth_needed(case, sides) if open_by_depth else None
    ccf = _leukemic_shares(case, question, locus.allele, sides, variant_class)
    probability = float(p[labels.best[i]])
    return VariantChange(
        patient=case.patient,
        comparison=f"{before.timepoint}>{after.timepoint}",
        chrom=locus.allele.chrom,
        pos=locus.allele.pos + 1,
        ref=locus.allele.ref,
        alt=locus.allele.alt,
        variant_type=locus.allele.kind,
        gene=locus.annotation.gene,
        transcript=locus.annotation.transcript,
        hgvs_c=locus.annotation.hgvs_c,
        hgvs_p=locus.annotation.hgvs_p,
        protein_change=locus.annotation.protein_change,
        consequence=locus.annotation.consequence,
        hotspot=locus.hotspot,
        variant_class=variant_class,
        probability=probability,
        q_value=float(labels.q_value[i]) if labels.labelled[i] else NAN,
        p_acquired=float(p[0]),
        p_lost=float(p[1]),
        p_expanding=float(p[2]),
        p_contracting=float(p[3]),
        p_stable=float(p[4]),
        p_germline=float(p[5]),
        p_artefact=float(p[6]),
        before_alt=before.alt,
        before_depth=before.depth,
        before_vaf=before.vaf,
        before_vaf_low=before.low,
        before_vaf_high=before.high,
        before_present=before.present,
        before_excluded_above=before.excluded_above,
        before_ccf=ccf[0],
        after_alt=after.alt,
        after_depth=after.depth,
        after_vaf=after.vaf,
        after_vaf_low=after.low,
        after_vaf_high=after.high,
        after_present=after.present,
        after_excluded_above=after.excluded_above,
        after_ccf=ccf[1],
        depth_needed=needed,
        reason=reason(
            before,
            after,
            variant_class,
            best,
            probability,
            float(question.scale[i]),
            needed,
            diluted,
        ),
        flags=_flags(case, question, i, locus, sides, variant_class)
        + (("variants_fell_alike",) if diluted else ()),
        change_p_value=change_p,
        clone="",
    )


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


def _summary(
    case: Case, question: Question, rows: Sequence[VariantChange], null: float
) -> PairSummary:
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
