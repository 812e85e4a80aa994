"""Pages in a headless Chromium, watched; tests skip where there is no browser."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright import sync_api

AXE = "axe-core@4.10.3"
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


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Source of axe-core: from AXE_CORE (path of axe.min.js), else installed by npm."""
    given = os.environ.get("AXE_CORE", "")
    if given:
        return Path(given).read_text(encoding="utf-8")
    if shutil.which("npm") is None:
        pytest.skip("axe-core needs npm")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", AXE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install {AXE}: {done.stderr.strip()[-200:]}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def axe_problems(
    browser: "sync_api.Browser", axe_source: str, path: Path, width: int
) -> list[tuple[str, list[str], str]]:
    """What axe-core finds on a page: rule, element, summary; three elements per rule at most."""
    context = browser.new_context(bypass_csp=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    # What is far off screen is not laid out, and axe would not look at it.
    page.add_style_tag(content="main > section { content-visibility: visible !important; }")
    for button in page.locator(".why-button").all()[:3]:
        button.click()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    context.close()
    return [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]
