"""The rows that are kept of predictions that are only counted."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import law, samples

from mnist_report.evaluation.kept import Kept, Wanted
from mnist_report.evaluation.mistakes import choose_galleries, worst_of_each_pair


def kept_in_parts(predictions, images, cuts, wanted):
    edges = [0, *sorted(min(cut, len(predictions)) for cut in cuts), len(predictions)]
    rows = [np.arange(low, high) for low, high in pairwise(edges)]
    return [Kept.of(predictions.only(own), images[own], wanted) for own in rows if len(own)]


def numbered(n):
    """Images whose first two pixels tell which they are."""
    images = np.zeros((n, 2, 3), np.uint8)
    images[:, 0, 0] = np.arange(n)
    return images


@law
@given(samples(), st.lists(st.integers(0, 60), max_size=5), st.integers(0, 4), st.integers(0, 9), st.randoms())
def test_the_parts_keep_what_the_whole_keeps(sample, cuts, most, seed, random):
    """In whatever order they are added."""
    predictions, images = sample.predictions(), numbered(len(sample.labels))
    wanted = Wanted(most, seed)
    parts = kept_in_parts(predictions, images, cuts, wanted)
    random.shuffle(parts)
    found, whole = reduce(add, parts), Kept.of(predictions, images, wanted)
    places = found.predictions.index.tolist()
    assert places == whole.predictions.index.tolist()
    assert found.shown.tolist() == whole.shown.tolist()
    assert found.pixels[:, 0, 0].tolist() == found.shown.tolist()
    assert found.predictions.probabilities.tolist() == whole.predictions.probabilities.tolist()


@law
@given(samples(), st.lists(st.integers(0, 60), max_size=5), st.integers(0, 4), st.integers(0, 9))
def test_the_galleries_of_what_is_kept_are_those_of_the_whole(sample, cuts, most, seed):
    """The same images in the same order."""
    predictions = sample.predictions()
    kept = reduce(add, kept_in_parts(predictions, numbered(len(predictions)), cuts, Wanted(most, seed))).predictions
    found, whole = (choose_galleries(each, most_mistakes=most, seed=seed) for each in (kept, predictions))
    for name in ("mistakes", "near_misses", "label_issues", "samples"):
        assert kept.places(getattr(found, name)).tolist() == getattr(whole, name).tolist(), name
    assert kept.places(worst_of_each_pair(kept)).tolist() == worst_of_each_pair(predictions).tolist()
