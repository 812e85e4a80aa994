"""Make one library of a patient: reads, calls or a matrix, in the form the plan asks for."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amlresist.files import whole_file, write_text
from amlresist.simulate.alignment import ReadGroup, align_pairs
from amlresist.simulate.alleles import PatientAlleles, alleles_at, haplotypes_of, true_vaf
from amlresist.simulate.edits import vcf_alleles
from amlresist.simulate.fastq import fastq_bytes, write_gzip
from amlresist.simulate.genome import Genome
from amlresist.simulate.panel import panel_targets
from amlresist.simulate.pseudogene import pseudogene_haplotype
from amlresist.simulate.reads import ReadModel, ReadPairs, captured_pairs
from amlresist.simulate.scenario import PlannedLibrary

_CALL_THRESHOLD = 0.02  # a caller's usual VAF floor: what lies below is missing from given VCFs

_TABLE_ERROR = 1e-3  # share of fragments that show a variant by error


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where libraries are made.

    Attributes:
        out: folder of the cohort, as the user wrote it.
        scratch: folder with an indexed genome.fa.
        genome: the genome.
    """

    out: Path
    scratch: Path
    genome: Genome


def sample_name(alleles: PatientAlleles, library: PlannedLibrary) -> str:
    """Name of the library, as the sheet has it by default."""
    return f"{alleles.patient.name}_{library.timepoint}_{library.assay}"


def dna_pairs(
    alleles: PatientAlleles, genome: Genome, library: PlannedLibrary, rng: np.random.Generator
) -> ReadPairs:
    """Read pairs of a captured DNA library, in random order."""
    targets: dict[str, list[tuple[int, int]]] = {}
    for gene, start, end in panel_targets(genome):
        targets.setdefault(gene, []).append((start, end))
    haplotypes = [
        haplotype
        for gene, places in targets.items()
        for haplotype in haplotypes_of(
            alleles_at(alleles, gene, library.timepoint), genome, gene, places
        )
    ]
    haplotypes.append(pseudogene_haplotype(genome))
    model = ReadModel(
        read_length=library.read_length,
        fragment_mean=220 if library.read_length <= 100 else 280,
    )
    return captured_pairs(haplotypes, library.size, model, rng)


def make_dna(
    alleles: PatientAlleles,
    library: PlannedLibrary,
    place: Workplace,
    rng: np.random.Generator,
    table_rng: np.random.Generator,
) -> dict[str, str]:
    """Write a DNA library; returns its cells of the sample sheet.

    `table_rng` makes the patient's count table, if that is what is asked for.
    """
    sample = sample_name(alleles, library)
    stem = place.out / "reads" / alleles.patient.name / sample
    targets = {"capture": "panel", "targets": f"{place.out}/reference/panel.bed"}
    if library.form == "counts":
        path = place.out / "given" / f"{alleles.patient.name}_counts.tsv"
        # The patient's libraries share one table, so it must not depend on which is made first.
        write_text(path, count_table(alleles, place.genome, table_rng))
        return {"given": str(path), **targets}
    if library.form == "vcf":
        path = place.out / "given" / f"{sample}.vcf"
        write_text(path, given_vcf(alleles, library, place.genome, rng))
        return {"given": str(path), **targets}
    pairs = dna_pairs(alleles, place.genome, library, rng)
    fastqs = pair_fastqs(sample, pairs)
    if library.form == "fastq":
        return write_fastqs(stem, fastqs) | targets
    group = ReadGroup(sample, f"{sample}_lib1", "FLOWCELL1.1")
    for suffix, made in align_pairs(place.scratch, fastqs, group, library.form).items():
        with whole_file(f"{stem}.{suffix}") as partial:
            shutil.move(made, partial)
    return {"bam": f"{stem}.{library.form}", **targets}


def pair_fastqs(sample: str, pairs: ReadPairs) -> tuple[bytes, bytes]:
    """FASTQ bytes of both mates."""
    return (
        fastq_bytes(f"{sample}:", pairs.bases1, pairs.quals1, " 1:N:0:ATCACG"),
        fastq_bytes(f"{sample}:", pairs.bases2, pairs.quals2, " 2:N:0:ATCACG"),
    )


