"""FASTQ files from the first record to the last: gzip, structure, letters, mates in step."""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice, pairwise, zip_longest
from pathlib import Path
from typing import Any, BinaryIO, cast

import dnaio

from amlresist.errors import InputError, Problem
from amlresist.files import LONGEST_MAGIC, foreign_kind
from amlresist.inputs.bgzf import GZIP_MAGIC, end_fault, is_block_start
from amlresist.inputs.findings import FETCH_AGAIN, UNREADABLE, Finding, Findings
from amlresist.reference.fasta import IUPAC

BATCH = 4096
_NOT_IUPAC = str.maketrans("", "", IUPAC + IUPAC.lower())
LOWEST_QUALITY, HIGHEST_QUALITY = 33, 126
# Phred+64 text starts at 59 (Solexa -5) and reaches beyond the usual end of Phred+33 (74, "J").
LOWEST_PHRED64, HIGHEST_PHRED33 = 59, 80
WARN_N_SHARE = 0.5
LOWEST_TOLD = 35  # "#", quality 2: read, but not sure of any base
# A mate file of barcodes or index reads: never longer than this, the other file's reads are.
LONGEST_BARCODE, ITS_MATES = 30, 45
WARN_SAME_BASES = 0.5  # share of pairs whose two reads have the same bases
ONE_BASE, WARN_ONE_BASE = 0.9, 0.5  # of a read's bases; share of such reads


FIRST_NAMES = 1000
STOP_REPEATED = 0.01  # share of the first reads that stand in the file again
STOP_INTERLEAVED = 0.9


@dataclass
class Letters:
    """Sums over the bases, qualities and names of one file.

    Attributes:
        first: names of the first reads.
        again: reads of the same names further on.
        neighbours: reads among the first whose neighbour has the same name.
        longest: bases of the longest read.
        same: reads with the same bases as their first mate.
        one_base: reads of the first batch that are nearly all one base.
    """

    records: int = 0
    bases: int = 0
    unknown: int = 0
    has_lower_case: bool = False
    lowest: int = 255
    highest: int = 0
    first: set[str] = field(default_factory=set)
    again: int = 0
    neighbours: int = 0
    longest: int = 0
    same: int = 0
    one_base: int = 0


def examine_fastq(path: str, mates: str = "", limit: int | None = None) -> list[Finding]:
    """Everything that can be told from a FASTQ, or from the two files of a paired library.

    Args:
        limit: look at the first records only; None: to the end.
    """
    return read_fastq(path, mates, limit)[0]


def read_fastq(path: str, mates: str = "", limit: int | None = None) -> tuple[list[Finding], int]:
    """Read one or two FASTQs to their end: (findings, records in both files together)."""
    findings = Findings(path)
    letters = [Letters() for _ in range(2 if mates else 1)]
    with findings.guarded(), ExitStack() as stack:
        files = [path, mates] if mates else [path]
        readers = [_records(name, stack.enter_context(opened(name))) for name in files]
        for batch in _batches(readers, files, limit):
            letters[-1].same += sum(_have_same_bases(*records) for records in batch)
            for name, sums, records in zip(files, letters, zip(*batch, strict=True), strict=True):
                _add(name, sums, records)
        for name, sums in zip(files, letters, strict=True):
            _judge(name, sums, findings)
        if mates:
            _judge_pair(files, letters, findings)
    return findings.all, sum(sums.records for sums in letters)


def _batches(
    readers: list[Iterator[Any]], files: list[str], limit: int | None
) -> Iterator[list[tuple[Any, ...]]]:
    """Lists of records, mates together."""
    batch: list[tuple[Any, ...]] = []
    for number, records in enumerate(islice(zip_longest(*readers), limit), start=1):
        if len(records) == 2:
            _require_mates(records[0], records[1], files, number)
        batch.append(records)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _require_mates(first: Any, second: Any, files: list[str], number: int) -> None:
    if first is None or second is None:
        shorter = files[0] if first is None else files[1]
        raise _fault(shorter, number, "", "file has fewer records than its mate file")
    if not first.is_mate(second):
        raise _fault(
            files[1],
            number,
            f"{first.id} / {second.id}",
            "read names of the two mate files do not pair",
        )
    if number == 1 and _mate_number(second.name) == 1:
        raise _fault(files[1], number, second.name, "mate file holds first mates")


