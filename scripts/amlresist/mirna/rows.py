"""Counted libraries of a patient -> rows of the station's tables."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from amlresist.mirna.change import Z95, direction_of, fold_change
from amlresist.mirna.intervals import MAX_MISSING
from amlresist.mirna.library import CountedLibrary, ReadEvidence
from amlresist.mirna.normalise import rpm, tmm_factor
from amlresist.mirna.qc import GOOD
from amlresist.mirna.quantify import Quantities
from amlresist.mirna.records import (
    MirnaChange,
    MirnaCount,
    MirnaHairpin,
    MirnaLength,
    MirnaQc,
)
from amlresist.mirna.reference import Reference
from amlresist.mirna.settings import Settings
from amlresist.sheet import comparisons

Floats = npt.NDArray[np.float64]
NAN = math.nan
TOLD_READS = 10  # telling reads from which a mature's count is shared out among its hairpins


@dataclass(frozen=True)
class PatientMirnas:
    """A patient's libraries on common miRNAs.

    Attributes:
        libraries: in the order of time.
        names: every miRNA of any library and of the review, sorted.
        counts, missing: shape (libraries, miRNAs); NaN where a library does not know the miRNA.
        size_factors: TMM factor of each library against the first evaluable one.
        review: the review's miRNAs among `names`.
        accessions: miRNA -> miRBase accessions.
    """

    patient: str
    libraries: Sequence[CountedLibrary]
    names: tuple[str, ...]
    counts: Floats
    missing: Floats
    size_factors: Floats
    review: frozenset[str]
    accessions: Mapping[str, str]

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """miRNAs with reads in an evaluable library; shape (miRNAs,)."""
        usable = [library.evaluable for library in self.libraries]
        return np.asarray((np.nan_to_num(self.counts[usable]) >= 0.5).any(axis=0))


def gather(
    patient: str,
    libraries: Sequence[CountedLibrary],
    review: Iterable[str],
    reference: Reference | None,
) -> PatientMirnas:
    """Put the libraries side by side and find their size factors."""
    review = frozenset(review)
    names = tuple(sorted(review.union(*(library.names for library in libraries))))
    place = {name: index for index, name in enumerate(names)}
    counts = np.full((len(libraries), len(names)), NAN)
    missing = np.zeros((len(libraries), len(names)))
    for row, library in enumerate(libraries):
        columns = [place[name] for name in library.names]
        counts[row, columns] = library.counts
        missing[row, columns] = library.missing
    accessions = dict(zip(reference.groups, reference.accessions, strict=True)) if reference else {}
    return PatientMirnas(
        patient,
        libraries,
        names,
        counts,
        missing,
        _size_factors(libraries, np.nan_to_num(counts)),
        review,
        accessions,
    )


def _size_factors(libraries: Sequence[CountedLibrary], counts: Floats) -> Floats:
    first = next((row for row, library in enumerate(libraries) if library.evaluable), None)
    return np.array(
        [
            tmm_factor(counts[row], counts[first])
            if first is not None and library.evaluable
            else NAN
            for row, library in enumerate(libraries)
        ]
    )


def count_rows(found: PatientMirnas) -> list[MirnaCount]:
    """Every miRNA with reads, and the review's always; NA where the library is not evaluable."""
    rows = []
    for index, library in enumerate(found.libraries):
        place = {name: k for k, name in enumerate(library.names)}
        counts = np.nan_to_num(found.counts[index])
        plain, robust = rpm(counts), rpm(counts, float(found.size_factors[index]))
        for column, name in enumerate(found.names):
            known = library.evaluable and name in place
            if name in found.review or (known and counts[column] >= 0.5):
                k = place.get(name, -1)
                evidence = library.evidence.quantities if library.evidence and known else None
                rows.append(
                    MirnaCount(
                        patient=found.patient,
                        timepoint=library.library.timepoint,
                        sample=library.library.sample,
                        mirna=name,
                        count=counts[column] if known else NAN,
                        count_low=library.low[k] if known else NAN,
                        count_high=library.high[k] if known else NAN,
                        ambiguous_share=evidence.ambiguous[k] if evidence else NAN,
                        canonical_share=evidence.canonical[k] if evidence else NAN,
                        rpm=plain[column] if known else NAN,
                        tmm_rpm=robust[column] if known else NAN,
                        accession=found.accessions.get(name, ""),
                        in_review=name in found.review,
                        cannot_tell_from=_rivals(library, k) if known else (),
                    )
                )
    return rows


def _rivals(library: CountedLibrary, index: int) -> tuple[str, ...]:
    if library.evidence is None:
        return ()
    rivals = library.evidence.quantities.rivals.get(index, ())
    return tuple(library.names[rival] for rival in rivals)


