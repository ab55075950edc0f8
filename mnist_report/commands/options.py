"""The types of options that several commands share."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from mnist_report.data.reading import Reading
from mnist_report.engines import Engine
from mnist_report.errors import ConfigError

FORMATS = ("html", "pdf")
TITLE = "Digit classifier evaluation"


def _split_paths(_: object, value: str, delimiter: str | None = None) -> list[str]:
    """Several paths in one variable, unless they are one path that happens to have a colon."""
    return [value] if os.path.lexists(value) else value.split(delimiter or os.pathsep)


Device = Annotated[
    Literal["auto", "cpu", "gpu"], Parameter(help="Where the model runs; gpu insists on one, auto takes one if there.")
]
Data = Annotated[
    str,
    Parameter(
        help="mnist (embedded), a folder of IDX files or of a subfolder of pictures for each class, an .npz laid out "
        "as Keras's, a .csv of pixels, a .parquet with the columns image and label, or several of those: their folder, "
        "or a pattern such as 'folder/*.parquet'."
    ),
]
EngineOptions = Annotated[Engine, Parameter(name="*", group=Group("Engine", sort_key=7))]
ReadingOptions = Annotated[Reading, Parameter(name="*", group=Group("Data", sort_key=4))]
Split = Annotated[Literal["test", "train"], Parameter(help="Which part of the data.")]
Slices = Annotated[
    Path | None, Parameter(help="A CSV or Parquet file with a column index and columns that slice the images.")
]
ROBUSTNESS = Group("Robustness", sort_key=5)
Corruptions = Annotated[
    bool,
    Parameter(
        negative=(),
        group=ROBUSTNESS,
        help="Ask the model about worse images, too: rotated, shifted, noisy, blurred, faded and partly covered "
        "ones, made of the test images at five severities each.",
    ),
]
Corrupted = Annotated[
    Path | None,
    Parameter(
        group=ROBUSTNESS,
        help="Ask the model about the corrupted images of a folder laid out as MNIST-C, too: a subfolder for each "
        "corruption, with test_images.npy and test_labels.npy.",
    ),
]
Predictions = Annotated[
    Path | None,
    Parameter(
        help="Predictions of any program in place of a model: .npy, .npz, .csv or .parquet, a row of probabilities or "
        "a class an image. With labels in it and --data none, no images are needed."
    ),
]
Model = Annotated[
    Path | None,
    Parameter(
        help="A .keras, .h5, .tflite or .onnx file, or a SavedModel; by default the model that comes with mnist-report."
    ),
]
Models = Annotated[
    list[Path] | None,
    Parameter(
        help="A .keras, .h5, .tflite or .onnx file, or a SavedModel; by default the model that comes with "
        "mnist-report. Several, or a pattern such as 'models/*.keras', get a run each and one leaderboard, or with "
        "--ensemble one run.",
        negative=(),
        consume_multiple=(1, None),  # as a shell writes out a pattern
        json_list=False,  # a pattern may begin with [
        env_var_split=_split_paths,
    ),
]
Ensemble = Annotated[
    bool,
    Parameter(
        negative=(), help="Evaluate the mean of the probabilities of several models as one, and show each beside it."
    ),
]
TrustModel = Annotated[
    bool, Parameter(negative=(), help="Let the model run code of its own, without limits of memory and time.")
]
Scale = Annotated[
    Literal["unit", "raw", "standard", "symmetric", "inverted", "auto"],
    Parameter(
        help="The pixels that the model expects: unit 0 to 1, raw 0 to 255, standard by the training pixels' mean and "
        "deviation, symmetric -1 to 1, inverted 1 to 0; auto tries them on training images where no card says it."
    ),
]
ModelSha256 = Annotated[str | None, Parameter(help="What the sha256 of the model file must be.")]
Reports = Annotated[Path, Parameter(help="The folder of the run folders.")]
BatchSize = Annotated[
    int | None, Parameter(help="Images per call of the model (default: 500, and on a GPU as many as its memory suits).")
]
Precision = Annotated[
    Literal["float32", "bfloat16"],
    Parameter(
        help="The numbers that a Keras model computes in. float32 is full float32, on a GPU too; bfloat16 is faster "
        "there, and its agreement with float32 is measured and reported."
    ),
]
Seed = Annotated[int, Parameter(help="Of everything drawn at random.")]
MostMistakes = Annotated[
    int, Parameter(help="So many mistakes are shown at most, but the worst one of each confused pair always.")
]
Title = Annotated[str, Parameter(help="The report's title.")]
Notes = Annotated[Path | None, Parameter(help="A Markdown file, at most 100 kB of UTF-8, that the report shows.")]
TemplateDir = Annotated[
    Path | None,
    Parameter(
        help="A folder of Jinja templates that come before those of mnist-report. Templates are code: name only a "
        "folder that you trust."
    ),
]
Format = Annotated[str | None, Parameter(help="html, pdf or html,pdf (default: both, the PDF where Pango is there).")]


def parse_formats(text: str | None) -> tuple[str, ...] | None:
    """The names in "html,pdf" as a tuple; None stays None.

    Raises:
        ConfigError: a name that is no format.
    """
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in FORMATS:
            raise ConfigError(f"--format: unknown format {name!r}, expected html, pdf or html,pdf")
    return names


def check_digest(sha256: str | None) -> None:
    """See that --model-sha256 can be one; a digest cut short would pin nothing.

    Raises:
        ConfigError: it cannot.
    """
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise ConfigError(f"model-sha256 is {sha256!r}, expected 64 hexadecimal digits")
