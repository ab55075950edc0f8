"""Parquet files are read in a child process: Arrow ends the whole process on some damaged files.

The child has a limit on its memory and on its time. It is asked by lines of JSON on its standard input, and answers on
its standard output with a line of JSON, and then with arrays as they lie in memory.
"""

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import GROWTH_MATTERS, MOST_BYTES, MOST_GROWTH
from mnist_report.data.parquet_images import ParquetImages
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

# The pixels, as much again in Arrow's hands, and what the libraries reserve without using it.
MOST_MEMORY = 3 * MOST_BYTES
# Of that the libraries alone; a small file gets three times what it may grow to, and no more.
LIBRARIES = 1 << 30
# A file of this size is read in less than a second; slow machines and busy ones get twenty times that.
BYTES_A_SECOND = 100_000
LEAST_SECONDS = 30
# Of arrays that are nothing but numbers.
KINDS = "biuf"


class Found(NamedTuple):
    """What a reader finds in a file, in a form that goes through a pipe.

    Attributes:
        facts: for JSON.
        arrays: of numbers.
    """

    facts: dict[str, Any]
    arrays: Sequence[NDArray[Any]]


def read_parquet(path: Path, *, center: bool) -> Labelled:
    """As `read_parquet_images`, in a child process.

    Args:
        path: as there.
        center: as there.

    Raises:
        DataError: the file is at fault; also where it ends the child.
    """
    with ParquetParts(path, center=center) as parts:
        return parts.read()


class ParquetParts:
    """The images of a file, one part after the other, from one child process, which reads on where it stands."""

    def __init__(self, path: Path, *, center: bool) -> None:
        """Start the child."""
        self.path, self.center = path, center
        self._child = Child(ImagesFinder, path, file_size(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        self._child.close()

    def read(self, rows: range | None = None, stored: int | None = None) -> Labelled:
        """See `ParquetImages.read`.

        Args:
            rows: as there.
            stored: how many bytes of the file may be read for them; all of it if not told.

        Raises:
            DataError: the file is at fault; also where it ends the child.
        """
        ends = [] if rows is None else [str(rows.start), str(rows.stop)]
        found = self._child.ask("center" if self.center else "as it is", *ends, stored=stored)
        names = found.facts["names"]
        labels, images = found.arrays
        return Labelled(images, labels, None if names is None else tuple(names), found.facts["centered"])


class ImagesFinder:
    """What `ParquetParts` gets from the child, which keeps the file open from one part to the next."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._images: ParquetImages | None = None

    def __call__(self, how: str, *ends: str) -> Found:
        """Read a part."""
        self._images = self._images or ParquetImages(self._path, center=how == "center")
        data = self._images.read(range(*map(int, ends)) if ends else None)
        return Found({"names": data.names, "centered": data.centered}, (np.asarray(data.labels, np.int64), data.images))


def read_apart(reader: Callable[..., Found], path: Path, *words: str, stored: int | None = None) -> Found:
    """Read a Parquet file in a child process.

    Args:
        reader: a module-level function of the path and the words.
        path: the file.
        words: what else the reader is told.
        stored: how many bytes of the file are read, which decides how long it may take and what memory; all if not
            told.

    Raises:
        DataError: the reader's own; also where the file ends the child.
    """
    child = Child(reader, path, file_size(path) if stored is None else stored)
    try:
        return child.ask(*words)
    finally:
        child.close()


class Child:
    """A process that reads one Parquet file."""

    def __init__(self, reader: Callable[..., Any], path: Path, size: int) -> None:
        """Start it.

        Args:
            reader: a module-level function of the path and the words of a question, or a class that is made of the
                path and called with the words.
            path: the file.
            size: how many of its bytes are read, which decides what memory it may take.
        """
        self._path, self._size = path, size
        # -P: nothing in the folder that this was called in is imported.
        told = [f"{reader.__module__}:{reader.__qualname__}", str(path), str(size)]
        command = [sys.executable, "-P", "-m", __name__, *told]
        # numpy would start a thread for each processor, and each of them counts as memory.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # noqa: S603  this very program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    def ask(self, *words: str, stored: int | None = None) -> Found:
        """What it finds.

        Args:
            words: what the reader is told.
            stored: how many bytes are read for that, which decides how long it may take; `size` if not told.

        Raises:
            DataError: the reader's own; also where the file ends the child.
        """
        seconds = LEAST_SECONDS + (self._size if stored is None else stored) / BYTES_A_SECOND
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            with suppress(BrokenPipeError):  # it has ended, and how is told below
                _write_line(self._process.stdin, words)
            found = _receive(self._process.stdout)
            if found is None:
                self._process.wait()
        finally:
            timer.cancel()
        if found is None:
            raise DataError(
                f"{self._path}: cannot be read as Parquet: reading it in a process of its own ended with status "
                f"{self._process.returncode}, after {seconds:.0f} s at most; the file is damaged"
            )
        return found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        with suppress(BrokenPipeError):
            self._process.__exit__(None, None, None)


def file_size(path: Path) -> int:
    """In bytes; 0 where it cannot be looked at."""
    with suppress(OSError, ValueError):  # the reader will say what is wrong
        return path.stat().st_size
    return 0


def _write_line(pipe: IO[bytes] | None, words: Sequence[str]) -> None:
    assert pipe is not None  # noqa: S101  asked for above
    pipe.write(json.dumps(words).encode() + b"\n")
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> Found | None:
    """What the child says; None where it ended before."""
    assert pipe is not None  # noqa: S101  asked for above
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    answer = json.loads(line)
    if "error" in answer:
        raise DataError(answer["error"])
    arrays = [np.empty(shape, np.dtype(kind)) for kind, shape in answer["arrays"]]
    return Found(answer["facts"], arrays) if all(_fill(pipe, array) for array in arrays) else None


def _fill(pipe: Any, array: NDArray[Any]) -> bool:
    return array.size == 0 or bool(pipe.readinto(array.data.cast("B")) == array.nbytes)


def _limit_memory(size: int) -> None:
    """Limit what this process may hold while it reads a file of some size."""
    try:
        import resource
    except ImportError:  # not POSIX
        return
    held = min(LIBRARIES + 3 * max(GROWTH_MATTERS, MOST_GROWTH * size), MOST_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_DATA, (held, held))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """The child: call the reader that the command line names for the file that it names."""
    path = Path(sys.argv[2])
    _limit_memory(int(sys.argv[3]))
    module, _, name = sys.argv[1].partition(":")
    reader = getattr(importlib.import_module(module), name)
    answer = reader(path) if isinstance(reader, type) else partial(reader, path)
    for line in sys.stdin.buffer:
        _answer(answer, json.loads(line))


def _answer(answer: Callable[..., Found], words: Sequence[str]) -> None:
    """Answer one question; the next one may be asked while this goes through the pipe."""
    out = sys.stdout.buffer
    try:
        found = answer(*words)
    except DataError as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        out.flush()
        return
    arrays = [np.ascontiguousarray(array) for array in found.arrays]
    assert all(array.dtype.kind in KINDS for array in arrays)  # noqa: S101  what readers promise
    head = {"facts": found.facts, "arrays": [(array.dtype.str, array.shape) for array in arrays]}
    out.write(json.dumps(head).encode() + b"\n")
    for array in arrays:
        out.write(array.data.cast("B") if array.size else b"")
    out.flush()


if __name__ == "__main__":
    main()
