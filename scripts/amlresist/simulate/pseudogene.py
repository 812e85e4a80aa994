"""PTENP1, the processed pseudogene of PTEN: a near copy that makes mapping qualities low."""

import numpy as np

from amlresist.simulate.genome import Extra, Genome, mutated
from amlresist.simulate.reads import Haplotype

NAME = "PTENP1"
_PARENT, _CHROM, _STRAND = "PTEN", "chr9", "-"
_LAST_CODING = 360  # c. position up to which PTENP1 copies PTEN here
_DIVERGENCE = 0.01  # of the copy
_FLANK = 250  # bases beside it that its fragments may reach, bp


def pseudogene(genome: Genome, rng: np.random.Generator) -> Extra:
    """The copy: the start of PTEN's transcript without introns, slightly diverged."""
    locus = genome.loci[_PARENT]
    spliced = "".join(locus.sequence[start:end] for start, end in locus.exons)
    copied = spliced[: locus.utr5 + _LAST_CODING]
    return Extra(NAME, _CHROM, _STRAND, mutated(copied, _DIVERGENCE, rng))


def pseudogene_source(genome: Genome) -> tuple[str, int, int]:
    """(contig, start, end) of the part of PTEN that is copied, introns included."""
    end = genome.loci[_PARENT].offset(_LAST_CODING)
    return genome.loci[_PARENT].plan.chrom, *genome.to_genome(_PARENT, 0, end)


def pseudogene_haplotype(genome: Genome) -> Haplotype:
    """The copy as baits for PTEN's exons capture it."""
    chrom, start, end = genome.extras[NAME]
    low = max(start - _FLANK, 0)
    sequence = genome.contigs[chrom][low : end + _FLANK]
    return Haplotype(sequence, 1.0, ((start - low, end - low),))
