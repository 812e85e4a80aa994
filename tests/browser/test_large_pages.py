"""Pages with many rows: small, quick to open, and every row can be reached."""

from pathlib import Path

import pytest

import report_example
from amlresist.__main__ import main
from amlresist.report import labels
from amlresist.report.wording import expected_wrong
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange

SOMATIC = 1200  # of 6,000 variants; the page carries 800 rows


@pytest.fixture(scope="module")
def exome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exome")
    report_example.write_many_variants(folder, "P01", 5 * SOMATIC)
    provenance = report_example.write_provenance(folder / "provenance.json")
    return report_example.write_page(folder, "P01", provenance)


def rows_shown(page) -> int:
    return page.locator("#all-table > tbody:visible").count()


def test_exome_page_is_small(exome):
    assert exome.stat().st_size < 3_000_000


def test_long_table_shows_its_first_rows_until_all_are_asked_for(open_page, exome):
    page = open_page(exome)
    box = page.locator("#box-all-table")
    box.scroll_into_view_if_needed()
    assert rows_shown(page) == 200
    assert box.locator(".shown").inner_text() == "the first 200 of 800 rows"
    box.get_by_role("button", name="Show all rows").click()
    assert rows_shown(page) == 800
    assert not box.get_by_role("button", name="Show all rows").is_visible()


def test_search_and_sort_reach_the_rows_that_are_not_shown_at_first(open_page, exome):
    page = open_page(exome)
    last = page.locator("#all-table > tbody").last.locator("th").text_content()
    page.locator("#all-table thead button", has_text="VAF after").click()
    assert rows_shown(page) == 200
    page.locator("#box-all-table").get_by_label("Search").fill(last)
    assert rows_shown(page) == 1
    assert page.locator("#all-table > tbody:visible th").inner_text() == last


def test_slider_counts_the_variants_that_the_page_does_not_carry(open_page, exome):
    page = open_page(exome)
    rows = read_table(exome.parents[1] / "variants/variants.tsv", VariantChange)
    for stop in (0, len(labels.THRESHOLDS) - 1):
        page.locator("#threshold-1").fill(str(stop))
        counts, wrong = labels.count_labels(rows, labels.THRESHOLDS[stop], 0.05)
        for label in (*labels.CHANGES, "not_evaluable"):
            shown = page.locator(f".headline [data-count={label}]").inner_text()
            assert shown == str(counts[label])
        assert page.locator(".headline [data-wrong]").inner_text() == expected_wrong(wrong)


def test_without_a_script_every_row_is_shown(browser, exome):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(exome.as_uri())
    assert page.locator("#all-table > tbody.later").last.is_visible()
    context.close()


def test_cohort_of_many_patients_opens_with_the_first_rows(open_page, tmp_path):
    patients = [f"P{i:03d}" for i in range(260)]
    for name in patients:
        report_example.write_qc(tmp_path / "results" / name, name)
    common = ["--results", str(tmp_path / "results"), "--patients", *patients]
    out = tmp_path / "results/cohort"
    assert main(["cohort", *common, "--out-dir", str(out)]) == 0
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    words = ["--provenance", str(provenance), "--out", str(out / "report.html")]
    assert main(["report", "cohort", *common, *words]) == 0
    page = open_page(out / "report.html")
    assert page.locator("#patient-table > tbody:visible").count() == 200
    page.locator("#box-patient-table").get_by_label("Search").fill("P259")
    assert page.locator("#patient-table > tbody:visible").count() == 1
