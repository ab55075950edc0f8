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

from mnist_report.model.store import shipped_model

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
    "mnist-report --help": ([COMMAND, "--help"], "import cyclopts", None),
}


def seconds(command: list[str], folder: Path) -> float:
    """The wall time of one command."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
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
        page = next(Path(folder).glob("reports/2*/report.html")).stat().st_size
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
    print(f"| report.html, bytes | {page:,} | | | 1,000,000 |")


if __name__ == "__main__":
    main()
