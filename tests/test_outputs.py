"""What a model's numbers are taken for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax, softmax

from mnist_report.model.outputs import agreement, recognise

LOGITS = np.random.default_rng(7).normal(0, 4, (120, 10)).astype(np.float32)
SIGMOID = 1 / (1 + np.exp(-LOGITS))
SHAPES = {"probabilities": softmax(LOGITS, axis=1), "log-probabilities": log_softmax(LOGITS, axis=1), "logits": LOGITS}


@pytest.mark.parametrize("kind", SHAPES)
def test_each_form_becomes_the_same_probabilities(kind):
    """Those of scipy's softmax."""
    found = recognise(SHAPES[kind])
    assert found.kind == kind
    np.testing.assert_allclose(found.probabilities, softmax(LOGITS.astype(float), axis=1), atol=1e-6)


def test_of_sigmoids_the_probability_that_one_alone_is_right_is_made():
    """By a plain loop: this one is right, all others are wrong, divided by the sum over all classes."""
    found = recognise(SIGMOID)
    assert found.kind == "sigmoids"
    for row, scores in zip(found.probabilities[:20], SIGMOID[:20].astype(float), strict=True):
        alone = [math.prod(p if j == k else 1 - p for j, p in enumerate(scores)) for k in range(10)]
        np.testing.assert_allclose(row, [value / sum(alone) for value in alone], rtol=1e-4)


@pytest.mark.parametrize("row", [[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1], [1, np.nextafter(np.float32(1), 0), 0]])
def test_sigmoids_at_their_ends_keep_the_order_of_the_classes(row):
    """Nothing is divided by nothing."""
    rows = np.array([[0.5, 0.9, 0.9], row], np.float32)
    found = recognise(rows)
    assert found.kind == "sigmoids"
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-6)
    assert found.probabilities.argmax(axis=1).tolist() == rows.argmax(axis=1).tolist()


def test_quantised_probabilities_that_sum_to_nearly_one_are_divided_by_their_sum():
    """As a model in int8 gives them."""
    rough = (np.round(softmax(LOGITS, axis=1) * 256) / 256).astype(np.float32)
    found = recognise(rough)
    assert found.kind == "rounded probabilities"
    np.testing.assert_allclose(found.probabilities, rough / rough.sum(axis=1, keepdims=True), rtol=1e-6)


def test_nobody_can_tell_what_is_not_finite():
    """It comes back as it is; what reads it next says that the model is broken."""
    broken = LOGITS.copy()
    broken[0, 0] = np.nan
    assert recognise(broken).probabilities is broken


ROWS = arrays(np.float32, (4, 3), elements=st.floats(-50, 50, width=32))


@given(ROWS)
def test_whatever_it_is_becomes_rows_of_probabilities(answer):
    """That sum to 1 and keep the order of the classes."""
    found = recognise(answer).probabilities.astype(float)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=2e-3)
    assert (found >= 0).all()
    of_first = found[np.arange(4), answer.argmax(axis=1)]
    assert (of_first == found.max(axis=1)).all()


@given(ROWS, st.floats(-20, 20, width=32))
def test_a_constant_added_to_logits_changes_nothing(answer, constant):
    """As the softmax has it."""
    first, second = recognise(answer), recognise(answer + np.float32(constant))
    if first.kind == second.kind == "logits":
        np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-4)


def test_agreement_counts_classes_and_finds_the_largest_difference():
    """By a plain loop over images and classes."""
    rows = softmax(LOGITS, axis=1)
    other = softmax(LOGITS + np.random.default_rng(8).normal(0, 0.5, LOGITS.shape).astype(np.float32), axis=1)
    found = agreement(other, rows, single_label=False)
    pairs = list(zip(other.tolist(), rows.tolist(), strict=True))
    same = sum(a.index(max(a)) == b.index(max(b)) for a, b in pairs)
    assert 0 < same < len(rows)
    assert (found.n, found.same) == (len(rows), same)
    assert found.largest_difference == pytest.approx(
        max(abs(p - q) for a, b in pairs for p, q in zip(a, b, strict=True))
    )


def test_agreement_of_logits_is_that_of_their_probabilities():
    """A constant that is added to all of them changes nothing."""
    found = agreement(LOGITS + np.float32(1), LOGITS, single_label=False)
    assert found.same == len(LOGITS)
    assert found.largest_difference < 1e-6


def test_of_classes_alone_the_agreement_is_a_count():
    """There are no probabilities that could differ."""
    found = agreement(np.float32([[1], [2], [3]]), np.float32([[1], [9], [3]]), single_label=True)
    assert (found.n, found.same, found.largest_difference) == (3, 2, None)
