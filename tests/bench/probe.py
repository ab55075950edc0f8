"""`mnist-report`, and beside it a file of what both of its processes did when: called by `timeline`.

The model's process imports this module once more, so that it is watched as well.
"""

import functools
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mnist_report.cli
from mnist_report import inference, pipeline
from mnist_report.report import write

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = Path(os.environ["TIMELINE"])
PROCESS = "report" if multiprocessing.parent_process() is None else "model"


def note(what: str, began: float) -> None:
    """One bar, in seconds since the machine started."""
    with LOG.open("a") as file:
        file.write(json.dumps({"process": PROCESS, "what": what, "from": began, "to": time.monotonic()}) + "\n")


def watch(module: Any, name: str, what: str) -> None:
    """Let each call of a function leave a bar."""
    function: Callable[..., Any] = getattr(module, name)

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        try:
            return function(*args, **kwargs)
        finally:
            note(what, began)

    setattr(module, name, watched)


watch(inference, "open_runner", "import keras, load")
watch(inference, "predict_images", "predict")
watch(pipeline, "load_dataset", "read the data")
watch(pipeline, "usable_formats", "import WeasyPrint")
watch(pipeline, "import_libraries", "import pandas, seaborn")
watch(pipeline, "draw_ahead", "draw ahead")
watch(pipeline, "_evaluate", "evaluate")
watch(pipeline, "write_results", "write results")
watch(write, "draw_figures", "figures")
watch(write, "to_svg", "figures")
watch(write, "make_view", "HTML")
watch(write, "to_html", "HTML")
watch(write, "to_pdf", "PDF")
watch(pipeline, "publish", "publish")

if __name__ == "__main__":
    sys.exit(mnist_report.cli.run_cli(sys.argv[1:]))
