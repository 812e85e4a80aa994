"""A BAM or CRAM from its first block to its last: header, order, counts, mates, repeats."""

import os
import zlib
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pysam

from amlresist.inputs.bam_index import IndexFacts, find_index, read_index, without_index
from amlresist.inputs.bgzf import block_fault, end_fault, is_block_start
from amlresist.inputs.cram_containers import container_fault
from amlresist.inputs.findings import FETCH_AGAIN, UNREADABLE, Finding, Findings
from amlresist.inputs.header import HeaderFacts, check_contigs, check_read_groups, header_facts
from amlresist.reference.fasta import Contig

__all__ = ["examine_alignment", "header_facts"]

UNMAPPED, SECONDARY, SUPPLEMENTARY, PAIRED = 0x4, 0x100, 0x800, 0x1
QC_FAIL, DUPLICATE = 0x200, 0x400
# CIGAR operations: M, = and X; those that use up the read's and the genome's bases; N.
ALIGNED, IN_READ, IN_GENOME, SKIPPED = {0, 7, 8}, {0, 1, 4, 7, 8}, {0, 2, 3, 7, 8}, 3
FIRST_OR_SECOND = 0xC0
STRANDS, MATE_UNMAPPED = 0x30, 0x8  # strands of the read and of its mate
NAMES_KEPT = 200_000
LOOK_CLOSER_EVERY = 16
ENDS_AT_EVERY = 8
# Shares above which a file is warned about or refused.
WARN_LOST_MATES, STOP_LOST_MATES = 0.02, 0.20
STOP_REPEATED = 0.01
STOP_SPLICED_DNA = 0.05
WARN_MAPPED = 0.5  # of human reads usually 95 % or more
WARN_USABLE = 0.3  # as alignment_qc.minimum_usable_share
# Pairs with both ends where another pair has them, in a file without marked duplicates; above the
# second they are amplicons, below the first deep coverage puts them there by chance.
WARN_SAME_ENDS, AMPLICONS = 0.3, 0.9
FEWEST_SPLICED_OF = 500  # reads looked at, of which RNA has some spliced
# Aligned bases that differ from the genome's: below 0.01 in sound libraries, below 0.08 in the
# noisiest long reads; 0.75 where reads and genome have nothing to do with each other.
WARN_DIFFERING = 0.08
SURE_PLACE, READS_COMPARED = 20, 2_000
# Qualities that kept the offset of Phred+64: 2 to 41 become 33 to 72.
LOWEST_SHIFTED, HIGHEST_USUAL = 26, 47
BLOCKS_TRIED = 200
TAIL_MATES = 3
TAIL_SHARE = 0.9
STAR_UNIQUE = 255
MATE_ENDINGS, MOST = ("/1", "/2"), 0.9


@dataclass
class Stream:
    """What was seen while reading every record.

    Attributes:
        mapped_on: contig index -> mapped records, as an index counts them.
        names: sampled read name -> (primary records seen as first, as second mate, mate place).
        usable: primary mapped records that are no duplicates, passed quality control, and lie in
            one place (mapping quality above 0).
        mask: a name is sampled when its CRC32 has none of these bits.
        ends, same_ends: primary mapped reads at every `ENDS_AT_EVERY`-th position; those whose
            own and whose mate's place are those of a read before.
        masked: reads looked at whose bases are N or "=" throughout.
        compared, differing: aligned bases held against the genome's, and those that differ.
        last: (contig index, position) of the last mapped record.
        genome: open FASTA, None when not to hand.
    """

    records: int = 0
    primary: int = 0
    primary_mapped: int = 0
    duplicates: int = 0
    failed: int = 0
    usable: int = 0
    unsorted_at: int = 0
    past_end: int = 0
    looked_at: int = 0
    spliced: int = 0
    ends: int = 0
    same_ends: int = 0
    ends_at: tuple[int, int] = (-1, -1)
    ends_here: set[tuple[int, int, int]] = field(default_factory=set)
    without_bases: int = 0
    masked: int = 0
    without_quality: int = 0
    flat_quality: int = 0
    lowest_quality: int = 255
    highest_quality: int = 0
    compared: int = 0
    differing: int = 0
    mapq: dict[int, int] = field(default_factory=dict)
    mapped_on: dict[int, int] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=dict)
    mask: int = 0
    last: tuple[int, int] = (-1, -1)
    genome: Any = None


