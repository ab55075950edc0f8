"""A classifier of real digits in three lines, in the place of a process; a folder as MNIST-C; a tiny run with sets."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from tiny_run import tiny_run

from mnist_report.data.sources import load_dataset
from mnist_report.evaluation.robustness import CorruptedSet
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy, Layer
from mnist_report.model.backend import Backend
from mnist_report.runs.corruptions_file import Corruptions, Example

N = 300


def some_digits():
    """The first 300 test images and their labels."""
    data = load_dataset("mnist", "test")
    return data.images[:N], data.labels[:N]


def nearest_mean(images):
    """A classifier: how near each image is to the mean of each class."""
    pixels, labels = some_digits()
    means = np.stack([pixels[labels == k].mean(axis=0).ravel() for k in range(10)])
    flat = images.reshape(len(images), -1).astype(float)
    apart = ((flat[:, np.newaxis] - means) ** 2).sum(axis=2) / 1e6
    near = np.exp(apart.min(axis=1, keepdims=True) - apart)
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)


class NearestMean:
    """Stands in for a model in a process of its own; with a card nothing has to be tried on training images."""

    def __init__(self, model):
        self.model = replace(model, card={})

    def wait_until_loaded(self):
        """What it is and what it runs on."""
        return Anatomy((28, 28, 1), 10, 0, 0, (Layer("near", "Lambda", "10", 0),)), Backend("none", {}, "cpu", "test")

    def predict(self, images, show, _preparation):
        """A row an image."""
        show(len(images), len(images))
        return Inference(nearest_mean(images), len(images), 0.01)


@contextmanager
def start_nearest_mean(model, *, device, batch_size, precision):
    """In the place of `start_model`."""
    assert (device, batch_size, precision) == ("auto", None, "float32")
    yield NearestMean(model)


def write_mnist_c(folder, names=("fog", "zigzag")):
    """Two corruptions of the digits: the first ones inverted, the others upside down."""
    images, labels = some_digits()
    for name, worse in zip(names, (255 - images, images[:, ::-1]), strict=True):
        (folder / name).mkdir(parents=True)
        np.save(folder / name / "test_images.npy", worse[..., np.newaxis])
        np.save(folder / name / "test_labels.npy", labels)
    return folder


def with_corruptions(name="fog"):
    """The tiny run with sets of two severities and one that is alone."""
    run = tiny_run()
    sets = [CorruptedSet.of(kind, k, run.predictions) for kind, k in (("noise", 1), ("noise", 2), (name, 1))]
    pixels = np.zeros((4, 6, 5), dtype=np.uint8)
    corruptions = Corruptions(tuple(sets), Example(0, pixels, np.array([0, 0, 1, 2])))
    return replace(run, stored=replace(run.stored, corruptions=corruptions))
