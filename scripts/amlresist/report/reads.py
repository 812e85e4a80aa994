"""The reads behind a variant: fragments as they were counted, a stated number of them per library.

Fragments are chosen by a seeded hash of their names, so the choice depends neither on their order
in the file nor on the number of cores. Names of reads do not leave this module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from amlresist.annotation import FetchSequence
from amlresist.libraries import LibraryInput
from amlresist.report.drivers import RankedVariant
from amlresist.report.settings import Settings
from amlresist.sheet import Capture
from amlresist.variants.alleles import Allele, bare, shift_right
from amlresist.variants.calls import ALTERNATIVE, NOTHING, ReadCalls
from amlresist.variants.counts import Loci, read_calls
from amlresist.variants.read_columns import (
    CODES,
    DELETION,
    INSERTION,
    REVERSE,
    SOFT_CLIP,
    Bytes,
    Ints,
    Operations,
    Reads,
    encode,
)
from amlresist.variants.records import VariantChange
from amlresist.variants.settings import Settings as VariantSettings

FLANK = 28  # bases shown on each side of the variant
WIDEST = 100  # bases of a long deletion or repeat that are shown
NEIGHBOURS = 500  # variants so near share reads with a driver and are counted together with it
SEED = np.uint64(0x5851F42D4C957F2D)
HASHES = npt.NDArray[np.uint64]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ReadShape:
    """One read inside the window; positions are 0-based half-open.

    Attributes:
        reverse: aligned to the reverse strand.
        mapping_quality: of the aligner.
        blocks, deletions, clips: spans of aligned, deleted and soft-clipped bases.
        insertions: (position behind which bases are inserted, how many).
        misfits: (position, base, base quality) where the read differs from the reference.
    """

    reverse: bool
    mapping_quality: int
    blocks: tuple[Span, ...]
    deletions: tuple[Span, ...]
    clips: tuple[Span, ...]
    insertions: tuple[tuple[int, int], ...]
    misfits: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class FragmentShape:
    """A fragment that covers the variant: whether it carries it, and its reads that tell so."""

    carries: bool
    reads: tuple[ReadShape, ...]


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """Fragments of one library at one variant.

    Attributes:
        timepoint, sample: of the library.
        start, end: window, 0-based half-open.
        reference: its bases.
        allele: the variant.
        with_variant, without_variant: informative fragments there are.
        fragments: those shown, the ones with the variant first.
    """

    timepoint: str
    sample: str
    start: int
    end: int
    reference: str
    allele: Allele
    with_variant: int
    without_variant: int
    fragments: tuple[FragmentShape, ...]


def allele_of(row: VariantChange) -> Allele:
    """The variant of a table row, 0-based."""
    return Allele(row.chrom, row.pos - 1, row.ref, row.alt)


def read_pictures(
    variants: Sequence[RankedVariant],
    libraries: Sequence[LibraryInput],
    fetch: FetchSequence,
    settings: Settings,
    counting: VariantSettings,
    reference: str,
) -> dict[Allele, list[ReadPicture]]:
    """Pictures of the first `read_pictures` drivers, per allele one for each library with reads.

    Args:
        variants: all variants of the patient in the order of the page.
        libraries: DNA libraries with a BAM or CRAM, in the order of time.
        fetch: reference sequence.
        settings: section `report`: how many drivers, how many fragments of each.
        counting: section `variants`, so that fragments are those of its counts.
        reference: FASTA, needed for CRAM.
    """
    drivers = list(dict.fromkeys(allele_of(v.row) for v in variants if v.is_driver))
    drivers = [allele for allele in drivers if not allele.alt.startswith("<")][
        : settings.read_pictures
    ]
    loci = Loci.of(_neighbours(drivers, [allele_of(v.row) for v in variants]), fetch)
    pictures: dict[Allele, list[ReadPicture]] = {allele: [] for allele in drivers}
    for library in libraries:
        calls = partial(
            read_calls,
            library.paths[0],
            loci,
            fetch,
            min_mapping_quality=counting.min_mapping_quality,
            min_base_quality=counting.min_base_quality,
            keep_duplicates=library.capture == Capture.AMPLICON,
            reference=reference,
        )
        for picture in _of_library(library, calls, drivers, fetch, settings.read_fragments):
            pictures[picture.allele].append(picture)
    return pictures


def _neighbours(drivers: Sequence[Allele], alleles: Iterable[Allele]) -> list[Allele]:
    """The drivers, then every allele near one: those that the station counted together."""
    near = [
        allele
        for allele in alleles
        if not allele.alt.startswith("<")
        and any(d.chrom == allele.chrom and abs(d.pos - allele.pos) <= NEIGHBOURS for d in drivers)
    ]
    return list(dict.fromkeys([*drivers, *near]))


def _of_library(
    library: LibraryInput,
    calls: Callable[[], Iterator[ReadCalls]],
    drivers: Sequence[Allele],
    fetch: FetchSequence,
    most: int,
) -> Iterator[ReadPicture]:
    """One picture per driver; the reads are gone through twice, to choose and to draw."""
    found = _fragments_at(calls(), len(drivers))
    chosen = [_choose(names, carries, most) for names, carries in found]
    windows = [_window(allele, fetch) for allele in drivers]
    shapes = _shapes(calls(), chosen, windows)
    for i, (start, bases) in enumerate(windows):
        carries = found[i][1]
        yield ReadPicture(
            library.timepoint,
            library.sample,
            start,
            start + len(bases),
            bases,
            drivers[i],
            int(carries.sum()),
            int((~carries).sum()),
            tuple(FragmentShape(chosen[i][key], tuple(shapes[i][key])) for key in chosen[i]),
        )


def _fragments_at(
    calls: Iterable[ReadCalls], n_loci: int
) -> list[tuple[HASHES, npt.NDArray[np.bool_]]]:
    """Per locus the hashes of its informative fragments, and whether each carries the variant."""
    collected: list[list[tuple[HASHES, Bytes]]] = [[] for _ in range(n_loci)]
    for part in calls:
        told = (part.call != NOTHING) & (part.locus < n_loci)
        for locus in np.unique(part.locus[told]):
            mine = told & (part.locus == locus)
            names = part.reads.name_hashes(part.read[mine])
            collected[locus].append((names, part.call[mine]))
    return [_joined(parts) for parts in collected]


def _joined(parts: Sequence[tuple[HASHES, Bytes]]) -> tuple[HASHES, npt.NDArray[np.bool_]]:
    """Mates joined to fragments; where they disagree the fragment tells nothing."""
    if not parts:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=bool)
    names, calls = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(names, kind="stable")
    names, calls = names[order], calls[order]
    starts = np.flatnonzero(np.concatenate(([True], names[1:] != names[:-1])))
    lowest, highest = np.minimum.reduceat(calls, starts), np.maximum.reduceat(calls, starts)
    agree = lowest == highest
    return names[starts[agree]], lowest[agree] == ALTERNATIVE


def _choose(names: HASHES, carries: npt.NDArray[np.bool_], most: int) -> dict[np.uint64, bool]:
    """Half with the variant and half without, more of one where the other has fewer."""
    with np.errstate(over="ignore"):
        mixed = (names ^ (names >> np.uint64(29))) * SEED
    order = np.argsort(mixed, kind="stable")
    with_it, without = order[carries[order]], order[~carries[order]]
    n_with = min(len(with_it), max(most // 2, most - len(without)))
    kept = [*with_it[:n_with], *without[: most - n_with]]
    return {names[i]: bool(carries[i]) for i in kept}


def _window(allele: Allele, fetch: FetchSequence) -> tuple[int, str]:
    """Start and bases: from the variant to where an aligner may have put it in a repeat."""
    start = max(0, allele.pos - FLANK)
    end = max(allele.end, shift_right(bare(allele), allele.chrom, fetch).end)
    end = min(end, allele.pos + WIDEST) + FLANK
    return start, fetch(allele.chrom, start, end).upper()


def _shapes(
    calls: Iterable[ReadCalls],
    chosen: Sequence[Mapping[np.uint64, bool]],
    windows: Sequence[tuple[int, str]],
) -> list[dict[np.uint64, list[ReadShape]]]:
    """Per locus and chosen fragment its reads that tell the allele, the first in the file first."""
    found: list[dict[np.uint64, list[ReadShape]]] = [{key: [] for key in own} for own in chosen]
    for part in calls:
        told = (part.call != NOTHING) & (part.locus < len(chosen))
        for locus in np.unique(part.locus[told]):
            read = part.read[told & (part.locus == locus)]
            for i, name in zip(read, part.reads.name_hashes(read), strict=True):
                if name in found[locus]:
                    found[locus][name].append(_shape(part.reads, int(i), *windows[locus]))
    return found


def _shape(reads: Reads, i: int, start: int, bases: str) -> ReadShape:
    read = reads.subset(np.array([i]))
    operations, end = read.operations, start + len(bases)
    blocks = read.blocks
    clips = _clips(operations)
    deleted = operations.where(operations.code == DELETION)
    inserted = operations.where(operations.code == INSERTION)
    misfits = [
        misfit
        for place, query, length in (*_rows(blocks), *clips)
        for misfit in _misfits(read, place, query, length, start, bases)
    ]
    return ReadShape(
        bool(reads.flag[i] & REVERSE),
        int(read.mapping_quality[0]),
        _inside(((r, r + n) for r, _, n in _rows(blocks)), start, end),
        _inside(((r, r + n) for r, _, n in _rows(deleted)), start, end),
        _inside(((r, r + n) for r, _, n in clips), start, end),
        tuple((r, n) for r, _, n in _rows(inserted) if start < r < end),
        tuple(sorted(misfits)),
    )


def _rows(operations: Operations) -> list[tuple[int, int, int]]:
    """(reference position, index of the read's base, length) of each operation."""
    columns = (operations.reference, operations.query, operations.length)
    return [(int(r), int(q), int(n)) for r, q, n in zip(*columns, strict=True)]


def _clips(operations: Operations) -> list[tuple[int, int, int]]:
    """Soft-clipped ends, at the reference positions they would have without the clip."""
    clipped = _rows(operations.where(operations.code == SOFT_CLIP))
    return [(r - n if q == 0 else r, q, n) for r, q, n in clipped]


def _misfits(
    read: Reads, place: int, query: int, length: int, start: int, bases: str
) -> list[tuple[int, str, int]]:
    """Bases of one run that differ from the reference inside the window."""
    first, last = max(place, start), min(place + length, start + len(bases))
    if first >= last:
        return []
    own: Ints = np.arange(query + first - place, query + last - place)
    same_read = np.zeros_like(own)
    codes, qualities = read.bases(same_read, own), read.qualities(same_read, own)
    differs = np.flatnonzero(codes != encode(bases[first - start : last - start]))
    return [(first + int(i), CODES[codes[i]], int(qualities[i])) for i in differs]


def _inside(spans: Iterable[Span], start: int, end: int) -> tuple[Span, ...]:
    cut = ((max(a, start), min(b, end)) for a, b in spans)
    return tuple((a, b) for a, b in cut if a < b)
