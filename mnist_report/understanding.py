"""What a model's numbers mean: probabilities, or classes alone."""

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset
from mnist_report.evaluation.one_hot import one_hot_classes
from mnist_report.evaluation.predictions import Predictions, interpret, make_class_predictions, make_predictions
from mnist_report.model.adapter import Anatomy
from mnist_report.model.outputs import OutputKind, as_probabilities, recognise


def understand(
    answer: NDArray[np.float32], anatomy: Anatomy, dataset: Dataset, where: str, gave: OutputKind | None = None
) -> tuple[Predictions, OutputKind]:
    """A model's answer to all images as predictions, and what its numbers were taken for.

    Args:
        answer: shape (n, outputs), as the model gave it.
        anatomy: of the model.
        dataset: what it was asked.
        where: whose answer it is, for messages.
        gave: what its numbers are, where more of them have shown it; else these alone tell.

    Raises:
        ModelError: it holds NaN or infinity, the number of a class that is none, or something else than it gave.
    """
    if anatomy.single_label:
        said = answer[:, 0].astype(np.int64)
        return make_class_predictions(said, dataset.labels, dataset.class_names, where), "labels"
    if gave is not None:
        probabilities = as_probabilities(answer, gave)
        if gave == "labels":
            said = one_hot_classes(probabilities, where)
            return make_class_predictions(said, dataset.labels, dataset.class_names, where), gave
        return make_predictions(probabilities, dataset.labels, dataset.class_names, where), gave
    recognised = recognise(answer)
    predictions = interpret(recognised.probabilities, dataset.labels, dataset.class_names, where)
    return predictions, recognised.kind if predictions.graded else "labels"