def examine_alignment(
    path: str,
    *,
    assay: str,
    sample: str = "",
    other_samples: Collection[str] = (),
    contigs: Sequence[Contig] = (),
    fasta: str = "",
    limit: int | None = None,
) -> list[Finding]:
    """Everything that can be told from one alignment file.

    Args:
        assay: `dna` or `rna`; spliced reads are a fault of the first.
        sample: name of the library in the sheet, other_samples: those of the others.
        contigs: contigs of the genome, empty when it is not to hand yet.
        fasta: the genome, for CRAM; "" when not to hand.
        limit: look at the header, the end block and the first records only; None: at everything.
    """
    findings = Findings(path)
    pysam.set_verbosity(0)
    os.environ["REF_PATH"] = os.environ["REF_CACHE"] = "/nonexistent"  # CRAM: never ask a server
    is_cram = path.lower().endswith(".cram")
    with findings.guarded():
        if fault := _container_fault(path, limit, is_cram=is_cram):
            findings.stop(*fault)
            return findings.all
        facts = header_facts(path)
        check_contigs(facts, contigs, findings, need_bases=is_cram)
        check_read_groups(facts, sample, other_samples, findings)
        if is_cram and not fasta:
            findings.note("CRAM is read to its end once the genome is there", "Nothing to do.")
            return findings.all
        if findings.stopped():
            return findings.all
        stream = _read(path, facts, fasta, limit)
        if limit is not None:
            _judge_emptiness(stream, findings)
            return findings.all
        _judge(stream, facts, assay, findings)
        if not is_cram:
            _check_index(path, stream, facts, findings)
    return findings.all


def _container_fault(path: str, limit: int | None, *, is_cram: bool) -> tuple[str, str] | None:
    if is_cram:
        fault = container_fault(path, look_inside=limit is None)
        return (f"CRAM {fault}", FETCH_AGAIN) if fault else None
    fault = block_fault(path) if limit is None else end_fault(path)
    if not fault:
        return None
    if "gzip" in fault:
        return f"BAM {fault}", "Re-compress it with samtools view -b (or bgzip)."
    return f"BAM {fault}", FETCH_AGAIN


def _read(path: str, facts: HeaderFacts, fasta: str, limit: int | None) -> Stream:
    stream = Stream()
    lengths = [contig.length for contig in facts.contigs]
    options: dict[str, Any] = {"reference_filename": fasta} if fasta else {}
    is_indexed = limit is None and bool(fasta) and Path(f"{fasta}.fai").is_file()
    with (
        pysam.FastaFile(fasta) if is_indexed else nullcontext() as stream.genome,
        without_index(path) as link,
        pysam.AlignmentFile(link, check_sq=False, **options) as handle,
    ):
        for read in islice(handle.fetch(until_eof=True), limit):
            _take(stream, read, lengths)
    return stream


def _take(stream: Stream, read: Any, lengths: Sequence[int]) -> None:
    flag, contig, position = read.flag, read.reference_id, read.reference_start
    stream.records += 1
    if contig >= 0:
        if (contig, position) < stream.last and not stream.unsorted_at:
            stream.unsorted_at = stream.records
        stream.last = (contig, position)
        if not flag & UNMAPPED:
            stream.mapped_on[contig] = stream.mapped_on.get(contig, 0) + 1
    if flag & (SECONDARY | SUPPLEMENTARY):
        return
    stream.primary += 1
    if not flag & UNMAPPED:
        stream.primary_mapped += 1
        quality = read.mapping_quality
        stream.duplicates += bool(flag & DUPLICATE)
        stream.failed += bool(flag & QC_FAIL)
        stream.usable += quality > 0 and not flag & (DUPLICATE | QC_FAIL)
        stream.mapq[quality] = stream.mapq.get(quality, 0) + 1
        if position % ENDS_AT_EVERY == 0 and flag & PAIRED and not flag & MATE_UNMAPPED:
            _look_at_ends(stream, read, (contig, position))
        if read.reference_end is not None and read.reference_end > lengths[contig]:
            stream.past_end += 1
        if stream.primary % LOOK_CLOSER_EVERY == 1:
            _look_closer(stream, read)
    _remember(stream, read, flag)


