"""One library: where its reads come from, and passing over them as often as needed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from amlresist.dna import reverse_complement
from amlresist.errors import InputError, Problem
from amlresist.flt3_itd.encode import Integers, Oriented, SeedIndex, orient
from amlresist.flt3_itd.locus import Locus
from amlresist.flt3_itd.reads import (
    Alignments,
    Batch,
    fastq_batches,
    fetch_alignments,
    is_alignment,
    with_tags,
)
from amlresist.flt3_itd.rows import distinct_rows
from amlresist.flt3_itd.settings import Settings
from amlresist.libraries import LibraryInput

_KEEP_IN_MEMORY = 100_000  # fragments; more are read from the file again
_SPLICED_SHARE = 0.05
UNALIGNED_MISSING = "unaligned_mates_missing"
_MISSING_SHARE = 0.02  # fragments without their unaligned mate from which an ITD may hide there
_PILE = 3  # bases around a position that count as the same primer
_AMPLICON_SHARE = 0.4
_PRIMER = 20  # usual length where primers are not given


@dataclass
class Reads:
    """Fragments of one library that touch the locus, re-iterable.

    Attributes:
        library: what the library is.
        duplicates_marked: duplicates have been removed by their flag.
        flags: warnings about the input.
        total: fragments read, at the locus or not.
    """

    library: LibraryInput
    locus: Locus
    index: SeedIndex
    settings: Settings
    duplicates_marked: bool = False
    flags: list[str] = field(default_factory=list)
    total: int = 0
    _kept: list[Batch] | None = None
    _given: Batch | None = None

    def batches(self) -> Iterator["Placed"]:
        """Fragments at the locus, collapsed to distinct reads, in batches."""
        if self._kept is not None:
            yield from (place(batch, self.index) for batch in self._kept)
            return
        kept: list[Batch] | None = []
        n_kept = total = 0
        for batch in self._source():
            total += len(batch.first)
            placed = place(batch, self.index)
            if not placed.rows.size:
                continue
            local = _subset(batch, placed.rows)
            n_kept += placed.rows.size
            kept = [*kept, local] if kept is not None and n_kept <= _KEEP_IN_MEMORY else None
            yield placed
        self._kept, self.total = kept, total

    def _source(self) -> Iterator[Batch]:
        if self._given is not None:
            return iter([self._given])
        batches = fastq_batches(self.library.paths, self.settings.umi)
        if self.settings.umi == "name" and self.library.assay == "dna":
            batches = with_tags(self.library.paths[0], batches)
        return (trim_primers(batch, self.settings.primers) for batch in batches)


def open_library(
    library: LibraryInput,
    locus: Locus,
    index: SeedIndex,
    settings: Settings,
    reference: str,
    contig_length: int,
) -> Reads:
    """Reads of a library, from BAM or CRAM (fetched at once) or FASTQ (streamed).

    Raises:
        InputError: the input is unreadable, or spliced reads were declared to be DNA.
    """
    if not is_alignment(library.paths[0]):
        return Reads(library, locus, index, settings)
    keep = settings.duplicates == "keep" or library.capture == "amplicon"
    found = fetch_alignments(
        library.paths[0],
        reference,
        locus,
        contig_length,
        keep_duplicates=keep,
        umi=settings.umi,
        maximum_unplaced=settings.maximum_unplaced,
        local=lambda unplaced: _subset(unplaced, place(unplaced, index).rows),
    )
    if settings.umi != "none" and library.assay == "dna":
        next(with_tags(library.paths[0], [found.fragments]))
    if library.assay == "dna" and found.spliced > _SPLICED_SHARE:
        raise InputError(
            Problem(
                library.paths[0],
                "",
                f"{found.spliced:.0%} of the reads at FLT3",
                "spliced reads in a library declared as DNA",
                "Give the assay as rna; DNA and RNA ratios must not be mixed.",
            )
        )
    batch = trim_primers(found.fragments, settings.primers)
    return Reads(
        library,
        locus,
        index,
        settings,
        duplicates_marked=found.duplicates_marked and not keep,
        flags=_flags(found),
        _given=batch,
    )


def _flags(found: Alignments) -> list[str]:
    flags = ["unplaced_reads_not_searched"] if found.unplaced_left else []
    return [*flags, UNALIGNED_MISSING] if found.mates_missing > _MISSING_SHARE else flags


def trim_primers(batch: Batch, primers: Sequence[str]) -> Batch:
    """Remove primers from the 5' ends of the reads; two mismatches are allowed."""
    if not primers:
        return batch
    upper = [primer.upper() for primer in primers]
    return Batch(
        [_trim(read, upper) for read in batch.first],
        [_trim(read, upper) for read in batch.second],
        batch.umi,
    )


