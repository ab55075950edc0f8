"""The child process that holds a model, so that this one never imports keras.

One seam gives three things: keras is imported while the parent does other work, a model that crashes or eats all
memory takes nothing with it, and it can be killed cleanly. The work is a module-level function that gets a
connection first; it sends `(kind, value)` pairs over it and receives plain values.
"""

import multiprocessing
import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from mnist_report.errors import MnistReportError, ModelError
from mnist_report.model.network import leave_network
from mnist_report.model.scratch import scratch_folder

SEES_MEMORY = Path("/proc/self/status").exists()
LOOK_SECONDS = 0.02
OFFLINE = "offline"


class ModelProcess:
    """A spawned process that runs `work(connection, *arguments)`.

    Starting returns at once. Use it as a context manager: leaving the context ends the process.

    Attributes:
        connection: the parent's end of the pipe.
        offline: whether the child is cut off from the network; known once it has sent something.
    """

    def __init__(
        self,
        work: Callable[..., None],
        *arguments: object,
        environment: dict[str, str],
        memory: int | None = None,
        offline: bool = False,
    ) -> None:
        """Start the process.

        Args:
            work: a module-level function of a `Connection` and the arguments.
            arguments: picklable values.
            environment: variables to set in the child before it imports anything heavy.
            memory: so many bytes of its own it may hold; one that holds more is ended. None for any number.
            offline: cut it off from the network, where the system offers that; `offline` says whether it did.
        """
        context = multiprocessing.get_context("spawn")
        self._scratch = ExitStack()
        self._log = self._scratch.enter_context(scratch_folder()) / "log"
        self._log.touch()
        self.connection, theirs = context.Pipe()
        self.offline = False
        try:
            # Read by the child itself: the module of the work imports numpy, whose threads must not be there too early.
            task = pickle.dumps((work, arguments))
            self._process = context.Process(
                target=_child_main,
                args=(task, theirs, self._log, environment),
                kwargs={"offline": offline},
                daemon=True,
            )
            with _interrupts_held():
                self._process.start()
        except BaseException:
            self._scratch.close()
            raise
        theirs.close()
        self._ended_for = ""
        self._over = Event()
        if memory is not None and SEES_MEMORY:
            Thread(target=self._watch, args=(memory,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nothing that the child still does matters: whatever counted has been received.
        self._over.set()
        self._process.kill()
        self._process.join()
        self.connection.close()
        self._scratch.close()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._process.pid

    def receive(self, doing: str, seconds: float | None = None) -> tuple[str, Any]:
        """The child's next message.

        Args:
            doing: what the child does meanwhile, for the message if it dies.
            seconds: so long it may take, or None.

        Raises:
            MnistReportError: the error that the child met.
            ModelError: the child died, or took too long.
        """
        if not self.connection.poll(seconds):
            self._ended_for = f"was ended after {seconds:.3g} s without an answer (--trust-model lifts this limit)"
            raise self._death(doing)
        try:
            kind, value = self.connection.recv()
        except (EOFError, ConnectionResetError) as error:
            raise self._death(doing) from error
        if kind == OFFLINE:  # always the first one, where it was asked for
            self.offline = value
            return self.receive(doing, seconds)
        if kind == "error":
            raise value
        if kind == "bug":
            raise RuntimeError(f"the model process failed while {doing}:\n{value}")
        return kind, value

    def send(self, value: object, doing: str) -> None:
        """Send a value to the child.

        Raises:
            ModelError: the child died.
        """
        try:
            self.connection.send(value)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._death(doing) from error

    def _watch(self, memory: int) -> None:
        """End the child once it holds too much; a limit of the system's would count what it only reserves."""
        while not self._over.wait(LOOK_SECONDS):
            held = _own_memory(self._process.pid)
            if held > memory:
                self._ended_for = (
                    f"was ended, as it held {held / 2**30:.1f} GiB of memory and a model may hold "
                    f"{memory / 2**30:.1f} GiB (--trust-model lifts this limit)"
                )
                self._process.kill()
                return

    def _death(self, doing: str) -> ModelError:
        if self._ended_for:
            self._process.kill()
            return ModelError(f"the model process {self._ended_for}, while {doing}")
        self._process.join(timeout=5)
        code = self._process.exitcode
        if code is not None and code < 0:
            how = f"was killed by {signal.Signals(-code).name}"
            if -code == signal.SIGKILL:
                how += " (often the system's answer to too little memory)"
        else:
            how = f"ended with status {code}"
        return ModelError(f"the model process {how} while {doing}{self._last_words()}")

    def _last_words(self) -> str:
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        return f"; its last line was: {lines[-1][:300]}" if lines else ""


def _own_memory(pid: int | None) -> int:
    """The bytes that a process holds, without those of files it has mapped: a GPU's libraries are gigabytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def device_environment(device: str) -> dict[str, str]:
    """What to set before a backend is imported so that it uses `device` ("auto", "cpu" or "gpu") and keeps quiet."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "ABSL_MIN_LOG_LEVEL": "3"}
    # From 1.29 on onnxruntime would tell its makers about each model, and keep an identity in the home folder.
    environment["ORT_DISABLE_TELEMETRY"] = "1"
    if device == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    return environment


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back from this process for a moment, and from a process started meanwhile for good.

    A terminal sends it to the whole process group, but the parent alone decides what becomes of the child.
    """
    # multiprocessing starts this helper of its own along with the first child, and unblocks SIGINT afterwards.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """End this process as soon as its parent is gone: whoever is killed has no time to end its children."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _child_main(task: bytes, connection: Connection, log: Path, environment: dict[str, str], *, offline: bool) -> None:
    # What libraries print, in C or in Python, goes to the log and not between the parent's lines.
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    # Warnings of keras and below are not for our users, and must not fail where theirs are errors.
    warnings.simplefilter("ignore")
    with suppress(BrokenPipeError, ConnectionResetError, EOFError):  # the parent has gone
        try:
            if offline:
                connection.send((OFFLINE, leave_network()))
            # Not before: a process with threads cannot leave the network.
            Thread(target=_end_with_parent, daemon=True).start()
            work, arguments = pickle.loads(task)  # noqa: S301  the parent's own bytes
            work(connection, *arguments)
        except MnistReportError as error:
            connection.send(("error", error))
        except (BrokenPipeError, ConnectionResetError, EOFError):
            raise
        except Exception:
            connection.send(("bug", traceback.format_exc()))
