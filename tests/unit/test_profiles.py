"""Every profile names a plugin that exists and only options that Snakemake or that plugin has."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import get_argument_parser
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from amlresist.settings import REPOSITORY

PROFILES = sorted((REPOSITORY / "profiles").glob("*/config.yaml"))
# Executor plugin -> its options, as its version of 2026 declares them (only those we may set).
PLUGIN_OPTIONS = {
    "slurm": {"status_command", "no_account", "array_jobs"},
    "cluster-generic": {"submit_cmd", "status_cmd", "cancel_cmd", "cancel_nargs", "sidecar_cmd"},
    "lsf": set(),
    "sge": {"pe", "queue", "project"},
    "kubernetes": {"namespace", "persistent_volumes", "service_account_name"},
    "aws-batch": {"region", "job_queue", "job_role", "tags", "task_timeout"},
    "googlebatch": {"project", "region", "container", "machine_type", "network"},
}
EXECUTORS = {"pbs": "cluster-generic"}  # where a profile's name is not its executor's


def content(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def own_options(profile: dict[str, Any]) -> dict[str, Any]:
    prefix = f"{profile.get('executor', 'local')}-"
    return {
        name.removeprefix(prefix).replace("-", "_"): value
        for name, value in profile.items()
        if name.startswith(prefix)
    }


@cache
def snakemake_options() -> frozenset[str]:
    actions = get_argument_parser(profiles=[])._actions
    return frozenset(name.lstrip("-") for action in actions for name in action.option_strings)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_profile_has_only_options_that_exist(path):
    profile = content(path)
    executor = profile.get("executor", "local")
    assert set(own_options(profile)) <= PLUGIN_OPTIONS.get(executor, set())
    for name in profile:
        known = name.startswith(f"{executor}-") or name in snakemake_options()
        assert known, f"{name} is no option of snakemake"


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_the_plugin_itself_takes_the_profile(path):
    profile = content(path)
    if "executor" not in profile:
        pytest.skip("runs on this machine, without a plugin")
    executor = profile["executor"]
    if importlib.util.find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}") is None:
        pytest.skip(f"pip install snakemake-executor-plugin-{executor}")
    arguments = get_argument_parser([str(path)]).parse_args([])
    settings = ExecutorPluginRegistry().get_plugin(executor).get_settings(arguments)
    assert arguments.executor == executor
    for name, value in own_options(profile).items():
        assert getattr(settings, name) == value


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_profile_resumes_and_keeps_other_patients_going(path):
    profile = content(path)
    assert profile["keep-going"] and profile["rerun-incomplete"]
    assert profile["scheduler"] == "greedy"
    if "executor" in profile:
        assert profile["executor"] == EXECUTORS.get(path.parent.name, path.parent.name)
        assert profile["retries"] >= 1, "a job killed for memory is tried again with more"
