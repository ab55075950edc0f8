"""Our inference loop over Keras's own `predict`: ours sends images to another process and answers back."""

import statistics
import subprocess
import sys
from pathlib import Path

from rounds import Row

from mnist_report.data.sources import load_dataset
from mnist_report.inference import RunningModel, start_model
from mnist_report.model.opening import opened_model
from mnist_report.model.store import shipped_model

WHAT = "our inference loop over model.predict(batch_size=512), 10,000 images"
# Passes of each side in turns, after a first one that compiles.
PASSES = 4
# Predicts once for each line that it gets, and prints the seconds.
PLAIN = f"""
import sys, time, keras
from mnist_report.data.sources import load_dataset
images = load_dataset().images
model = keras.saving.load_model({str(shipped_model())!r}, compile=False)
print(flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    model.predict(images[..., None].astype("float32") / 255, batch_size=512, verbose=0)
    print(time.perf_counter() - began, flush=True)
"""


def measure(rounds: int, folder: Path) -> list[Row]:
    """The first pass, which compiles the model, and those after it; a ratio is of two that ran one after the other."""
    firsts: list[tuple[float, float]] = []
    steady: list[tuple[float, float]] = []
    for _ in range(rounds):
        pairs = _round(folder)
        firsts.append(pairs[0])
        steady += pairs[1:]
    return [
        _row(f"{WHAT}, the first pass, which compiles", firsts, None),
        _row(f"{WHAT}, steady", steady, 1.03),
    ]


def _round(folder: Path) -> list[tuple[float, float]]:
    """The seconds of ours and of Keras's, pass by pass."""
    command = [sys.executable, "-c", PLAIN]
    with (
        opened_model(shipped_model(), trusted=False, sha256=None) as file,
        start_model(file, device="auto", batch_size=None) as model,
        subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as plain,
    ):
        model.wait_until_loaded()
        _line(plain)
        found = []
        for number in range(PASSES):
            # Whoever goes second has warmer caches, so they take turns in that, too.
            if number % 2:
                mine = _mine(model)
                found.append((mine, _theirs(plain)))
            else:
                theirs = _theirs(plain)
                found.append((_mine(model), theirs))
        plain.communicate()
        return found


def _mine(model: RunningModel) -> float:
    return model.predict(load_dataset().images, lambda _done, _all: None).seconds


def _theirs(plain: subprocess.Popen[str]) -> float:
    if plain.stdin is None:
        raise RuntimeError("no way to ask")
    plain.stdin.write("\n")
    plain.stdin.flush()
    return float(_line(plain))


def _line(plain: subprocess.Popen[str]) -> str:
    line = plain.stdout.readline() if plain.stdout else ""
    if not line:
        raise RuntimeError(f"Keras alone ended with status {plain.wait()}")
    return line


def _row(what: str, pairs: list[tuple[float, float]], most: float | None) -> Row:
    mine, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return Row(what, f"{mine:.2f} s over {plain:.2f} s", spread, statistics.median(ratios), most)
