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
    from amlresist.annotation import canonical_transcripts, read_gene_models
    from amlresist.sheet import Capture
    from amlresist.variants.candidates import select, write_candidates
    from amlresist.variants.hotspots import hotspot_alleles, hotspots
    from amlresist.variants.pileup import pile_up
    from amlresist.variants.reference import Reference
    from amlresist.variants.regions import examined
    from amlresist.variants.settings import Settings

    settings = station_settings.load(Settings, "variants", arguments.settings)
    libraries = [library for library in libraries_from(arguments) if not library.given]
    reference = Reference(arguments.reference)
    models = read_gene_models(arguments.gene_models)
    regions = examined(libraries, models, settings.target_padding, reference.contigs)
    pileups = [
        pile_up(
            library.paths[0],
            regions,
            reference.fetch,
            min_mapping_quality=settings.min_mapping_quality,
            min_base_quality=settings.min_base_quality,
            keep_duplicates=library.capture == Capture.AMPLICON,
            merge_distance=settings.merge_distance,
            reference=arguments.reference,
        )
        for library in libraries
    ]
    found = select(
        pileups,
        min_reads=settings.candidate_min_reads,
        error=settings.candidate_error,
        max_p=settings.candidate_max_p,
    )
    sources = {allele: {"reads"} for allele in found}
    for allele in hotspot_alleles(canonical_transcripts(models), reference.fetch, hotspots()):
        sources.setdefault(allele, set()).add("hotspot")
    write_candidates(Path(arguments.out), sources, reference.contigs)
    print(f"{len(found)} alleles from the reads, {len(sources)} with the hotspots")
