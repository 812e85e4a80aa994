"""Find candidate variants over all DNA libraries of a patient."""

import argparse
from pathlib import Path

from amlresist import settings as station_settings
from amlresist.libraries import add_library_arguments, libraries_from
from amlresist.sheet import Assay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist candidates`."""
    add_library_arguments(parser, Assay.DNA)
    parser.add_argument("--reference", required=True, help="indexed FASTA")
    parser.add_argument("--gene-models", required=True, help="GTF, GFF3 or gene_models.tsv")
    parser.add_argument("--out", required=True, help="candidates.vcf.gz to write")
    parser.add_argument("--settings", default="", metavar="JSON", help="settings that differ")


def main(arguments: argparse.Namespace) -> None:
    """Look through all libraries and write the candidates."""
    from amlresist.annotation import read_gene_models
    from amlresist.variants.candidates import write_candidates
    from amlresist.variants.reference import Reference
    from amlresist.variants.search import search
    from amlresist.variants.settings import Settings

    settings = station_settings.load(Settings, "variants", arguments.settings)
    libraries = [library for library in libraries_from(arguments) if not library.given]
    reference = Reference(arguments.reference)
    models = read_gene_models(arguments.gene_models)
    found = search(libraries, reference, arguments.reference, models, settings)
    write_candidates(Path(arguments.out), found, reference.contigs)
    seen = sum("reads" in why for why in found.values())
    print(f"{seen} alleles from the reads, {len(found)} with the hotspots")
