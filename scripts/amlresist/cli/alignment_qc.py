"""Coverage, identity and contamination of a patient's DNA alignments."""

import argparse
from pathlib import Path

from amlresist.libraries import add_library_arguments, facts_from_json, libraries_from
from amlresist.sheet import Assay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist alignment-qc`."""
    add_library_arguments(parser, Assay.DNA)
    parser.add_argument("--reference", required=True, type=Path, help="genome.fa with its .fai")
    parser.add_argument("--gene-models", required=True, help="gene_models.tsv, GTF or GFF3")
    parser.add_argument("--facts", default="", metavar="JSON", help="what is known of the patient")
    parser.add_argument("--out-dir", required=True, type=Path)
    parser.add_argument("--settings", default="", metavar="JSON", help="section alignment_qc")


def main(arguments: argparse.Namespace) -> None:
    """Write `alignment_qc.tsv`, `gene_coverage.tsv`, `pair_identity.tsv` and `genotypes.tsv`."""
    from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, Genotype, PairIdentity
    from amlresist.alignment_qc.settings import Settings
    from amlresist.alignment_qc.station import examine_patient
    from amlresist.annotation import read_gene_models
    from amlresist.settings import load
    from amlresist.tables import write_table

    tables = examine_patient(
        arguments.patient,
        libraries_from(arguments),
        arguments.reference,
        read_gene_models(arguments.gene_models),
        facts_from_json(arguments.facts),
        load(Settings, "alignment_qc", arguments.settings),
    )
    write_table(arguments.out_dir / "alignment_qc.tsv", AlignmentQc, tables.libraries)
    write_table(arguments.out_dir / "gene_coverage.tsv", GeneCoverage, tables.genes)
    write_table(arguments.out_dir / "pair_identity.tsv", PairIdentity, tables.pairs)
    write_table(arguments.out_dir / "genotypes.tsv", Genotype, tables.genotypes)
