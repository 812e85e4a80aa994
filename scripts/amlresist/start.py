"""What happens once around the jobs of a run: before the first, and after one has failed."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from amlresist.addresses import fetch
from amlresist.errors import InputError
from amlresist.files import write_text
from amlresist.inputs.config_files import read_configs
from amlresist.inputs.digests import described_again
from amlresist.plan import Plan
from amlresist.provenance import tool_versions, untested_tools

SNAKEMAKE_FOLDER = Path(".snakemake")
RUN_NOTE = SNAKEMAKE_FOLDER / "amlresist-run.tsv"


def prepare_jobs(sources: Path) -> None:
    """Let jobs run `python -m amlresist` from a checkout.

    The interpreter of this process comes first in PATH; a rule's conda environment, once activated,
    goes ahead of it. Any other PYTHONPATH is dropped, so that no foreign package is picked up.
    """
    os.environ["PYTHONPATH"] = str(sources)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def release_stale_lock() -> None:
    """Remove Snakemake's lock of this folder when the run that made it was killed.

    Removed is only a lock of a run that `note_run` has written down here, on this machine, and
    whose process is gone. A run that still goes on, or one on another machine, keeps its lock:
    Snakemake then refuses, so that two runs never write the same files.
    """
    locks = list((SNAKEMAKE_FOLDER / "locks").glob("*.lock"))
    try:
        machine, process, began = RUN_NOTE.read_text(encoding="utf-8").rstrip("\n").split("\t")
        age = RUN_NOTE.stat().st_mtime
    except (OSError, ValueError):
        return
    # A lock younger than the note belongs to a run that has not noted itself yet.
    if not locks or max(lock.stat().st_mtime for lock in locks) > age:
        return
    if machine != _machine() or _began(process) == began:
        return
    for lock in locks:
        lock.unlink(missing_ok=True)
    print("The run before was killed; its lock is removed. What is finished stays.")


def note_run() -> None:
    """Write down which process works in this folder."""
    process = str(os.getpid())
    write_text(RUN_NOTE, "\t".join((_machine(), process, _began(process))) + "\n")


def _began(process: str) -> str:
    """When a process of this machine began, in ticks since the boot; "" when there is none."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _machine() -> str:
    """Name of the machine, its boot and the set of processes it shows; a container is its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{platform.node()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{platform.node()} {os.getpid()}"  # cannot tell whether a run still goes on


def fetch_inputs(plan: Plan, run: Callable[[Any], Any]) -> None:
    """Fetch the inputs that lie at addresses, so that the check reads their copies.

    Args:
        run: runs a coroutine to its end (Snakemake's `workflow.async_run`).

    Raises:
        SystemExit: some cannot be fetched; each has been printed.
    """
    if not plan.copies or plan.root:  # jobs elsewhere fetch what they need
        return
    try:
        fetch(plan.copies, run)
    except InputError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        raise SystemExit("No job was started.") from None
    note_run()  # copies made just now count as unchanged since the run began


def check_inputs(plan: Plan) -> None:
    """Run `amlresist check` on the plan's config and files.

    A process of its own, since it streams files on all cores and needs packages the plan does not.

    Raises:
        SystemExit: the inputs cannot be used; every problem has been printed.
    """
    if plan.root:
        print("Inputs lie in storage: each is checked by the job that first reads it.")
        return
    command = [sys.executable, "-m", "amlresist", "check", "--config-json", plan.config_json()]
    command += ["--copies", json.dumps(plan.copies)] if plan.copies else []
    done = subprocess.run([*command, "--out-dir", f"{plan.results}/inputs"], check=False)
    if done.returncode:
        raise SystemExit(f"No job was started. The problems are also in {plan.results}/inputs.")


def refuse_repeated_settings(configs: Iterable[Path | str]) -> None:
    """Read the config files once more: YAML takes the last of two settings of one name.

    Raises:
        InputError: naming the setting that stands twice.
    """
    read_configs([str(path) for path in configs if Path(path).is_file()])


def tell_untested_tools() -> None:
    """Print a line when tools on PATH are of another release than the environments name."""
    if untested := untested_tools(tool_versions()):
        print(f"Results may differ from those tested: {'; '.join(untested)}.")


def confirm_inputs(plan: Plan) -> None:
    """Compare the inputs that were written to during the run with their digests at its start.

    Raises:
        SystemExit: an input is not what was checked, so results of two contents may be mixed.
    """
    if plan.root:
        return
    changed = changed_inputs(Path(plan.results) / "inputs" / "inputs.json", RUN_NOTE)
    if changed:
        print("Inputs changed while the run went on; do not use its results:", *changed, sep="\n  ")
        raise SystemExit("Run the same command again: what rests on these files is made anew.")


def changed_inputs(described: Path, begin: Path) -> list[str]:
    """Inputs whose content is no longer the one described.

    Args:
        described: the check's `inputs.json`.
        begin: a file written before the check; inputs untouched since are taken as unchanged.
    """
    began = begin.stat().st_mtime_ns
    entries = json.loads(described.read_text(encoding="utf-8"))
    return [
        entry["path"]
        for entry in entries
        if _touched_since(entry["path"], began) and described_again(entry) != entry
    ]


def _touched_since(path: str, began: int) -> bool:
    try:
        status = Path(path).stat()
    except OSError:
        return True
    return max(status.st_mtime_ns, status.st_ctime_ns) >= began


def report_unfinished(plan: Plan) -> None:
    """Write the cohort tables and page from what is there, with the failed patients named first.

    Their time stamps do not matter: once the missing patients are done, Snakemake makes them again.
    """
    cohort = f"{plan.results}/cohort"
    names = ["--results", plan.results, "--patients", *plan.patients]
    page = ["report", "cohort", *names, "--out", f"{cohort}/report.html"]
    page += ["--provenance", f"{plan.results}/provenance.json"]
    for command in (["cohort", *names, "--out-dir", cohort], page):
        done = subprocess.run(
            [sys.executable, "-m", "amlresist", *command],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if done.returncode:
            break
    else:
        print(f"The cohort page lists the failed patients first: {cohort}/report.html")
    print(
        "Some jobs failed; their logs are shown above. Correct the cause and run the same command"
    )
    print("again: what is finished stays.")
