"""An evaluation for a notebook: the same tables and figures as the report's, as an HTML fragment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.frames import Frames
from mnist_report.evaluation.mistakes import worst_first
from mnist_report.evaluation.predictions import Predictions
from mnist_report.report import tables
from mnist_report.report.canvas import to_svg
from mnist_report.report.figures import make_figures
from mnist_report.report.gallery import make_digit
from mnist_report.report.html import set_template
from mnist_report.report.pictures import make_pictures
from mnist_report.report.text import accuracy_sentence
from mnist_report.runs.images_file import ShownImages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SHOWN = 40


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EvaluationResult:
    """What `evaluate` gives: a notebook shows it as tables and pictures, `print` as one sentence.

    Attributes:
        evaluation: every number with its interval: `overall`, `per_class`, `slices`, `findings`...
        predictions: what the model said about each image.
        images: those that may be shown, or None.
        history: of the model's training, one mapping an epoch; may be empty.
    """

    evaluation: Evaluation
    predictions: Predictions
    images: ShownImages | None
    history: Sequence[Mapping[str, Any]]

    @property
    def frames(self) -> Frames:
        """Every table as a pandas DataFrame: `frames.overall`, `frames.per_class`, `frames.mistakes`..."""
        return self.evaluation.frames

    @property
    def accuracy(self) -> float:
        """The share of images that are predicted rightly."""
        return self.evaluation.overall["accuracy"].value

    def figures(self) -> dict[str, "Figure"]:
        """Every figure as a matplotlib Figure, by name; drawn at each call."""
        confidences = self.evaluation.tally.confidences if self.predictions.graded else None
        return make_figures(self.frames, confidences, self.history)

    def __str__(self) -> str:
        return accuracy_sentence(self.evaluation.overall)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def _repr_html_(self) -> str:
        names = self.predictions.class_names
        training = {"history": self.history, "best_epoch": self._best_epoch()}
        svgs = {name: to_svg(figure) for name, figure in self.figures().items()}
        shown = worst_first(self.predictions).tolist()[:MOST_SHOWN] if self.images else []
        digits = [make_digit(self.predictions, self.images, index) for index in shown] if self.images else []
        return set_template(
            "notebook.html.j2",
            sentence=str(self),
            findings=self.evaluation.findings,
            overall=tables.overall_table(self.evaluation.overall),
            per_class=tables.per_class_table(self.evaluation, names),
            pictures=make_pictures(self.evaluation, names, training, svgs),
            mistakes=digits,
            graded=self.predictions.graded,
            more=int(self.evaluation.overall["errors"].value) - len(digits),
        )

    def _best_epoch(self) -> int | None:
        epochs = sorted(self.history, key=lambda epoch: epoch["val_loss"])
        return int(epochs[0]["epoch"]) if epochs else None
