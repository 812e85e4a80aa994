"""The PBS profile gives what a run on this machine gives, also after a job was killed for memory.

`qsub` and `qstat` stand in for PBS: they run each job here, and kill one that asks for too little.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amlresist.settings import REPOSITORY

PLUGIN = "snakemake-executor-plugin-cluster-generic"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("workflow"),
    pytest.mark.skipif(
        importlib.util.find_spec(PLUGIN.replace("-", "_")) is None, reason=f"pip install {PLUGIN}"
    ),
]
QSUB = """#!/usr/bin/env python3
import os, re, subprocess, sys, time
folder = os.environ["FAKE_PBS"]
options, script = sys.argv[1:-1], sys.argv[-1]
memory = int(re.search(r"mem=(\\d+)mb", " ".join(options)).group(1))
number = f"{len(os.listdir(folder))}.server"
with open(f"{folder}/{number}", "w") as state:
    state.write("    job_state = R\\n")
with open(f"{folder}.asked", "a") as asked:
    asked.write(" ".join(options) + "\\n")
job = "kill -9 $$" if memory < 100 else f"sh {script}"
told = "'    job_state = F\\n    Exit_status = %d\\n' $?"
body = f"sh -c '{job}'; printf {told} >{folder}/{number}"
subprocess.Popen(["sh", "-c", body], start_new_session=True, stdout=-3, stderr=-3, stdin=-3)
print(number)
"""
QSTAT = '#!/bin/sh\ncat "$FAKE_PBS/$3"\n'


@pytest.fixture
def pbs(tmp_path) -> dict[str, str]:
    """Environment in which `qsub` and `qstat` are the stand-ins."""
    (tmp_path / "pbs").mkdir()
    (tmp_path / "bin").mkdir()
    for name, text in (("qsub", QSUB), ("qstat", QSTAT)):
        command = tmp_path / "bin" / name
        command.write_text(text)
        command.chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    return {**os.environ, "FAKE_PBS": str(tmp_path / "pbs"), "PATH": path}


def test_pbs_gives_the_same_bytes_and_a_job_killed_for_memory_is_asked_with_more(
    demo, pbs, tmp_path
):
    cohort = tmp_path / "cohort"
    shutil.copytree(demo / "config", cohort / "demo/config")
    sheet = cohort / "demo/config/samples.tsv"
    header, *rows = sheet.read_text().splitlines(keepends=True)
    sheet.write_text(header + "".join(row for row in rows if row.startswith("AML10")))
    for name in ("given", "reference"):
        (cohort / "demo" / name).symlink_to(demo / name)
    (cohort / "profiles").symlink_to(REPOSITORY / "profiles")
    stations = ("variants/variants.tsv", "evidence/evidence.tsv")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
    command += [f"demo/results/AML10/{table}" for table in stations]
    command += ["--workflow-profile", "profiles/pbs", "--seconds-between-status-checks", "1"]
    command += ["--set-resources", "variants:mem_mb=50*40**(attempt-1)"]
    command += ["--configfile", "demo/config/config.yaml"]
    done = subprocess.run(command, cwd=cohort, env=pbs, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    asked = Path(f"{pbs['FAKE_PBS']}.asked").read_text()
    assert "mem=50mb" in asked and "mem=2000mb" in asked
    assert "-N evidence" in asked and "walltime=60:00" in asked
    made, local = (folder / "results/AML10" for folder in (cohort / "demo", demo))
    compared = [path for name in ("variants", "evidence") for path in (made / name).iterdir()]
    assert len(compared) > 10
    for path in compared:
        assert path.read_bytes() == (local / path.relative_to(made)).read_bytes(), path.name