def _trim(read: str, primers: Sequence[str]) -> str:
    for primer in primers:
        pairs = zip(read, primer, strict=False)
        if len(read) > len(primer) and sum(a != b for a, b in pairs) <= 2:
            return read[len(primer) :]
    return read


@dataclass(frozen=True)
class Placed:
    """A batch's distinct reads on the coding strand, and the distinct fragments that hold them.

    Attributes:
        reads: distinct reads.
        weights: how often each was seen.
        first, second: index into `reads` of each distinct fragment's mates; -1 for no read.
        umi: molecular tags of the distinct fragments, "" where none.
        number: how often each distinct fragment was seen.
        rows: rows of the batch the fragments come from.
    """

    reads: Oriented
    weights: Integers
    first: Integers
    second: Integers
    umi: Sequence[str]
    number: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


def place(batch: Batch, index: SeedIndex) -> Placed:
    """Collapse identical reads, turn them to the coding strand, keep fragments of the locus."""
    numbers: dict[str, int] = {}
    first = _number(batch.first, numbers)
    second = _number(batch.second, numbers)
    reads = orient(list(numbers) or ["N"], index)
    found = np.append(reads.found, False)
    rows = np.flatnonzero(found[first] | found[second])
    used, inverse = np.unique(np.append(first[rows], second[rows]), return_inverse=True)
    has_none = int(used.size > 0 and used[0] < 0)
    inverse = inverse - has_none
    weights = np.bincount(inverse[inverse >= 0], minlength=used.size - has_none)
    mates = inverse.reshape(2, rows.size).T
    tags = _number([batch.umi[row] for row in rows.tolist()], {})
    kept, kind = distinct_rows(np.column_stack([mates, tags]))
    return Placed(
        reads=reads.take(used[has_none:]),
        weights=weights.astype(np.int32),
        first=mates[kept, 0].astype(np.int32),
        second=mates[kept, 1].astype(np.int32),
        umi=[batch.umi[row] for row in rows[kept].tolist()],
        number=np.bincount(kind, minlength=kept.size),
        rows=rows,
    )


def _number(reads: Sequence[str], numbers: dict[str, int]) -> Integers:
    setdefault = numbers.setdefault
    return np.array(
        [setdefault(read, len(numbers)) if read else -1 for read in reads], dtype=np.int32
    )


def _subset(batch: Batch, rows: npt.NDArray[np.int64]) -> Batch:
    return Batch(
        [batch.first[row] for row in rows],
        [batch.second[row] for row in rows],
        [batch.umi[row] for row in rows],
    )


class StartPile:
    """Where fragments begin: a primer's product begins at the same base again and again."""

    def __init__(self) -> None:
        self._starts: Counter[tuple[int, bool]] = Counter()

    def add(self, placed: Placed) -> None:
        """Count the 5' ends of the reads as sequenced."""
        reads = placed.reads
        ends = np.where(reads.reverse, reads.right + reads.lengths, reads.left)
        keys = np.stack([ends, reads.reverse], axis=1)[reads.found]
        first, kind = distinct_rows(keys)
        totals = np.bincount(kind, weights=placed.weights[reads.found])
        for (end, reverse), total in zip(keys[first].tolist(), totals.tolist(), strict=True):
            self._starts[end, bool(reverse)] += int(total)

    def peaks(self) -> list[tuple[int, bool]]:
        """The two most common beginnings: (offset, whether reads run against the coding strand).

        Empty unless most reads begin at one of them.
        """
        total = sum(self._starts.values())
        left = Counter(self._starts)
        found: list[tuple[int, bool]] = []
        covered = 0
        for _ in range(2):
            if left:
                peak = min(left, key=lambda key: (-left[key], key))
                found.append(peak)
                for place in range(peak[0] - _PILE, peak[0] + _PILE + 1):
                    covered += left.pop((place, peak[1]), 0)
        return found if total and covered >= _AMPLICON_SHARE * total else []


def primer_spans(
    peaks: Sequence[tuple[int, bool]], primers: Sequence[str], sequence: str
) -> list[tuple[int, int]]:
    """Offsets the primers lie on: where given primers match, else at the fragments' ends."""
    spans = []
    for primer in primers:
        for spelled in (primer.upper(), reverse_complement(primer.upper())):
            place = sequence.find(spelled)
            if place >= 0:
                spans.append((place, place + len(spelled)))
    if not primers:
        for end, reverse in peaks:
            spans.append((end - _PRIMER, end) if reverse else (end, end + _PRIMER))
    return sorted(spans)
