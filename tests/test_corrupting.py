"""Asking a model about worse images, one set after the other."""

from pathlib import Path

import numpy as np
import pytest
from corrupting_work import N, NearestMean, nearest_mean, some_digits

from mnist_report.corrupting import Clean, Worse, ask
from mnist_report.data.dataset import make_dataset
from mnist_report.errors import ModelError
from mnist_report.inference import Inference
from mnist_report.model.store import ModelFile
from mnist_report.understanding import understand


def asked_about(first, *worse):
    """What is counted where a model gives these rows, first of the images as they are; and how the bar moved."""
    images, labels = some_digits()
    data = make_dataset(images, labels, class_names=tuple("0123456789"), source="mine", split="test")
    model, moves, rows = NearestMean(ModelFile(Path("m.keras"), "0" * 64, 1, None, shipped=False)), [], iter(worse)
    model.predict = lambda _, show, __: (show(N, N), Inference(next(rows), N, 0.01))[1]
    anatomy, _ = model.wait_until_loaded()
    predictions, gave = understand(first, anatomy, data, "here")
    sets = [Worse("fog", k, lambda: images) for k in range(1, len(worse) + 1)]
    clean = Clean(anatomy, None, gave, predictions)
    return ask(model, sets, data, clean, lambda *move: moves.append(move)), predictions, moves


def test_the_bar_ends_where_all_sets_are_done():
    """It counts the images of all of them."""
    rows = nearest_mean(some_digits()[0])
    assert asked_about(rows, rows, rows, rows)[2] == [(N, 3 * N), (2 * N, 3 * N), (3 * N, 3 * N)]


def test_the_example_is_the_first_image_that_is_right():
    """So a picture shows when it is lost."""
    rows = nearest_mean(some_digits()[0])
    rows[:3] = np.roll(rows[:3], 1, axis=1)
    found, predictions, _ = asked_about(rows, rows, np.roll(rows, 1, axis=1))
    place = int(np.flatnonzero(predictions.right)[0])
    label = int(predictions.labels[place])
    assert (found.example.index, place >= 3) == (place, True)
    assert found.example.said.tolist() == [label, label, (label + 1) % 10]


def test_a_softmax_that_was_saturated_on_good_images_need_not_be_so_on_worse_ones():
    """Its answers are classes alone, there and here."""
    rows = nearest_mean(some_digits()[0])
    classes = np.eye(10, dtype=np.float32)[rows.argmax(axis=1)]
    found, predictions, _ = asked_about(classes, rows)
    assert not predictions.graded
    assert found.sets[0].right.sum() == predictions.right.sum()
    assert np.isnan(found.sets[0].log_loss)


@pytest.mark.parametrize("saturated", [False, True])
def test_an_answer_without_a_number_is_refused(saturated):
    """As with the images as they are, and the set is named."""
    rows = nearest_mean(some_digits()[0])
    broken = rows.copy()
    broken[4, 2] = np.nan
    first = np.eye(10, dtype=np.float32)[rows.argmax(axis=1)] if saturated else rows
    with pytest.raises(ModelError, match=r"m\.keras: the predictions of fog at severity 2"):
        asked_about(first, rows, broken)
