"""The worked examples of docs/variants.md, calculated again."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from amlresist.__main__ import main
from amlresist.libraries import facts_to_json
from amlresist.sheet import PatientFacts

PAGE = Path(__file__).parents[2] / "docs" / "variants.md"
FACTS = [
    PatientFacts("P1", timepoint, share, "", None, None)
    for timepoint, share in (("diagnosis", 0.9), ("relapse", 0.4))
]
EXAMPLES = [(0, 812, 96, 905), (0, 60, 38, 400), (396, 880, 163, 810)]


def snps(rng, n=60, rho=0.0025):
    """Counts of SNPs; homozygous ones show that the list is not cleared of germline."""
    depth = rng.poisson(850, (n, 2))
    share = rng.beta(0.5 * (1 / rho - 1), 0.5 * (1 / rho - 1), depth.shape)
    het = np.hstack((rng.binomial(depth, share), depth))
    hom = rng.poisson(850, (n // 3, 2))
    return np.vstack((het, np.hstack((hom, hom))))[:, [0, 2, 1, 3]]


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """Rows of the three examples, and the summary."""
    folder = tmp_path_factory.mktemp("examples")
    columns = ["diagnosis_alt", "diagnosis_depth", "relapse_alt", "relapse_depth"]
    lines = ["\t".join(["chrom", "pos", "ref", "alt", "gene", "protein_change", *columns])]
    drivers = [("NRAS", "G12D"), ("KRAS", "G13D"), ("DNMT3A", "R882H")]
    for i, (name, counts) in enumerate(zip(drivers, EXAMPLES, strict=True)):
        lines.append("\t".join(map(str, ("chr1", 100 + i, "C", "T", *name, *counts))))
    for i, counts in enumerate(snps(np.random.default_rng(1)).tolist()):
        lines.append(
            "\t".join(map(str, (f"chr{2 + i % 20}", 1000 * (i + 1), "C", "T", "", "", *counts)))
        )
    table = folder / "counts.tsv"
    table.write_text("\n".join(lines) + "\n")
    words = [
        "compare",
        "--patient",
        "P1",
        "--library",
        f"diagnosis={table}",
        "--library",
        f"relapse={table}",
    ]
    assert main([*words, "--facts", facts_to_json(FACTS), "--out-dir", str(folder)]) == 0
    with (folder / "variants.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    with (folder / "variant_summary.tsv").open() as handle:
        (summary,) = csv.DictReader(handle, delimiter="\t")
    return rows[:3], summary


def section():
    text = PAGE.read_text(encoding="utf-8").split("## Worked examples")[1].split("\n## ")[0]
    return re.sub(r"\s+", " ", text)


def percent(value):
    return f"{100 * float(value):.3g} %"


def test_scatter_and_purity_are_those_of_the_page(worked):
    _, summary = worked
    assert f"rho = {float(summary['overdispersion']):.4f}" in section()
    assert (summary["purity_before"], summary["purity_after"]) == ("0.9", "0.4")


def test_first_example_is_acquired_with_the_limit_printed(worked):
    row = worked[0][0]
    text = section().split("1. ")[1].split("2. ")[0]
    assert row["variant_class"] == "acquired"
    assert "**acquired**" in text
    assert f"excluded above {percent(row['before_excluded_above'])}" in text
    ends = f"{percent(row['after_vaf_low'])} to {percent(row['after_vaf_high'])}"
    assert f"VAF {percent(row['after_vaf'])} ({ends})" in text
    assert f"CCF {float(row['after_ccf']):.2f}" in text
    assert "Posterior error below 0.00001" in text
    assert 1 - float(row["probability"]) < 0.00001


def test_second_example_is_not_evaluable_with_the_depth_that_decides(worked):
    row = worked[0][1]
    text = section().split("2. ")[1].split("3. ")[0]
    assert row["variant_class"] == "not_evaluable"
    assert "**not evaluable**" in text
    assert f"excluded above {percent(row['before_excluded_above'])}" in text
    assert f"{float(row['p_acquired']):.3f}" in text
    assert f"A depth of {row['depth_needed']} would have decided" in text
    assert f"A depth of {row['depth_needed']} would have decided" in row["reason"]


def test_third_example_is_stable_though_its_vaf_halves(worked):
    row = worked[0][2]
    text = section().split("3. ")[1]
    assert row["variant_class"] == "stable"
    assert "**stable**" in text
    assert f"VAF {percent(row['before_vaf'])} to {percent(row['after_vaf'])}" in text
    assert f"P of change {float(row['change_p_value']):.2f}" in text
    assert f"Posterior {float(row['probability']):.4f}" in text
