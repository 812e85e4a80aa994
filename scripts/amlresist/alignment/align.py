"""FASTQ -> BAM: (trim) -> bwa mem -> fixmate -> sort -> mark duplicates -> index.

The bytes do not depend on the number of threads, on paths or on the day: bwa works in batches of a
fixed number of bases, samtools sorts with a fixed number of threads, and command lines with their
paths are left out of the header.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pysam

from amlresist.alignment.mate_names import are_numbered
from amlresist.alignment.pipeline import (
    Command,
    PipelineError,
    plain_path,
    require_programs,
    run_chain,
    scratch_folder,
)
from amlresist.alignment.settings import Settings
from amlresist.files import whole_file
from amlresist.inputs.fastq import read_fastq
from amlresist.inputs.findings import require_sound
from amlresist.libraries import LibraryInput
from amlresist.sheet import Capture

BASES_PER_BATCH = (
    10_000_000  # bwa's batch per thread; fixed, since insert sizes are learnt by batch
)
SORT_THREADS = 2
SORT_MEMORY = "512M"
PRIMARY = "0x900"
TRIMMING_REPORT = "cutadapt.json"


def align_library(
    library: LibraryInput, reference: Path, out: Path, threads: int, settings: Settings
) -> int:
    """Align one library and write `out` and `out`.bai.

    Returns:
        Reads in the BAM, which equal those of the FASTQ files.

    Raises:
        InputError: a FASTQ is unsound or a program is missing.
        PipelineError: a program failed, or reads were lost on the way.
    """
    require_programs("bwa", "samtools")
    findings, expected = read_fastq(library.paths[0], "".join(library.paths[1:]))
    require_sound(findings)
    keeps_duplicates = library.capture == Capture.AMPLICON or not settings.mark_duplicates
    with scratch_folder(out) as scratch:
        unmarked = scratch / "sorted.bam"
        commands = alignment_commands(library, reference, scratch, threads, settings)
        run_chain(commands, unmarked)
        if settings.adapter_r1:
            expected = _kept_by_trimming(scratch, expected, len(library.paths))
        marked = unmarked if keeps_duplicates else _mark_duplicates(unmarked, settings)
        finished = _without_command_lines(marked)
        found = int(pysam.view("-c", "-F", PRIMARY, "-@", str(threads), str(finished)))
        _require_equal(library.sample, expected, found, "in the BAM")
        publish_with_index(finished, out, "bai")
    return found


def alignment_commands(
    library: LibraryInput, reference: Path, scratch: Path, threads: int, settings: Settings
) -> list[Command]:
    """The chain from FASTQ to a coordinate-sorted BAM on standard output."""
    before = _before_mapping(library.paths, scratch, settings)
    reads = ["-p", "-"] if library.paths[1:] else ["-"]
    mapping = [
        *("bwa", "mem", "-t", str(threads), "-K", str(BASES_PER_BATCH)),
        *("-R", read_group_line(library), str(reference)),
        *(reads if before else map(plain_path, library.paths)),
    ]
    fixing = ["samtools", "fixmate", "--no-PG", "-u", "-m", "-", "-"]
    sorting = [
        *("samtools", "sort", "--no-PG", "-@", str(SORT_THREADS), "-m", SORT_MEMORY),
        *("-T", str(scratch / "sort"), "-o", "-", "-"),
    ]
    return [*before, mapping, fixing, sorting]


def _before_mapping(paths: Sequence[str], scratch: Path, settings: Settings) -> list[Command]:
    """What bwa cannot do itself: trimming, and mates whose names end in .1 and .2."""
    trimming = _trimming(paths, scratch, settings)
    if not are_numbered(paths):
        return [trimming] if trimming else []
    naming = [sys.executable, "-m", "amlresist.alignment.mate_names"]
    return [trimming, naming] if trimming else [[*naming, *map(plain_path, paths)]]


def read_group_line(library: LibraryInput) -> str:
    """The @RG line, with `\\t` as bwa expects it; facts of the sheet, else sensible ones."""
    facts: Mapping[str, str] = library.read_group
    fields = {
        "ID": library.sample,
        "SM": library.sample,
        "LB": facts.get("library") or library.sample,
        "PL": facts.get("platform") or "ILLUMINA",
        "PU": facts.get("unit") or library.sample,
    }
    words = (f"{tag}:{' '.join(value.split())}" for tag, value in fields.items())
    return "\\t".join(["@RG", *words]).replace("\\t\\t", "\\t")


def publish_with_index(alignment: Path, out: Path, suffix: str) -> None:
    """Move a finished alignment to `out` with a fresh index, the index last and newest."""
    index = alignment.with_name(f"{alignment.name}.{suffix}")
    pysam.index("-o", str(index), str(alignment))
    alignment.replace(out)
    with whole_file(f"{out}.{suffix}") as partial:
        shutil.move(index, partial)
        partial.touch()


def _trimming(paths: Sequence[str], scratch: Path, settings: Settings) -> Command:
    if not settings.adapter_r1:
        return []
    adapters = ["-a", settings.adapter_r1]
    if paths[1:]:
        adapters += ["-A", settings.adapter_r2 or settings.adapter_r1, "--interleaved"]
    return [
        *(sys.executable, "-m", "cutadapt", "--quiet", *adapters),
        *("--minimum-length", str(settings.minimum_length)),
        *("--json", str(scratch / TRIMMING_REPORT), *map(plain_path, paths)),
    ]


def _kept_by_trimming(scratch: Path, given: int, files: int) -> int:
    """Reads that cutadapt passed on, after it is shown to have read all of those given."""
    report = json.loads((scratch / TRIMMING_REPORT).read_text(encoding="utf-8"))
    counts = report["read_counts"]  # of pairs, where there are two files
    _require_equal("cutadapt", given, counts["input"] * files, "read by it")
    return int(counts["output"]) * files


def _require_equal(whose: str, expected: int, found: int, where: str) -> None:
    if found != expected:
        raise PipelineError(f"{whose}: {expected} reads expected, {found} {where}")


def _mark_duplicates(unmarked: Path, settings: Settings) -> Path:
    marked = unmarked.with_name("marked.bam")
    optical = ["-d", str(settings.optical_distance)] if settings.optical_distance else []
    command = [
        *("samtools", "markdup", "--no-PG", *optical, "-T", str(unmarked.with_name("markdup"))),
        *(str(unmarked), "-"),
    ]
    run_chain([command], marked)
    return marked


def _without_command_lines(alignment: Path) -> Path:
    """The same records under a header whose @PG lines name programs, but no paths or threads."""
    with pysam.AlignmentFile(str(alignment), check_sq=False) as handle:
        lines = str(handle.header).splitlines()
    header = alignment.with_name("header.sam")
    header.write_text("".join(f"{_shortened(line)}\n" for line in lines), encoding="utf-8")
    finished = alignment.with_name("finished.bam")
    run_chain([["samtools", "reheader", "--no-PG", str(header), str(alignment)]], finished)
    return finished


def _shortened(line: str) -> str:
    if not line.startswith("@PG"):
        return line
    return "\t".join(field for field in line.split("\t") if not field.startswith("CL:"))
