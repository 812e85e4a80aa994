"""What was seen in each sample: the somatic variants and ITDs that are present at a time point."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlresist.flt3_itd.records import ItdClone
from amlresist.report.labels import is_pair, is_somatic
from amlresist.report.wording import ends
from amlresist.sheet import Assay, timepoint_rank
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange, VariantClass


@dataclass(frozen=True, slots=True)
class Seen:
    """A somatic variant at a time point where it is present.

    Attributes:
        variant: its row of the first comparison with that time point.
        timepoint: where it was seen.
        alt, depth: fragments; None where only a listing was given.
        vaf, ccf: as in the variants table, NaN where not known.
        changes: (comparison, class, probability) of every comparison with that time point.
    """

    variant: VariantChange
    timepoint: str
    alt: int | None
    depth: int | None
    vaf: float
    ccf: float
    changes: tuple[tuple[str, VariantClass, float], ...]


def sample_name(patient: str, timepoint: str) -> str:
    """Name of a sample in the exports: one per patient and time point, whatever was assayed."""
    return f"{patient}_{timepoint}"


def seen_variants(rows: Iterable[VariantChange]) -> list[Seen]:
    """Somatic variants by time point and place; one that is only not excluded is not among them."""
    found: dict[tuple[object, ...], Seen] = {}
    for row in filter(is_somatic, rows):
        for side in _sides(row):
            key = (timepoint_rank(side.timepoint), row.chrom, row.pos, row.ref, row.alt)
            earlier = found.get(key)
            found[key] = side if earlier is None else _joined(earlier, side)
    return [found[key] for key in sorted(found)]


def _sides(row: VariantChange) -> Iterator[Seen]:
    before, after = ends(row.comparison)
    change = ((row.comparison, row.variant_class, row.probability),)
    if row.before_present:
        counts = (row.before_alt, row.before_depth, row.before_vaf, row.before_ccf)
        yield Seen(row, before, *counts, change)
    if is_pair(row.comparison) and row.after_present:
        counts = (row.after_alt, row.after_depth, row.after_vaf, row.after_ccf)
        yield Seen(row, after, *counts, change)


def _joined(one: Seen, other: Seen) -> Seen:
    changes = (*one.changes, *other.changes)
    counts = (one.alt, one.depth, one.vaf, one.ccf)
    return Seen(one.variant, one.timepoint, *counts, changes)


def further_itds(clones: Iterable[ItdClone], variants: Sequence[Seen]) -> list[ItdClone]:
    """ITDs seen in DNA that are not among the variants of their time point already."""
    listed = {(seen.timepoint, seen.variant.gene, seen.variant.hgvs_c) for seen in variants}
    own = [
        clone
        for clone in clones
        if clone.assay == Assay.DNA
        and clone.itd_fragments > 0
        and (clone.timepoint, "FLT3", clone.hgvs_c) not in listed
    ]
    return sorted(own, key=lambda clone: (timepoint_rank(clone.timepoint), clone.clone))


@dataclass(frozen=True, slots=True)
class PatientFindings:
    """Everything that is exported of one patient's variants; empty where a station did not run.

    Attributes:
        sequenced: time points with DNA.
    """

    patient: str
    sequenced: tuple[str, ...]
    variants: tuple[Seen, ...]
    itds: tuple[ItdClone, ...]


def read_findings(folder: Path, patient: str) -> PatientFindings:
    """Findings of one patient from `results/{patient}`."""
    table = folder / "variants" / "variants.tsv"
    rows = read_table(table, VariantChange) if table.is_file() else []
    clones_table = folder / "flt3_itd" / "flt3_itd_clones.tsv"
    clones = read_table(clones_table, ItdClone) if clones_table.is_file() else []
    variants = seen_variants(rows)
    itds = further_itds(clones, variants)
    times = {name for row in rows for name in ends(row.comparison)}
    times |= {clone.timepoint for clone in clones if clone.assay == Assay.DNA}
    sequenced = tuple(sorted(times, key=timepoint_rank))
    return PatientFindings(patient, sequenced, tuple(variants), tuple(itds))
