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
# The last bits of a mean depend on the order of its sum, and an image may have just the mean.
HAIR = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """Images in the order in which their labels should be looked at.

    Attributes:
        index: int64, shape (k,), the k images with the lowest self-confidence, lowest first, ties by index.
        self_confidence: float64, shape (k,), the probability of the label of each of these.
        alternative: int64, shape (k,), the most probable class that is not the label.
        alternative_probability: float64, shape (k,).
        threshold: float64, shape (classes,), the mean probability of each class on the images that carry its label;
            NaN for a class without images.
        suspected: bool, shape (n,), whether an image is confidently taken for another class.
    """

    index: NDArray[np.int64]
    self_confidence: NDArray[np.float64]
    alternative: NDArray[np.int64]
    alternative_probability: NDArray[np.float64]
    threshold: NDArray[np.float64]
    suspected: NDArray[np.bool_]

    def reason(self, place: int, labels: NDArray[np.int64], names: tuple[str, ...]) -> str:
        """Why an image is ranked, in a sentence; `place` is that in the order, from 0."""
        other = self.alternative[place]
        own, said, usual = (
            f"{100 * value:.2f} %"
            for value in (self.self_confidence[place], self.alternative_probability[place], self.threshold[other])
        )
        compared = "at least" if self.alternative_probability[place] >= self.threshold[other] - HAIR else "less than"
        label = names[labels[self.index[place]]]
        return (
            f"The model gives its label {label} a probability of {own} and {names[other]} one of "
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
        return nothing_known(len(labels))
    self_confidence = picked(rows, labels)
    return rank_labels(labels, rows, self_confidence, mean_belief(labels, self_confidence, rows.shape[1]))


def mean_belief(labels: NDArray[np.int64], self_confidence: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """See `LabelIssues.threshold`."""
    with np.errstate(invalid="ignore"):
        threshold: NDArray[np.float64] = np.bincount(labels, self_confidence, classes) / np.bincount(
            labels, minlength=classes
        )
    return threshold


def rank_labels(
    labels: NDArray[np.int64], rows: Rows, self_confidence: NDArray[np.float64], threshold: NDArray[np.float64]
) -> LabelIssues:
    """Rank the labels of images, which may be some of those that the thresholds come from.

    Args:
        labels: shape (n,).
        rows: see `find_label_issues`.
        self_confidence: shape (n,), the probability of each image's label.
        threshold: see `LabelIssues`.
    """
    index = smallest(self_confidence, MOST_RANKED)
    others = np.concatenate([np.array(rows[slice(k, k + 1)]) for k in index.tolist()])
    others[np.arange(len(index)), labels[index]] = -1
    return LabelIssues(
        index=index,
        self_confidence=self_confidence[index],
        alternative=others.argmax(axis=1),
        alternative_probability=others.max(axis=1),
        threshold=threshold,
        suspected=_confidently_another(labels, rows, threshold),
    )


def nothing_known(n: int) -> LabelIssues:
    """Where there are no probabilities."""
    nobody, nothing = np.empty(0, dtype=np.int64), np.empty(0)
    return LabelIssues(
        index=nobody,
        self_confidence=nothing,
        alternative=nobody,
        alternative_probability=nothing,
        threshold=np.empty(0),
        suspected=np.zeros(n, dtype=bool),
    )


def _confidently_another(labels: NDArray[np.int64], rows: Rows, threshold: NDArray[np.float64]) -> NDArray[np.bool_]:
    another = np.empty(len(labels), dtype=np.bool_)
    for part in parts_of(len(labels)):
        own = rows[part]
        # A class without images has no threshold: comparing with NaN takes nothing for it.
        reaching = own >= threshold - HAIR
        taken_for = np.where(reaching, own, -1).argmax(axis=1)
        another[part] = reaching.any(axis=1) & (taken_for != labels[part])
    return another


def accuracy_without(suspected: NDArray[np.bool_], right: NDArray[np.bool_]) -> Metric:
    """The accuracy with the suspects set aside: to be shown, never gated."""
    kept = ~suspected
    return proportion(int(right[kept].sum()), int(kept.sum()))
