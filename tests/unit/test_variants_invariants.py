"""What must not change a result: the order of things. What must not weaken one: more fragments."""

import csv
import dataclasses
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_variants_clones import SETTINGS, case_of, hotspot, track

from amlresist.__main__ import main
from amlresist.variants.alleles import Allele
from amlresist.variants.comparison import compare
from amlresist.variants.consequence import Annotation
from amlresist.variants.loci import Locus
from amlresist.variants.purity import Purity, Segment
from amlresist.variants.records import VariantClass

TIMES = ("diagnosis", "relapse", "relapse2")
COUNTS = {  # position -> (alternative, depth) at each of TIMES
    100: ((0, 700), (210, 600), (250, 640)),
    200: ((180, 650), (0, 700), (0, 800)),
    300: ((200, 600), (190, 640), (240, 700)),
    400: ((0, 640), (0, 620), (120, 700)),
    500: ((20, 640), (180, 620), (10, 700)),
    600: ((210, 640), (0, 25), (180, 700)),
    700: ((150, 500), (140, 500), (160, 500)),
    800: ((160, 500), (150, 520), (150, 480)),
}
FILES = ("variants.tsv", "vaf_points.tsv", "variant_summary.tsv", "clones.tsv", "variants.maf")


def written(folder, order, times):
    """Bytes of all tables; rows and libraries in the given order, one file per time point."""
    folder.mkdir(exist_ok=True)
    words = ["compare", "--patient", "P1", "--out-dir", str(folder / "out")]
    for time in times:
        lines = ["chrom\tpos\tref\talt\ttimepoint\tref_count\talt_count"]
        for place in order:
            alt, depth = COUNTS[place][TIMES.index(time)]
            lines.append(f"chr1\t{place}\tC\tT\t{time}\t{depth - alt}\t{alt}")
        table = folder / f"{time}.tsv"
        table.write_text("\n".join(lines) + "\n")
        words += ["--library", f"{time}={table}"]
    assert main(words) == 0
    return [(folder / "out" / name).read_bytes() for name in FILES]


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.permutations(sorted(COUNTS)), st.permutations(TIMES))
def test_order_of_rows_files_and_time_points_changes_no_byte(tmp_path, order, times):
    straight = written(tmp_path / "a", sorted(COUNTS), TIMES)
    assert written(tmp_path / "b", order, times) == straight


