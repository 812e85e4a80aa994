"""Check config, sheets and every input file; report all problems at once."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from amlresist.errors import InputError
from amlresist.inputs.findings import Finding, Severity


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist check`."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--config", nargs="+", metavar="FILE", help="config files; later ones override earlier ones"
    )
    source.add_argument("--config-json", metavar="JSON", help="the config itself, from a workflow")
    parser.add_argument(
        "--copies", default="{}", metavar="JSON", help="address -> its local copy, from a workflow"
    )
    parser.add_argument("--out-dir", required=True, type=Path, help="folder of the problem tables")
    parser.add_argument("--threads", type=int, default=0, help="files side by side; 0: all cores")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="headers, ends and first records of reads only; the first job that reads them streams",
    )


def main(arguments: argparse.Namespace) -> None:
    """Write `problems.tsv`, `problems.json` and `inputs.json`.

    Raises:
        InputError: with every STOP problem; the tables are written before.
    """
    from amlresist.inputs.check import available_processors, check_everything, severity_counts
    from amlresist.inputs.config_files import read_configs

    config = (
        read_configs(arguments.config) if arguments.config else json.loads(arguments.config_json)
    )
    arguments.out_dir.mkdir(parents=True, exist_ok=True)
    processes = arguments.threads or available_processors()
    findings, digests = check_everything(
        config,
        arguments.out_dir,
        processes,
        quick=arguments.quick,
        copies=json.loads(arguments.copies),
    )
    _write(arguments.out_dir, findings, digests)
    counts = ", ".join(f"{n} {severity}" for severity, n in severity_counts(findings).items())
    print(f"{len(digests)} files checked: {counts}")
    stops = [finding.problem for finding in findings if finding.severity is Severity.STOP]
    for finding in findings:
        if finding.severity is Severity.WARN:
            print(f"{finding.severity}: {finding.problem}", file=sys.stderr)
    if stops:
        raise InputError(stops)


def _write(out_dir: Path, findings: Sequence[Finding], digests: Sequence[object]) -> None:
    from dataclasses import asdict

    from amlresist.files import write_text
    from amlresist.inputs.records import InputProblem
    from amlresist.tables import write_table

    rows = [
        InputProblem(severity=finding.severity.value, **asdict(finding.problem))
        for finding in findings
    ]
    write_table(out_dir / "problems.tsv", InputProblem, rows)
    for name, content in (("problems", [asdict(row) for row in rows]), ("inputs", digests)):
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        write_text(out_dir / f"{name}.json", text)
