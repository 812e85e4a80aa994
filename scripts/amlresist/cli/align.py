"""Align one library's FASTQ files, or adopt its given BAM or CRAM."""

import argparse
from pathlib import Path

from amlresist.libraries import add_library_arguments, libraries_from
from amlresist.sheet import Assay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist align`."""
    add_library_arguments(parser, Assay.DNA)
    parser.add_argument("--reference", required=True, type=Path, help="genome.fa, indexed by bwa")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, type=Path, help="BAM (or CRAM) to write")
    parser.add_argument("--settings", default="", metavar="JSON", help="config section alignment")


def main(arguments: argparse.Namespace) -> None:
    """Write the alignment and its index.

    Raises:
        InputError: a file is unsound.
        SystemExit: a program failed; the message says which and why.
    """
    from amlresist.alignment.adopt import adopt_alignment
    from amlresist.alignment.align import align_library
    from amlresist.alignment.pipeline import PipelineError
    from amlresist.alignment.settings import Settings
    from amlresist.settings import load

    (library,) = libraries_from(arguments)
    settings = load(Settings, "alignment", arguments.settings)
    if library.paths[0].lower().endswith((".bam", ".cram")):
        for note in adopt_alignment(library, arguments.reference, arguments.out):
            print(note)
        return
    try:
        reads = align_library(
            library, arguments.reference, arguments.out, arguments.threads, settings
        )
    except PipelineError as error:
        raise SystemExit(f"amlresist align: {library.sample}: {error}") from error
    print(f"{library.sample}: {reads} reads aligned")
