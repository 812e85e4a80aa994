"""From posteriors to labels: one class per variant, with the share of wrong ones controlled."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from amlresist.variants.likelihood import Floats, tail_probability
from amlresist.variants.model import Mask, Observations, Posterior, Question
from amlresist.variants.records import VariantClass

CLASSES = (
    VariantClass.ACQUIRED,
    VariantClass.LOST,
    VariantClass.EXPANDING,
    VariantClass.CONTRACTING,
    VariantClass.STABLE,
    VariantClass.GERMLINE,
    VariantClass.ARTEFACT,
)
_CHANGES = 4  # the first classes say that something changed


@dataclass(frozen=True, slots=True)
class Control:
    """How sure a label must be: limits of posterior error.

    Attributes:
        fdr: mean over the labels of a class, for acquired and lost.
        fdr_change: mean over the labels of every other class.
        max_error: any single label that says something changed.
        max_error_absent: any single label acquired or lost, but at loci judged by themselves.
        max_error_unchanged: any single label of the other classes.
        max_error_local: the same at loci judged by themselves.
    """

    fdr: float
    fdr_change: float
    max_error: float
    max_error_absent: float
    max_error_unchanged: float
    max_error_local: float

    def accepts(self, label: VariantClass, mean: Floats, error: Floats) -> Mask:
        """Which labels are given, of one class and sorted by error."""
        if label not in CLASSES[:_CHANGES]:
            return (mean <= self.fdr_change) & (error <= self.max_error_unchanged)
        if label in CLASSES[:2]:
            return (mean <= self.fdr) & (error <= min(self.max_error, self.max_error_absent))
        return (mean <= self.fdr_change) & (error <= self.max_error)


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of n loci.

    Attributes:
        probabilities: posterior of CLASSES, shape (n, 7); the first five are statements about the
            true VAFs that fit what was seen, see `statements`.
        best: index of the likeliest class.
        q_value: expected share of wrong labels among those of the class at least as sure.
        labelled: whether the likeliest class is sure enough to be given.
    """

    probabilities: Floats
    best: npt.NDArray[np.int64]
    q_value: Floats
    labelled: Mask

    def of(self, i: int) -> VariantClass:
        """Class of locus `i`."""
        return CLASSES[self.best[i]] if self.labelled[i] else VariantClass.NOT_EVALUABLE


def present(observations: Observations, column: int, alpha: float) -> Mask:
    """Whether more fragments carry the variant than errors explain (limit of blank)."""
    tail = tail_probability(
        observations.alt[:, column], observations.depth[:, column], observations.error[:, column]
    )
    return np.asarray(tail <= alpha)


def statements(posterior: Posterior, before: Mask, after: Mask) -> Floats:
    """Probabilities of CLASSES.

    A variant below the absence limit before that has grown is "acquired" if nothing was seen of it
    before, and "expanding" if it was seen: both are true statements then, and the data say which
    one can be made. Likewise "lost" and "contracting".

    Args:
        posterior: of each locus.
        before, after: whether the variant was seen then.
    """
    regions = posterior.regions
    return np.column_stack(
        (
            regions["acquired"] + np.where(before, 0, regions["small_before"]),
            regions["lost"] + np.where(after, 0, regions["small_after"]),
            regions["expanding"] + np.where(before, regions["small_before"], 0),
            regions["contracting"] + np.where(after, regions["small_after"], 0),
            regions["stable"],
            posterior.germline,
            posterior.artefact,
        )
    )


def label(
    probabilities: Floats,
    groups: npt.NDArray[np.int64],
    evaluable: Mask,
    local: Mask,
    control: Control,
) -> Labels:
    """Give labels so that the expected share of wrong ones stays below the limit.

    Within each class and group (variant type) loci are sorted by posterior error; labels are given
    while the mean error of those given is within the limit (Newton et al., Biostatistics 2004).

    Args:
        probabilities: from `statements`.
        groups: variant type of each locus; each is controlled by itself.
        evaluable: loci read at both time points; others get no label.
        local: hotspots and protein changes of drivers, judged by their own posterior error alone.
        control: the limits.
    """
    best = probabilities.argmax(axis=1)
    error = 1 - probabilities[np.arange(len(best)), best]
    q_value = np.ones(len(best))
    labelled = np.zeros(len(best), dtype=bool)
    for index, name in enumerate(CLASSES):
        for group in np.unique(groups):
            chosen = np.flatnonzero((best == index) & (groups == group) & evaluable)
            order = chosen[np.argsort(error[chosen], kind="stable")]
            mean = np.cumsum(error[order]) / np.arange(1, len(order) + 1)
            q_value[order] = mean
            labelled[order] = control.accepts(name, mean, error[order])
    allowed = np.where(best < _CHANGES, control.max_error, control.max_error_local)
    labelled |= local & evaluable & (error <= allowed)
    return Labels(probabilities, best, q_value, labelled)


def change_p_value(observations: Observations, question: Question) -> Floats:
    """Two-sided p of equal shares of leukemic cells, overdispersion included; NaN without depth.

    t = (f_after - s f_before) / sd with the pooled VAF in the variance, n k effective fragments.
    That rho is an estimate is allowed for by degrees of freedom 2 V^2 / var(V) of the variance V
    (Satterthwaite, Biometrics Bulletin 1946).
    """
    a = observations.alt[:, [question.before, question.after]].astype(np.float64)
    n = observations.depth[:, [question.before, question.after]].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        vaf = a / n
        effective = n / (1 + np.maximum(n - 1, 0) * question.rho)
        scale = question.scale
        pooled = (effective[:, 0] * vaf[:, 0] + effective[:, 1] * vaf[:, 1] / scale) / (
            effective.sum(axis=1)
        )
        pooled = np.clip(pooled, 0, np.minimum(1, 1 / scale))
        later = pooled * scale
        binomial = np.column_stack((scale**2 * pooled * (1 - pooled), later * (1 - later)))
        variance = (binomial / effective).sum(axis=1)
        slope = (binomial * (n - 1) / n).sum(axis=1)  # of the variance against rho
        freedom = 2 * (variance / np.maximum(slope * question.rho_error, 1e-12)) ** 2
        t = np.abs(vaf[:, 1] - scale * vaf[:, 0]) / np.sqrt(variance)
    return np.asarray(2 * stdtr(np.clip(freedom, 1, 1e9), -t))
