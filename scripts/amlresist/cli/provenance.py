"""Write versions and settings of a run."""

import argparse
import json

from amlresist.files import write_text
from amlresist.provenance import provenance_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist provenance`."""
    parser.add_argument("--config-json", required=True, help="the completed settings as JSON")
    parser.add_argument("--out", required=True, help="JSON file to write")


def main(arguments: argparse.Namespace) -> None:
    """Write the provenance file."""
    write_text(arguments.out, provenance_text(json.loads(arguments.config_json)))
