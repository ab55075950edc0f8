"""How data are read: what a user can ask for besides the source, and what every reader hands over."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the data are read.

    Attributes:
        class_names: A file of class names, one a line; else those of the data, else the numbers.
        center: Crop each image to its ink, fit that into 20 x 20 and centre it in 28 x 28 as MNIST was made.
        transpose: Swap rows and columns, for EMNIST's files.
    """

    class_names: Path | None = None
    center: bool = False
    transpose: bool = False


AS_IT_IS = Reading()


class Labelled(NamedTuple):
    """Images and labels as a file holds them.

    Attributes:
        images: whatever array it is; the data set checks it.
        labels: likewise.
        names: of the classes, or None where labels are mere numbers.
        centered: whether the images have been centred, one by one as they came.
        files: how many images each of several files holds; empty for a set in one piece.
    """

    images: "NDArray[Any]"
    labels: "NDArray[Any]"
    names: tuple[str, ...] | None = None
    centered: bool = False
    files: tuple[int, ...] = ()
