"""Accuracy of the FLT3-ITD caller on simulated libraries with a known truth.

python benchmarks/flt3_itd.py [--genome chr13.fa --annotation genes.gtf] [--only lengths limits]
    [--libraries 500] [--wild-type 1000]

Without genome and annotation a random sequence with FLT3's exon lengths is used.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pysam

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "unit")]

from flt3_itd_reads import Design, call_one, duplicate, settings, simulate, toy_locus  # noqa: E402

from amlresist.annotation import canonical_transcripts, read_gene_models  # noqa: E402
from amlresist.flt3_itd.calling import CloneCall, LibraryCall  # noqa: E402
from amlresist.flt3_itd.locus import Locus, build_locus  # noqa: E402

LENGTHS = (6, 15, 30, 60, 90, 120, 150, 180, 210, 300)
SHARES = (0.5, 0.05, 0.95)
DESIGNS = ("amplicon 2x250", "capture 2x100", "capture 2x150")
_FRAGMENTS = {"amplicon 2x250": 4_000, "capture 2x100": 20_000, "capture 2x150": 20_000}
_CHUNK = 10
_INTERVAL_CASES = (30, 0.3), (60, 0.1), (120, 0.1), (210, 0.1), (300, 0.1)
_INTERVAL_SEED = 20_000  # libraries no other part uses


@dataclass(frozen=True)
class Library:
    """A library to simulate: ITD of `length` at `start` with VAF `share`; no ITD if share is 0."""

    locus: Locus
    design: str
    fragments: int
    start: int
    length: int
    share: float
    seed: int

    def call(self) -> tuple[LibraryCall, CloneCall | None]:
        """The library's call, and its clone with exactly the simulated sequence."""
        reference, exon = self.locus.sequence, self.locus.target
        haplotype = duplicate(reference, self.start, self.length)
        shares = [(reference, 1 - self.share), (haplotype, self.share)]
        pairs = simulate(
            reference,
            shares if self.share else [(reference, 1.0)],
            self.fragments,
            _design(self.design, exon[0] - 1),
            np.random.default_rng(self.seed),
        )
        called = call_one(self.locus, pairs, "" if self.design.startswith("amplicon") else "panel")
        exact = [c for c in called.clones if c.allele.apply(reference) == haplotype]
        return called, exact[0] if exact else None


def _design(name: str, first: int) -> Design:
    if name.startswith("amplicon"):
        return Design(250, (first, first + 330))
    return Design(100) if name.endswith("100") else Design(150, mean=350.0, sd=60.0)


def read_locus(genome: str, annotation: str) -> Locus:
    """FLT3 of a genome, or a random sequence of its build."""
    if not genome:
        return toy_locus()
    chosen = settings()
    models = canonical_transcripts(read_gene_models(annotation, [chosen.gene]))
    transcript = models[chosen.gene]
    with pysam.FastaFile(genome) as fasta:
        return build_locus(
            transcript,
            fasta.fetch,
            fasta.get_reference_length(transcript.chrom),
            "dna",
            chosen.first_coding_base,
            chosen.flank,
        )


def _start(locus: Locus, design: str, length: int) -> int:
    """A place whose junction the reads of an amplicon reach; inside the exon where it fits."""
    first, last = locus.target
    if design.startswith("amplicon"):
        if length < 200:
            return first + 30
        return first + 1 if length == 210 else first + 99  # 300 bp: beyond the reverse primer
    return min(last - 5, first + 60 + length) - length


def _cell(library: Library) -> list[object]:
    called, clone = library.call()
    row: list[object] = [library.design, library.length, library.share, len(called.clones)]
    if clone is None:
        return [*row, "missed", "", "", ""]
    binomial = 1.96 * (library.share * (1 - library.share) / max(1, called.depth)) ** 0.5
    inside = abs(clone.vaf.value - library.share) <= binomial
    ratio = round(clone.vaf.value / library.share, 3)
    return [*row, round(clone.vaf.value, 4), ratio, called.depth, "yes" if inside else "no"]


