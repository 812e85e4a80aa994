"""The call of a library, and of all libraries of a patient together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.flt3_itd.alleles import Allele, Structure, normalise, rightmost, structure
from amlresist.flt3_itd.detection import detection_limit, limit_of_blank
from amlresist.flt3_itd.discovery import Candidates
from amlresist.flt3_itd.evidence import Evidence, haplotypes
from amlresist.flt3_itd.library import Reads, StartPile, primer_spans
from amlresist.flt3_itd.locus import Locus
from amlresist.flt3_itd.quantify import (
    Counts,
    Interval,
    count_fragments,
    has_copies,
    ratio_interval,
    share_interval,
    shares,
    support,
)
from amlresist.flt3_itd.settings import Settings

_WILD_TYPE_ERROR = 2e-4  # share of ITD fragments that look wild type by PCR recombination
_SUPPORT_READS = 2


@dataclass(frozen=True)
class CloneCall:
    """One allele in one library.

    Attributes:
        allele: on the library's locus.
        de_novo: found in this library's own reads, not only looked up.
        present: more fragments than background explains.
        is_tandem: an ITD rather than another insertion.
        vaf, ratio: estimate with interval; the ratio is infinite without wild type.
        itd, wild_type: fragments, start-position corrected.
        vaf_left, vaf_right: one-sided estimates from A|D and D|B.
        flags: warnings.
    """

    allele: Allele
    de_novo: bool
    present: bool
    is_tandem: bool
    vaf: Interval
    ratio: Interval
    itd: float
    wild_type: float
    vaf_left: float
    vaf_right: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class LibraryCall:
    """What a library says.

    Attributes:
        reads: the library.
        clones: alleles present or looked up, most frequent first.
        total_vaf, total_ratio: all ITDs together.
        no_wild_type: not a wild-type fragment beyond background.
        depth: fragments across a breakpoint, mean over the juxtamembrane exon.
        limit: detection limit, VAF.
        amplicon: fragments begin at primers.
        evidence: gathered fragments.
        flags: warnings.
    """

    reads: Reads
    clones: tuple[CloneCall, ...]
    total_vaf: Interval
    total_ratio: Interval
    no_wild_type: bool
    depth: int
    limit: float
    amplicon: bool
    evidence: Evidence
    flags: tuple[str, ...]

    @property
    def found(self) -> list[CloneCall]:
        """ITDs present."""
        return [clone for clone in self.clones if clone.present and clone.is_tandem]


@dataclass(frozen=True)
class Survey:
    """First pass over a library: candidates and how it was made."""

    reads: Reads
    candidates: list[tuple[Allele, int]]
    amplicon: bool
    fragments: int
    primers: list[tuple[int, int]]
    least: int  # reads a candidate needs


def call_libraries(libraries: Sequence[Reads], settings: Settings) -> list[LibraryCall]:
    """Find ITDs in each library, then count every clone of the patient in all of them."""
    surveys = [survey(reads, settings) for reads in libraries]
    gathered = [
        gather(item, [allele for allele, _ in item.candidates], settings) for item in surveys
    ]
    own = [
        _accepted(item, evidence, settings)
        for item, evidence in zip(surveys, gathered, strict=True)
    ]
    calls = []
    for number, item in enumerate(surveys):
        others = {
            moved
            for other, alleles in zip(surveys, own, strict=True)
            for allele in alleles
            if (moved := move(allele, other.reads.locus, item.reads.locus)) is not None
        }
        wanted = sorted({*own[number], *others})
        known = [haplotype.allele for haplotype in gathered[number].known[1:]]
        evidence = gathered[number]
        if not set(wanted) <= set(known):
            evidence = gather(item, wanted, settings)
        calls.append(call(item, evidence, wanted, set(own[number]), settings))
    return calls


def survey(reads: Reads, settings: Settings) -> Survey:
    """First pass: candidates, and whether fragments begin at primers."""
    candidates = Candidates(
        reads.locus, reads.index, settings.minimum_length, settings.maximum_length
    )
    pile = StartPile()
    fragments = 0
    for placed in reads.batches():
        candidates.add(placed.reads, placed.weights)
        pile.add(placed)
        fragments += placed.rows.size
    peaks = pile.peaks()
    given = reads.library.capture
    amplicon = given == "amplicon" or (not given and bool(peaks))
    primers = primer_spans(peaks, settings.primers, reads.locus.sequence) if amplicon else []
    least = limit_of_blank(fragments, settings.background_rate, _SUPPORT_READS)
    ranked = [
        (allele, count)
        for allele, count in candidates.ranked()
        if count >= least and not is_splice_variant(reads.locus, allele)
    ]
    return Survey(reads, ranked, amplicon, fragments, primers, least)


def is_splice_variant(locus: Locus, allele: Allele) -> bool:
    """Whether an RNA insertion sits between two exons and copies nothing: another splice site."""
    if locus.assay != "rna" or structure(locus.sequence, allele).is_tandem:
        return False
    last = max(allele.end, rightmost(locus.sequence, allele).start)
    return any(allele.start <= start <= last for start, _ in locus.exons)


def gather(item: Survey, alleles: Sequence[Allele], settings: Settings) -> Evidence:
    """Second pass: every fragment against wild type and the given alleles."""
    locus = item.reads.locus
    evidence = Evidence(
        haplotypes(locus, alleles),
        settings.anchor,
        settings.minimum_difference,
        settings.maximum_mismatch_rate,
        item.amplicon,
        len(locus.sequence),
    )
    for placed in item.reads.batches():
        evidence.add(placed)
    return evidence


def _accepted(item: Survey, evidence: Evidence, settings: Settings) -> list[Allele]:
    """Alleles whose own fragments exceed what background explains.

    The weakest is dropped first; of equally weak ones that with fewer reads, the later.
    """
    columns = list(range(len(evidence.known)))
    collapse = _collapses(item, evidence, settings)
    while len(columns) > 1:
        alone, total = support(
            evidence, columns, collapse=collapse, over_primer=_over_primer(item, evidence)
        )
        weakest = len(columns) - 1 - int(np.argmin(alone[:0:-1]))
        if alone[weakest] >= _needed(total, settings):
            break
        del columns[weakest]
    kept = [evidence.known[column].allele for column in columns[1:]]
    return [allele for allele in kept if allele is not None]


def _needed(fragments: float, settings: Settings) -> int:
    """Fragments of an ITD alone that make a call, of so many informative ones."""
    return limit_of_blank(fragments, settings.background_rate, settings.minimum_fragments)


def _counts(item: Survey, evidence: Evidence, columns: Sequence[int], collapse: bool) -> Counts:
    return count_fragments(
        evidence,
        columns,
        amplicon=item.amplicon,
        collapse=collapse,
        over_primer=_over_primer(item, evidence),
    )


def _over_primer(item: Survey, evidence: Evidence) -> set[int]:
    return {
        column
        for column, haplotype in enumerate(evidence.known)
        if haplotype.allele is not None and _covers_primer(item, haplotype.left, haplotype.middle)
    }


def _covers_primer(item: Survey, first: int, last: int) -> bool:
    return any(first < end and start < last for start, end in item.primers)


def _collapses(item: Survey, evidence: Evidence, settings: Settings) -> bool:
    if settings.umi != "none":
        return True
    if item.amplicon or settings.duplicates == "keep" or item.reads.duplicates_marked:
        return False
    return settings.duplicates == "remove" or has_copies(evidence)


def move(allele: Allele, source: Locus, target: Locus) -> Allele | None:
    """The allele on another locus of the same gene; None where its place is not part of it."""
    if source is target:
        return allele
    before = target.offset_of.get(int(source.positions[allele.start - 1]))
    after = target.offset_of.get(int(source.positions[allele.end]))
    if before is None or after is None or after - before - 1 != allele.end - allele.start:
        return None
    return normalise(target.sequence, before + 1, after, allele.inserted)


def call(
    item: Survey,
    evidence: Evidence,
    alleles: Sequence[Allele],
    own: set[Allele],
    settings: Settings,
) -> LibraryCall:
    """Estimate every wanted allele of a library."""
    columns = [0] + [column for column, h in enumerate(evidence.known) if h.allele in set(alleles)]
    collapse = _collapses(item, evidence, settings)
    counts = _counts(item, evidence, columns, collapse)
    theta = shares(counts)
    depth = evidence.depth
    clones = [
        _clone(item, evidence, counts, theta, place, column, own, depth, settings)
        for place, column in enumerate(columns)
        if place
    ]
    tandem = [place + 1 for place, c in enumerate(clones) if c.is_tandem and c.present]
    no_wild_type = _lacks_wild_type(counts, theta, tandem)
    needed = max(item.least, _needed(counts.total, settings))
    exon = slice(*item.reads.locus.target)
    typical, clear = (float(np.mean(d[exon])) for d in (depth, evidence.clear_depth))
    return LibraryCall(
        reads=item.reads,
        clones=tuple(sorted(clones, key=lambda c: (-c.vaf.value, c.allele))),
        total_vaf=share_interval(counts, theta, tandem) if tandem else Interval(0.0, 0.0, 1.0),
        total_ratio=ratio_interval(counts, theta, tandem) if tandem else Interval(0.0, 0.0, 1.0),
        no_wild_type=no_wild_type,
        depth=round(typical),
        limit=detection_limit(clear, settings.background_rate, needed),
        amplicon=item.amplicon,
        evidence=evidence,
        flags=_library_flags(item, evidence, collapse),
    )


def _lacks_wild_type(counts: Counts, theta: npt.NDArray[np.float64], tandem: list[int]) -> bool:
    if not tandem or not counts.total:
        return False
    background = limit_of_blank(counts.total, _WILD_TYPE_ERROR, 1)
    expected = theta[0] * counts.exposure(theta)[0]
    return bool(counts.specific(0) < background and expected < background)


def _clone(
    item: Survey,
    evidence: Evidence,
    counts: Counts,
    theta: npt.NDArray[np.float64],
    place: int,
    column: int,
    own: set[Allele],
    depth: npt.NDArray[np.int64],
    settings: Settings,
) -> CloneCall:
    allele = evidence.known[column].allele
    assert allele is not None
    found = structure(item.reads.locus.sequence, allele)
    vaf = share_interval(counts, theta, [place])
    ratio = ratio_interval(counts, theta, [place])
    specific = counts.specific(place)
    itd = max(specific, counts.total * vaf.value if item.amplicon else 0.0)
    here = float(depth[min(allele.start, depth.size - 1)])
    wild = itd * float(theta[0]) / vaf.value if itd and vaf.value else here
    needed = _needed(counts.total, settings)
    left, middle, right = evidence.junctions[column].tolist()
    sides = [min(1.0, middle / side) if side else float("nan") for side in (left, right)]
    return CloneCall(
        allele=allele,
        de_novo=allele in own,
        present=specific >= needed,
        is_tandem=found.is_tandem,
        vaf=vaf,
        ratio=ratio,
        itd=itd,
        wild_type=wild,
        vaf_left=sides[0],
        vaf_right=sides[1],
        flags=_clone_flags(item, found, left, right, settings),
    )


def _clone_flags(
    item: Survey, found: Structure, left: int, right: int, settings: Settings
) -> tuple[str, ...]:
    flags = []
    if max(left, right) > settings.sides_factor * max(1, min(left, right)):
        flags.append("sides_disagree")
    if _covers_primer(item, found.first, found.last):
        flags.append("covers_primer")
    return tuple(flags)


def _library_flags(item: Survey, evidence: Evidence, collapse: bool) -> tuple[str, ...]:
    flags = [*item.reads.flags]
    if item.amplicon:
        flags.append("amplicon")
    if collapse:
        flags.append("copies_collapsed")
    if evidence.unexplained > 0.2 * max(1, evidence.fragments):
        flags.append("many_unexplained_fragments")
    return tuple(flags)
