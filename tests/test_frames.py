"""The frames: their columns, and their numbers against plain loops."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import Sample, law, permutations, samples

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import class_metrics, overall_metrics
from mnist_report.evaluation.mistakes import worst_first
from mnist_report.evaluation.ranking import class_ranking, overall_ranking
from mnist_report.evaluation.tally import Tally

NAMES = ("cat", "dog", "eel")
EPSILON = float(np.finfo(np.float64).eps)
OF_CLASS = ("recall", "precision", "f1", "mean_confidence", "roc_auc", "average_precision")
RATES = [f"{metric}{end}" for metric in OF_CLASS for end in ("", "_ci_low", "_ci_high")]

# Six images: two cats taken for dogs, the second more wrongly; an eel taken for a dog; the rest right.
ROWS = np.array(
    [[0.2, 0.7, 0.1], [0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.005, 0.995]]
)
LABELS = np.array([0, 0, 0, 1, 2, 2])


def frames(sample):
    """All frames of a sample."""
    return evaluate(sample.predictions()).frames


def hand_made():
    """The frames of the six images."""
    return frames(Sample(ROWS, LABELS, NAMES))


def percentile(values, share):
    """Linear interpolation between the two nearest of the sorted values."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@law
@given(samples())
def test_overall_holds_every_metric(sample):
    """As the metrics module says them."""
    p = sample.predictions()
    metrics = overall_metrics(Tally.of(p)) | overall_ranking(p)
    found = frames(sample).overall.set_index("metric")[["value", "ci_low", "ci_high", "n"]]
    expected = [[m.value, m.ci_low, m.ci_high, m.n] for m in metrics.values()]
    assert list(found.index) == list(metrics)
    assert np.array_equal(found.to_numpy(dtype=float), np.array(expected), equal_nan=True)


@law
@given(samples())
def test_per_class_holds_every_metric_of_each_class(sample):
    """As the metrics module says them, in label order."""
    p = sample.predictions()
    metrics = [own | ranked for own, ranked in zip(class_metrics(Tally.of(p)), class_ranking(p), strict=True)]
    found = frames(sample).per_class
    expected = [[x for m in row.values() for x in (m.value, m.ci_low, m.ci_high)] for row in metrics]
    assert tuple(found["class"]) == sample.class_names
    assert np.array_equal(found[RATES].to_numpy(dtype=float), np.array(expected), equal_nan=True)


@law
@given(samples())
def test_per_class_counts_what_is_and_what_was_said(sample):
    """Support by label, predicted by prediction."""
    labels, predicted = sample.labels.tolist(), sample.predictions().predicted.tolist()
    found = frames(sample).per_class
    classes = range(len(sample.class_names))
    assert found["support"].tolist() == [labels.count(k) for k in classes]
    assert found["predicted"].tolist() == [predicted.count(k) for k in classes]


@law
@given(samples())
def test_confusion_holds_the_counts(sample):
    """With the class names on both sides."""
    found = frames(sample).confusion.set_index("actual")
    assert tuple(found.index) == tuple(found.columns) == sample.class_names
    assert np.array_equal(found.to_numpy(), Tally.of(sample.predictions()).confusion)


@law
@given(samples())
def test_confidence_statistics_are_those_of_a_plain_loop(sample):
    """Of all, the right, the wrong, and each class; an empty group has no statistics."""
    p = sample.predictions()
    rows = list(zip(p.confidence.tolist(), p.predicted.tolist(), sample.labels.tolist(), strict=True))
    groups = {"all": [c for c, _, _ in rows]}
    groups["right"] = [c for c, said, label in rows if said == label]
    groups["wrong"] = [c for c, said, label in rows if said != label]
    groups |= {f"class {name}": [c for c, _, label in rows if label == k] for k, name in enumerate(sample.class_names)}
    expected = [
        [
            len(values),
            statistics.fmean(values),
            statistics.median(values),
            percentile(values, 0.05),
            percentile(values, 0.95),
            sum(c >= 0.99 for c in values) / len(values),
        ]
        if values
        else [0, *[math.nan] * 5]
        for values in groups.values()
    ]
    found = frames(sample).confidence.set_index("group")
    assert list(found.index) == list(groups)
    assert found.to_numpy(dtype=float) == pytest.approx(np.array(expected), rel=1e-12, nan_ok=True)


