"""Fragments per allele, counted from the reads.

SNVs and changes of two bases are read off base by base. For longer MNVs, insertions, deletions and
complex changes the read is laid on the reference and on the changed haplotype, whatever its CIGAR
string says. A fragment whose
mates both cover the locus counts once, and not at all when they disagree.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele, bare, shift_right
from amlresist.variants.read_columns import Bytes, Ints, Reads, encode, stream

Mask = npt.NDArray[np.bool_]
NOTHING, REFERENCE, ALTERNATIVE, OTHER = 0, 1, 2, 3
FLANK = 6  # bases beside an indel that a read must reach
MIN_DIFFERENCES = 2  # bases by which two haplotypes must differ, so that one error cannot swap them
MNV_EDGE = (
    5  # aligners clip reads whose last bases hold an MNV; such ends are left out on all reads
)
MNV_LAID = 3  # changed bases from which aligners may write an MNV as an insertion and a deletion
LOW_QUALITY = 10  # bases below tell nothing when haplotypes are compared
_REGION_GAP = 200
_COMPETING_DISTANCE = 20  # bases between indels whose reads may fit both
_FARTHEST = 40  # bases further than which a difference of two alleles is not asked for


@dataclass(frozen=True, slots=True)
class FragmentCounts:
    """Fragments at each locus (arrays of length n loci).

    Attributes:
        ref, alt, other: fragments with the reference, the alternative or another allele.
        alt_forward: alternative fragments whose first read is forward.
        ref_forward: the same for reference fragments.
    """

    ref: Ints
    alt: Ints
    other: Ints
    alt_forward: Ints
    ref_forward: Ints

    @property
    def depth(self) -> Ints:
        """Informative fragments."""
        return self.ref + self.alt + self.other


@dataclass(frozen=True, slots=True)
class ReadCalls:
    """Read `read[i]` of `reads` says `call[i]` at the locus `locus[i]`."""

    reads: Reads
    read: Ints
    locus: Ints
    call: Bytes


@dataclass(frozen=True, slots=True)
class Haplotypes:
    """The two sequences a read is laid on, and where they can be told apart.

    Attributes:
        start: 0-based reference position of their first base.
        reference, alternative: base codes.
        shift: bases the alternative is longer.
        first: offset in both from which a read must be there.
        needed: bases from `first` on that a read must cover to tell the two apart.
        aligned_end: reference position up to which a read with some other allele must be aligned.
    """

    start: int
    reference: Bytes
    alternative: Bytes
    shift: int
    first: int
    needed: int
    aligned_end: int


def count_fragments(
    path: Path | str,
    alleles: Sequence[Allele],
    fetch: FetchSequence,
    *,
    min_mapping_quality: int,
    min_base_quality: int,
    keep_duplicates: bool,
    reference: Path | str | None = None,
) -> FragmentCounts:
    """Count fragments per allele of one BAM or CRAM, without any depth cap.

    Args:
        path: the reads, sorted by coordinate.
        alleles: normalised alleles; any order.
        fetch: reference sequence.
        min_mapping_quality: reads below are left out.
        min_base_quality: bases below are not informative (substitutions).
        keep_duplicates: for amplicon libraries.
        reference: FASTA, needed for CRAM.
    """
    tally = _Tally(len(alleles))
    calls = read_calls(
        path,
        alleles,
        fetch,
        min_mapping_quality=min_mapping_quality,
        min_base_quality=min_base_quality,
        keep_duplicates=keep_duplicates,
        reference=reference,
    )
    for found in calls:
        tally.add(found.reads, found.read, found.locus, found.call)
    return tally.counts()


def read_calls(
    path: Path | str,
    alleles: Sequence[Allele],
    fetch: FetchSequence,
    *,
    min_mapping_quality: int,
    min_base_quality: int,
    keep_duplicates: bool,
    reference: Path | str | None = None,
) -> Iterator[ReadCalls]:
    """Which allele each read carries at each locus, in file order; arguments as `count_fragments`.

    A read may stand in several pieces; mates are not joined yet.
    """
    if not alleles:
        return
    substitutions = [i for i, a in enumerate(alleles) if a.is_substitution]
    others = [i for i, a in enumerate(alleles) if _is_laid(a)]
    windows = _joint_windows(alleles, substitutions, fetch)
    haplotypes = tell_apart({i: build_haplotypes(alleles[i], fetch) for i in others}, alleles)
    by_contig: dict[str, _ContigLoci] = {}
    pieces = stream(
        path,
        _regions(alleles, haplotypes),
        min_mapping_quality=min_mapping_quality,
        keep_duplicates=keep_duplicates,
        reference=reference,
    )
    for contigs, piece in pieces:
        for index in np.unique(piece.contig):
            name = contigs[index]
            reads = piece.subset(piece.contig == index)
            if name not in by_contig:
                by_contig[name] = _contig_loci(name, alleles, windows, haplotypes)
            loci = by_contig[name]
            yield ReadCalls(reads, *_call_substitutions(reads, loci, min_base_quality))
            for group in loci.groups:
                yield ReadCalls(reads, *_call_group(reads, group))


def _is_laid(allele: Allele) -> bool:
    """Whether whole haplotypes are compared, since the alignment cannot be trusted."""
    if not allele.is_substitution:
        return True
    return sum(a != b for a, b in zip(allele.ref, allele.alt, strict=True)) >= MNV_LAID


def build_haplotypes(allele: Allele, fetch: FetchSequence) -> Haplotypes:
    """Reference and changed sequence around an indel, wide enough to pass its repeat."""
    change = bare(allele)
    rightmost = shift_right(change, allele.chrom, fetch)
    length = max(len(change.deleted), len(change.inserted))
    reach = rightmost.end - change.start + 2 * length + 4 * FLANK
    # A read laid one length too early must still show its misfits inside the haplotype.
    start = max(0, change.start - 3 * FLANK - length)
    before = fetch(allele.chrom, start, change.start).upper()
    after = fetch(allele.chrom, change.end, change.end + reach).upper()
    reference = encode(before + change.deleted + after)
    alternative = encode(before + change.inserted + after)
    shorter = min(len(reference), len(alternative))
    differs = np.flatnonzero(reference[:shorter] != alternative[:shorter])
    last = differs[MIN_DIFFERENCES - 1] if len(differs) >= MIN_DIFFERENCES else shorter - 1
    first = max(0, change.start - start - FLANK)
    return Haplotypes(
        start=start,
        reference=reference,
        alternative=alternative,
        shift=len(change.inserted) - len(change.deleted),
        first=first,
        needed=int(max(last + 1, change.start - start + 1)) + 1 - first,
        aligned_end=rightmost.end + 1,
    )


def tell_apart(
    haplotypes: dict[int, Haplotypes], alleles: Sequence[Allele]
) -> dict[int, Haplotypes]:
    """Let alleles that compete for the same reads need the bases in which they differ."""
    result = dict(haplotypes)
    for group in _competing(haplotypes, alleles):
        for i in group:
            hap = haplotypes[i]
            seen = [_first_difference(hap, haplotypes[j]) for j in group if j != i]
            until = max((place for place in seen if place <= _FARTHEST + hap.first), default=0)
            needed = max(hap.needed, until + 1 - hap.first)
            result[i] = dataclasses.replace(hap, needed=needed)
    return result


def _competing(haplotypes: dict[int, Haplotypes], alleles: Sequence[Allele]) -> Iterator[list[int]]:
    """Groups of indels whose reads may fit more than one of them: at nearly the same place."""
    ordered = sorted(haplotypes, key=lambda i: (alleles[i].chrom, haplotypes[i].start, i))
    group: list[int] = []
    for i in ordered:
        if group:
            last = group[-1]
            apart = haplotypes[i].start - haplotypes[last].start > _COMPETING_DISTANCE
            if alleles[i].chrom != alleles[last].chrom or apart:
                yield group
                group = []
        group.append(i)
    if group:
        yield group


def _first_difference(one: Haplotypes, other: Haplotypes) -> int:
    """Offset in `one` of the first base in which the alternatives differ."""
    start = max(one.start, other.start)
    mine, theirs = one.alternative[start - one.start :], other.alternative[start - other.start :]
    shorter = min(len(mine), len(theirs))
    differs = np.flatnonzero(mine[:shorter] != theirs[:shorter])
    return start - one.start + (int(differs[0]) if len(differs) else shorter)


@dataclass(frozen=True, slots=True)
class _Window:
    """A substitution written over the span of the substitutions it overlaps."""

    locus: int
    start: int
    reference: Bytes
    alternative: Bytes


@dataclass(frozen=True, slots=True)
class _ContigLoci:
    windows: dict[int, list[_Window]]  # by length of the window, sorted by start
    groups: list[list[tuple[int, Haplotypes]]]  # indels that compete for the same reads


class _Tally:
    """Collects calls; mates of one fragment are joined at the end."""

    def __init__(self, n_loci: int) -> None:
        self._n = n_loci
        self._alone = np.zeros((n_loci, 4, 2), dtype=np.int64)
        self._paired: list[tuple[Ints, npt.NDArray[np.uint64], Bytes, Mask]] = []

    def add(self, reads: Reads, read: Ints, locus: Ints, call: Bytes) -> None:
        """Take calls of reads; `NOTHING` calls are dropped."""
        told = call != NOTHING
        read, locus, call = read[told], locus[told], call[told]
        forward = reads.forward_fragment[read]
        together = reads.may_overlap_mate[read]
        self._count(locus[~together], call[~together], forward[~together])
        if together.any():
            names = reads.name_hashes(np.flatnonzero(np.bincount(read[together]) > 0))
            places = np.cumsum(np.bincount(read[together]) > 0) - 1
            self._paired.append(
                (
                    locus[together],
                    names[places[read[together]]],
                    call[together],
                    forward[together],
                )
            )

    def _count(self, locus: Ints, call: Bytes, forward: Mask) -> None:
        key = (locus * 4 + call) * 2 + forward
        self._alone += np.bincount(key, minlength=self._n * 8).reshape(self._n, 4, 2)

    def counts(self) -> FragmentCounts:
        """The counts of everything added."""
        if self._paired:
            columns = [np.concatenate(parts) for parts in zip(*self._paired, strict=True)]
            self._paired = []
            locus, name, call, forward = columns
            # Equal keys are the two mates of a fragment at a locus.
            key = name ^ (locus.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
            order = np.argsort(key, kind="stable")
            key, call = key[order], call[order]
            new = np.concatenate(([True], key[1:] != key[:-1]))
            starts = np.flatnonzero(new)
            agree = np.minimum.reduceat(call, starts) == np.maximum.reduceat(call, starts)
            kept = order[starts[agree]]
            self._count(locus[kept], columns[2][kept], forward[kept])
        table = self._alone
        return FragmentCounts(
            ref=table[:, REFERENCE].sum(axis=1),
            alt=table[:, ALTERNATIVE].sum(axis=1),
            other=table[:, OTHER].sum(axis=1),
            alt_forward=table[:, ALTERNATIVE, 1],
            ref_forward=table[:, REFERENCE, 1],
        )


def _joint_windows(
    alleles: Sequence[Allele], chosen: Sequence[int], fetch: FetchSequence
) -> list[tuple[str, _Window]]:
    """Substitutions over the joint span of those they overlap.

    So a read with an MNV is no evidence for the SNVs it is made of, nor the other way round.
    """
    ordered = sorted(chosen, key=lambda i: (alleles[i].chrom, alleles[i].pos, alleles[i].end))
    windows = []
    for group in _overlapping(ordered, alleles):
        chrom = alleles[group[0]].chrom
        start = min(alleles[i].pos for i in group)
        end = max(alleles[i].end for i in group)
        sequence = fetch(chrom, start, end).upper()
        for i in group:
            allele = alleles[i]
            if _is_laid(allele):
                continue
            changed = sequence[: allele.pos - start] + allele.alt + sequence[allele.end - start :]
            windows.append((chrom, _Window(i, start, encode(sequence), encode(changed))))
    return windows


def _overlapping(ordered: Sequence[int], alleles: Sequence[Allele]) -> Iterator[list[int]]:
    group: list[int] = []
    chrom, end = "", -1
    for i in ordered:
        if group and (alleles[i].chrom != chrom or alleles[i].pos >= end):
            yield group
            group, end = [], -1
        group.append(i)
        chrom, end = alleles[i].chrom, max(end, alleles[i].end)
    if group:
        yield group


def _contig_loci(
    name: str,
    alleles: Sequence[Allele],
    windows: Sequence[tuple[str, _Window]],
    haplotypes: dict[int, Haplotypes],
) -> _ContigLoci:
    by_length: dict[int, list[_Window]] = {}
    for chrom, window in windows:
        if chrom == name:
            by_length.setdefault(len(window.reference), []).append(window)
    for found in by_length.values():
        found.sort(key=lambda window: window.start)
    mine = {i: hap for i, hap in haplotypes.items() if alleles[i].chrom == name}
    groups = [[(i, mine[i]) for i in group] for group in _competing(mine, alleles)]
    return _ContigLoci(by_length, groups)


def _regions(
    alleles: Sequence[Allele], haplotypes: dict[int, Haplotypes]
) -> list[tuple[str, int, int]]:
    spans = []
    for i, allele in enumerate(alleles):
        hap = haplotypes.get(i)
        if hap is None:
            spans.append((allele.chrom, allele.pos, allele.end))
        else:  # a clipped read may be aligned on one side only
            spans.append((allele.chrom, hap.start, hap.start + len(hap.reference)))
    merged: list[tuple[str, int, int]] = []
    for chrom, start, end in sorted(spans):
        if merged and merged[-1][0] == chrom and start <= merged[-1][2] + _REGION_GAP:
            merged[-1] = (chrom, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((chrom, start, end))
    return merged


def _call_substitutions(
    reads: Reads, loci: _ContigLoci, min_base_quality: int
) -> tuple[Ints, Ints, Bytes]:
    parts = [
        _call_windows(reads, windows, length, min_base_quality)
        for length, windows in loci.windows.items()
    ]
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0, dtype=np.uint8)
    read, locus, call = (np.concatenate(part) for part in zip(*parts, strict=True))
    return read, locus, call


def _call_windows(
    reads: Reads, windows: Sequence[_Window], length: int, min_base_quality: int
) -> tuple[Ints, Ints, Bytes]:
    """Calls of all reads at all windows of one length."""
    starts = np.array([window.start for window in windows], dtype=np.int64)
    blocks = reads.blocks
    low = np.searchsorted(starts, blocks.reference, side="left")
    high = np.searchsorted(starts, blocks.reference + blocks.length - length, side="right")
    block, window = _ranges(low, np.maximum(high, low))
    read = blocks.read[block]
    query = blocks.query[block] + starts[window] - blocks.reference[block]
    edge = MNV_EDGE if length > 1 else 0
    if edge:
        inside = (query >= edge) & (query + length <= reads.length[read] - edge)
        block, window, read, query = block[inside], window[inside], read[inside], query[inside]
    is_ref = np.ones(len(read), dtype=bool)
    is_alt = np.ones(len(read), dtype=bool)
    good = np.ones(len(read), dtype=bool)
    for i in range(length):
        reference = np.array([w.reference[i] for w in windows], dtype=np.uint8)[window]
        alternative = np.array([w.alternative[i] for w in windows], dtype=np.uint8)[window]
        base = reads.bases(read, query + i)
        good &= (reads.qualities(read, query + i) >= min_base_quality) & (base != _N)
        is_ref &= base == reference
        is_alt &= base == alternative
    call = np.full(len(read), OTHER, dtype=np.uint8)
    call[is_ref] = REFERENCE
    call[is_alt] = ALTERNATIVE
    call[~good] = NOTHING
    locus = np.array([w.locus for w in windows], dtype=np.int64)[window]
    return read, locus, call


_N = 15


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """(i, j) for every j in low[i]..high[i]."""
    counts = high - low
    owner = np.repeat(np.arange(len(low)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, low[owner] + within


def _call_group(reads: Reads, group: Sequence[tuple[int, Haplotypes]]) -> tuple[Ints, Ints, Bytes]:
    """Calls of the reads near competing indels: a read carries the one it fits best.

    Where it fits two equally well it tells nothing about either.
    """
    parts = [_call_haplotypes(reads, hap) for _, hap in group]
    read, call, misfit = (np.concatenate(column) for column in zip(*parts, strict=True))
    locus = np.repeat([i for i, _ in group], [len(part[0]) for part in parts])
    if len(group) > 1 and len(read):
        carries = np.flatnonzero(call == ALTERNATIVE)
        best = np.full(len(reads), np.iinfo(np.int64).max)
        np.minimum.at(best, read[carries], misfit[carries])
        fits = misfit[carries] == best[read[carries]]
        ties = np.bincount(read[carries[fits]], minlength=len(reads))[read[carries]] > 1
        call[carries[~fits]] = OTHER
        call[carries[fits & ties]] = NOTHING
    return read, locus, call


def _call_haplotypes(reads: Reads, hap: Haplotypes) -> tuple[Ints, Bytes, Ints]:
    """Reads near one indel, their calls, and how many bases misfit the alternative.

    A read can be hung up by its first aligned base (right if the indel lies behind) or by its last
    (right if the indel lies before); the better fit counts. To be informative it must cover the
    same number of bases from the same base on, whichever haplotype it is of, so that neither allele
    has more chances to be seen.
    """
    reach = hap.start + max(len(hap.reference), len(hap.alternative))
    near = np.flatnonzero((reads.start < reach) & (reads.end > hap.start))
    if not len(near):
        return near, np.zeros(0, dtype=np.uint8), near
    mine = reads.subset(near)
    left, right = _hung_up(mine, hap.start)
    width = int(mine.length.max(initial=0))
    rows = _Rows(mine, width)
    ref_misfit, ref_at = rows.best_fit(hap.reference, (left, right))
    alt_misfit, alt_at = rows.best_fit(hap.alternative, (left, right + hap.shift))
    allowed = 2 + width // 30
    is_alt = (alt_misfit + MIN_DIFFERENCES <= ref_misfit) & (alt_misfit <= allowed)
    is_ref = (ref_misfit + MIN_DIFFERENCES <= alt_misfit) & (ref_misfit <= allowed)
    at = np.where(is_alt, alt_at, ref_at)
    covers = (at <= hap.first) & (at + mine.length >= hap.first + hap.needed)
    is_other = ~is_alt & ~is_ref & _aligned_through(mine, hap)
    is_other &= np.minimum(ref_misfit, alt_misfit) > allowed
    call = np.full(len(near), NOTHING, dtype=np.uint8)
    call[covers & is_ref] = REFERENCE
    call[covers & is_alt] = ALTERNATIVE
    call[is_other] = OTHER
    return near, call, alt_misfit


def _hung_up(reads: Reads, origin: int) -> tuple[Ints, Ints]:
    """Place of the read's first base by its first and by its last aligned block."""
    blocks = reads.blocks
    places = blocks.reference - blocks.query - origin
    counts = np.bincount(blocks.read, minlength=len(reads))
    ends = np.cumsum(counts)
    return places[ends - counts], places[ends - 1]


