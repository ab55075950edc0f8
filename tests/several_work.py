"""Models for a run of several, each as long as its name: what becomes of it stands there."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from makers import digits

from mnist_report.errors import ModelError
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy, Layer
from mnist_report.model.backend import Backend
from mnist_report.model.store import ModelFile

N = 400
# Which of 400 images each one gets wrong.
WRONG = {"best": range(2), "middle": range(1, 9), "worst": range(0, 400, 2)}
FAILING = {
    "broken": ModelError("its weights are gone"),
    "bug": ZeroDivisionError("nobody expects this"),
    "interrupt": KeyboardInterrupt(),
    "disk": OSError(28, "No space left on device", "/somewhere/full"),
}


def right_answers(name):
    """By a plain loop."""
    return [row not in WRONG[name] for row in range(N)]


class Answers:
    """Stands in for a model in a process of its own."""

    def __init__(self, model: ModelFile) -> None:
        # With a card nothing has to be tried on training images.
        self.model, self.name = replace(model, card={}), model.path.stem

    def wait_until_loaded(self):
        """What it is and what it runs on; some fail here."""
        if self.name in FAILING:
            raise FAILING[self.name]
        layer = Layer("name", "Lambda", "10", 0)
        return Anatomy((28, 28, 1), 10, 0, 0, (layer,)), Backend("none", {}, "cpu", "a test")

    def predict(self, images, show, _preparation):
        """The label, or for some images the class after it."""
        labels = digits(N)[1].astype(int)
        said = [(label + (row in WRONG.get(self.name, ()))) % 10 for row, label in enumerate(labels)]
        show(len(images), len(images))
        return Inference(np.eye(10, dtype=np.float32)[said] * 0.9 + 0.01, len(images), 0.01)


@contextmanager
def start_answers(model, **_):
    """In the place of `start_model`."""
    yield Answers(model)
