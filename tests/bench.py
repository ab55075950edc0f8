"""Ratios of our times to a bare script's, as a table; `tox -e bench` runs it.

Both sides run in turns in one go, because a shared machine's absolute times mean little. Nothing here passes or fails.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np
from pypdf import PdfReader

from mnist_report.evaluation.predictions import make_predictions
from mnist_report.model.store import shipped_model
from mnist_report.runs.predictions_file import write_predictions

COMMAND = str(Path(sysconfig.get_path("scripts")) / "mnist-report")

BARE = f"""
import numpy as np, keras
from mnist_report.data.sources import load_dataset
data = load_dataset()
model = keras.saving.load_model({str(shipped_model())!r}, compile=False)
answer = model.predict(data.images[..., None].astype("float32") / 255, batch_size=512, verbose=0)
print((answer.argmax(axis=1) == data.labels).mean())
"""

# name: (the command, what it is held against, the most that the ratio should be)
CASES = {
    "bare script: import keras, load, predict 10,000": ([sys.executable, "-c", BARE], None, None),
    "mnist-report run": ([COMMAND, "run"], "bare script: import keras, load, predict 10,000", 2.2),
    "mnist-report run --format html": (
        [COMMAND, "run", "--format", "html"],
        "bare script: import keras, load, predict 10,000",
        None,
    ),
    "mnist-report evaluate": ([COMMAND, "evaluate"], "bare script: import keras, load, predict 10,000", None),
    "mnist-report render reports/latest": (
        [COMMAND, "render", "reports/latest"],
        "bare script: import keras, load, predict 10,000",
        None,
    ),
    "import cyclopts": ([sys.executable, "-c", "import cyclopts"], None, None),
    "import numpy, pyarrow.parquet, scipy.special, cyclopts": (
        [sys.executable, "-c", "import numpy, pyarrow.parquet, scipy.special, cyclopts"],
        None,
        None,
    ),
    "mnist-report check reports/latest": (
        [COMMAND, "check", "reports/latest"],
        "import numpy, pyarrow.parquet, scipy.special, cyclopts",
        1.5,
    ),
    "mnist-report --help": ([COMMAND, "--help"], "import cyclopts", None),
}


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

# Prints the peak of the resident memory, in kB, of the evaluation of a predictions file, part by part.
STREAMED = """
import re, sys
from pathlib import Path
from mnist_report import evaluate_parquet
evaluate_parquet(sys.argv[1]).frames  # noqa: B018
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def printed(script: str, folder: Path, *arguments: str) -> float:
    """The number that a script prints."""
    command = [sys.executable, "-c", script, *arguments]
    return float(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)


def streamed_kilobytes(folder: Path, n: int) -> float:
    """The peak memory of the evaluation of n predictions from a file."""
    path = folder / f"{n}.parquet"
    labels = np.random.default_rng(n).integers(0, 10, n)
    probabilities = np.full((n, 10), 0.05, dtype=np.float32)
    probabilities[np.arange(n), labels] = 0.55
    write_predictions(path, make_predictions(probabilities, labels, tuple("0123456789")))
    return printed(STREAMED, folder, str(path))


def seconds(command: list[str], folder: Path) -> float:
    """The wall time of one command."""
    # As installed: with the bytecode that pip writes, whatever the shell says of writing it.
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return time.perf_counter() - began


def main() -> None:
    """Measure in rounds and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, (command, _, _) in CASES.items():
                times[name].append(seconds(command, Path(folder)))
        frames = statistics.median(printed(FRAMES, Path(folder)) for _ in range(rounds))
        few, many = (streamed_kilobytes(Path(folder), n) for n in (10_000, 1_000_000))
        report = Path(folder) / "reports" / "latest"
        page, pdf = (len((report / name).read_bytes()) for name in ("report.html", "report.pdf"))
        pages = len(PdfReader(report / "report.pdf").pages)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {rounds} rounds\n")
    print("| what | median s | spread s | ratio | at most |")
    print("|---|---|---|---|---|")
    for name, (_, against, most) in CASES.items():
        mine = times[name]
        # A ratio within each round first: what slows a machine down slows both sides.
        ratios = [a / b for a, b in zip(mine, times[against], strict=True)] if against else []
        ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
        spread = f"{min(mine):.2f} to {max(mine):.2f}"
        print(f"| {name} | {statistics.median(mine):.2f} | {spread} | {ratio} | {most or ''} |")
    print(f"| all frames of 10,000 x 10 predictions, after imports | {frames:.3f} | | | 0.3 |")
    memory = f"{few / 1e3:.0f} and {many / 1e3:.0f} MB"
    print(f"| peak memory, 1,000,000 streamed predictions over 10,000 | {memory} | | {many / few:.2f} | 1.3 |")
    print(f"| report.html, bytes | {page:,} | | | 600,000 |")
    print(f"| report.pdf, bytes | {pdf:,} | | | 1,000,000 |")
    print(f"| report.pdf, pages | {pages} | | | 16 |")


if __name__ == "__main__":
    main()