def _look_at_ends(stream: Stream, read: Any, place: tuple[int, int]) -> None:
    if place != stream.ends_at:
        stream.ends_at = place
        stream.ends_here.clear()
    ends = read.flag & STRANDS, read.next_reference_id, read.next_reference_start
    stream.ends += 1
    stream.same_ends += ends in stream.ends_here
    stream.ends_here.add(ends)


def _look_closer(stream: Stream, read: Any) -> None:
    stream.looked_at += 1
    stream.spliced += any(operation == SKIPPED for operation, _ in read.cigartuples or ())
    bases = read.query_sequence
    stream.without_bases += not bases
    stream.masked += bool(bases) and not set(bases) - {"N", "="}
    if stream.genome and stream.looked_at <= READS_COMPARED and read.mapping_quality >= SURE_PLACE:
        _compare(stream, read, bases or "")
    qualities = read.query_qualities
    if qualities is None:
        stream.without_quality += 1
    elif len(qualities):
        lowest, highest = min(qualities), max(qualities)
        stream.flat_quality += lowest == highest
        stream.lowest_quality = min(stream.lowest_quality, lowest)
        stream.highest_quality = max(stream.highest_quality, highest)


def _compare(stream: Stream, read: Any, bases: str) -> None:
    """Hold aligned bases against the genome's; N and contigs that the genome lacks do not count."""
    operations = read.cigartuples
    if not bases or not operations or read.reference_name not in stream.genome.references:
        return
    start = read.reference_start
    genome = stream.genome.fetch(read.reference_name, start, read.reference_end).upper()
    own = place = 0
    for operation, length in operations:
        if operation in ALIGNED:
            pairs = zip(bases[own : own + length], genome[place : place + length], strict=False)
            told = [one == other for one, other in pairs if "N" not in (one, other) and one != "="]
            stream.compared += len(told)
            stream.differing += told.count(False)
        own += length if operation in IN_READ else 0
        place += length if operation in IN_GENOME else 0


def _remember(stream: Stream, read: Any, flag: int) -> None:
    name = read.query_name
    if zlib.crc32(name.encode()) & stream.mask:
        return
    seen = stream.names.setdefault(name, [0, 0, 0, -1, -1])
    seen[1 if flag & FIRST_OR_SECOND == 0x80 else 0] += 1
    seen[2] |= flag & PAIRED
    seen[3], seen[4] = read.next_reference_id, read.next_reference_start
    if len(stream.names) > NAMES_KEPT:
        stream.mask = stream.mask << 1 | 1
        stream.names = {
            kept: values
            for kept, values in stream.names.items()
            if not zlib.crc32(kept.encode()) & stream.mask
        }


def _judge(stream: Stream, facts: HeaderFacts, assay: str, findings: Findings) -> None:
    if not _judge_emptiness(stream, findings):
        return
    if stream.unsorted_at:
        told = "though its header says so" if facts.sort_order == "coordinate" else ""
        severity = findings.stop if told else findings.note
        severity(
            f"records are not sorted by position {told}".strip(),
            "Sort it with samtools sort." if told else "A sorted copy is made.",
            f"record {stream.unsorted_at}",
        )
    if not stream.primary_mapped:
        findings.warn("no read is mapped: the library is not evaluable", "Align the reads.")
        return
    _judge_mapping(stream, assay, findings)
    _judge_usable(stream, findings)
    if assay == "dna":
        _judge_same_ends(stream, findings)
    _judge_bases(stream, assay, findings)
    _judge_names(stream, findings)


def _judge_emptiness(stream: Stream, findings: Findings) -> bool:
    """Whether there are primary reads; a finding when there are none."""
    if not stream.primary:
        what = "only secondary or supplementary records" if stream.records else "no reads"
        findings.warn(
            f"file has {what}: the library is not evaluable", "Nothing is called lost or absent."
        )
    return stream.primary > 0