def _have_same_bases(read: Any, mate: Any = None) -> bool:
    return mate is not None and bool(read.sequence) and read.sequence == mate.sequence


def _mate_number(name: str) -> int:
    words = name.split()
    if words[0].endswith(("/1", "/2")):
        return int(words[0][-1])
    return int(words[1][0]) if len(words) > 1 and words[1][:2] in {"1:", "2:"} else 0


def _add(path: str, sums: Letters, records: tuple[Any, ...]) -> None:
    bases = "".join(record.sequence for record in records)
    if bases.translate(_NOT_IUPAC):
        raise _foreign_letter(path, sums.records, records)
    qualities = "".join(record.qualities for record in records).encode("latin-1")
    if "U" in bases or "u" in bases:
        message = "bases are written as RNA (U), which aligners take for N"
        raise _fault(path, 0, "U", message, "Write T: sed '2~4s/U/T/g'.")
    if not sums.records:
        sums.one_base = sum(map(_is_one_base, records))
    _add_names(sums, [record.id for record in records])
    sums.records += len(records)
    sums.bases += len(bases)
    sums.unknown += bases.count("N") + bases.count("n")
    sums.has_lower_case = sums.has_lower_case or not bases.isupper()
    sums.longest = max(sums.longest, *(len(record.sequence) for record in records))
    if qualities:
        lowest, highest = min(qualities), max(qualities)
        sums.lowest, sums.highest = min(sums.lowest, lowest), max(sums.highest, highest)


def _is_one_base(record: Any) -> bool:
    most = max(map(record.sequence.count, "ACGT"))
    return bool(most > ONE_BASE * len(record.sequence))


def _add_names(sums: Letters, names: list[str]) -> None:
    if sums.records:
        if not sums.first.isdisjoint(names):
            sums.again += sum(name in sums.first for name in names)
        return
    # Mates that follow each other carry /1 and /2, or the same name.
    bare = [name.removesuffix("/1").removesuffix("/2") for name in names]
    sums.neighbours = sum(one == next_one for one, next_one in pairwise(bare))
    sums.first = set(names[:FIRST_NAMES])
    sums.again = sum(name in sums.first for name in names) - len(sums.first)


def _foreign_letter(path: str, before: int, records: tuple[Any, ...]) -> InputError:
    for number, record in enumerate(records, start=before + 1):
        if strange := record.sequence.translate(_NOT_IUPAC):
            return _fault(path, number, strange[0], "letter is no IUPAC nucleotide code")
    raise AssertionError("unreachable: the batch has a foreign letter")


def _judge(path: str, sums: Letters, findings: Findings) -> None:
    if not sums.bases:
        what = "its reads have no bases" if sums.records else "file has no reads"
        findings.warn(
            f"{what}: the library is not evaluable",
            "Nothing is called absent or not expressed.",
            value=path,
        )
        return
    _judge_names(path, sums, findings)
    if is_block_start(path, 0) and end_fault(path):
        findings.note(  # bcl2fastq leaves it out
            "bgzip file has no end-of-file block", "Nothing to do if it is whole.", value=path
        )
    if _has_crlf(path):
        findings.warn("lines end with CR LF", "Read as if they ended with LF.", value=path)
    if sums.has_lower_case and sums.bases:
        findings.note("has lower-case bases", "Read as upper case.", value=path)
    if sums.unknown > WARN_N_SHARE * sums.bases:
        findings.warn(
            f"{sums.unknown / sums.bases:.0%} of the bases are N",
            "Was the run a failure?",
            value=path,
        )
    if sums.one_base > WARN_ONE_BASE * min(sums.records, BATCH):
        findings.warn("most reads are one base only (no signal?)", "Was the run a failure?")
    _judge_qualities(path, sums, findings)


