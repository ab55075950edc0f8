"""How many images a model gets at a time: found from the memory of its device."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mnist_report.model.backend import Backend

# What a processor's caches like; and the report's numbers were made with it.
CPU_BATCH = 500
# A GPU is busy with so many images of MNIST, and larger batches only take more memory.
MOST_GPU_BATCH = 8_192
# Where a GPU does not say how much memory it has: the least that anybody has.
LEAST_MEMORY = 2 << 30
# Pixels that are prepared and sent at once: a model of large images gets fewer of them at a time.
MOST_BYTES_AT_ONCE = 1 << 26


@dataclass(frozen=True, slots=True)
class Pace:
    """How many images a model gets at a time.

    Attributes:
        batch_size: images per call of the model.
        at_once: bytes of pixels that go to its device in one transfer, and while it works on them the next ones; 0
            where the model computes in the memory that the images are in already, and so gets a batch at a time.
    """

    batch_size: int = CPU_BATCH
    at_once: int = 0

    @property
    def ahead(self) -> int:
        """So many portions are on their way at once."""
        return 2 if self.at_once else 1

    def portion(self, image_bytes: int) -> int:
        """The images of one transfer, each of so many bytes: at least one, and for a GPU a whole number of batches."""
        if not self.at_once:  # they become float32
            return min(self.batch_size, max(1, MOST_BYTES_AT_ONCE // (4 * image_bytes)))
        return self.batch_size * max(1, self.at_once // (self.batch_size * image_bytes))


def find_pace(model: Any, backend: Backend, batch_size: int | None, devices: int) -> Pace:
    """The pace of a Keras model.

    Args:
        model: loaded.
        backend: what it runs on.
        batch_size: as asked for, or None for one that suits the device.
        devices: how many GPUs share a batch.
    """
    if backend.device != "gpu":
        return Pace(batch_size or CPU_BATCH)
    free = free_memory(backend.name)
    batch = batch_size or batch_that_fits(free, bytes_per_image(layer_shapes(model)), devices)
    return Pace(math.ceil(batch / devices) * devices, min(MOST_BYTES_AT_ONCE, free // 8))


def batch_that_fits(free: int, image_bytes: int | None, devices: int = 1) -> int:
    """Images per call: a power of two a device, whose values take a quarter of the memory at most.

    Args:
        free: bytes of one device.
        image_bytes: of all that the layers give for one image, which are never needed all at once; None where a size
            depends on the images, and then it is the batch of a processor.
        devices: that share the batch.
    """
    if image_bytes is None:
        return CPU_BATCH * devices
    fitting = max(1, free // 4 // max(1, image_bytes))
    return devices * min(MOST_GPU_BATCH, 1 << (fitting.bit_length() - 1))


def bytes_per_image(shapes: Iterable[tuple[int | None, ...]]) -> int | None:
    """The bytes of float32 values of these shapes (without the batch); None where one of them is open."""
    total = 0
    for shape in shapes:
        sizes = [size for size in shape if size is not None]
        if len(sizes) < len(shape):
            return None
        total += 4 * math.prod(sizes)
    return total


def layer_shapes(model: Any) -> list[tuple[int | None, ...]]:
    """What each layer of a Keras model takes or gives for one image; layers inside of layers count, too."""
    shapes = [tuple(model.inputs[0].shape[1:])]
    rest = list(model.layers)
    while rest:
        layer = rest.pop()
        rest += getattr(layer, "layers", [])
        shape = getattr(getattr(layer, "output", None), "shape", None)
        shapes += [tuple(shape[1:])] if shape else []
    return shapes


def free_memory(backend: str) -> int:
    """The bytes of the first GPU that nothing holds yet."""
    if backend == "jax":
        import jax

        said = jax.local_devices()[0].memory_stats() or {}
        return int(said.get("bytes_limit", LEAST_MEMORY)) - int(said.get("bytes_in_use", 0))
    if backend == "tensorflow":
        # Nothing public says how much TensorFlow may take; this module is older than most that is.
        from tensorflow.python.client import device_lib

        limits = [one.memory_limit for one in device_lib.list_local_devices() if one.device_type == "GPU"]
        return int(limits[0]) if limits else LEAST_MEMORY
    return LEAST_MEMORY
