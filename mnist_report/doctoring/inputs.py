"""Model, data, rules: what a run would read."""

import stat
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from mnist_report.data.corrupted import find_corrupted
from mnist_report.data.dataset import Dataset
from mnist_report.data.reading import Reading
from mnist_report.data.shards import find_shards
from mnist_report.data.sources import EMBEDDED, load_dataset
from mnist_report.doctoring.check import Check
from mnist_report.errors import MnistReportError
from mnist_report.model.card import card_path
from mnist_report.model.store import file_sha256, identify_model
from mnist_report.report import text
from mnist_report.runs.baseline import read_baseline

AGAIN = "install mnist-report again: pip install --force-reinstall --no-deps mnist-report"
# Formats that Keras does not read, with the module that does and the extra that has it.
RUNTIMES = {"tflite": ("ai_edge_litert", "tflite"), "onnx": ("onnxruntime", "onnx")}


def look_at_model(path: Path, *, trusted: bool, sha256: str | None) -> Iterator[Check]:
    """A model file, its digest and its card.

    Args:
        path: of the file.
        trusted: whether it may bring code along.
        sha256: what its digest must be, or None.
    """
    try:
        model = identify_model(path, trusted=trusted)
    except MnistReportError as error:
        yield Check("model", "fail", str(error), "give another one with --model, or mend this one")
        return
    except OSError as error:
        yield Check("model", "fail", f"{path}: cannot be read ({error.strerror or error})", "let this user read it")
        return
    name = f"{path.name if model.shipped else path}, sha256 {model.sha256[:12]}..."
    if sha256 is not None and model.sha256 != sha256.lower():
        found = f"{name}, and --model-sha256 says {sha256.lower()[:12]}..."
        yield Check("model", "fail", found, "this is another file: find out who changed it, or change the digest")
    elif model.card is not None:
        yield Check("model", "ok", f"{name}, as its card says")
    elif model.shipped:
        yield Check("model", "fail", f"{name}: not the one that its card describes", AGAIN)
    elif card_path(path).exists():
        fix = f"remove {card_path(path)}, or put the model back that it describes"
        yield Check("model", "warn", f"{name}; the card beside it is of another model and not used", fix)
    else:
        yield Check("model", "ok", f"{name}, without a card")
    if model.format in RUNTIMES and find_spec(RUNTIMES[model.format][0]) is None:
        module, extra = RUNTIMES[model.format]
        fix = f"pip install '.[{extra}]' in a checkout, or 'mnist-report[{extra}]'"
        yield Check("model", "fail", f"{path.suffix} needs {module}, which is not installed", fix)


def look_at_predictions(path: Path) -> Check:
    """A file of predictions in place of a model."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Check("predictions", "fail", f"{path} is no file", "give another one with --predictions")
        return Check("predictions", "ok", f"{path}, sha256 {file_sha256(path)[:12]}...")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        return Check("predictions", "fail", f"{path}: cannot be read ({why})", "give another one with --predictions")


def look_at_data(source: str, split: str, reading: Reading) -> tuple[Check, Dataset | None]:
    """The images, all of them read; of the embedded ones both splits against the digests that were published."""
    try:
        data = load_dataset(source, split, reading)
        if source == EMBEDDED:
            load_dataset(source, "train" if split == "test" else "test")
    except MnistReportError as error:
        return Check(
            "data", "fail", str(error), AGAIN if source == EMBEDDED else "mend it, or give another --data"
        ), None
    if source == EMBEDDED:
        return Check("data", "ok", "the embedded MNIST, sha256 as published"), data
    found = f"{source}, {split} split: {len(data):,} images, sha256 {data.sha256[:12]}..."
    return Check("data", "ok", found), data


def look_at_corrupted(folder: Path, data: Dataset) -> Check:
    """A folder of corrupted copies of the data."""
    try:
        names = find_corrupted(folder, data)
    except MnistReportError as error:
        return Check("corrupted", "fail", str(error), "mend it, or give another --corrupted")
    return Check("corrupted", "ok", f"{folder}: {len(names)} corruptions of {data.source}")


def look_at_shards(source: str, split: str, reading: Reading, *, shared: bool) -> tuple[Check, tuple[str, ...]]:
    """The images of a run that counts them part by part, which may be more than memory holds; also their classes.

    Args:
        source: where they come from.
        split: "test" or "train".
        reading: how they are read.
        shared: whether several workers read them.
    """
    try:
        shards = find_shards(source, split, reading)
    except MnistReportError as error:
        return Check("data", "fail", str(error), "mend it, or give another --data"), ()
    found = f"{source}, {split} split: {shards.n:,} images in {text.plural(len(shards.shards), 'shard')}"
    if shared and not shards.apart:
        fix = "give Parquet files, uncompressed IDX files or a folder of pictures, or take --engine local"
        return Check("data", "fail", f"{found}, which workers cannot share", fix), shards.names
    return Check("data", "ok", found), shards.names


def look_at_gates(load: Callable[[], Sequence[object] | None]) -> Check:
    """The rules that somebody wrote down."""
    try:
        rules = load()
    except MnistReportError as error:
        return Check("gates", "fail", str(error), "mend that rule")
    return Check("gates", "ok", "the default ones" if rules is None else f"{len(rules)} of your own")


def look_at_baseline(path: Path, class_names: tuple[str, ...]) -> Check:
    """What the run would be held against."""
    accept = "make one: mnist-report baseline accept RUN --by NAME --why TEXT"
    try:
        found = read_baseline(path, class_names)
    except MnistReportError as error:
        return Check("baseline", "fail", str(error), accept)
    if found.problem:
        return Check("baseline", "warn", found.problem, accept)
    return Check("baseline", "ok", f"{path}, {len(found.index):,} predictions")