@pytest.fixture
def three(tmp_path):
    """(position, comparison) -> row of three time points."""
    written(tmp_path / "run", sorted(COUNTS), TIMES)
    with (tmp_path / "run" / "out" / "variants.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    return tmp_path / "run" / "out", {(int(r["pos"]), r["comparison"]): r for r in rows}


def test_three_time_points_are_compared_pair_by_pair(three):
    _, rows = three
    found = {key: row["variant_class"] for key, row in rows.items()}
    assert found[100, "diagnosis>relapse"] == "acquired"
    assert found[200, "diagnosis>relapse2"] == "lost"
    assert found[400, "relapse>relapse2"] == "acquired"
    assert found[500, "diagnosis>relapse"] == "expanding"
    assert found[500, "relapse>relapse2"] == "contracting"
    assert found[600, "diagnosis>relapse2"] == "stable"
    assert found[600, "relapse>relapse2"] == "not_evaluable"  # 25 fragments show nothing


def test_the_plot_table_has_both_ends_of_every_row(three):
    out, rows = three
    with (out / "vaf_points.tsv").open() as handle:
        points = list(csv.DictReader(handle, delimiter="\t"))
    assert len(points) == 2 * len(rows)
    for point in points:
        row = rows[int(point["pos"]), point["comparison"]]
        assert point["variant_class"] == row["variant_class"]
        assert point["vaf"] == row[f"{point['side']}_vaf"]
        assert point["timepoint"] == point["comparison"].split(">")[point["side"] == "after"]
        assert float(point["vaf_low"]) <= float(point["vaf"]) <= float(point["vaf_high"])


GIVEN = Locus(Allele("chr9", 50, "C", "T"), Annotation(), "", ("given",))


@settings(max_examples=20, deadline=None)
@given(st.integers(60, 600), st.integers(1, 1500))
def test_more_reference_fragments_never_take_acquired_away(depth, more):
    def gained(total):
        tracks = (track("diagnosis", [0], [total]), track("relapse", [160], [500]))
        rows, _ = compare(case_of([GIVEN], tracks), 0, 1, SETTINGS)
        return rows[0]

    few, many = gained(depth), gained(depth + more)
    assert many.before_excluded_above <= few.before_excluded_above
    if few.variant_class is VariantClass.ACQUIRED:
        assert many.variant_class is VariantClass.ACQUIRED


@pytest.mark.parametrize(("alt", "depth"), [(0, 60), (0, 100), (1, 150)])
def test_acquired_needs_counts_that_exclude_the_limit(alt, depth):
    """However many other variants were acquired: the label never rests on them alone."""
    loci = [hotspot(100 + 10 * i, f"G{i}D") for i in range(30)]
    tracks = (
        track("diagnosis", [alt] + [0] * 29, [depth] + [800] * 29),
        track("relapse", [38] + [150] * 29, [400] * 30),
    )
    rows, _ = compare(case_of(loci, tracks), 0, 1, SETTINGS)
    assert rows[0].before_excluded_above > SETTINGS.absence_limit
    assert rows[0].variant_class is VariantClass.NOT_EVALUABLE
    assert rows[0].depth_needed > depth
    assert {row.variant_class for row in rows[1:]} == {VariantClass.ACQUIRED}


def test_copy_neutral_loss_of_heterozygosity_is_no_expansion_where_segments_say_so():
    """VAF 45 % to 90 %: twice the cells, or all cells with both copies changed."""
    tracks = (track("diagnosis", [405], [900]), track("relapse", [810], [900]))
    plain = dataclasses.replace(case_of([GIVEN], tracks), purity=Purity((0.9, 0.9), "given"))
    doubled = Segment("relapse", "chr9", 0, 1000, 2.0, 2.0)
    with_segment = dataclasses.replace(plain, segments=(doubled,))
    (without,), _ = compare(plain, 0, 1, SETTINGS)
    (told,), _ = compare(with_segment, 0, 1, SETTINGS)
    assert without.variant_class is not VariantClass.STABLE
    assert told.variant_class is VariantClass.STABLE
    assert told.after_ccf == pytest.approx(1.0)
    assert "copy_number_not_known" not in told.flags


def test_without_purity_no_share_of_cells_is_made_up():
    tracks = (track("diagnosis", [100], [500]), track("relapse", [102], [500]))
    (row,), _ = compare(case_of([GIVEN], tracks), 0, 1, SETTINGS)
    assert math.isnan(row.before_ccf)
    assert np.isnan(row.after_ccf)


@pytest.mark.parametrize(
    ("copies", "after"), [((2.0, 2.0), 0.9), ((2.0, 2.0), 0.1), ((1.0, 1.0), 0.83)]
)
def test_a_snp_that_moves_as_the_given_copies_say_is_germline(copies, after):
    """Purity 80 % at relapse: copy-neutral loss gives 90 or 10 %, a lost chromosome 83 %."""
    snp = Locus(Allele("chr9", 50, "C", "T"), Annotation(), "", ("reads",))
    tracks = (track("diagnosis", [441], [900]), track("relapse", [round(900 * after)], [900]))
    plain = dataclasses.replace(case_of([snp], tracks), purity=Purity((0.8, 0.8), "given"))
    moved = Segment("relapse", "chr9", 0, 1000, *copies)
    (without,), _ = compare(plain, 0, 1, SETTINGS)
    (told,), _ = compare(dataclasses.replace(plain, segments=(moved,)), 0, 1, SETTINGS)
    assert told.p_germline > max(0.95, without.p_germline)
    assert told.variant_class is VariantClass.GERMLINE


def test_a_somatic_variant_on_a_moved_stretch_is_not_taken_for_a_snp():
    """VAF 20 % before is far from the 50 % of a SNP, whatever the copies after."""
    found = Locus(Allele("chr9", 50, "C", "T"), Annotation(), "", ("reads",))
    tracks = (track("diagnosis", [180], [900]), track("relapse", [360], [900]))
    case = dataclasses.replace(case_of([found], tracks), purity=Purity((0.8, 0.8), "given"))
    moved = Segment("relapse", "chr9", 0, 1000, 2.0, 2.0)
    (row,), _ = compare(dataclasses.replace(case, segments=(moved,)), 0, 1, SETTINGS)
    assert row.p_germline < 0.01


@pytest.mark.parametrize("odd", [((45, 500), (200, 500)), ((200, 500), (45, 500))])
def test_what_all_other_variants_do_makes_no_label_that_the_counts_exclude(odd):
    """Among 300 stable variants one that grew, or shrank, four-fold is not called stable."""
    rng = np.random.default_rng(2)
    alt = np.vstack((rng.binomial(500, 0.3, (300, 2)), [[odd[0][0], odd[1][0]]]))
    loci = [
        Locus(Allele("chr9", 50 * i, "C", "T"), Annotation(), "", ("given",)) for i in range(301)
    ]
    tracks = [track(t, alt[:, i], [500] * 301) for i, t in enumerate(("diagnosis", "relapse"))]
    rows, _ = compare(case_of(loci, tracks), 0, 1, SETTINGS)
    assert rows[-1].variant_class is not VariantClass.STABLE
    stable = sum(row.variant_class is VariantClass.STABLE for row in rows)
    assert stable > 290
