"""Exports hold what was seen, sample by sample, in the formats that other programs read."""

import csv
import json
import math
import re
from pathlib import Path

import pytest

import report_example
from amlresist.__main__ import main
from amlresist.alignment_qc.records import GeneCoverage
from amlresist.errors import InputError
from amlresist.exports.cbioportal import genome_build
from amlresist.exports.gene_panels import profiled_genes
from amlresist.exports.maf import cohort_maf
from amlresist.exports.observed import further_itds, read_findings, seen_variants
from amlresist.files import write_text
from amlresist.flt3_itd.records import ItdClone
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange, VariantClass

PATIENTS = ("P01", "P02", "P03")
# https://docs.cbioportal.org/file-formats/#mutation-data
CLASSIFICATIONS = {
    "Frame_Shift_Del",
    "Frame_Shift_Ins",
    "In_Frame_Del",
    "In_Frame_Ins",
    "Missense_Mutation",
    "Nonsense_Mutation",
    "Silent",
    "Splice_Site",
    "Translation_Start_Site",
    "Nonstop_Mutation",
    "3'UTR",
    "5'UTR",
    "IGR",
    "Intron",
    "RNA",
    "Targeted_Region",
    "Splice_Region",
    "Unknown",
}
SHEET = (
    "patient\ttimepoint\tblast_fraction\tsex\ttransplant_before\tflt3_inhibitor_before\n"
    "P01\tdiagnosis\t0.85\tfemale\tno\tno\nP01\trelapse\t0.4\tfemale\tno\tyes\n"
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "results"
    layers = {"P01": ("dna", "mirna", "rna"), "P02": ("dna",), "P03": ("rna",)}
    for patient in PATIENTS:
        report_example.write_example(folder, patient, layers=layers[patient])
    provenance = {"config": {"reference": {"name": "GRCh38"}}}
    write_text(folder / "provenance.json", json.dumps(provenance))
    write_text(folder / "patients.tsv", SHEET)
    return folder


def export(results: Path, *patients: str) -> Path:
    out = results / "cohort" / "exports"
    words = ["export", "--results", str(results), "--patients", *(patients or PATIENTS)]
    words += ["--patient-sheet", str(results / "patients.tsv")]
    words += ["--provenance", str(results / "provenance.json"), "--out-dir", str(out)]
    assert main(words) == 0
    return out


@pytest.fixture(scope="module")
def study(results: Path) -> Path:
    return export(results) / "cbioportal"


def facts(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def table(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def test_every_meta_file_names_a_data_file_of_the_same_study(study: Path) -> None:
    names = {path.name for path in study.glob("meta_*.txt")}
    assert {"meta_study.txt", "meta_mutations.txt", "meta_clinical_sample.txt"} <= names
    for path in study.glob("meta_*.txt"):
        meta = facts(path)
        assert meta["cancer_study_identifier"] == "aml_relapse"
        if path.name != "meta_study.txt":
            assert (study / meta["data_filename"]).is_file()
    assert facts(study / "meta_study.txt")["reference_genome"] == "hg38"


@pytest.mark.parametrize("name", ["patient", "sample"])
def test_clinical_files_have_four_rows_about_their_columns(study: Path, name: str) -> None:
    lines = (study / f"data_clinical_{name}.txt").read_text().splitlines()
    width = len(lines[4].split("\t"))
    assert all(line.startswith("#") for line in lines[:4])
    assert not any(line.startswith("#") for line in lines[4:])
    assert {len(line.split("\t")) for line in lines} == {width}
    assert set(lines[2].removeprefix("#").split("\t")) <= {"STRING", "NUMBER", "BOOLEAN"}
    assert lines[4] == lines[4].upper()


def test_every_sample_with_data_is_a_clinical_sample(study: Path) -> None:
    samples = {row["SAMPLE_ID"] for row in table(study / "data_clinical_sample.txt")}
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", sample) for sample in samples)
    mutated = {row["Tumor_Sample_Barcode"] for row in table(study / "data_mutations.txt")}
    listed = facts(study / "case_lists/cases_sequenced.txt")["case_list_ids"].split("\t")
    assert mutated <= set(listed) <= samples
    (relapse,) = [
        row
        for row in table(study / "data_clinical_sample.txt")
        if row["SAMPLE_ID"] == "P01_relapse"
    ]
    assert (relapse["SAMPLE_TYPE"], relapse["FLT3_INHIBITOR_BEFORE"]) == ("Recurrence", "yes")


def test_genes_that_were_not_read_are_on_no_panel(results: Path, study: Path) -> None:
    panels = {
        facts(path)["stable_id"]: facts(path)["gene_list"].split("\t")
        for path in study.glob("gene_panels/*.txt")
    }
    of_sample = {
        row["SAMPLE_ID"]: panels[row["mutations"]]
        for row in table(study / "data_gene_panel_matrix.txt")
    }
    for row in read_table(results / "P01/alignment_qc/gene_coverage.tsv", GeneCoverage):
        if row.target_bases == 0:
            mutated = {r["Hugo_Symbol"] for r in table(study / "data_mutations.txt")}
            assert row.gene in mutated or row.gene not in of_sample[f"P01_{row.timepoint}"]
    for mutation in table(study / "data_mutations.txt"):
        own = of_sample.get(mutation["Tumor_Sample_Barcode"])
        assert own is None or not mutation["Hugo_Symbol"] or mutation["Hugo_Symbol"] in own


@pytest.mark.parametrize(
    ("target_bases", "share", "target_share", "is_profiled"),
    [
        (900, 0.3, 0.99, True),
        (900, 0.3, 0.5, False),
        (0, 0.0, math.nan, False),
        (None, 0.99, math.nan, True),
        (None, 0.3, math.nan, False),
    ],
)
def test_a_gene_is_profiled_where_its_captured_bases_were_read(
    target_bases: int | None, share: float, target_share: float, is_profiled: bool
) -> None:
    coverage = ("P", "relapse", "s", "TP53", 1200, 300.0, share, target_bases, target_share)
    found = profiled_genes([GeneCoverage(*coverage)], [], 0.95)
    assert found == {"P_relapse": ("TP53",) if is_profiled else ()}


def test_a_variant_stands_only_in_the_samples_that_show_it(results: Path, study: Path) -> None:
    placed = {
        (row["Tumor_Sample_Barcode"], row["Hugo_Symbol"], row["HGVSp_Short"])
        for row in table(study / "data_mutations.txt")
    }
    for row in read_table(results / "P01/variants/variants.tsv", VariantChange):
        change = (row.gene, f"p.{row.protein_change}" if row.protein_change else "")
        if row.variant_class == VariantClass.ACQUIRED:
            assert ("P01_relapse", *change) in placed
            assert ("P01_diagnosis", *change) not in placed
        if row.variant_class in {VariantClass.GERMLINE, VariantClass.ARTEFACT}:
            assert not {("P01_relapse", *change), ("P01_diagnosis", *change)} & placed


def test_mutations_carry_counts_change_and_allowed_words(study: Path) -> None:
    rows = table(study / "data_mutations.txt")
    assert {row["Variant_Classification"] for row in rows} <= CLASSIFICATIONS
    assert {row["NCBI_Build"] for row in rows} == {"GRCh38"}
    assert not any(row["Chromosome"].startswith("chr") for row in rows)
    (acquired,) = [
        row
        for row in rows
        if (row["HGVSp_Short"], row["Tumor_Sample_Barcode"]) == ("p.F691L", "P01_relapse")
    ]
    assert acquired["AMLRESIST.change"] == "diagnosis>relapse: acquired"
    assert acquired["Entrez_Gene_Id"] == "2322"
    assert int(acquired["t_alt_count"]) > 0


def test_an_itd_is_listed_once_per_sample(results: Path) -> None:
    clones = read_table(results / "P01/flt3_itd/flt3_itd_clones.tsv", ItdClone)
    seen = seen_variants(read_table(results / "P01/variants/variants.tsv", VariantChange))
    found = further_itds(clones, seen)
    assert found and len({(c.timepoint, c.clone) for c in found}) == len(found)
    assert all(clone.assay == "dna" and clone.itd_fragments > 0 for clone in found)


def test_phenopackets_are_read_by_the_library_of_the_schema(results: Path, study: Path) -> None:
    phenopackets = pytest.importorskip("phenopackets", reason="the phenopackets package is missing")
    json_format = pytest.importorskip("google.protobuf.json_format")
    for patient in PATIENTS:
        path = study.parent / "phenopackets" / f"{patient}.json"
        packet = json_format.Parse(path.read_text(), phenopackets.Phenopacket())
        own = read_findings(results / patient, patient)
        assert packet.subject.id == patient
        assert [sample.id for sample in packet.biosamples] == [
            f"{patient}_{timepoint}" for timepoint in own.sequenced
        ]
        found = [
            one for part in packet.interpretations for one in part.diagnosis.genomic_interpretations
        ]
        assert len(found) == len(own.variants) + len(own.itds)
        samples = {sample.id for sample in packet.biosamples}
        assert {one.subject_or_biosample_id for one in found} <= samples


def test_phenopacket_names_variant_gene_and_evidence(study: Path) -> None:
    packet = json.loads((study.parent / "phenopackets/P01.json").read_text())
    variants = {
        (one["subjectOrBiosampleId"], part["label"]): part
        for one in packet["interpretations"][0]["diagnosis"]["genomicInterpretations"]
        for part in [one["variantInterpretation"]["variationDescriptor"]]
    }
    acquired = variants["P01_relapse", "FLT3 F691L"]
    assert acquired["geneContext"] == {"valueId": "HGNC:3765", "symbol": "FLT3"}
    assert acquired["vcfRecord"]["genomeAssembly"] == "GRCh38"
    assert "diagnosis → relapse: acquired" in acquired["description"]
    assert packet["subject"]["sex"] == "FEMALE"


def test_same_input_gives_same_bytes_whatever_the_order_of_patients(results: Path) -> None:
    def everything(folder: Path) -> dict[str, bytes]:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    before = everything(export(results))
    assert everything(export(results, *PATIENTS[::-1])) == before


def test_mafs_are_joined_below_one_header(tmp_path: Path) -> None:
    for patient in ("A", "B"):
        text = f"#version 2.4\nHugo_Symbol\tTumor_Sample_Barcode\nFLT3\t{patient}\n"
        write_text(tmp_path / patient / "variants/variants.maf", text)
    assert cohort_maf(tmp_path, ["A", "B", "C"]).splitlines()[1:] == [
        "Hugo_Symbol\tTumor_Sample_Barcode",
        "FLT3\tA",
        "FLT3\tB",
    ]
    write_text(tmp_path / "C/variants/variants.maf", "#version 2.4\nHugo_Symbol\nFLT3\n")
    with pytest.raises(InputError):
        cohort_maf(tmp_path, ["A", "B", "C"])


@pytest.mark.parametrize(
    ("reference", "build"),
    [
        ("GRCh38", "GRCh38"),
        ("hg38", "GRCh38"),
        ("hg19", "GRCh37"),
        ("GRCh37", "GRCh37"),
        ("my", "my"),
    ],
)
def test_build_is_named_as_cbioportal_knows_it(reference: str, build: str) -> None:
    assert genome_build(reference)[0] == build
