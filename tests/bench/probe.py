"""`mnist-report`, and beside it a file of what both of its processes did when: started by `timeline`.

A line is a piece of time in which one function worked and none that it called is watched: pieces of a process never
overlap. The model's process imports this module once more, before anything of ours, so it imports nothing heavy.
"""

import functools
import importlib
import json
import os
import time
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

REPORT, MODEL = "report", "model"
# What is between two pieces and is nobody's.
NOTHING = ""
START, END, WAITS = "start Python, read the command line", "end", "waits for the model"

# (module, function, what it does), for each process
REPORT_WATCHED = (
    ("mnist_report.pipeline", "run", NOTHING),
    ("mnist_report.pipeline", "load_dataset", "read the data"),
    ("mnist_report.pipeline", "usable_formats", "import WeasyPrint"),
    ("mnist_report.pipeline", "import_libraries", "import pandas, seaborn"),
    ("mnist_report.pipeline", "draw_ahead", "draw ahead, warm the fonts"),
    ("mnist_report.inference", "RunningModel.wait_until_loaded", WAITS),
    ("mnist_report.inference", "RunningModel.predict", WAITS),
    ("mnist_report.pipeline", "evaluate_run", "evaluate"),
    ("mnist_report.pipeline", "write_results", "write results"),
    ("mnist_report.pipeline", "publish", "publish"),
    ("mnist_report.report.write", "draw_figures", "figures"),
    ("mnist_report.report.write", "to_svg", "figures"),
    ("mnist_report.report.write", "make_view", "HTML"),
    ("mnist_report.report.write", "to_html", "HTML"),
    ("mnist_report.report.write", "to_pdf", "PDF"),
)
MODEL_WATCHED = (
    ("mnist_report.inference", "open_runner", "look into the model"),
    ("mnist_report.model.backend", "find_backend", "import keras, TensorFlow"),
    ("mnist_report.model.store", "load_model", "load the model"),
    ("mnist_report.inference", "begin_images", "predict"),
)
FIRST = {"predict": "predict the first batch (compiles)"}


class Pieces:
    """The pieces of one process's time, written down as they end."""

    def __init__(self, process: str, path: Path, began: float) -> None:
        self._process, self._path = process, path
        self._doing, self._since = [START if process == REPORT else "start Python"], began
        self._seen: set[str] = set()

    def enter(self, what: str) -> None:
        """Something begins within what is done."""
        first = what not in self._seen
        self._seen.add(what)
        self._cut()
        if len(self._doing) == 1:
            self._doing[0] = NOTHING  # what starts a process is over
        self._doing.append(FIRST.get(what, what) if first else what)

    def leave(self) -> None:
        """It ends, and what it was within goes on."""
        self._cut()
        self._doing.pop()

    def _cut(self) -> None:
        now = time.monotonic()
        if self._doing[-1] != NOTHING:
            line = {"process": self._process, "what": self._doing[-1], "from": self._since, "to": now}
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        self._since = now


def watch(pieces: Pieces, module: str, name: str, what: str) -> None:
    """Let each call of a function, or of a method, leave a piece; in the main thread, for others work beside it."""
    *owners, name = name.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    function: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if current_thread() is not main_thread():
            return function(*args, **kwargs)
        pieces.enter(what)
        try:
            return function(*args, **kwargs)
        finally:
            pieces.leave()

    setattr(owner, name, watched)


def serve(connection: "Connection", began: float, *arguments: Any) -> None:
    """The model's process: nothing of ours is imported before it would be without us."""
    pieces = Pieces(MODEL, Path(os.environ["TIMELINE"]), began)
    for module, name, what in MODEL_WATCHED:
        watch(pieces, module, name, what)
    inference = importlib.import_module("mnist_report.inference")
    inference._serve(connection, *arguments)


def watch_both() -> None:
    """Watch the report's process, and have the other one watched."""
    pieces = Pieces(REPORT, Path(os.environ["TIMELINE"]), float(os.environ["TIMELINE_BEGAN"]))
    from mnist_report import inference

    process = inference.ModelProcess

    def started(_: Any, *arguments: Any, **options: Any) -> Any:
        return process(serve, time.monotonic(), *arguments, **options)

    inference.ModelProcess = started
    for module, name, what in REPORT_WATCHED:
        watch(pieces, module, name, what)


if __name__ == "__main__":
    from mnist_report.__main__ import main

    watch_both()
    main()
