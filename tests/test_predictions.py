"""Each image's row of predictions, against plain loops and scikit-learn."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import example, given
from strategies import Sample, by_rank, law, plain_rows, samples

from mnist_report.errors import ModelError
from mnist_report.evaluation.one_hot import LEAST_ONE_HOT, is_one_hot
from mnist_report.evaluation.predictions import (
    interpret,
    make_class_predictions,
    make_predictions,
)

NAMES = ("cat", "dog", "eel")
EPSILON = float(np.finfo(np.float64).eps)
# The truth is all but certain: what is left of the squares is next to nothing.
CERTAIN = Sample(np.array([[1 - 3e-9, 1e-9, 1e-9, 1e-9]] * 3), np.zeros(3, dtype=np.int64), ("a", "b", "c", "d"))


def predict(*rows, labels=None, where="model.keras"):
    """Predictions of the first class for hand-made rows, unless labels are given."""
    truth = np.array(labels or [0] * len(rows), dtype=np.int64)
    return make_predictions(np.array(rows, dtype=np.float32), truth, NAMES, where)


@law
@given(samples())
def test_the_prediction_is_the_most_probable_class(sample):
    """Among equals the lowest index."""
    assert sample.predictions().predicted.tolist() == [by_rank(row)[0] for row in plain_rows(sample)]


@law
@given(samples())
def test_the_runner_up_is_the_second_most_probable_class(sample):
    """Among equals the lowest index that is left."""
    assert sample.predictions().runner_up.tolist() == [by_rank(row)[1] for row in plain_rows(sample)]


@law
@given(samples())
def test_the_confidence_is_the_highest_probability(sample):
    """Of the row divided by its sum."""
    assert sample.predictions().confidence == pytest.approx([max(row) for row in plain_rows(sample)], rel=1e-12)


@law
@given(samples())
def test_the_margin_is_the_lead_over_the_runner_up(sample):
    """Nothing at all where the two are tied."""
    ranked = [sorted(row, reverse=True) for row in plain_rows(sample)]
    assert sample.predictions().margin == pytest.approx([row[0] - row[1] for row in ranked], abs=1e-12)


@law
@given(samples())
def test_the_loss_is_the_negative_logarithm_of_the_labels_probability(sample):
    """In nats, clipped at the float64 epsilon."""
    expected = [
        -math.log(max(row[k], EPSILON)) for row, k in zip(plain_rows(sample), sample.labels.tolist(), strict=True)
    ]
    assert sample.predictions().loss == pytest.approx(expected, rel=1e-12, abs=1e-15)


@law
@given(samples())
def test_the_mean_loss_is_the_log_loss_of_scikit_learn(sample):
    """With every class known, seen or not."""
    from sklearn.metrics import log_loss

    expected = log_loss(sample.labels, np.array(plain_rows(sample)), labels=range(len(sample.class_names)))
    assert sample.predictions().loss.mean() == pytest.approx(expected, rel=1e-12, abs=1e-15)


@law
@given(samples())
def test_the_brier_score_is_the_squared_distance_to_the_truth(sample):
    """Summed over all classes."""
    expected = [
        math.fsum((p - (k == label)) ** 2 for k, p in enumerate(row))
        for row, label in zip(plain_rows(sample), sample.labels.tolist(), strict=True)
    ]
    assert sample.predictions().brier == pytest.approx(expected, rel=1e-12, abs=1e-14)


@law
@given(samples())
@example(CERTAIN)
def test_the_brier_score_lies_between_0_and_2(sample):
    """A squared distance is never negative, not even by a rounding error."""
    brier = sample.predictions().brier
    assert brier.min() >= 0
    assert brier.max() <= 2


@law
@given(samples())
def test_right_says_where_the_prediction_is_the_label(sample):
    """One truth value an image."""
    predictions = sample.predictions()
    expected = [p == k for p, k in zip(predictions.predicted.tolist(), sample.labels.tolist(), strict=True)]
    assert predictions.right.tolist() == expected


def test_the_number_of_images_is_the_length():
    """As of any sequence."""
    assert len(predict((1, 0, 0), (0, 1, 0))) == 2


def test_a_tie_goes_to_the_lowest_index():
    """All three equal: the first is predicted, the second comes next."""
    predictions = predict((1 / 3, 1 / 3, 1 / 3))
    assert (predictions.predicted.tolist(), predictions.runner_up.tolist()) == ([0], [1])


def test_a_label_without_any_probability_costs_a_finite_loss():
    """36.04 nats, the logarithm of the float64 epsilon."""
    assert predict((0, 1, 0)).loss.tolist() == [-math.log(EPSILON)]


def test_a_row_that_is_a_little_off_is_divided_by_its_sum():
    """Rounded probabilities are no reason to refuse a model."""
    assert predict((0.6, 0.3, 0.1005)).confidence == pytest.approx([0.6 / 1.0005], rel=1e-6)


def test_probabilities_are_kept_as_the_model_gave_them():
    """float32, not divided by anything."""
    row = (0.6, 0.3, 0.1005)
    assert np.array_equal(predict(row).probabilities, np.array([row], dtype=np.float32))


@pytest.mark.parametrize(
    "convert",
    [
        lambda rows: rows.astype(np.float16),
        lambda rows: rows.astype(np.float64),
        np.asfortranarray,
        lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
        lambda rows: rows[::-1][::-1],
    ],
    ids=["float16", "float64", "column-major", "every other column", "reversed twice"],
)
def test_any_float_array_says_the_same(convert):
    """Type and layout are the model's business."""
    rows = np.array([[0.5, 0.25, 0.25], [0.125, 0.375, 0.5]], dtype=np.float32)
    plain, converted = (make_predictions(a, np.array([0, 1]), NAMES) for a in (rows, convert(rows)))
    assert converted.probabilities.dtype == np.float32
    assert converted.probabilities.flags.c_contiguous
    assert np.array_equal(converted.loss, plain.loss)


