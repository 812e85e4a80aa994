"""Clauses about variants: what changed, what is present, and whether it could have been seen."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amlresist.alignment_qc.records import GeneCoverage
from amlresist.evidence.finding import Finding, judge, not_assessed
from amlresist.evidence.measurements import DNA, Comparison, PatientTables
from amlresist.evidence.records import Status
from amlresist.evidence.rules import ANY_GENE, At, Clause, Effect
from amlresist.evidence.settings import Settings
from amlresist.evidence.variant_effects import is_meant, name_of
from amlresist.sheet import DIAGNOSIS
from amlresist.variants.records import VariantChange, VariantClass

TABLE = "variants/variants.tsv"
PRESENT, ABSENT = "present", "absent"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A variant at one time point; `present` is None where the reads cannot say."""

    row: VariantChange
    present: bool | None
    vaf: float
    low: float
    high: float


def weigh_change(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """Answer `variants ... change=`."""
    if reason := cannot_compare(tables, comparison):
        return not_assessed(reason, TABLE)
    rows = _meant(tables.variants or (), clause, comparison.name)
    supporting = [row for row in rows if row.variant_class in clause.expects]
    opposing = [row for row in rows if row.variant_class in clause.against]
    if supporting or opposing:
        status = Status.SUPPORTED if supporting else Status.CONTRADICTED
        against = opposing if supporting else []
        return _change_finding(status, supporting or opposing, against)
    unclear = [row for row in rows if row.variant_class is VariantClass.NOT_EVALUABLE]
    if unclear:
        first = _surest(unclear)
        return not_assessed(f"{name_of(first)} cannot be told: {first.reason}", TABLE)
    if clause.unseen_is_unassessed:
        return not_assessed(f"no such variant in {_genes(clause)}; other forms not measured", TABLE)
    if reason := _not_covered(clause, tables, (comparison.before, comparison.after), settings):
        return not_assessed(reason, TABLE)
    return _nothing_expected(clause, rows)


def weigh_state(
    clause: Clause, tables: PatientTables, comparison: Comparison, settings: Settings
) -> Finding:
    """Answer `variants ... state=`."""
    if tables.variants is None:
        return not_assessed("no variants were looked for", TABLE)
    timepoints = timepoints_of(clause.at, comparison)
    if not timepoints:
        return not_assessed(f"no library {clause.at}", TABLE)
    sightings = [s for point in timepoints for s in sightings_at(clause, tables, point)]
    seen = [sighting for sighting in sightings if sighting.present]
    if seen:
        strongest = max(seen, key=lambda s: (s.vaf if not math.isnan(s.vaf) else -1, _place(s.row)))
        return _presence_finding(clause, strongest)
    if reason := _absence_unproven(clause, tables, timepoints, sightings, settings):
        return not_assessed(reason, TABLE)
    status = judge([ABSENT], clause.expects, clause.against)
    where = " and ".join(timepoints)
    return Finding(
        status, f"no such variant in {_genes(clause)} at {where}", direction=ABSENT, table=TABLE
    )


def _absence_unproven(
    clause: Clause,
    tables: PatientTables,
    timepoints: Sequence[str],
    sightings: Sequence[Sighting],
    settings: Settings,
) -> str:
    """Why seeing no such variant proves nothing, "" when there is none."""
    called = _timepoints_called(tables)
    if unread := [point for point in timepoints if point not in called]:
        return f"no variants were looked for at {unread[0]}"
    unclear = next((sighting for sighting in sightings if sighting.present is None), None)
    if unclear:
        return f"{name_of(unclear.row)} cannot be told: {unclear.row.reason}"
    return _not_covered(clause, tables, timepoints, settings)


def timepoints_of(at: At, comparison: Comparison) -> tuple[str, ...]:
    """Time points a `state` or `level` clause asks about; empty when there is none."""
    asked = {
        At.BEFORE: (comparison.before,),
        At.AFTER: (comparison.after,),
        At.EITHER: (comparison.before, comparison.after),
        At.DIAGNOSIS: (DIAGNOSIS,),
    }[at]
    return tuple(point for point in asked if point)


def sightings_at(clause: Clause, tables: PatientTables, timepoint: str) -> list[Sighting]:
    """Variants the clause means, as they were at one time point, each once."""
    found: dict[tuple[str, int, str, str], Sighting] = {}
    for row in tables.variants or ():
        before, _, after = row.comparison.partition(">")
        if timepoint not in {before, after} or not is_meant(row, clause):
            continue
        sighting = _before(row) if timepoint == before else _after(row)
        earlier = found.get(_place(row))
        if earlier is None or earlier.present is None:
            found[_place(row)] = sighting
    return [found[place] for place in sorted(found)]


def covered_genes(tables: PatientTables, timepoint: str, settings: Settings) -> set[str]:
    """Genes readable at a time point, so that seeing no variant means there is none."""
    return {
        row.gene
        for row in _coverage_at(tables, timepoint)
        if row.share_at_minimum >= settings.covered_share
    }


def cannot_compare(tables: PatientTables, comparison: Comparison) -> str:
    """Why the variants of a comparison say nothing, "" when they do."""
    if tables.variants is None:
        return "no variants were looked for"
    if not comparison.is_pair:
        return "only one time point"
    compared = {row.comparison for row in tables.variants}
    compared |= {row.comparison for row in tables.variant_summary or ()}
    if comparison.name not in compared:
        return f"no DNA of both {comparison.before} and {comparison.after}"
    return tables.mismatch(DNA, comparison.before, comparison.after)


def _timepoints_called(tables: PatientTables) -> set[str]:
    """Time points that a row of the variants station names."""
    named = {row.comparison for row in tables.variants or ()}
    named |= {row.comparison for row in tables.variant_summary or ()}
    return {point for name in named for point in name.split(">")}


def _before(row: VariantChange) -> Sighting:
    return Sighting(
        row, row.before_present, row.before_vaf, row.before_vaf_low, row.before_vaf_high
    )


def _after(row: VariantChange) -> Sighting:
    return Sighting(row, row.after_present, row.after_vaf, row.after_vaf_low, row.after_vaf_high)


def _meant(rows: Iterable[VariantChange], clause: Clause, comparison: str) -> list[VariantChange]:
    meant = [row for row in rows if row.comparison == comparison and is_meant(row, clause)]
    return sorted(meant, key=_place)


def _place(row: VariantChange) -> tuple[str, int, str, str]:
    return (row.chrom, row.pos, row.ref, row.alt)


def _surest(rows: Sequence[VariantChange]) -> VariantChange:
    def strength(row: VariantChange) -> tuple[float, float]:
        change = abs(row.after_vaf - row.before_vaf)
        return (
            -1 if math.isnan(row.probability) else row.probability,
            -1 if math.isnan(change) else change,
        )

    return max(rows, key=strength)


def _change_finding(
    status: Status, rows: Sequence[VariantChange], against: Sequence[VariantChange]
) -> Finding:
    row = _surest(rows)
    others = len(rows) - 1
    more = f" (and {others} more)" if others else ""
    is_lost = row.variant_class is VariantClass.LOST
    side = _before(row) if is_lost else _after(row)
    return Finding(
        status=status,
        reason=f"{name_of(row)} {row.variant_class.replace('_', ' ')}{more}",
        value=side.vaf,
        low=side.low,
        high=side.high,
        meaning="VAF before" if is_lost else "VAF after",
        direction=row.variant_class.value,
        table=TABLE,
        key=_key(row),
        against=tuple(f"{name_of(other)} {other.variant_class}" for other in against),
    )


def _presence_finding(clause: Clause, sighting: Sighting) -> Finding:
    return Finding(
        status=judge([PRESENT], clause.expects, clause.against),
        reason=f"{name_of(sighting.row)} is present",
        value=sighting.vaf,
        low=sighting.low,
        high=sighting.high,
        meaning="VAF",
        direction=PRESENT,
        table=TABLE,
        key=_key(sighting.row),
    )


def _nothing_expected(clause: Clause, rows: Sequence[VariantChange]) -> Finding:
    if not rows:
        return Finding(
            Status.NOT_OBSERVED, f"no such variant in {_genes(clause)}, covered", table=TABLE
        )
    row = _surest(rows)
    return Finding(
        Status.NOT_OBSERVED,
        f"{name_of(row)} {row.variant_class}",
        value=row.after_vaf,
        low=row.after_vaf_low,
        high=row.after_vaf_high,
        meaning="VAF after",
        direction=row.variant_class.value,
        table=TABLE,
        key=_key(row),
    )


def _not_covered(
    clause: Clause, tables: PatientTables, timepoints: Sequence[str], settings: Settings
) -> str:
    """Why seeing nothing proves nothing, "" when every gene asked about was readable."""
    if clause.names == (ANY_GENE,):
        return _nothing_readable(tables)
    gaps = [
        gap
        for point in timepoints
        for gene in clause.names
        if (gap := _gap(gene, point, tables, settings))
        and not _hotspots_excluded(clause, gene, point, tables, settings)
    ]
    return "; ".join(dict.fromkeys(gaps))


def _nothing_readable(tables: PatientTables) -> str:
    readable = any(r.variant_class is not VariantClass.NOT_EVALUABLE for r in tables.variants or ())
    return "" if readable else "no variant could be compared"


def _gap(gene: str, timepoint: str, tables: PatientTables, settings: Settings) -> str:
    shares = [r.share_at_minimum for r in _coverage_at(tables, timepoint) if r.gene == gene]
    if not shares:
        return f"whether {gene} was readable at {timepoint} is not known"
    if not max(shares) >= settings.covered_share:
        return f"only {max(shares):.0%} of {gene} was deep enough at {timepoint}"
    return ""


def _hotspots_excluded(
    clause: Clause, gene: str, timepoint: str, tables: PatientTables, settings: Settings
) -> bool:
    """Whether every change the clause means was looked at there, not seen, and excluded.

    A clause about frameshifts that names no residue means the gene's curated frameshifts: NPM1's
    lie in one codon, so its other exons need not be read.
    """
    rows = [r for r in tables.hotspots or () if (r.timepoint, r.gene) == (timepoint, gene)]
    asked = {*clause.proteins, *clause.residues}
    if not asked and clause.effect is Effect.FRAMESHIFT:
        asked = {r.protein_change for r in rows if "fs" in r.protein_change}
    meant = [r for r in rows if r.protein_change in asked or r.hotspot.split()[-1] in asked]
    looked_at = {name for r in meant for name in (r.protein_change, r.hotspot.split()[-1])}
    return (
        bool(asked)
        and asked <= looked_at
        and all(r.seen is False and r.excluded_above <= settings.hotspot_limit for r in meant)
    )


def _coverage_at(tables: PatientTables, timepoint: str) -> list[GeneCoverage]:
    dna = tables.dna_samples()
    return [
        row
        for row in tables.gene_coverage or ()
        if row.timepoint == timepoint and (dna is None or row.sample in dna)
    ]


def _genes(clause: Clause) -> str:
    detail = [*clause.proteins, *clause.residues]
    return " ".join(["/".join(clause.names), *(["/".join(detail)] if detail else [])])


def _key(row: VariantChange) -> str:
    return f"{row.comparison} {row.chrom}:{row.pos} {row.ref}>{row.alt}"
