"""Data in several files, and a classifier that needs no library: what tests of counted runs share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from data_files import write_image_parquet
from numpy.typing import NDArray

from mnist_report.counting import Counted, Plan, count_shard
from mnist_report.data.shard_reading import iterate
from mnist_report.data.shards import Shards
from mnist_report.data.sources import load_dataset
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy, Layer
from mnist_report.model.backend import Backend

BACKEND = Backend("numpy", {"numpy": np.__version__}, "cpu", "a processor")
ANATOMY = Anatomy((28, 28, 1), 10, 7_840, 0, (Layer("means", "Means", "10", 7_840),))


def write_shards(folder: Path, sizes: tuple[int, ...]) -> str:
    """Parquet files of the first so many test images; the pattern that names them all."""
    folder.mkdir()
    data, first = load_dataset(), 0
    for k, size in enumerate(sizes):
        part = slice(first, first + size)
        write_image_parquet(folder / f"part-{k:03d}.parquet", data.images[part], data.labels[part], form="bytes")
        first += size
    return f"{folder}/*.parquet"


@cache
def means() -> NDArray[np.float64]:
    """The mean image of each class of the training set, shape (10, 784)."""
    data = load_dataset(split="train")
    images = data.images.reshape(len(data), -1) / 255
    return np.stack([images[data.labels == k].mean(axis=0) for k in range(10)])


def nearest(images: NDArray[np.uint8], of: NDArray[np.float64]) -> NDArray[np.float32]:
    """A softmax of how near each image is to each mean: about 82 % right."""
    flat = images.reshape(len(images), -1) / 255
    logits = 2 * (flat @ of.T) - (of * of).sum(axis=1)
    rows = np.exp(0.3 * (logits - logits.max(axis=1, keepdims=True)))
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


class NearestMean:
    """An engine without a process; see `counting.ModelEngine`."""

    workers, retries = 1, 0

    def __init__(self, model: Any) -> None:
        self.model = model
        self.means = means()

    def wait_until_loaded(self) -> tuple[Anatomy, Backend]:
        """It needs no time."""
        return ANATOMY, BACKEND

    def predict(self, images: NDArray[np.uint8], show: Callable[[int, int], None], _: object = None) -> Inference:
        """In no particular time."""
        show(len(images), len(images))
        return Inference(nearest(images, self.means), 500, 0.5)

    def count(self, shards: Shards, plan: Plan, show: Callable[[int, int], None]) -> Iterator[Counted]:
        """One shard after the other."""
        for shard, part in zip(shards.shards, iterate(shards, plan.class_names), strict=True):
            show(shard.first + shard.n, shards.n)
            yield count_shard(shard, part, self.predict(part.images, lambda *_: None), plan)


@contextmanager
def engine_of_means(_job: object, file: Any, _shards: int) -> Iterator[NearestMean]:
    """In place of `counted._engine`."""
    yield NearestMean(file)
