"""Two libraries with the same reads under other bytes: packed again, renamed, FASTQ joined anew."""

import os
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import dnaio
import pysam

from amlresist.errors import InputError
from amlresist.inputs.bam_index import without_index
from amlresist.inputs.cram_containers import container_fault
from amlresist.inputs.fastq import opened
from amlresist.inputs.findings import UNREADABLE, Finding, Findings
from amlresist.sheet import Library

READS = 1_000
FEWEST, MOSTLY = 20, 0.5  # reads alike; share of the smaller library's
NO_PRIMARY = 0x900


def first_reads(path: str, fasta: str = "") -> frozenset[int]:
    """Digests of the first reads' names and bases; empty where the file cannot be read."""
    try:
        if path.lower().endswith(".cram") and container_fault(path):
            return frozenset()
        is_aligned = path.lower().endswith((".bam", ".cram"))
        reads = _aligned(path, fasta) if is_aligned else _unaligned(path)
        return frozenset(zlib.crc32(f"{name}\n{bases}".encode()) for name, bases in reads)
    except (InputError, RuntimeError, dnaio.FileFormatError, *UNREADABLE):
        # Its own examination says what is wrong.
        return frozenset()


def _unaligned(path: str) -> list[tuple[str, str]]:
    with opened(path) as reads:
        return [(read.id, read.sequence) for read in islice(reads, READS)]


def _aligned(path: str, fasta: str) -> list[tuple[str, str]]:
    os.environ["REF_PATH"] = os.environ["REF_CACHE"] = "/nonexistent"  # CRAM: never ask a server
    pysam.set_verbosity(0)
    options: dict[str, Any] = {"reference_filename": fasta} if fasta else {}
    with (
        without_index(path) as link,
        pysam.AlignmentFile(link, check_sq=False, **options) as handle,
    ):
        primary = (read for read in handle.fetch(until_eof=True) if not read.flag & NO_PRIMARY)
        return [(read.query_name, read.query_sequence or "") for read in islice(primary, READS)]


def alike(
    libraries: Iterable[Library], reads_of: Mapping[str, frozenset[int]], sheet: str
) -> list[Finding]:
    """A finding per library whose first reads are mostly those of another one.

    Args:
        reads_of: path of the reads -> what `first_reads` gives.
    """
    findings = Findings(sheet)
    owners: dict[int, Library] = {}
    for library in libraries:
        own = reads_of.get(library.fq1 or library.bam, frozenset())
        shared = Counter(owners[read].sample for read in own if read in owners)
        other, number = max(shared.items(), key=lambda item: item[1], default=("", 0))
        if number >= FEWEST and number > MOSTLY * len(own):
            findings.warn(
                f"holds the same reads as {other}: {number} of the first {len(own)} have the same"
                " name and bases",
                "Is one library given twice, packed anew or renamed? Then nothing can change.",
                f"row {library.row}",
                library.fq1 or library.bam,
            )
        owners |= {read: library for read in own if read not in owners}
    return findings.all


def reads_files(libraries: Sequence[Library]) -> list[str]:
    """The file of each library that holds its first mates, or all its reads."""
    return sorted({library.fq1 or library.bam for library in libraries if library.has_reads})
