"""Metrics of the confusion counts, for one matrix and for many, against scikit-learn."""

import math
import warnings

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation import confusion as of
from mnist_report.evaluation.intervals import percentile_interval

counts = st.integers(2, 8).flatmap(
    lambda classes: hnp.arrays(np.int64, (classes, classes), elements=st.integers(0, 9)).filter(lambda m: m.any())
)
DIAGONAL = np.array([[90, 8, 2], [5, 60, 5], [1, 4, 25]])


def from_sklearn(name, matrix):
    """The oracle on images that give these counts; NaN where we say that it is not defined."""
    from sklearn import metrics

    actual, predicted = (np.repeat(side.ravel(), matrix.ravel()) for side in np.indices(matrix.shape))
    known = {"labels": range(len(matrix)), "zero_division": np.nan}
    one_sided = len(set(actual.tolist())) == 1 or len(set(predicted.tolist())) == 1
    functions = {
        "recall": lambda: metrics.recall_score(actual, predicted, average=None, **known),
        "precision": lambda: metrics.precision_score(actual, predicted, average=None, **known),
        "f1": lambda: metrics.f1_score(actual, predicted, average=None, **known),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(actual, predicted),
        "macro_precision": lambda: metrics.precision_score(actual, predicted, average="macro", **known),
        "macro_recall": lambda: metrics.recall_score(actual, predicted, average="macro", **known),
        "macro_f1": lambda: metrics.f1_score(actual, predicted, average="macro", **known),
        "mcc": lambda: math.nan if one_sided else metrics.matthews_corrcoef(actual, predicted),
        "cohen_kappa": lambda: metrics.cohen_kappa_score(actual, predicted, labels=range(len(matrix))),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that only one side knows
        return functions[name]()


@law
@given(counts)
@pytest.mark.parametrize("name", ["recall", "precision", "f1"])
def test_a_rate_of_each_class_is_that_of_scikit_learn(name, matrix):
    """NaN where its denominator is 0."""
    found = getattr(of, name)(of.margins(matrix)).tolist()
    assert found == pytest.approx(from_sklearn(name, matrix).tolist(), rel=1e-12, nan_ok=True)


@law
@given(counts)
def test_the_overall_metrics_are_those_of_scikit_learn(matrix):
    """NaN where one is not defined, without a warning."""
    found = {name: float(metric(of.margins(matrix))) for name, metric in of.OVERALL.items()}
    expected = {name: from_sklearn(name, matrix) for name in of.OVERALL}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@law
@given(st.lists(hnp.arrays(np.int64, (4, 4), elements=st.integers(0, 9)), min_size=1, max_size=5))
def test_many_matrices_at_a_time_give_what_each_gives_alone(matrices):
    """One row of margins a matrix."""
    alone = [of.margins(matrix + np.eye(4, dtype=np.int64)) for matrix in matrices]
    together = of.Margins(*(np.stack([getattr(m, part) for m in alone]) for part in ("right", "actual", "predicted")))
    for metric in of.OVERALL.values():
        assert metric(together).tolist() == pytest.approx([float(metric(m)) for m in alone], rel=1e-12)


@law
@given(counts)
def test_margins_are_the_diagonal_and_the_sums_of_rows_and_columns(matrix):
    """A plain loop."""
    found, classes = of.margins(matrix), range(len(matrix))
    assert found.right.tolist() == [matrix[k, k] for k in classes]
    assert found.actual.tolist() == [sum(matrix[k].tolist()) for k in classes]
    assert found.predicted.tolist() == [sum(matrix[:, k].tolist()) for k in classes]


@law
@given(st.data(), st.integers(1, 6), st.integers(0, 12))
def test_margins_of_cells_are_those_of_a_plain_loop(data, classes, cells):
    """Of several matrices at a time; a cell may be given twice, and a class not at all."""
    kinds = hnp.arrays(np.int64, cells, elements=st.integers(0, classes - 1))
    actual, predicted = data.draw(kinds), data.draw(kinds)
    numbers = data.draw(hnp.arrays(np.float64, (2, cells), elements=st.integers(0, 99)))
    found = of.margins_of_cells(numbers, actual, predicted, classes)
    for row, cell_counts in enumerate(numbers.tolist()):
        expected = np.zeros((3, classes))
        for a, p, count in zip(actual.tolist(), predicted.tolist(), cell_counts, strict=True):
            expected[:, [a, p]] += np.array([[0, 0], [count, 0], [0, count]]) if a != p else 0
            expected[:, a] += count if a == p else 0
        assert [getattr(found, part)[row].tolist() for part in ("right", "actual", "predicted")] == expected.tolist()


@law
@given(counts)
def test_an_error_that_there_may_be_is_of_a_class_that_is_there_for_one_that_is_predicted(matrix):
    """Whether it was seen or not."""
    classes = range(len(matrix))
    expected = [(a, p) for a in classes for p in classes if a != p and matrix[a].any() and matrix[:, p].any()]
    assert list(map(tuple, of.unseen_errors(matrix).tolist())) == expected


def test_one_class_alone_is_always_drawn_as_it_is():
    """There is nothing to take it for."""
    drawn = of.resample(np.array([[0, 0, 0], [0, 7, 0], [0, 0, 0]]), 50, 1)
    for part in (drawn.right, drawn.actual, drawn.predicted):
        assert part.tolist() == [[0, 7, 0]] * 50


def test_every_error_that_there_may_be_is_drawn_as_often():
    """Of a perfect matrix with classes of several sizes; to five standard errors."""
    drawn = of.resample(np.diag([4_000, 500, 20]), 20_000, 5)
    alone = drawn.right.sum(axis=1) == 4_519
    shares = []
    for a, p in np.argwhere(~np.eye(3, dtype=bool)):
        missed = drawn.actual[alone, a] > drawn.right[alone, a]
        shares.append((missed & (drawn.predicted[alone, p] > drawn.right[alone, p])).mean())
    assert sum(shares) == pytest.approx(1)
    assert shares == pytest.approx([1 / 6] * 6, abs=5 * math.sqrt(1 / 6 * 5 / 6 / alone.sum()))


@law
@given(counts)
def test_every_draw_has_as_many_images_as_the_set(matrix):
    """In rows as in columns, and no more right ones than there are."""
    drawn = of.resample(matrix, 50, 1)
    assert set(drawn.actual.sum(axis=1).tolist()) == set(drawn.predicted.sum(axis=1).tolist()) == {matrix.sum()}
    assert (drawn.right <= np.minimum(drawn.actual, drawn.predicted)).all()


@law
@given(counts)
def test_a_class_without_images_is_never_drawn(matrix):
    """Nor is one predicted that never was: no rate becomes defined that is not."""
    drawn = of.resample(matrix, 50, 1)
    for part in ("right", "actual", "predicted"):
        assert not getattr(drawn, part)[:, getattr(of.margins(matrix), part) == 0].any()


@pytest.mark.parametrize("part", ["right", "actual", "predicted"])
def test_the_draws_approach_the_counts_in_the_mean(part):
    """Those with one error more, spread over the cells off the diagonal; to five standard errors of 20,000 draws."""
    found = getattr(of.resample(DIAGONAL, 20_000, 5), part).mean(axis=0)
    with_one_more = DIAGONAL + np.where(np.eye(len(DIAGONAL), dtype=bool), 0, 1 / (len(DIAGONAL) * (len(DIAGONAL) - 1)))
    p = getattr(of.margins(with_one_more), part) / with_one_more.sum()
    expected = DIAGONAL.sum() * p
    assert (np.abs(found - expected) <= 5 * np.sqrt(DIAGONAL.sum() * p * (1 - p) / 20_000)).all()


def test_the_draws_spread_as_multinomial_counts_do():
    """The variance of a count is n p (1 - p), to 5 % with 20,000 draws."""
    found = of.resample(DIAGONAL, 20_000, 5).right.var(axis=0)
    p = np.diagonal(DIAGONAL) / (DIAGONAL.sum() + 1)
    assert found == pytest.approx(DIAGONAL.sum() * p * (1 - p), rel=0.05)


def test_a_perfect_matrix_has_draws_with_errors():
    """As many as Poisson's law has them with a mean of one: 10,000 images do not prove that there are none."""
    perfect = np.diag([4_000, 3_000, 3_000])
    drawn = of.resample(perfect, 20_000, 5)
    errors = perfect.sum() - drawn.right.sum(axis=1)
    assert [(errors == k).mean() for k in (0, 1, 2)] == pytest.approx([0.368, 0.368, 0.184], abs=0.015)


def test_the_same_seed_draws_the_same():
    """And another one something else."""
    first, second, third = (of.resample(DIAGONAL, 20, seed).right for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)


@law
@given(hnp.arrays(np.int64, (3, 3), elements=st.integers(15, 60)))
def test_the_percentile_intervals_hold_their_values(matrix):
    """Where every cell has fifteen images or more; of each metric, from the same draws."""
    margins, draws = of.margins(matrix), of.resample(matrix, 2_000, 0)
    for metric in of.OVERALL.values():
        low, high = percentile_interval(float(metric(margins)), metric(draws))
        assert low <= float(metric(margins)) <= high


def test_the_percentile_interval_of_recall_comes_close_to_the_normal_one():
    """Both are right for 10,000 images; the bounds differ by less than a tenth of the half width."""
    matrix = np.array([[4_600, 400], [300, 4_700]])
    low, high = percentile_interval(
        float(of.OVERALL["macro_recall"](of.margins(matrix))),
        of.OVERALL["macro_recall"](of.resample(matrix, 20_000, 3)),
    )
    half = 1.96 * math.sqrt(0.92 * 0.08 / 5_000 + 0.94 * 0.06 / 5_000) / 2
    assert (low, high) == pytest.approx((0.93 - half, 0.93 + half), abs=half / 10)


def test_the_real_runs_metrics_are_those_of_scikit_learn(shipped_run):
    """From the counts in metrics.json alone."""
    import json

    document = json.loads((shipped_run / "metrics.json").read_text("utf-8"))
    matrix = np.array(document["confusion"])
    found = {name: document["overall"][name]["value"] for name in of.OVERALL}
    assert found == pytest.approx({name: from_sklearn(name, matrix) for name in of.OVERALL}, rel=1e-12)
