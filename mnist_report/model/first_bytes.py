"""What a file is by its first bytes, in spite of its suffix."""

from pathlib import Path

from mnist_report.model.hdf5_file import SIGNATURE

LOOKED_AT = 512
LONGEST_LETTER = 4
ZIP = b"PK\x03\x04"
TFLITE = b"TFL3"
# What other libraries write, and we do not read: most of it is a pickle, which is a program.
OTHER_LIBRARIES = (".pt", ".pth", ".pkl", ".pickle", ".joblib", ".safetensors")


def what_it_is(path: Path) -> str:
    """A file that is no model of its suffix, in words that say what to do; nothing where nobody knows."""
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if start.startswith(SIGNATURE):
        return "this is an HDF5 file: name it .h5"
    if start.startswith(ZIP):
        return "this is a zip archive, as .keras files are: name it .keras"
    if start[4:8] == TFLITE:
        return "this is a TensorFlow Lite file: name it .tflite"
    if start.startswith(b"version https://git-lfs"):
        return "this is a pointer of Git LFS: get the model with git lfs pull"
    return "this is text, not a model (a failed download?)" if _is_text(start) else ""


def _is_text(start: bytes) -> bool:
    letters = start.decode("utf-8", "ignore")
    whole = len(start) - len(letters.encode()) < LONGEST_LETTER  # the last one may be cut
    return bool(start) and whole and all(letter.isprintable() or letter.isspace() for letter in letters)
