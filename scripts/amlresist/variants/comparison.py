"""One pair of time points: from counts to classes, with everything they rest on."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from amlresist.variants.alleles import Allele
from amlresist.variants.change_rows import Verdict, change_rows, pair_summary
from amlresist.variants.classes import CLASSES, Control, change_p_value, label, present
from amlresist.variants.classes import statements as statements_of
from amlresist.variants.dilution import explained_by_dilution, kept_cells
from amlresist.variants.heterozygosity import loh_shares
from amlresist.variants.loci import Case, Locus, alters_driver, copies_of, is_driver
from amlresist.variants.model import HOMOZYGOUS_SHARE, Mask, Observations, Question, fit
from amlresist.variants.purity import absence_limit, expected_vaf, snp_vafs
from amlresist.variants.read_columns import Ints
from amlresist.variants.records import PairSummary, VariantChange, VariantClass
from amlresist.variants.settings import Settings
from amlresist.variants.support import unsupported

NAN = math.nan
NORMAL = "normal"
_HOMOZYGOUS_DEPTH = 10
_INDEL_REACH = 10  # bases beside an indel in which misaligned read ends show substitutions
_MOST_SPLIT = 10_000  # loci of the null pair; more would only cost time
_PERHAPS_GERMLINE = 0.01  # posterior; as of a SNP in a list said to be cleared of them
_TYPE_GROUPS = {"snv": 0, "unknown": 0, "mnv": 1, "insertion": 2, "deletion": 2, "complex": 2}


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
    seen = (
        _seen(case, observations, before, settings),
        _seen(case, observations, after, settings),
    )
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
    change_p = change_p_value(observations, question)
    rows = change_rows(case, Verdict(question, labels, seen, diluted, change_p))
    null = null_pair(observations, question, settings) if evaluable.any() else NAN
    return rows, pair_summary(case, question, rows, null)


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
        balance=np.stack([observations.balance[:, question.before]] * 2, axis=1),
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


def _germline_prior(case: Case, locus: Locus, cleared: float, found: float) -> float:
    """Share of germline among real variants of this sort, before looking at VAFs.

    Hotspots are somatic; protein-altering changes of drivers mostly so, truncating ones nearly all.

    Args:
        cleared, found: the share among given variants, and among those found in the reads.
    """
    if locus.hotspot:
        return 0.002
    prior = cleared if locus.sources == ("given",) else found
    if not alters_driver(case, locus):
        return prior
    return min(prior, 0.3 if locus.annotation.consequence == "missense_variant" else 0.005)


def _donor_suspected(
    case: Case, observations: Observations, question: Question
) -> npt.NDArray[np.bool_]:
    """New variants after a transplant that are no hotspot and no driver: perhaps the donor's."""
    if case.tracks[question.after].timepoint not in case.transplanted:
        return np.zeros(len(case.loci), dtype=bool)
    new = (observations.alt[:, question.before] <= 2) & (observations.alt[:, question.after] > 2)
    driver = [is_driver(case, x) for x in case.loci]
    return np.asarray(new & ~np.array(driver, dtype=bool))
