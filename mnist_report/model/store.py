"""Model files and their cards on disk."""

import csv
import hashlib
import io
import json
import stat
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_report.errors import ModelError
from mnist_report.model.card import card_path, read_card
from mnist_report.model.epochs import Epoch
from mnist_report.model.first_bytes import OTHER_LIBRARIES, ZIP, what_it_is
from mnist_report.model.hdf5_file import SIGNATURE
from mnist_report.model.keras_archive import MOST_BYTES, check_archive
from mnist_report.model.writing import write_text, written_beside
from mnist_report.resources import resource

if TYPE_CHECKING:
    import keras

SHIPPED = "mnist_cnn.keras"
FORMATS = {".keras": "keras", ".h5": "hdf5", ".hdf5": "hdf5", ".tflite": "tflite", ".onnx": "onnx"}
OTHERS = ".h5, .tflite or .onnx"
SAVEDMODEL = "savedmodel"
STARTS = {
    "keras": (ZIP, "not a zip archive, so not a .keras file"),
    "hdf5": (SIGNATURE, "not an HDF5 file"),
}


def shipped_model() -> Path:
    """The model that comes with this package."""
    return resource("models") / SHIPPED


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file before it is loaded.

    Attributes:
        path: the file, as its user names it.
        sha256: of its bytes; of a folder, of the names and digests of its files.
        size_bytes: its size.
        card: what is known of its training, or None.
        shipped: whether it is the one that comes with this package.
        format: a value of `FORMATS`, or "savedmodel".
        trusted: whether it may bring code along.
        copy: the bytes that are loaded, where they are not those of `path`.
    """

    path: Path
    sha256: str
    size_bytes: int
    card: dict[str, Any] | None
    shipped: bool
    format: str = "keras"
    trusted: bool = False
    copy: Path | None = None

    @property
    def loaded(self) -> Path:
        """The file to load."""
        return self.copy or self.path

    @property
    def limited(self) -> bool:
        """Whether its process is held to limits of memory and time: nobody vouches for it."""
        return not (self.trusted or self.shipped)


def identify_model(path: Path, *, trusted: bool = False, copy: Path | None = None) -> ModelFile:
    """Look at a model file without importing keras.

    Args:
        path: the file, as its user names it; its card lies beside it.
        trusted: whether it may bring code along.
        copy: a private copy to look at instead, if there is one.

    Raises:
        ModelError: it is not a model that can be taken, or its card cannot be read.
    """
    file = copy or path
    kind = check_model_file(file, str(path), trusted=trusted)
    files = [file] if kind != SAVEDMODEL else sorted(part for part in file.rglob("*") if part.is_file())
    sha256 = file_sha256(file) if kind != SAVEDMODEL else folder_sha256(file)
    size = sum(part.stat().st_size for part in files)
    return ModelFile(path, sha256, size, read_card(path, sha256), path == shipped_model(), kind, trusted, copy)


def check_model_file(path: Path, where: str, *, trusted: bool = False) -> str:
    """See that a file may be a model, without importing keras or any other library that reads models.

    Args:
        path: the file.
        where: what to call it in messages.
        trusted: whether it may bring code along.

    Returns:
        Its format.

    Raises:
        ModelError: it is missing, another format, damaged, of absurd size, or brings code along.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise ModelError(f"{where}: no such model file") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{where}: cannot be read ({error})") from error
    if stat.S_ISDIR(found.st_mode):
        return _check_folder(path, where, trusted=trusted)
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{where}: expected a .keras file, found something that is no file")
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        suffix = path.suffix or "no suffix"
        advice = "save it with model.save()"
        if path.suffix.lower() in OTHER_LIBRARIES:
            advice = "export it to ONNX, or give its predictions with --predictions"
        raise ModelError(f"{where}: expected a .keras file (or {OTHERS}), found {suffix}; {advice}")
    if found.st_size > MOST_BYTES:
        raise ModelError(f"{where}: {found.st_size:,} bytes, at most {MOST_BYTES:,} are taken")
    if kind in STARTS:
        _check_start(path, where, kind)
    if kind == "keras":
        check_archive(path, where, trusted=trusted)
    return kind


def _check_start(path: Path, where: str, kind: str) -> None:
    """See that a file begins as its suffix says, else say what it is."""
    start, expected = STARTS[kind]
    with path.open("rb") as file:
        if file.read(len(start)) == start:
            return
    found = what_it_is(path)
    if found or kind == "hdf5":  # what an archive is else, its own check says
        raise ModelError(f"{where}: {expected}, in spite of its suffix {path.suffix}{'; ' if found else ''}{found}")


def _check_folder(path: Path, where: str, *, trusted: bool) -> str:
    if not (path / "saved_model.pb").is_file():
        raise ModelError(f"{where}: expected a .keras file, found a folder")
    if not trusted:
        raise ModelError(
            f"{where}: a SavedModel is a program of arbitrary operations; if you trust whoever made it, load it with "
            "--trust-model"
        )
    return SAVEDMODEL


def load_model(path: Path, where: str = "", *, trusted: bool = False) -> "keras.Model":
    """Load a Keras model for inference.

    Args:
        path: a `.keras` or `.h5` file that was looked at before.
        where: what to call it in messages, by default its path.
        trusted: whether it may bring code along.

    Raises:
        ModelError: keras rejects the file.
    """
    import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=not trusted)
    except Exception as error:  # keras raises whatever its layers raise on a damaged file
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"{where or path}: keras cannot load this model: {type(error).__name__}: {reason}") from error


def save_model(model: "keras.Model", path: Path) -> None:
    """Write a model without its optimizer's state, whole or not at all."""
    # A clone by configuration was never compiled, so it has no optimizer (keras.models.clone_model copies that too).
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with written_beside(path) as unfinished:
        bare.save(unfinished)


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path) -> str:
    """The sha256 of the names and digests of a folder's files, as `sha256sum` lists them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_card(model: Path, card: dict[str, Any], history: tuple[Epoch, ...]) -> None:
    """Write a model's card (JSON) and history (CSV) beside it."""
    write_text(card_path(model), json.dumps(card, indent=1, allow_nan=False) + "\n")
    write_text(model.with_suffix(".history.csv"), _history_csv(history))


def _history_csv(history: tuple[Epoch, ...]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return text.getvalue()
