"""A Keras model as one compiled function from raw pixels to scores, on TensorFlow or JAX.

The pixels travel as bytes, and inside the function each becomes what a table of 256 numbers says. A division there
would give other bits than numpy's: compilers make a product of it, XLA even where it does not know the divisor.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Steps(Protocol):
    """A model on its device.

    Attributes:
        devices: how many of them share a batch.
    """

    devices: int

    def put(self, batches: NDArray[np.uint8]) -> Any:
        """Begin to send pixels to the device: batches of images, so of shape (batches, images, ...)."""

    def answer(self, held: Any, number: int, levels: NDArray[Any]) -> Any:
        """Begin to compute the scores of one of the batches; `np.asarray` waits for them.

        Args:
            held: see `put`.
            number: of the batch.
            levels: shape (256,), what each value of a pixel is to the model, in the numbers that it takes.
        """


def compile_steps(model: Any, backend: str, *, by_keras_2: bool) -> Steps:
    """The steps of a loaded model.

    Args:
        model: of Keras 3, or of Keras 2.
        backend: of keras.
        by_keras_2: which of both.
    """
    if by_keras_2 or backend not in {"tensorflow", "jax"}:
        return PlainSteps(model)
    return TensorFlowSteps(model) if backend == "tensorflow" else JaxSteps(model)


class PlainSteps:
    """Any model that has Keras's `predict_on_batch`; numpy scales its pixels."""

    devices = 1

    def __init__(self, model: Any) -> None:
        """See `compile_steps`."""
        self._model = model

    def put(self, batches: NDArray[np.uint8]) -> Any:
        """See `Steps`."""
        return batches

    def answer(self, held: Any, number: int, levels: NDArray[Any]) -> Any:
        """See `Steps`."""
        return self._model.predict_on_batch(levels[held[number]])


class TensorFlowSteps:
    """On TensorFlow, as Keras's own trainer does it: by XLA on a GPU, else by TensorFlow's kernels; on one device."""

    devices = 1

    def __init__(self, model: Any) -> None:
        """See `compile_steps`."""
        import tensorflow as tf

        # On a GPU, float32 would else be rounded to 11 bits before each product.
        tf.config.experimental.enable_tensor_float_32_execution(False)

        def step(pixels: Any, levels: Any) -> Any:
            return _only(model.predict_step((tf.gather(levels, tf.cast(pixels, tf.int32)),)))

        self._tf = tf
        unconverted = tf.autograph.experimental.do_not_convert(step)  # as in Keras's trainer
        self._step: Any = tf.function(unconverted, reduce_retracing=True, jit_compile=model.jit_compile or None)

    def put(self, batches: NDArray[np.uint8]) -> Any:
        """See `Steps`."""
        return self._tf.unstack(self._tf.constant(batches))

    def answer(self, held: Any, number: int, levels: NDArray[Any]) -> Any:
        """See `Steps`."""
        return self._step(held[number], self._tf.constant(levels))


class JaxSteps:
    """On JAX, which shares each batch among all GPUs there are; every one of them holds the whole model."""

    def __init__(self, model: Any) -> None:
        """See `compile_steps`."""
        import jax

        found = jax.local_devices()
        self.devices = len(found)
        mesh = jax.sharding.Mesh(np.array(found), ("images",))
        everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        self._shared = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(None, "images"))
        self._whole = everywhere
        weights = [variable.value for variable in model.trainable_variables]
        state = [variable.value for variable in model.non_trainable_variables]
        self._state = jax.device_put((weights, state), everywhere)

        def step(state: Any, pixels: Any, levels: Any) -> Any:
            # No byte is out of bounds, so XLA need not look.
            return _only(model.predict_step(state, (levels.at[pixels].get(mode="promise_in_bounds"),))[0])

        self._jax = jax
        self._step = jax.jit(step) if model.jit_compile else step
        self._cut = jax.jit(lambda held, number: jax.lax.dynamic_index_in_dim(held, number, keepdims=False))

    def put(self, batches: NDArray[np.uint8]) -> Any:
        """See `Steps`."""
        # A model with a batch size of its own may have one that cannot be shared.
        alike = batches.shape[1] % self.devices == 0
        return self._jax.device_put(batches, self._shared if alike else self._whole)

    def answer(self, held: Any, number: int, levels: NDArray[Any]) -> Any:
        """See `Steps`."""
        with self._full_float32():
            return self._step(self._state, self._cut(held, number), levels)

    def _full_float32(self) -> AbstractContextManager[Any]:
        # On a GPU, float32 would else be rounded to 11 bits before each product; a CPU has nothing faster.
        on_cpu = self._jax.default_backend() == "cpu"
        return nullcontext() if on_cpu else self._jax.default_matmul_precision("highest")


def _only(outputs: Any) -> Any:
    """The only output, which a model may give as a list."""
    import keras

    return keras.tree.flatten(outputs)[0]