@law
@given(samples())
def test_confused_pairs_are_those_of_a_plain_loop(sample):
    """Most frequent first; among equals the pair with the worse example."""
    p = sample.predictions()
    pairs = {}
    for index in worst_first(p).tolist():
        pairs.setdefault((int(sample.labels[index]), int(p.predicted[index])), []).append(index)
    names, labels = sample.class_names, sample.labels.tolist()
    expected = [
        [names[a], names[b], len(indices), len(indices) / labels.count(a), " ".join(map(str, indices[:5]))]
        for (a, b), indices in sorted(pairs.items(), key=lambda pair: -len(pair[1]))
    ]
    assert frames(sample).confused_pairs.to_numpy().tolist() == expected


def test_the_most_confused_pair_stands_first():
    """Two of three cats are taken for dogs, image 2 the worst of them."""
    first = hand_made().confused_pairs.iloc[0].tolist()
    assert (first[:-1], first[-1].split()[0]) == (["cat", "dog", 2, 2 / 3], "2")


@law
@given(samples())
def test_mistakes_hold_what_was_said_of_each_image(sample):
    """Worst-first, one row an image that is wrong."""
    p = sample.predictions()
    names = sample.class_names
    expected = [
        [i, names[sample.labels[i]], names[p.predicted[i]], p.confidence[i], p.margin[i], p.loss[i]]
        for i in worst_first(p).tolist()
    ]
    found = frames(sample).mistakes[["index", "actual", "predicted", "confidence", "margin", "loss"]]
    assert found.to_numpy().tolist() == expected


@law
@given(samples())
def test_mistakes_say_what_the_right_class_was_given(sample):
    """A probability below the float64 epsilon is shown as the epsilon, as the loss takes it."""
    p = sample.predictions()
    rows = p.probabilities.astype(np.float64)
    rows /= rows.sum(axis=1, keepdims=True)
    expected = [max(EPSILON, rows[i, sample.labels[i]]) for i in worst_first(p)]
    assert frames(sample).mistakes["actual_probability"].tolist() == pytest.approx(expected, rel=1e-12)


@law
@given(samples(ties=False), st.data())
def test_relabelling_the_classes_permutes_the_frames(sample, data):
    """Every class keeps its rows and its numbers; without ties, which go by index."""
    order = data.draw(permutations(len(sample.class_names)))
    names = tuple(sample.class_names[k] for k in order)
    relabelled = frames(Sample(sample.probabilities[:, order], np.argsort(order)[sample.labels], names))
    before = frames(sample)
    keys = {"per_class": "class", "confusion": "actual", "confidence": "group", "mistakes": "index"}
    for name, key in keys.items():
        # Resampled bounds differ by chance: the same draws go to other cells.
        expected = getattr(before, name).set_index(key).drop(columns=["f1_ci_low", "f1_ci_high"], errors="ignore")
        found = getattr(relabelled, name).set_index(key).loc[expected.index, expected.columns]
        words = expected.select_dtypes(exclude="number")
        numbers = expected.drop(columns=words.columns)
        assert found[words.columns].equals(words)
        assert found[numbers.columns].to_numpy() == pytest.approx(numbers.to_numpy(), rel=1e-9, abs=1e-12, nan_ok=True)


@law
@given(samples(), st.data())
def test_the_order_of_images_changes_no_table_of_classes(sample, data):
    """A shuffled data set gives the same numbers."""
    order = data.draw(permutations(len(sample.labels)))
    before, after = frames(sample), frames(sample.part(order))
    assert after.confusion.equals(before.confusion)
    assert after.per_class["class"].equals(before.per_class["class"])
    found, expected = (side.per_class.drop(columns="class").to_numpy(dtype=float) for side in (after, before))
    # Sums of squares lose their last digits in another order, and a bound has the root of them.
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("name", ["actual", "all", "count", "class", "index", ""])
def test_a_class_may_be_called_like_a_column(name):
    """Class names are other people's words."""
    predictions = Sample(ROWS, LABELS, (name, "dog", "eel")).predictions()
    assert evaluate(predictions).frames.confusion.iloc[0].tolist() == [name, 1, 2, 0]
