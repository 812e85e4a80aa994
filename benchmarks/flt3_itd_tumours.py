"""FLT3-ITD in simulated tumours as exomes and panels read them: few reads, unevenly spread.

python benchmarks/flt3_itd_tumours.py --genome GRCh38.fa --annotation genes.gtf [--libraries 40]

Molecules are captured by the exon bases they hold (none below 30, all from 120 on), so that depth
falls at exon edges and molecules with an ITD are caught a little more often; fragment lengths are
log-normal; 0.5 % of bases are wrong, more at read ends, and 5 % of reads are four times poorer.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pysam
from flt3_itd import read_locus
from flt3_itd_reads import call_one, duplicate, settings

from amlresist.annotation import canonical_transcripts, read_gene_models
from amlresist.dna import reverse_complement
from amlresist.flt3_itd.calling import LibraryCall
from amlresist.flt3_itd.locus import Locus, build_locus

_FLANK = 1_500  # bases around the exons that molecules come from
_LEAST_BAIT, _FULL_BAIT = 30, 120
_ERROR, _POOR_SHARE, _POOR = 0.005, 0.05, 4.0
_SPREAD = 0.3  # log-normal sigma of fragment lengths


@dataclass(frozen=True)
class Clone:
    """An ITD: first duplicated base (of exon 14, 0-based), duplicated bases, N, VAF."""

    start: int
    duplicated: int
    novel: str
    share: float

    @property
    def length(self) -> int:
        """Inserted bases."""
        return self.duplicated + len(self.novel)


@dataclass(frozen=True)
class Tumour:
    """A library: depth, read length, median fragment and clones."""

    name: str
    depth: int
    read: int
    fragment: int
    clones: tuple[Clone, ...] = ()


TUMOURS = (
    Tumour("wild type, exome", 44, 100, 180),
    Tumour("wild type, exome", 200, 101, 220),
    Tumour("wild type, panel", 400, 151, 250),
    Tumour("24 bp", 44, 100, 180, (Clone(60, 24, "", 0.35),)),
    Tumour("33 + 1 N", 100, 101, 180, (Clone(70, 33, "C", 0.25),)),
    Tumour("45 + 12 N", 80, 100, 200, (Clone(50, 45, "CTTGGAACCGTA", 0.4),)),
    Tumour("57 + 6 N", 100, 100, 180, (Clone(40, 57, "GGACTC", 0.3),)),
    Tumour("60 bp, little wild type", 120, 100, 180, (Clone(30, 60, "", 0.9),)),
    Tumour("66 bp into the intron", 120, 100, 200, (Clone(100, 66, "", 0.4),)),
    Tumour("102 bp into the intron", 200, 100, 200, (Clone(80, 102, "", 0.4),)),
    Tumour("120 bp", 150, 100, 200, (Clone(10, 120, "", 0.35),)),
    Tumour("210 bp", 200, 100, 200, (Clone(5, 210, "", 0.4),)),
    Tumour("210 bp, panel", 300, 151, 250, (Clone(5, 210, "", 0.3),)),
    Tumour("141 + 9 N, panel", 300, 151, 250, (Clone(-10, 141, "ACCTGGTCA", 0.2),)),
    Tumour("two of 27 bp", 200, 100, 200, (Clone(60, 27, "", 0.25), Clone(75, 27, "", 0.15))),
    Tumour("30 and 63 bp", 500, 100, 200, (Clone(65, 30, "", 0.2), Clone(40, 63, "", 0.08))),
)


@dataclass(frozen=True)
class Bench:
    """The searched locus, and the wider one molecules come from."""

    locus: Locus
    wide: Locus

    def haplotype(self, clone: Clone) -> str:
        """The clone on the searched locus."""
        start = self.locus.target[0] + clone.start
        return duplicate(self.locus.sequence, start, clone.duplicated, clone.novel)

    def molecule(self, clone: Clone) -> tuple[str, list[tuple[int, int]]]:
        """The clone on the wider locus, and its exon stretches."""
        start = self.wide.target[0] + clone.start
        end = start + clone.duplicated
        text = duplicate(self.wide.sequence, start, clone.duplicated, clone.novel)
        exons = [(low, min(high, end)) for low, high in self.wide.exons if low < end]
        exons += [
            (max(low, start) + clone.length, high + clone.length)
            for low, high in self.wide.exons
            if high > start
        ]
        return text, exons


def read_bench(genome: str, annotation: str) -> Bench:
    """Loci of FLT3."""
    chosen = settings()
    transcript = canonical_transcripts(read_gene_models(annotation, [chosen.gene]))[chosen.gene]
    with pysam.FastaFile(genome) as fasta:
        size = fasta.get_reference_length(transcript.chrom)
        wide = build_locus(transcript, fasta.fetch, size, "dna", chosen.first_coding_base, _FLANK)
    return Bench(read_locus(genome, annotation), wide)


def sequence(bench: Bench, tumour: Tumour, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Read pairs of a tumour."""
    wild = 1 - sum(clone.share for clone in tumour.clones)
    molecules = [(bench.wide.sequence, list(bench.wide.exons), wild)]
    molecules += [(*bench.molecule(clone), clone.share) for clone in tumour.clones]
    density = tumour.depth / min(2 * tumour.read, tumour.fragment)
    pairs: list[tuple[str, str]] = []
    for text, exons, share in molecules:
        number = rng.poisson(density * share * len(text))
        for low, high in _captured(len(text), exons, number, tumour.fragment, rng):
            first = text[low : min(low + tumour.read, high)]
            second = reverse_complement(text[max(low, high - tumour.read) : high])
            turned = rng.random() < 0.5
            reads = [_misread(read, rng) for read in (first, second)]
            pairs.append((reads[turned], reads[not turned]))
    order = rng.permutation(len(pairs))
    return [pairs[i][0] for i in order], [pairs[i][1] for i in order]


