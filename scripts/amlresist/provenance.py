"""What a run was made with: versions of tools and packages, and settings.

Input files and their digests stand in `inputs/inputs.json`, which the check of the inputs writes: a
new patient changes that list, and must not make every page anew.
"""

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from amlresist import __version__
from amlresist.plan import STATIONS, TOP_LEVEL
from amlresist.settings import REPOSITORY, defaults

PACKAGES = ("snakemake", "numpy", "scipy", "pandas", "pysam", "pyranges", "dnaio", "multiqc")
ENVIRONMENTS = REPOSITORY / "envs"
# Tool -> arguments that make it print its version.
TOOLS = {
    "bwa": (),
    "samtools": ("--version",),
    "salmon": ("--version",),
}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+\S*)")
_PIN = re.compile(r"\s*- (\w+)=(\S+)")


def provenance(config: Mapping[str, Any]) -> dict[str, Any]:
    """Versions and settings; holds no date, path of home or user name.

    Args:
        config: the settings; what is left out is shown with its default.
    """
    tools = tool_versions()
    facts = {
        "amlresist": __version__,
        "python": platform.python_version(),
        "packages": {name: _package_version(name) for name in PACKAGES},
        "tools": tools,
        "config": _complete(config),
    }
    untested = untested_tools(tools)
    return facts | ({"not the version tested": untested} if untested else {})


def tool_versions() -> dict[str, str]:
    """Tool -> its version, `not installed` or `unknown`."""
    return {name: _tool_version(name, options) for name, options in TOOLS.items()}


def untested_tools(tools: Mapping[str, str]) -> list[str]:
    """A sentence per tool whose release (first two numbers) is not the one of `envs/`."""
    lines = [
        line
        for path in sorted(ENVIRONMENTS.glob("*.yaml"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    pins = {match[1]: match[2] for line in lines if (match := _PIN.match(line))}
    return [
        f"{name} {found}: {pins[name]} was tested"
        for name, found in tools.items()
        if found[:1].isdigit() and name in pins and _release(found) != _release(pins[name])
    ]


def _release(version_text: str) -> list[str]:
    return re.findall(r"\d+", version_text)[:2]


def provenance_text(config: Mapping[str, Any]) -> str:
    """`provenance` as JSON text with a stable order."""
    return json.dumps(provenance(config), indent=2, sort_keys=True) + "\n"


def _complete(config: Mapping[str, Any]) -> dict[str, Any]:
    sections = {s: {**defaults(s), **(config.get(s) or {})} for s in STATIONS}
    return {**TOP_LEVEL, **config, **sections}


def _package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _tool_version(name: str, options: tuple[str, ...]) -> str:
    if shutil.which(name) is None:
        return "not installed"
    done = subprocess.run([name, *options], check=False, capture_output=True)
    # Not every tool prints UTF-8 (bwa names an author in Latin-1).
    match = _VERSION.search((done.stdout + done.stderr).decode(errors="replace"))
    return match[1] if match else "unknown"
