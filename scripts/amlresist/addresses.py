"""Inputs named by an address (https, s3, gs): fetched by Snakemake, then read like any file.

Only `fetch` opens connections, and only to addresses that the sheet or the config names.
"""

import copy
import dataclasses
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from amlresist.errors import InputError, Problem
from amlresist.inputs.quick import files_of
from amlresist.plan import PATH_SETTINGS, Plan
from amlresist.sheet import Library, path_fault

PLUGINS = {"http": "http", "https": "http", "s3": "s3", "gs": "gcs", "gcs": "gcs"}


def is_address(path: str) -> bool:
    """Whether a path of the sheet or the config is an address."""
    return "://" in path


def addresses(plan: Plan) -> dict[str, tuple[str, str]]:
    """Address -> (file, where) that names it first."""
    found: dict[str, tuple[str, str]] = {}
    for library in plan.libraries:
        for column, path in files_of(library):
            if is_address(path):
                place = plan.sheet_paths["samples"], f"row {library.row}, column {column}"
                found.setdefault(path, place)
    for station, name, path in plan.setting_paths():
        if is_address(path):
            found.setdefault(path, ("config", f"{station}.{name}"))
    return found


def with_copies(plan: Plan, copy_of: Callable[[str], str]) -> Plan:
    """The plan with each address replaced by the path of its local copy.

    Args:
        copy_of: gives the path for an address, as Snakemake's `storage` does.

    Raises:
        InputError: an address is signed, no plugin for it is installed, or two have one local copy.
    """
    places = addresses(plan)
    if not places:
        return plan
    _require_unsigned(places)
    _require_plugins(places)
    copies = {address: copy_of(address) for address in places}
    _require_distinct(places, copies)
    return dataclasses.replace(
        plan,
        libraries=tuple(copied_library(library, copies) for library in plan.libraries),
        settings=_copied_settings(plan.settings, copies),
        copies=copies,
    )


def root_of_copies(workflow: Any) -> str:
    """Folder of the copies of files in Snakemake's default storage; "" where there is none."""
    provider = workflow.storage_registry.default_storage_provider
    if provider is None:
        return ""
    prefix = workflow.storage_settings.default_storage_prefix
    prefix = f"{prefix.rstrip('/')}/" if prefix else ""
    return str(provider.object(f"{prefix}file").local_path()).removesuffix("file")


def copied_library(library: Library, copies: Mapping[str, str]) -> Library:
    """A sheet row whose addresses are replaced by the paths of their copies."""
    changed: dict[str, Any] = {
        column: copies[path] for column, path in files_of(library) if path in copies
    }
    return dataclasses.replace(library, **changed) if changed else library


def fetch(copies: Mapping[str, str], run: Callable[[Any], Any]) -> int:
    """Fetch what has no local copy yet, or an older one; tells how many were fetched.

    Args:
        copies: address -> path of its copy, as `storage` gives it.
        run: runs a coroutine to its end (Snakemake's `workflow.async_run`).

    Raises:
        InputError: with every address that could not be fetched.
    """
    problems, fetched = [], 0
    for address, path in sorted(copies.items()):
        try:
            fetched += run(_fetch_one(path))
        except Exception as error:  # a plugin may raise whatever its library does
            remedy = "Try again; if it stays, fetch the file by hand and give its path."
            reason = " ".join(str(error).split())
            problems.append(Problem(address, "", "", f"could not be fetched: {reason}", remedy))
    if problems:
        raise InputError(problems)
    return fetched


async def _fetch_one(path: Any) -> bool:
    stored = path.flags["storage_object"]
    target = Path(path)
    if target.is_file() and await stored.managed_mtime() <= target.stat().st_mtime:
        return False
    # Under another name until it is whole: a killed run leaves nothing that looks like the file.
    part = target.with_name(f"{target.name}.part")
    own = copy.copy(stored)
    own.set_local_path(part)
    print(f"Fetching {stored.print_query}", flush=True)
    await own.managed_retrieve()
    part.replace(target)
    return True


def _require_unsigned(places: Mapping[str, tuple[str, str]]) -> None:
    problems = [
        Problem(*place, address, *fault)
        for address, place in places.items()
        if (fault := path_fault(address))
    ]
    if problems:
        raise InputError(problems)


def _require_plugins(places: Mapping[str, tuple[str, str]]) -> None:
    problems: dict[str, Problem] = {}
    for address, (file, where) in places.items():
        scheme = address.partition("://")[0].lower()
        plugin = PLUGINS.get(scheme)
        if plugin is None:
            remedy = f"Known are {', '.join(PLUGINS)}; else fetch the file and give its path."
            problem = Problem(file, where, address, "address is of no known kind", remedy)
            problems.setdefault(scheme, problem)
        elif not _is_installed(plugin):
            package = f"snakemake-storage-plugin-{plugin}"
            message = f"to fetch an address, {package} is needed and not installed"
            problem = Problem(file, where, address, message, f"pip install {package}")
            problems.setdefault(plugin, problem)
    if problems:
        raise InputError(problems.values())


def _is_installed(plugin: str) -> bool:
    return importlib.util.find_spec(f"snakemake_storage_plugin_{plugin}") is not None


def _require_distinct(places: Mapping[str, tuple[str, str]], copies: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    problems = [
        Problem(
            *places[address],
            address,
            f"would be fetched to the same file as {first[str(path)]}",
            "Give one address per file.",
        )
        for address, path in copies.items()
        if first.setdefault(str(path), address) != address
    ]
    if problems:
        raise InputError(problems)


def _copied_settings(
    settings: Mapping[str, Mapping[str, Any]], copies: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    copied = {station: dict(values) for station, values in settings.items()}
    for station, names in PATH_SETTINGS.items():
        for name in names:
            value = copied[station][name]
            if isinstance(value, str):
                copied[station][name] = copies.get(value, value)
            elif value:
                copied[station][name] = [copies.get(path, path) for path in value]
    return copied
