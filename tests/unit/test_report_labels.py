"""Labels at the reader's threshold."""

import dataclasses
import math

from hypothesis import example, given
from hypothesis import strategies as st

import report_example
from amlresist.report import axes, labels
from amlresist.variants.records import VariantClass

RUN = 0.05
ROWS = report_example.example_variants()
THRESHOLD = st.floats(1e-4, 0.5)


def told(threshold: float) -> set[int]:
    found = [labels.label_at(row, threshold, RUN) for row in ROWS]
    return {i for i, label in enumerate(found) if label in labels.CHANGES}


def test_at_the_runs_own_threshold_the_labels_are_the_runs_own():
    assert [labels.label_at(row, RUN, RUN) for row in ROWS] == [row.variant_class for row in ROWS]


@given(THRESHOLD, THRESHOLD)
def test_a_stricter_reader_never_gains_a_label(one, other):
    assert told(min(one, other)) <= told(max(one, other))


@given(THRESHOLD)
def test_every_somatic_variant_is_counted_once(threshold):
    counts, wrong = labels.count_labels(ROWS, threshold, RUN)
    assert counts.total() == sum(map(labels.is_somatic, ROWS))
    assert 0 <= wrong <= counts.total()


@given(THRESHOLD)
def test_germline_and_artefacts_never_become_changes(threshold):
    fixed = {VariantClass.GERMLINE, VariantClass.ARTEFACT}
    for row in ROWS:
        if row.variant_class in fixed:
            assert labels.label_at(row, threshold, RUN) == row.variant_class


@given(THRESHOLD)
def test_a_locus_that_was_not_assayed_stays_open(threshold):
    row = next(row for row in ROWS if "not_assayed_before" in row.flags)
    sure = dataclasses.replace(row, p_acquired=1.0)
    assert labels.label_at(sure, threshold, RUN) == VariantClass.NOT_EVALUABLE


def test_presence_without_posterior_stays_open_for_a_lenient_reader():
    row = report_example.variant("KIT", "D816V", "not_evaluable", (0, 10), (5, 10))
    blank = dataclasses.replace(row, **{f"p_{label}": math.nan for label in labels.CHANGES})
    assert labels.label_at(blank, 0.5, RUN) == VariantClass.NOT_EVALUABLE


@example([5e-324])
@given(st.lists(st.floats(-50, 50), max_size=8))
def test_change_axis_is_symmetric_and_holds_every_value(values):
    axis = axes.change_axis(6, 194, values)
    assert axis.low == -axis.high
    assert all(axis.low <= value <= axis.high for value in values)
    assert axis.at(0.0) == 100


@given(st.floats(0, 1), st.floats(0, 1))
def test_vaf_axis_keeps_the_order(one, other):
    axis = axes.vaf_axis(0, 100)
    assert (axis.at(one) <= axis.at(other)) or one > other