def _captured(
    size: int, exons: list[tuple[int, int]], number: int, median: int, rng: np.random.Generator
) -> Iterator[tuple[int, int]]:
    lengths = np.clip(rng.lognormal(np.log(median), _SPREAD, number), 60, 900).astype(int)
    low = rng.integers(0, size, number)
    high = low + lengths
    bait = sum(np.clip(np.minimum(high, b) - np.maximum(low, a), 0, None) for a, b in exons)
    chance = (bait - _LEAST_BAIT) / (_FULL_BAIT - _LEAST_BAIT)
    kept = (high <= size) & (rng.random(number) < chance)
    yield from zip(low[kept].tolist(), high[kept].tolist(), strict=True)


def _misread(read: str, rng: np.random.Generator) -> str:
    rate = _ERROR * (0.5 + 1.5 * (np.arange(len(read)) / len(read)) ** 2)
    rate *= _POOR if rng.random() < _POOR_SHARE else 1.0
    bases = list(read)
    for place in np.flatnonzero(rng.random(len(read)) < rate).tolist():
        bases[place] = str(rng.choice([base for base in "ACGT" if base != bases[place]]))
    return "".join(bases)


def _call(job: tuple[Bench, Tumour, int]) -> LibraryCall:
    bench, tumour, seed = job
    reads = sequence(bench, tumour, np.random.default_rng(seed))
    return call_one(bench.locus, reads, "exome")


def _row(bench: Bench, tumour: Tumour, calls: list[LibraryCall]) -> list[list[object]]:
    truth = {bench.haplotype(clone): clone for clone in tumour.clones}
    found = [
        {clone.allele.apply(bench.locus.sequence): clone for clone in call.clones} for call in calls
    ]
    other = sum(len(alleles.keys() - truth.keys()) for alleles in found)
    head = [tumour.name, f"2x{tumour.read}", tumour.depth, len(calls)]
    if not truth:
        return [[*head, "", "", other, "", "", ""]]
    rows = []
    for haplotype, clone in truth.items():
        seen = [alleles[haplotype].vaf for alleles in found if haplotype in alleles]
        ratio = np.array([vaf.value / clone.share for vaf in seen])
        held = np.mean([vaf.low <= clone.share <= vaf.high for vaf in seen])
        cells = (f"{ratio.mean():.3f}", f"{ratio.std() / len(ratio) ** 0.5:.3f}", f"{held:.2f}")
        rows.append([*head, clone.share, len(seen), other, *cells])
    return rows


COLUMNS = (
    *("tumour", "reads", "depth", "libraries", "VAF"),
    *("exact", "other", "ratio", "error", "held"),
)


def main() -> None:
    """Simulate and call every tumour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genome", required=True, help="FASTA that holds FLT3")
    parser.add_argument("--annotation", required=True, help="GTF of the genome")
    parser.add_argument("--libraries", type=int, default=40, help="libraries of each tumour")
    arguments = parser.parse_args()
    bench = read_bench(arguments.genome, arguments.annotation)
    print("## Tumours in exomes and panels")
    print("\t".join(COLUMNS))
    with ProcessPoolExecutor(2) as pool:
        for number, tumour in enumerate(TUMOURS):
            jobs = [(bench, tumour, 1_000 * number + i) for i in range(arguments.libraries)]
            calls = list(pool.map(_call, jobs, chunksize=5))
            for row in _row(bench, tumour, calls):
                print("\t".join(map(str, row)), flush=True)
    print("# exact: libraries with the clone at its exact sequence; other: any other allele called")
    print("# ratio: mean found / true VAF, error: its standard error; held: truth in the interval")


if __name__ == "__main__":
    main()
