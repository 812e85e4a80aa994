"""Change of gene-set scores within a pair, with null, interval and the genes behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from amlresist.expression.change import Direction
from amlresist.expression.correlation import (
    Correlation,
    SetCorrelations,
    as_if_independent,
    influence,
)
from amlresist.expression.gene_sets import GeneSet, members_in
from amlresist.expression.measured import Floats, Measured
from amlresist.expression.null_sets import (
    Places,
    expression_strata,
    generator_for,
    matched_sets,
    rank_p_value,
    resampled_genes,
)
from amlresist.expression.scores import Method, Ranked, rank_samples, score
from amlresist.multiple_testing import benjamini_hochberg

N_DRIVING = 8


class PathwaySettings(Protocol):
    """The settings a pathway's change depends on."""

    @property
    def methods(self) -> Sequence[str]:
        """Scores to compute."""

    @property
    def minimum_genes(self) -> int:
        """Fewest genes of a set in the data."""

    @property
    def minimum_coverage(self) -> float:
        """Smallest share of a set's genes in the data."""

    @property
    def minimum_background(self) -> int:
        """Fewest genes in the data."""

    @property
    def null_sets(self) -> int:
        """Random sets per gene set."""

    @property
    def gene_correlation(self) -> float:
        """Correlation of a set's genes where nothing better is known."""

    @property
    def bootstrap_samples(self) -> int:
        """Resamplings of a set's genes."""

    @property
    def fdr(self) -> float:
        """False discovery rate at which a direction is given."""

    @property
    def seed(self) -> int:
        """Seed of random sets and resampling."""


@dataclass(frozen=True)
class Pair:
    """Two libraries on the genes that both measured.

    Attributes:
        genes: symbols, sorted.
        before, after: prepared for scoring.
        strata: expression decile of each gene, by the mean of both.
    """

    genes: tuple[str, ...]
    before: Ranked
    after: Ranked
    strata: Places


@dataclass(frozen=True)
class ScoreChange:
    """Change of one score; NaN where it was not computed.

    Attributes:
        low, high: 95 % gene-bootstrap interval of `delta`.
        driving: genes that moved the score most, with their log2 change.
        q_value: NaN until `with_q_values`.
        correlation: how far the set's genes were taken to move together, None without a score.
    """

    gene_set: GeneSet
    method: Method
    genes_found: int
    before: float
    after: float
    delta: float
    low: float
    high: float
    p_value: float
    q_value: float
    direction: Direction
    driving: tuple[str, ...]
    reason: str
    correlation: Correlation | None = None


def make_pair(before: Measured, after: Measured) -> Pair:
    """Bring two libraries onto their common genes, on a log2 scale."""
    genes = tuple(sorted(set(before.genes) & set(after.genes)))
    values = np.array([_values(before, genes), _values(after, genes)])
    return Pair(
        genes,
        rank_samples(values[0]),
        rank_samples(values[1]),
        expression_strata(values.mean(axis=0)),
    )


def pathway_changes(
    pair: Pair,
    gene_sets: Sequence[GeneSet],
    settings: PathwaySettings,
    comparison: str,
    known: SetCorrelations | None = None,
) -> list[ScoreChange]:
    """Every set with every score.

    The null is competitive: random sets of the same size and expression deciles, moved with the
    same pair, widened for genes of a set moving together. It asks whether the set moved more than
    other genes, not whether a replicate would show it again.

    Args:
        comparison: name of the comparison; part of the seed.
        known: how far the genes of sets move together; the setting where a set is not there.
    """
    place_of = {gene: place for place, gene in enumerate(pair.genes)}
    changes = [
        change
        for gene_set in gene_sets
        for change in _set_changes(pair, gene_set, place_of, settings, comparison, known or {})
    ]
    return _with_q_values(changes, settings.fdr)


def score_delta(
    method: Method, pair: Pair, members: Places, weights: Floats
) -> tuple[Floats, Floats]:
    """(before, after) score of one set, or of many sets of the same size."""
    return score(method, pair.before, members, weights), score(method, pair.after, members, weights)


def why_not_evaluable(found: int, in_set: int, n_genes: int, settings: PathwaySettings) -> str:
    """Why a set has no score, "" when it has one."""
    if found < settings.minimum_genes:
        return f"{found} genes of {in_set} in the data, at least {settings.minimum_genes} needed"
    if found < settings.minimum_coverage * in_set:
        return (
            f"{found} of {in_set} genes in the data, at least"
            f" {settings.minimum_coverage:.0%} needed"
        )
    if n_genes < settings.minimum_background:
        return (
            f"{n_genes} genes were measured, at least {settings.minimum_background} needed to"
            " rank the set against"
        )
    return ""


def unscored(
    gene_set: GeneSet, method: Method, found: int, driving: tuple[str, ...], reason: str
) -> ScoreChange:
    """A set without a score, with its genes' changes as far as there are any."""
    nan = float("nan")
    return ScoreChange(
        gene_set,
        method,
        found,
        *(nan,) * 7,
        direction=Direction.NOT_EVALUABLE,
        driving=driving,
        reason=reason,
    )


