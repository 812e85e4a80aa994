"""Distinct rows are NumPy's, whatever the numbers' range."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from amlresist.flt3_itd.rows import distinct_rows


@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(0, 30), st.integers(1, 12)),
        elements=st.sampled_from([-(2**40), -1, 0, 1, 2, 2**40]),
    )
)
def test_kinds_and_their_order_are_those_of_numpy(table):
    expected, inverse = np.unique(table, axis=0, return_inverse=True)
    first, kind = distinct_rows(table)
    assert np.array_equal(table[first], expected)
    assert np.array_equal(kind, inverse.ravel())