def change_rows(found: PatientMirnas, settings: Settings) -> list[MirnaChange]:
    """Every miRNA seen and the review's, per comparison of two time points."""
    row_of = {library.library.timepoint: row for row, library in enumerate(found.libraries)}
    return [
        change
        for before, after in comparisons(row_of)
        for change in _comparison(found, row_of[before], row_of[after], settings)
    ]


def _comparison(
    found: PatientMirnas, before: int, after: int, settings: Settings
) -> list[MirnaChange]:
    first, second = found.libraries[before], found.libraries[after]
    x, y = found.counts[before], found.counts[after]
    sizes = np.nansum(found.counts, axis=1) * found.size_factors
    fold = fold_change(
        np.nan_to_num(x),
        np.nan_to_num(y),
        max(float(sizes[before]), 1.0),
        max(float(sizes[after]), 1.0),
        settings.prior_bcv,
        np.minimum(found.missing[before], MAX_MISSING),
        np.minimum(found.missing[after], MAX_MISSING),
    )
    rpm_before = rpm(np.nan_to_num(x), float(found.size_factors[before]))
    rpm_after = rpm(np.nan_to_num(y), float(found.size_factors[after]))
    flags = _pair_flags(first, second)
    rows = []
    for k in np.flatnonzero(found.seen | [name in found.review for name in found.names]):
        obstacle = _obstacle(first, second, float(x[k]), float(y[k]), settings.min_change_count)
        shown = first.evaluable and second.evaluable and not math.isnan(x[k] + y[k])
        direction = "not_evaluable" if obstacle else direction_of(fold.low[k], fold.high[k])
        rows.append(
            MirnaChange(
                patient=found.patient,
                comparison=f"{first.library.timepoint}>{second.library.timepoint}",
                mirna=found.names[k],
                before_count=float(x[k]) if first.evaluable else NAN,
                after_count=float(y[k]) if second.evaluable else NAN,
                before_rpm=rpm_before[k] if shown else NAN,
                after_rpm=rpm_after[k] if shown else NAN,
                log2_fold_change=fold.log2[k] if shown else NAN,
                log2_low=fold.low[k] if shown else NAN,
                log2_high=fold.high[k] if shown else NAN,
                dispersion=settings.prior_bcv,
                dispersion_source="prior (exploratory)",
                direction=direction,
                in_review=found.names[k] in found.review,
                reason=obstacle or _reason(direction, fold.low[k], fold.high[k], settings),
                flags=flags,
            )
        )
    return rows


def _obstacle(
    first: CountedLibrary, second: CountedLibrary, before: float, after: float, minimum: int
) -> str:
    """Why the change cannot be judged; "" when it can."""
    for library in (first, second):
        if not library.evaluable:
            return f"{library.library.sample} is not evaluable: {library.reason}"
    if math.isnan(before) or math.isnan(after):
        return "not in the reference or matrix of both libraries"
    if max(before, after) < minimum:
        return f"fewer than {minimum} reads at both time points: present or absent cannot be told"
    return ""


def _reason(direction: str, low: float, high: float, settings: Settings) -> str:
    where = {"up": "above", "down": "below"}.get(direction, "on both sides of")
    return (
        f"log2 fold change {low:.2f} to {high:.2f} lies {where} 0, with an assumed biological"
        f" variation of {settings.prior_bcv:.0%}: exploratory"
    )


def _pair_flags(first: CountedLibrary, second: CountedLibrary) -> tuple[str, ...]:
    kits = {library.evidence.inserts.adapter.kit for library in (first, second) if library.evidence}
    flags = ["kits_differ"] if len(kits - {"NA"}) > 1 else []
    if (first.evidence is None) != (second.evidence is None):
        flags.append("reads_against_matrix")
    if any(library.verdict != GOOD for library in (first, second)):
        flags.append("poor_library")
    return tuple(flags)


def qc_rows(found: PatientMirnas) -> list[MirnaQc]:
    """One row per library."""
    return [
        _qc_row(found.patient, library, float(factor))
        for library, factor in zip(found.libraries, found.size_factors, strict=True)
    ]


def _qc_row(patient: str, library: CountedLibrary, size_factor: float) -> MirnaQc:
    facts = library.facts
    row = MirnaQc(
        patient=patient,
        timepoint=library.library.timepoint,
        sample=library.library.sample,
        reads=round(facts.assigned),
        adapter="",
        adapter_source="given matrix",
        no_adapter=None,
        too_short=None,
        too_long=None,
        low_quality=None,
        in_window=None,
        share_20_24=facts.share_20_24,
        assigned=round(facts.assigned),
        n_mirnas=int((library.counts >= 10).sum()),
        size_factor=size_factor,
        verdict=library.verdict,
        reason=library.reason,
        foreign_share=facts.foreign_share,
        foreign_species=facts.foreign_species,
    )
    return _with_reads(row, library.evidence) if library.evidence else row


