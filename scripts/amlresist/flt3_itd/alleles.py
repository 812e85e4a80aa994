"""Insertion alleles: one allele, one name, whatever the placement it was found in."""

from dataclasses import dataclass

_COPY_MISMATCH = -3
_MINIMUM_COPY = 6


@dataclass(frozen=True, slots=True, order=True)
class Allele:
    """`reference[start:end]` replaced by `inserted`, trimmed and left-most on the coding strand.

    Offsets are 0-based within the locus. A pure insertion has `start == end`.
    """

    start: int
    end: int
    inserted: str

    @property
    def length(self) -> int:
        """Net gain in bases."""
        return len(self.inserted) - (self.end - self.start)

    def apply(self, reference: str) -> str:
        """Sequence of the allele."""
        return reference[: self.start] + self.inserted + reference[self.end :]


@dataclass(frozen=True, slots=True)
class Structure:
    """How an insertion relates to its neighbourhood.

    Attributes:
        first, last: offsets (0-based half-open) of the duplicated stretch D; both are the
            insertion site when nothing is duplicated.
        novel: inserted bases that are no copy (N).
        is_tandem: whether the insertion is an internal tandem duplication.
    """

    first: int
    last: int
    novel: int
    is_tandem: bool

    @property
    def duplicated(self) -> int:
        """Bases copied from the neighbouring sequence."""
        return self.last - self.first


def normalise(reference: str, start: int, end: int, inserted: str) -> Allele:
    """The left-most spelling of `reference[start:end]` replaced by `inserted`."""
    while end > start and inserted and reference[end - 1] == inserted[-1]:
        end, inserted = end - 1, inserted[:-1]
    while end > start and inserted and reference[start] == inserted[0]:
        start, inserted = start + 1, inserted[1:]
    while start == end and inserted and start > 0 and reference[start - 1] == inserted[-1]:
        inserted = inserted[-1] + inserted[:-1]
        start, end = start - 1, end - 1
    return Allele(start, end, inserted)


def rightmost(reference: str, allele: Allele) -> Allele:
    """The 3'-most spelling of an allele, as HGVS wants it."""
    start, inserted = allele.start, allele.inserted
    if allele.start != allele.end:
        return allele
    while start < len(reference) and reference[start] == inserted[0]:
        inserted = inserted[1:] + inserted[0]
        start += 1
    return Allele(start, start, inserted)


def structure(reference: str, allele: Allele) -> Structure:
    """Longest copy of the neighbouring sequence in the insertion, few mismatches allowed.

    Every equivalent placement is tried, and copies on either side of it.
    """
    if allele.start != allele.end:
        return Structure(allele.start, allele.start, len(allele.inserted), is_tandem=False)
    length, site = len(allele.inserted), allele.start
    best = (0, site, site)
    for spelled in _placements(reference, allele):
        before = reference[max(0, spelled.start - length) : spelled.start]
        copied = _copy_length(before[::-1], spelled.inserted[::-1])
        best = max(best, (copied, spelled.start - copied, spelled.start))
        after = reference[spelled.start : spelled.start + length]
        copied = _copy_length(after, spelled.inserted)
        best = max(best, (copied, spelled.start, spelled.start + copied))
    copied, first, last = best
    return Structure(first, last, length - copied, copied >= min(length, _MINIMUM_COPY))


def _placements(reference: str, allele: Allele) -> list[Allele]:
    final = rightmost(reference, allele)
    spelled = [allele]
    while spelled[-1].start < final.start:
        last = spelled[-1]
        text = last.inserted[1:] + last.inserted[0]
        spelled.append(Allele(last.start + 1, last.start + 1, text))
    return spelled


def _copy_length(source: str, inserted: str) -> int:
    score = best = length = 0
    for index, (left, right) in enumerate(zip(source, inserted, strict=False), start=1):
        score += 1 if left == right else _COPY_MISMATCH
        if score > best:
            best, length = score, index
    return length


def is_same_clone(
    reference: str,
    first: tuple[int, str],
    second: tuple[int, str],
) -> bool:
    """Whether two reported insertions are one ITD allele.

    Callers place the same duplication differently: at any of its equivalent positions, as any
    rotation of its sequence, or simply off by some bases. A tandem duplication is fixed by its
    sequence alone, so each insertion is first moved to where the reference holds its source; only
    insertions without source are compared by position, and then the resulting sequences must be
    equal, or one must be a rotation of the other at most one length away.

    Args:
        reference: plus-strand or coding-strand bases; insertions are on the same strand.
        first, second: (offset of the base before which is inserted, inserted bases), 0-based.
    """
    (place_a, bases_a), (place_b, bases_b) = first, second
    bases_a, bases_b = bases_a.upper(), bases_b.upper()
    if len(bases_a) != len(bases_b) or not bases_a or bases_a not in bases_b + bases_b:
        return False
    source_a, source_b = _source(reference, bases_a), _source(reference, bases_b)
    if source_a is not None or source_b is not None:
        return source_a == source_b
    same = normalise(reference, place_a, place_a, bases_a)
    return same == normalise(reference, place_b, place_b, bases_b) or (
        abs(place_a - place_b) <= len(bases_a)
    )


def _source(reference: str, inserted: str) -> Allele | None:
    """The tandem duplication that `inserted` is a rotation of; None where there is no source."""
    for turn in range(len(inserted)):
        place = reference.find(inserted[turn:] + inserted[:turn])
        if place >= 0:
            return normalise(reference, place, place, inserted[turn:] + inserted[:turn])
    return None
