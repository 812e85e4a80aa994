"""Where a pair's scores lie among those of a reference cohort."""

from collections.abc import Mapping, Sequence

import numpy as np

from amlresist.expression.cohort_scores import require_company
from amlresist.expression.gene_sets import GeneSet, members_in
from amlresist.expression.genes import GeneNames
from amlresist.expression.matrix import Matrix
from amlresist.expression.matrix_scores import log_values
from amlresist.expression.measured import Floats, Measured
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
    require_company(len(cohort.samples), minimum_samples, "a reference cohort", cohort.path)
    genes, values = log_values(cohort, names, scale_setting)
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


def _rows(values: Floats, genes: Sequence[str], wanted: Sequence[str]) -> Floats:
    place_of = {gene: place for place, gene in enumerate(genes)}
    return values[:, [place_of[gene] for gene in wanted]]
