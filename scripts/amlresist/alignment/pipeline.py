"""Chains of programs joined by pipes, in which every program's failure counts."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from amlresist.errors import InputError, Problem

Command = Sequence[str]


class PipelineError(RuntimeError):
    """A program of a chain failed; says which, with the last lines it wrote."""


def require_programs(*names: str) -> None:
    """Check that the programs are installed.

    Raises:
        InputError: naming every program that is missing.
    """
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise InputError(
            Problem(
                "PATH",
                "",
                ", ".join(missing),
                "program is not installed",
                "Install it with apt or conda (envs/alignment.yaml), or run with --sdm conda.",
            )
        )


def plain_path(path: str) -> str:
    """A path that no program takes for an option."""
    return f"./{path}" if path.startswith("-") else path


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` for the parts of it; a killed job's parts are removed first."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.with_name(f".parts-of-{out.name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_chain(commands: Sequence[Command], out: Path) -> None:
    """Run `commands`, each reading the one before; the last one's output goes to file `out`.

    Raises:
        PipelineError: any of them ends with a code other than 0.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".logs-") as folder:
        logs = [Path(folder) / str(number) for number in range(len(commands))]
        with out.open("wb") as target:
            processes = _start(commands, logs, target)
            codes = [process.wait() for process in processes]
        failed = [
            f"{command[0]} ended with code {code}: {_tail(log)}"
            for command, code, log in zip(commands, codes, logs, strict=True)
            if code
        ]
    if failed:
        raise PipelineError("\n".join(failed))


def _start(
    commands: Sequence[Command], logs: Sequence[Path], target: IO[bytes]
) -> list[subprocess.Popen[bytes]]:
    processes: list[subprocess.Popen[bytes]] = []
    source: IO[bytes] | int = subprocess.DEVNULL
    for number, (command, log) in enumerate(zip(commands, logs, strict=True), start=1):
        is_last = number == len(commands)
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=source,
                stdout=target if is_last else subprocess.PIPE,
                stderr=errors,
            )
        if processes and processes[-1].stdout:
            processes[-1].stdout.close()  # else the writer never learns that its reader died
        processes.append(process)
        source = process.stdout or subprocess.DEVNULL
    return processes


def _tail(log: Path, lines: int = 5) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])
