"""Count miRNAs and isomiRs of a patient's libraries and their change."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from amlresist import settings as station_settings
from amlresist.errors import InputError, Problem
from amlresist.files import write_text
from amlresist.libraries import LibraryInput, add_library_arguments, libraries_from
from amlresist.mirna import allele_rows, isomirs, rows
from amlresist.mirna.alleles import with_variants
from amlresist.mirna.library import count_library
from amlresist.mirna.records import (
    MirnaAllele,
    MirnaChange,
    MirnaCount,
    MirnaHairpin,
    MirnaLength,
    MirnaQc,
)
from amlresist.mirna.reference import Reference, read_reference
from amlresist.mirna.review import review_names
from amlresist.mirna.settings import Settings
from amlresist.mirna.variants import read_variants
from amlresist.sheet import Assay
from amlresist.tables import write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist mirna`."""
    add_library_arguments(parser, Assay.MIRNA)
    parser.add_argument("--matures", default="", help="mature miRNAs, FASTA (miRBase, MirGeneDB)")
    parser.add_argument("--hairpins", default="", help="their precursors, FASTA")
    parser.add_argument("--gff3", default="", help="miRBase GFF3, checked against the matures")
    parser.add_argument("--out-dir", required=True, help="folder for the tables")
    parser.add_argument("--settings", default="", metavar="JSON", help="settings of the station")


def main(arguments: argparse.Namespace) -> None:
    """Count every library, then write all tables."""
    settings = station_settings.load(Settings, "mirna", arguments.settings)
    libraries = libraries_from(arguments)
    reference = _reference(arguments, libraries, settings)
    counted = [count_library(library, reference, settings) for library in libraries]
    listed = [name for library in counted for name in library.names]
    review = review_names(reference, listed).values()
    found = rows.gather(arguments.patient, counted, review, reference)
    folder = Path(arguments.out_dir)
    source = Path(arguments.matures).stem
    for library in counted:
        if library.evidence and reference:
            table = isomirs.isomirs(library.evidence, reference, settings.isomir_min_reads)
            text = isomirs.gff3_text(table, library.library.sample, source)
            write_text(folder / f"isomirs_{library.library.sample}.gff3", text)
    write_table(folder / "mirna_qc.tsv", MirnaQc, rows.qc_rows(found))
    write_table(folder / "mirna_lengths.tsv", MirnaLength, rows.length_rows(found))
    alleles = allele_rows.allele_rows(found, reference)
    write_table(folder / "mirna_alleles.tsv", MirnaAllele, alleles)
    write_table(folder / "mirna_hairpins.tsv", MirnaHairpin, rows.hairpin_rows(found, reference))
    write_table(folder / "mirna_counts.tsv", MirnaCount, rows.count_rows(found))
    write_table(folder / "mirna_change.tsv", MirnaChange, rows.change_rows(found, settings))


def _reference(
    arguments: argparse.Namespace, libraries: Sequence[LibraryInput], settings: Settings
) -> Reference | None:
    if arguments.matures and arguments.hairpins:
        reference = read_reference(
            arguments.matures,
            arguments.hairpins,
            settings.species,
            settings.max_unplaced_share,
            arguments.gff3,
        )
        if settings.variants:
            known = read_variants(settings.variants, reference.hairpins, arguments.gff3)
            return with_variants(reference, known, settings.variants)
        return reference
    if all(library.given for library in libraries):
        return None
    raise InputError(
        Problem(
            "config",
            "reference",
            "",
            "small-RNA reads need matures and hairpins",
            "Set reference.matures and reference.hairpins to miRBase or MirGeneDB FASTA files.",
        )
    )
