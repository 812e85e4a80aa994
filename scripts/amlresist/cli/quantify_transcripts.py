"""Quantify the transcripts of a patient's RNA libraries with salmon."""

import argparse
from pathlib import Path

from amlresist.libraries import add_library_arguments, libraries_from
from amlresist.sheet import Assay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist quantify-transcripts`."""
    add_library_arguments(parser, Assay.RNA)
    parser.add_argument("--index", required=True, type=Path, help="salmon's index")
    parser.add_argument("--out-dir", required=True, type=Path, help="one folder per library there")


def main(arguments: argparse.Namespace) -> None:
    """Write one folder of salmon's results per library.

    Raises:
        InputError: a FASTQ is unsound.
        SystemExit: salmon failed or lost reads; the message says which library and why.
    """
    from amlresist.alignment.pipeline import PipelineError
    from amlresist.expression.quantify import quantify

    for library in libraries_from(arguments):
        try:
            fragments = quantify(library, arguments.index, arguments.out_dir / library.sample)
        except PipelineError as error:
            message = f"amlresist quantify-transcripts: {library.sample}: {error}"
            raise SystemExit(message) from error
        print(f"{library.sample}: {fragments} fragments quantified")
