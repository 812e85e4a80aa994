"""Insertions, deletions, complex changes and long MNVs: reads laid on two haplotypes.

Whatever its CIGAR string says, a read is laid on the reference and on the changed sequence, and
carries the one it fits. To be informative it must cover the same number of bases from the same base
on, whichever haplotype it is of, so that neither allele has more chances to be seen.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele, bare, shift_right
from amlresist.variants.calls import ALTERNATIVE, NOTHING, OTHER, REFERENCE, Mask
from amlresist.variants.read_columns import UNKNOWN_BASE, Bytes, Ints, Reads, encode

FLANK = 6  # bases beside an indel that a read must reach
MIN_DIFFERENCES = 2  # bases by which two haplotypes must differ, so that one error cannot swap them
LAID_MNV = 3  # changed bases from which aligners may write an MNV as an insertion and a deletion
LOW_QUALITY = 10  # bases below tell nothing when haplotypes are compared
_CORE_ERRORS = 1  # misfits allowed where a read is compared beside the change alone
_COMPETING_DISTANCE = 20  # bases between indels whose reads may fit both
_FARTHEST = 40  # bases further than which a difference of two alleles is not asked for
_BLANK = 255  # stands for a base that is not there, or is not to be trusted


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
        misfits: misfits of reference bases on the alternative before each offset, laid by the bases
            left of the change and by those right of it.
    """

    start: int
    reference: Bytes
    alternative: Bytes
    shift: int
    first: int
    needed: int
    aligned_end: int
    misfits: tuple[Ints, Ints]

    @property
    def end(self) -> int:
        """Reference position that aligned reads of either haplotype must start before."""
        return self.start + max(len(self.reference), len(self.alternative))

    def without(self, reference: Bytes, alternative: Bytes) -> "Haplotypes":
        """The same with some bases of the sequences made N, which always fit."""
        known = alternative != UNKNOWN_BASE
        left, right = self.misfits
        misfits = _running(np.diff(left) * known), _running(np.diff(right) * known)
        return dataclasses.replace(
            self, reference=reference, alternative=alternative, misfits=misfits
        )

    def core(self) -> "Haplotypes":
        """The same without what lies further from the change than reads must reach."""
        end = self.aligned_end - 1 - self.start + FLANK
        return dataclasses.replace(
            self,
            start=self.start + self.first,
            reference=self.reference[self.first : end],
            alternative=self.alternative[self.first : end + self.shift],
            first=0,
        )


def is_laid(allele: Allele) -> bool:
    """Whether whole haplotypes are compared, since the alignment cannot be trusted."""
    if not allele.is_substitution:
        return True
    return sum(a != b for a, b in zip(allele.ref, allele.alt, strict=True)) >= LAID_MNV


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
    shift = len(change.inserted) - len(change.deleted)
    laid_left = _context(allele.chrom, start, len(alternative), fetch)
    laid_right = _context(allele.chrom, start - shift, len(alternative), fetch)
    return Haplotypes(
        start=start,
        reference=reference,
        alternative=alternative,
        shift=shift,
        first=first,
        needed=int(max(last + 1, change.start - start + 1)) + 1 - first,
        aligned_end=rightmost.end + 1,
        misfits=(_misfits_before(laid_left, alternative), _misfits_before(laid_right, alternative)),
    )


def _context(chrom: str, start: int, length: int, fetch: FetchSequence) -> Bytes:
    """Codes of reference bases, N beyond the ends of the contig."""
    before = "N" * max(0, -start)
    inside = fetch(chrom, max(0, start), start + length).upper() if start + length > 0 else ""
    return encode((before + inside).ljust(length, "N")[:length])


def _misfits_before(bases: Bytes, haplotype: Bytes) -> Ints:
    differs = (bases != haplotype) & (haplotype != UNKNOWN_BASE)
    return _running(differs)


def _running(values: Ints | Mask) -> Ints:
    """Sum of the values before each place."""
    return np.concatenate(([0], np.cumsum(values)))


def tell_apart(
    haplotypes: Mapping[int, Haplotypes], alleles: Sequence[Allele]
) -> dict[int, Haplotypes]:
    """Let alleles that compete for the same reads need the bases in which they differ."""
    result = dict(haplotypes)
    for group in competing(haplotypes, alleles):
        for i in group:
            hap = haplotypes[i]
            seen = [_first_difference(hap, haplotypes[j]) for j in group if j != i]
            until = max((place for place in seen if place <= _FARTHEST + hap.first), default=0)
            needed = max(hap.needed, until + 1 - hap.first)
            result[i] = dataclasses.replace(hap, needed=needed)
    return result


def competing(
    haplotypes: Mapping[int, Haplotypes], alleles: Sequence[Allele]
) -> Iterator[list[int]]:
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


