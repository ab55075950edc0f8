"""What the tests of the model's process let it do; a spawned process imports this module by name."""

import os
import signal
import socket
import sys
import time
from multiprocessing.connection import Connection

import numpy as np

from mnist_report import inference
from mnist_report.errors import DataError
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.pace import Pace
from mnist_report.model.transfer import receive_images


def add(connection: Connection, first: int, second: int) -> None:
    """Send a sum."""
    connection.send(("done", first + second))


def double(connection: Connection) -> None:
    """Send back twice what comes in, until the parent ends it."""
    connection.send(("ready", None))
    while True:
        connection.send(("doubled", 2 * connection.recv()))


def tell_variable(connection: Connection, name: str) -> None:
    """Send what the environment says."""
    connection.send(("done", os.environ.get(name)))


def tell_keras(connection: Connection) -> None:
    """Send whether keras was imported before the work began."""
    connection.send(("done", "keras" in sys.modules))


def meet_bad_data(_connection: Connection) -> None:
    """Raise an error that a user can mend."""
    raise DataError("image 3 is upside down")


def meet_a_bug(_connection: Connection) -> None:
    """Raise an error that nobody expects."""
    raise ZeroDivisionError("nobody expects this")


def die_by_signal(_connection: Connection, number: int) -> None:
    """End as the system's memory killer or a crash in a library ends a process."""
    os.kill(os.getpid(), number)
    signal.pause()


def exit_with(_connection: Connection, status: int, words: str) -> None:
    """End as a library ends a process that it cannot go on with."""
    os.write(2, words.encode())
    os._exit(status)


def chatter(connection: Connection) -> None:
    """Print by every route that libraries take."""
    print("printed", flush=True)
    print("warned", file=sys.stderr, flush=True)
    os.write(1, b"written by C\n")
    os.write(2, b"logged by C\n")
    connection.send(("done", None))


def eat(_connection: Connection, size: int) -> None:
    """Hold so many bytes and wait."""
    held = bytearray(os.urandom(1 << 20) * (size >> 20))
    signal.pause()
    del held


def sleep(_connection: Connection) -> None:
    """Never answer."""
    signal.pause()


def answer(connection: Connection, pauses: list[float]) -> None:
    """A model that takes so long for each batch of three, and for ever after these; its first score counts them."""
    backend = Backend("litert", {}, "cpu", "a processor")
    connection.send(("loaded", (Anatomy((28, 28), 10, 0, 0, ()), backend, Pace(3))))
    for number, pause in enumerate(pauses):
        images, _ = receive_images(connection)
        time.sleep(pause)
        connection.send(("answer", np.full((len(images), 10), number, np.float32)))
    signal.pause()


def serve_ahead(connection: Connection) -> None:
    """The model's process with a device that computes when it is waited for: a pixel, and how much is on its way."""

    class Device:
        anatomy, backend = Anatomy((2, 2), 2, 0, 0, ()), Backend("none", {}, "gpu", "a test")
        pace, flying, first = Pace(2, 4 * 4), 0, True

        def begin(self, pixels, _preparation):
            self.flying += 1
            if self.first:
                connection.poll(60)  # the next ones come, however busy the machine is
                self.first = False
            rows = np.stack([pixels[:, 0, 0], np.full(len(pixels), self.flying)], axis=1).astype(np.float32)

            def finish():
                self.flying -= 1
                return rows

            return finish

    inference.open_runner = lambda *_: Device()
    inference._serve(connection, None, "auto", None, "float32")


def reach(connection: Connection, port: int) -> None:
    """Send what comes of calling a server on this machine: "connected", or the error's name."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        connection.send(("done", type(error).__name__))
    else:
        connection.send(("done", "connected"))
