"""How confidences are distributed, in counts."""

import numpy as np
from hypothesis import given
from strategies import law, samples

from mnist_report.evaluation.confidences import CERTAIN, EDGES, SURE, Confidences
from mnist_report.evaluation.predictions import make_class_predictions


@law
@given(samples())
def test_each_count_is_that_of_a_loop(sample):
    """Over the images, one by one."""
    predictions = sample.predictions()
    found, classes = Confidences.of(predictions), len(sample.class_names)
    n, sure, certain = np.zeros((classes, 2), int), np.zeros((classes, 2), int), [0, 0]
    total, histogram = np.zeros((classes, 2)), np.zeros((20, 2), int)
    for label, right, confidence in zip(sample.labels, predictions.right, predictions.confidence, strict=True):
        side = int(right)
        n[label, side] += 1
        total[label, side] += confidence
        sure[label, side] += confidence >= SURE
        certain[side] += confidence >= CERTAIN
        histogram[min(19, sum(confidence >= edge for edge in EDGES[1:])), side] += 1
    assert found.n.tolist() == n.tolist()
    assert found.sure.tolist() == sure.tolist()
    assert found.certain.tolist() == certain
    assert found.histogram.tolist() == histogram.tolist()
    assert np.allclose(found.total, total, rtol=1e-12)


def test_without_probabilities_only_the_images_are_counted():
    """Nobody knows how sure the answers were."""
    labels = np.arange(12) % 3
    found = Confidences.of(make_class_predictions((labels > 0) * 1, labels, ("a", "b", "c"), "here"))
    assert found.n.tolist() == [[0, 4], [0, 4], [4, 0]]
    assert not found.sure.any()
    assert not found.certain.any()
    assert not found.histogram.any()
    assert not found.total.any()
