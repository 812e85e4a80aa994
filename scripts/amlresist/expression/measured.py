"""What a library measured, gene by gene, and how identifiers become genes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from amlresist.expression.genes import GeneNames, NameStatus

Floats = NDArray[np.float64]
UNMAPPED = frozenset({NameStatus.UNKNOWN, NameStatus.AMBIGUOUS, NameStatus.DATE_LIKE})


class Scale(StrEnum):
    """Scale of an expression value."""

    COUNTS = "counts"
    TPM = "tpm"
    LOG2 = "log2"
    INTENSITY = "intensity"


# Microarray intensities below about this are noise around a background that was subtracted
# (the floor of Golub et al. 1999, Science 286:531).
INTENSITY_FLOOR = 20.0


class Unit(StrEnum):
    """Unit of an abundance."""

    TPM = "tpm"
    CPM = "cpm"
    LOG2 = "log2"


@dataclass(frozen=True)
class Measured:
    """Expression of one library.

    Attributes:
        genes: symbols, sorted.
        abundance: per gene, in `unit`.
        counts: fragments per gene, None where the input has none.
        unit: unit of `abundance`.
    """

    genes: tuple[str, ...]
    abundance: Floats
    counts: Floats | None
    unit: Unit

    @property
    def usable(self) -> bool:
        """Whether anything was counted."""
        return bool(self.genes) and bool(np.any(self.abundance != 0))

    def log2(self, offset: float = 1.0) -> Floats:
        """log2(abundance + offset); log values as given."""
        return self.abundance if self.unit is Unit.LOG2 else np.log2(self.abundance + offset)


@dataclass(frozen=True, slots=True)
class NameRemark:
    """An identifier that was not simply one known gene."""

    identifier: str
    status: str
    gene: str
    note: str


@dataclass(frozen=True)
class GeneRows:
    """Which rows of an input make up which gene.

    Attributes:
        genes: symbols, sorted.
        rows: per gene, the row numbers that are combined.
        remarks: identifiers that were not simply one known gene, sorted.
    """

    genes: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    remarks: tuple[NameRemark, ...]

    @property
    def n_unmapped(self) -> int:
        """Identifiers that name no known gene."""
        return sum(remark.status in UNMAPPED for remark in self.remarks)


def group_rows(identifiers: Sequence[str], names: GeneNames, *, merge_remarks: bool) -> GeneRows:
    """Assign each row to a gene.

    A row named by an alias is left out when its gene is there under its own name: which of the two
    is right cannot be told, and adding them may count a gene twice.
    """
    resolved = [names.resolve(identifier) for identifier in identifiers]
    own = {name.gene for name in resolved if name.status is NameStatus.KNOWN}
    rows: dict[str, list[int]] = defaultdict(list)
    remarks = set()
    for number, (identifier, name) in enumerate(zip(identifiers, resolved, strict=True)):
        if name.status is NameStatus.ALIAS and name.gene in own:
            note = f"{name.gene} is there under its own name; this row was left out"
            remarks.add(NameRemark(identifier, "alias_not_added", name.gene, note))
            continue
        rows[name.gene].append(number)
        if name.status not in {NameStatus.KNOWN, NameStatus.ALIAS}:
            remarks.add(NameRemark(identifier, name.status, "", name.note))
    if merge_remarks:
        remarks.update(_merge_remarks(identifiers, rows))
    genes = tuple(sorted(rows))
    ordered = tuple(sorted(remarks, key=lambda r: (r.status, r.identifier, r.gene)))
    return GeneRows(genes, tuple(tuple(rows[gene]) for gene in genes), ordered)


def combine_rows(values: Floats, groups: GeneRows, scale: Scale) -> Floats:
    """One value per gene: counts and TPM are summed, log values and intensities averaged.

    Args:
        values: per input row, last axis rows.
    """
    if all(len(rows) == 1 for rows in groups.rows):
        return values[..., [rows[0] for rows in groups.rows]]
    order = np.concatenate([np.asarray(rows) for rows in groups.rows])
    sizes = np.array([len(rows) for rows in groups.rows])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sums: Floats = np.add.reduceat(values[..., order], starts, axis=-1)
    return sums / sizes if scale in {Scale.LOG2, Scale.INTENSITY} else sums


def from_counts(genes: tuple[str, ...], counts: Floats) -> Measured:
    """Counts without gene lengths: abundance is counts per million."""
    total = counts.sum()
    cpm = counts / total * 1e6 if total > 0 else counts
    return Measured(genes, cpm, counts, Unit.CPM)


def from_matrix(values: Floats, groups: GeneRows, scale: Scale) -> Measured:
    """A matrix column, one value per input row, as expression of genes."""
    combined = combine_rows(values, groups, scale)
    if scale is Scale.COUNTS:
        return from_counts(groups.genes, combined)
    if scale is Scale.INTENSITY:
        return Measured(
            groups.genes, np.log2(np.maximum(combined, INTENSITY_FLOOR)), None, Unit.LOG2
        )
    unit = Unit.LOG2 if scale is Scale.LOG2 else Unit.TPM
    return Measured(groups.genes, combined, None, unit)


def percentiles(measured: Measured, threshold: float) -> Floats:
    """Share (0-100) of the expressed genes with at most this abundance; 0 when not expressed.

    Args:
        threshold: a gene is expressed at or above it (TPM or CPM); every gene of a log2 input
            counts as expressed, since its zero is not known.
    """
    if measured.unit is Unit.LOG2:
        expressed = np.ones(len(measured.genes), dtype=bool)
    else:
        expressed = measured.abundance >= threshold
    ordered = np.sort(measured.abundance[expressed])
    if not ordered.size:
        return np.zeros(len(measured.genes))
    below = np.searchsorted(ordered, measured.abundance, side="right")
    return np.where(expressed, 100.0 * below / ordered.size, 0.0)


def _merge_remarks(identifiers: Sequence[str], rows: dict[str, list[int]]) -> list[NameRemark]:
    return [
        NameRemark(identifiers[number], "merged", gene, f"{len(members)} rows of one gene combined")
        for gene, members in rows.items()
        if len(members) > 1
        for number in members
    ]
