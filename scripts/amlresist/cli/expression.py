"""Gene expression, pathway scores and their change within a pair."""

import argparse
from pathlib import Path

from amlresist.annotation import read_gene_models
from amlresist.evidence.knowledge import Role, genes
from amlresist.expression import tables as station
from amlresist.expression.change import prior_dispersion
from amlresist.expression.gene_sets import load_gene_sets, shipped_themes
from amlresist.expression.genes import GeneNames
from amlresist.expression.libraries import measure, require_one_scale
from amlresist.expression.matrix import read_matrix
from amlresist.expression.records import (
    ExpressionChange,
    ExpressionLibrary,
    GeneExpression,
    PathwayChange,
    UnmappedIdentifier,
)
from amlresist.expression.settings import Settings
from amlresist.libraries import add_library_arguments, facts_from_json, libraries_from
from amlresist.settings import load
from amlresist.sheet import Assay
from amlresist.tables import write_table

_REVIEW = {Role.REVIEW_EXPRESSION, Role.REVIEW_TARGET, Role.REVIEW_VARIANT}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add_library_arguments(parser, Assay.RNA)
    parser.add_argument("--gene-models", default="", help="gene_models.tsv, GTF or GFF3")
    parser.add_argument("--reference", default="", help="genome FASTA, for CRAM")
    parser.add_argument("--facts", default="", metavar="JSON", help="what is known of the patient")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder for the tables")
    parser.add_argument("--settings", default="", metavar="JSON", help="settings of the station")


def main(arguments: argparse.Namespace) -> None:
    """Measure the libraries, compare them, write the tables."""
    settings = load(Settings, "expression", arguments.settings)
    libraries = libraries_from(arguments)
    models = read_gene_models(arguments.gene_models) if arguments.gene_models else []
    names = GeneNames(models)
    gene_sets = load_gene_sets(settings.gene_sets, settings.networks, names)
    theme_genes = frozenset(gene for theme in shipped_themes() for gene in theme.genes)
    reference = arguments.reference or None
    measured = [
        measure(library, arguments.patient, models, names, theme_genes, settings, reference)
        for library in libraries
    ]
    require_one_scale(measured)
    question = station.Question(
        arguments.patient,
        _genes_of_interest(theme_genes),
        gene_sets,
        facts_from_json(arguments.facts),
        names,
        read_matrix(settings.reference_cohort) if settings.reference_cohort else None,
    )
    threshold = settings.expressed_threshold
    out_dir: Path = arguments.out_dir
    change = station.change_rows(question, measured, prior_dispersion(settings.prior_bcv), settings)
    pathways = station.pathway_rows(question, measured, settings)
    write_table(
        out_dir / "expression.tsv",
        GeneExpression,
        station.expression_rows(arguments.patient, measured, threshold),
    )
    write_table(
        out_dir / "expression_qc.tsv",
        ExpressionLibrary,
        station.library_rows(question, measured, theme_genes, threshold),
    )
    write_table(
        out_dir / "expression_unmapped.tsv",
        UnmappedIdentifier,
        station.unmapped_rows(arguments.patient, measured),
    )
    write_table(out_dir / "expression_change.tsv", ExpressionChange, change)
    write_table(out_dir / "pathways.tsv", PathwayChange, pathways)


def _genes_of_interest(theme_genes: frozenset[str]) -> dict[str, bool]:
    """Gene -> whether the review makes a claim about it; the genes of the themes go along."""
    of_interest = dict.fromkeys(theme_genes, False)
    of_interest.update((gene.gene, bool(_REVIEW & set(gene.roles))) for gene in genes())
    return of_interest
