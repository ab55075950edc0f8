"""Several models that answer together by the mean of their probabilities, and each of them beside that.

The mean of a few networks' probabilities is mostly better, and better calibrated, than any of them: Lakshminarayanan,
Pritzel and Blundell, Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles (NeurIPS 2017).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError
from mnist_report.evaluation import findings
from mnist_report.evaluation.metrics import Metric, overall_metrics, proportion
from mnist_report.evaluation.paired import Difference, holm, paired_means, paired_proportions
from mnist_report.evaluation.parts import parts_of
from mnist_report.evaluation.predictions import Predictions, Scores, make_predictions
from mnist_report.evaluation.tally import Tally

ANSWER = ("predicted", "runner_up", "confidence", "loss", "brier")


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One of the models of an ensemble.

    Attributes:
        name: as people call it.
        scores: what it said about each image.
    """

    name: str
    scores: Scores


@dataclass(frozen=True, slots=True, eq=False)
class MemberResult:
    """A member beside its ensemble.

    Attributes:
        name: as people call it.
        overall: its metrics, see `overall_metrics`.
        differences: the ensemble less this member in accuracy, log loss and Brier score, paired.
        p_adjusted: of the exact McNemar test of the accuracies, adjusted by Holm over the members.
    """

    name: str
    overall: dict[str, Metric]
    differences: dict[str, Difference]
    p_adjusted: float


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """How an ensemble does beside its members, and where they disagree.

    Attributes:
        members: each of them, in the order in which they were named.
        unanimous: the share of images for which all predict the same class.
        against: int64, shape (n,), how many members predict another class than the ensemble.
        variance: float64, shape (n,), see `spread`.
        disputed: int64, the images for which not all predict the same class, the largest variance first.
    """

    members: tuple[MemberResult, ...]
    unanimous: Metric
    against: NDArray[np.int64]
    variance: NDArray[np.float64]
    disputed: NDArray[np.int64]


def average(answers: Iterable[Predictions]) -> tuple[Predictions, tuple[Scores, ...]]:
    """The ensemble of some models, and what counts of the answers of each; no more than two of them are held
    at a time.

    Args:
        answers: of each model, for the same images; each with probabilities.

    Returns:
        The mean of their rows, each divided by its sum before, and their scores in this order.

    Raises:
        DataError: there is none.
    """
    total, scores = None, []
    for one in answers:
        total = np.zeros(one.probabilities.shape) if total is None else total
        rows = one.in_parts
        for part in parts_of(len(one)):
            total[part] += rows[part]
        scores.append(one.scores)
    if total is None:
        raise DataError("there are no predictions to take the mean of")
    total /= len(scores)
    return make_predictions(total, scores[0].labels, scores[0].class_names, "the mean"), tuple(scores)


def evaluate_members(predictions: Predictions, members: Sequence[Member], seed: int = 0) -> Ensemble:
    """Hold each member of an ensemble against it, image by image.

    Args:
        predictions: of the ensemble.
        members: of it, at least one.
        seed: of the resampled intervals.
    """
    differences = [_differences(predictions, member.scores) for member in members]
    adjusted = holm([found["accuracy"].p_value for found in differences])
    against = np.sum([member.scores.predicted != predictions.predicted for member in members], axis=0)
    return Ensemble(
        members=tuple(
            MemberResult(member.name, overall_metrics(Tally.of(member.scores), seed), found, p)
            for member, found, p in zip(members, differences, adjusted, strict=True)
        ),
        unanimous=proportion(int((against == 0).sum()), len(predictions)),
        against=against,
        variance=spread(predictions, members),
        disputed=disputed_first(predictions, members),
    )


def spread(predictions: Scores, members: Sequence[Member]) -> NDArray[np.float64]:
    """Shape (n,): the variance of the members' probabilities, summed over the classes.

    It is what the mean takes off the members' Brier score, whatever the label is: the ambiguity decomposition of Krogh
    and Vedelsby, Neural Network Ensembles, Cross Validation, and Active Learning (NIPS 1994). So it needs no more than
    the scores. What is below the rounding of a float32 is 0.
    """
    of_members = np.mean([member.scores.brier for member in members], axis=0)
    found: NDArray[np.float64] = of_members - predictions.brier
    found[found < np.finfo(np.float32).eps] = 0
    return found


def disputed_first(predictions: Scores, members: Sequence[Member]) -> NDArray[np.int64]:
    """The images for which not all members predict the same class, by falling variance; ties by index."""
    # Where all say the same class, their mean says it, too.
    split = np.any([member.scores.predicted != predictions.predicted for member in members], axis=0)
    index = np.flatnonzero(split)
    return index[np.argsort(-spread(predictions, members)[index], kind="stable")]


def member_findings(members: Sequence[Member]) -> tuple[str, ...]:
    """Sentences about what is structurally wrong with single members: a good mean may hide a broken one.

    What `findings` says of a model alone, with its name before it; and of one that says exactly what an earlier one
    says, like a copy in another format, that it does.
    """
    sentences = []
    for place, member in enumerate(members):
        scores, name = member.scores, member.name
        sentences += [f"{name}: {said}" for said in findings.find(Tally.of(scores), scores.class_names)]
        if twin := next((one.name for one in members[:place] if _same(one.scores, scores)), ""):
            sentences.append(f"{name} answers exactly as {twin} does, so one model counts twice in the mean.")
    return tuple(sentences)


def _same(one: Scores, other: Scores) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ANSWER)


def _differences(ensemble: Scores, member: Scores) -> dict[str, Difference]:
    return {
        "accuracy": paired_proportions(ensemble.right, member.right),
        "log_loss": paired_means(ensemble.loss, member.loss),
        "brier": paired_means(ensemble.brier, member.brier),
    }
