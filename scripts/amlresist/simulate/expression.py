"""Gene expression: true abundances with planted shifts, matrices, and RNA read pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.dna import reverse_complement
from amlresist.settings import RESOURCES
from amlresist.simulate.alleles import PatientAlleles, alleles_at, lifted
from amlresist.simulate.edits import apply_edits
from amlresist.simulate.gene_plan import GenePlan
from amlresist.simulate.genome import Genome
from amlresist.simulate.reads import (
    Fragments,
    ReadModel,
    ReadPairs,
    fragment_lengths,
    sequence_pairs,
)

Floats = npt.NDArray[np.float64]
RNA_MODEL = ReadModel(fragment_mean=190, fragment_sd=30, duplicate_share=0.0)
# Genes whose level must be readable in the small RNA library, TPM before patient effects.
_FIXED_TPM = {
    "FLT3": 900.0,
    "NPM1": 700.0,
    "IDH1": 300.0,
    "DNMT3A": 300.0,
    "RUNX1": 300.0,
    "ABCB1": 60.0,
    "WT1": 120.0,
    "QPRT": 80.0,
    "ATM": 150.0,
    "CDKN1A": 200.0,
    "HSF1": 120.0,
    "ATG7": 90.0,
    "ABCC1": 80.0,
    "MVP": 120.0,
    "GSTP1": 200.0,
    "TOP2A": 150.0,
    "RAD51": 90.0,
    "HGF": 40.0,
    "MET": 40.0,
    "PTEN": 200.0,
    "PRKCA": 60.0,
    "BCL2": 150.0,
}
_GENE_SPREAD, _PERSON_SPREAD, _SAMPLE_SPREAD = 1.6, 0.45, 0.15  # sd of natural log


@dataclass(frozen=True, slots=True)
class Abundances:
    """Of one sample: TPM per gene, and the planted log2 shift per gene (0 for most)."""

    tpm: Mapping[str, float]
    planted: Mapping[str, float]


def theme_genes() -> dict[str, dict[str, float]]:
    """Gene set -> gene -> weight, of the sets that the product ships."""
    lines = (RESOURCES / "gene_sets" / "theme_genes.tsv").read_text(encoding="utf-8").splitlines()
    sets: dict[str, dict[str, float]] = {}
    for line in lines[1:]:
        name, gene, weight = line.split("\t")[:3]
        sets.setdefault(name, {})[gene] = float(weight)
    return sets


def planted_shifts(shifts: Mapping[str, float]) -> dict[str, float]:
    """Gene -> planted log2 fold change; a gene's own shift goes before its sets'."""
    sets = theme_genes()
    by_gene: dict[str, float] = {}
    for name, change in shifts.items():
        if name.startswith("set:"):
            for gene, weight in sets[name.removeprefix("set:")].items():
                by_gene[gene] = change * float(np.sign(weight))
    return by_gene | {name: x for name, x in shifts.items() if not name.startswith("set:")}


def baseline(plans: Sequence[GenePlan], rng: np.random.Generator) -> dict[str, float]:
    """Population mean of every gene, in arbitrary units close to TPM."""
    drawn = np.exp(rng.normal(np.log(60), _GENE_SPREAD, len(plans)))
    return {
        plan.gene: _FIXED_TPM.get(plan.gene, float(value))
        for plan, value in zip(plans, drawn, strict=True)
    }


def person_level(base: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """One person's level of every gene before sampling noise."""
    effects = np.exp(rng.normal(0, _PERSON_SPREAD, len(base)))
    return {
        gene: value * e for (gene, value), e in zip(base.items(), effects.tolist(), strict=True)
    }


def sample_abundances(
    person: Mapping[str, float], shifts: Mapping[str, float], rng: np.random.Generator
) -> Abundances:
    """A sample's TPM: the person's levels, planted shifts and sample noise."""
    noise = np.exp(rng.normal(0, _SAMPLE_SPREAD, len(person))).tolist()
    raw = {
        gene: level * 2 ** shifts.get(gene, 0.0) * e
        for (gene, level), e in zip(person.items(), noise, strict=True)
    }
    total = sum(raw.values())
    return Abundances(
        {gene: value * 1e6 / total for gene, value in raw.items()},
        {gene: shifts.get(gene, 0.0) for gene in raw},
    )


def counts_of(
    tpm: Mapping[str, float], lengths: Mapping[str, int], total: float, rng: np.random.Generator
) -> dict[str, int]:
    """Read counts of a deep library of `total` fragments."""
    mass = np.array([tpm[gene] * lengths[gene] for gene in tpm])
    drawn = rng.poisson(total * mass / mass.sum()).tolist()
    return dict(zip(tpm, drawn, strict=True))


def rna_pairs(
    alleles: PatientAlleles,
    genome: Genome,
    tpm: Mapping[str, float],
    timepoint: str,
    count: int,
    rng: np.random.Generator,
) -> ReadPairs:
    """About `count` unstranded read pairs from the spliced transcripts of all alleles."""
    transcripts: list[str] = []
    masses: list[float] = []
    for gene in genome.loci:
        for sequence, weight in _transcripts(alleles, genome, gene, timepoint):
            usable = max(len(sequence) - RNA_MODEL.fragment_mean, 20)
            transcripts.append(sequence)
            masses.append(tpm[gene] * weight * usable)
    shares = np.array(masses) / sum(masses)
    index = np.repeat(np.arange(len(shares)), rng.poisson(count * shares))
    return sequence_pairs(_fragments(transcripts, index, rng), RNA_MODEL, rng)


def _fragments(
    transcripts: Sequence[str], index: npt.NDArray[np.int64], rng: np.random.Generator
) -> Fragments:
    index = rng.permutation(index)
    sizes = np.array([len(transcript) for transcript in transcripts], np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    lengths = np.minimum(fragment_lengths(len(index), RNA_MODEL, rng), sizes[index])
    starts = (rng.random(len(index)) * (sizes[index] - lengths + 1)).astype(np.int64)
    bases = np.frombuffer("".join(transcripts).encode(), np.uint8)
    flipped = rng.random(len(index)) < 0.5
    return Fragments(bases, offsets[index] + starts, lengths, index, flipped)


def _transcripts(
    alleles: PatientAlleles, genome: Genome, gene: str, timepoint: str
) -> list[tuple[str, float]]:
    """(spliced sequence, share of the gene's copies) of each allele."""
    chrom, low, high = genome.span(gene)
    locus = genome.loci[gene]
    exons = sorted(genome.to_genome(gene, start, end) for start, end in locus.exons)
    spliced = []
    for allele in alleles_at(alleles, gene, timepoint):
        sequence = apply_edits(genome.contigs[chrom][low:high], allele.edits, low)
        pieces = [
            sequence[lifted(start, allele.edits) - low : lifted(end, allele.edits) - low]
            for start, end in exons
        ]
        transcript = "".join(pieces)
        is_plus = locus.plan.strand == "+"
        spliced.append((transcript if is_plus else reverse_complement(transcript), allele.weight))
    return spliced
