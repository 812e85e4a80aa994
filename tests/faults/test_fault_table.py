"""The published table of faults names tests that exist."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_test_of_the_table_exists():
    table = (REPOSITORY / "docs/faults.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", table))
    sources = (path.read_text(encoding="utf-8") for path in REPOSITORY.glob("tests/*/test_*.py"))
    existing = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert len(named) > 50
    assert named - existing == set()


def test_every_row_has_a_status():
    rows = [
        line.split(" | ")
        for line in (REPOSITORY / "docs/faults.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| B")
    ]
    assert len(rows) == 77
    for row in rows:
        status = row[-1].removesuffix(" |")
        assert "covered by `test_" in status or status == "open", row
