"""Given matrices: right columns, checked values, recognised scale, no wrong number."""

import contextlib
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.errors import InputError
from amlresist.expression.gene_sets import read_gmt, read_network, shipped_themes
from amlresist.expression.genes import GeneNames
from amlresist.expression.libraries import measure, require_fitting_columns
from amlresist.expression.matrix import Matrix, read_matrix
from amlresist.expression.measured import (
    Measured,
    Scale,
    Unit,
    combine_rows,
    from_counts,
    group_rows,
    percentiles,
)
from amlresist.expression.salmon import read_salmon
from amlresist.expression.scale import recognise_scale
from amlresist.expression.settings import Settings
from amlresist.libraries import LibraryInput
from amlresist.settings import load

NAMES = GeneNames()
THEME_GENES = frozenset(gene for theme in shipped_themes() for gene in theme.genes)


def column_matrix(values) -> Matrix:
    genes = tuple(f"g{i}" for i in range(len(values)))
    return Matrix("m.tsv", genes, None, ("s",), np.array([values], dtype=float))


def scale_of(values, setting="auto") -> Scale:
    return recognise_scale(column_matrix(values), "s", setting)[0]


def lognormal(n=3000, seed=0):
    return np.random.default_rng(seed).lognormal(1, 2, n)


def test_counts_are_recognised():
    assert scale_of(np.random.default_rng(0).poisson(lognormal() * 10)) is Scale.COUNTS


def test_estimated_counts_are_recognised():
    counts = np.random.default_rng(0).poisson(lognormal() * 10).astype(float)
    counts[::3] += 0.37
    assert scale_of(counts) is Scale.COUNTS


def test_rounded_tpm_are_not_taken_for_counts():
    values = lognormal()
    with pytest.raises(InputError, match="cannot tell"):
        scale_of(np.round(values / values.sum() * 1e6))


def test_tpm_are_recognised():
    values = lognormal()
    assert scale_of(values / values.sum() * 1e6) is Scale.TPM


def test_log2_values_are_recognised():
    values = lognormal()
    assert scale_of(np.log2(values / values.sum() * 1e6 + 1)) is Scale.LOG2
    assert scale_of(np.log2(values / values.sum() * 1e6 + 0.1)) is Scale.LOG2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 0, 0], "every value is zero"),
        ([5, -1, 200], "negative value"),
        ([-0.5, 0.5, -1.2, 1.2], "centred"),
        ([1e7 + 0.5, 3e8 + 0.25, 5.5], "cannot tell"),
    ],
)
def test_values_that_fit_no_scale_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        scale_of(values)


@pytest.mark.parametrize(("name", "log"), [("natural", np.log), ("decimal", np.log10)])
def test_logarithms_of_another_base_are_named(name, log):
    values = lognormal()
    with pytest.raises(InputError, match=f"{name} logarithms of TPM"):
        scale_of(log(values / values.sum() * 1e6 + 1))


def test_values_from_zero_to_one_are_no_log2_expression_unless_it_is_said():
    values = np.random.default_rng(0).random(500)
    with pytest.raises(InputError, match="too small for log2"):
        scale_of(values)
    assert scale_of(values, "log2") is Scale.LOG2


def test_a_stated_scale_is_checked():
    assert scale_of([1.5, 3.5, 2e9], "counts") is Scale.COUNTS
    with pytest.raises(InputError, match="negative"):
        scale_of([1.5, -3.5], "tpm")
    with pytest.raises(InputError, match="too large for a log2"):
        scale_of([1.5, 3000.0], "log2")


