"""The columns of the frames: they become files that other people's programs read."""

import numpy as np
import pytest
from strategies import Sample

from mnist_report.evaluation.evaluation import evaluate

NAMES = ("cat", "dog", "eel")
OF_CLASS = ("recall", "precision", "f1", "mean_confidence", "roc_auc", "average_precision")
RATES = [f"{metric}{end}" for metric in OF_CLASS for end in ("", "_ci_low", "_ci_high")]
ROWS = np.array([[0.2, 0.7, 0.1], [0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0], [0.25, 0.5, 0.25]])
LABELS = np.array([0, 0, 0, 1, 2])


def frames(sample):
    """All frames of a sample."""
    return evaluate(sample.predictions()).frames


def hand_made():
    """The frames of five images, three of them wrong."""
    return frames(Sample(ROWS, LABELS, NAMES))


def shape(frame):
    """Column names with the kinds of their types: i whole numbers, f floats, O text."""
    return {name: kind.kind for name, kind in frame.dtypes.items()}


def test_overall_has_its_columns():
    """A row per metric."""
    expected = {"metric": "O", "value": "f", "ci_low": "f", "ci_high": "f", "n": "i", "interval": "O"}
    assert shape(hand_made().overall) == expected | {"mergeable": "b"}


def test_per_class_has_its_columns():
    """A row per class."""
    expected = {"class": "O", "support": "i", "predicted": "i"} | dict.fromkeys(RATES, "f")
    assert shape(hand_made().per_class) == expected


def test_confusion_has_its_columns():
    """A row per actual class, a column per predicted one."""
    assert shape(hand_made().confusion) == {"actual": "O", "cat": "i", "dog": "i", "eel": "i"}


def test_confidence_has_its_columns():
    """A row per group."""
    numbers = dict.fromkeys(["mean", "median", "p05", "p95", "share_over_099"], "f")
    assert shape(hand_made().confidence) == {"group": "O", "n": "i"} | numbers


def test_confused_pairs_has_its_columns():
    """A row per pair that occurs."""
    expected = {"actual": "O", "predicted": "O", "count": "i", "share_of_actual": "f", "examples": "O"}
    assert shape(hand_made().confused_pairs) == expected


def test_mistakes_has_its_columns():
    """A row per wrong prediction."""
    numbers = dict.fromkeys(["confidence", "margin", "actual_probability", "loss"], "f")
    assert shape(hand_made().mistakes) == {"index": "i", "actual": "O", "predicted": "O"} | numbers


def test_every_frame_is_named_once():
    """The names become files."""
    names = [name for name, _ in hand_made().items()]
    summaries = ["overall", "per_class", "confusion", "confidence", "confused_pairs", "calibration", "risk_coverage"]
    assert names == [*summaries, "near_misses", "label_issues", "mistakes", "slices", "power"]


@pytest.mark.parametrize("name", ["confused_pairs", "mistakes"])
def test_without_mistakes_the_columns_stay(name):
    """An empty table still has its head."""
    right = getattr(frames(Sample(np.eye(3), np.arange(3), NAMES)), name)
    assert len(right) == 0
    assert list(right.columns) == list(getattr(hand_made(), name).columns)


def test_overall_says_how_each_interval_is_made():
    """And which metrics need every row at once."""
    found = hand_made().overall.set_index("metric")
    kinds = {kind: set(found.index[found["interval"] == kind]) for kind in set(found["interval"])}
    resampled = {"balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "mcc", "cohen_kappa"}
    assert kinds == {
        "exact": {"accuracy", "top2_accuracy"},
        "resampled": resampled,
        "normal": {"log_loss", "brier", "mean_confidence", "overconfidence"},
        "none": {"errors", "ece", "ece_equal_mass", "aurc", "coverage_at_999"},
    }
    assert set(found.index[~found["mergeable"]]) == {"ece_equal_mass", "aurc", "coverage_at_999"}


def test_calibration_has_its_columns():
    """A row per bin that has images."""
    numbers = dict.fromkeys(["mean_confidence", "accuracy", "ci_low", "ci_high"], "f")
    assert shape(hand_made().calibration) == {"low": "f", "high": "f", "n": "i"} | numbers


def test_risk_coverage_has_its_columns():
    """A row per point of the curve."""
    assert shape(hand_made().risk_coverage) == dict.fromkeys(["coverage", "risk", "threshold"], "f")


def test_near_misses_has_its_columns():
    """A row per right prediction that was nearly none."""
    expected = {"index": "i", "label": "O", "runner_up": "O", "confidence": "f", "margin": "f"}
    assert shape(hand_made().near_misses) == expected


def test_label_issues_has_its_columns():
    """A row per label to look at."""
    expected = {"rank": "i", "index": "i", "label": "O", "predicted": "O", "self_confidence": "f"}
    expected |= {"alternative": "O", "alternative_probability": "f", "suspected": "b", "reason": "O"}
    assert shape(hand_made().label_issues) == expected
