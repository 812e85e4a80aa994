"""Cohort tables: exact tests, gains and losses, recurrent ITDs, patients' states."""

import math
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.__main__ import main
from amlresist.alignment_qc.records import BestMatch, Genotype
from amlresist.cohort.exact_tests import (
    clopper_pearson,
    fisher_exact,
    mcnemar_exact,
)
from amlresist.cohort.gather import KEPT
from amlresist.cohort.gene_changes import gene_changes, review_expectations
from amlresist.cohort.itd_recurrence import carried_over_itds, recurrent_itds
from amlresist.cohort.records import (
    GeneChange,
    ItdCarryOver,
    ItdRecurrence,
    PatientStatus,
    ReviewExpectation,
)
from amlresist.files import open_text
from amlresist.multiple_testing import benjamini_hochberg
from amlresist.tables import read_table, write_table
from amlresist.variants.records import VariantChange
from evidence_example import (
    SETTINGS,
    dna,
    itd_clone,
    itd_library,
    itd_pair,
    renamed,
    variant,
)
from report_example import write_example

# Gene -> (primary, relapse) patients mutated of 124 and 58, and the published p-value.
APL = {
    "PML": (1, 11, 1.53e-5),
    "RARA": (0, 7, 2.57e-4),
    "RUNX1": (1, 5, 0.0131),
    "FLT3": (26, 4, 0.0181),
    "ARID1B": (5, 8, 0.0276),
}


@pytest.mark.parametrize(
    ("gained", "lost", "p"), [(5, 0, 0.0625), (0, 5, 0.0625), (3, 3, 1.0), (1, 7, 0.0703125)]
)
def test_mcnemar_is_the_binomial_test_of_the_discordant_pairs(gained, lost, p):
    assert mcnemar_exact(gained, lost) == pytest.approx(p)


def test_mcnemar_without_discordant_pairs_has_no_p_value():
    assert math.isnan(mcnemar_exact(0, 0))


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_does_not_know_which_is_gain(gained, lost):
    forth, back = mcnemar_exact(gained, lost), mcnemar_exact(lost, gained)
    assert forth == back or (math.isnan(forth) and math.isnan(back))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_fisher_is_symmetric_in_groups_and_in_outcome(a, rest_a, b, rest_b):
    p = fisher_exact(a, a + rest_a, b, b + rest_b)
    assert 0 < p <= 1
    assert p == pytest.approx(fisher_exact(b, b + rest_b, a, a + rest_a))
    assert p == pytest.approx(fisher_exact(rest_a, a + rest_a, rest_b, b + rest_b))


def test_fisher_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    for a, b in ((0, 3), (2, 9), (7, 7), (10, 0)):
        expected = stats.fisher_exact([[a, 12 - a], [b, 30 - b]]).pvalue
        assert fisher_exact(a, 12, b, 30) == pytest.approx(expected)


@pytest.mark.parametrize("gene", APL)
def test_fisher_gives_the_published_p_values(gene):
    primary, relapse, p = APL[gene]
    assert fisher_exact(primary, 124, relapse, 58) == pytest.approx(p, rel=0.005)


def test_fisher_on_the_real_mafs_gives_the_published_p_values(real_data):
    primary = mutated_samples(real_data / "paired/maftools_APL_primary.maf.gz")
    relapse = mutated_samples(real_data / "paired/maftools_APL_relapse.maf.gz")
    assert (len(primary[""]), len(relapse[""])) == (124, 58)
    for gene, (n_primary, n_relapse, p) in APL.items():
        counts = len(primary[gene]), len(relapse[gene])
        assert counts == (n_primary, n_relapse), gene
        assert fisher_exact(counts[0], 124, counts[1], 58) == pytest.approx(p, rel=0.005)
    assert fisher_exact(len(primary["WT1"]), 124, len(relapse["WT1"]), 58) > 0.05


SILENT = {"Silent", "Intron", "3'UTR", "5'UTR", "RNA", "IGR", "3'Flank", "5'Flank"}


def mutated_samples(path: Path) -> dict[str, set[str]]:
    """Gene -> samples with a protein-changing row; "" -> all samples."""
    found = defaultdict(set)
    with open_text(path) as handle:
        lines = (line for line in handle if not line.startswith("#"))
        header = next(lines).rstrip("\n").split("\t")
        for line in lines:
            row = dict(zip(header, line.rstrip("\n").split("\t"), strict=False))
            found[""].add(row["Tumor_Sample_Barcode"])
            if row["Variant_Classification"] not in SILENT:
                found[row["Hugo_Symbol"]].add(row["Tumor_Sample_Barcode"])
    return found


