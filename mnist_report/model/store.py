"""Model files and their cards on disk."""

import csv
import hashlib
import io
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_report.errors import ModelError, OutputError
from mnist_report.model.card import card_path, read_card
from mnist_report.model.fitting import Epoch
from mnist_report.model.keras_archive import MOST_BYTES, check_archive
from mnist_report.resources import resource

if TYPE_CHECKING:
    import keras

SHIPPED = "mnist_cnn.keras"


def shipped_model() -> Path:
    """The model that comes with this package."""
    return resource("models") / SHIPPED


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file before it is loaded.

    Attributes:
        path: the file.
        sha256: of its bytes.
        size_bytes: its size.
        card: what is known of its training, or None.
        shipped: whether it is the one that comes with this package.
    """

    path: Path
    sha256: str
    size_bytes: int
    card: dict[str, Any] | None
    shipped: bool


def identify_model(path: Path) -> ModelFile:
    """Look at a model file without importing keras.

    Raises:
        ModelError: it is not a Keras archive, or its card cannot be read.
    """
    check_model_file(path)
    sha256 = file_sha256(path)
    return ModelFile(path, sha256, path.stat().st_size, read_card(path, sha256), path == shipped_model())


def check_model_file(path: Path) -> None:
    """See that `path` is a Keras archive that only computes, without importing keras.

    Raises:
        ModelError: it is missing, a folder, another format, damaged, of absurd size, or brings code along.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error})") from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "something that is no file"
        raise ModelError(f"{path}: expected a .keras file, found {kind}")
    if path.suffix != ".keras":
        suffix = path.suffix or "no suffix"
        raise ModelError(f"{path}: expected a .keras file, found {suffix}; save it with model.save()")
    if found.st_size > MOST_BYTES:
        raise ModelError(f"{path}: {found.st_size:,} bytes, at most {MOST_BYTES:,} are taken")
    check_archive(path, str(path), trusted=False)


def load_model(path: Path) -> "keras.Model":
    """Load a Keras model for inference.

    Raises:
        ModelError: keras rejects the file.
    """
    import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # keras raises whatever its layers raise on a damaged file
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"{path}: keras cannot load this model: {type(error).__name__}: {reason}") from error


def save_model(model: "keras.Model", path: Path) -> None:
    """Write a model without its optimizer's state, whole or not at all."""
    # A clone by configuration was never compiled, so it has no optimizer (keras.models.clone_model copies that too).
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with _written_beside(path) as unfinished:
        bare.save(unfinished)


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def check_can_write(path: Path) -> None:
    """Find out before hours of work whether a file can be written; one that is there stays as it is.

    Raises:
        OutputError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise OutputError(f"{path}: cannot be written, it is a folder")
        unfinished = _unfinished(path)
        unfinished.touch()
        unfinished.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def write_text(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all."""
    with _written_beside(path) as unfinished:
        unfinished.write_text(text, "utf-8")


@contextmanager
def _written_beside(path: Path) -> Iterator[Path]:
    """A name beside `path` (with its suffix, which keras insists on) that takes its place at the end."""
    unfinished = _unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.stem}.unfinished{path.suffix}")
