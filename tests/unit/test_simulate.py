"""The simulated cohort holds what its truth says."""

import dataclasses
import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pysam
import pytest

from amlresist.annotation import canonical_transcripts, read_gene_models
from amlresist.dna import reverse_complement, translate
from amlresist.plan import make_plan
from amlresist.sheet import read_libraries, read_patient_facts
from amlresist.simulate.cohort import World, make_world, patient_alleles, simulate_cohort
from amlresist.simulate.genome import random_bases
from amlresist.simulate.reads import (
    Haplotype,
    ReadModel,
    amplicon_pairs,
    captured_fragments,
    captured_pairs,
    sequence_pairs,
)
from amlresist.simulate.records import (
    TrueEvidence,
    TrueItd,
    TrueMirna,
    TruePatient,
    TrueSnp,
    TrueVariant,
)
from amlresist.simulate.reference_files import write_fasta, write_gtf
from amlresist.simulate.scenario import PATIENTS, PlannedPatient
from amlresist.simulate.sheets import write_empty_cohort
from amlresist.simulate.small_rna import ADAPTER, read_hairpin_matures
from amlresist.simulate.truth import itd_rows, variant_rows
from amlresist.tables import read_table

BY_NAME = {patient.name: patient for patient in PATIENTS}


def lighter(patient: PlannedPatient, share: float) -> PlannedPatient:
    """The patient with libraries of a share of their size."""
    libraries = tuple(dataclasses.replace(x, size=x.size * share) for x in patient.libraries)
    return dataclasses.replace(patient, libraries=libraries)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=1)


@pytest.fixture(scope="module")
def truth(world: World) -> list[TrueVariant]:
    return [
        row
        for patient in PATIENTS
        for row in variant_rows(patient_alleles(patient, world), world.genome)
    ]


