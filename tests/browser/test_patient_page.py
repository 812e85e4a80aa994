"""The patient's page in a browser: every control does what it says."""

import csv
import io
import json
from pathlib import Path

import pytest

import report_example
from amlresist.report import labels
from amlresist.report.drivers import driver_genes, rank_variants
from amlresist.report.wording import expected_wrong
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange

DRIVERS = "#drivers-1 > tbody:not([hidden])"


def texts(page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def count(page, label: str) -> int:
    return int(page.locator(f".headline [data-count={label}]").inner_text())


def set_slider(page, stop: int) -> None:
    slider = page.locator("#threshold-1")
    slider.fill(str(stop))


def test_first_screen_answers_what_changed_how_sure_and_what_could_not_be_seen(patient_page):
    for heading in ("What changed", "How sure", "What could not be seen"):
        box = patient_page.get_by_role("heading", name=heading, exact=True).bounding_box()
        assert box["y"] + box["height"] < 900
    tally = patient_page.locator(".tally").inner_text()
    assert "FLT3 F691L" in tally and "IDH2 R140Q" in tally
    unseen = patient_page.locator(".answers .card").nth(2).inner_text()
    assert "TP53 R273H" in unseen and "FLT3-ITD in DNA" in unseen


def test_page_opens_within_a_second(open_page, results):
    """The best of three, since other work on the machine is not the page's."""
    script = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    path = results / "P01/report/P01.html"
    assert min(open_page(path).evaluate(script) for _ in range(3)) < 1000


def test_sorting_by_vaf_follows_the_numbers_both_ways(patient_page):
    header = patient_page.locator("#drivers-1 thead button", has_text="VAF at relapse")
    header.click()
    values = [
        float(v)
        for v in patient_page.locator(f"{DRIVERS} > tr:first-child > td:nth-child(5)").evaluate_all(
            "cells => cells.map(c => c.dataset.value)"
        )
    ]
    assert values == sorted(values)
    header.click()
    first = patient_page.locator(f"{DRIVERS} th").first.inner_text()
    assert first.startswith("ABCB1")
    column = patient_page.locator("#drivers-1 thead th", has_text="VAF at relapse")
    assert column.get_attribute("aria-sort") == "descending"


def test_search_and_filter_narrow_the_rows_and_say_so(patient_page):
    box = patient_page.locator("#box-drivers-1")
    box.get_by_label("Search").fill("flt3")
    assert texts(patient_page, f"{DRIVERS} th") == ["FLT3 F691L\nc.1G>T · hotspot"]
    assert box.locator(".shown").inner_text() == "1 of 10 rows"
    box.get_by_label("Search").fill("")
    box.get_by_label("What happened").select_option(label="cannot be told")
    assert len(texts(patient_page, f"{DRIVERS} th")) == 2


def test_why_shows_and_hides_the_arithmetic(patient_page):
    button = patient_page.get_by_role("button", name="Why? FLT3 F691L").first
    row = patient_page.locator(f"#{button.get_attribute('aria-controls')}")
    assert not row.is_visible()
    button.click()
    assert "0 of 812 fragments before" in row.inner_text()
    assert "acquired 99.8 %" in row.inner_text()
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    assert not row.is_visible()


def test_export_holds_the_shown_rows_with_every_column(patient_page):
    box = patient_page.locator("#box-drivers-1")
    box.get_by_label("What happened").select_option(label="acquired")
    with patient_page.expect_download() as download:
        box.get_by_role("button", name="Export TSV").click()
    assert download.value.suggested_filename == "P01_variants.tsv"
    text = Path(download.value.path()).read_text()
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    assert [row["gene"] for row in rows] == ["FLT3", "NRAS"]
    assert rows[0]["before_depth"] == "812"


def test_whole_table_downloads_as_json(patient_page):
    with patient_page.expect_download() as download:
        patient_page.get_by_role("button", name="Download evidence.tsv as JSON").click()
    rows = json.loads(Path(download.value.path()).read_text())
    assert rows[0]["claim"] == "C00"


def test_slider_gives_the_counts_of_the_library(patient_page, results):
    rows = read_table(results / "P01/variants/variants.tsv", VariantChange)
    for stop, threshold in enumerate(labels.THRESHOLDS):
        set_slider(patient_page, stop)
        counts, wrong = labels.count_labels(rows, threshold, 0.05)
        shown = {label: count(patient_page, label) for label in (*labels.CHANGES, "not_evaluable")}
        assert shown == {label: counts[label] for label in shown}
        wrong_shown = patient_page.locator(".headline [data-wrong]").inner_text()
        assert wrong_shown == expected_wrong(wrong)


def test_slider_moves_labels_everywhere(patient_page, results):
    rows = read_table(results / "P01/variants/variants.tsv", VariantChange)
    ranked = rank_variants(rows, driver_genes())
    nras = next(variant.index for variant in ranked if variant.name == "NRAS G12D")
    set_slider(patient_page, 0)
    places = patient_page.locator(f"[data-variant='{nras}']")
    assert set(places.evaluate_all("e => e.map(x => x.dataset.label)")) == {"not_evaluable"}
    assert "NRAS G12D" in " ".join(texts(patient_page, "#open-table-1 tbody:not([hidden]) th"))
    assert "NRAS G12D" in patient_page.locator("ul[data-names=not_evaluable]").inner_text()
    set_slider(patient_page, 5)
    assert "NRAS G12D" in patient_page.locator("ul[data-names=acquired]").inner_text()


def test_a_locus_that_was_not_assayed_stays_open_however_lenient_the_reader(patient_page):
    set_slider(patient_page, len(labels.THRESHOLDS) - 1)
    assert "ASXL1" in patient_page.locator("ul[data-names=not_evaluable]").inner_text()


def test_germline_and_background_are_folded_away(patient_page):
    fold = patient_page.locator("#aside")
    assert not fold.locator("table").is_visible()
    assert "TET2 L1721W" not in " ".join(texts(patient_page, "#all-table th"))
    fold.locator("summary").click()
    rows = " ".join(texts(patient_page, "#aside-table tbody tr"))
    assert "TET2 L1721W germline" in " ".join(rows.split())
    assert "KRAS Q61H not above error" in " ".join(rows.split())


def test_keyboard_alone_reaches_and_works_the_controls(patient_page):
    patient_page.keyboard.press("Tab")
    assert patient_page.evaluate("document.activeElement.textContent") == "Skip to the content"
    patient_page.keyboard.press("Enter")
    for _ in range(60):
        patient_page.keyboard.press("Tab")
        if patient_page.evaluate("document.activeElement.id") == "threshold-1":
            break
    before = patient_page.locator("[data-threshold-text]").inner_text()
    patient_page.keyboard.press("ArrowLeft")
    assert patient_page.locator("[data-threshold-text]").inner_text() != before
    assert patient_page.locator("#threshold-1").get_attribute("aria-valuetext") == (
        "an expected share of 2 % wrong labels"
    )
    button = patient_page.get_by_role("button", name="Why? FLT3 F691L").first
    button.focus()
    patient_page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"


def test_keyboard_alone_sorts_and_filters_a_table(patient_page):
    patient_page.locator("#drivers-1 thead button", has_text="Probability").focus()
    patient_page.keyboard.press("Enter")
    header = patient_page.locator("#drivers-1 thead th", has_text="Probability")
    assert header.get_attribute("aria-sort") == "ascending"
    patient_page.locator("#box-drivers-1").get_by_label("Search").focus()
    patient_page.keyboard.type("npm1")
    assert len(texts(patient_page, f"{DRIVERS} th")) == 1


def test_mechanism_links_to_its_claims(patient_page):
    patient_page.get_by_role("link", name="Claims about WT1").click()
    shown = texts(patient_page, "#evidence-table > tbody:not([hidden]) > tr:first-child > th")
    assert set(shown) == {"WT1"}


@pytest.mark.parametrize("name", ["P01", "P02", "P03"])
@pytest.mark.parametrize("width", [390, 1400])
def test_page_itself_never_scrolls_sideways(open_page, results, name, width):
    page = open_page(results / f"{name}/report/{name}.html", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_layers_that_were_not_measured_say_so(open_page, results):
    page = open_page(results / "P02/report/P02.html")
    for section in ("mirna", "pathways", "expression"):
        assert "Not assessed" in page.locator(f"#{section}").text_content()
    page = open_page(results / "P03/report/P03.html")
    assert "DNA was not assessed" in page.locator(".headline").inner_text()
    assert "Not assessed" in page.locator("#flt3-itd").text_content()


def test_hostile_names_are_inert(open_page, tmp_path):
    folder = report_example.write_example(tmp_path, "P01")
    report_example.make_hostile(folder)
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    page = open_page(report_example.write_page(tmp_path, "P01", provenance))
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 2
    claims = page.locator("#evidence-table").text_content()
    for name in report_example.HOSTILE_NAMES:
        assert " ".join(name.split()) in " ".join(claims.split())
    assert page.evaluate("document.documentElement.scrollWidth") <= 1400
    with page.expect_download() as download:
        page.locator("#box-evidence-table").get_by_role("button", name="Export TSV").click()
    assert "\t'=HYPERLINK(1)\t" in Path(download.value.path()).read_text()


def test_print_shows_the_reasons_of_the_drivers_and_no_controls(patient_page):
    patient_page.emulate_media(media="print")
    assert patient_page.locator("#drivers-1 tr.why").first.is_visible()
    assert not patient_page.locator(".tools").first.is_visible()