def lengths(locus: Locus, pool: ProcessPoolExecutor) -> Iterator[str]:
    """What is found for each design, length and VAF."""
    yield "## Lengths and VAFs, 0.2 % error"
    yield "design\tlength\tVAF\tclones\tfound VAF\tfound / true\tdepth\tin binomial interval"
    libraries = [
        Library(locus, design, _FRAGMENTS[design], _start(locus, design, size), size, share, seed)
        for seed, (design, size, share) in enumerate(product(DESIGNS, LENGTHS, SHARES))
    ]
    for row in pool.map(_cell, libraries):
        yield "\t".join(map(str, row))


def _holds(library: Library) -> tuple[bool, float]:
    _, clone = library.call()
    if clone is None:
        return False, float("nan")
    return clone.vaf.low <= library.share <= clone.vaf.high, clone.vaf.value / library.share


def intervals(locus: Locus, pool: ProcessPoolExecutor, number: int) -> Iterator[str]:
    """How often the 95 % interval holds the truth."""
    yield "## Intervals"
    yield "design\tlength\tVAF\tlibraries\ttruth in 95 % interval\tmean found / true"
    for design in DESIGNS:
        amplicon = design.startswith("amplicon")
        fragments = 1_500 if amplicon else 3_000
        for length, share in _INTERVAL_CASES[:3] if amplicon else _INTERVAL_CASES:
            libraries = [
                Library(locus, design, fragments, locus.target[0] + 10, length, share, seed)
                for seed in range(_INTERVAL_SEED, _INTERVAL_SEED + number)
            ]
            found = np.array(list(pool.map(_holds, libraries, chunksize=_CHUNK)))
            cells = (f"{found[:, 0].mean():.3f}", f"{np.nanmean(found[:, 1]):.3f}")
            yield "\t".join(map(str, (design, length, share, number, *cells)))


def _is_called(library: Library) -> bool:
    return bool(library.call()[0].clones)


def wild_type(locus: Locus, pool: ProcessPoolExecutor, number: int) -> Iterator[str]:
    """How many wild-type libraries get a call."""
    yield "## Wild-type libraries"
    yield "design\tlibraries\twith a call"
    for design in DESIGNS[:2]:
        fragments = 1_500 if design.startswith("amplicon") else 4_000
        libraries = [
            Library(locus, design, fragments, locus.target[0], 30, 0.0, seed)
            for seed in range(number)
        ]
        called = sum(pool.map(_is_called, libraries, chunksize=_CHUNK))
        yield f"{design}\t{number}\t{called}"


def _is_found(library: Library) -> bool:
    return library.call()[1] is not None


def limits(locus: Locus, pool: ProcessPoolExecutor, number: int) -> Iterator[str]:
    """How often an ITD at the stated detection limit is found."""
    yield "## ITDs at the detection limit that wild-type libraries state"
    yield "design\tlength\tlimit, VAF\tlibraries\tfound"
    for design, length in ((DESIGNS[0], 30), (DESIGNS[1], 30), (DESIGNS[1], 150)):
        fragments = 1_500 if design.startswith("amplicon") else 3_000
        start = locus.target[0] + 30
        stated = Library(locus, design, fragments, start, 30, 0.0, 0).call()[0].limit
        libraries = [
            Library(locus, design, fragments, start, length, stated, 100 + seed)
            for seed in range(number)
        ]
        found = sum(pool.map(_is_found, libraries, chunksize=_CHUNK))
        yield f"{design}\t{length}\t{stated:.4f}\t{number}\t{found / number:.3f}"


PARTS = ("lengths", "intervals", "wild_type", "limits")


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genome", default="", help="FASTA that holds FLT3")
    parser.add_argument("--annotation", default="", help="GTF of the genome")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--libraries", type=int, default=500)
    parser.add_argument("--wild-type", type=int, default=1_000)
    arguments = parser.parse_args()
    locus = read_locus(arguments.genome, arguments.annotation)
    with ProcessPoolExecutor(2) as pool:
        made = {
            "lengths": lambda: lengths(locus, pool),
            "intervals": lambda: intervals(locus, pool, arguments.libraries),
            "wild_type": lambda: wild_type(locus, pool, arguments.wild_type),
            "limits": lambda: limits(locus, pool, arguments.libraries // 4),
        }
        for part in arguments.only:
            for line in made[part]():
                print(line, flush=True)


if __name__ == "__main__":
    main()
