"""What happens once, before the first job of a run."""

import subprocess
import sys

from amlresist.plan import Plan


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
