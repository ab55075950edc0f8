"""Our inference loop over Keras's own `predict`: ours sends images to another process and answers back."""

import statistics
import subprocess
import sys
from pathlib import Path

from rounds import Row

from mnist_report.data.sources import load_dataset
from mnist_report.inference import start_model
from mnist_report.model.opening import opened_model
from mnist_report.model.store import shipped_model

PASSES = 3
# Prints the seconds of each pass.
PLAIN = f"""
import time, keras
from mnist_report.data.sources import load_dataset
images = load_dataset().images
model = keras.saving.load_model({str(shipped_model())!r}, compile=False)
for _ in range({PASSES}):
    began = time.perf_counter()
    model.predict(images[..., None].astype("float32") / 255, batch_size=512, verbose=0)
    print(time.perf_counter() - began)
"""


def measure(rounds: int, folder: Path) -> list[Row]:
    """The first pass, which compiles the model, and the best of those after it."""
    firsts: list[tuple[float, float]] = []
    steady: list[tuple[float, float]] = []
    for _ in range(rounds):
        plain, mine = _plain(folder), _mine()
        firsts.append((mine[0], plain[0]))
        steady.append((min(mine[1:]), min(plain[1:])))
    return [
        _row("our inference loop over model.predict(batch_size=512), 10,000 images, first pass", firsts, None),
        _row("the same, steady", steady, 1.03),
    ]


def _plain(folder: Path) -> list[float]:
    command = [sys.executable, "-c", PLAIN]
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return [float(line) for line in said.split()]


def _mine() -> list[float]:
    images = load_dataset().images
    with (
        opened_model(shipped_model(), trusted=False, sha256=None) as file,
        start_model(file, device="auto", batch_size=500) as model,
    ):
        model.wait_until_loaded()
        return [model.predict(images, lambda _done, _all: None).seconds for _ in range(PASSES)]


def _row(what: str, pairs: list[tuple[float, float]], most: float | None) -> Row:
    mine, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Row(what, f"{mine:.2f} s over {plain:.2f} s", "", statistics.median(a / b for a, b in pairs), most)
