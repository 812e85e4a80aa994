"""Fixtures that every test may use."""

import os
from pathlib import Path

import hypothesis
import pytest

from chromium import axe, browser, open_page  # noqa: F401  fixtures, known by their names

# Commands that tests start find the library wherever they run.
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1] / "scripts")


# A busy machine is no fault of the code.
hypothesis.settings.register_profile("any_machine", deadline=None)
hypothesis.settings.load_profile("any_machine")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real public data with known answers; tests skip where it is not given."""
    folder = os.environ.get("AMLRESIST_REAL_DATA", "")
    if not folder:
        pytest.skip("real data: set AMLRESIST_REAL_DATA to the folder that holds them")
    path = Path(folder).resolve()
    assert path.is_dir(), f"AMLRESIST_REAL_DATA={folder} is not a folder"
    return path
