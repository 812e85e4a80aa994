"""Results of three patients with their pages."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import report_example
from amlresist.__main__ import main

if TYPE_CHECKING:
    from playwright import sync_api


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of three patients (all layers, DNA only, RNA only) with their pages."""
    folder = tmp_path_factory.mktemp("report") / "results"
    provenance = report_example.write_provenance(folder / "provenance.json")
    layers = {"P01": ("dna", "mirna", "rna"), "P02": ("dna",), "P03": ("rna",)}
    for patient, chosen in layers.items():
        report_example.write_example(folder, patient, layers=chosen)
        report_example.write_page(folder, patient, provenance)
    common = ["--results", str(folder), "--patients", *layers]
    assert main(["cohort", *common, "--out-dir", str(folder / "cohort")]) == 0
    cohort_page = ["--provenance", str(provenance), "--out", str(folder / "cohort/report.html")]
    assert main(["report", "cohort", *common, *cohort_page]) == 0
    return folder


@pytest.fixture
def patient_page(open_page, results: Path) -> "sync_api.Page":
    """The page of the patient with all layers."""
    return open_page(results / "P01/report/P01.html")
