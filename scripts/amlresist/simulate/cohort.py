"""Simulate the whole cohort: reference, patients, sheets and truth."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import numpy as np

from amlresist.files import write_text
from amlresist.simulate import expression, records, sheets
from amlresist.simulate.alignment import prepare_index
from amlresist.simulate.alleles import PatientAlleles, draw_genotypes, resolve_patient
from amlresist.simulate.edits import vcf_alleles
from amlresist.simulate.fastq import fastq_bytes, write_gzip
from amlresist.simulate.gene_plan import GenePlan, RealLocus, read_gene_plans, read_real_loci
from amlresist.simulate.genome import Genome, build_genome, with_extras
from amlresist.simulate.libraries import (
    Workplace,
    make_dna,
    pair_fastqs,
    sample_name,
    write_fastqs,
    write_matrix,
)
from amlresist.simulate.panel import panel_targets, targets_bed
from amlresist.simulate.pseudogene import pseudogene, pseudogene_source
from amlresist.simulate.reference_files import write_fasta, write_gtf
from amlresist.simulate.scenario import PATIENTS, PlannedLibrary, PlannedPatient
from amlresist.simulate.small_rna import (
    SmallRnaModel,
    hairpin_extras,
    hairpins_fasta,
    hairpins_gff3,
    matures_fasta,
    read_hairpin_matures,
    small_rna_reads,
)
from amlresist.simulate.snps import Snp, place_snps
from amlresist.simulate.truth import itd_rows, reserved_places, time_point_pairs, variant_rows
from amlresist.tables import write_table


@dataclass
class Truth:
    """Truth rows gathered while patients are made."""

    variants: list[records.TrueVariant] = field(default_factory=list)
    itds: list[records.TrueItd] = field(default_factory=list)
    snps: list[records.TrueSnp] = field(default_factory=list)
    mirna: list[records.TrueMirna] = field(default_factory=list)
    expression: list[records.TrueExpression] = field(default_factory=list)
    pathways: list[records.TruePathway] = field(default_factory=list)
    patients: list[records.TruePatient] = field(default_factory=list)
    evidence: list[records.TrueEvidence] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write every truth table."""
        tables: Mapping[str, tuple[type, Sequence[object]]] = {
            "variants": (records.TrueVariant, self.variants),
            "flt3_itd": (records.TrueItd, self.itds),
            "germline_snps": (records.TrueSnp, self.snps),
            "mirna": (records.TrueMirna, self.mirna),
            "expression": (records.TrueExpression, self.expression),
            "pathways": (records.TruePathway, self.pathways),
            "patients": (records.TruePatient, self.patients),
            "evidence": (records.TrueEvidence, self.evidence),
        }
        for name, (record, rows) in tables.items():
            write_table(folder / f"{name}.tsv", record, rows)