def test_clopper_pearson_matches_textbook_values():
    assert clopper_pearson(0, 10) == pytest.approx((0, 0.3085), abs=1e-4)
    assert clopper_pearson(10, 10) == pytest.approx((0.6915, 1), abs=1e-4)
    assert clopper_pearson(1, 16) == pytest.approx((0.0016, 0.3023), abs=1e-4)
    assert all(math.isnan(x) for x in clopper_pearson(0, 0))


def test_q_values_ignore_missing_p_values():
    assert benjamini_hochberg([0.01, math.nan, 0.04, 0.03]) == pytest.approx(
        [0.03, math.nan, 0.04, 0.04], nan_ok=True
    )


def patient(name, *rows, covered=("IDH1", "DNMT3A", "IDH2")):
    return renamed(dna(*rows, covered=covered), name)


COHORT = [
    patient("A", variant("IDH1", "R132H", "acquired"), variant("DNMT3A", "R882H", "stable")),
    patient("B", variant("IDH1", "R132C", "acquired"), variant("DNMT3A", "R882C", "lost")),
    patient("C", variant("IDH1", "R132H", "lost"), variant("IDH1", "R132C", "acquired")),
    patient("D", variant("IDH1", "R132H", "not_evaluable"), variant("TP53", "R175H", "germline")),
    patient("E", covered=("IDH1",)),
    patient("F", covered=()),
]


def test_patients_are_counted_once_per_gene():
    rows = {row.gene: row for row in gene_changes(COHORT, SETTINGS)}
    idh1 = rows["IDH1"]
    assert (idh1.n_gained, idh1.n_lost, idh1.n_kept, idh1.n_never, idh1.n_unknown) == (
        2,
        0,
        1,
        1,
        2,
    )
    assert idh1.n_compared == 4
    assert idh1.patients_gained == ("A", "B")
    assert idh1.p_value == pytest.approx(0.5)
    assert (idh1.n_acquired_variants, idh1.n_lost_variants) == (3, 1)
    assert "TP53" not in rows


def test_review_expectations_are_held_against_the_cohort():
    rows = {row.gene: row for row in review_expectations(COHORT, SETTINGS)}
    assert list(rows)[-1] == "FLT3-ITD" and len(rows) == 8
    assert (rows["IDH1"].n_as_expected, rows["IDH1"].verdict) == (2, "as_expected")
    assert (rows["DNMT3A"].n_as_expected, rows["DNMT3A"].n_opposite) == (1, 0)
    assert rows["IDH2"].verdict == "not_seen"
    assert rows["PTPN11"].verdict == "not_assessed"


def with_itd(name, before, after, *pairs):
    libraries = (itd_library("diagnosis", before, 0.3), itd_library("relapse", after, 0.3))
    return renamed(dna(itd_libraries=libraries, itd_pairs=pairs), name)


def test_share_of_gained_itds_stands_beside_the_reviews_range():
    cohort = [
        with_itd("A", "no_itd", "itd", itd_pair("gained")),
        with_itd("B", "itd", "itd", itd_pair("persistent")),
        with_itd("C", "no_itd", "no_itd"),
        with_itd("D", "not_callable", "no_itd"),
    ]
    row = review_expectations(cohort, SETTINGS)[-1]
    assert (row.n_compared, row.n_as_expected) == (3, 1)
    assert row.share == pytest.approx(1 / 3)
    assert row.share_low < row.share < row.share_high
    assert (row.review_low, row.review_high) == (0.0625, 0.167)


def test_low_itd_in_many_patients_is_suspected_contamination():
    clones = [itd_clone("A", 0.4), itd_clone("B", 0.004), itd_clone("C", 0.006)]
    (row,) = recurrent_itds(clones)
    assert (row.verdict, row.n_patients, row.n_low) == ("contamination_suspected", 3, 2)
    assert row.samples[0] == "A_relapse_dna"


def test_low_itd_beside_one_strong_source_is_suspected_carry_over():
    (row,) = recurrent_itds([itd_clone("A", 0.4), itd_clone("B", 0.004)])
    assert row.verdict == "carry_over_suspected"


