"""`amlresist STATION ...`: each station is also a command of its own.

A subcommand is a module in `amlresist.cli` with a one-line docstring, `add_arguments(parser)` and
`main(arguments)`. Only the module asked for is imported, so that start-up stays short.
"""

import argparse
import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from amlresist import __version__
from amlresist.errors import InputError

# One line per subcommand: name -> (module in amlresist.cli, what it does).
COMMANDS = {
    "simulate": ("simulate", "simulate a cohort with known truth"),
    "check": ("check", "check sheets, settings and every input file"),
    "reference": ("reference", "fetch, index and digest the reference"),
    "align": ("align", "align one library, mark duplicates"),
    "alignment-qc": ("alignment_qc", "coverage, identity and contamination of a patient's BAMs"),
    "candidates": ("candidates", "find candidate variants over all DNA libraries of a patient"),
    "compare": ("compare", "classify variants between time points"),
    "flt3-itd": ("flt3_itd", "find FLT3-ITDs, their allelic ratio and how they changed"),
    "mirna": ("mirna", "count miRNAs and isomiRs, and their change within a pair"),
    "quantify-transcripts": ("quantify_transcripts", "run salmon on a patient's RNA libraries"),
    "expression": ("expression", "gene expression, pathway scores and their change within a pair"),
    "evidence": ("evidence", "weigh the measurements against the claims"),
    "report": ("report", "write a patient page, the cohort page or MultiQC content"),
    "cohort": ("cohort", "gather the patients' tables into cohort tables"),
    "export": ("export", "write MAF, a cBioPortal study and Phenopackets of the cohort"),
    "provenance": ("provenance", "versions and settings of a run"),
    "schema": ("schema", "print the schema of every table"),
}
EXIT_BAD_INPUT, EXIT_ENVIRONMENT = 2, 3
_FREE_SPACE = "Free space there and run the same command again: what is finished stays."
_ALLOW = "Choose a folder that you may write to."
_CORRECT = "Correct the path."
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FREE_SPACE),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _ALLOW),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP), _CORRECT),
    errno.ENAMETOOLONG: _CORRECT,
    errno.EIO: "The disk or the network to it fails: run again, or copy the file elsewhere.",
}


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """Parser with all subcommands; only `command`'s own options are loaded."""
    parser = argparse.ArgumentParser(
        prog="amlresist",
        description="Paired diagnosis/relapse analysis of AML. Research software, no diagnostic.",
    )
    parser.add_argument("--version", action="version", version=f"amlresist {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name == command:
            importlib.import_module(f"amlresist.cli.{module}").add_arguments(subparser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code (2: the input is at fault, 3: the machine)."""
    argv = sys.argv[1:] if argv is None else list(argv)
    command = next((word for word in argv if not word.startswith("-")), None)
    arguments = build_parser(command).parse_args(argv)
    module = importlib.import_module(f"amlresist.cli.{COMMANDS[arguments.command][0]}")
    try:
        module.main(arguments)
    except InputError as error:
        for problem in error.problems:
            print(f"amlresist {arguments.command}: {problem}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except (OSError, MemoryError) as error:
        if isinstance(error, BrokenPipeError):
            return _reader_left()
        if not (told := _environment_fault(error)):
            raise
        print(f"amlresist {arguments.command}: {told}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    return 0


def _reader_left() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _environment_fault(error: OSError | MemoryError) -> str:
    """What the machine lacks, in one line; "" for an error that is ours."""
    if isinstance(error, MemoryError):
        return "memory is used up. Give the job more (resource mem_mb)."
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{error.filename or 'output'}: {error.strerror}. {remedy}" if remedy else ""


def _speak_utf8() -> None:
    """Start again in UTF-8 where the locale has another encoding: names of files must survive."""
    if sys.getfilesystemencoding().lower() not in {"utf-8", "utf8"}:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


if __name__ == "__main__":
    _speak_utf8()
    sys.exit(main())
