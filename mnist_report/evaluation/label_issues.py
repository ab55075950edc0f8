"""Suspected label errors: images whose label the model, which never saw them, finds hard to believe.

They are suspects, never verdicts. The rule is that of confident learning (Northcutt, Jiang and Chuang, JAIR 70, 2021):
of the classes that are at least as probable as they are, in the mean, on their own images, the most probable one is
what the image is confidently taken for; it is suspected where that is not its label.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric, proportion
from mnist_report.evaluation.ordering import smallest
from mnist_report.evaluation.parts import Rows, parts_of, picked

MOST_RANKED = 50


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """Images in the order in which their labels should be looked at.

    Attributes:
        index: int64, shape (k,), the k images with the lowest self-confidence, lowest first, ties by index.
        self_confidence: float64, shape (n,), the probability of each image's label.
        alternative: int64, shape (n,), the most probable class that is not the label.
        alternative_probability: float64, shape (n,).
        threshold: float64, shape (classes,), the mean probability of each class on the images that carry its label;
            NaN for a class without images.
        suspected: bool, shape (n,), whether the image is confidently taken for another class.
    """

    index: NDArray[np.int64]
    self_confidence: NDArray[np.float64]
    alternative: NDArray[np.int64]
    alternative_probability: NDArray[np.float64]
    threshold: NDArray[np.float64]
    suspected: NDArray[np.bool_]

    def reason(self, index: int, labels: NDArray[np.int64], names: tuple[str, ...]) -> str:
        """Why an image is ranked, in a sentence."""
        other = self.alternative[index]
        own, said, usual = (
            f"{100 * value:.2f} %"
            for value in (self.self_confidence[index], self.alternative_probability[index], self.threshold[other])
        )
        compared = "at least" if self.alternative_probability[index] >= self.threshold[other] else "less than"
        return (
            f"The model gives its label {names[labels[index]]} a probability of {own} and {names[other]} one of "
            f"{said}, {compared} what images labelled {names[other]} get in the mean ({usual})."
        )


def find_label_issues(labels: NDArray[np.int64], rows: Rows | None) -> LabelIssues:
    """Rank the labels by how little the model believes in them.

    Args:
        labels: shape (n,).
        rows: out-of-sample probabilities, shape (n, classes), rows summing to 1, whole or in parts; of one model, or
            the mean of several. None where there are none: no label is then ranked or suspected.
    """
    if rows is None:
        return _nothing_known(len(labels))
    self_confidence = picked(rows, labels)
    alternative, alternative_probability = np.empty(len(labels), dtype=np.int64), np.empty(len(labels))
    for part in parts_of(len(labels)):
        others = np.array(rows[part])
        every = np.arange(len(others))
        others[every, labels[part]] = -1
        alternative[part] = others.argmax(axis=1)
        alternative_probability[part] = others[every, alternative[part]]
    support = np.bincount(labels, minlength=rows.shape[1])
    with np.errstate(invalid="ignore"):
        threshold = np.bincount(labels, self_confidence, rows.shape[1]) / support
    return LabelIssues(
        index=smallest(self_confidence, MOST_RANKED),
        self_confidence=self_confidence,
        alternative=alternative,
        alternative_probability=alternative_probability,
        threshold=threshold,
        suspected=_confidently_another(labels, rows, threshold),
    )


def _nothing_known(n: int) -> LabelIssues:
    unknown = np.full(n, np.nan)
    return LabelIssues(
        index=np.empty(0, dtype=np.int64),
        self_confidence=unknown,
        alternative=np.full(n, -1, dtype=np.int64),
        alternative_probability=unknown,
        threshold=np.empty(0),
        suspected=np.zeros(n, dtype=bool),
    )


def _confidently_another(labels: NDArray[np.int64], rows: Rows, threshold: NDArray[np.float64]) -> NDArray[np.bool_]:
    another = np.empty(len(labels), dtype=np.bool_)
    for part in parts_of(len(labels)):
        own = rows[part]
        # A class without images has no threshold: comparing with NaN takes nothing for it.
        reaching = own >= threshold
        taken_for = np.where(reaching, own, -1).argmax(axis=1)
        another[part] = reaching.any(axis=1) & (taken_for != labels[part])
    return another


def accuracy_without(suspected: NDArray[np.bool_], right: NDArray[np.bool_]) -> Metric:
    """The accuracy with the suspects set aside: to be shown, never gated."""
    kept = ~suspected
    return proportion(int(right[kept].sum()), int(kept.sum()))
