"""From a patient's plan to the alleles in a sample: which haplotypes, in what share."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from amlresist.dna import CODONS
from amlresist.simulate.edits import Edit, apply_edits, on_genome, parse_change
from amlresist.simulate.genome import Genome
from amlresist.simulate.locus import Locus
from amlresist.simulate.reads import Haplotype
from amlresist.simulate.scenario import PlannedPatient, PlannedVariant
from amlresist.simulate.snps import Snp

_AT_RESIDUE = re.compile(r"(missense|nonsense|mnv|del|dup|ins)(\d+|[ACGT]+)?@(\d+)")
COPY_CHANGES = frozenset({"loss", "cnloh"})
REGION_FLANK = 300  # bases beside a gene that its haplotypes include, bp


@dataclass(frozen=True)
class PatientAlleles:
    """A patient's changes, resolved to the genome.

    Attributes:
        patient: the plan.
        locus_edits, genome_edits: variant key -> edit on the coding strand, and left-aligned on
            the plus strand; copy-number changes have none.
        inherited: gene -> (edits of copy 0, edits of copy 1) on the plus strand, in all cells.
    """

    patient: PlannedPatient
    locus_edits: Mapping[str, Edit]
    genome_edits: Mapping[str, Edit]
    inherited: Mapping[str, tuple[tuple[Edit, ...], tuple[Edit, ...]]]


@dataclass(frozen=True, slots=True)
class Allele:
    """One copy of a gene in some cells: its plus-strand edits and its share of two copies."""

    edits: tuple[Edit, ...]
    weight: float


def resolve_change(variant: PlannedVariant, locus: Locus) -> Edit:
    """The variant's edit on the coding strand."""
    match = _AT_RESIDUE.fullmatch(variant.change)
    if match is None:
        return parse_change(variant.change, locus)
    kind, size, residue = match[1], match[2], int(match[3])
    start = locus.offset(3 * residue - 2)
    if kind in {"missense", "nonsense", "mnv"}:
        return _codon_edit(kind, locus.sequence[start : start + 3], start)
    if kind == "ins":
        return Edit(start, start, size)
    end = start + int(size)
    bases = locus.sequence[start:end]
    return Edit(start, end, "") if kind == "del" else Edit(end, end, bases)


def resolve_patient(
    patient: PlannedPatient,
    genome: Genome,
    snps: Iterable[tuple[Snp, tuple[bool, bool]]],
) -> PatientAlleles:
    """Place the patient's changes and SNP genotypes (copy 0, copy 1 carry it) on the genome."""
    locus_edits: dict[str, Edit] = {}
    genome_edits: dict[str, Edit] = {}
    for variant in (*patient.variants, *patient.germline):
        if variant.change not in COPY_CHANGES:
            edit = resolve_change(variant, genome.loci[variant.gene])
            locus_edits[variant.key] = edit
            genome_edits[variant.key] = on_genome(edit, variant.gene, genome)
    inherited: dict[str, tuple[list[Edit], list[Edit]]] = defaultdict(lambda: ([], []))
    for variant in patient.germline:
        inherited[variant.gene][variant.side].append(genome_edits[variant.key])
    for snp, copies in snps:
        for side in (0, 1):
            if copies[side]:
                inherited[snp.gene][side].append(snp.edit)
    sides = {gene: (tuple(sorted(a)), tuple(sorted(b))) for gene, (a, b) in inherited.items()}
    return PatientAlleles(patient, locus_edits, genome_edits, sides)


def alleles_at(alleles: PatientAlleles, gene: str, timepoint: str) -> list[Allele]:
    """Distinct alleles of a gene in a sample; weights sum to 1 where no copy is lost or gained."""
    patient = alleles.patient
    inherited = alleles.inherited.get(gene, ((), ()))
    weights: dict[tuple[Edit, ...], float] = defaultdict(float)
    normal = 1.0 - patient.purity(timepoint)
    cells: list[tuple[tuple[str, ...], float]] = [((), normal)]
    cells += [(p.variants, p.shares.get(timepoint, 0.0)) for p in patient.populations]
    planned = {variant.key: variant for variant in patient.variants if variant.gene == gene}
    for keys, share in cells:
        own = [planned[key] for key in keys if key in planned]
        for side, copies in enumerate(_copies(own)):
            edits = [alleles.genome_edits[v.key] for v in own if _is_edit_on(v, side)]
            weights[tuple(sorted([*inherited[side], *edits]))] += share * copies / 2
    return [Allele(edits, weight) for edits, weight in sorted(weights.items()) if weight > 0]


def true_vaf(alleles: Iterable[Allele], edit: Edit) -> float:
    """Share of a locus' molecules that carry the edit."""
    present = list(alleles)
    total = sum(allele.weight for allele in present)
    return sum(allele.weight for allele in present if edit in allele.edits) / total


def haplotypes_of(
    alleles: Iterable[Allele],
    genome: Genome,
    gene: str,
    targets: Iterable[tuple[int, int]],
) -> list[Haplotype]:
    """Sequences of a gene's alleles with their captured parts (`targets`: genome intervals)."""
    chrom, low, high = genome.span(gene)
    contig = genome.contigs[chrom]
    start, end = max(low - REGION_FLANK, 0), min(high + REGION_FLANK, len(contig))
    wanted = list(targets)
    return [
        Haplotype(
            sequence=apply_edits(contig[start:end], allele.edits, start),
            weight=allele.weight,
            intervals=tuple(
                (lifted(a, allele.edits) - start, lifted(b, allele.edits) - start)
                for a, b in wanted
            ),
        )
        for allele in alleles
    ]


def lifted(position: int, edits: Iterable[Edit]) -> int:
    """Where a genome position lies once the edits before it are made."""
    return position + sum(edit.shift for edit in edits if edit.end <= position)


def _copies(variants: Iterable[PlannedVariant]) -> tuple[int, int]:
    """Copies of side 0 and of side 1 in cells with these changes of one gene."""
    copies = [1, 1]
    for variant in variants:
        if variant.change in COPY_CHANGES:
            copies[variant.side] = 0
            if variant.change == "cnloh":
                copies[1 - variant.side] = 2
    return copies[0], copies[1]


def _is_edit_on(variant: PlannedVariant, side: int) -> bool:
    return variant.side == side and variant.change not in COPY_CHANGES


def _codon_edit(kind: str, codon: str, start: int) -> Edit:
    """The first codon in a fixed order that makes a change of this kind."""
    wanted_differences = {"missense": 1, "nonsense": None, "mnv": 2}[kind]
    for candidate in sorted(CODONS):
        differences = [i for i in range(3) if candidate[i] != codon[i]]
        is_stop = CODONS[candidate] == "*"
        if CODONS[candidate] == CODONS[codon] or is_stop != (kind == "nonsense"):
            continue
        if wanted_differences in {None, len(differences)} and differences[-1] - differences[
            0
        ] < max(2, len(differences)):
            first, last = differences[0], differences[-1] + 1
            return Edit(start + first, start + last, candidate[first:last])
    raise ValueError(f"no {kind} change of {codon}")


def draw_genotypes(
    snps: Iterable[Snp], rng: np.random.Generator
) -> list[tuple[Snp, tuple[bool, bool]]]:
    """One person's genotype at every SNP: does copy 0, does copy 1 carry the alternative?"""
    drawn = []
    for snp in snps:
        first, second = (rng.random(2) < snp.frequency).tolist()
        drawn.append((snp, (first, second)))
    return drawn
