"""Classify variants between time points."""

import argparse
import dataclasses
from pathlib import Path

from amlresist import settings as station_settings
from amlresist.libraries import add_library_arguments, facts_from_json, libraries_from
from amlresist.sheet import Assay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist compare`."""
    add_library_arguments(parser, Assay.DNA)
    parser.add_argument("--facts", default="", metavar="JSON", help="blast fractions, transplant")
    parser.add_argument(
        "--candidates", default="", help="VCF of alleles to count instead of searching"
    )
    parser.add_argument("--reference", default="", help="indexed FASTA; needed for reads")
    parser.add_argument("--gene-models", default="", help="GTF, GFF3 or gene_models.tsv")
    parser.add_argument("--segments", default="", help="table of copy-number segments")
    parser.add_argument("--out-dir", required=True, help="folder to write to")
    parser.add_argument("--settings", default="", metavar="JSON", help="settings that differ")


def main(arguments: argparse.Namespace) -> None:
    """Count, compare, write all tables."""
    from amlresist.tables import write_table
    from amlresist.variants.candidates import write_candidates
    from amlresist.variants.case import Sources, is_result, prepare, results
    from amlresist.variants.export import write_maf, write_vcf
    from amlresist.variants.records import (
        AlleleCount,
        CloneShare,
        HotspotCheck,
        PairSummary,
        VafPoint,
        VariantChange,
    )
    from amlresist.variants.search import search
    from amlresist.variants.settings import Settings

    settings = station_settings.load(Settings, "variants", arguments.settings)
    sources = Sources.open(
        arguments.reference, arguments.gene_models, arguments.candidates, arguments.segments
    )
    facts = facts_from_json(arguments.facts)
    libraries = libraries_from(arguments)
    out = Path(arguments.out_dir)
    if sources.reference and not arguments.candidates:
        with_reads = [library for library in libraries if not is_result(library)]
        alleles_found = search(
            with_reads, sources.reference, arguments.reference, sources.models, settings
        )
        write_candidates(out / "candidates.vcf.gz", alleles_found, sources.reference.contigs)
        sources = dataclasses.replace(sources, candidates=alleles_found)
    case = prepare(arguments.patient, libraries, facts, sources, settings)
    found = results(case, settings)
    write_table(out / "allele_counts.tsv", AlleleCount, found.counts)
    write_table(out / "clones.tsv", CloneShare, found.clones)
    write_table(out / "hotspots.tsv", HotspotCheck, found.hotspots)
    write_table(out / "variant_summary.tsv", PairSummary, found.summaries)
    write_table(out / "vaf_points.tsv", VafPoint, found.points)
    alleles = [locus.allele for locus in case.loci]
    contigs = sources.reference.contigs if sources.reference else {}
    write_vcf(
        out / "variants.vcf.gz", found.changes, case.tracks, alleles, found.excluded_above, contigs
    )
    write_maf(out / "variants.maf", found.changes, case.tracks, alleles)
    write_table(out / "variants.tsv", VariantChange, found.changes)