def _judge_qualities(path: str, sums: Letters, findings: Findings) -> None:
    if not LOWEST_QUALITY <= sums.lowest <= sums.highest <= HIGHEST_QUALITY:
        strange = sums.lowest if sums.lowest < LOWEST_QUALITY else sums.highest
        raise _fault(path, 0, chr(strange), "quality is not in '!' to '~'")
    if sums.highest <= LOWEST_TOLD:
        findings.warn("no base has a quality above 2", "Its bases cannot be believed.", value=path)
    if sums.lowest >= LOWEST_PHRED64 and sums.highest > HIGHEST_PHRED33:
        findings.stop(
            "base qualities are in the old Phred+64 encoding",
            "Convert them, e.g. with seqtk seq -Q64 -V.",
            value=f"{chr(sums.lowest)} to {chr(sums.highest)}",
        )


def _judge_pair(files: list[str], letters: list[Letters], findings: Findings) -> None:
    if letters[1].same > WARN_SAME_BASES * letters[1].records:
        findings.warn(
            "reads have the same bases as their mates: one file under two names?",
            "Mates are read from both ends of a fragment. Give the file of the second mates.",
            value=f"{letters[1].same} of {letters[1].records} pairs",
        )
    lengths = [sums.longest for sums in letters]
    if not 0 < min(lengths) <= LONGEST_BARCODE or max(lengths) < ITS_MATES:
        return
    findings.warn(
        f"reads are at most {min(lengths)} bases long, their mates {max(lengths)}: barcodes?",
        "Give the files of both mates, not of the index or of single cells' barcodes.",
        value=files[lengths.index(min(lengths))],
    )


def _judge_names(name: str, sums: Letters, findings: Findings) -> None:
    first_batch = min(sums.records, BATCH)
    if sums.neighbours > STOP_INTERLEAVED * first_batch // 2 > 0:
        findings.stop(
            "both mates stand in one file, one behind the other",
            "Split it into two files, e.g. with seqkit split2 or reformat.sh.",
            value=name,
        )
    elif sums.again > STOP_REPEATED * len(sums.first):
        findings.stop(
            f"reads stand in the file more than once (joined twice?): {sums.again} repeats of "
            f"the first {len(sums.first)}",
            "Give each lane once: repeated reads make variants look surer than they are.",
            value=name,
        )


def _has_crlf(path: str) -> bool:
    with _bytes(path) as handle:
        return handle.readline(1 << 16).endswith(b"\r\n")


def _bytes(path: str) -> BinaryIO:
    with Path(path).open("rb") as raw:
        start = raw.read(LONGEST_MAGIC)
    if kind := foreign_kind(start):
        raise _fault(path, 0, "", f"is {kind}, not FASTQ", "Compress it with gzip.")
    is_gzip = start.startswith(GZIP_MAGIC)
    # Python's gzip reads every member and refuses what follows the last one.
    return cast("BinaryIO", gzip.open(path, "rb") if is_gzip else Path(path).open("rb"))


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """A `dnaio` reader of a FASTQ; an empty file has no records."""
    with _bytes(path) as handle:
        try:
            reader = dnaio.open(handle, fileformat="fastq")
        except (dnaio.FastqFormatError, *UNREADABLE) as error:
            raise _fault(path, 1, "", " ".join(str(error).split())) from error
        with reader:
            yield reader


def _records(path: str, reader: Any) -> Iterator[Any]:
    """Records of `reader`; what it raises becomes an `InputError` with the record's number."""
    number = 0
    iterator = iter(reader)
    while True:
        try:
            record = next(iterator, None)
        except (dnaio.FastqFormatError, *UNREADABLE) as error:
            raise _fault(path, number + 1, "", " ".join(str(error).split())) from error
        if record is None:
            return
        number += 1
        yield record


def _fault(
    path: str, record: int, value: str, message: str, remedy: str = FETCH_AGAIN
) -> InputError:
    where = f"record {record}" if record else ""
    return InputError(Problem(path, where, value, message, remedy))
