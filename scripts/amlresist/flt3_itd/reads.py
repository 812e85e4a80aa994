"""Fragments of a library: streamed from FASTQ, or fetched around the locus from BAM or CRAM."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from amlresist.errors import InputError, Problem
from amlresist.flt3_itd.locus import Locus

BATCH = 20_000
LEAST_TAGGED = 0.8
_PADDING = 1_000  # clipped reads and mates of the locus lie at most this far from it
_MAX_DISTANT_MATES = 2_000
_SKIPPED = 0x100 | 0x200 | 0x800  # secondary, QC fail, supplementary
# One tag, or the tags of both mates, at the end of the name: r1:ACGT, r1_ACGT, r1:ACGT+TTGA/1
_NAME_TAG = re.compile(r"[:_]([ACGTN]+(?:[-+_][ACGTN]+)?)(?:/[12])?(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequenced fragments.

    Attributes:
        first: sequence of each fragment's read 1, as sequenced; "" where absent.
        second: sequence of read 2, "" where absent.
        umi: molecular tag of each fragment, "" where absent.
    """

    first: Sequence[str]
    second: Sequence[str]
    umi: Sequence[str]


@dataclass(frozen=True, slots=True)
class Alignments:
    """What a BAM or CRAM gave.

    Attributes:
        fragments: fragments of the locus, whole.
        duplicates_marked: the file carries duplicate flags near the locus.
        spliced: share of mapped reads with a skipped region.
        unplaced_left: there were too many reads without any position to search them.
        mates_missing: share of fragments whose unaligned mate is not in the file.
    """

    fragments: Batch
    duplicates_marked: bool
    spliced: float
    unplaced_left: bool
    mates_missing: float


def is_alignment(path: str) -> bool:
    """Whether a path is read as BAM or CRAM, told from its first bytes."""
    _require(path)
    with Path(path).open("rb") as handle:
        magic = handle.read(18)
    if magic[:4] == b"CRAM":
        return True
    return magic[:2] == b"\x1f\x8b" and magic[12:14] == b"BC" and not _is_text(path)


def _is_text(path: str) -> bool:
    import gzip

    with gzip.open(path) as handle:
        return handle.read(1) in (b"@", b">")


def _require(path: str) -> None:
    if not Path(path).is_file():
        raise InputError(Problem(path, "", "", "file not found", "Check the path."))


def fastq_batches(paths: Sequence[str], umi: str) -> Iterator[Batch]:
    """Fragments of one or two FASTQ files, `BATCH` at a time.

    Raises:
        InputError: a record is broken, or the two files are out of step.
    """
    import dnaio

    first: list[str] = []
    second: list[str] = []
    tags: list[str] = []
    count = 0
    for path in paths:
        _require(path)
    try:
        with dnaio.open(*paths, open_threads=0) as records:
            for record in records:
                one, two = record if len(paths) == 2 else (record, None)
                first.append(one.sequence)
                second.append(two.sequence if two is not None else "")
                tags.append(_name_tag(one.name) if umi == "name" else "")
                count += 1
                if len(first) == BATCH:
                    yield Batch(first, second, tags)
                    first, second, tags = [], [], []
    except (dnaio.FileFormatError, EOFError, OSError, ValueError) as error:
        raise InputError(
            Problem(
                ", ".join(paths),
                f"after record {count:,}",
                "",
                f"reads cannot be read: {error}",
                "Copy or make the file again.",
            )
        ) from error
    if first:
        yield Batch(first, second, tags)


