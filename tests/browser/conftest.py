"""Pages in a headless Chromium; tests skip where there is no browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import report_example
from amlresist.__main__ import main

if TYPE_CHECKING:
    from playwright import sync_api

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture(scope="session")
def browser() -> Iterator["sync_api.Browser"]:
    """One Chromium for all tests."""
    playwright_api = pytest.importorskip(
        "playwright.sync_api", reason="the playwright package is missing", exc_type=ImportError
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page with everything it complained about and asked for."""

    def __init__(self, browser: "sync_api.Browser", path: Path, width: int = 1400) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.on("request", self._note)
        self.page.goto(path.as_uri())

    def _note(self, request: "sync_api.Request") -> None:
        if not request.is_navigation_request():
            self.requests.append(request.url)

    def foreign_requests(self) -> list[str]:
        """Requests for anything but the page itself and what it carries."""
        carried = ("data:", "blob:")
        return [url for url in self.requests if not url.startswith(carried)]


@pytest.fixture
def open_page(browser: "sync_api.Browser") -> Iterator:
    """Open a file; at the end it must have run without complaint and asked for nothing."""
    opened: list[Watched] = []

    def open_file(path: Path, width: int = 1400) -> "sync_api.Page":
        opened.append(Watched(browser, path, width))
        return opened[-1].page

    yield open_file
    for watched in opened:
        watched.page.close()
        assert watched.complaints == []
        assert watched.foreign_requests() == []


@pytest.fixture
def patient_page(open_page, results: Path) -> "sync_api.Page":
    """The page of the patient with all layers."""
    return open_page(results / "P01/report/P01.html")
