"""Parquet files are read in a child process: Arrow ends the whole process on some damaged files.

The child has a limit on its memory and on its time. It answers on its standard output with a line of JSON, and then
with the labels and the pixels as they lie in memory.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import MOST_BYTES
from mnist_report.data.parquet_images import read_parquet_images
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

# The pixels, as much again in Arrow's hands, and what the libraries reserve without using it.
MOST_MEMORY = 3 * MOST_BYTES
# A file of this size is read in less than a second; slow machines and busy ones get twenty times that.
BYTES_A_SECOND = 100_000
LEAST_SECONDS = 30


def read_parquet(path: Path, *, center: bool) -> Labelled:
    """As `read_parquet_images`, in a child process.

    Raises:
        DataError: the file is at fault; also where it ends the child.
    """
    seconds = LEAST_SECONDS + path.stat().st_size / BYTES_A_SECOND
    # -P: nothing in the folder that this was called in is imported.
    command = [sys.executable, "-P", "-m", __name__, str(path), "center" if center else "as it is"]
    with subprocess.Popen(  # noqa: S603  this very program
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        try:
            data = _receive(child.stdout)
            status = child.wait()
        finally:
            timer.cancel()
            child.kill()
    if data is None or status:
        raise DataError(
            f"{path}: cannot be read as Parquet: reading it in a process of its own ended with status {status}, after "
            f"{seconds:.0f} s at most; the file is damaged"
        )
    return data


def _receive(pipe: IO[bytes] | None) -> Labelled | None:
    """What the child says; None where it ended before."""
    assert pipe is not None  # noqa: S101  asked for above
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    answer = json.loads(line)
    if "error" in answer:
        raise DataError(answer["error"])
    labels, images = np.empty(answer["shape"][0], np.int64), np.empty(answer["shape"], np.uint8)
    if not (_fill(pipe, labels) and _fill(pipe, images)):
        return None
    names = answer["names"]
    return Labelled(images, labels, None if names is None else tuple(names), answer["centered"])


def _fill(pipe: Any, array: NDArray[Any]) -> bool:
    return bool(pipe.readinto(array.data.cast("B")) == array.nbytes)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not POSIX
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """The child: read the file that the command line names."""
    _limit_memory()
    out = sys.stdout.buffer
    try:
        data = read_parquet_images(Path(sys.argv[1]), center=sys.argv[2] == "center")
    except DataError as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    facts = {"shape": data.images.shape, "names": data.names, "centered": data.centered}
    out.write(json.dumps(facts).encode() + b"\n")
    out.write(np.ascontiguousarray(data.labels, np.int64).data)
    out.write(np.ascontiguousarray(data.images).data)


if __name__ == "__main__":
    main()
