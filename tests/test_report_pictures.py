"""What the figures say."""

import numpy as np
from tiny_run import FIGURES, all_wrong, tiny_run, tiny_view

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.report.pictures import make_pictures


def findings(sure, right):
    """What is said of two classes, all images of the first; so sure, and right or not."""
    said = np.where(right, 0, 1)
    rows = np.where(np.eye(2)[said] == 1, sure[:, None], 1 - sure[:, None])
    evaluation = evaluate(make_predictions(rows, np.zeros(len(sure), dtype=np.int64), ("a", "b")))
    return {name: picture.finding for name, picture in make_pictures(evaluation, ("a", "b"), {}, FIGURES).items()}


def share(n, of_ten):
    """So many of each ten."""
    return np.arange(n) % 10 < of_ten


def test_a_model_that_is_as_sure_as_it_is_right_is_told():
    """0.8, and eight of ten."""
    assert findings(np.full(1_000, 0.8), share(1_000, 8))["reliability"].startswith("Confidence and accuracy agree")


def test_a_model_that_is_too_sure_is_told():
    """And one that is not sure enough."""
    assert "more confident than right" in findings(np.full(1_000, 0.9), share(1_000, 6))["reliability"]
    assert "less confident than right" in findings(np.full(1_000, 0.6), share(1_000, 9))["reliability"]


def test_errors_that_cancel_are_no_agreement():
    """Half the answers too sure, half not sure enough: right in the mean alone."""
    sure = np.where(np.arange(2_000) < 1_000, 0.95, 0.55)
    right = (np.arange(2_000) % 4) != 0
    assert "over-confident in some bins and under-confident in others" in findings(sure, right)["reliability"]


def test_no_coverage_is_told_as_such():
    """And no class that is always wrong is called the weakest."""
    pictures = tiny_view(all_wrong()).pictures
    assert pictures["risk_coverage"].finding == "No share of the surest answers is right 99.9 % of the time"
    assert pictures["per_class"].finding == "Every class is wrong throughout"


def test_a_digit_is_called_a_class():
    """Else it would be taken for a value."""
    evaluation = tiny_run().evaluation
    finding = make_pictures(evaluation, ("0", "1", "2"), {}, FIGURES)["per_class"].finding
    assert finding.startswith("class 0 is the weakest class, at 60")
