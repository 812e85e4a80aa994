"""The documentation builds as a site without warning, and names every file the rules make."""

import re
import subprocess
import sys

import yaml

from amlresist.settings import REPOSITORY

DOCS = REPOSITORY / "docs"


def test_the_site_builds_without_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path / "site")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "site/index.html").read_text()
    assert "fonts.googleapis" not in page


def test_every_output_of_a_rule_is_explained():
    explained = (DOCS / "outputs.md").read_text()
    for rules in sorted((REPOSITORY / "rules").glob("*.smk")):
        named = re.findall(r"\{\{patient\}\}/\w+/([\w.]+\.\w+)\"", rules.read_text())
        for name in named:
            assert name in explained, f"{name} of {rules.name} is not in docs/outputs.md"


def test_every_page_is_reached():
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())
    reached = set(re.findall(r"[\w]+\.md", yaml.safe_dump(site["nav"])))
    assert {path.name for path in DOCS.glob("*.md")} == reached
