"""A run of the workflow on the simulated cohort, made once for all tests of this folder."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from amlresist.settings import REPOSITORY

Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def snakemake() -> Runner:
    """Runs Snakemake in a folder that holds `demo/`, as a user would in a checkout."""

    def run(folder: Path, *options: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
        command += ["--cores", str(cores), "--workflow-profile"]
        command += [str(REPOSITORY / "profiles/default"), *options]
        command += ["--configfile", "demo/config/config.yaml"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Path:
    """Folder that holds the simulated cohort as `demo/`, not yet run."""
    folder = tmp_path_factory.mktemp("cohort")
    command = [sys.executable, "-m", "amlresist", "simulate", "demo", "--seed", "1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def demo(simulated, snakemake) -> Path:
    """The simulated cohort after a whole run."""
    done = snakemake(simulated)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return simulated / "demo"
