"""The pages of the simulated cohort in a browser: quiet, accessible, and reads in sight."""

from pathlib import Path

import pytest

from chromium import axe_problems

# The worker that ran the cohort also looks at its pages.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workflow")]


def pages(demo: Path) -> list[Path]:
    found = sorted((demo / "results").glob("AML*/report/*.html"))
    return [*found, demo / "results/cohort/report.html"]


@pytest.mark.parametrize("width", [390, 1440])
def test_every_page_opens_without_complaint_request_or_sideways_scroll(open_page, demo, width):
    for path in pages(demo):
        page = open_page(path, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("AML01/report/AML01.html", 1440),
        ("AML04/report/AML04.html", 390),
        ("cohort/report.html", 1440),
    ],
)
def test_axe_finds_no_violation_on_the_simulated_cohort(browser, axe, demo, name, width):
    assert axe_problems(browser, axe, demo / "results" / name, width) == []


def test_reads_behind_a_driver_are_seen_by_asking_why(open_page, demo):
    page = open_page(demo / "results/AML01/report/AML01.html")
    page.get_by_role("button", name="Why? IDH1 R132H").first.click()
    figures = page.locator(".reads:visible figure")
    captions = figures.locator("figcaption").all_inner_texts()
    assert len(captions) == 2
    assert "0 of" in captions[0] and "carry the variant" in captions[1]
    drawing = figures.nth(1).locator("svg").bounding_box()
    assert drawing["width"] > 300 and drawing["height"] > 200
