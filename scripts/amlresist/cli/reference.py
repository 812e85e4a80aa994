"""Fetch a named reference, or make genome, index, gene models and transcripts of given files."""

import argparse
from pathlib import Path

from amlresist.reference.builds import BUILDS, ENSEMBL


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist reference`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    prepare = actions.add_parser("prepare", help="genome, index, gene models, transcripts")
    prepare.add_argument("--fasta", required=True, help="genome, plain or gzip")
    prepare.add_argument("--annotation", required=True, help="GTF or GFF3, plain or gzip")
    prepare.add_argument("--out-dir", required=True, type=Path)
    download = actions.add_parser("download", help="fetch a human build from Ensembl")
    download.add_argument("--name", required=True, choices=list(BUILDS))
    download.add_argument("--base-url", default=ENSEMBL, help="server, or a mirror of it")
    download.add_argument("--out-dir", required=True, type=Path)


def main(arguments: argparse.Namespace) -> None:
    """Write the reference files."""
    if arguments.action == "prepare":
        from amlresist.reference.prepare import prepare

        for note in prepare(arguments.fasta, arguments.annotation, arguments.out_dir):
            print(note)
        return
    from amlresist.reference.download import fetch

    build = BUILDS[arguments.name]
    fetch(arguments.base_url, build.fasta, arguments.out_dir / "genome.fa.gz")
    fetch(arguments.base_url, build.annotation, arguments.out_dir / "annotation.gtf.gz")