def _judge_mapping(stream: Stream, assay: str, findings: Findings) -> None:
    if set(stream.mapq) == {0}:
        findings.warn(
            "every read has mapping quality 0: no locus is evaluable",
            "Align with a program that writes mapping qualities.",
        )
    elif max(stream.mapq) < SURE_PLACE:
        findings.warn(
            f"no read has a mapping quality of {SURE_PLACE} or more",
            "Reads that may lie elsewhere are not counted: hardly a locus will be evaluable.",
            value=f"at most {max(stream.mapq)}",
        )
    elif set(stream.mapq) == {STAR_UNIQUE} and assay == "dna":
        findings.warn(
            "every read has mapping quality 255 (not known)",
            "Mapping quality cannot be used to leave out misplaced reads.",
        )
    if stream.past_end:
        findings.warn(
            "reads are aligned past the end of their contig",
            "They are left out.",
            value=f"{stream.past_end} reads",
        )


def _judge_usable(stream: Stream, findings: Findings) -> None:
    mapped = stream.primary_mapped
    if mapped < WARN_MAPPED * stream.primary:
        findings.warn(
            f"only {mapped / stream.primary:.0%} of the reads lie in the genome",
            "Another species, a contaminated library, or adapters left on?",
        )
    if stream.failed == mapped:
        findings.warn("every read failed quality control: no locus is evaluable", "Ask the lab.")
    elif stream.duplicates == mapped:
        findings.warn(
            "every read is marked as a duplicate: no locus is evaluable",
            "Amplicon reads all look like duplicates: set capture to amplicon in the sheet.",
        )
    elif set(stream.mapq) != {0} and stream.usable < WARN_USABLE * mapped:
        findings.warn(
            f"only {stream.usable / mapped:.0%} of the mapped reads are usable",
            "The others are duplicates, failed quality control, or fit several places.",
        )


def _judge_same_ends(stream: Stream, findings: Findings) -> None:
    share = stream.same_ends / max(stream.ends, 1)
    if not stream.duplicates and WARN_SAME_ENDS < share < AMPLICONS:
        findings.warn(
            f"no read is marked as a duplicate, though {share:.0%} lie with both ends where another"
            " does",
            "Copies would count as fragments: mark them (samtools markdup). Of amplicons, say so"
            " in the sheet (capture: amplicon).",
        )


def _judge_bases(stream: Stream, assay: str, findings: Findings) -> None:
    share = stream.spliced / max(stream.looked_at, 1)
    if assay == "dna" and share > STOP_SPLICED_DNA:
        findings.stop(
            f"{share:.0%} of the reads are spliced (N in CIGAR): this is RNA, not DNA",
            "Set assay to rna in the sheet.",
        )
    if assay == "rna" and not stream.spliced and stream.looked_at >= FEWEST_SPLICED_OF:
        findings.warn(
            "no read is spliced: is this DNA, or aligned by a program that cannot splice?",
            "Set assay to dna in the sheet, or give RNA aligned to the genome by a splicing one.",
        )
    if stream.without_bases == stream.looked_at:
        findings.stop("reads have no bases (SEQ is *)", "Give the file before they were removed.")
        return
    if stream.masked == stream.looked_at:
        findings.stop(
            "every base is N, or '=' for 'as in the genome'",
            "Give the file before the bases were replaced (samtools calmd -e).",
        )
        return
    _judge_differing(stream, findings)
    _judge_qualities(stream, findings)


def _judge_differing(stream: Stream, findings: Findings) -> None:
    share = stream.differing / max(stream.compared, 1)
    if share > WARN_DIFFERING:
        findings.warn(
            f"{share:.0%} of the aligned bases differ from the genome: no variant is credible",
            "Another genome, bisulfite reads, or positions that are shifted?",
        )


