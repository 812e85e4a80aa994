"""Simulate a cohort with known truth."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist simulate`."""
    parser.add_argument("out", type=Path, help="folder to write the cohort to")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same bytes (default 1)")
    parser.add_argument(
        "--empty-patients",
        type=int,
        default=0,
        metavar="N",
        help="only sheets of N patients with empty files, to try dry runs",
    )


def main(arguments: argparse.Namespace) -> None:
    """Write the cohort."""
    if arguments.empty_patients:
        from amlresist.simulate.sheets import write_empty_cohort

        write_empty_cohort(arguments.out, arguments.empty_patients)
        return
    from amlresist.simulate.cohort import simulate_cohort

    simulate_cohort(arguments.out, arguments.seed, report=lambda line: print(line, flush=True))
