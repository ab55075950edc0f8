"""Whole commands over the least that anybody could do without us."""

import statistics
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader
from rounds import COMMAND, Measured, Row, in_rounds, seconds_row, spend

from mnist_report.model.store import shipped_model

BARE = f"""
import numpy as np, keras
from mnist_report.data.sources import load_dataset
data = load_dataset()
model = keras.saving.load_model({str(shipped_model())!r}, compile=False)
answer = model.predict(data.images[..., None].astype("float32") / 255, batch_size=512, verbose=0)
print((answer.argmax(axis=1) == data.labels).mean())
"""
BARE_COMMAND = [sys.executable, "-c", BARE]
CHECK = "import numpy, pyarrow.parquet, scipy.special, cyclopts"
SCRIPT, CYCLOPTS = "bare script: import keras, load, predict 10,000", "python -c 'import cyclopts'"

# what: (the command, what it is held against, the most that the ratio should be)
Cases = dict[str, tuple[list[str], str, float | None]]
CASES: Cases = {
    SCRIPT: (BARE_COMMAND, "", None),
    "mnist-report run, HTML and PDF": ([COMMAND, "run"], SCRIPT, 1.4),
    "mnist-report run --format html": ([COMMAND, "run", "--format", "html"], SCRIPT, 1.2),
    "mnist-report evaluate": ([COMMAND, "evaluate"], SCRIPT, None),
    "mnist-report render reports/latest": ([COMMAND, "render", "reports/latest"], SCRIPT, None),
}
QUICK: Cases = {
    CYCLOPTS: ([sys.executable, "-c", "import cyclopts"], "", None),
    "mnist-report --help": ([COMMAND, "--help"], CYCLOPTS, 2.5),
    "mnist-report --version": ([COMMAND, "--version"], CYCLOPTS, None),
    "mnist-report history": ([COMMAND, "history"], CYCLOPTS, None),
    CHECK: ([sys.executable, "-c", CHECK], "", None),
    "mnist-report check reports/latest": ([COMMAND, "check", "reports/latest"], CHECK, 1.5),
}
# What takes a fifth of a second is measured more often.
QUICK_ROUNDS = 3

# Prints the seconds that all frames of the newest run take, once everything is imported.
FRAMES = """
import time
from pathlib import Path
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.runs.folder import read_run
run = read_run(Path("reports/latest"))
evaluate(run.predictions, 0, run.slice_columns, 1.5)
began = time.perf_counter()
evaluate(run.predictions, 0, run.slice_columns, 1.5)
print(time.perf_counter() - began)
"""


def measure(rounds: int, folder: Path) -> Measured:
    """The commands, then what lies in the run folder."""
    spend([COMMAND, "run"], folder)  # whatever a first run reads from the disk
    frames = [_printed(FRAMES, folder) for _ in range(rounds)]
    report = folder / "reports" / "latest"
    page, pdf = (len((report / name).read_bytes()) for name in ("report.html", "report.pdf"))
    pages = len(PdfReader(report / "report.pdf").pages)
    return Measured(
        [
            *_rows(CASES, rounds, folder),
            *_rows(QUICK, QUICK_ROUNDS * rounds, folder),
            Row(
                "all frames of 10,000 x 10 predictions, after imports",
                f"{statistics.median(frames):.3f} s",
                f"{min(frames):.3f} to {max(frames):.3f}",
                statistics.median(frames),
                0.3,
                low=min(frames),
                high=max(frames),
                unit="s",
            ),
            Row("report.html", f"{page:,} bytes", "", page, 600_000, unit="bytes"),
            Row("report.pdf", f"{pdf:,} bytes, {pages} pages", "", pdf, 1_000_000, unit="bytes"),
        ]
    )


def _rows(cases: Cases, rounds: int, folder: Path) -> list[Row]:
    spent = in_rounds({name: command for name, (command, _, _) in cases.items()}, rounds, folder)
    return [
        seconds_row(
            name if not against else f"{name}, over {_short(against)}", spent[name], spent.get(against, ()), most
        )
        for name, (_, against, most) in cases.items()
    ]


def _short(against: str) -> str:
    return against.partition(":")[0]


def _printed(script: str, folder: Path) -> float:
    """The number that a script prints."""
    command = [sys.executable, "-c", script]
    return float(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)
