"""An epoch of the seed recipe over keras's own `model.fit` of the same network on the same images."""

import statistics
import subprocess
import sys
from pathlib import Path

from rounds import Row

WHAT = "an epoch of the seed recipe over model.fit, validation included"
# A share of the training images: long enough for what a step costs, short enough to be repeated.
N = 12_800
# Epochs of each side in turns, after a first one that compiles; prints the seconds of both, a line a pair.
PAIRS = f"""
import time
import keras, numpy as np
from mnist_report.data.sources import load_dataset
from mnist_report.model.cnn import build_cnn
from mnist_report.model.fitting import fit
from mnist_report.model.recipes import Recipe
dataset = load_dataset("mnist", "train")
pixels = (dataset.images[:{N}] / 255).astype(np.float32)[..., np.newaxis]
labels = dataset.labels[:{N}]
count = {N} // 10
marks = []

class Marks(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        marks.append(time.perf_counter())

def plain():
    model = build_cnn()
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(pixels[:-count], labels[:-count], validation_data=(pixels[-count:], labels[-count:]), batch_size=128,
              epochs=3, verbose=0, callbacks=[Marks()])

def ours():
    fit(build_cnn(), pixels, labels, Recipe(epochs=3), show=lambda _: None, stopped=lambda: False,
        keep=lambda _: marks.append(time.perf_counter()))

def seconds(side):
    marks.clear()
    side()
    return (marks[2] - marks[0]) / 2

for number in range(2):
    if number % 2:
        mine = seconds(ours); theirs = seconds(plain)
    else:
        theirs = seconds(plain); mine = seconds(ours)
    print(mine, theirs, flush=True)
"""


def measure(rounds: int, folder: Path) -> list[Row]:
    """A ratio is of two trainings that ran one after the other in the same process."""
    pairs: list[tuple[float, float]] = []
    for _ in range(rounds):
        answer = subprocess.run(
            [sys.executable, "-c", PAIRS], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
        )
        pairs += [(float(mine), float(theirs)) for mine, theirs in map(str.split, answer.stdout.splitlines())]
    mine, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = sorted(one / other for one, other in pairs)
    value, spread = f"{mine:.2f} s over {plain:.2f} s", f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return [Row(WHAT, value, spread, statistics.median(ratios), 1.1)]