def _with_reads(row: MirnaQc, evidence: ReadEvidence) -> MirnaQc:
    inserts = evidence.inserts
    return replace(
        row,
        reads=inserts.reads,
        adapter=inserts.adapter.sequence,
        adapter_source=inserts.adapter.source,
        kit=inserts.adapter.kit,
        no_adapter=inserts.no_adapter,
        too_short=inserts.too_short,
        too_long=inserts.too_long,
        low_quality=inserts.low_quality,
        in_window=inserts.in_window,
        duplicates=inserts.duplicates,
        error_rate=evidence.quantities.error_rate,
    )


def length_rows(found: PatientMirnas) -> list[MirnaLength]:
    """Insert lengths of the libraries counted from reads."""
    return [
        MirnaLength(found.patient, library.library.timepoint, library.library.sample, length, reads)
        for library in found.libraries
        if library.evidence
        for length, reads in library.evidence.inserts.lengths.items()
    ]


def hairpin_rows(found: PatientMirnas, reference: Reference | None) -> list[MirnaHairpin]:
    """Arms of every hairpin with reads, of evaluable libraries counted from reads."""
    if reference is None:
        return []
    return [
        row
        for library in found.libraries
        if library.evaluable
        for row in _hairpins(found, library, reference)
    ]


def _hairpins(
    found: PatientMirnas, library: CountedLibrary, reference: Reference
) -> list[MirnaHairpin]:
    if library.evidence is None:
        return []
    quantities = library.evidence.quantities
    told = _told_counts(reference, quantities)
    rows = []
    for hairpin, by_arm in sorted(_arms(reference).items()):
        groups = {arm: reference.contexts[c].group for arm, c in by_arm.items()}
        if not any(quantities.counts[group] >= 0.5 for group in groups.values()):
            continue
        ratio = _arm_ratio(
            *(told[by_arm[arm]][0] if arm in by_arm else NAN for arm in ("5p", "3p"))
        )
        for arm in sorted(by_arm, reverse=True):
            count, share = told[by_arm[arm]]
            rows.append(
                MirnaHairpin(
                    patient=found.patient,
                    timepoint=library.library.timepoint,
                    sample=library.library.sample,
                    hairpin=hairpin,
                    arm=arm,
                    mirna=reference.groups[groups[arm]],
                    mirna_count=float(quantities.counts[groups[arm]]),
                    count=count,
                    told_share=share,
                    arm_log2_ratio=ratio[0],
                    arm_low=ratio[1],
                    arm_high=ratio[2],
                )
            )
    return rows


def _arms(reference: Reference) -> dict[str, dict[str, int]]:
    """Hairpin -> arm -> index of the context; the first one where an arm has several matures."""
    arms: dict[str, dict[str, int]] = {}
    for index, context in enumerate(reference.contexts):
        for hairpin in filter(None, context.hairpins):
            middle = context.start + context.length / 2
            arm = "5p" if middle < len(reference.hairpins[hairpin]) / 2 else "3p"
            arms.setdefault(hairpin, {}).setdefault(arm, index)
    return arms


def _told_counts(reference: Reference, quantities: Quantities) -> list[tuple[float, float]]:
    """Per context: (reads of its hairpin, NaN if not told; share of the miRNA's reads that tell).

    The miRNA's count is shared out like its telling reads, when there are at least `TOLD_READS`.
    """
    group_of = [context.group for context in reference.contexts]
    told = np.bincount(group_of, quantities.place_told, len(reference.groups))
    places = np.bincount(
        group_of, [context.place < 0 for context in reference.contexts], len(reference.groups)
    )
    found = []
    for index, context in enumerate(reference.contexts):
        count, telling = float(quantities.counts[context.group]), float(told[context.group])
        if len(context.hairpins) > 1:
            found.append((NAN, 0.0))
        elif places[context.group] == 1:
            found.append((count, 1.0))
        elif telling < TOLD_READS:
            found.append((NAN, telling / max(count, telling, 1e-9)))
        else:
            share = float(quantities.place_told[index]) / telling
            found.append((count * share, telling / max(count, telling)))
    return found


def _arm_ratio(five: float, three: float) -> tuple[float, float, float]:
    """log2 (5p / 3p) with half a read added and its 95 % interval; NaN where an arm is unknown."""
    if math.isnan(five) or math.isnan(three):
        return NAN, NAN, NAN
    ratio = math.log2((five + 0.5) / (three + 0.5))
    half_width = Z95 * math.sqrt(1 / (five + 0.5) + 1 / (three + 0.5)) / math.log(2)
    return ratio, ratio - half_width, ratio + half_width
