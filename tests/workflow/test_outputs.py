"""Whatever a run leaves is explained on the page about files."""

import re
from pathlib import Path

import pytest

from amlresist.settings import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workflow")]
# Folders that the page explains as a whole.
FOLDERS = {"logs", "benchmarks", "reference", "exports", "multiqc_content", "salmon"}


def test_every_file_of_a_run_is_explained(demo):
    page = (REPOSITORY / "docs/outputs.md").read_text()
    explained = set(re.findall(r"[\w.*]+\.[\w.]+", page)) | {".bam", ".cram", ".bai", ".crai"}
    unexplained = {
        str(path.relative_to(demo / "results"))
        for path in (demo / "results").rglob("*")
        if path.is_file() and not path.name.startswith(".") and not named(path, explained)
    }
    assert not unexplained


def named(path: Path, explained: set[str]) -> bool:
    """Whether the page names the file, its folder, or a file of this kind of every library."""
    if FOLDERS & set(path.parts) or path.name in explained:
        return True
    if path.parent.name == "alignment":
        return path.suffix in explained
    patient = path.parents[1].name
    plain = re.sub(rf"{re.escape(patient)}_\w+", "SAMPLE", path.name)
    return plain in explained or path.name == f"{patient}.html"
