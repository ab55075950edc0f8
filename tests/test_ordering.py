"""The first few of many."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation.ordering import smallest


@law
@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1), max_size=40), st.integers(1, 50))
def test_the_smallest_are_those_of_a_plain_sort(values, most):
    """Equal values by index, and all where there are no more."""
    expected = sorted(range(len(values)), key=lambda i: (values[i], i))[:most]
    assert smallest(np.array(values), most).tolist() == expected