def test_a_shared_allele_at_real_vafs_is_only_recurrent():
    (row,) = recurrent_itds([itd_clone("A", 0.4), itd_clone("B", 0.3)])
    assert row.verdict == "recurrent"


def test_an_itd_of_one_patient_is_not_recurrent():
    one = [itd_clone("A", 0.4), itd_clone("A", 0.004, timepoint="diagnosis", sample="A_dx")]
    other = itd_clone("B", 0.3, alt="AGGG")
    looked_up = itd_clone("C", 0.0)
    assert recurrent_itds([*one, other, looked_up]) == []


def test_a_carried_over_itd_names_its_source():
    clones = [itd_clone(name, vaf, detection="de_novo") for name, vaf in (("A", 0.4), ("B", 0.004))]
    (row,) = carried_over_itds(clones)
    assert (row.patient, row.source_patient, row.source_vaf) == ("B", "A", 0.4)
    assert "A_relapse_dna at 40.0%" in row.reason
    assert carried_over_itds([clones[0], itd_clone("B", 0.3, detection="de_novo")]) == []


def write_genotypes(results, patient, samples):
    """`samples`: library -> person whose 40 genotypes it shows."""
    rows = []
    for sample, person in samples.items():
        rng = random.Random(person)
        for site in range(40):
            alt = 100 * rng.choice((0, 1, 1, 2))
            rows.append(Genotype(patient, sample, "1", 10 * site + 1, "A", "G", 200 - alt, alt))
    write_table(results / patient / "alignment_qc/genotypes.tsv", Genotype, rows)


def test_swapped_samples_are_named_in_the_cohort_table(results):
    write_genotypes(results, "P01", {"P01_dx": "a", "P01_rel": "b"})
    write_genotypes(results, "P02", {"P02_dx": "b", "P02_rel": "a"})
    write_genotypes(results, "P03", {"P03_dx": "c", "P03_rel": "c"})
    run(results, "P01", "P02", "P03")
    rows = {r.sample: r for r in read_table(results / "cohort/best_matches.tsv", BestMatch)}
    assert rows["P01_rel"].same_person and rows["P01_rel"].other_sample == "P02_dx"
    assert rows["P02_rel"].same_person and rows["P02_rel"].other_sample == "P01_dx"
    assert rows["P01_rel"].concordance == 1 and rows["P01_rel"].sites == 40
    assert not rows["P03_dx"].same_person and not rows["P03_rel"].same_person


@pytest.fixture
def results(tmp_path):
    write_example(tmp_path, "P01")
    write_example(tmp_path, "P02", layers=("dna",))
    (tmp_path / "P03/variants").mkdir(parents=True)
    return tmp_path


def run(results, *patients):
    words = ["--results", str(results), "--out-dir", str(results / "cohort"), "--patients"]
    return main(["cohort", *words, *patients])


def test_command_writes_every_table(results):
    assert run(results, "P01", "P02", "P03") == 0
    out = results / "cohort"
    for _, name, record in KEPT:
        read_table(out / name, record)
    read_table(out / "gene_changes.tsv", GeneChange)
    read_table(out / "review_expectation.tsv", ReviewExpectation)
    read_table(out / "itd_recurrence.tsv", ItdRecurrence)
    read_table(out / "itd_carry_over.tsv", ItdCarryOver)
    read_table(out / "best_matches.tsv", BestMatch)
    variants = read_table(out / "variants.tsv", VariantChange)
    one = read_table(results / "P01/variants/variants.tsv", VariantChange)
    assert len(variants) == 2 * len(one)


def test_failed_patients_come_first_and_missing_layers_are_not_failures(results):
    run(results, "P01", "P02", "P03")
    rows = read_table(results / "cohort/patients.tsv", PatientStatus)
    assert (rows[0].patient, rows[0].status, rows[0].variants) == ("P03", "failed", "failed")
    states = {row.patient: row for row in rows}
    assert states["P02"].mirna == "not_run"
    assert states["P02"].variants == "done"


def test_order_of_patients_does_not_matter(results):
    run(results, "P01", "P02")
    first = {path.name: path.read_bytes() for path in (results / "cohort").iterdir()}
    run(results, "P02", "P01")
    assert first == {path.name: path.read_bytes() for path in (results / "cohort").iterdir()}
