"""What a reference cohort tells: percentiles of scores, and how far genes move together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amlresist.expression.cohort_scores import require_company
from amlresist.expression.correlation import (
    Correlation,
    PlacedSet,
    SetCorrelations,
    measured_correlations,
)
from amlresist.expression.gene_sets import GeneSet, members_in
from amlresist.expression.genes import GeneNames
from amlresist.expression.matrix import Matrix
from amlresist.expression.matrix_scores import log_values
from amlresist.expression.measured import Floats, Measured, Scale
from amlresist.expression.null_sets import generator_for
from amlresist.expression.scores import Method, rank_samples, score_samples

# Samples in which the correlation of genes is measured: more would tell it no better from the pairs
# that are looked at, and take memory.
_MAX_SAMPLES = 100

SetPercentiles = Mapping[tuple[str, Method], tuple[float, float]]


@dataclass(frozen=True)
class ReferenceCohort:
    """Samples to hold a pair against.

    Attributes:
        genes: symbols, sorted.
        values: samples x genes, log2.
    """

    genes: tuple[str, ...]
    values: Floats

    def on(self, genes: Sequence[str]) -> Floats:
        """Values of these genes."""
        return _columns(self.values, self.genes, genes)


def prepare_cohort(
    matrix: Matrix,
    names: GeneNames,
    *,
    left_out: Collection[str],
    scale_setting: str,
    minimum_samples: int,
) -> ReferenceCohort:
    """A matrix as reference cohort.

    Args:
        left_out: columns that are the pair's own.
        scale_setting: stated scale of the pair's matrix. Intensities, which cannot be recognised,
            are taken for such here too; any other scale is told from the values.

    Raises:
        InputError: the cohort is too small or its scale cannot be told.
    """
    kept = [i for i, sample in enumerate(matrix.samples) if sample not in left_out]
    require_company(len(kept), minimum_samples, "a reference cohort", matrix.path)
    others = Matrix(
        matrix.path,
        matrix.identifiers,
        matrix.symbols,
        tuple(matrix.samples[i] for i in kept),
        matrix.values[kept],
    )
    scale = scale_setting if scale_setting == Scale.INTENSITY else "auto"
    return ReferenceCohort(*log_values(others, names, scale))


def cohort_percentiles(
    before: Measured,
    after: Measured,
    cohort: ReferenceCohort,
    gene_sets: Sequence[GeneSet],
    methods: Sequence[Method],
    minimum_genes: int,
) -> SetPercentiles:
    """(set, method) -> percentiles (0-100) of the two libraries among the cohort's samples.

    All are scored anew on the genes that the pair and the cohort share, so that ranks mean the
    same. Sets with fewer than `minimum_genes` of them are left out.
    """
    shared = sorted(set(cohort.genes) & set(before.genes) & set(after.genes))
    if len(shared) < 2 * minimum_genes:
        return {}
    pair = [_columns(side.log2()[None], side.genes, shared) for side in (before, after)]
    kept = _placed(gene_sets, shared, minimum_genes)
    scores = score_samples(np.vstack([cohort.on(shared), *pair]), list(kept.values()), methods)
    return {
        (name, method): _percentiles(scores[method][:, i])
        for i, name in enumerate(kept)
        for method in methods
    }


def cohort_correlations(
    genes: Sequence[str],
    cohort: ReferenceCohort,
    gene_sets: Sequence[GeneSet],
    known: SetCorrelations,
    methods: Sequence[Method],
    *,
    minimum_genes: int,
    minimum_background: int,
    seed: int,
) -> dict[tuple[str, Method], Correlation]:
    """(set, method) -> how far its genes move together from sample to sample of the cohort.

    Sets with fewer than `minimum_genes` genes, and all when fewer than `minimum_background` genes
    are shared, are left out.

    Args:
        genes: of the pair.
        known: what is known without the cohort.
    """
    shared = sorted(set(cohort.genes) & set(genes))
    placed = _placed(gene_sets, shared, minimum_genes)
    if not placed or len(shared) < minimum_background:
        return {}
    rng = generator_for(seed, "pairs of the reference cohort")
    n_samples = len(cohort.values)
    rows = np.sort(rng.permutation(n_samples)[:_MAX_SAMPLES])
    ranked = rank_samples(cohort.on(shared)[rows])
    return measured_correlations(ranked, placed, known, methods, rng)


def _placed(
    gene_sets: Sequence[GeneSet], genes: Sequence[str], minimum_genes: int
) -> dict[str, PlacedSet]:
    place_of = {gene: place for place, gene in enumerate(genes)}
    placed = {s.name: members_in(s, place_of)[:2] for s in gene_sets}
    return {name: item for name, item in placed.items() if len(item[0]) >= minimum_genes}


def _percentiles(scores: Floats) -> tuple[float, float]:
    cohort, pair = scores[:-2], scores[-2:]
    before, after = (100.0 * float(np.mean(cohort <= value)) for value in pair)
    return before, after


def _columns(values: Floats, genes: Sequence[str], wanted: Sequence[str]) -> Floats:
    place_of = {gene: place for place, gene in enumerate(genes)}
    return values[:, [place_of[gene] for gene in wanted]]
