"""Print the schema of every table as Markdown."""

import argparse
import sys

from amlresist.schema import tables_markdown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def main(arguments: argparse.Namespace) -> None:
    """Print the schemas."""
    sys.stdout.write(tables_markdown())
