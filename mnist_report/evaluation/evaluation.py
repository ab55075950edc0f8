"""From predictions to numbers, in one step."""

from dataclasses import dataclass

from mnist_report.evaluation.frames import Frames, make_frames
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.tally import Tally


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What is known about a set of predictions: the counts, and the frames derived from them."""

    tally: Tally
    frames: Frames


def evaluate(predictions: Predictions) -> Evaluation:
    """Count the predictions and make every frame."""
    tally = Tally.of(predictions)
    return Evaluation(tally, make_frames(predictions, tally))