def test_softmax_outputs_in_float16_are_probabilities():
    """Their sums miss 1 by a few thousandths of a percent; mixed precision is common."""
    logits = np.random.default_rng(3).normal(scale=3, size=(500, 10))
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = tuple("0123456789")
    predictions = make_predictions(rows.astype(np.float16), np.zeros(500, dtype=np.int64), names)
    assert predictions.confidence == pytest.approx(rows.max(axis=1), rel=2e-3)


def test_the_models_array_is_left_alone():
    """Predictions are derived, nothing is changed in place."""
    rows = np.array([[0.6, 0.3, 0.1005]], dtype=np.float32)
    before = rows.copy()
    make_predictions(rows, np.array([0]), NAMES)
    assert np.array_equal(rows, before)


@pytest.mark.parametrize(
    ("bad", "telling"),
    [
        ((math.nan, 0.5, 0.5), "NaN or infinity"),
        ((math.inf, 0, 0), "NaN or infinity"),
        ((1, -math.inf, 0), "NaN or infinity"),
        ((1.2, -0.1, -0.1), "negative"),
        ((0.5, 0.3, 0.1), "sum to 1"),
        ((0.8, 0.8, 0.8), "sum to 1"),
        ((0, 0, 0), "sum to 1"),
    ],
)
def test_a_row_that_is_not_probabilities_is_named(bad, telling):
    """The message names the model and the row and says what is wrong with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ModelError, match=rf"^model\.keras: row 2 .*{telling}"):
            predict((1, 0, 0), (0, 1, 0), bad)


def test_a_signalling_nan_is_refused_like_any_other():
    """Numpy warns of its conversion."""
    rows = np.array([0x7F800001, 0, 0], np.uint32).view(np.float32)[np.newaxis]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ModelError, match="NaN or infinity"):
            make_predictions(rows, np.array([0]), NAMES)


def test_the_first_of_several_bad_rows_is_named_with_their_number():
    """One line says how bad it is."""
    with pytest.raises(ModelError, match=r"row 1 .*\(2 such rows"):
        predict((1, 0, 0), (2, 2, 2), (0, 1, 0), (3, 3, 3))


@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (2,), (2, 3, 1)])
def test_a_shape_that_does_not_fit_is_an_error(shape):
    """The message says which was found and which was expected."""
    with pytest.raises(ModelError) as caught:
        make_predictions(np.full(shape, 1.0), np.array([0, 1]), NAMES)
    assert f"{shape}, expected (2, 3)" in str(caught.value)


HARD = np.eye(3, dtype=np.float32)[np.arange(LEAST_ONE_HOT) % 3]


def with_row(*row):
    """Many one-hot rows and another last one."""
    return np.vstack([HARD, np.array(row, dtype=np.float32)])


ONE_HOT = {
    "floats": (HARD, True),
    "whole numbers": (HARD.astype(np.uint8), True),
    "a class that is never said": (HARD[:, [0, 0, 2]] * [1, 0, 1] + (HARD[:, [1]] * [1, 0, 0]), True),
    "few": (HARD[1:], False),
    "a graded row": (with_row(0.9, 0.1, 0), False),
    "a row of nothing": (with_row(0, 0, 0), False),
    "a row of two": (with_row(1, 1, 0), False),
    "nearly": (with_row(1, 1e-30, 0), False),
    "another number": (with_row(2, 0, 0), False),
    "no number": (with_row(np.nan, 0, 0), False),
}


@pytest.mark.parametrize("name", ONE_HOT)
def test_rows_are_one_hot_or_not(name):
    """All of them, exactly, and at least a hundred."""
    rows, expected = ONE_HOT[name]
    assert is_one_hot(rows) is expected


def test_one_hot_rows_are_classes():
    """Which is all that they say."""
    labels = np.zeros(LEAST_ONE_HOT, dtype=np.int64)
    predictions = interpret(HARD, labels, NAMES, "model")
    assert not predictions.graded
    assert predictions.predicted.tolist() == HARD.argmax(axis=1).tolist()


@law
@given(samples())
def test_other_rows_are_probabilities(sample):
    """As `make_predictions` has them."""
    found, expected = interpret(*sample, "model"), sample.predictions()
    assert found.graded
    assert found.loss.tolist() == expected.loss.tolist()


def test_classes_alone_have_nothing_else():
    """NaN, not 0: nobody can mistake it for a number."""
    found = make_class_predictions(np.array([2, 1], np.uint8), np.array([2, 0]), NAMES, "model")
    assert (found.right.tolist(), found.predicted.dtype, found.graded) == ([True, False], np.int64, False)
    assert found.runner_up.tolist() == [-1, -1]
    assert all(np.isnan(part).all() for part in (found.confidence, found.margin, found.loss, found.brier, found.rows))
    assert found.probabilities.shape == (2, 3)


def test_some_rows_of_classes_alone():
    """In another order."""
    found = make_class_predictions(np.array([2, 1, 0]), np.array([2, 0, 0]), NAMES, "model").only(np.array([2, 0]))
    assert (found.predicted.tolist(), found.labels.tolist(), found.graded) == ([0, 2], [0, 2], False)


NO_CLASSES = {
    "high": (np.array([0, 3]), "row 1 says class 3, expected 0 to 2 (1 such rows)"),
    "negative": (np.array([0, -1]), "row 1 says class -1, expected 0 to 2"),
    "fractions": (np.array([0.0, 1.0]), "predicted classes are float64 of shape (2,), expected whole numbers"),
    "fewer": (np.array([0]), "predicted classes are int64 of shape (1,), expected whole numbers of shape (2,)"),
}


@pytest.mark.parametrize("name", NO_CLASSES)
def test_what_is_no_class_is_an_error(name):
    """With its place."""
    predicted, expected = NO_CLASSES[name]
    with pytest.raises(ModelError) as found:
        make_class_predictions(predicted, np.array([0, 0]), NAMES, "model.onnx")
    assert str(found.value).startswith(f"model.onnx: {expected}")
