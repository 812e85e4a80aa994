"""Scores of every sample of a matrix, those that compare samples with each other included."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from amlresist.expression.cohort_scores import (
    gsva,
    normalised_ssgsea,
    require_company,
    standardise,
)
from amlresist.expression.gene_sets import GeneSet, members_in
from amlresist.expression.genes import GeneNames
from amlresist.expression.matrix import Matrix, row_identifiers
from amlresist.expression.measured import Floats, from_matrix, group_rows
from amlresist.expression.records import SampleScore
from amlresist.expression.scale import recognise_scale
from amlresist.expression.scores import Method, score_samples, weighted_sum


class CohortMethod(StrEnum):
    """Scores that change with the company a sample keeps."""

    GSVA = "gsva"
    SSGSEA_NORMALISED = "ssgsea_normalised"
    WEIGHTED_SUM_Z = "weighted_sum_z"


def log_values(matrix: Matrix, names: GeneNames, scale: str) -> tuple[tuple[str, ...], Floats]:
    """(genes, samples x genes on a log2 scale) of a whole matrix."""
    groups = group_rows(row_identifiers(matrix, names), names, merge_remarks=False)
    values = [
        from_matrix(matrix.column(sample), groups, recognise_scale(matrix, sample, scale)[0]).log2()
        for sample in matrix.samples
    ]
    return groups.genes, np.array(values)


def sample_scores(
    matrix: Matrix,
    names: GeneNames,
    gene_sets: Sequence[GeneSet],
    methods: Sequence[str],
    *,
    scale: str,
    minimum_genes: int,
    minimum_coverage: float,
    minimum_samples: int,
) -> list[SampleScore]:
    """Every set with every score in every sample; sets with too few genes are left out.

    Raises:
        InputError: too few samples for a score that compares them, or values of no known scale.
    """
    for name in methods:
        if name in set(CohortMethod):
            require_company(len(matrix.samples), minimum_samples, name, matrix.path)
    genes, values = log_values(matrix, names, scale)
    place_of = {gene: place for place, gene in enumerate(genes)}
    kept = []
    for gene_set in gene_sets:
        members, weights, _ = members_in(gene_set, place_of)
        if len(members) >= max(minimum_genes, minimum_coverage * len(gene_set.genes)):
            kept.append((gene_set.name, members, weights))
    return [
        SampleScore(sample, name, method, float(scores[i, j]))
        for method in methods
        for scores in [_score(method, values, [(m, w) for _, m, w in kept])]
        for i, sample in enumerate(matrix.samples)
        for j, (name, _, _) in enumerate(kept)
    ]


def _score(method: str, values: Floats, sets: list[tuple[np.ndarray, Floats]]) -> Floats:
    if method == CohortMethod.GSVA:
        return gsva(values, [members for members, _ in sets])
    if method == CohortMethod.SSGSEA_NORMALISED:
        return normalised_ssgsea(score_samples(values, sets, [Method.SSGSEA])[Method.SSGSEA])
    if method == CohortMethod.WEIGHTED_SUM_Z:
        sums = [weighted_sum(values, members, weights) for members, weights in sets]
        return standardise(np.array(sums).T)
    return score_samples(values, sets, [Method(method)])[Method(method)]
