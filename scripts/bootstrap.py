"""Set up a fresh machine: the locked Python environment in `.venv`, and tools on PATH.

Uses nothing but the standard library, so that any Python 3.11 or newer can run it.
"""

import argparse
import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
# What some need and what makes every start of Snakemake slower, by name: requirements-NAME.lock.
EXTRAS = {
    path.stem.removeprefix("requirements-"): path for path in ROOT.glob("requirements-*.lock")
}
OLDEST_PYTHON = (3, 11)
# Command on PATH, or shared library -> (Debian/Ubuntu package, conda package).
TOOLS = {
    "bwa": ("bwa", "bwa"),
    "samtools": ("samtools", "samtools"),
    "salmon": ("salmon", "salmon"),
}
LAUNCHER = """#!{python}
import sys

sys.path.insert(0, {sources!r})
from amlresist.__main__ import main

sys.exit(main())
"""
TEST_TOOLS = {
    "bcftools": ("bcftools", "bcftools"),
    "chromium": ("chromium", "chromium"),
    "rsync": ("rsync", "rsync"),  # with which the storage plugin for folders copies
    "libatomic.so.1": ("libatomic1", "libgcc"),  # the browser driver is linked against it
}


def main() -> int:
    """Install what is missing; returns 1 with a message when something must be done by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what only the tests need")
    parser.add_argument(
        "--extra",
        action="append",
        default=[],
        choices=sorted(EXTRAS),
        help="also this plugin; may be given several times",
    )
    arguments = parser.parse_args()
    extras = sorted(EXTRAS) if arguments.tests else arguments.extra
    if sys.version_info < OLDEST_PYTHON:
        print(f"amlresist needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 1
    tools = TOOLS | (TEST_TOOLS if arguments.tests else {})
    failed = install_tools(tools) or install_python_environment()
    if not failed:
        install_extras(extras)
        install_command()
        compile_sources()
    return failed


def install_tools(tools: dict[str, tuple[str, str]]) -> int:
    """Install missing command-line tools with the system package manager, or say how to."""
    missing = {name: packages for name, packages in tools.items() if not _is_there(name)}
    debian = [packages[0] for packages in missing.values()]
    if not _can_make_environments():
        debian.append("python3-venv")
    if not debian:
        return 0
    print(f"Missing: {', '.join([*missing, *debian[len(missing) :]])}")
    administrator = _administrator()
    if administrator is None or not shutil.which("apt-get"):
        print(
            "They cannot be installed from here. Either ask your administrator for\n"
            f"    apt-get install {' '.join(debian)}\n"
            "or make them available with\n"
            "    conda create --name amlresist-tools --channel conda-forge --channel bioconda "
            + " ".join(["python>=3.11", *(packages[1] for packages in missing.values())])
        )
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = [*administrator, "apt-get"]
    subprocess.run([*apt, "update", "-qq"], check=False, env=environment)
    command = [*apt, "install", "-y", "-qq", "--no-install-recommends", *debian]
    failed = subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
    if failed.returncode:
        print(f"Could not install them; run this by hand: {' '.join(command)}")
    return failed.returncode


def install_python_environment() -> int:
    """Make `.venv` hold exactly what the lock names; quick when it does already."""
    stamp = ENVIRONMENT / "lock-installed"
    if stamp.is_file() and stamp.read_bytes() == LOCK.read_bytes():
        return 0
    print(f"Installing the locked Python packages into {ENVIRONMENT.name} ...", flush=True)
    if not (ENVIRONMENT / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    installer = ENVIRONMENT / "uv.lock.txt"
    installer.write_text(_lock_entry("uv"), encoding="utf-8")
    pip = [ENVIRONMENT / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", installer], check=True)
    # Without compiled modules each job compiles what it imports, where no cache may be written.
    _install_locked(LOCK, "--compile-bytecode")
    stamp.write_bytes(LOCK.read_bytes())
    return 0


def install_extras(names: list[str]) -> None:
    """Add what the locks of these extras name beyond the main one."""
    for name in names:
        lock, stamp = EXTRAS[name], ENVIRONMENT / f"{name}-installed"
        if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
            print(f"Installing the extra {name} ...", flush=True)
            _install_locked(lock, "--compile-bytecode", "--no-deps")
            stamp.write_bytes(lock.read_bytes())


def _install_locked(lock: Path, *options: str) -> None:
    environment = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT)}
    uv = [ENVIRONMENT / "bin" / "uv", "pip", "install", "--quiet", "--require-hashes", "-r", lock]
    subprocess.run([*uv, *options], check=True, env=environment)


def install_command() -> None:
    """Make `amlresist` a command of the environment that runs this checkout's sources."""
    python = ENVIRONMENT / "bin" / "python"
    command = ENVIRONMENT / "bin" / "amlresist"
    command.write_text(
        LAUNCHER.format(python=python, sources=str(ROOT / "scripts")), encoding="utf-8"
    )
    command.chmod(0o755)


def compile_sources() -> None:
    """Compile the library once, so that no job has to where Python may not write its cache."""
    python = ENVIRONMENT / "bin" / "python"
    subprocess.run([python, "-m", "compileall", "-q", ROOT / "scripts"], check=True)


def _lock_entry(package: str) -> str:
    """The lines of one package in the lock: its pin and hashes."""
    match = re.search(rf"^{package}==.*(?:\n    --hash.*)+", LOCK.read_text(encoding="utf-8"), re.M)
    if match is None:
        raise SystemExit(f"{LOCK.name} does not name {package}")
    return match[0] + "\n"


def _is_there(name: str) -> bool:
    if ".so" not in name:
        return shutil.which(name) is not None
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _can_make_environments() -> bool:
    command = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def _administrator() -> list[str] | None:
    """Prefix that runs a command as root without asking; None when that is not allowed."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], check=False, stderr=subprocess.DEVNULL)
    return ["sudo", "-n"] if allowed.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
