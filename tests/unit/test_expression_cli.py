"""The command, from files to tables."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amlresist.__main__ import EXIT_BAD_INPUT, main
from amlresist.expression.gene_sets import shipped_themes
from amlresist.expression.records import (
    ExpressionChange,
    ExpressionLibrary,
    GeneExpression,
    PathwayChange,
    SampleScore,
    UnmappedIdentifier,
)
from amlresist.expression.tables import blast_caveat
from amlresist.settings import RESOURCES
from amlresist.sheet import PatientFacts
from amlresist.tables import read_table

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SMALL = '{"null_sets": 999, "bootstrap_samples": 200}'
SHIFTED = {theme.name: theme for theme in shipped_themes()}["autophagy"]


def all_genes():
    lines = (RESOURCES / "knowledge" / "gene_names.tsv").read_text().splitlines()[1:]
    return [line.split("\t")[0] for line in lines][:6000]


def counts_of_a_pair(rename=None):
    """(genes, before, after): autophagy and ABCB1 rise, QPRT is not in the data."""
    rng = np.random.default_rng(3)
    themes = {gene for theme in shipped_themes() for gene in theme.genes}
    genes = sorted({*all_genes(), *themes} - {"QPRT"})
    mean = rng.normal(4, 1.5, len(genes))
    mean[[gene in themes for gene in genes]] = 5
    before, after = mean + rng.normal(0, 0.3, (2, len(genes)))
    after[[gene in SHIFTED.genes for gene in genes]] += 2
    after[genes.index("ABCB1")] += 5
    counts = [rng.poisson(np.exp2(v) / np.exp2(v).sum() * 5e6) for v in (before, after)]
    return [(rename or {}).get(gene, gene) for gene in genes], *counts


def write_matrix(path, genes, columns):
    lines = ["gene\t" + "\t".join(columns)]
    lines += [
        f"{gene}\t" + "\t".join(str(values[i]) for values in columns.values())
        for i, gene in enumerate(genes)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def run(tmp_path, path, *more, timepoints=("diagnosis", "relapse"), settings=SMALL):
    paths = [path] * len(timepoints) if isinstance(path, str) else path
    libraries = [
        {"sample": f"P1_{t}_rna", "timepoint": t, "assay": "rna", "capture": "", "paths": [p]}
        for t, p in zip(timepoints, paths, strict=True)
    ]
    out = tmp_path / "out"
    code = main(
        [
            *("expression", "--patient", "P1", "--libraries", json.dumps(libraries)),
            *("--out-dir", str(out), "--settings", settings, *more),
        ]
    )
    return code, out


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    genes, before, after = counts_of_a_pair({"ABCB1": "MDR1", "MVP": "LRP"})
    path = write_matrix(
        folder / "m.tsv",
        [*genes, "2-Sep"],
        {"P1_diagnosis_rna": [*before, 7], "P1_relapse_rna": [*after, 8]},
    )
    facts = [
        {**dict.fromkeys(PatientFacts.__dataclass_fields__), "patient": "P1", "timepoint": t}
        | {"blast_fraction": share, "sex": ""}
        for t, share in (("diagnosis", 0.9), ("relapse", 0.4))
    ]
    code, out = run(folder, path, "--facts", json.dumps(facts))
    assert code == 0
    return out


def test_every_gene_is_given_with_counts_unit_and_percentile(pair):
    rows = read_table(pair / "expression.tsv", GeneExpression)
    abcb1 = [row for row in rows if row.gene == "ABCB1"]
    assert [row.timepoint for row in abcb1] == ["diagnosis", "relapse"]
    assert abcb1[1].count > 10 * abcb1[0].count
    assert abcb1[1].percentile > 95 and abcb1[1].unit == "cpm"


def test_review_genes_are_always_listed(pair):
    rows = {row.gene: row for row in read_table(pair / "expression_change.tsv", ExpressionChange)}
    assert rows["ABCB1"].direction == "up" and rows["ABCB1"].in_review
    assert rows["ABCB1"].dispersion_source == "prior (exploratory)"
    assert rows["ABCB1"].log2_low < rows["ABCB1"].log2_fold_change < rows["ABCB1"].log2_high
    assert rows["MVP"].direction == "no_change_shown"
    assert rows["QPRT"].direction == "not_evaluable"
    assert rows["QPRT"].reason == "not measured at diagnosis and relapse"
    assert np.isnan(rows["QPRT"].log2_fold_change)


def test_the_shifted_pathway_is_found_and_the_caveat_said(pair):
    rows = read_table(pair / "pathways.tsv", PathwayChange)
    found = {(row.pathway, row.method): row for row in rows}
    for method in ("singscore", "ssgsea", "ulm"):
        row = found["autophagy", method]
        assert row.direction == "up" and row.delta_low > 0 and row.q_value <= 0.05
        assert row.genes_found == row.genes_in_set == len(SHIFTED.genes)
        assert "blasts 90% before, 40% after" in row.reason
        assert row.flags == ("blast_fraction_differs",)
        assert {text.split()[0] for text in row.driving_genes} <= set(SHIFTED.genes)
        assert found["cell_cycle", method].direction == "no_change_shown"
        assert found["wt1_qprt", method].direction == "not_evaluable"
        assert np.isnan(found["wt1_qprt", method].delta)
    assert "Reactome" in row.set_source


def test_what_was_read_and_how_is_said(pair):
    rows = read_table(pair / "expression_qc.tsv", ExpressionLibrary)
    assert [row.scale for row in rows] == ["counts", "counts"]
    assert all("whole numbers" in row.scale_source and row.compared for row in rows)
    unmapped = read_table(pair / "expression_unmapped.tsv", UnmappedIdentifier)
    assert {(row.identifier, row.status) for row in unmapped} == {("2-Sep", "date_like")}


def test_the_same_bytes_whatever_the_order_of_genes_and_columns(pair, tmp_path):
    genes, before, after = counts_of_a_pair()
    order = np.random.default_rng(0).permutation(len(genes))
    path = write_matrix(
        tmp_path / "m.tsv",
        [genes[i] for i in order],
        {"P1_relapse_rna": after[order], "other": before[order], "P1_diagnosis_rna": before[order]},
    )
    first = run(
        tmp_path,
        write_matrix(
            tmp_path / "n.tsv", genes, {"P1_diagnosis_rna": before, "P1_relapse_rna": after}
        ),
    )[1]
    texts = [(first / name).read_bytes() for name in ("pathways.tsv", "expression_change.tsv")]
    _, second = run(tmp_path, path)
    assert texts == [(second / n).read_bytes() for n in ("pathways.tsv", "expression_change.tsv")]


def test_one_time_point_gives_expression_and_empty_changes(tmp_path):
    genes, before, _ = counts_of_a_pair()
    path = write_matrix(tmp_path / "m.tsv", genes, {"P1_diagnosis_rna": before})
    code, out = run(tmp_path, path, timepoints=("diagnosis",))
    assert code == 0
    assert read_table(out / "expression.tsv", GeneExpression)
    assert not read_table(out / "pathways.tsv", PathwayChange)
    assert not read_table(out / "expression_change.tsv", ExpressionChange)


def test_a_second_relapse_is_compared_with_diagnosis_and_the_first(tmp_path):
    genes, before, after = counts_of_a_pair()
    columns = {"P1_diagnosis_rna": before, "P1_relapse_rna": after, "P1_relapse2_rna": after}
    path = write_matrix(tmp_path / "m.tsv", genes, columns)
    _, out = run(tmp_path, path, timepoints=("diagnosis", "relapse", "relapse2"))
    rows = read_table(out / "pathways.tsv", PathwayChange)
    assert {row.comparison for row in rows} == {
        "diagnosis>relapse",
        "diagnosis>relapse2",
        "relapse>relapse2",
    }
    same = [row for row in rows if row.comparison == "relapse>relapse2"]
    assert not {row.direction for row in same} & {"up", "down"}


def test_an_empty_salmon_library_is_not_evaluable_and_stops_nothing(tmp_path):
    quants = [tmp_path / "dx.sf", tmp_path / "rel.sf"]
    for quant, n in zip(quants, (0, 40), strict=True):
        header = "Name\tLength\tEffectiveLength\tTPM\tNumReads"
        quant.write_text(f"{header}\nENST1\t100\t50\t{n}\t{n}\n")
    models = tmp_path / "gene_models.tsv"
    models.write_text(
        "gene\tgene_id\ttranscript\tchrom\tstrand\tbiotype\tcanonical\texons\tcds\n"
        "FLT3\tENSG00000122025\tENST1\t1\t+\tNA\ttrue\t1-100\tNA\n"
    )
    code, out = run(tmp_path, list(map(str, quants)), "--gene-models", str(models))
    assert code == 0
    changes = read_table(out / "expression_change.tsv", ExpressionChange)
    assert {row.direction for row in changes} == {"not_evaluable"}
    assert all("nothing was counted" in row.reason for row in changes)
    assert {r.direction for r in read_table(out / "pathways.tsv", PathwayChange)} == {
        "not_evaluable"
    }


def test_a_reference_cohort_turns_scores_into_percentiles(tmp_path):
    genes, before, after = counts_of_a_pair()
    path = write_matrix(
        tmp_path / "m.tsv", genes, {"P1_diagnosis_rna": before, "P1_relapse_rna": after}
    )
    rng = np.random.default_rng(1)
    samples = {f"c{i}": rng.poisson(before * rng.lognormal(0, 0.3, len(genes))) for i in range(12)}
    cohort = write_matrix(tmp_path / "cohort.tsv", genes, samples)
    settings = json.dumps({**json.loads(SMALL), "reference_cohort": cohort})
    code, out = run(tmp_path, path, settings=settings)
    assert code == 0
    rows = {(r.pathway, r.method): r for r in read_table(out / "pathways.tsv", PathwayChange)}
    row = rows["autophagy", "singscore"]
    assert row.after_percentile == 100 and 0 <= row.before_percentile <= 100
    assert np.isnan(rows["wt1_qprt", "singscore"].before_percentile)
    assert row.correlation_source.startswith("12 samples of the reference cohort")
    few = write_matrix(tmp_path / "few.tsv", genes, {"c0": before})
    settings = json.dumps({**json.loads(SMALL), "reference_cohort": few})
    assert run(tmp_path, path, settings=settings)[0] == EXIT_BAD_INPUT


def test_a_cohort_matrix_may_hold_the_pair_which_is_then_left_out(tmp_path):
    genes, before, after = counts_of_a_pair()
    rng = np.random.default_rng(1)
    columns = {f"c{i}": rng.poisson(before * rng.lognormal(0, 0.3, len(genes))) for i in range(10)}
    columns |= {"P1_diagnosis_rna": before, "P1_relapse_rna": after}
    path = write_matrix(tmp_path / "m.tsv", genes, columns)
    settings = json.dumps({**json.loads(SMALL), "reference_cohort": path})
    code, out = run(tmp_path, path, settings=settings)
    assert code == 0
    rows = {(r.pathway, r.method): r for r in read_table(out / "pathways.tsv", PathwayChange)}
    assert "10 samples of the" in rows["autophagy", "ulm"].correlation_source


def test_where_the_correlation_of_a_sets_genes_is_from_is_said(tmp_path):
    genes, before, after = counts_of_a_pair()
    path = write_matrix(
        tmp_path / "m.tsv", genes, {"P1_diagnosis_rna": before, "P1_relapse_rna": after}
    )
    gmt = tmp_path / "own.gmt"
    gmt.write_text("\t".join(["OWN", "mine", *genes[:30]]) + "\n")
    settings = json.dumps({**json.loads(SMALL), "gene_sets": [str(gmt)]})
    _, out = run(tmp_path, path, settings=settings)
    rows = {(r.pathway, r.method): r for r in read_table(out / "pathways.tsv", PathwayChange)}
    assert rows["OWN", "ulm"].gene_correlation == 0.01
    assert rows["OWN", "ulm"].correlation_source == "setting gene_correlation"
    assert rows["nf_kb", "singscore"].gene_correlation > 0.1
    assert rows["nf_kb", "singscore"].correlation_source == "shipped, from ALL and AML arrays"
    assert np.isnan(rows["wt1_qprt", "ulm"].gene_correlation)


def score(tmp_path, n_samples, *methods):
    genes, before, _ = counts_of_a_pair()
    rng = np.random.default_rng(1)
    samples = {f"c{i}": rng.poisson(before + 1) for i in range(n_samples)}
    path = write_matrix(tmp_path / "m.tsv", genes, samples)
    code = main(
        [
            *("expression", "--score-matrix", path, "--out-dir", str(tmp_path)),
            *("--score-methods", *methods),
        ]
    )
    return code, tmp_path / "sample_scores.tsv"


def test_gsva_needs_ten_samples(tmp_path, capsys):
    assert score(tmp_path, 9, "gsva")[0] == EXIT_BAD_INPUT
    assert "needs at least 10" in capsys.readouterr().err
    code, path = score(tmp_path, 10, "gsva", "singscore")
    assert code == 0
    rows = read_table(path, SampleScore)
    assert {row.method for row in rows} == {"gsva", "singscore"}
    assert len({row.sample for row in rows}) == 10


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"P1_diagnosis_rna": [1, 2], "P1_relapse_rna": [0, 0]}, "every value is zero"),
        ({"P1_diagnosis_rna": [1, 2], "P1_relapse_rna": [40, -3]}, "negative"),
        ({"P1_diagnosis_rna": [1, 2], "P1_relapse_rna": ["NA", 3]}, "not a finite number"),
        ({"P1_diagnosis_rna": [1, 2]}, "one file for two libraries"),
        ({"P1_diagnosis_rna": [1, 2], "x": [3, 4]}, "no column for this sample"),
    ],
)
def test_faulty_matrices_stop_with_words(tmp_path, capsys, columns, message):
    path = write_matrix(tmp_path / "m.tsv", ["TP53", "FLT3"], columns)
    code, out = run(tmp_path, path)
    assert code == EXIT_BAD_INPUT
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not out.exists()


@pytest.mark.parametrize(
    "settings", ['{"methods": ["gsva"]}', '{"methods": []}', '{"fdr": 7}', '{"nonsense": 1}']
)
def test_faulty_settings_stop_with_words(tmp_path, settings):
    path = write_matrix(tmp_path / "m.tsv", ["TP53"], {"P1_diagnosis_rna": [5]})
    assert run(tmp_path, path, settings=settings, timepoints=("diagnosis",))[0] == EXIT_BAD_INPUT


def test_blast_fractions_are_weighed():
    def facts(before, after):
        return {
            t: PatientFacts("P", t, share, "", None, None)
            for t, share in (("diagnosis", before), ("relapse", after))
        }

    assert blast_caveat(facts(0.8, 0.7), "diagnosis", "relapse", 0.2)[1] == ()
    assert blast_caveat(facts(0.8, 0.5), "diagnosis", "relapse", 0.2)[1] == (
        "blast_fraction_differs",
    )
    assert blast_caveat(facts(None, 0.5), "diagnosis", "relapse", 0.2)[1] == (
        "blast_fraction_unknown",
    )


def test_no_slow_library_is_loaded():
    code = (
        "import sys; import amlresist.cli.expression;"
        "print([m for m in ('pandas', 'scipy', 'decoupler', 'pysam') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SCRIPTS)},
    )
    assert ran.stdout.strip() == "[]"
