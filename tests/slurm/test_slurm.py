"""The workflow runs through a real Slurm, and outlives a killed job and a drained node.

Takes minutes and starts daemons, so it runs by `make slurm` only.
"""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from one_node import one_node, wait_for

from amlresist.settings import REPOSITORY

# One patient with all assays and one with given results; "" stands for the whole cohort.
PATIENTS = os.environ.get("AMLRESIST_SLURM_PATIENTS", "AML01 AML10").split()
NOT_COMPARED = {"logs", "benchmarks", "cmd_info.json", "aux_info", "libParams", "salmon"}
TOO_LITTLE_AT_FIRST = "variants:mem_mb=60*40**(attempt-1)"

pytestmark = pytest.mark.skipif(
    os.environ.get("AMLRESIST_SLURM") != "1", reason="runs by `make slurm`"
)


def simulate(folder: Path) -> None:
    command = [sys.executable, "-m", "amlresist", "simulate", "demo", "--seed", "1"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    for sheet in (folder / "demo/config").glob("*.tsv"):
        header, *rows = sheet.read_text().splitlines(keepends=True)
        chosen = [row for row in rows if not PATIENTS or row.split("\t")[0] in PATIENTS]
        sheet.write_text(header + "".join(chosen))


def run(folder: Path, profile: str, environment: dict[str, str], *options: str) -> str:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
    command += ["--workflow-profile", str(REPOSITORY / "profiles" / profile), *options]
    command += ["--configfile", "demo/config/config.yaml"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-8000:]
    return told


def drain_for_a_while(results: Path, environment: dict[str, str], states: list[str]) -> None:
    """Once a patient's folder is there, take the node away, look at it, and give it back."""
    wait_for(lambda: any(results.glob("AML*")), 1200, "the first result")
    update = ["scontrol", "update", "NodeName=localhost"]
    subprocess.run([*update, "State=DRAIN", "Reason=test"], env=environment, check=True)
    ask = ["sinfo", "--noheader", "--format=%T"]
    shown = subprocess.run(ask, env=environment, check=True, capture_output=True, text=True)
    states.append(shown.stdout.strip())
    threading.Event().wait(15)
    subprocess.run([*update, "State=RESUME"], env=environment, check=True)


def test_slurm_gives_the_same_bytes_through_a_killed_job_and_a_drained_node(tmp_path):
    local, cluster = tmp_path / "local", tmp_path / "cluster"
    local.mkdir()
    simulate(local)
    shutil.copytree(local, cluster)
    run(local, "default", dict(os.environ), "--cores", "2")

    states: list[str] = []
    with one_node(tmp_path / "node") as environment:
        drained = (cluster / "demo/results", environment, states)
        drain = threading.Thread(target=drain_for_a_while, args=drained, daemon=True)
        drain.start()
        told = run(
            cluster,
            "slurm",
            environment,
            *("--slurm-no-account", "--slurm-status-command", "squeue"),
            *("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks"),
            *("2", "--latency-wait", "5", "--max-threads", "2"),
            *("--set-resources", TOO_LITTLE_AT_FIRST),
        )
        drain.join()

    print(told)
    assert states[0].startswith("drain"), states
    assert "Trying to restart job" in told  # the job with too little memory
    compared = 0
    for path in sorted((local / "demo/results").rglob("*")):
        relative = path.relative_to(local)
        if path.is_dir() or NOT_COMPARED & set(relative.parts) or path.name == "multiqc.html":
            continue
        assert path.read_bytes() == (cluster / relative).read_bytes(), relative
        compared += 1
    print(f"{compared} files are the same")
    assert compared > 30
