"""A small evaluation made by hand: twelve 6 x 5 images of three classes that are not digits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_report.evaluation.evaluation import Evaluation, evaluate
from mnist_report.evaluation.mistakes import choose_galleries
from mnist_report.evaluation.predictions import Predictions, make_class_predictions, make_predictions
from mnist_report.evaluation.slices import quartile
from mnist_report.report.view import View, make_view
from mnist_report.report.write import draw_reports
from mnist_report.runs.folder import (
    StoredRun,
    unfinished_run,
    write_provenance,
    write_results,
    writing_to,
)
from mnist_report.runs.images_file import ShownImages
from mnist_report.runs.metrics_document import FORMAT
from mnist_report.runs.publishing import publish

RUN_ID = "20260102T030405Z-pets_cnn-0123ab"
NAMES = ("cat", "dog", "eel")
LABELS = (0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2)
# What is said, and how surely: images 3 and 4 (cats) and 8 (a dog) are wrong, 4 the most.
SAID = ((0, 0.9), (0, 0.999), (0, 0.6), (1, 0.7), (1, 0.98), (1, 0.8), (1, 1.0), (1, 0.5), (2, 0.9), (2, 0.7))
SAID += ((2, 0.995), (2, 0.99))
WORST_FIRST = (4, 8, 3)
HOSTILE = (
    "<script>alert(1)</script>",
    "\"quotes\" & 'more'",
    "\N{PILE OF POO} emoji",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} right to left",
    "</title></style><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
)


@dataclass(frozen=True, eq=False)
class TinyRun:
    """A run as `read_run` gives it, and the evaluation of its predictions."""

    stored: StoredRun
    evaluation: Evaluation

    @property
    def predictions(self) -> Predictions:
        """Of the stored run."""
        return self.stored.predictions

    @property
    def provenance(self) -> dict[str, Any]:
        """Of the stored run."""
        return dict(self.stored.provenance)

    def write(self, folder: Path) -> Path:
        """All data files of the run."""
        folder.mkdir(parents=True, exist_ok=True)
        write_results(folder, self.stored, self.evaluation)
        write_provenance(folder, self.provenance)
        return folder


def tiny_predictions(said=SAID, labels=LABELS, names=NAMES) -> Predictions:
    """What is not given to the predicted class is shared by the others, unevenly so that nothing is tied."""
    rows = np.zeros((len(said), 3))
    for row, (k, confidence) in zip(rows, said, strict=True):
        rest = [other for other in range(3) if other != k]
        row[k], row[rest] = confidence, (np.array([0.6, 0.4]) * (1 - confidence))
    return make_predictions(rows, np.array(labels), names)


def epochs(n: int = 3) -> list[dict[str, Any]]:
    """A history as on a model card."""
    return [
        {
            "epoch": k,
            "loss": 1 / k,
            "accuracy": 1 - 0.3 / k,
            "val_loss": 0.8 / k,
            "val_accuracy": 1 - 0.2 / k,
            "learning_rate": 0.001,
            "seconds": 1.5,
        }
        for k in range(1, n + 1)
    ]


def tiny_card(history) -> dict[str, Any]:
    """As much of a model card as the report shows."""
    return {
        "recipe": {"epochs": 3, "batch_size": 32, "seed": 7},
        "data": {"source": "pets", "split": "train", "sha256": "c" * 64, "n_trained_on": 90, "n_held_out": 10},
        "training": {"best_epoch": len(history), "duration_s": 4.5, "history": history},
    }


def tiny_provenance(predictions: Predictions, *, title="Pets", card=None, name="pets_cnn") -> dict[str, Any]:
    """run.json, as the pipeline makes it."""
    layer = {"name": "dense", "kind": "Dense", "output_shape": "3", "parameters": 93}
    return {
        "format": FORMAT,
        "created": "2026-01-02T03:04:05.678901+00:00",
        "title": title,
        "command": "mnist-report run --model pets_cnn.keras",
        "git_commit": None,
        "seed": 42,
        "versions": {"mnist-report": "0.1.0", "python": "3.11.7"},
        "host": {"name": "zoo", "system": "Linux"},
        "device": {
            "kind": "cpu",
            "name": "a processor",
            "backend": "tensorflow",
            "batch_size": 4,
            "inference_s": 0.25,
            "images_per_second": 48.0,
        },
        "model": {
            "name": name,
            "path": f"{name}.keras",
            "shipped": False,
            "format": "keras",
            "sha256": "a" * 64,
            "size_bytes": 12_345,
            "input_shape": [6, 5, 1],
            "num_classes": 3,
            "parameters": 93,
            "trainable_parameters": 90,
            "layers": [layer],
            "card": card,
        },
        "data": {
            "source": "pets",
            "split": "test",
            "n": len(predictions),
            "sha256": "b" * 64,
            "image_shape": [6, 5],
            "class_names": list(predictions.class_names),
        },
        "run_id": RUN_ID,
    }


def tiny_run(predictions: Predictions | None = None, *, most_mistakes=300, card=None, title="Pets") -> TinyRun:
    """A run of the twelve images, or of other predictions."""
    predictions = predictions or tiny_predictions()
    index = choose_galleries(predictions, most_mistakes=most_mistakes, seed=42).index
    pixels = np.random.default_rng(5).integers(0, 256, size=(len(predictions), 6, 5), dtype=np.uint8)
    facts = tiny_provenance(predictions, title=title, card=card) | {"most_mistakes": most_mistakes}
    columns = {"ink": quartile(pixels.sum(axis=(1, 2), dtype=float))}
    stored = StoredRun(facts, predictions, ShownImages(index, pixels[index]), columns)
    return TinyRun(stored, evaluate(predictions, slice_columns=columns))


def all_right() -> Predictions:
    """Twelve images without a mistake."""
    return tiny_predictions(tuple((k, 0.9) for k in LABELS))


def all_wrong() -> Predictions:
    """Twelve images without a right answer."""
    return tiny_predictions(tuple(((k + 1) % 3, 0.9) for k in LABELS))


def one_image() -> Predictions:
    """A single image, and it is right."""
    return tiny_predictions(((0, 0.9),), (0,))


def classes_alone() -> Predictions:
    """The twelve answers without their probabilities."""
    graded = tiny_predictions()
    return make_class_predictions(graded.predicted, graded.labels, graded.class_names, "classes alone")


def finished_run(reports: Path, run_id: str = RUN_ID) -> Path:
    """The published folder of the twelve images, with two reports."""
    with unfinished_run(reports) as folder, writing_to(reports):
        tiny_run().write(folder)
        (folder / "report.html").write_text("<p>", "utf-8")
        (folder / "report.pdf").write_bytes(b"%PDF")
        return publish(folder, run_id)


OUTCOMES = {
    "mistakes": tiny_predictions,
    "no mistake": all_right,
    "all wrong": all_wrong,
    "one image": one_image,
    "no dog": lambda: tiny_predictions(((0, 0.9), (2, 0.9)), (0, 2)),
    "never a dog": lambda: tiny_predictions(((0, 0.9), (0, 0.8)), (0, 1)),
    "classes alone": classes_alone,
}

# Stands in for a figure, where the drawings do not matter.
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
FIGURES = dict.fromkeys(
    ["confusion", "per_class", "confidence", "reliability", "risk_coverage", "class_distribution"], DRAWING
)


def tiny_view(predictions: Predictions | None = None, figures=None, **facts) -> View:
    """The view of a tiny run, with stand-ins for the drawings."""
    run = tiny_run(predictions, **facts)
    return make_view(run.stored, run.evaluation, figures or FIGURES)


def tiny_html(predictions: Predictions | None = None, **facts) -> str:
    """The page of a tiny run, with its drawings."""
    run = tiny_run(predictions, **facts)
    return draw_reports(run.stored, run.evaluation, ["html"])["report.html"].decode()