@pytest.fixture(scope="module")
def itd_truth(world: World) -> list[TrueItd]:
    return [
        row
        for patient in PATIENTS
        for row in itd_rows(patient_alleles(patient, world), world.genome)
    ]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two patients: one from BAM with all further assays, one from given results."""
    out = tmp_path_factory.mktemp("cohort")
    simulate_cohort(out, 1, [BY_NAME["AML02"], BY_NAME["AML08"]], report=lambda _: None)
    return out


# --- the genome -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_written_gene_models_translate_to_the_planned_residues(seed: int, tmp_path: Path) -> None:
    genome = make_world(seed).genome
    write_fasta(tmp_path / "genome.fa", genome)
    write_gtf(tmp_path / "genome.gtf", genome)
    models = canonical_transcripts(read_gene_models(tmp_path / "genome.gtf"))
    assert set(models) == set(genome.loci)
    with pysam.FastaFile(str(tmp_path / "genome.fa")) as fasta:
        for gene, locus in genome.loci.items():
            protein = models[gene].protein(fasta.fetch).rstrip("*")
            assert "*" not in protein
            assert len(protein) == locus.plan.protein_length
            for planned in locus.plan.codons:
                residue, _, codon = planned.partition(":")
                assert protein[int(residue[1:]) - 1] == residue[0] == translate(codon)


def test_flt3_and_npm1_have_their_real_bases_where_it_matters(world: World) -> None:
    flt3, npm1 = world.genome.loci["FLT3"], world.genome.loci["NPM1"]
    assert flt3.protein[568:613] == "QFRYESQLQMVQVTGSSDNEYFYVDFREYEYDLKWEFPRENLEFG"
    assert (flt3.offset(1704) + 87, flt3.offset(1837) + 91) == (
        flt3.offset(1705),
        flt3.offset(1838),
    )
    start = npm1.offset(856)
    assert npm1.sequence[start : start + 39] == "GATCTCTGGCAGTGGAGGAAGTCTCTTTAAGAAAATAGT"


def test_strands_and_chromosomes_are_as_in_life(world: World) -> None:
    places = {g: (x.plan.chrom, x.plan.strand) for g, x in world.genome.loci.items()}
    assert places["FLT3"] == ("chr13", "-")
    assert places["NPM1"] == ("chr5", "+")
    assert places["TP53"] == ("chr17", "-")
    assert places["ABCB1"] == ("chr7", "-")


def test_hairpins_hold_their_matures_and_stand_in_the_genome(world: World) -> None:
    for row in read_hairpin_matures():
        start = row.start - 1
        assert row.hairpin_sequence[start : start + len(row.sequence)] == row.sequence
        chrom, low, high = world.genome.extras[row.hairpin]
        assert high - low == len(row.hairpin_sequence)
        assert chrom == row.chrom


def test_every_patient_has_enough_germline_snps_for_identity(world: World) -> None:
    for patient in PATIENTS:
        inherited = patient_alleles(patient, world).inherited.values()
        sites = {edit for sides in inherited for side in sides for edit in side}
        assert len(sites) >= 60, patient.name


# --- what is planted --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "gene", "hgvs_c", "protein_change", "expected"),
    [
        ("AML01", "NPM1", "c.860_863dup", "W288Cfs*12", "stable"),
        ("AML01", "FLT3", "c.1772_1801dup", "D600_L601insHVDFREYEYD", "acquired"),
        ("AML01", "IDH1", "c.395G>A", "R132H", "acquired"),
        ("AML02", "DNMT3A", "c.2644C>T", "R882C", "lost"),
        ("AML02", "TOP2A", "c.2392_2393delinsTT", "K798L", "acquired"),
        ("AML02", "TP53", "c.743G>A", "R248Q", "acquired"),
        ("AML03", "FLT3", "c.2073T>A", "F691L", "acquired"),
        ("AML04", "IDH2", "c.419G>A", "R140Q", "contracting"),
        ("AML04", "IDH2", "c.418C>T", "R140W", "expanding"),
        ("AML04", "NRAS", "c.35G>A", "G12D", "acquired"),
        ("AML04", "KRAS", "c.35G>A", "G12D", "lost"),
        ("AML05", "FLT3", "c.2503G>T", "D835Y", "lost"),
        ("AML06", "NPM1", "c.863_864insCCTG", "W288Cfs*12", "stable"),
        ("AML09", "ABCB1", "c.554G>T", "G185V", "acquired"),
    ],
)
def test_planned_change_has_its_name_and_class(
    truth: list[TrueVariant],
    patient: str,
    gene: str,
    hgvs_c: str,
    protein_change: str,
    expected: str,
) -> None:
    row = next(r for r in truth if (r.patient, r.gene, r.hgvs_c) == (patient, gene, hgvs_c))
    assert (row.protein_change, row.expected_class) == (protein_change, expected)


def test_truth_alleles_fit_the_genome(world: World, truth: list[TrueVariant]) -> None:
    for row in truth:
        start = row.pos - 1
        assert world.genome.contigs[row.chrom][start : start + len(row.ref)] == row.ref


def test_every_class_and_variant_type_is_planted(truth: list[TrueVariant]) -> None:
    classes = Counter(row.expected_class for row in truth)
    for name in ("acquired", "lost", "expanding", "contracting", "stable", "germline"):
        assert classes[name], name
    assert {row.variant_type for row in truth} >= {"snv", "mnv", "insertion", "deletion"}
    changed = {row.variant_type for row in truth if row.expected_class == "acquired"}
    assert changed >= {"snv", "mnv", "insertion", "deletion"}


def test_low_depth_makes_a_lost_subclone_not_evaluable(truth: list[TrueVariant]) -> None:
    rows = [row for row in truth if row.patient == "AML05"]
    assert not any(row.evaluable for row in rows)
    assert all(row.evaluable for row in truth if row.patient == "AML01")


def test_founders_of_an_impure_relapse_are_stable_though_their_vaf_halves(
    truth: list[TrueVariant],
) -> None:
    founders = [
        row
        for row in truth
        if (row.patient, row.comparison) == ("AML04", "diagnosis>relapse")
        and row.before_ccf == pytest.approx(1)
    ]
    assert len(founders) == 3
    for row in founders:
        assert row.expected_class == "stable"
        assert row.after_vaf < 0.5 * row.before_vaf
        assert row.after_purity == pytest.approx(0.4)


def test_itd_traps_are_planted(itd_truth: list[TrueItd]) -> None:
    clones = {(row.patient, row.clone): row for row in itd_truth}
    changes = {row.expected_change for row in itd_truth}
    assert changes >= {"gained", "lost", "persistent", "expanding", "contracting"}
    crossing = clones["AML03", "itd42"]
    assert crossing.before_allelic_ratio < 0.5 < crossing.after_allelic_ratio
    assert clones["AML02", "itd63"].n_length == 9
    assert clones["AML07", "itd135"].length > 100
    assert clones["AML07", "itd135"].before_allelic_ratio > 0.5
    assert clones["AML09", "itd180"].length == 180
    assert "+" in clones["AML09", "itdin"].hgvs_c
    assert len([row for row in itd_truth if row.patient == "AML06"]) == 2


def test_copy_loss_shows_in_depth_and_vaf(truth: list[TrueVariant]) -> None:
    pten = next(row for row in truth if row.gene == "PTEN")
    assert pten.after_depth < pten.before_depth
    # 36 % of the cells keep one copy, mutated; 64 % keep two, not mutated.
    assert pten.after_vaf == pytest.approx(0.36 / (0.36 + 2 * 0.64))
    assert pten.after_depth == pytest.approx(300 * (0.36 + 2 * 0.64) / 2)


def test_inputs_of_every_kind_are_in_the_cohort() -> None:
    forms = {(x.assay, x.form) for patient in PATIENTS for x in patient.libraries}
    assert forms == {
        *(("dna", form) for form in ("fastq", "bam", "cram", "vcf", "counts")),
        *(("rna", form) for form in ("fastq", "tpm", "counts")),
        *(("mirna", form) for form in ("fastq", "matrix")),
    }
    assert any(len(patient.timepoints) == 1 for patient in PATIENTS)
    assert any({x.assay for x in patient.libraries} == {"dna"} for patient in PATIENTS)
    assert any(
        {x.assay for x in patient.libraries if x.form == "fastq"} == {"dna", "rna", "mirna"}
        for patient in PATIENTS
    )


# --- what is written --------------------------------------------------------------------------


def test_sheets_are_read_without_a_problem(cohort: Path) -> None:
    libraries = read_libraries(cohort / "config" / "samples.tsv")
    assert {library.patient for library in libraries} == {"AML02", "AML08"}
    for library in libraries:
        for path in (library.fq1, library.fq2, library.bam, library.given, library.targets):
            assert not path or Path(path).stat().st_size > 0
    facts = read_patient_facts(cohort / "config" / "patients.tsv")
    assert facts["AML02", "relapse"].blast_fraction == pytest.approx(0.9)


def test_observed_vafs_agree_with_the_truth(cohort: Path) -> None:
    rows = read_table(cohort / "truth" / "variants.tsv", TrueVariant)
    checked = 0
    for row in rows:
        if row.patient == "AML02" and row.variant_type == "snv":
            for timepoint, vaf in (("diagnosis", row.before_vaf), ("relapse", row.after_vaf)):
                alt, depth = observed(cohort, timepoint, row.chrom, row.pos, row.alt)
                error = math.sqrt(max(vaf * (1 - vaf), 0.002) / depth)
                assert depth > 200
                assert abs(alt / depth - vaf) < 4 * error
                checked += 1
    assert checked >= 8


def test_common_snps_are_seen_with_their_genotype(cohort: Path) -> None:
    rows = [
        row
        for row in read_table(cohort / "truth" / "germline_snps.tsv", TrueSnp)
        if row.patient == "AML02" and row.chrom != "chr17"  # 17p has lost its heterozygosity
    ]
    assert len(rows) >= 40
    for row in islice(rows, 0, None, 3):
        alt, depth = observed(cohort, "diagnosis", row.chrom, row.pos, row.alt)
        if depth >= 50:
            assert abs(alt / depth - row.alt_copies / 2) < 0.2


def test_reads_have_the_habits_of_real_ones(cohort: Path) -> None:
    flags: Counter[str] = Counter()
    with pysam.AlignmentFile(bam_path(cohort, "diagnosis")) as bam:
        assert [group["SM"] for group in bam.header.to_dict()["RG"]] == ["AML02_diagnosis_dna"]
        for read in bam:
            flags["reads"] += 1
            flags["duplicates"] += read.is_duplicate
            flags["clipped"] += "S" in (read.cigarstring or "")
            flags["unmapped"] += read.is_unmapped
            flags["low mapping quality"] += read.mapping_quality < 20
            flags["reverse"] += read.is_reverse
            flags["overlapping"] += read.is_proper_pair and abs(read.template_length) < 200
    n_reads = flags["reads"]
    assert 0.06 < flags["duplicates"] / n_reads < 0.12
    assert 0.48 < flags["reverse"] / n_reads < 0.52
    assert flags["overlapping"] / n_reads > 0.2
    assert min(flags["clipped"], flags["unmapped"], flags["low mapping quality"]) > 10


def test_small_rna_counts_and_directions_are_as_planted(cohort: Path) -> None:
    rows = read_table(cohort / "truth" / "mirna.tsv", TrueMirna)
    reads = {(row.patient, row.timepoint, row.mirna): row.reads for row in rows}
    fold = math.log2(
        reads["AML02", "relapse", "hsa-miR-182-5p"] / reads["AML02", "diagnosis", "hsa-miR-182-5p"]
    )
    assert fold == pytest.approx(2.5, abs=0.7)
    fastq = cohort / "reads" / "AML02" / "AML02_relapse_mirna.fastq.gz"
    with pysam.FastxFile(str(fastq)) as handle:
        records = [record.sequence for record in handle]
    assert len(records) == 80_000
    with_adapter = sum(ADAPTER[:10] in sequence for sequence in records)
    assert with_adapter / len(records) > 0.9
    made = sum(row.reads for row in rows if (row.patient, row.timepoint) == ("AML02", "relapse"))
    assert 0.8 < made / len(records) < 0.9


def test_given_vcf_leaves_out_what_a_caller_would_not_call(cohort: Path) -> None:
    calls = {}
    for timepoint in ("diagnosis", "relapse"):
        path = cohort / "given" / f"AML08_{timepoint}_dna.vcf"
        with pysam.VariantFile(str(path)) as vcf:
            calls[timepoint] = {(r.chrom, r.pos, r.alts): r.samples[0] for r in vcf}
    row = next(
        r
        for r in read_table(cohort / "truth" / "variants.tsv", TrueVariant)
        if (r.patient, r.gene) == ("AML08", "FLT3")
    )
    key = (row.chrom, row.pos, (row.alt,))
    assert key not in calls["diagnosis"]
    reference, alternative = calls["relapse"][key]["AD"]
    assert alternative / (reference + alternative) == pytest.approx(row.after_vaf, abs=0.1)


def test_truth_tables_speak_of_every_patient(cohort: Path) -> None:
    patients = {r.patient for r in read_table(cohort / "truth" / "patients.tsv", TruePatient)}
    evidence = {r.patient for r in read_table(cohort / "truth" / "evidence.tsv", TrueEvidence)}
    assert patients == evidence == {"AML02", "AML08"}


def test_same_seed_gives_the_same_bytes_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = [lighter(BY_NAME[name], 0.03) for name in ("AML01", "AML03", "AML04")]
    digests = []
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        simulate_cohort(Path("demo"), seed, patients, report=lambda _: None)
        digests.append(dict(digests_below(Path("demo"))))
    assert digests[0] == digests[1]
    reads = "reads/AML03/AML03_relapse_dna.bam"
    assert digests[0][reads] != digests[2][reads]


def test_a_patient_does_not_depend_on_the_others(tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    patient = lighter(BY_NAME["AML05"], 0.05)
    simulate_cohort(alone, 1, [patient], report=lambda _: None)
    simulate_cohort(together, 1, [BY_NAME["AML10"], patient], report=lambda _: None)
    name = "reads/AML05/AML05_diagnosis_dna.bam"
    with (
        pysam.AlignmentFile(str(alone / name)) as one,
        pysam.AlignmentFile(str(together / name)) as other,
    ):
        assert one.mapped == other.mapped > 1000


def test_pairs_come_from_haplotypes_in_their_shares() -> None:
    bases = random_bases(2_000, np.random.default_rng(1))
    haplotypes = [Haplotype(bases, share, ((500, 1_500),)) for share in (0.7, 0.2, 0.1)]
    pairs = captured_pairs(haplotypes, 500, ReadModel(), np.random.default_rng(2))
    shares = np.bincount(pairs.haplotypes) / len(pairs.haplotypes)
    assert shares == pytest.approx([0.7, 0.2, 0.1], abs=0.03)
    assert set(np.unique(pairs.bases1)) <= set(b"ACGT")
    assert 33 + 2 <= pairs.quals1.min() <= pairs.quals1.max() <= 33 + 41


def test_amplicon_pairs_start_at_both_ends() -> None:
    bases = random_bases(330, np.random.default_rng(1))
    model = ReadModel(read_length=250, error_rate=0.0, slip_rate=0.0, long_slip_rate=0.0)
    pairs = amplicon_pairs([Haplotype(bases, 1.0, ())], 20, model, np.random.default_rng(2))
    assert {row.tobytes().decode() for row in pairs.bases1} == {bases[:250]}
    assert {row.tobytes().decode() for row in pairs.bases2} == {reverse_complement(bases)[:250]}


def test_errors_come_at_their_rate() -> None:
    bases = random_bases(3_000, np.random.default_rng(1))
    model = ReadModel(error_rate=2e-3, duplicate_share=0.0, slip_rate=0.0)
    rng = np.random.default_rng(2)
    fragments = captured_fragments([Haplotype(bases, 1.0, ((500, 2_500),))], 400, model, rng)
    with_errors = sequence_pairs(fragments, model, np.random.default_rng(3))
    clean = sequence_pairs(
        fragments, dataclasses.replace(model, error_rate=0.0), np.random.default_rng(3)
    )
    assert np.mean(with_errors.bases1 != clean.bases1) == pytest.approx(2e-3, rel=0.1)


def test_empty_cohort_can_be_planned_at_once(tmp_path: Path) -> None:
    write_empty_cohort(tmp_path, 100)
    plan = make_plan(
        {
            "samples": str(tmp_path / "config" / "samples.tsv"),
            "patients": str(tmp_path / "config" / "patients.tsv"),
        }
    )
    assert len(plan.patients) == 100
    assert len(plan.libraries) == 600


def bam_path(cohort: Path, timepoint: str) -> str:
    return str(cohort / "reads" / "AML02" / f"AML02_{timepoint}_dna.bam")


def observed(cohort: Path, timepoint: str, chrom: str, pos: int, alt: str) -> tuple[int, int]:
    """(fragments with `alt`, fragments) at a 1-based position."""
    bases: dict[str, str] = {}
    with pysam.AlignmentFile(bam_path(cohort, timepoint)) as bam:
        for column in bam.pileup(chrom, pos - 1, pos, truncate=True, max_depth=100_000):
            for read in column.pileups:
                if read.query_position is not None:
                    sequence = read.alignment.query_sequence or ""
                    bases[read.alignment.query_name or ""] = sequence[read.query_position]
    return sum(base == alt for base in bases.values()), len(bases)


def digests_below(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(folder))
            yield name, hashlib.sha256(path.read_bytes()).hexdigest()