def call_group(
    reads: Reads, group: Sequence[tuple[int, Haplotypes]], poor: Ints
) -> tuple[Ints, Ints, Bytes]:
    """(read, locus, call) of the reads near competing indels: a read carries the best fit.

    Where it fits two equally well it tells nothing about either.

    Args:
        reads: of one contig.
        group: index and haplotypes of each.
        poor: bases below `LOW_QUALITY` of each read that equals the reference, else -1.
    """
    fits = [_fits(reads, hap, poor) for _, hap in group]
    read = np.concatenate([fit.read for fit in fits])
    call = np.concatenate([fit.call for fit in fits])
    locus = np.repeat([i for i, _ in group], [len(fit.read) for fit in fits])
    if len(group) > 1 and len(read):
        misfit = np.concatenate([fit.misfit for fit in fits])
        rivals = ~np.concatenate([fit.beside for fit in fits])
        carries = np.flatnonzero((call == ALTERNATIVE) & rivals)
        best = np.full(len(reads), np.iinfo(np.int64).max)
        np.minimum.at(best, read[carries], misfit[carries])
        is_best = misfit[carries] == best[read[carries]]
        ties = np.bincount(read[carries[is_best]], minlength=len(reads))[read[carries]] > 1
        call[carries[~is_best]] = OTHER
        call[carries[is_best & ties]] = NOTHING
    return read, locus, call


class _Fit(NamedTuple):
    """Calls of the reads near one indel.

    Attributes:
        read: index of each read.
        call: what it says.
        misfit: bases that misfit the alternative.
        beside: compared beside the change alone, since the read holds some other change.
    """

    read: Ints
    call: Bytes
    misfit: Ints
    beside: Mask


def _fits(reads: Reads, hap: Haplotypes, poor: Ints) -> _Fit:
    """Lay the reads near one indel on its haplotypes.

    A read can be hung up by its first aligned base (right if the indel lies behind) or by its last
    (right if the indel lies before); the better fit counts.
    """
    near = reads.touching(hap.start, hap.end)
    equal, doubtful = _lay_equal(reads, near, poor[near], hap)
    laid = _lay(reads, doubtful, hap)
    return _Fit(
        np.concatenate((equal.read, laid.read)),
        np.concatenate((equal.call, laid.call)),
        np.concatenate((equal.misfit, laid.misfit)),
        np.concatenate((equal.beside, laid.beside)),
    )


def _lay_equal(reads: Reads, near: Ints, poor: Ints, hap: Haplotypes) -> tuple[_Fit, Ints]:
    """`_lay` for reads that equal the reference, and those for which it must be done.

    Their misfits are those of the reference; a poor base, which tells nothing, takes away one at
    most.
    """
    at, length = reads.start[near] - hap.start, reads.length[near]
    misfit = reference_misfits(at, length, hap, compiled=reads.compiled)
    covers = (at <= hap.first) & (at + length >= hap.first + hap.needed)
    tells = covers & (misfit - poor >= MIN_DIFFERENCES)
    known = (poor >= 0) & (tells | ~covers | (misfit < MIN_DIFFERENCES))
    call = np.where(tells, np.uint8(REFERENCE), np.uint8(NOTHING))[known]
    fit = _Fit(near[known], call, misfit[known], np.zeros(len(call), dtype=bool))
    return fit, near[~known]


def reference_misfits(at: Ints, length: Ints, hap: Haplotypes, *, compiled: bool) -> Ints:
    """Misfits on the alternative of reads that equal the reference.

    Args:
        at: offset of the first base from that of the haplotypes.
        length: bases.
        hap: what they are laid on.
        compiled: by `loops`.
    """
    size = len(hap.alternative)
    if compiled:
        from amlresist.variants import loops

        return loops.reference_misfits(at, length, *hap.misfits, hap.shift, size)
    fewest = np.full(len(at), size, dtype=np.int64)
    for before, place in zip(hap.misfits, (at, at + hap.shift), strict=True):
        inside = before[np.clip(place + length, 0, size)] - before[np.clip(place, 0, size)]
        fewest = np.minimum(fewest, inside)
    return fewest


def _lay(reads: Reads, near: Ints, hap: Haplotypes) -> _Fit:
    if not len(near):
        return _Fit(near, np.zeros(0, dtype=np.uint8), near, np.zeros(0, dtype=bool))
    places = [place[near] - hap.start for place in reads.outer_places]
    laid = Laid.on(reads, near, hap, places[:1], places[1:])
    length = reads.length[near]
    allowed = allowed_misfits(length)
    call = laid.calls(length, hap, allowed)
    through = (reads.start[near] <= hap.start + hap.first) & (reads.end[near] >= hap.aligned_end)
    misfit, beside = laid.alt_misfit, np.zeros(len(near), dtype=bool)
    strayed = np.flatnonzero(np.minimum(laid.ref_misfit, laid.alt_misfit) > allowed)
    if len(strayed):
        core = _beside(reads, near[strayed], hap)
        told = core.call != NOTHING
        beside[strayed] = told
        misfit[strayed[told]] = core.misfit[told]
        call[strayed] = np.where(told, core.call, np.where(through[strayed], OTHER, NOTHING))
    return _Fit(near, call, misfit, beside)