def _judge_qualities(stream: Stream, findings: Findings) -> None:
    if stream.without_quality == stream.looked_at:
        findings.warn("reads have no base qualities", "A flat error rate is used instead.")
    elif stream.flat_quality == stream.looked_at:
        findings.warn("all base qualities are equal", "They cannot tell errors from variants.")
    elif stream.lowest_quality >= LOWEST_SHIFTED and stream.highest_quality > HIGHEST_USUAL:
        findings.warn(
            "base qualities look as if the old Phred+64 encoding had been kept",
            "Errors would pass for sure bases. Align again from converted FASTQs.",
            value=f"{stream.lowest_quality} to {stream.highest_quality}",
        )


def _judge_names(stream: Stream, findings: Findings) -> None:
    names = list(stream.names.values())
    if sum(name.endswith(MATE_ENDINGS) for name in stream.names) > MOST * len(names):
        findings.stop(
            "read names end with /1 and /2: mates cannot be told by their name",
            "Remove the endings, or align again: else overlapping mates count twice.",
        )
        return
    repeated = sum(first > 1 or second > 1 for first, second, *_ in names)
    if repeated / len(names) > STOP_REPEATED:
        findings.stop(
            f"{repeated / len(names):.0%} of the reads stand in the file more than once (merged "
            "twice?)",
            "Merge each lane once: repeated reads make variants look surer than they are.",
        )
        return
    if repeated:
        findings.warn(
            "some reads stand in the file more than once",
            "Check how it was merged.",
            value=f"{repeated} of {len(names)} looked at",
        )
    pairs = [values for values in names if values[2]]
    lost = [values for values in pairs if not (values[0] and values[1])]
    if not lost:
        return
    tail = sum((contig, position) > stream.last for *_, contig, position in lost)
    if tail >= TAIL_MATES and tail > TAIL_SHARE * len(lost) and not stream.unsorted_at:
        findings.stop(
            f"file ends early: {tail} reads have their mate behind the last record", FETCH_AGAIN
        )
        return
    _judge_lost_mates(len(lost) / len(pairs), findings)


def _judge_lost_mates(share: float, findings: Findings) -> None:
    message = f"{share:.1%} of the pairs have lost a mate"
    if share > STOP_LOST_MATES:
        findings.stop(message, "Give the file before it was filtered.")
    elif share > WARN_LOST_MATES:
        findings.warn(message, "Was the file filtered, or cut to regions?")


def _check_index(path: str, stream: Stream, facts: HeaderFacts, findings: Findings) -> None:
    index = find_index(path)
    if not index:
        findings.note("has no index", "One is made in the results folder.")
        return
    remedy = "It is not used; a fresh one is made in the results folder."
    counted = [stream.mapped_on.get(number, 0) for number in range(len(facts.contigs))]
    try:
        facts_of_index = read_index(index)
    except UNREADABLE:
        findings.warn("index cannot be read", remedy, value=index)
        return
    indexed = facts_of_index.mapped
    if counted == indexed:
        if Path(index).stat().st_mtime < Path(path).stat().st_mtime:
            findings.warn("index is older than the file", remedy, value=index)
        return
    is_shorter = len(counted) == len(indexed) and sum(counted) < sum(indexed)
    if is_shorter and (_is_cut(counted, indexed) or _is_own(path, facts_of_index)):
        what = "ends early" if _is_cut(counted, indexed) else "has lost reads"
        findings.stop(
            f"file {what}: {sum(counted)} mapped records, {sum(indexed)} in its index", FETCH_AGAIN
        )
    else:
        findings.warn("index belongs to another file", remedy, value=index)


def _is_own(path: str, index: IndexFacts) -> bool:
    """Whether places that the index names begin blocks of this file: chance has none do."""
    # The first block of reads begins behind the header, at the same byte in files of one header.
    places = sorted(place for place in index.blocks if place)[1:BLOCKS_TRIED]
    return any(is_block_start(path, place) for place in places)


def _is_cut(counted: Sequence[int], indexed: Sequence[int]) -> bool:
    """Whether the counts are those of the index up to one contig, fewer on it, none behind it."""
    filled = [number for number, count in enumerate(counted) if count]
    last = filled[-1] if filled else 0
    return (
        list(counted[:last]) == list(indexed[:last])
        and counted[last] <= indexed[last]
        and sum(counted) < sum(indexed)
    )
