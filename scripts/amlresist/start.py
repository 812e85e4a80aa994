"""What happens once around the jobs of a run: before the first, and after one has failed."""

import os
import subprocess
import sys
from pathlib import Path

from amlresist.plan import Plan


def prepare_jobs(sources: Path) -> None:
    """Let jobs run `python -m amlresist` from a checkout.

    The interpreter of this process comes first in PATH; a rule's conda environment, once activated,
    goes ahead of it. Any other PYTHONPATH is dropped, so that no foreign package is picked up.
    """
    os.environ["PYTHONPATH"] = str(sources)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def check_inputs(plan: Plan) -> None:
    """Run `amlresist check` on the plan's config and files.

    A process of its own, since it streams files on all cores and needs packages the plan does not.

    Raises:
        SystemExit: the inputs cannot be used; every problem has been printed.
    """
    command = [sys.executable, "-m", "amlresist", "check", "--config-json", plan.config_json()]
    done = subprocess.run([*command, "--out-dir", f"{plan.results}/inputs"], check=False)
    if done.returncode:
        raise SystemExit(f"No job was started. The problems are also in {plan.results}/inputs.")


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
