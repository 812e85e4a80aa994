"""Gene expression, pathway scores and their change within a pair."""

import argparse
from pathlib import Path

from amlresist.annotation import Transcript, read_gene_models
from amlresist.errors import InputError, Problem
from amlresist.evidence.knowledge import Role, genes
from amlresist.expression import tables as station
from amlresist.expression.change import prior_dispersion
from amlresist.expression.gene_sets import GeneSet, load_gene_sets, shipped_themes
from amlresist.expression.genes import GeneNames
from amlresist.expression.libraries import MeasuredLibrary, measure, require_fitting_columns
from amlresist.expression.matrix import read_matrix
from amlresist.expression.matrix_scores import CohortMethod, sample_scores
from amlresist.expression.records import (
    ExpressionChange,
    ExpressionLibrary,
    GeneExpression,
    PathwayChange,
    SampleScore,
    UnmappedIdentifier,
)
from amlresist.expression.reference_cohort import ReferenceCohort, prepare_cohort
from amlresist.expression.scores import Method
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
    parser.add_argument(
        "--score-matrix", default="", metavar="FILE", help="score every sample of a matrix instead"
    )
    parser.add_argument(
        "--score-methods",
        nargs="+",
        default=["singscore"],
        choices=[*Method, *CohortMethod],
        help="scores for --score-matrix; the last three compare samples with each other",
    )
    parser.add_argument("--settings", default="", metavar="JSON", help="settings of the station")


def main(arguments: argparse.Namespace) -> None:
    """Measure the libraries, compare them, write the tables."""
    settings = load(Settings, "expression", arguments.settings)
    _check_methods(settings)
    models = read_gene_models(arguments.gene_models) if arguments.gene_models else []
    names = GeneNames(models)
    gene_sets = load_gene_sets(settings.gene_sets, settings.networks, names)
    if arguments.score_matrix:
        _score_matrix(arguments, settings, names, gene_sets)
    else:
        _compare(arguments, settings, models, names, gene_sets)


def _compare(
    arguments: argparse.Namespace,
    settings: Settings,
    models: list[Transcript],
    names: GeneNames,
    gene_sets: list[GeneSet],
) -> None:
    libraries = libraries_from(arguments)
    theme_genes = frozenset(gene for theme in shipped_themes() for gene in theme.genes)
    reference = arguments.reference or None
    measured = [
        measure(library, arguments.patient, models, names, theme_genes, settings, reference)
        for library in libraries
    ]
    require_fitting_columns(measured)
    question = station.Question(
        arguments.patient,
        _genes_of_interest(theme_genes),
        gene_sets,
        facts_from_json(arguments.facts),
        _reference_cohort(settings, measured, names),
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


def _reference_cohort(
    settings: Settings, measured: list[MeasuredLibrary], names: GeneNames
) -> ReferenceCohort | None:
    path = settings.reference_cohort
    if not path:
        return None
    own = {m.column for m in measured if Path(m.library.paths[0]).resolve() == Path(path).resolve()}
    return prepare_cohort(
        read_matrix(path),
        names,
        left_out=own,
        scale_setting=settings.matrix_scale,
        minimum_samples=settings.cohort_minimum,
    )


def _score_matrix(
    arguments: argparse.Namespace, settings: Settings, names: GeneNames, gene_sets: list[GeneSet]
) -> None:
    rows = sample_scores(
        read_matrix(arguments.score_matrix),
        names,
        gene_sets,
        arguments.score_methods,
        scale=settings.matrix_scale,
        minimum_genes=settings.minimum_genes,
        minimum_coverage=settings.minimum_coverage,
        minimum_samples=settings.cohort_minimum,
    )
    write_table(arguments.out_dir / "sample_scores.tsv", SampleScore, rows)


def _check_methods(settings: Settings) -> None:
    unknown = [name for name in settings.methods if name not in set(Method)]
    if unknown or not settings.methods:
        raise InputError(
            Problem(
                "settings",
                "expression.methods",
                ", ".join(map(str, unknown)),
                "not a score of a single sample",
                f"Choose from {', '.join(Method)}; GSVA and the like need --score-matrix.",
            )
        )


def _genes_of_interest(theme_genes: frozenset[str]) -> dict[str, bool]:
    """Gene -> whether the review makes a claim about it; the genes of the themes go along."""
    of_interest = dict.fromkeys(theme_genes, False)
    of_interest.update((gene.gene, bool(_REVIEW & set(gene.roles))) for gene in genes())
    return of_interest
