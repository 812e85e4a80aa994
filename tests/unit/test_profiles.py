"""Every profile names a plugin that exists and only options that Snakemake or that plugin has."""

import importlib
import importlib.util
from dataclasses import fields
from functools import cache

import pytest
import yaml
from snakemake.cli import get_argument_parser

from amlresist.settings import REPOSITORY

PROFILES = sorted((REPOSITORY / "profiles").glob("*/config.yaml"))
# Executor plugin -> options of its own that our profile sets, as its version of 2026 declares them.
# A plugin that is installed is asked itself.
PLUGIN_OPTIONS = {
    "slurm": {"status_command", "no_account", "array_jobs"},
    "lsf": set(),
    "sge": {"pe", "queue", "project"},
    "kubernetes": {"namespace", "persistent_volumes", "service_account_name"},
    "aws-batch": {"region", "job_queue", "job_role", "tags", "task_timeout"},
    "googlebatch": {"project", "region", "container", "machine_type", "network"},
}


@cache
def snakemake_options() -> frozenset[str]:
    actions = get_argument_parser(profiles=[])._actions
    return frozenset(name.lstrip("-") for action in actions for name in action.option_strings)


def plugin_options(executor: str) -> set[str]:
    module = f"snakemake_executor_plugin_{executor.replace('-', '_')}"
    if importlib.util.find_spec(module) is None:
        return PLUGIN_OPTIONS[executor]
    return {field.name for field in fields(importlib.import_module(module).ExecutorSettings)}


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_profile_has_only_options_that_exist(path):
    profile = yaml.safe_load(path.read_text())
    executor = profile.get("executor", "local")
    own = {} if executor == "local" else plugin_options(executor)
    for name in profile:
        if name.startswith(f"{executor}-"):
            option = name.removeprefix(f"{executor}-").replace("-", "_")
            assert option in own, f"{name} is no option of the {executor} plugin"
        else:
            assert name in snakemake_options(), f"{name} is no option of snakemake"


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_profile_resumes_and_keeps_other_patients_going(path):
    profile = yaml.safe_load(path.read_text())
    assert profile["keep-going"] and profile["rerun-incomplete"]
    assert profile["scheduler"] == "greedy"
    if "executor" in profile:
        assert profile["executor"] == path.parent.name
        assert profile["retries"] >= 1, "a job killed for memory is tried again with more"
