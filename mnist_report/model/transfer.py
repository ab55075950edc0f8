"""Images on their way to a model's process: their bytes as they lie in memory, which is several times as fast as
pickling them.
"""

import math
import os
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray


def send_images(connection: Connection, images: NDArray[np.uint8], about: object) -> None:
    """Send images to the process at the other end, which has to call `receive_images`.

    Args:
        connection: to it.
        images: uint8, at least one.
        about: a small value that goes with them.

    Raises:
        OSError: it is gone.
    """
    connection.send((images.shape, about))
    rest = np.ascontiguousarray(images).reshape(-1).data
    while rest:
        rest = rest[os.write(connection.fileno(), rest) :]


def receive_images(connection: Connection) -> tuple[NDArray[np.uint8], Any]:
    """The images that were sent, and what went with them.

    Raises:
        EOFError: the other end is gone.
    """
    shape, about = connection.recv()
    content = bytearray(math.prod(shape))
    rest = memoryview(content)
    while rest:
        count = os.readv(connection.fileno(), [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return np.frombuffer(content, np.uint8).reshape(shape), about
