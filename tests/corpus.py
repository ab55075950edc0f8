"""A corpus of models as people publish them: what each file is, and what its own framework says about it.

The tests import no framework: `python corpus.py make MAKER FOLDER` runs the module `corpus_MAKER` in a process of its
own, and `python corpus.py evaluate FOLDER PART` evaluates every second file. Only the digits help to make them.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.sources import load_dataset

# A maker and the library that it needs.
MAKERS = {
    "keras": "keras",
    "tensorflow": "tensorflow",
    "keras2": "tf_keras",
    "refused": "keras",
    "sklearn": "skl2onnx",
    "tf2onnx": "tf2onnx",
    "onnx": "onnx",
    "torch": "onnxruntime",  # PyTorch itself is large: its files are kept beside it
}
TRAINED_ON = 6_000
PARTS = 2

SCALES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "unit": lambda pixels: pixels / np.float32(255),
    "raw": lambda pixels: pixels,
    "standard": lambda pixels: (pixels / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081),
    "symmetric": lambda pixels: pixels / np.float32(127.5) - 1,
    "inverted": lambda pixels: 1 - pixels / np.float32(255),
    # keras.utils.normalize(pixels, axis=1): each column of an image gets the length 1; none of ours.
    "columns": lambda pixels: pixels / np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1),
}
# Of the last layer of a network that gives such numbers.
ACTIVATIONS = {
    "probabilities": "softmax",
    "rounded probabilities": "softmax",
    "sigmoids": "sigmoid",
    "log-probabilities": "log_softmax",
    "logits": None,
}


@dataclass(frozen=True)
class Row:
    """One model of the corpus.

    Attributes:
        file: its name; a SavedModel's has no suffix.
        input: the shape of an image, and how it got that.
        scale: of the pixels that it was trained on.
        output: what its numbers are.
        make: writes it to a path and returns how many of the 10,000 test images its own framework gets right.
        odd: what is odd about it.
        trust: whether it needs --trust-model.
        refused: a pattern of the refusal's words, where it is refused.
        given: what --scale says; "auto" leaves it to be found.
        found: the scale that is found, where it is another one.
        differs: how many right answers there may be more or less, for a reason that `odd` names; such a model does not
            count as evaluated.
    """

    file: str
    input: str
    scale: str
    output: str
    make: Callable[[Path], int | None]
    odd: str = ""
    trust: bool = False
    refused: str = ""
    given: str = "auto"
    found: str = ""
    differs: int = 0


@cache
def digits(split: str, scale: str, form: str) -> NDArray[np.float32]:
    """Images as a model gets them: some thousands to train on, or all of the test set."""
    images = load_dataset("mnist", split).images
    images = images[:TRAINED_ON] if split == "train" else images
    return np.asarray(SCALES[scale](shaped(images, form).astype(np.float32)), np.float32)


def labels(split: str) -> NDArray[np.int64]:
    found = load_dataset("mnist", split).labels
    return found[:TRAINED_ON] if split == "train" else found


def shaped(images: NDArray[Any], form: str) -> NDArray[Any]:
    """The form is the shape as text: "28 x 28 x 1", and for another size "32 x 32 x 3, padded" or "..., resized".

    "Stretched" is what TensorFlow makes of it, which does not round to whole numbers.
    """
    shape = shape_of(form)
    sides = [size for size in shape if size not in (1, 3)]
    if form.endswith("padded"):
        images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    if form.endswith("stretched"):
        import keras

        images = np.asarray(keras.ops.image.resize(images[..., np.newaxis].astype(np.float32), sides))
        return images.reshape(len(images), *shape)
    if form.endswith("resized"):
        from PIL import Image

        images = np.stack(
            [np.asarray(Image.fromarray(image).resize(sides, Image.Resampling.BILINEAR)) for image in images]
        )
    if 3 in shape:
        images = np.repeat(images[..., np.newaxis], 3, axis=-1)
        images = images if shape[-1] == 3 else images.transpose(0, 3, 1, 2)
    return images.reshape(len(images), *shape)


def shape_of(form: str) -> tuple[int, ...]:
    return tuple(map(int, form.split(",", maxsplit=1)[0].split(" x ")))


def right(scores: Any) -> int:
    """How many of the test images the highest score is right about."""
    rows = np.asarray(scores).astype(np.float64).reshape(10_000, -1)
    return int((rows.argmax(axis=1) == labels("test")).sum())


def rows_of(maker: str) -> list[Row]:
    rows: list[Row] = importlib.import_module(f"corpus_{maker}").ROWS
    return rows


def missing(maker: str) -> bool:
    """Whether its library is not installed."""
    return find_spec(MAKERS[maker]) is None


def make_all(maker: str, folder: Path) -> None:
    """Make a maker's files; what its framework says about them goes into a file."""
    said = {row.file: row.make(folder / row.file) for row in rows_of(maker)}
    (folder / f"{maker}.json").write_text(json.dumps(said))


def evaluate_all(rows: Sequence[Row], folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """What `mnist-report evaluate --model FILE` says of each."""
    from mnist_report.commands.surroundings import look_around

    test_set = load_dataset("mnist", "test")
    return {row.file: evaluated(row, folder, look_around(), test_set) for row in rows}


def evaluated(row: Row, folder: Path, surroundings: Any, test_set: Any) -> Mapping[str, Any]:
    """How many are right, the scale that was found and what the numbers were taken for; or the refusal."""
    from mnist_report.errors import MnistReportError
    from mnist_report.jobs import Job
    from mnist_report.pipeline import run

    job = Job(
        model=folder / row.file,
        data="mnist",
        split="test",
        device="cpu",
        batch_size=500,
        seed=42,
        reports=folder / "reports",
        title="A model of the corpus",
        slices=None,
        formats=(),
        trust_model=row.trust,
        scale=row.given,
    )
    try:
        stored = run(job, surroundings, lambda *_: None, test_set).folder
    except MnistReportError as error:
        return {"refused": str(error).replace(f"{folder}{os.sep}", ""), "status": error.exit_status}
    model = json.loads((stored / "run.json").read_text())["model"]
    confusion = json.loads((stored / "metrics.json").read_text())["confusion"]
    correct = sum(confusion[k][k] for k in range(10))
    return {"right": correct, "output": model["output"]} | {key: model["input"][key] for key in ("scale", "way", "why")}


if __name__ == "__main__":
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    sys.modules["corpus"] = sys.modules["__main__"]
    if sys.argv[1] == "make":
        make_all(sys.argv[2], Path(sys.argv[3]))
    else:
        here, part = Path(sys.argv[2]), int(sys.argv[3])
        every = [row for name in MAKERS if not missing(name) for row in rows_of(name)]
        (here / f"found{part}.json").write_text(json.dumps(evaluate_all(every[part::PARTS], here)))
