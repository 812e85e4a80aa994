"""Pin every package with its hashes: `requirements.lock`, and one small lock for each extra.

    python scripts/lock.py [--upgrade]

An extra's lock holds only what `requirements.lock` does not. Needs the development tools (uv).
"""

import argparse
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-header", str(ROOT / "pyproject.toml")),
)
# A pin with its hashes and the notes below it, up to the next one.
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==.*\n(?:[ \t].*\n)*", re.MULTILINE)


def main() -> None:
    """Write all locks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take newer versions")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    subprocess.run([*COMPILE, "--group", "dev", *upgrade, "-o", LOCK], check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra in project["optional-dependencies"]:
        lock_of(extra).write_text(_beyond_base(extra), encoding="utf-8")


def lock_of(extra: str) -> Path:
    """The lock of an extra."""
    return ROOT / f"requirements-{extra}.lock"


def entries(text: str) -> dict[str, str]:
    """Package -> its lines in a lock."""
    return {match[1]: match[0] for match in ENTRY.finditer(text)}


def _beyond_base(extra: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.lock"
        subprocess.run([*COMPILE, "--extra", extra, "-c", LOCK, "-o", full], check=True)
        found = entries(full.read_text(encoding="utf-8"))
    base = entries(LOCK.read_text(encoding="utf-8"))
    return "".join(lines for name, lines in found.items() if name not in base)


if __name__ == "__main__":
    main()