def allowed_misfits(length: Ints) -> Ints:
    """Most misfits with which a read still fits a haplotype."""
    return 2 + length // 30


def lay_anywhere(reads: Reads, near: Ints, hap: Haplotypes, places: Sequence[Ints]) -> "Laid":
    """Lay reads on both haplotypes, hung up at any of the places, left or right of the change."""
    return Laid.on(reads, near, hap, places, places)


def _beside(reads: Reads, near: Ints, hap: Haplotypes) -> _Fit:
    """Lay reads that hold some other change on what lies beside this one alone.

    They are hung up by the aligned bases next to the change too.
    """
    core = hap.core()
    change = core.start + FLANK
    places = [place - core.start for place in reads.subset(near).places_around(change)]
    laid = lay_anywhere(reads, near, core, places)
    call = laid.calls(reads.length[near], core, _CORE_ERRORS)
    return _Fit(near, call, laid.alt_misfit, np.ones(len(near), dtype=bool))


@dataclass(frozen=True, slots=True)
class Laid:
    """Misfits of each read on both haplotypes, and the offset of its first base in each."""

    ref_misfit: Ints
    alt_misfit: Ints
    ref_at: Ints
    alt_at: Ints

    @classmethod
    def on(
        cls,
        reads: Reads,
        near: Ints,
        hap: Haplotypes,
        left: Sequence[Ints],
        right: Sequence[Ints],
    ) -> "Laid":
        """Lay reads, hung up by bases left or right of the change."""
        if reads.compiled:
            from amlresist.variants import loops

            def fit(haplotype: Bytes, places: Sequence[Ints]) -> tuple[Ints, Ints]:
                bases, ways = reads.packed(near), np.stack(places)
                return loops.best_fit(*bases, haplotype, ways, LOW_QUALITY, UNKNOWN_BASE)
        else:
            fit = _Rows(reads, near, max(len(hap.reference), len(hap.alternative))).best_fit
        ref_misfit, ref_at = fit(hap.reference, [*left, *right])
        shifted = [place + hap.shift for place in right]
        alt_misfit, alt_at = fit(hap.alternative, [*left, *shifted])
        return cls(ref_misfit, alt_misfit, ref_at, alt_at)

    def calls(self, length: Ints, hap: Haplotypes, allowed: Ints | int) -> Bytes:
        """Reference, alternative, or nothing."""
        is_alt = self.alt_misfit + MIN_DIFFERENCES <= self.ref_misfit
        is_ref = self.ref_misfit + MIN_DIFFERENCES <= self.alt_misfit
        is_alt &= self.alt_misfit <= allowed
        is_ref &= self.ref_misfit <= allowed
        at = np.where(is_alt, self.alt_at, self.ref_at)
        covers = (at <= hap.first) & (at + length >= hap.first + hap.needed)
        call = np.full(len(at), NOTHING, dtype=np.uint8)
        call[covers & is_ref] = REFERENCE
        call[covers & is_alt] = ALTERNATIVE
        return call


class _Rows:
    """Trusted bases of reads as a matrix, blank on both sides, to lay on haplotypes."""

    def __init__(self, reads: Reads, chosen: Ints, reach: int) -> None:
        width = int(reads.length[chosen].max(initial=0))
        self._reach, self._width = reach, width
        self._stride = width + 2 * reach
        bases = reads.base_rows(chosen, width)
        trusted = reads.quality_rows(chosen, width) >= LOW_QUALITY
        trusted &= np.arange(width) < reads.length[chosen][:, None]
        padded = np.full((len(chosen), self._stride), _BLANK, dtype=np.uint8)
        padded[:, reach : reach + width] = np.where(trusted, bases, _BLANK)
        self._flat = padded.ravel()
        self._row = np.arange(len(chosen)) * self._stride

    def best_fit(self, haplotype: Bytes, places: Sequence[Ints]) -> tuple[Ints, Ints]:
        """Fewest mismatches over the given places of the first base, and the place."""
        if not len(self._row):
            return self._row, self._row
        windows = np.lib.stride_tricks.sliding_window_view(self._flat, len(haplotype))
        compare = partial(self._misfits, windows, haplotype)
        at = places[0].copy()
        best = compare(self._row, at)
        for place in places[1:]:
            elsewhere = np.flatnonzero(place != at)
            misfits = compare(self._row[elsewhere], place[elsewhere])
            better = elsewhere[misfits < best[elsewhere]]
            best[elsewhere] = np.minimum(best[elsewhere], misfits)
            at[better] = place[better]
        return best, at

    def _misfits(self, windows: Bytes, haplotype: Bytes, row: Ints, place: Ints) -> Ints:
        """Mismatches of reads inside the haplotype, their first bases at `place`."""
        column = np.minimum(np.maximum(self._reach - place, 0), self._reach + self._width)
        shown = windows[row + column]
        differs = shown != haplotype
        differs &= shown != _BLANK
        differs &= haplotype != UNKNOWN_BASE
        return np.asarray(np.count_nonzero(differs, axis=1))