def _aligned_through(reads: Reads, hap: Haplotypes) -> Mask:
    """Whether the aligned part of each read covers the whole locus."""
    return np.asarray((reads.start <= hap.start + hap.first) & (reads.end >= hap.aligned_end))


class _Rows:
    """Bases and qualities of reads as a matrix, to lay on haplotypes."""

    def __init__(self, reads: Reads, width: int) -> None:
        every = np.arange(len(reads))
        self._bases = reads.base_rows(every, width)
        usable = reads.quality_rows(every, width) >= LOW_QUALITY
        self._usable = usable & (np.arange(width) < reads.length[:, None])
        self._every = every[:, None]

    def best_fit(self, haplotype: Bytes, places: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
        """Fewest mismatches over the given places of the first base, and the place."""
        misfits = [self._misfits(haplotype, place) for place in places]
        second = misfits[1] < misfits[0]
        return np.where(second, misfits[1], misfits[0]), np.where(second, places[1], places[0])

    def _misfits(self, haplotype: Bytes, place: Ints) -> Ints:
        """Mismatches of each read inside the haplotype, its first base at `place`."""
        column = np.arange(len(haplotype)) - place[:, None]
        inside = (column >= 0) & (column < self._bases.shape[1])
        column = np.where(inside, column, 0)
        differs = self._bases[self._every, column] != haplotype
        return np.asarray((differs & inside & self._usable[self._every, column]).sum(axis=1))
