"""SNVs and changes of two bases beside an insertion or deletion.

Where both are on one molecule, aligners clip the end of the read that holds them, or place its
bases a little off. Such a read is first laid on the reference and on each changed haplotype, the
bases of the substitution left out of the comparison; then its base is looked up on the best.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amlresist.variants.alleles import Allele, BareChange, bare
from amlresist.variants.calls import NOTHING, OTHER, Mask, joined
from amlresist.variants.haplotypes import (
    Haplotypes,
    allowed_misfits,
    lay_anywhere,
    reference_misfits,
)
from amlresist.variants.read_columns import UNKNOWN_BASE, Bytes, Ints, Reads
from amlresist.variants.substitutions import (
    CALLS,
    MNV_EDGE,
    Windows,
    call_bases,
    call_substitutions,
)

_UNTOLD = 255  # before any haplotype was asked
REACH = 15  # bases from an indel within which a substitution is looked up this way


@dataclass(frozen=True, slots=True)
class Site:
    """Substitutions with the same indels beside them.

    Attributes:
        windows: the substitutions.
        indels: haplotypes and changed bases of each.
        masked: the haplotypes without the bases of the substitutions.
    """

    windows: Sequence[Windows]
    indels: Sequence[tuple[Haplotypes, BareChange]]
    masked: Sequence[Haplotypes]

    @classmethod
    def of(
        cls, windows: Sequence[Windows], indels: Sequence[tuple[Haplotypes, BareChange]]
    ) -> "Site":
        """Site of some substitutions and indels."""
        return cls(windows, indels, [_masked(hap, change, windows) for hap, change in indels])

    @property
    def span(self) -> tuple[int, int]:
        """Where reads must be aligned to say anything."""
        haplotypes = [hap for hap, _ in self.indels]
        return min(hap.start for hap in haplotypes), max(hap.end for hap in haplotypes)


def _masked(hap: Haplotypes, change: BareChange, windows: Iterable[Windows]) -> Haplotypes:
    reference, alternative = hap.reference.copy(), hap.alternative.copy()
    for group in windows:
        for start in group.start.tolist():
            offset = start - hap.start
            reference[offset : offset + group.length] = UNKNOWN_BASE
            moved = _moved(start, group.length, hap, change)
            if moved is not None:
                alternative[moved : moved + group.length] = UNKNOWN_BASE
    return hap.without(reference, alternative)


def _moved(start: int, length: int, hap: Haplotypes, change: BareChange) -> int | None:
    """Offset of reference bases in the changed haplotype; None where it has other bases."""
    if change.start < start + length and start < change.end:
        return None
    return start - hap.start + (hap.shift if start >= change.end else 0)


def indels_beside(
    alleles: Sequence[Allele], haplotypes: Mapping[int, Haplotypes]
) -> dict[int, tuple[int, ...]]:
    """Substitution that is read off -> the indels near it."""
    placed: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for i, hap in haplotypes.items():
        if not alleles[i].is_substitution:
            placed[alleles[i].chrom].append((hap.start, hap.end, i))
    found = {}
    for spans in placed.values():
        spans.sort()
    widest = {c: max(end - start for start, end, _ in spans) for c, spans in placed.items()}
    for i, allele in enumerate(alleles):
        if i in haplotypes or allele.chrom not in placed:
            continue
        spans = placed[allele.chrom]
        low = bisect_left(spans, (allele.pos - widest[allele.chrom], -1, -1))
        high = bisect_right(spans, (allele.pos, 1 << 62, -1))
        near = [j for _, _, j in spans[low:high] if _is_beside(allele, alleles[j], haplotypes[j])]
        if near:
            found[i] = tuple(near)
    return found


def _is_beside(allele: Allele, indel: Allele, hap: Haplotypes) -> bool:
    inside = hap.start <= allele.pos and allele.end <= hap.start + len(hap.reference)
    behind = allele.pos - (hap.aligned_end - 1)
    return inside and behind <= REACH and bare(indel).start - allele.end <= REACH


def sites(
    windows: Mapping[str, Sequence[Windows]],
    beside: Mapping[int, tuple[int, ...]],
    alleles: Sequence[Allele],
    haplotypes: Mapping[int, Haplotypes],
) -> tuple[dict[str, list[Windows]], dict[str, list[Site]]]:
    """Contig -> substitutions to be read off where they are aligned, and those beside indels."""
    plain: dict[str, list[Windows]] = {}
    together: dict[tuple[str, tuple[int, ...]], list[Windows]] = defaultdict(list)
    for chrom, groups in windows.items():
        plain[chrom] = []
        for group in groups:
            is_beside = np.array([int(i) in beside for i in group.locus], dtype=bool)
            plain[chrom].append(group.where(~is_beside))
            for indels, loci in _by_indels(group.locus[is_beside].tolist(), beside).items():
                mine = group.where(np.isin(group.locus, loci))
                together[chrom, indels].append(mine)
    found: dict[str, list[Site]] = defaultdict(list)
    for (chrom, indels), groups in together.items():
        changes = [(haplotypes[j], bare(alleles[j])) for j in indels]
        found[chrom].append(Site.of(groups, changes))
    return plain, found


def _by_indels(
    loci: Iterable[int], beside: Mapping[int, tuple[int, ...]]
) -> dict[tuple[int, ...], list[int]]:
    """Indels -> the loci beside just these."""
    result: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for locus in loci:
        result[beside[locus]].append(locus)
    return result


def call_site(
    reads: Reads, site: Site, poor: Ints, min_base_quality: int
) -> tuple[Ints, Ints, Bytes]:
    """(read, locus, call) of the reads near a site, on the haplotype that fits each best.

    Args:
        reads: of one contig.
        site: where.
        poor: bases below `LOW_QUALITY` of each read that equals the reference, else -1.
        min_base_quality: bases below are not informative.
    """
    near = reads.touching(*site.span)
    near = near[(poor[near] < 0) | _reaches(reads, near, site)]
    equal = _fits_reference(reads, near, poor[near], site)
    known, doubtful = near[equal], near[~equal]
    straight, laid = _aligned(reads, known, site), _lay(reads, doubtful, site)
    fits = laid.misfit.min(axis=0) <= allowed_misfits(reads.length[doubtful])
    parts = []
    for windows in site.windows:
        for number, locus in enumerate(windows.locus.tolist()):
            window = windows, number, min_base_quality
            agreed = _agreed(reads, doubtful, laid, *window)
            agreed[~fits] = NOTHING
            call = np.concatenate((_agreed(reads, known, straight, *window), agreed))
            parts.append((np.concatenate((known, doubtful)), np.full(len(call), locus), call))
    # Reads with some other change: as they are aligned.
    others = doubtful[~fits]
    if not len(others):
        return joined(parts)
    aligned = call_substitutions(reads.subset(others), site.windows, min_base_quality)
    return joined([*parts, *((others[read], locus, call) for read, locus, call in aligned)])


def _reaches(reads: Reads, near: Ints, site: Site) -> Mask:
    """Reads aligned whole that may have a base at the site, even if an indel moves it."""
    moved = max(abs(hap.shift) for hap in site.masked)
    start = min(int(windows.start.min()) for windows in site.windows) - moved
    end = max(int(windows.start.max()) + windows.length for windows in site.windows) + moved
    return np.asarray((reads.start[near] < end) & (reads.end[near] > start))


def _fits_reference(reads: Reads, near: Ints, poor: Ints, site: Site) -> Mask:
    """Reads that equal the reference, and surely fit it better than any changed haplotype.

    Each poor base may hide one misfit.
    """
    surely = poor >= 0
    for hap in site.masked:
        at, length = reads.start[near] - hap.start, reads.length[near]
        misfit = reference_misfits(at, length, hap, compiled=reads.compiled)
        surely &= misfit > poor
    return np.asarray(surely)


@dataclass(frozen=True, slots=True)
class _Laid:
    """Reads laid on haplotypes (arrays: a row per haplotype, a column per read).

    Attributes:
        haplotypes: each with its change; no change stands for the reference beside it.
        misfit: bases that do not fit.
        excess: the same less those on the reference beside it.
        at: offset of each first base.
    """

    haplotypes: Sequence[tuple[Haplotypes, BareChange | None]]
    misfit: Ints
    excess: Ints
    at: Ints

    def offsets(self, start: int, length: int) -> list[int | None]:
        """Offset of reference bases in each haplotype; None where it has other bases."""
        return [
            start - hap.start if change is None else _moved(start, length, hap, change)
            for hap, change in self.haplotypes
        ]


def _aligned(reads: Reads, near: Ints, site: Site) -> _Laid:
    """The reads on the reference, as they are aligned in one block."""
    hap, _ = site.indels[0]
    none = np.zeros((1, len(near)), dtype=np.int64)
    return _Laid([(hap, None)], none, none, (reads.start[near] - hap.start)[None, :])


def _lay(reads: Reads, near: Ints, site: Site) -> _Laid:
    """The reads on the reference, and on each changed haplotype."""
    places = reads.subset(near).places_around(sum(site.span) // 2)
    laid = [
        lay_anywhere(reads, near, masked, [place - hap.start for place in places])
        for masked, (hap, _) in zip(site.masked, site.indels, strict=True)
    ]
    first = laid[0]
    return _Laid(
        [(site.indels[0][0], None), *site.indels],
        np.stack([first.ref_misfit, *(on.alt_misfit for on in laid)]),
        np.stack([0 * near, *(on.alt_misfit - on.ref_misfit for on in laid)]),
        np.stack([first.ref_at, *(on.alt_at for on in laid)]),
    )


def _agreed(
    reads: Reads, read: Ints, laid: _Laid, windows: Windows, number: int, min_base_quality: int
) -> Bytes:
    """What reads say of a window on the haplotypes that fit them best, where these say the same."""
    offsets = laid.offsets(int(windows.start[number]), windows.length)
    if reads.compiled:
        from amlresist.variants import loops

        is_changed = np.array([offset is None for offset in offsets])
        known = np.array([offset or 0 for offset in offsets])
        bases, on = reads.packed(read), (laid.excess, laid.at, known, is_changed)
        return loops.agreed(
            *bases, *on, windows.matches, number, MNV_EDGE, min_base_quality, CALLS, OTHER, NOTHING
        )
    best = laid.excess.min(axis=0)
    call = np.full(len(read), _UNTOLD, dtype=np.uint8)
    for excess, at, offset in zip(laid.excess, laid.at, offsets, strict=True):
        here = np.flatnonzero(excess == best)
        said = np.full(len(here), OTHER, dtype=np.uint8)
        if offset is not None:
            query = offset - at[here]
            said = _look_up(reads, windows, number, min_base_quality, read[here], query)
        differs = (call[here] != _UNTOLD) & (call[here] != said)
        call[here] = np.where(differs, NOTHING, said)
    return call


def _look_up(
    reads: Reads, windows: Windows, number: int, min_base_quality: int, read: Ints, query: Ints
) -> Bytes:
    """Calls from the bases that begin at `query`."""
    call = np.full(len(read), NOTHING, dtype=np.uint8)
    inside = (query >= MNV_EDGE) & (query + windows.length <= reads.length[read] - MNV_EDGE)
    window = np.full(int(inside.sum()), number)
    call[inside] = call_bases(reads, read[inside], query[inside], windows, window, min_base_quality)
    return call
