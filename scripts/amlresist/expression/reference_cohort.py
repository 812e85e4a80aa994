"""Where a pair's scores lie among those of a reference cohort."""

from collections.abc import Mapping, Sequence

import numpy as np

from amlresist.errors import InputError, Problem
from amlresist.expression.gene_sets import GeneSet, members_in
from amlresist.expression.genes import GeneNames
from amlresist.expression.matrix import Matrix, recognise_scale
from amlresist.expression.measured import (
    Floats,
    Measured,
    from_matrix,
    group_rows,
)
from amlresist.expression.scores import Method, score_samples

SetPercentiles = Mapping[tuple[str, Method], tuple[float, float]]


def cohort_percentiles(
    before: Measured,
    after: Measured,
    cohort: Matrix,
    gene_sets: Sequence[GeneSet],
    methods: Sequence[Method],
    names: GeneNames,
    *,
    scale_setting: str,
    minimum_samples: int,
    minimum_genes: int,
) -> SetPercentiles:
    """(set, method) -> percentiles (0-100) of the two libraries among the cohort's samples.

    All are scored anew on the genes that the pair and the cohort share, so that ranks mean the
    same. Sets with fewer than `minimum_genes` of them are left out.

    Raises:
        InputError: the cohort is too small or its scale cannot be told.
    """
    if len(cohort.samples) < minimum_samples:
        raise InputError(
            Problem(
                cohort.path,
                "",
                f"{len(cohort.samples)} samples",
                f"a reference cohort needs at least {minimum_samples} samples",
                "Give a larger matrix or leave expression.reference_cohort empty.",
            )
        )
    genes, values = _cohort_values(cohort, names, scale_setting)
    shared = sorted(set(genes) & set(before.genes) & set(after.genes))
    if len(shared) < 2 * minimum_genes:
        return {}
    stacked = np.vstack(
        [
            _rows(values, genes, shared),
            _rows(before.log2()[None], before.genes, shared),
            _rows(after.log2()[None], after.genes, shared),
        ]
    )
    place_of = {gene: place for place, gene in enumerate(shared)}
    placed = [(s.name, *members_in(s, place_of)[:2]) for s in gene_sets]
    kept = [item for item in placed if len(item[1]) >= minimum_genes]
    scores = score_samples(stacked, [(members, weights) for _, members, weights in kept], methods)
    return {
        (name, method): _percentiles(scores[method][:, i])
        for i, (name, _, _) in enumerate(kept)
        for method in methods
    }


def _percentiles(scores: Floats) -> tuple[float, float]:
    cohort, pair = scores[:-2], scores[-2:]
    before, after = (100.0 * float(np.mean(cohort <= value)) for value in pair)
    return before, after


def _cohort_values(
    cohort: Matrix, names: GeneNames, scale_setting: str
) -> tuple[tuple[str, ...], Floats]:
    groups = group_rows(cohort.identifiers, names, merge_remarks=False)
    rows = []
    for sample in cohort.samples:
        scale, _ = recognise_scale(cohort, sample, scale_setting)
        rows.append(from_matrix(cohort.column(sample), groups, scale).log2())
    return groups.genes, np.array(rows)


def _rows(values: Floats, genes: Sequence[str], wanted: Sequence[str]) -> Floats:
    place_of = {gene: place for place, gene in enumerate(genes)}
    return values[:, [place_of[gene] for gene in wanted]]