def with_tags(path: str, batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches, of which at least four fifths of the fragments have a molecular tag each.

    Raises:
        InputError: fewer have one.
    """
    for batch in batches:
        tagged = sum(map(bool, batch.umi))
        if tagged < LEAST_TAGGED * len(batch.umi):
            raise InputError(
                Problem(
                    path,
                    "",
                    "",
                    f"only {tagged / len(batch.umi):.0%} of the reads have a molecular tag (UMI)",
                    "Was it cut off before? Set flt3_itd.umi to where it stands, or to none.",
                )
            )
        yield batch


def _name_tag(name: str) -> str:
    found = _NAME_TAG.search(name)
    return found[1] if found else ""


def fetch_alignments(
    path: str,
    reference: str,
    locus: Locus,
    contig_length: int,
    *,
    keep_duplicates: bool,
    umi: str,
    maximum_unplaced: int,
    local: Callable[[Batch], Batch],
) -> Alignments:
    """Fragments with a read at the locus: mapped, clipped, or unmapped beside their mate.

    Mates aligned elsewhere are fetched too, since an aligner may have sent them astray, and so are
    fragments without any position, which some aligners make of long insertions.

    Args:
        path: BAM or CRAM; without index the whole file is read.
        reference: FASTA, needed to decode CRAM.
        locus: searched stretch.
        contig_length: length of its contig in the reference.
        keep_duplicates: keep reads flagged as duplicates.
        umi: `tag` takes the molecular tag from RX, `name` from the read name.
        maximum_unplaced: reads without position that are searched; with more, none is.
        local: keeps the fragments of a batch that belong to the locus, by their bases.

    Raises:
        InputError: the file is unreadable, or made with another reference.
    """
    import pysam

    previous = pysam.set_verbosity(0)
    try:
        with pysam.AlignmentFile(path, reference_filename=reference) as alignments:
            contig = _contig(alignments, path, locus, contig_length)
            found = _collect(alignments, contig, locus, keep_duplicates, umi)
            unplaced = _unplaced(alignments, maximum_unplaced, umi)
            if unplaced is None:
                return replace(found, unplaced_left=True)
            kept = [found.fragments, *(local(batch) for batch in unplaced)]
            return replace(found, fragments=_joined(kept))
    except (OSError, ValueError) as error:
        raise InputError(
            Problem(
                path, "", "", f"alignments cannot be read: {error}", "Check or remake the file."
            )
        ) from error
    finally:
        pysam.set_verbosity(previous)


def _contig(alignments: Any, path: str, locus: Locus, contig_length: int) -> str:
    name = locus.transcript.chrom
    bare = name.removeprefix("chr")
    lengths = dict(zip(alignments.references, alignments.lengths, strict=True))
    for spelled in (name, bare, f"chr{bare}"):
        if lengths.get(spelled) == contig_length:
            return spelled
    same = [contig for contig, length in lengths.items() if length == contig_length]
    if len(same) == 1 and not lengths.keys() & {name, bare, f"chr{bare}"}:
        return str(same[0])  # another spelling, such as NC_000013.11: lengths tell contigs apart
    known = next((n for n in (name, bare, f"chr{bare}") if n in lengths), None)
    raise InputError(
        Problem(
            path,
            "header",
            known or name,
            f"contig has {lengths[known]:,} bases, in the reference {contig_length:,}"
            if known
            else "the contig of FLT3 is not in the header",
            "Give the reference and annotation the reads were aligned to.",
        )
    )


def _collect(
    alignments: Any, contig: str, locus: Locus, keep_duplicates: bool, umi: str
) -> Alignments:
    start, end = locus.interval
    start, end = max(0, start - _PADDING), end + _PADDING
    fragments: dict[str, list[str]] = {}
    tags: dict[str, str] = {}
    astray: dict[tuple[int, int], set[str]] = {}
    unaligned: dict[str, int] = {}
    n_mapped = n_spliced = 0
    marked = False
    for read in _near(alignments, contig, start, end):
        if read.flag & _SKIPPED:
            continue
        marked = marked or read.is_duplicate
        if read.is_duplicate and not keep_duplicates:
            continue
        name = read.query_name
        fragments.setdefault(name, ["", ""])[int(read.is_read2)] = read.get_forward_sequence() or ""
        tags[name] = _umi_of(read, umi)
        if not read.is_unmapped:
            n_mapped += 1
            n_spliced += "N" in (read.cigarstring or "")
            if read.is_paired and read.mate_is_unmapped:
                unaligned[name] = int(read.is_read1)  # place of the mate in the fragment
        if read.is_paired and not read.mate_is_unmapped and _is_astray(read, start, end):
            place = (read.next_reference_id, read.next_reference_start)
            astray.setdefault(place, set()).add(name)
    if alignments.has_index():
        _fetch_astray(alignments, astray, fragments)
    return Alignments(
        _batch(fragments, tags),
        marked,
        n_spliced / max(1, n_mapped),
        unplaced_left=False,
        mates_missing=_missing(fragments, unaligned) / max(1, len(fragments)),
    )


def _missing(fragments: dict[str, list[str]], mates: dict[str, int]) -> int:
    return sum(not fragments[name][mate] for name, mate in mates.items())


def _joined(batches: Sequence[Batch]) -> Batch:
    return Batch(
        [read for batch in batches for read in batch.first],
        [read for batch in batches for read in batch.second],
        [tag for batch in batches for tag in batch.umi],
    )


def _unplaced(alignments: Any, limit: int, umi: str) -> Iterator[Batch] | None:
    """Fragments without any position; None if they are more than `limit` reads."""
    if alignments.is_bam and alignments.has_index() and alignments.nocoordinate > limit:
        return None
    if sum(1 for _ in islice(_without_place(alignments), limit + 1)) > limit:
        return None
    return _unplaced_batches(alignments, umi)


def _without_place(alignments: Any) -> Iterator[Any]:
    if alignments.has_index():
        yield from alignments.fetch("*")
        return
    alignments.reset()
    for read in alignments.fetch(until_eof=True):
        if read.reference_id < 0 and read.next_reference_id < 0:
            yield read


def _unplaced_batches(alignments: Any, umi: str) -> Iterator[Batch]:
    fragments: dict[str, list[str]] = {}
    tags: dict[str, str] = {}
    for read in _without_place(alignments):
        if read.flag & _SKIPPED:
            continue
        name = read.query_name
        if name not in fragments and len(fragments) >= BATCH:
            yield _batch(fragments, tags)
            fragments, tags = {}, {}
        fragments.setdefault(name, ["", ""])[int(read.is_read2)] = read.get_forward_sequence() or ""
        tags[name] = _umi_of(read, umi)
    yield _batch(fragments, tags)


def _batch(fragments: dict[str, list[str]], tags: dict[str, str]) -> Batch:
    names = sorted(fragments)
    return Batch(
        [fragments[name][0] for name in names],
        [fragments[name][1] for name in names],
        [tags[name] for name in names],
    )


def _near(alignments: Any, contig: str, start: int, end: int) -> Iterator[Any]:
    """Reads placed near the locus; by the index where there is one, else the whole file."""
    if alignments.has_index():
        yield from alignments.fetch(contig, start, end)
        return
    target = alignments.get_tid(contig)
    for read in alignments.fetch(until_eof=True):
        at_locus = read.reference_id == target and start <= read.reference_start < end
        of_mate = read.next_reference_id == target and start <= read.next_reference_start < end
        if at_locus or of_mate:
            yield read


def _is_astray(read: Any, start: int, end: int) -> bool:
    return read.next_reference_id != read.reference_id or not (
        start <= read.next_reference_start < end
    )


def _fetch_astray(
    alignments: Any, astray: dict[tuple[int, int], set[str]], fragments: dict[str, list[str]]
) -> None:
    for contig, place in sorted(astray)[:_MAX_DISTANT_MATES]:
        wanted = astray[contig, place]
        name = alignments.get_reference_name(contig)
        for read in alignments.fetch(name, place, place + 1):
            is_mate = read.reference_start == place and read.query_name in wanted
            if is_mate and not read.flag & _SKIPPED:
                bases = read.get_forward_sequence() or ""
                fragments[read.query_name][int(read.is_read2)] = bases


def _umi_of(read: Any, umi: str) -> str:
    if umi == "tag" and read.has_tag("RX"):
        return str(read.get_tag("RX"))
    return _name_tag(read.query_name) if umi == "name" else ""
