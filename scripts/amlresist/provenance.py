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
from amlresist.settings import defaults

PACKAGES = ("snakemake", "numpy", "scipy", "pandas", "pysam", "pyranges", "dnaio", "multiqc")
# Tool -> arguments that make it print its version.
TOOLS = {
    "bwa": (),
    "samtools": ("--version",),
    "salmon": ("--version",),
}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+\S*)")


def provenance(config: Mapping[str, Any]) -> dict[str, Any]:
    """Versions and settings; holds no date, path of home or user name.

    Args:
        config: the settings; what is left out is shown with its default.
    """
    return {
        "amlresist": __version__,
        "python": platform.python_version(),
        "packages": {name: _package_version(name) for name in PACKAGES},
        "tools": {name: _tool_version(name, options) for name, options in TOOLS.items()},
        "config": _complete(config),
    }


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
