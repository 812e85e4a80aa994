"""Which stretches of the genome are examined."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from amlresist.annotation import Transcript
from amlresist.errors import InputError, Problem
from amlresist.files import open_text
from amlresist.libraries import LibraryInput

Region = tuple[str, int, int]
"""(contig, start, end), 0-based half-open."""


def read_bed(path: Path | str) -> list[Region]:
    """Regions of a BED file, sorted and merged.

    Raises:
        InputError: a line is no region, or there is none.
    """
    regions, problems = [], []
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip() or line.startswith(("#", "track", "browser")):
                continue
            fields = line.split("\t")
            try:
                chrom, start, end = fields[0], int(fields[1]), int(fields[2])
            except (ValueError, IndexError):
                start, end = 0, 0
            if not 0 <= start < end:
                problems.append(_bed_problem(path, number, line))
                continue
            regions.append((chrom, start, end))
    if not regions and not problems:
        problems.append(_bed_problem(path, 0, ""))
    if problems:
        raise InputError(problems)
    return merge(regions)


def _bed_problem(path: Path | str, number: int, line: str) -> Problem:
    return Problem(
        str(path),
        f"line {number}" if number else "",
        line.strip(),
        "expected contig, start and end, 0-based, start before end",
        "Give a tab-separated BED file of the captured regions.",
    )


def of_genes(models: Iterable[Transcript], padding: int) -> list[Region]:
    """Exons of canonical transcripts (coding part where there is one) with `padding` around."""
    spans = []
    for model in models:
        if model.canonical:
            for start, end in model.cds or model.exons:
                spans.append((model.chrom, max(0, start - padding), end + padding))
    return merge(spans)


def merge(regions: Iterable[Region], gap: int = 0) -> list[Region]:
    """Regions sorted; those that overlap, touch or lie at most `gap` bases apart are joined."""
    merged: list[Region] = []
    for chrom, start, end in sorted(regions):
        if merged and merged[-1][0] == chrom and start <= merged[-1][2] + gap:
            merged[-1] = (chrom, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((chrom, start, end))
    return merged


def contains(regions: Sequence[Region], chrom: str, position: int) -> bool:
    """Whether a 0-based position lies in one of the (merged, sorted) regions."""
    index = bisect_right(regions, (chrom, position, 1 << 62)) - 1
    return index >= 0 and regions[index][0] == chrom and position < regions[index][2]


def examined(
    libraries: Iterable[LibraryInput],
    models: Iterable[Transcript],
    padding: int,
    contigs: Mapping[str, int],
) -> list[Region]:
    """Regions to look through: all libraries' targets, or coding exons where one gives none."""
    regions: list[Region] = []
    untold = False
    for library in libraries:
        if library.targets:
            regions += read_bed(library.targets)
        else:
            untold = True
    if untold or not regions:
        regions += of_genes(models, padding)
    inside = ((c, start, min(end, contigs[c])) for c, start, end in regions if c in contigs)
    return merge(region for region in inside if region[1] < region[2])
