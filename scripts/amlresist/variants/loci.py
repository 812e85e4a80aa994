"""A patient's variants and libraries, and what was learned from them."""

from collections.abc import Sequence
from dataclasses import dataclass

from amlresist.variants.alleles import Allele
from amlresist.variants.consequence import Annotation
from amlresist.variants.overdispersion import Overdispersion
from amlresist.variants.purity import Purity, Segment
from amlresist.variants.tracks import Track

_Base = tuple[str, int, str]  # contig, position, alternative base


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


def copies_of(case: Case, timepoint: str, allele: Allele) -> tuple[float, float]:
    """All copies and mutated copies in the leukemic cells: of the given segment, else 2 and 1."""
    for segment in case.segments:
        inside = segment.start <= allele.pos < segment.end
        if segment.timepoint == timepoint and segment.chrom == allele.chrom and inside:
            return segment.total_copies, segment.mutated_copies
    return 2.0, 1.0


def is_driver(case: Case, locus: Locus) -> bool:
    """Whether a variant is a hotspot or changes the protein of a driver."""
    return bool(locus.hotspot) or alters_driver(case, locus)


def alters_driver(case: Case, locus: Locus) -> bool:
    """Whether the protein of a gene recurrently mutated in AML changes."""
    return locus.annotation.gene in case.drivers and locus.annotation.alters_protein


def wholes(loci: Sequence[Locus]) -> dict[int, Allele]:
    """Index of a substitution -> MNV of the same list that makes all of its changes and more.

    The first in order where several do.
    """
    making: dict[_Base, list[Allele]] = {}
    for locus in loci:
        if locus.allele.kind == "mnv":
            for base in _bases(locus.allele):
                making.setdefault(base, []).append(locus.allele)
    found = {}
    for i, locus in enumerate(loci):
        bases = _bases(locus.allele) if making and locus.allele.is_substitution else frozenset()
        holding = [m for base in bases for m in making.get(base, ()) if bases < _bases(m)]
        if holding:
            found[i] = min(holding)
    return found


def _bases(allele: Allele) -> frozenset[_Base]:
    """Bases that a substitution changes."""
    pairs = enumerate(zip(allele.ref.upper(), allele.alt.upper(), strict=True), start=allele.pos)
    return frozenset((allele.chrom, place, alt) for place, (ref, alt) in pairs if ref != alt)
