"""The classes at a glance."""

import numpy as np
from tiny_run import NAMES, tiny_predictions, tiny_run, tiny_view

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.report.glance import make_glance


def one_weak_class(classes):
    """A thousand images of each class, all right but every other one of the last."""
    labels = np.repeat(np.arange(classes), 1_000)
    said = np.where((labels == classes - 1) & (np.arange(len(labels)) % 2 == 0), 0, labels)
    rows = np.where(np.eye(classes)[said] == 1, 0.9, 0.1 / (classes - 1))
    return make_predictions(rows, labels, tuple(f"c{k}" for k in range(classes)))


def test_each_class_is_there():
    """With its accuracy, its errors and the row with more."""
    items = tiny_view().glance.items
    assert [item.name for item in items] == list(NAMES)
    assert (items[0].accuracy, items[0].errors, items[0].target) == ("60 %", "2 wrong", "class-0")


def test_a_class_that_is_surely_below_the_whole_is_marked():
    """Its interval lies below the accuracy of all images, and the note says so."""
    predictions = one_weak_class(3)
    glance = make_glance(evaluate(predictions), predictions.class_names)
    assert [item.weak for item in glance.items] == [False, False, True]
    assert "below the accuracy of all images" in glance.note


def test_nothing_is_marked_on_few_images():
    """Chance may have done it."""
    assert not any(item.weak for item in tiny_view().glance.items)
    assert tiny_view().glance.note == ""


def test_of_many_classes_the_weakest_are_there():
    """And it is said that there are more."""
    predictions = one_weak_class(21)
    glance = make_glance(evaluate(predictions), predictions.class_names)
    assert len(glance.items) == 20
    assert glance.items[0].name == "c20"
    assert glance.note.startswith("The weakest 20 of 21 classes.")


def test_a_class_without_images_is_left_out():
    """Nothing is known of it."""
    predictions = tiny_predictions(((0, 0.9), (2, 0.9)), (0, 2))
    assert [item.name for item in make_glance(tiny_run(predictions).evaluation, NAMES).items] == ["cat", "eel"]
