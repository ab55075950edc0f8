"""What the device gives, of what it could give: images per second beside the ceiling that its own matrix products set.

    python tests/bench/device.py --images 1000000 --precision bfloat16

runs on whatever is there (`KERAS_BACKEND=jax` for JAX), in one process. The data lie on the host as uint8, as they
come from a file, and the answers come back to it. The ceiling is the network's floating-point operations over the
rate of a large matrix product at the same precision: a network that kept every unit of the device busy would reach it,
but for algorithms that need fewer operations (Winograd's for small convolutions).
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rounds import Row

from mnist_report.data.sources import load_dataset
from mnist_report.inference import start_model
from mnist_report.model.keras_runner import KerasRunner
from mnist_report.model.opening import opened_model
from mnist_report.model.pace import MOST_BYTES_AT_ONCE, Pace
from mnist_report.model.precision import Precision
from mnist_report.model.runner import predict_images
from mnist_report.model.store import identify_model, load_model, shipped_model

PRODUCTS = 20
# Of the square matrices: a GPU needs large ones, a CPU is busy with small ones.
SIDES = {"cpu": 2_048, "gpu": 16_384}


def main() -> None:
    """Measure with the batch size that is chosen, or with those that are given; print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000, help="the embedded test set, again and again")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--apart", action="store_true", help="through the model's own process, as a run does")
    parser.add_argument("--batch-sizes", type=int, nargs="*", default=[], help="by default the one that is chosen")
    given = parser.parse_args()
    for batch_size in given.batch_sizes or [None]:
        measured = in_its_process if given.apart else steady_state
        for row in measured(given.images, given.precision, given.rounds, batch_size):
            print(f"{row.what}: {row.value} ({row.spread})", flush=True)


def measure(rounds: int, _folder: Path) -> list[Row]:
    """For the tables of all groups: the embedded test set in float32."""
    return steady_state(10_000, "float32", rounds, None)


def embedded_images(n: int) -> np.ndarray:
    """The embedded ones, again and again: uint8, shape (n, 28, 28)."""
    embedded = load_dataset().images
    return np.concatenate([embedded] * math.ceil(n / len(embedded)))[:n]


def in_its_process(n: int, precision: Precision, rounds: int, batch_size: int | None) -> list[Row]:
    """Images go to a process that holds the model, and answers come back; after a first time that compiles."""
    images = embedded_images(n)
    with (
        opened_model(shipped_model(), trusted=False, sha256=None) as file,
        start_model(file, device="auto", batch_size=batch_size, precision=precision) as model,
    ):
        _, backend = model.wait_until_loaded()
        passes = [model.predict(images, lambda _done, _all: None) for _ in range(1 + rounds)][1:]
    where = f"{backend.name} on {backend.device_name}, {precision}, batches of {passes[0].batch_size:,}"
    return [Row(f"{where}, {n:,} images by another process", *per_second([one.images_per_second for one in passes]))]


def steady_state(n: int, precision: Precision, rounds: int, batch_size: int | None) -> list[Row]:
    """The steady state, the ceiling, and the one over the other."""
    images = embedded_images(n)
    runner = KerasRunner(identify_model(shipped_model()), "auto", batch_size, precision)
    where = f"{runner.backend.name} on {runner._steps.devices} x {runner.backend.device_name}, {precision}"
    each = model_flops(load_model(shipped_model()))
    product = matrix_product(runner.backend.name, SIDES[runner.backend.device], precision)
    product()
    predict_images(runner, images[: 2 * runner.pace.batch_size], None)
    seconds, rates = [], []
    for _ in range(rounds):  # in turns: a machine that others use is slower at times
        rates.append(product())
        began = time.perf_counter()
        predict_images(runner, images, None)
        seconds.append(time.perf_counter() - began)
    speeds = [n / each_round for each_round in seconds]
    ceiling = [runner._steps.devices * rate / each for rate in rates]
    shares = [speed / most for speed, most in zip(speeds, ceiling, strict=True)]
    rows = [
        Row(f"{where}, batches of {runner.pace.batch_size:,}, {n:,} images", *per_second(speeds)),
        Row(f"its ceiling: {each / 1e6:.1f} MFLOP an image, {statistics.median(rates) / 1e12:.3g} TFLOP/s a device",
            *per_second(ceiling)),
        Row("share of the ceiling", f"{statistics.median(shares):.1%}", f"{min(shares):.1%} to {max(shares):.1%}"),
    ]  # fmt: skip
    if runner.pace.at_once:
        rows.append(Row("all pixels in one transfer, no double buffering", *per_second([_in_one(runner, images)])))
    return rows


def _in_one(runner: KerasRunner, images: np.ndarray) -> float:
    """Images per second where they go to the device in a single transfer before it begins."""
    kept, runner.pace = runner.pace, Pace(runner.pace.batch_size, max(MOST_BYTES_AT_ONCE, images.nbytes))
    predict_images(runner, images, None)
    began = time.perf_counter()
    predict_images(runner, images, None)
    seconds = time.perf_counter() - began
    runner.pace = kept
    return len(images) / seconds


def per_second(values: list[float]) -> tuple[str, str]:
    """Median and spread."""
    return f"{statistics.median(values):,.0f} images/s", f"{min(values):,.0f} to {max(values):,.0f}"


def model_flops(model: Any) -> int:
    """The operations of one image: a product and a sum for each weight that a convolution or a dense layer applies."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        # A dense layer gives (.., units), a convolution (.., height, width, filters): each place applies the kernel.
        places = math.prod(layer.output.shape[1:-1])
        total += 2 * places * math.prod(kernel.shape)
    return total


def matrix_product(backend: str, side: int, precision: Precision) -> Callable[[], float]:
    """A function that says how many floating-point operations a second products of square matrices reach."""
    ones = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    if backend == "jax":
        import jax
        import jax.numpy as jnp

        matrix = jax.device_put(jnp.asarray(ones, precision), jax.local_devices()[0])
        multiply = jax.jit(lambda a, b: jnp.matmul(a, b, precision="highest" if precision == "float32" else None))
    else:
        import tensorflow as tf

        matrix = tf.cast(tf.constant(ones), precision)
        multiply = tf.function(tf.matmul)

    def best() -> float:
        multiply(matrix, matrix)
        return 2 * side**3 / min(_seconds(lambda: multiply(matrix, matrix)) for _ in range(PRODUCTS))

    return best


def _seconds(product: Callable[[], Any]) -> float:
    """Of one product; one number of it is fetched, which waits for all of it."""
    began = time.perf_counter()
    np.asarray(product()[:1, :1])
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
