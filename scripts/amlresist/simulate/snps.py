"""Common SNPs of the simulated population, inside what the panel covers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from amlresist.dna import CODONS
from amlresist.simulate.edits import Edit
from amlresist.simulate.genome import Genome

_TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}
SPACING = 110  # least distance of SNPs of a gene; twice as much at most where all fits, bp
INTRON_FLANK = 60  # how far from a target a SNP may lie, bp
CLEARANCE = 15  # bases kept free of SNPs beside planned changes, bp


@dataclass(frozen=True, slots=True)
class Snp:
    """A common SNP: its edit on the plus strand and its population frequency."""

    gene: str
    chrom: str
    edit: Edit
    frequency: float


def place_snps(
    genome: Genome,
    targets: Iterable[tuple[str, int, int]],
    reserved: Iterable[tuple[str, int, int]],
    rng: np.random.Generator,
) -> list[Snp]:
    """SNPs around `targets` (gene, start, end) away from `reserved` (chrom, start, end) places.

    Inside coding sequence only synonymous changes of the third codon base are made.
    """
    taken = sorted(reserved)
    snps: dict[tuple[str, int], Snp] = {}
    for gene, start, end in targets:
        chrom, _, _ = genome.span(gene)
        place = start - INTRON_FLANK + int(rng.integers(0, SPACING))
        while place < end + INTRON_FLANK:
            alternative = _alternative(genome, gene, place)
            if alternative and not _near(taken, chrom, place):
                edit = Edit(place, place + 1, alternative)
                snps[chrom, place] = Snp(gene, chrom, edit, float(rng.uniform(0.3, 0.7)))
                place += SPACING + int(rng.integers(0, SPACING))
            else:
                place += 1
    return sorted(snps.values(), key=lambda snp: (snp.chrom, snp.edit))


def _near(taken: Iterable[tuple[str, int, int]], chrom: str, place: int) -> bool:
    return any(
        name == chrom and start - CLEARANCE <= place < end + CLEARANCE for name, start, end in taken
    )


def _alternative(genome: Genome, gene: str, place: int) -> str:
    """Plus-strand alternative base at a place, "" where none is allowed."""
    chrom, low, high = genome.span(gene)
    if not low <= place < high:
        return ""
    locus = genome.loci[gene]
    base = genome.contigs[chrom][place]
    offset = place - low if locus.plan.strand == "+" else high - 1 - place
    if any(start <= offset < end for start, end in locus.coding_parts):
        position = int(locus.coding_name(offset))
        if position % 3 or position < 4:
            return ""
        places = [locus.offset(position - 2), locus.offset(position - 1), offset]
        codon = "".join(locus.sequence[i] for i in places)
        changed = codon[:2] + _TRANSITION[codon[2]]
        return _TRANSITION[base] if CODONS[changed] == CODONS[codon] else ""
    return _TRANSITION[base] if _is_plain_intron(locus.exons, offset) else ""


def _is_plain_intron(exons: Iterable[tuple[int, int]], offset: int) -> bool:
    """Not within 8 bases of an exon's edge, where splicing would be touched."""
    return all(offset < start - 8 or offset >= end + 8 for start, end in exons)
