"""Build the small genome: genes as in life by name, strand, residue and order; the rest random."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from zlib import crc32

import numpy as np

from amlresist.dna import CODONS, reverse_complement
from amlresist.simulate.gene_plan import GenePlan, RealLocus
from amlresist.simulate.locus import Locus

GENE_GAP = 320  # longer than a fragment, so that captured fragments of two models do not mix
SHORT_GENE_GAP = 60
_UTR5, _UTR3 = 90, 160
_SHORT_UTR5, _SHORT_UTR3 = 40, 47
_EXON_LENGTHS = (120, 260)  # coding bases per exon
_INTRON_LENGTHS = (150, 260)
_SENSE_CODONS = sorted(codon for codon, amino_acid in CODONS.items() if amino_acid != "*")


@dataclass(frozen=True)
class Genome:
    """The genome and its genes.

    Attributes:
        contigs: name -> plus-strand bases, in the order of the human genome.
        loci: gene symbol -> the gene on its coding strand.
        starts: gene symbol -> 0-based genome position of the gene's lowest base.
        extras: name of a stretch that is no gene (pseudogene, miRNA hairpin) -> (contig, start,
            end), 0-based half-open.
    """

    contigs: Mapping[str, str]
    loci: Mapping[str, Locus]
    starts: Mapping[str, int]
    extras: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)

    def span(self, gene: str) -> tuple[str, int, int]:
        """(contig, start, end) of a gene, 0-based half-open."""
        locus = self.loci[gene]
        return locus.plan.chrom, self.starts[gene], self.starts[gene] + len(locus.sequence)

    def to_genome(self, gene: str, start: int, end: int) -> tuple[int, int]:
        """Genome interval of a locus interval, both 0-based half-open."""
        _, low, high = self.span(gene)
        if self.loci[gene].plan.strand == "+":
            return low + start, low + end
        return high - end, high - start


def build_genome(
    plans: Iterable[GenePlan], real_loci: Mapping[str, RealLocus], rng: np.random.Generator
) -> Genome:
    """Lay the planned genes (all but role `matrix`) on their chromosomes, in their order."""
    parts: dict[str, list[str]] = {}
    lengths: dict[str, int] = {}
    loci: dict[str, Locus] = {}
    starts: dict[str, int] = {}
    for plan in plans:
        if plan.role == "matrix":
            continue
        locus = build_locus(plan, real_loci.get(plan.gene), rng)
        gap = random_bases(GENE_GAP if plan.role == "model" else SHORT_GENE_GAP, rng)
        sequence = locus.sequence if plan.strand == "+" else reverse_complement(locus.sequence)
        loci[plan.gene] = locus
        starts[plan.gene] = lengths.get(plan.chrom, 0) + len(gap)
        parts.setdefault(plan.chrom, []).extend([gap, sequence, gap])
        lengths[plan.chrom] = starts[plan.gene] + len(sequence) + len(gap)
    contigs = {chrom: "".join(pieces) for chrom, pieces in parts.items()}
    return Genome(contigs, loci, starts)


@dataclass(frozen=True, slots=True)
class Extra:
    """A stretch to add at the end of a contig."""

    name: str
    chrom: str
    strand: str
    sequence: str


def with_extras(genome: Genome, extras: Iterable[Extra], rng: np.random.Generator) -> Genome:
    """The genome with stretches added at the ends of their contigs, gaps between."""
    contigs = dict(genome.contigs)
    places = dict(genome.extras)
    for extra in extras:
        gap = random_bases(SHORT_GENE_GAP, rng)
        is_plus = extra.strand == "+"
        bases = extra.sequence if is_plus else reverse_complement(extra.sequence)
        start = len(contigs[extra.chrom]) + len(gap)
        places[extra.name] = (extra.chrom, start, start + len(bases))
        contigs[extra.chrom] += gap + bases + gap
    return replace(genome, contigs=contigs, extras=places)


def mutated(sequence: str, rate: float, rng: np.random.Generator) -> str:
    """The sequence with a share `rate` of its bases substituted, evenly spread."""
    bases = list(sequence)
    step = round(1 / rate)
    for place in range(int(rng.integers(0, step)), len(bases), step):
        bases[place] = "ACGT"[("ACGT".index(bases[place]) + int(rng.integers(1, 4))) % 4]
    return "".join(bases)


def random_bases(length: int, rng: np.random.Generator) -> str:
    """Random bases, all four alike often."""
    return rng.choice(np.frombuffer(b"ACGT", np.uint8), length).tobytes().decode()


def build_locus(plan: GenePlan, real: RealLocus | None, rng: np.random.Generator) -> Locus:
    """One gene on its coding strand, with the planned codons and stretches of real bases.

    Exon and intron lengths depend on the gene alone, bases on `rng` too: planned residues stay in
    the same exon whatever the seed.
    """
    structure = np.random.default_rng(crc32(plan.gene.encode()))
    cds = _coding_sequence(plan, rng)
    is_short = plan.role != "model"
    utr5, utr3 = (_SHORT_UTR5, _SHORT_UTR3) if is_short else (_UTR5, _UTR3)
    spliced = random_bases(utr5, rng) + cds + random_bases(utr3, rng)
    ends = [] if is_short else _exon_ends(len(cds), real.exon_ends if real else (), structure)
    breaks = [utr5 + end for end in ends]
    lengths = structure.integers(*_INTRON_LENGTHS, len(ends))
    introns = _introns(ends, lengths.tolist(), real, rng)
    sequence, exons = _join(spliced, breaks, introns)
    locus = Locus(plan, sequence, exons, utr5, len(cds))
    return _overlay(locus, real) if real else locus


def _coding_sequence(plan: GenePlan, rng: np.random.Generator) -> str:
    codons = ["ATG", *rng.choice(_SENSE_CODONS, plan.protein_length - 1), "TAA"]
    for planned in plan.codons:
        residue, _, codon = planned.partition(":")
        codons[int(residue[1:]) - 1] = codon
    return "".join(codons)


def _exon_ends(cds_length: int, fixed: tuple[int, ...], rng: np.random.Generator) -> list[int]:
    """Coding positions after which an intron follows; the `fixed` ones are kept."""
    low, high = _EXON_LENGTHS
    ends: list[int] = []
    bounds = [0, *fixed, cds_length]
    for start, end in pairwise(bounds):
        is_kept_whole = start in fixed and end in (*fixed, cds_length) and end - start < 2 * low
        n_exons = 1 if is_kept_whole else max(1, round((end - start) * 2 / (low + high)))
        steps = np.linspace(start, end, n_exons + 1)[1:-1]
        ends += [int(step) + int(rng.integers(-30, 31)) for step in steps]
        ends.append(end)
    return ends[:-1]


def _introns(
    ends: list[int], lengths: list[int], real: RealLocus | None, rng: np.random.Generator
) -> list[str]:
    introns = [f"GT{random_bases(length - 4, rng)}AG" for length in lengths]
    if real:
        for index, intron in _real_introns(real).items():
            introns[bisect_left(ends, index)] = intron
    return introns


def _real_introns(real: RealLocus) -> dict[int, str]:
    """Coding position before the intron -> intron, for introns inside the real stretch."""
    lengths = _REAL_INTRON_LENGTHS.get(real.gene, ())
    place = real.lead
    previous = real.first_coding - 1
    introns = {}
    for end, length in zip(real.exon_ends[1:], lengths, strict=False):
        place += end - previous
        introns[end] = real.sequence[place : place + length]
        place += length
        previous = end
    return introns


# Introns 13 and 14 of FLT3, the only ones that lie wholly in a stretch of real bases.
_REAL_INTRON_LENGTHS = {"FLT3": (86, 90)}


def _join(
    spliced: str, breaks: list[int], introns: list[str]
) -> tuple[str, tuple[tuple[int, int], ...]]:
    pieces: list[str] = []
    exons = []
    position = 0
    for start, end, intron in zip(
        [0, *breaks], [*breaks, len(spliced)], [*introns, ""], strict=True
    ):
        pieces += [spliced[start:end], intron]
        exons.append((position, position + end - start))
        position += end - start + len(intron)
    return "".join(pieces), tuple(exons)


def _overlay(locus: Locus, real: RealLocus) -> Locus:
    start = locus.offset(real.first_coding) - real.lead
    sequence = locus.sequence[:start] + real.sequence + locus.sequence[start + len(real.sequence) :]
    return Locus(
        locus.plan, sequence[: len(locus.sequence)], locus.exons, locus.utr5, locus.cds_length
    )
