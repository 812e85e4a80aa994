"""Alleles in their normal form: trimmed, left-aligned, one per haplotype."""

from dataclasses import dataclass
from typing import NamedTuple

from amlresist.annotation import FetchSequence
from amlresist.dna import reverse_complement

_CHUNK = 100  # bases fetched at a time while shifting through a repeat


class Allele(NamedTuple):
    """A change of the reference, VCF style; `pos` is the 0-based start of `ref`."""

    chrom: str
    pos: int
    ref: str
    alt: str

    @property
    def end(self) -> int:
        """One past the last reference base."""
        return self.pos + len(self.ref)

    @property
    def is_substitution(self) -> bool:
        """Same length before and after: SNV or MNV."""
        return len(self.ref) == len(self.alt) and not self.alt.startswith("<")

    @property
    def kind(self) -> str:
        """`snv`, `mnv`, `insertion`, `deletion`, `complex`; `unknown` for a symbolic allele."""
        if self.alt.startswith("<"):
            return "unknown"
        if self.is_substitution:
            return "snv" if len(self.ref) == 1 else "mnv"
        shorter = min(len(self.ref), len(self.alt))
        if shorter != 1 or self.ref[0] != self.alt[0]:
            return "complex"
        return "insertion" if len(self.ref) == 1 else "deletion"

    @property
    def substitution(self) -> str:
        """Class the error rate is learned for: strand-collapsed `C>T` ..., or the kind."""
        if self.kind != "snv":
            return self.kind
        if self.ref in "CT":
            return f"{self.ref}>{self.alt}"
        return f"{reverse_complement(self.ref)}>{reverse_complement(self.alt)}"


def normalise(allele: Allele, fetch: FetchSequence) -> Allele:
    """The one left-aligned, parsimonious way to write an allele.

    Tan, Abecasis and Kang (Bioinformatics 2015): drop equal last bases, extend to the left when an
    allele becomes empty, then drop equal first bases while both keep one.
    """
    chrom, pos, ref, alt = allele.chrom, allele.pos, allele.ref.upper(), allele.alt.upper()
    left = ""
    while ref and alt and ref[-1] == alt[-1] and len(ref) + len(alt) > 2:
        dropped, ref, alt = ref[-1], ref[:-1], alt[:-1]
        if ref and alt:
            continue
        if not left:
            start = max(0, pos - _CHUNK)
            left = fetch(chrom, start, pos).upper()
        if not left:  # the start of the contig: nothing to the left to lean on
            return Allele(chrom, pos, ref + dropped, alt + dropped)
        ref, alt, left, pos = left[-1] + ref, left[-1] + alt, left[:-1], pos - 1
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    return Allele(chrom, pos, ref, alt)


@dataclass(frozen=True, slots=True)
class BareChange:
    """A change without shared bases: `deleted` at 0-based `start` is replaced by `inserted`."""

    start: int
    deleted: str
    inserted: str

    @property
    def end(self) -> int:
        """One past the last deleted base."""
        return self.start + len(self.deleted)


def bare(allele: Allele) -> BareChange:
    """The allele without bases common to both ends."""
    start, ref, alt = allele.pos, allele.ref, allele.alt
    while ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    return BareChange(start, ref, alt)


def shift_right(change: BareChange, chrom: str, fetch: FetchSequence) -> BareChange:
    """The right-most equivalent of a pure insertion or deletion; others stay."""
    start, deleted, inserted = change.start, change.deleted, change.inserted
    if bool(deleted) == bool(inserted):
        return change
    while True:
        following = fetch(chrom, start + len(deleted), start + len(deleted) + _CHUNK).upper()
        for base in following:
            moving = deleted or inserted
            if moving[0] != base:
                return BareChange(start, deleted, inserted)
            moved = moving[1:] + base
            deleted, inserted = (moved, "") if deleted else ("", moved)
            start += 1
        if len(following) < _CHUNK:
            return BareChange(start, deleted, inserted)


def shift_left(change: BareChange, chrom: str, fetch: FetchSequence) -> BareChange:
    """The left-most equivalent of a pure insertion or deletion; others stay."""
    start, deleted, inserted = change.start, change.deleted, change.inserted
    if bool(deleted) == bool(inserted):
        return change
    while start:
        before = fetch(chrom, max(0, start - _CHUNK), start).upper()
        for base in reversed(before):
            moving = deleted or inserted
            if moving[-1] != base:
                return BareChange(start, deleted, inserted)
            moved = base + moving[:-1]
            deleted, inserted = (moved, "") if deleted else ("", moved)
            start -= 1
    return BareChange(start, deleted, inserted)


def anchored(chrom: str, change: BareChange, fetch: FetchSequence) -> Allele:
    """VCF allele of a bare change, with the base before it where one side would be empty."""
    if change.deleted and change.inserted:
        return Allele(chrom, change.start, change.deleted, change.inserted)
    if change.start == 0:
        base = fetch(chrom, change.end, change.end + 1).upper()
        return Allele(chrom, 0, change.deleted + base, change.inserted + base)
    base = fetch(chrom, change.start - 1, change.start).upper()
    return Allele(chrom, change.start - 1, base + change.deleted, base + change.inserted)