def _values(measured: Measured, genes: tuple[str, ...]) -> Floats:
    if genes == measured.genes:
        return measured.log2()
    place = {gene: i for i, gene in enumerate(measured.genes)}
    return measured.log2()[[place[gene] for gene in genes]]


def _set_changes(
    pair: Pair,
    gene_set: GeneSet,
    place_of: dict[str, int],
    settings: PathwaySettings,
    comparison: str,
    known: SetCorrelations,
) -> list[ScoreChange]:
    members, weights, symbols = members_in(gene_set, place_of)
    methods = [Method(name) for name in settings.methods]
    reason = why_not_evaluable(len(members), len(gene_set.genes), len(pair.genes), settings)
    if reason:
        driving = _driving(pair, members, np.abs(weights), symbols, any_sign=True)
        return [unscored(gene_set, method, len(members), driving, reason) for method in methods]
    rng = generator_for(settings.seed, comparison, gene_set.name)
    random_sets = matched_sets(rng, members, pair.strata, settings.null_sets)
    resampled = resampled_genes(rng, weights, settings.bootstrap_samples)
    assumed = Correlation(settings.gene_correlation, "setting gene_correlation")
    return [
        _change(
            pair,
            gene_set,
            method,
            members,
            weights,
            symbols,
            random_sets,
            resampled,
            known.get((gene_set.name, method), assumed),
        )
        for method in methods
    ]


def _change(
    pair: Pair,
    gene_set: GeneSet,
    method: Method,
    members: Places,
    weights: Floats,
    symbols: list[str],
    random_sets: Places,
    resampled: Places,
    correlation: Correlation,
) -> ScoreChange:
    before, after = (float(s) for s in score_delta(method, pair, members, weights))
    delta = after - before
    null = _delta(method, pair, random_sets, weights)
    low, high = np.quantile(
        _resampled_delta(method, pair, members, weights, resampled), (0.025, 0.975)
    )
    ranked = method is not Method.ULM
    independent = as_if_independent(delta, null, influence(method, weights), correlation)
    moved = weights if delta >= 0 else -weights
    return ScoreChange(
        gene_set,
        method,
        len(members),
        before,
        after,
        delta,
        float(low),
        float(high),
        rank_p_value(independent, null),
        float("nan"),
        Direction.NO_CHANGE_SHOWN,
        _driving(pair, members, moved, symbols, by_rank=ranked),
        "",
        correlation,
    )


def _delta(method: Method, pair: Pair, members: Places, weights: Floats) -> Floats:
    before, after = score_delta(method, pair, members, weights)
    return after - before


def _resampled_delta(
    method: Method, pair: Pair, members: Places, weights: Floats, resampled: Places
) -> Floats:
    # ULM's weights differ in size and travel with their genes; signs stay in place as they are.
    own = weights[resampled] if method is Method.ULM else weights
    return _delta(method, pair, members[resampled], own)


def _driving(
    pair: Pair,
    members: Places,
    weights: Floats,
    symbols: list[str],
    *,
    by_rank: bool = False,
    any_sign: bool = False,
) -> tuple[str, ...]:
    log2 = pair.after.values[members] - pair.before.values[members]
    ranks = pair.after.mean_rank[members] - pair.before.mean_rank[members]
    push = np.abs(log2) if any_sign else weights * (ranks if by_rank else log2)
    order = sorted(range(len(symbols)), key=lambda i: (-push[i], symbols[i]))
    return tuple(f"{symbols[i]} {log2[i]:+.2f}" for i in order[:N_DRIVING] if push[i] > 0)


def _with_q_values(changes: list[ScoreChange], fdr: float) -> list[ScoreChange]:
    """q values over the evaluable sets of each method, and the verdicts that rest on them."""
    judged = list(changes)
    for method in sorted({change.method for change in changes}):
        places = [
            i
            for i, change in enumerate(changes)
            if change.method is method and change.direction is not Direction.NOT_EVALUABLE
        ]
        if places:
            q_values = benjamini_hochberg(np.array([changes[i].p_value for i in places]))
            for i, q_value in zip(places, q_values, strict=True):
                judged[i] = _judge(changes[i], float(q_value), fdr)
    return judged


def _judge(change: ScoreChange, q_value: float, fdr: float) -> ScoreChange:
    arithmetic = (
        f"{change.method} {change.before:.3g} to {change.after:.3g}, change {change.delta:+.3g}"
        f" (gene bootstrap {change.low:+.3g} to {change.high:+.3g}), q {q_value:.2g} among random"
        " sets of like size and expression"
    )
    if q_value > fdr:
        direction, verdict = Direction.NO_CHANGE_SHOWN, f"q above {fdr:g}"
    elif change.low <= 0 <= change.high:
        direction, verdict = Direction.NO_CHANGE_SHOWN, "the genes of the set disagree"
    else:
        direction = Direction.UP if change.delta > 0 else Direction.DOWN
        verdict = f"q at most {fdr:g} and the interval excludes no change"
    return replace(change, q_value=q_value, direction=direction, reason=f"{arithmetic}: {verdict}")
