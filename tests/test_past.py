"""The run that a drift is measured from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from past_runs import past_run

from mnist_report.evaluation.past import oldest_of


@pytest.mark.parametrize(
    ("runs", "expected"), [(1, ("run 4", 1)), (3, ("run 2", 3)), (5, ("run 0", 5)), (99, ("run 0", 5))]
)
def test_it_is_the_oldest_of_the_window(runs, expected):
    """Or the oldest there is, where the window is wider."""
    past = tuple(past_run(f"run {k}", np.ones(8, dtype=bool)) for k in range(5))
    found = oldest_of(past, runs, 8)
    assert (found.run_id, found.back) == expected


@pytest.mark.parametrize("right", [None, np.ones(7, dtype=bool)], ids=["not kept", "of other images"])
def test_a_run_whose_images_are_not_known_is_passed_over(right):
    """The next one is taken, and counted as what it is."""
    past = (past_run("blind", right), past_run("known", np.ones(8, dtype=bool)))
    found = oldest_of(past, 14, 8)
    assert (found.run_id, found.back) == ("known", 1)


def test_there_may_be_none():
    """The first run of all."""
    assert oldest_of((), 14, 8) is None


@given(known=st.lists(st.booleans(), max_size=20), runs=st.integers(1, 25))
def test_it_lies_within_the_window(known, runs):
    """And no older run of the window is known."""
    past = tuple(past_run(str(k), np.ones(3, dtype=bool) if there else None) for k, there in enumerate(known))
    found = oldest_of(past, runs, 3)
    window = range(max(0, len(known) - runs), len(known))
    assert (None if found is None else int(found.run_id)) == next((k for k in window if known[k]), None)
    assert found is None or found.back == len(known) - int(found.run_id) <= runs
