"""How large data may be: checked before anything of that size is allocated."""

import math
from collections.abc import Sequence

from mnist_report.errors import DataError

# A digit needs no more; each image is also drawn into the report.
MOST_SIDE = 1_000
# 25 times the largest set of this kind that is in use (EMNIST by class, 814,255 images).
MOST_ROWS = 20_000_000
# What a machine of 8 GiB holds beside the model and the float32 batches; MNIST takes 47 MB.
MOST_BYTES = 2 << 30
# Digits shrink about five times; what shrinks so is no set of images, but fills the memory from a small file.
MOST_GROWTH = 200
GROWTH_MATTERS = 100 << 20
# Larger sets are digested, and where they outgrow the memory also read, in parts: so many images of up to 32 x 32
# pixels, fewer of larger ones. Each part is a few seconds' work for a model, and two of them fit any memory.
MOST_IN_SHARD = 65_536
MOST_SHARD_BYTES = 64 << 20
# The report stays readable up to here.
MOST_CLASSES = 100
# What to do about more than is held at once.
IN_PARTS = "; --no-predictions evaluates any number, part by part"


def check_size(shape: Sequence[int], where: str, itemsize: int = 1, advice: str = IN_PARTS) -> None:
    """See that images, shape (n, height, width), or labels, shape (n,), are no larger than the limits.

    Args:
        shape: of all that is read at once.
        where: what it is.
        itemsize: the bytes of a value.
        advice: what to do where it is only too much at once.

    Raises:
        DataError: they are.
    """
    n, *sides = shape
    if n > MOST_ROWS:
        raise DataError(f"{where}: {n:,} rows, expected at most {MOST_ROWS:,}{advice}")
    if any(side > MOST_SIDE for side in sides):
        found = " x ".join(f"{side:,}" for side in sides)
        raise DataError(f"{where}: an image has {found} pixels, expected at most {MOST_SIDE:,} x {MOST_SIDE:,}")
    size = math.prod(shape) * itemsize
    if size > MOST_BYTES:
        raise DataError(f"{where}: {n:,} rows of {size:,} bytes in all, expected at most {MOST_BYTES:,}{advice}")


def shard_length(height: int, width: int) -> int:
    """How many images of a size make a part of a set."""
    return max(1, min(MOST_IN_SHARD, MOST_SHARD_BYTES // max(height * width, 1)))


def check_growth(size: int, stored: int, where: str) -> None:
    """See that a file does not hold far more than its own size.

    Args:
        size: in bytes, once it is read.
        stored: its size on the disk.
        where: what it is.

    Raises:
        DataError: it does.
    """
    if size > GROWTH_MATTERS and size > MOST_GROWTH * stored:
        raise DataError(
            f"{where}: would grow from {stored:,} to {size:,} bytes, expected at most {MOST_GROWTH} times its size"
        )