def write(tmp_path, text, name="m.tsv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_tables_of_every_make_are_read(tmp_path):
    plain = read_matrix(write(tmp_path, "gene\ta\tb\nTP53\t1\t2\nMYC\t3\t4\n"))
    assert plain.samples == ("a", "b") and plain.values.tolist() == [[1, 3], [2, 4]]
    comma = read_matrix(write(tmp_path, '"gene","a"\r\n"TP53","1"\r\n', "m.csv"))
    assert comma.identifiers == ("TP53",) and comma.values.tolist() == [[1]]
    corner = read_matrix(write(tmp_path, "a\tb\nTP53\t1\t2\n"))
    assert corner.samples == ("a", "b")
    gct = "#1.2\n1\t1\nName\tDescription\ta\nTP53\tna\t5\n"
    assert read_matrix(write(tmp_path, gct)).samples == ("a",)
    counts = (
        "# featureCounts\nGeneid\tChr\tStart\tEnd\tStrand\tLength\tx.bam\nTP53\t1\t2\t3\t+\t4\t7\n"
    )
    assert read_matrix(write(tmp_path, counts)).values.tolist() == [[7]]
    zipped = tmp_path / "m.tsv.gz"
    zipped.write_bytes(gzip.compress(b"gene\ta\nTP53\t1\n"))
    assert read_matrix(zipped).values.tolist() == [[1]]
    old_mac = tmp_path / "cr.tsv"
    old_mac.write_bytes(b"gene\ta\rTP53\t1\rMYC\t2\r")
    assert read_matrix(old_mac).identifiers == ("TP53", "MYC")


@pytest.mark.parametrize("cell", ["NA", "", "nan", "inf", "1,5", "#REF!"])
def test_cells_that_are_no_number_are_named(tmp_path, cell):
    path = write(tmp_path, f"gene\ta\nTP53\t1\nMYC\t{cell}\n")
    with pytest.raises(InputError, match="gene MYC, column a"):
        read_matrix(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a table of several"),
        ("gene\n", "not a table of several"),
        ("gene\ta\n", "no rows"),
        ("gene\ta\ta\nTP53\t1\t2\n", "column named twice"),
        ("gene\ta\nTP53\t1\nMYC\t1\t2\n", "3 cells where the header has 2"),
    ],
)
def test_broken_tables_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_matrix(write(tmp_path, text))


