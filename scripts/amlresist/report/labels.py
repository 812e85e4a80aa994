"""Labels of variants at the threshold the reader chooses, and how many of them are expected wrong.

The browser does the same arithmetic (`relabel` in page.js); a browser test holds the two together.
"""

import math
from collections import Counter
from collections.abc import Iterable

from amlresist.variants.records import VariantChange, VariantClass

CHANGES = (
    VariantClass.ACQUIRED,
    VariantClass.LOST,
    VariantClass.EXPANDING,
    VariantClass.CONTRACTING,
    VariantClass.STABLE,
)
# What the reader can allow; the largest error of a label of the run is put among them.
THRESHOLDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
NOT_ASSAYED = "not_assayed"
# A candidate that was not seen hides nothing that matters when VAFs above this are excluded.
BACKGROUND_LIMIT = 0.05
SURELY_GERMLINE = 0.95  # posterior that sets a variant of a single time point aside


def thresholds(run_fdr: float) -> tuple[float, ...]:
    """Stops of the slider, ascending, with the run's own among them."""
    return tuple(sorted({*THRESHOLDS, run_fdr}))


def is_pair(comparison: str) -> bool:
    """Whether two time points are compared; a single one is named alone."""
    return ">" in comparison


def is_somatic(row: VariantChange) -> bool:
    """Whether the row takes part in the question what changed."""
    if row.variant_class == VariantClass.NOT_EVALUABLE:
        return not is_background(row) and not is_inherited(row)
    return row.variant_class in CHANGES


def is_background(row: VariantChange) -> bool:
    """Whether a candidate never rose above sequencing error, at depths that would have shown it."""
    sides = [(row.before_present, row.before_excluded_above)]
    if is_pair(row.comparison):
        sides.append((row.after_present, row.after_excluded_above))
    return row.variant_class == VariantClass.NOT_EVALUABLE and all(
        present is False and excluded <= BACKGROUND_LIMIT for present, excluded in sides
    )


def is_inherited(row: VariantChange) -> bool:
    """Whether the variant is germline, as far as the time points that there are can tell."""
    alone = not is_pair(row.comparison) and row.p_germline >= SURELY_GERMLINE
    return row.variant_class == VariantClass.GERMLINE or alone


def label_at(row: VariantChange, fdr: float, run_fdr: float) -> VariantClass:
    """Label of a variant when the reader allows `fdr`.

    At `run_fdr`, the largest error of a label of a change in the run, this is the run's own label.
    A stricter reader keeps a label only while its
    q-value is within `fdr`. A more lenient reader gives an open variant its most probable class
    once the posterior error of that class is within `fdr`; a locus that was not assayed stays open.
    """
    if row.variant_class in CHANGES:
        kept = fdr >= run_fdr or _q_value(row) <= fdr
        return row.variant_class if kept else VariantClass.NOT_EVALUABLE
    if row.variant_class != VariantClass.NOT_EVALUABLE or fdr <= run_fdr or _unassayed(row):
        return row.variant_class
    best = max(CHANGES, key=lambda label: posterior(row, label))
    within = 1 - posterior(row, best) <= fdr  # False for NaN: a row without posterior stays open
    return best if within else VariantClass.NOT_EVALUABLE


def may_open(row: VariantChange) -> bool:
    """Whether some stop of the slider leaves the row without a label."""
    return row.variant_class == VariantClass.NOT_EVALUABLE or _q_value(row) > THRESHOLDS[0]


def posterior(row: VariantChange, label: VariantClass) -> float:
    """Posterior probability of one class."""
    return float(getattr(row, f"p_{label.removeprefix('likely_')}"))


def count_labels(
    rows: Iterable[VariantChange], fdr: float, run_fdr: float
) -> tuple[Counter[VariantClass], float]:
    """How many somatic variants carry each label, and how many labels are expected to be wrong."""
    counts: Counter[VariantClass] = Counter()
    wrong = 0.0
    for row in filter(is_somatic, rows):
        label = label_at(row, fdr, run_fdr)
        counts[label] += 1
        wrong += label_error(row, label)
    return counts, wrong


def count_pairs(
    rows: Iterable[VariantChange],
) -> dict[tuple[str, str], Counter[VariantClass]]:
    """Somatic variants with each of the run's labels, per (patient, comparison of two times)."""
    counts: dict[tuple[str, str], Counter[VariantClass]] = {}
    for row in rows:
        if is_pair(row.comparison):
            own = counts.setdefault((row.patient, row.comparison), Counter())
            own[row.variant_class] += is_somatic(row)
    return counts


def label_error(row: VariantChange, label: VariantClass) -> float:
    """Posterior probability that `label` is wrong; 0 for "cannot be told", which claims nothing."""
    if label == VariantClass.NOT_EVALUABLE:
        return 0.0
    sure = row.probability if label == row.variant_class else posterior(row, label)
    return 0.0 if math.isnan(sure) else 1 - sure


def _q_value(row: VariantChange) -> float:
    return 1 - row.probability if math.isnan(row.q_value) else row.q_value


def _unassayed(row: VariantChange) -> bool:
    return any(flag.startswith(NOT_ASSAYED) for flag in row.flags)
