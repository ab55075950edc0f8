"""corruptions.parquet and corrupted.npz: what was counted on worse images, and one of them to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.robustness import CorruptedSet
from mnist_report.runs.columns import numbers, read_table, texts, whole_numbers

TABLE, PICTURES = "corruptions.parquet", "corrupted.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One image as it is and as each corrupted set has it.

    Attributes:
        index: its place in the data set.
        pixels: uint8, shape (1 + sets, height, width), as it is first.
        said: int64, shape (1 + sets,), the predicted class of each.
    """

    index: int
    pixels: NDArray[np.uint8]
    said: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Corruptions:
    """What a run keeps of corrupted images.

    Attributes:
        sets: in the order in which they are shown.
        example: of them.
    """

    sets: tuple[CorruptedSet, ...]
    example: Example


def write_corruptions(folder: Path, corruptions: Corruptions, class_names: Sequence[str]) -> None:
    """Write both files: a row per corruption, severity and class, and the pictures."""
    import pyarrow as pa
    from pyarrow import parquet

    sets, classes = corruptions.sets, len(class_names)
    table = {
        "corruption": pa.array([one.kind for one in sets for _ in range(classes)], pa.string()).dictionary_encode(),
        "severity": pa.array(np.repeat([one.severity for one in sets], classes)),
        "class": pa.array([*class_names] * len(sets), pa.string()).dictionary_encode(),
    }
    for name in ("n", "right", "loss", "confidence"):
        table[name] = pa.array(np.concatenate([getattr(one, name) for one in sets]))
    parquet.write_table(pa.table(table), folder / TABLE)
    example = corruptions.example
    np.savez_compressed(folder / PICTURES, index=np.array(example.index), pixels=example.pixels, said=example.said)


def read_corruptions(folder: Path, class_names: Sequence[str], labels: NDArray[np.int64]) -> Corruptions | None:
    """Read what `write_corruptions` wrote; a run without corrupted images has no such files.

    Args:
        folder: of the run.
        class_names: of the data.
        labels: of the data.

    Raises:
        OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile, zlib.error: one is missing or damaged, or
            counts other images.
    """
    if not (folder / TABLE).exists() and not (folder / PICTURES).exists():
        return None
    if not (folder / PICTURES).exists():
        raise ValueError(f"{PICTURES} is missing")
    sets, support = _read_sets(folder / TABLE, class_names), np.bincount(labels, minlength=len(class_names))
    for one in sets:
        if not np.array_equal(one.n, support) or (one.right < 0).any() or (one.right > one.n).any():
            raise ValueError(f"the counts of {one.name} are not of the images that predictions.parquet has")
    return Corruptions(sets, _read_example(folder / PICTURES, len(sets), len(class_names)))


def _read_sets(path: Path, class_names: Sequence[str]) -> tuple[CorruptedSet, ...]:
    table, classes = read_table(path), len(class_names)
    kinds, severities = texts("corruption", table["corruption"]), whole_numbers(table["severity"])
    columns = [
        whole_numbers(table["n"]),
        whole_numbers(table["right"]),
        numbers(table["loss"]),
        numbers(table["confidence"]),
    ]
    starts = range(0, table.num_rows, classes)
    if not starts or texts("class", table["class"]).tolist() != [*class_names] * len(starts):
        raise ValueError(f"its rows are not those of the classes {', '.join(class_names)}, set by set")
    sets = tuple(
        CorruptedSet(str(kinds[k]), int(severities[k]), *(column[k : k + classes] for column in columns))
        for k in starts
    )
    if len({one.name for one in sets}) < len(sets):
        raise ValueError("it has a set twice")
    return sets


def _read_example(path: Path, sets: int, classes: int) -> Example:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        index, pixels, said = archive["index"], archive["pixels"], archive["said"]
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or len(pixels) != 1 + sets:
        raise ValueError(f"pixels are {pixels.dtype} of shape {pixels.shape} for {sets} sets")
    whole = all(np.issubdtype(part.dtype, np.integer) for part in (index, said))
    if not whole or index.shape != () or said.shape != (1 + sets,) or (said < 0).any() or (said >= classes).any():
        raise ValueError(f"index or said are not those of {sets} sets and {classes} classes")
    return Example(int(index), pixels, said.astype(np.int64))
