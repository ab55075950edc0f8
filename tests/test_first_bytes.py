"""Files are told by their first bytes."""

import pytest

from mnist_report.model.first_bytes import LOOKED_AT, what_it_is
from mnist_report.model.store import shipped_model


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(9), "this is an HDF5 file: name it .h5"),
        (b"\x1c\0\0\0TFL3" + bytes(9), "this is a TensorFlow Lite file: name it .tflite"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "this is a pointer of Git LFS: get the model with git lfs pull",
        ),
        (b"<html>", "this is text, not a model (a failed download?)"),
        (("a" + "\N{BLACK HEART SUIT}" * LOOKED_AT).encode(), "this is text, not a model (a failed download?)"),
        (b"", ""),
        (b"\x80\x04\x95pickle", ""),
        (bytes(range(256)), ""),
    ],
)
def test_what_is_known_is_named_and_nothing_else(tmp_path, content, expected):
    """A wrong guess would lead astray."""
    (tmp_path / "file").write_bytes(content)
    assert what_it_is(tmp_path / "file") == expected


def test_a_keras_file_is_an_archive():
    """Under whatever name."""
    assert what_it_is(shipped_model()) == "this is a zip archive, as .keras files are: name it .keras"
