"""The training images of each epoch: shuffled, distorted and cut into batches, each a function of epoch and index.

Nothing is drawn from a generator that outlives a batch, so an epoch that is trained again gets the same batches.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_report.model.distortion import distort, is_distorted
from mnist_report.model.recipes import Recipe

if TYPE_CHECKING:
    import keras


class TrainingImages:
    """Images and one-hot labels, in another order each epoch.

    Attributes:
        epoch: which epoch's order `batch` follows, from 0.
    """

    def __init__(self, pixels: NDArray[np.float32], one_hot: NDArray[np.float32], recipe: Recipe) -> None:
        """See `batch` for the shapes."""
        self._pixels, self._one_hot, self._recipe = pixels, one_hot, recipe
        self._distorted = is_distorted(recipe)
        self.epoch = 0
        self.start(0)

    def __len__(self) -> int:
        """How many batches an epoch has; the last may be smaller."""
        return math.ceil(len(self._pixels) / self._recipe.batch_size)

    def start(self, epoch: int) -> None:
        """Shuffle for an epoch, from 0."""
        self.epoch = epoch
        self._order = np.random.default_rng((self._recipe.seed, epoch)).permutation(len(self._pixels))

    def batch(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The pixels, shape (n, height, width, channels), and labels, shape (n, classes), of a batch of this epoch."""
        size = self._recipe.batch_size
        chosen = self._order[index * size : (index + 1) * size]
        pixels = self._pixels[chosen]
        if self._distorted:
            generator = np.random.default_rng((self._recipe.seed, self.epoch, index))
            pixels = distort(pixels[..., 0], self._recipe, generator)[..., np.newaxis]
        return pixels, self._one_hot[chosen]

    def batches(self) -> "keras.utils.PyDataset":
        """The batches as keras takes them."""
        import keras

        images = self

        class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is not typed
            def __len__(self) -> int:
                return len(images)

            def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
                return images.batch(index)

        return Batches()
