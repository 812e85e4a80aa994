"""FLT3-ITD allelic ratio beside NPM1 at each time point; the strata of review and ELN as notes."""

import math

from amlresist.evidence.itd_layer import (
    HIGH,
    LOW,
    NONE,
    library_at,
    ratio_class,
    undetectable,
)
from amlresist.evidence.measurements import PatientTables, single_comparison
from amlresist.evidence.records import Flt3Npm1, Status
from amlresist.evidence.rules import At, Clause, Effect, Layer, Question
from amlresist.evidence.settings import Settings
from amlresist.evidence.variant_layer import PRESENT, sightings_at, weigh_state
from amlresist.flt3_itd.records import ItdLibrary, Verdict
from amlresist.sheet import DIAGNOSIS, NORMAL, timepoint_rank

NOT_ASSESSED = "not_assessed"
MUTATED, WILD_TYPE = "mutated", "wild_type"
DIAGNOSIS_ONLY = "diagnosis_only"
_ASKED = Question.STATE, (PRESENT,), ()
NPM1_MUTATED = Clause(Layer.VARIANTS, ("NPM1",), *_ASKED, at=At.EITHER, effect=Effect.FRAMESHIFT)
# Kinase-domain residues named in the review or known as activating or resistant.
KINASE_RESIDUES = ("N676", "A680", "F691", "D835", "I836", "D839", "N841", "Y842")
KINASE_CHANGED = Clause(Layer.VARIANTS, ("FLT3",), *_ASKED, at=At.EITHER, residues=KINASE_RESIDUES)
# (ratio class, NPM1) -> what the review says (refs 54), ELN 2017, ELN 2022; by these markers alone.
READINGS = {
    (LOW, MUTATED): ("better", "favorable", "intermediate"),
    (HIGH, WILD_TYPE): ("poor", "adverse", "intermediate"),
    (LOW, WILD_TYPE): ("open", "intermediate", "intermediate"),
    (HIGH, MUTATED): ("open", "intermediate", "intermediate"),
    (NONE, MUTATED): ("no_itd", "favorable", "favorable"),
    (NONE, WILD_TYPE): ("no_itd", "", ""),
}
RATIO_NOTE = (
    "The ratio counts sequenced fragments. The ratio behind the 0.5 cut-off was made of"
    " fragment-analysis peak areas, so values near 0.5 may fall on the other side."
)
ELN_NOTE = (
    "ELN 2017 uses the allelic ratio, ELN 2022 does not. Both groups hold for these two markers"
    " alone, and cytogenetics or other mutations can change them."
)
OPEN_NOTE = "The review says nothing about this combination."
DIAGNOSIS_NOTE = "The strata were made at diagnosis. At relapse they are not defined."


def flt3_npm1_rows(tables: PatientTables, settings: Settings) -> list[Flt3Npm1]:
    """One row per time point with an ITD verdict or a variant comparison, in the order of time."""
    points = {row.timepoint for row in tables.itd_libraries or ()}
    points |= {p for row in tables.variants or () for p in row.comparison.split(">")}
    return [
        _row(tables, point, settings) for point in sorted(points - {NORMAL}, key=timepoint_rank)
    ]


def _row(tables: PatientTables, timepoint: str, settings: Settings) -> Flt3Npm1:
    library = library_at(tables, timepoint)
    itd, ratio = _itd_state(library, settings)
    npm1, change, vaf = _npm1(tables, timepoint, settings)
    at_diagnosis = timepoint == DIAGNOSIS
    review, eln_2017, eln_2022 = READINGS.get((ratio, npm1), (NOT_ASSESSED, "", ""))
    return Flt3Npm1(
        patient=tables.patient,
        timepoint=timepoint,
        itd=itd,
        itd_assay=library.assay if library and itd != NOT_ASSESSED else "",
        allelic_ratio=_ratio(library, "total_allelic_ratio"),
        allelic_ratio_low=_ratio(library, "allelic_ratio_low"),
        allelic_ratio_high=_ratio(library, "allelic_ratio_high"),
        no_wild_type=bool(library and itd == PRESENT and library.no_wild_type),
        ratio_class=ratio,
        ratio_class_sure=_is_sure(library, ratio, settings.allelic_ratio_cut),
        npm1=npm1,
        npm1_change=change,
        npm1_vaf=vaf,
        stratum=_stratum(ratio, npm1),
        review_reading=review if at_diagnosis else DIAGNOSIS_ONLY,
        eln_2017=eln_2017 if at_diagnosis else "",
        eln_2022=eln_2022 if at_diagnosis else "",
        kinase_changes=_kinase_changes(tables, timepoint),
        notes=_notes(ratio, review, at_diagnosis),
    )


def _itd_state(library: ItdLibrary | None, settings: Settings) -> tuple[str, str]:
    """(`present`, `absent` or `not_assessed`; ratio class)."""
    if library is None or undetectable(library, settings):
        return NOT_ASSESSED, NOT_ASSESSED
    if library.verdict is Verdict.NO_ITD:
        return "absent", NONE
    return PRESENT, ratio_class(library, settings.allelic_ratio_cut) or NOT_ASSESSED


def _npm1(tables: PatientTables, timepoint: str, settings: Settings) -> tuple[str, str, float]:
    """(`mutated`, `wild_type` or `not_assessed`; protein change; VAF)."""
    found = weigh_state(NPM1_MUTATED, tables, single_comparison(timepoint), settings)
    if found.status is Status.NOT_ASSESSED:
        return NOT_ASSESSED, "", math.nan
    if found.status is Status.NOT_OBSERVED:
        return WILD_TYPE, "", math.nan
    seen = [s for s in sightings_at(NPM1_MUTATED, tables, timepoint) if s.present]
    strongest = max(seen, key=lambda sighting: (sighting.vaf, sighting.row.protein_change))
    return MUTATED, strongest.row.protein_change or strongest.row.hgvs_c, strongest.vaf


def _kinase_changes(tables: PatientTables, timepoint: str) -> tuple[str, ...]:
    return tuple(
        f"{s.row.protein_change} VAF {s.vaf:.3f}"
        for s in sightings_at(KINASE_CHANGED, tables, timepoint)
        if s.present
    )


def _ratio(library: ItdLibrary | None, name: str) -> float:
    usable = library is not None and library.verdict is Verdict.ITD and library.assay == "dna"
    return float(getattr(library, name)) if usable else math.nan


def _is_sure(library: ItdLibrary | None, ratio: str, cut: float) -> bool | None:
    if library is None or ratio not in {LOW, HIGH}:
        return None
    if library.no_wild_type:
        return bool(library.allelic_ratio_low >= cut)
    return not library.allelic_ratio_low < cut <= library.allelic_ratio_high


def _stratum(ratio: str, npm1: str) -> str:
    itd = {
        LOW: "FLT3-ITD with AR below 0.5",
        HIGH: "FLT3-ITD with AR of 0.5 or more",
        NONE: "no FLT3-ITD",
    }.get(ratio, "FLT3-ITD not assessed")
    return f"{itd}, NPM1 {npm1.replace('_', ' ')}"


def _notes(ratio: str, review: str, at_diagnosis: bool) -> tuple[str, ...]:
    notes = [OPEN_NOTE] if review == "open" and at_diagnosis else []
    notes += [RATIO_NOTE] if ratio in {LOW, HIGH} else []
    notes += [ELN_NOTE] if at_diagnosis else [DIAGNOSIS_NOTE]
    return tuple(notes)