@given(st.text(alphabet="ab1\t,;\n\"'#.-\r\x00é", max_size=60))
def test_any_text_is_read_or_refused_in_words(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("fuzz") / "m.tsv"
    path.write_text(text, encoding="utf-8")
    try:
        matrix = read_matrix(path)
    except InputError:
        return
    assert np.isfinite(matrix.values).all()
    assert len(matrix.identifiers) == matrix.values.shape[1]


def test_rows_of_one_gene_are_summed_or_averaged_and_listed():
    identifiers = ["TP53", "ENSG00000141510", "MYC"]
    groups = group_rows(identifiers, NAMES, merge_remarks=True)
    assert groups.genes == ("MYC", "TP53")
    values = np.array([1.0, 3.0, 5.0])
    assert combine_rows(values, groups, Scale.COUNTS).tolist() == [5, 4]
    assert combine_rows(values, groups, Scale.LOG2).tolist() == [5, 2]
    assert {r.identifier for r in groups.remarks if r.status == "merged"} == set(identifiers[:2])


def test_an_alias_is_not_added_to_the_gene_under_its_own_name():
    groups = group_rows(["ABCB1", "MDR1", "LRP"], NAMES, merge_remarks=True)
    assert groups.genes == ("ABCB1", "MVP")
    assert groups.rows == ((0,), (2,))
    assert [(r.identifier, r.status) for r in groups.remarks] == [("MDR1", "alias_not_added")]


def test_dates_and_unknown_names_are_listed():
    groups = group_rows(["TP53", "2-Sep", "nonsense", "p21"], NAMES, merge_remarks=True)
    assert {r.identifier: r.status for r in groups.remarks} == {
        "2-Sep": "date_like",
        "nonsense": "unknown",
        "p21": "ambiguous",
    }
    assert groups.n_unmapped == 3


def test_percentiles_rank_the_expressed_genes_only():
    measured = Measured(("a", "b", "c", "d"), np.array([0.0, 1.0, 5.0, 9.0]), None, Unit.TPM)
    assert percentiles(measured, 1.0).round(1).tolist() == [0, 33.3, 66.7, 100]


def test_counts_become_counts_per_million():
    assert from_counts(("a", "b"), np.array([1.0, 3.0])).abundance.tolist() == [250_000, 750_000]


def matrix_file(tmp_path, columns, genes=None, name="m.tsv"):
    genes = genes or sorted(THEME_GENES)
    lines = ["gene\t" + "\t".join(columns)]
    lines += [
        f"{gene}\t" + "\t".join(str(values[i]) for values in columns.values())
        for i, gene in enumerate(genes)
    ]
    return str(write(tmp_path, "\n".join(lines) + "\n", name))


def library(path, sample="s1", timepoint="diagnosis"):
    return LibraryInput(sample, timepoint, "rna", "", (path,), given=True)


def measure_it(item, **settings):
    chosen = load(Settings, "expression", settings)
    return measure(item, "P1", [], NAMES, THEME_GENES, chosen)


@pytest.mark.parametrize("name", ["s1", "P1_diagnosis", "diagnosis", "counts.s1"])
def test_the_column_is_found_by_sample_or_time_point(tmp_path, name):
    counts = list(range(1, len(THEME_GENES) + 1))
    path = matrix_file(tmp_path, {"other": [0] * len(counts), name: counts})
    assert measure_it(library(path)).measured.counts.sum() == sum(counts)


@pytest.mark.parametrize(
    ("sample", "column"), [("AML-01 rna", "AML.01.rna"), ("01_rna", "X01_rna"), ("_a", "X_a")]
)
def test_names_that_r_changed_are_found(tmp_path, sample, column):
    counts = list(range(1, len(THEME_GENES) + 1))
    path = matrix_file(tmp_path, {"other": [0] * len(counts), column: counts})
    assert measure_it(library(path, sample)).measured.counts.sum() == sum(counts)


def test_a_series_matrix_of_geo_is_read_and_its_probes_are_named(tmp_path):
    preamble = '!Series_title\t"AML"\n!Sample_title\t"one"\t"two"\n!series_matrix_table_begin\n'
    header, end = '"ID_REF"\t"s1"\t"s2"\n', "!series_matrix_table_end\n"
    rows = [f'"{gene}"\t{6 + i / 100:.2f}\t7.1\n' for i, gene in enumerate(sorted(THEME_GENES))]
    path = str(write(tmp_path, preamble + header + "".join(rows) + end))
    assert measure_it(library(path)).scale == Scale.LOG2
    rows = [f'"{200000 + i}_s_at"\t{6 + i / 100:.2f}\t7.1\n' for i in range(300)]
    path = str(write(tmp_path, preamble + header + "".join(rows) + end, "probes.txt"))
    with pytest.raises(InputError, match="probes of a microarray"):
        measure_it(library(path))


def test_a_missing_column_is_refused_with_the_columns_there_are(tmp_path):
    counts = list(range(len(THEME_GENES)))
    path = matrix_file(tmp_path, {"x": counts, "y": counts})
    with pytest.raises(InputError, match="one of: x, y"):
        measure_it(library(path))


def test_a_symbol_column_helps_where_identifiers_are_unknown(tmp_path):
    genes = sorted(THEME_GENES)
    rows = "".join(f"id{i}\t{gene}\t{i + 1}\n" for i, gene in enumerate(genes))
    path = str(write(tmp_path, "gene_id\tgene_name\ts1\n" + rows))
    assert measure_it(library(path)).measured.genes == tuple(genes)


def test_names_of_another_kind_are_refused_and_dates_named(tmp_path):
    genes = ["2-Sep", *[f"probe{i}" for i in range(50)]]
    path = matrix_file(tmp_path, {"s1": list(range(51))}, genes)
    with pytest.raises(InputError, match="2-Sep"):
        measure_it(library(path))


def test_a_small_panel_of_real_genes_is_no_fault(tmp_path):
    path = matrix_file(tmp_path, {"s1": [100, 5]}, ["TP53", "FLT3"])
    assert measure_it(library(path)).measured.genes == ("FLT3", "TP53")


def test_two_scales_in_one_matrix_are_refused(tmp_path):
    n = len(THEME_GENES)
    counts = np.random.default_rng(0).poisson(50, n)
    logs = np.log2(counts + 1.5)
    path = matrix_file(tmp_path, {"s1": counts, "s2": logs})
    both = [measure_it(library(path)), measure_it(library(path, "s2", "relapse"))]
    with pytest.raises(InputError, match="different scales"):
        require_fitting_columns(both)


def test_row_numbers_do_not_pass_for_entrez_ids(tmp_path):
    path = matrix_file(tmp_path, {"s1": list(range(50))}, [str(i) for i in range(50)])
    with pytest.raises(InputError, match="row numbers"):
        measure_it(library(path))


@pytest.mark.parametrize("damage", ["cut", "garbage", "latin1"])
def test_damaged_files_are_refused_in_words(tmp_path, damage):
    whole = gzip.compress(b"gene\ta\n" + b"".join(b"g%d\t%d\n" % (i, i * i) for i in range(9999)))
    content = {
        "cut": whole[:-2000],
        "garbage": whole[:-8] + b"12345678",
        "latin1": b"g\ta\n\xe9\t1\n",
    }
    path = tmp_path / "m.tsv"
    path.write_bytes(content[damage])
    with pytest.raises(InputError, match="cannot be read to the end"):
        read_matrix(path)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "m.tsv"
    path.write_bytes(content)
    for read in (read_matrix, lambda p: read_gmt(p, NAMES), lambda p: read_network(p, NAMES)):
        with contextlib.suppress(InputError):
            read(path)
    path.write_bytes(b"Name\tLength\tEffectiveLength\tTPM\tNumReads\n" + content)
    with contextlib.suppress(InputError):
        read_salmon(path, [], NAMES)


def test_columns_of_feature_counts_are_named_by_their_bam(tmp_path):
    text = "Geneid\tChr\tLength\t/data/x/P1_relapse.bam\nTP53\t1\t4\t7\n"
    assert read_matrix(write(tmp_path, text)).samples == ("P1_relapse",)


@pytest.mark.parametrize("ending", ["Aligned.sortedByCoord.out", ".markdup.sorted", "_sorted", ""])
def test_what_star_and_sorters_add_to_a_bam_is_no_part_of_the_sample(tmp_path, ending):
    counts = list(range(1, len(THEME_GENES) + 1))
    other = {"/x/P1_relapseAligned.sortedByCoord.out.bam": [0] * len(counts)}
    path = matrix_file(tmp_path, other | {f"/x/P1_diagnosis{ending}.bam": counts})
    for sample in ("P1_diagnosis", f"P1_diagnosis{ending}"):
        assert measure_it(library(path, sample)).measured.counts.sum() == sum(counts)


TOTALS = ["__no_feature", "__not_aligned", "N_unmapped", "N_noFeature", "Unassigned_Ambiguity"]


@pytest.mark.parametrize("total", TOTALS)
def test_totals_of_the_counting_tools_are_no_genes(tmp_path, total):
    counts = list(range(1, len(THEME_GENES) + 1))
    plain = measure_it(library(matrix_file(tmp_path, {"s1": counts}, sorted(THEME_GENES))))
    with_total = {"s1": [*counts, 9_000_000]}
    path = matrix_file(tmp_path, with_total, [*sorted(THEME_GENES), total], "t.tsv")
    found = measure_it(library(path))
    assert found.measured.genes == plain.measured.genes
    assert np.array_equal(found.measured.abundance, plain.measured.abundance)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gene;a\nTP53;94,93\n", "decimals with a point"),
        ("gene\ta\nTP53\t1,978\n", "thousands without a separator"),
        ("gene\ta\nTP53\t1.978,5\n", "thousands without a separator"),
        ("gene\ta\nTP53\t1.978\nMYC\t950\n", "points part thousands"),
        ("N_unmapped\t1\t1\t1\nENSG00000141510\t5\t2\t3\n", "has no header"),
    ],
)
def test_numbers_of_other_countries_and_tables_without_header_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_matrix(write(tmp_path, text))


@pytest.mark.parametrize("cells", [("1.978", "0.5"), ("1.978", "1200"), ("1.978", "2.5")])
def test_decimals_of_three_digits_stay_decimals(tmp_path, cells):
    text = "gene\ta\n" + "".join(f"g{i}\t{cell}\n" for i, cell in enumerate(cells))
    assert read_matrix(write(tmp_path, text)).values.tolist() == [[float(c) for c in cells]]
