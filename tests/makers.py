"""Data and model files as the outside world writes them; nothing of the package helps to make them."""

import gzip
import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KERAS_PARTS = {
    "config.json": b'{"class_name": "Sequential", "config": {"name": "hollow", "layers": []}}',
    "metadata.json": b"{}",
    "model.weights.h5": b"{}",
}


def digits(n: int = 5) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images of noise and the labels 0, 1, 2, ... for them."""
    images = np.random.default_rng(7).integers(0, 256, (n, 28, 28), dtype=np.uint8)
    return images, np.arange(n, dtype=np.uint8) % 10


def idx_header(shape: Sequence[int]) -> bytes:
    """The first bytes of an IDX file of unsigned bytes."""
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)


def idx_bytes(values: NDArray[Any]) -> bytes:
    """A whole IDX file of unsigned bytes."""
    return idx_header(values.shape) + values.astype(np.uint8).tobytes()


def write_idx(path: Path, values: NDArray[Any]) -> Path:
    """One IDX file, gzipped where the name ends in .gz."""
    content = idx_bytes(values)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_idx_folder(
    folder: Path, images: NDArray[Any], labels: NDArray[Any], *, stem: str = "t10k", joint: str = "-", suffix: str = ""
) -> Path:
    """The two files of one split; `joint` and `suffix` choose among the spellings that circulate."""
    folder.mkdir(exist_ok=True)
    write_idx(folder / f"{stem}-images{joint}idx3-ubyte{suffix}", images)
    write_idx(folder / f"{stem}-labels{joint}idx1-ubyte{suffix}", labels)
    return folder


def write_npz(path: Path, images: NDArray[Any], labels: NDArray[Any], split: str = "test") -> Path:
    """One split in an archive laid out as Keras's mnist.npz."""
    np.savez(path, **{f"x_{split}": images, f"y_{split}": labels})
    return path


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def write_hollow_model(path: Path, parts: Iterable[str] = KERAS_PARTS) -> Path:
    """A .keras file that looks whole from outside, as long as nobody loads it."""
    path.write_bytes(zip_bytes({part: KERAS_PARTS[part] for part in parts}))
    return path


def npy_bytes(values: NDArray[Any]) -> bytes:
    """A .npy file, the member of an .npz."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def npy_header(shape: Sequence[int]) -> bytes:
    """The beginning of a .npy file of unsigned bytes that promises this shape."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)})
    return file.getvalue()


def damaged_npz(kind: str) -> bytes:
    """An archive of three images and labels, spoilt in one way."""
    images, labels = npy_bytes(digits(3)[0]), npy_bytes(digits(3)[1])
    members = {
        "whole": {"x_test.npy": images, "y_test.npy": labels},
        "no labels": {"x_test.npy": images, "y_train.npy": labels},
        "pickled": {"x_test.npy": npy_bytes(np.array([{}, {}, {}])), "y_test.npy": labels},
        "member cut": {"x_test.npy": images[:-9], "y_test.npy": labels},
        "header cut": {"x_test.npy": images[:20], "y_test.npy": labels},
        "header garbled": {"x_test.npy": images[:10] + b"{" * 118, "y_test.npy": labels},
        "header huge": {"x_test.npy": npy_header((10**15, 28, 28)), "y_test.npy": labels},
        "not arrays": {"x_test": b"P5 28 28", "y_test": b"0 1 2"},
    }
    if kind in members:
        return zip_bytes(members[kind])
    content = bytearray(zip_bytes(members["whole"]))
    central = content.index(b"PK\x01\x02")
    if kind == "encrypted":
        content[6] |= 1
        content[central + 8] |= 1
    elif kind == "unknown compression":
        content[8] = content[central + 10] = 99
    elif kind == "flipped bit":
        content[1000] ^= 1
    elif kind == "archive cut":
        del content[central:]
    else:
        raise ValueError(kind)
    return bytes(content)