@dataclass(frozen=True)
class World:
    """All that patients share: genome, SNPs of the population, mean expression and miRNA levels."""

    seed: int
    plans: Sequence[GenePlan]
    genome: Genome
    snps: Sequence[Snp]
    gene_levels: Mapping[str, float]
    mirna_levels: Mapping[str, float]

    def rng(self, *purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, so that patients do not depend on each other."""
        return np.random.default_rng([self.seed, crc32(" ".join(purpose).encode())])


def simulate_cohort(
    out: Path,
    seed: int,
    patients: Sequence[PlannedPatient] = PATIENTS,
    report: Callable[[str], None] = print,
) -> None:
    """Write the cohort below `out`: reference, config, reads, given and truth."""
    world = make_world(seed, patients)
    report(f"genome: {sum(map(len, world.genome.contigs.values())):,} bases")
    write_reference(out, world)
    truth = Truth()
    rows: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="amlresist-simulate-") as folder:
        place = Workplace(out, Path(folder), world.genome)
        write_fasta(place.scratch / "genome.fa", world.genome)
        prepare_index(place.scratch, world.genome.contigs)
        for number, patient in enumerate(patients, start=1):
            rows += _make_patient(patient, world, place, truth)
            report(f"{number} of {len(patients)}: {patient.name}, {patient.story}")
    sheets.write_samples(out, rows)
    sheets.write_patients(out, [row for patient in patients for row in _fact_rows(patient)])
    sheets.write_config(out)
    truth.write(out / "truth")


def make_world(seed: int, patients: Sequence[PlannedPatient] = PATIENTS) -> World:
    """Genome, population SNPs and mean levels of a seed."""
    plans = read_gene_plans()
    real_loci = read_real_loci()
    genome_rng = np.random.default_rng([seed, 1])
    genes = build_genome(plans, real_loci, genome_rng)
    genome = with_extras(genes, [pseudogene(genes, genome_rng), *hairpin_extras()], genome_rng)
    planned = [resolve_patient(patient, genome, ()) for patient in patients]
    reserved = [
        *reserved_places(planned, genome),
        *_real_places(genome, real_loci),
        pseudogene_source(genome),
    ]
    snps = place_snps(genome, panel_targets(genome), reserved, np.random.default_rng([seed, 2]))
    gene_levels = expression.baseline(plans, np.random.default_rng([seed, 3]))
    mirna_levels = _mirna_baseline(np.random.default_rng([seed, 4]))
    return World(seed, plans, genome, snps, gene_levels, mirna_levels)


def write_reference(out: Path, world: World) -> None:
    """Genome, gene models, panel, common SNPs and miRNAs."""
    folder = out / "reference"
    write_fasta(folder / "genome.fa", world.genome)
    write_gtf(folder / "genome.gtf", world.genome)
    write_text(folder / "panel.bed", targets_bed(world.genome))
    write_text(folder / "common_snps.vcf", _snps_vcf(world))
    write_text(folder / "mature.fa", matures_fasta(read_hairpin_matures()))
    write_text(folder / "hairpin.fa", hairpins_fasta(read_hairpin_matures()))
    write_text(folder / "mirna.gff3", hairpins_gff3(read_hairpin_matures(), world.genome))


def patient_alleles(patient: PlannedPatient, world: World) -> PatientAlleles:
    """The patient's changes and germline genotypes."""
    genotypes = draw_genotypes(world.snps, world.rng(patient.name, "genotypes"))
    return resolve_patient(patient, world.genome, genotypes)


def _make_patient(
    patient: PlannedPatient, world: World, place: Workplace, truth: Truth
) -> list[dict[str, str]]:
    alleles = patient_alleles(patient, world)
    truth.variants += variant_rows(alleles, world.genome)
    truth.itds += itd_rows(alleles, world.genome)
    truth.snps += _snp_rows(alleles, world)
    truth.patients += _patient_rows(patient)
    truth.pathways += _pathway_rows(patient)
    truth.evidence += [
        records.TrueEvidence(patient.name, claim, status, reason)
        for claim, (status, reason) in sorted(patient.evidence.items())
    ]
    makers = {"dna": _make_dna, "rna": _make_rna, "mirna": _make_mirna}
    rows = []
    for library in patient.libraries:
        cells = makers[library.assay](alleles, library, world, place, truth)
        facts = {"patient": patient.name, "timepoint": library.timepoint, "assay": library.assay}
        rows.append(facts | {"sample": sample_name(alleles, library)} | cells)
    return rows


def _make_dna(
    alleles: PatientAlleles, library: PlannedLibrary, world: World, place: Workplace, _: Truth
) -> dict[str, str]:
    return make_dna(
        alleles,
        library,
        place,
        world.rng(sample_name(alleles, library)),
        world.rng(alleles.patient.name, "count table"),
    )


def _make_rna(
    alleles: PatientAlleles, library: PlannedLibrary, world: World, place: Workplace, truth: Truth
) -> dict[str, str]:
    abundances = _abundances(alleles.patient, library, world)
    sample = sample_name(alleles, library)
    truth.expression += [
        records.TrueExpression(
            alleles.patient.name, sample, library.timepoint, gene, tpm, abundances.planted[gene]
        )
        for gene, tpm in abundances.tpm.items()
    ]
    if library.form != "fastq":
        return {"given": str(_write_expression_matrix(alleles, library, world, place))}
    pairs = expression.rna_pairs(
        alleles,
        world.genome,
        abundances.tpm,
        library.timepoint,
        int(library.size),
        world.rng(sample, "reads"),
    )
    stem = place.out / "reads" / alleles.patient.name / sample
    return write_fastqs(stem, pair_fastqs(sample, pairs))


def _make_mirna(
    alleles: PatientAlleles, library: PlannedLibrary, world: World, place: Workplace, truth: Truth
) -> dict[str, str]:
    patient = alleles.patient
    sample = sample_name(alleles, library)
    is_first = library.timepoint == patient.timepoints[0]
    shifts = {} if is_first else patient.mirna_shifts
    person = world.rng(patient.name, "mirna")
    effects = np.exp(person.normal(0, 0.3, len(world.mirna_levels))).tolist()
    noise = world.rng(sample, "levels")
    levels = {
        name: level * effect * 2 ** shifts.get(name, 0.0) * float(np.exp(noise.normal(0, 0.08)))
        for (name, level), effect in zip(world.mirna_levels.items(), effects, strict=True)
    }
    made = small_rna_reads(
        read_hairpin_matures(), levels, int(library.size), SmallRnaModel(), world.rng(sample)
    )
    truth.mirna += [
        records.TrueMirna(
            patient=patient.name,
            sample=sample,
            timepoint=library.timepoint,
            mirna=name,
            reads=reads,
            canonical_reads=made.canonical[name],
            planted_log2=shifts.get(name, 0.0),
            direction=_direction(shifts.get(name, 0.0)),
        )
        for name, reads in made.made.items()
    ]
    if library.form == "matrix":
        path = place.out / "given" / f"{sample}_counts.tsv"
        write_matrix(path, [sample], {n: [str(x)] for n, x in made.made.items()}, "mirna")
        return {"given": str(path)}
    path = place.out / "reads" / patient.name / f"{sample}.fastq.gz"
    write_gzip(path, fastq_bytes(f"{sample}:", made.bases, made.quals, " 1:N:0:ATCACG"))
    return {"fq1": str(path)}


def _abundances(
    patient: PlannedPatient, library: PlannedLibrary, world: World
) -> expression.Abundances:
    person = expression.person_level(world.gene_levels, world.rng(patient.name, "expression"))
    is_first = library.timepoint == patient.timepoints[0]
    shifts = {} if is_first else expression.planted_shifts(patient.expression_shifts)
    name = f"{patient.name}_{library.timepoint}_{library.assay}"
    return expression.sample_abundances(person, shifts, world.rng(name))


def _write_expression_matrix(
    alleles: PatientAlleles, library: PlannedLibrary, world: World, place: Workplace
) -> Path:
    """The patient's matrix with a column per RNA library: TPM by symbol, counts by Ensembl id."""
    patient = alleles.patient
    libraries = [x for x in patient.libraries if x.assay == "rna"]
    columns = [_abundances(patient, x, world).tpm for x in libraries]
    samples = [sample_name(alleles, x) for x in libraries]
    path = place.out / "given" / f"{patient.name}_expression_{library.form}.tsv"
    if library.form == "tpm":
        rows = {gene: [f"{tpm[gene]:.4f}" for tpm in columns] for gene in columns[0]}
        write_matrix(path, samples, rows, "gene")
        return path
    lengths = {plan.gene: 3 * plan.protein_length + 250 for plan in world.plans}
    counts = [
        expression.counts_of(tpm, lengths, library.size, world.rng(sample, "counts"))
        for tpm, sample in zip(columns, samples, strict=True)
    ]
    rows = {plan.gene_id: [str(c[plan.gene]) for c in counts] for plan in world.plans}
    write_matrix(path, samples, rows, "gene_id")
    return path


def _real_places(
    genome: Genome, real_loci: Mapping[str, RealLocus]
) -> Iterable[tuple[str, int, int]]:
    for gene, real in real_loci.items():
        locus = genome.loci[gene]
        first = locus.offset(real.first_coding) - real.lead
        start, end = genome.to_genome(gene, first, first + len(real.sequence))
        yield locus.plan.chrom, start, end


def _mirna_baseline(rng: np.random.Generator) -> dict[str, float]:
    """Mean level of every mature; passenger strands are rare, the review's miRNAs readable."""
    review = {name for patient in PATIENTS for name in patient.mirna_shifts}
    levels = {}
    for name in sorted({row.mirna for row in read_hairpin_matures()}):
        level = float(np.exp(rng.normal(5.5, 1.6)))
        levels[name] = max(level, 500.0) if name in review else level
    return levels


def _snps_vcf(world: World) -> str:
    lines = [
        "##fileformat=VCFv4.2",
        *(f"##contig=<ID={n},length={len(b)}>" for n, b in world.genome.contigs.items()),
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Population frequency">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    order = {chrom: number for number, chrom in enumerate(world.genome.contigs)}
    for snp in sorted(world.snps, key=lambda snp: (order[snp.chrom], snp.edit)):
        position, ref, alt = vcf_alleles(snp.edit, world.genome.contigs[snp.chrom])
        lines.append(f"{snp.chrom}\t{position}\t.\t{ref}\t{alt}\t.\tPASS\tAF={snp.frequency:.4f}")
    return "\n".join(lines) + "\n"


def _snp_rows(alleles: PatientAlleles, world: World) -> list[records.TrueSnp]:
    rows = []
    for snp in world.snps:
        copies = sum(snp.edit in side for side in alleles.inherited.get(snp.gene, ((), ())))
        if copies:
            vcf = vcf_alleles(snp.edit, world.genome.contigs[snp.chrom])
            rows.append(records.TrueSnp(alleles.patient.name, snp.chrom, *vcf, copies))
    return rows


def _patient_rows(patient: PlannedPatient) -> list[records.TruePatient]:
    rows = []
    for timepoint in patient.timepoints:
        dna = patient.library(timepoint, "dna")
        assays = tuple(f"{x.assay}:{x.form}" for x in patient.libraries if x.timepoint == timepoint)
        rows.append(
            records.TruePatient(
                patient=patient.name,
                timepoint=timepoint,
                person=patient.name,
                purity=patient.purity(timepoint),
                depth=dna.size if dna else float("nan"),
                read_length=dna.read_length if dna else 0,
                assays=assays,
                story=patient.story,
            )
        )
    return rows


def _pathway_rows(patient: PlannedPatient) -> list[records.TruePathway]:
    return [
        records.TruePathway(
            patient.name, comparison, name.removeprefix("set:"), change, _direction(change)
        )
        for comparison, _, after in time_point_pairs(patient.timepoints)
        for name, change in sorted(patient.expression_shifts.items())
        if after and name.startswith("set:")
    ]


def _fact_rows(patient: PlannedPatient) -> list[dict[str, str]]:
    inhibitor = "yes" if patient.flt3_inhibitor else "no"
    return [
        {
            "patient": patient.name,
            "timepoint": timepoint,
            "blast_fraction": _blast_text(patient, timepoint),
            "sex": patient.sex,
            "transplant_before": "no",
            "flt3_inhibitor_before": inhibitor if timepoint != patient.timepoints[0] else "no",
        }
        for timepoint in patient.timepoints
    ]


def _blast_text(patient: PlannedPatient, timepoint: str) -> str:
    purity = patient.purity(timepoint)
    return f"{purity:.2f}" if patient.knows_blasts and purity else ""


def _direction(change: float) -> str:
    return "up" if change > 0 else "down" if change < 0 else "unchanged"
