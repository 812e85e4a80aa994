"""The plan sends each patient through the stations its sheet rows can feed, and no other."""

import json

import pytest

from amlresist.errors import InputError
from amlresist.plan import make_plan, resource_digest, source_digest

HEADER = "patient\ttimepoint\tassay\tfq1\tfq2\tbam\tgiven\n"
ROWS = (
    "FULL\tdiagnosis\tdna\t\t\tdx.bam\t\n"
    "FULL\trelapse\tdna\tr1.fq\tr2.fq\t\t\n"
    "FULL\tdiagnosis\trna\ta b.fq\t\t\t\n"
    "FULL\trelapse\trna\t\t\trna.cram\t\n"
    "FULL\tdiagnosis\tmirna\tm.fq\t\t\t\n"
    "GIVEN\tdiagnosis\tdna\t\t\t\tdx.vcf\n"
    "GIVEN\trelapse\tdna\t\t\t\trel.vcf\n"
    "GIVEN\trelapse\trna\t\t\t\ttpm.tsv\n"
)


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "samples.tsv").write_text(HEADER + ROWS)
    return make_plan({"samples": str(tmp_path / "samples.tsv"), "results": "out/"})


def test_only_what_the_sheet_gives_is_planned(plan):
    assert plan.patients == ("FULL", "GIVEN")
    assert plan.patients_at("dna_reads") == ["FULL"]
    assert plan.patients_at("variants") == ["FULL", "GIVEN"]
    assert plan.patients_at("flt3_itd") == ["FULL"]
    assert plan.patients_at("mirna") == ["FULL"]
    assert plan.patients_at("expression") == ["FULL", "GIVEN"]
    assert plan.station_files("GIVEN") == [
        "out/GIVEN/variants/variants.tsv",
        "out/GIVEN/expression/pathways.tsv",
    ]


def test_stations_read_our_alignments_and_the_given_results(plan):
    variants = json.loads(plan.inputs_json("FULL", "variants"))
    assert [library["paths"] for library in variants] == [
        ["out/FULL/alignment/FULL_diagnosis_dna.bam"],
        ["out/FULL/alignment/FULL_relapse_dna.bam"],
    ]
    given = json.loads(plan.inputs_json("GIVEN", "variants"))
    assert [(library["paths"], library["given"]) for library in given] == [
        (["dx.vcf"], True),
        (["rel.vcf"], True),
    ]
    itd = plan.files_of("FULL", "flt3_itd")
    assert itd[2:] == ["a b.fq", "out/FULL/alignment/FULL_relapse_rna.cram"]


def test_a_patient_without_dna_reads_needs_no_genome_for_the_page(plan):
    assert plan.genome_for("FULL", "dna_reads") == ["out/reference/genome.fa"]
    assert plan.genome_for("GIVEN", "dna_reads") == []


def test_rna_fastqs_are_quantified_and_rna_alignments_are_not(plan):
    assert plan.files_of("FULL", "rna_reads") == ["a b.fq"]
    assert plan.files_of("FULL", "expression") == [
        "out/FULL/expression/salmon/FULL_diagnosis_rna/quant.sf",
        "out/FULL/alignment/FULL_relapse_rna.cram",
    ]
    assert plan.expression_files("FULL") == [
        "out/FULL/expression/salmon",
        "out/FULL/alignment/FULL_relapse_rna.cram",
    ]
    assert plan.expression_files("GIVEN") == ["tpm.tsv"]


def test_problems_of_config_and_sheets_are_told_together(tmp_path):
    (tmp_path / "samples.tsv").write_text(HEADER + "P1\tnow\tdna\t\t\tdx.bam\t\n")
    config = {
        "samples": str(tmp_path / "samples.tsv"),
        "patients": str(tmp_path / "none.tsv"),
        "colours": {},
    }
    with pytest.raises(InputError) as caught:
        make_plan(config)
    told = " ".join(map(str, caught.value.problems))
    assert len(caught.value.problems) == 3
    assert "colours" in told and "none.tsv" in told and "row 2, column timepoint" in told


def test_digests_follow_the_sources_they_name(tmp_path):
    assert source_digest("variants") != source_digest("flt3_itd")
    assert source_digest("variants") == source_digest("variants")
    assert len(resource_digest("knowledge")) == 16