def write_fastqs(stem: Path, fastqs: tuple[bytes, bytes]) -> dict[str, str]:
    """Write a pair of gzip FASTQs; returns the cells `fq1` and `fq2`."""
    cells = {}
    for number, content in enumerate(fastqs, start=1):
        path = stem.with_name(f"{stem.name}_{number}.fastq.gz")
        write_gzip(path, content)
        cells[f"fq{number}"] = str(path)
    return cells


def given_vcf(
    alleles: PatientAlleles, library: PlannedLibrary, genome: Genome, rng: np.random.Generator
) -> str:
    """Calls of one sample with AD and DP; what lies below a caller's floor is not in it."""
    lines = []
    for gene in sorted({gene for gene, *_ in panel_targets(genome)}):
        chrom, _, _ = genome.span(gene)
        present = alleles_at(alleles, gene, library.timepoint)
        for edit in sorted({edit for allele in present for edit in allele.edits}):
            depth = int(rng.poisson(library.size))
            alt = int(rng.binomial(depth, true_vaf(present, edit)))
            if alt >= _CALL_THRESHOLD * depth:
                position, ref, alternative = vcf_alleles(edit, genome.contigs[chrom])
                genotype = "1/1" if alt > 0.9 * depth else "0/1"
                sample = f"{genotype}:{depth - alt},{alt}:{depth}:{alt / depth:.4f}"
                lines.append((chrom, position, ref, alternative, sample))
    order = {chrom: number for number, chrom in enumerate(genome.contigs)}
    lines.sort(key=lambda line: (order[line[0]], *line[1:]))
    body = [
        f"{chrom}\t{position}\t.\t{ref}\t{alternative}\t.\tPASS\t.\tGT:AD:DP:AF\t{sample}"
        for chrom, position, ref, alternative, sample in lines
    ]
    return "\n".join([*_vcf_header(genome, sample_name(alleles, library)), *body]) + "\n"


def count_table(alleles: PatientAlleles, genome: Genome, rng: np.random.Generator) -> str:
    """Reference and variant fragments of every variant at every time point of the patient."""
    libraries = [x for x in alleles.patient.libraries if x.assay == "dna"]
    times = [x.timepoint for x in libraries]
    header = ["chrom", "pos", "ref", "alt", "gene"]
    header += [f"{t}_{what}_count" for t in times for what in ("ref", "alt")]
    lines = ["\t".join(header)]
    for gene in dict.fromkeys(gene for gene, *_ in panel_targets(genome)):
        chrom, _, _ = genome.span(gene)
        present = {t: alleles_at(alleles, gene, t) for t in times}
        edits = {
            edit for alleles_then in present.values() for a in alleles_then for edit in a.edits
        }
        for edit in sorted(edits):
            cells = [chrom, *map(str, vcf_alleles(edit, genome.contigs[chrom])), gene]
            for library in libraries:
                depth = int(rng.poisson(library.size))
                share = true_vaf(present[library.timepoint], edit)
                alt = int(rng.binomial(depth, max(share, _TABLE_ERROR)))
                cells += [str(depth - alt), str(alt)]
            lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def write_matrix(
    path: Path, samples: Iterable[str], values: Mapping[str, Iterable[str]], first_column: str
) -> None:
    """Write an expression matrix: one row per gene, one column per sample."""
    lines = ["\t".join([first_column, *samples])]
    lines += ["\t".join([gene, *row]) for gene, row in values.items()]
    write_text(path, "\n".join(lines) + "\n")


def _vcf_header(genome: Genome, sample: str) -> list[str]:
    return [
        "##fileformat=VCFv4.2",
        *(f"##contig=<ID={name},length={len(bases)}>" for name, bases in genome.contigs.items()),
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depth per allele">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
        '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Share of the alternative allele">',
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}",
    ]
