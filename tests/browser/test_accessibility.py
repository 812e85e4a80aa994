"""axe-core, the accessibility checker, finds nothing on any page.

It comes from npm; where the package cannot be had the tests skip and say so.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

AXE = "axe-core@4.10.3"


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


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("P02/report/P02.html", 390),
        ("P01/report/P01.html", 1400),
        ("P03/report/P03.html", 1400),
        ("cohort/report.html", 1400),
    ],
)
def test_axe_finds_no_violation(browser, results, axe, path, width):
    context = browser.new_context(bypass_csp=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto((results / path).as_uri())
    # What is far off screen is not laid out, and axe would not look at it.
    page.add_style_tag(content="main > section { content-visibility: visible !important; }")
    for button in page.locator(".why-button").all()[:3]:
        button.click()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    problems = [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]
    context.close()
    assert problems == []
