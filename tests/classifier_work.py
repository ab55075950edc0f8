"""The seed project's example as a plain script, whose process then answers what the tests ask of classifiers.

The tests themselves never import keras, and one process pays for importing it.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Self

from mnist_report import MNISTClassifier
from mnist_report.errors import MnistReportError
from mnist_report.model.epochs import Epoch, Progress

# As its README has it, but for the import, the number of images and the epochs; no __main__ guard.
EXAMPLE = """\
from mnist_report import MNISTClassifier

classifier = MNISTClassifier()
X_train, y_train, X_test, y_test = classifier.load_and_preprocess_data()
X_train, y_train, X_test, y_test = X_train[:300], y_train[:300], X_test[:200], y_test[:200]
classifier.build_model()
classifier.train(X_train, y_train, epochs=2, batch_size=64, validation_split=0.15)
classifier.evaluate(X_test, y_test)
classifier.save_model('mnist_model.keras')
"""
AND_THEN = """
import sys
sys.path.insert(0, sys.argv[1])
from classifier_work import answer
answer(int(sys.argv[2]), classifier)
"""


class Made(NamedTuple):
    """An argument that is made where it is used: what is sent arrives in C order."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Answer(NamedTuple):
    """What a method gave, and what it printed."""

    value: Any
    printed: str


class Impatient(MNISTClassifier):
    """Somebody who can be made to press Ctrl-C after the next epoch."""

    impatient = False

    def lose_patience(self) -> None:
        """From now on."""
        self.impatient = True

    def _show(self, news: Epoch | Progress) -> None:
        super()._show(news)
        if self.impatient and isinstance(news, Epoch):
            os.kill(os.getpid(), signal.SIGINT)


class Script:
    """The running example; as a context manager it ends with the context."""

    def __init__(self, folder: Path) -> None:
        """Run the example in an empty folder and wait for its end.

        Args:
            folder: for what it writes; its stdout and stderr too.
        """
        self.folder = folder
        (folder / "example.py").write_text(EXAMPLE + AND_THEN, "utf-8")
        self._connection, theirs = Pipe()
        number = theirs.fileno()
        with (folder / "stdout").open("w") as stdout, (folder / "stderr").open("w") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "example.py", str(Path(__file__).parent), str(number)],
                cwd=folder,
                stdout=stdout,
                stderr=stderr,
                pass_fds=[number],
                env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
            )
        theirs.close()
        self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.wait(timeout=60)

    @property
    def printed(self) -> str:
        """By the example."""
        return (self.folder / "stdout").read_text("utf-8")

    def ask(self, name: str, method: str, *arguments: Any, **options: Any) -> Answer:
        """Call a method of the classifier of that name: "trained" is the example's, another is a new, silent one.

        Raises:
            MnistReportError: the error that the method raised.
            RuntimeError: any other error of it, by name and text.
        """
        self._connection.send((name, method, arguments, options))
        return self._receive()

    def classifier(self, name: str) -> "Remote":
        """A classifier to call as if it were here."""
        return Remote(self, name)

    def _receive(self) -> Answer:
        try:
            value = self._connection.recv()
        except EOFError:
            status = self._process.wait(timeout=60)
            raise AssertionError(f"status {status}: {(self.folder / 'stderr').read_text()[-2_000:]}") from None
        if isinstance(value, Exception):
            raise value
        return Answer(*value)


class Remote:
    """A classifier in the script's process."""

    def __init__(self, script: Script, name: str) -> None:
        self._script, self._name = script, name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return partial(self._call, method)

    def _call(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._script.ask(self._name, method, *arguments, **options).value


def answer(number: int, classifier: MNISTClassifier) -> None:
    """Answer until the tests hang up.

    Args:
        number: of the file that leads to them.
        classifier: the example's.
    """
    sys.stdout.flush()
    connection = Connection(number)
    classifiers = {"trained": classifier}
    connection.send((None, ""))
    with contextlib.suppress(EOFError):
        while True:
            name, method, arguments, options = connection.recv()
            target = classifiers.setdefault(name, Impatient(verbose=False))
            made = [a.function(*a.arguments) if isinstance(a, Made) else a for a in arguments]
            try:
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    value = getattr(target, method)(*made, **options)
                # A network stays here; its number of parameters tells which it is.
                value = value.count_params() if hasattr(value, "count_params") else value
                connection.send((value, printed.getvalue()))
            except MnistReportError as error:
                connection.send(error)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  it is the tests' to judge
                connection.send(RuntimeError(f"{type(error).__name__}: {error}"))
