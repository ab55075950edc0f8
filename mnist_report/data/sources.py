"""Where data sets come from: the embedded MNIST, a folder or a file, each format told by what is there."""

import re
import stat
from pathlib import Path

import numpy as np

from mnist_report.data.centering import center_images
from mnist_report.data.class_names import name_classes, read_class_names
from mnist_report.data.dataset import Dataset, make_dataset
from mnist_report.data.idx import read_idx
from mnist_report.data.image_folder import has_classes, read_image_folder
from mnist_report.data.npz import inventory, read_npz
from mnist_report.data.parquet_process import read_parquet
from mnist_report.data.pixel_table import read_pixel_table
from mnist_report.data.reading import AS_IT_IS, Labelled, Reading
from mnist_report.errors import DataError

EMBEDDED = "mnist"
SOURCES = "a folder of IDX files or of one subfolder of pictures for each class, or an .npz, .csv or .parquet file"

EMBEDDED_FOLDER = Path(__file__).parent / "mnist"
# sha256 of the uncompressed files (images, labels), as published with the data set.
EMBEDDED_SHA256 = {
    "train": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}

# The stems that a split's files have; the first is that of the original distribution, EMNIST has the other.
IDX_STEMS = {"train": ("train",), "test": ("t10k", "test")}
IDX_NAME = re.compile(r"(?:(?P<set>.+)-)?(?P<stem>train|t10k|test)-images[-.]idx3-ubyte(\.gz)?")


def load_dataset(source: str = EMBEDDED, split: str = "test", reading: Reading = AS_IT_IS) -> Dataset:
    """Load one split.

    Args:
        source: "mnist" for the embedded data, else a folder or a file. Of a folder of several IDX sets, one is named
            as a path: folder/emnist-letters.
        split: "test" or "train". A CSV or Parquet file is taken for the split that is asked for.
        reading: how it is read.

    Raises:
        DataError: nothing readable is there, or images and labels do not fit together.
    """
    if not source:
        raise DataError(f"the data has an empty name; give 'mnist', {SOURCES}")
    wanted = read_class_names(reading.class_names) if reading.class_names else None
    if source == EMBEDDED:
        data = _load_idx(EMBEDDED_FOLDER, "", split, EMBEDDED_SHA256[split])
    else:
        data = _load_path(Path(source), split, center=reading.center)
    if reading.center and not data.centered:
        data = _centered(data)
    images = data.images.transpose(0, 2, 1) if reading.transpose and data.images.ndim == 3 else data.images
    labels, class_names = name_classes(data, wanted, f"{source} ({split} split)")
    return make_dataset(images, labels, class_names=class_names, source=source, split=split)


def one_split(source: str) -> bool:
    """Whether a source holds but one split, which is taken for any."""
    return Path(source).suffix.lower() in {".csv", ".parquet"}


def _load_path(path: Path, split: str, *, center: bool) -> Labelled:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        if path.parent.is_dir() and path.name in _idx_sets(path.parent, split):
            return _load_idx(path.parent, f"{path.name}-", split)
        raise DataError(f"{path}: no such file or folder; give 'mnist', {SOURCES}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if stat.S_ISDIR(mode):
        return _load_folder(path, split, center=center)
    suffix = path.suffix.lower()
    if not stat.S_ISREG(mode) or suffix not in {".npz", ".csv", ".parquet"}:
        found = f"a {path.suffix or 'plain'} file" if stat.S_ISREG(mode) else "no regular file"
        raise DataError(f"{path}: expected {SOURCES}, found {found}")
    if suffix == ".npz":
        return read_npz(path, split)
    return read_pixel_table(path) if suffix == ".csv" else read_parquet(path, center=center)


def _centered(data: Labelled) -> Labelled:
    """The images of an array, which all have one size already."""
    images = data.images
    fit = images.dtype == np.uint8 and images.ndim == 3 and 0 not in images.shape
    return data._replace(images=center_images(images)) if fit else data  # else for `make_dataset` to refuse


def _load_folder(folder: Path, split: str, *, center: bool) -> Labelled:
    if not _is_idx(folder) and has_classes(folder):
        return read_image_folder(folder, split, center=center)
    sets = _idx_sets(folder, split)
    if len(sets) > 1 and "" not in sets:
        named = ", ".join(sets[:8])
        raise DataError(f"{folder}: holds {len(sets)} sets ({named}); name one, as in {folder / sets[0]}")
    return _load_idx(folder, f"{sets[0]}-" if sets and sets[0] else "", split)


def _is_idx(folder: Path) -> bool:
    return any("ubyte" in name for name in _names(folder))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error


def _idx_sets(folder: Path, split: str) -> list[str]:
    """What stands before the stem in the names of the images; nothing in the original distribution."""
    found = (IDX_NAME.fullmatch(name) for name in _names(folder))
    return sorted({match["set"] or "" for match in found if match and match["stem"] in IDX_STEMS[split]})


def _load_idx(folder: Path, prefix: str, split: str, sha256: tuple[str | None, str | None] = (None, None)) -> Labelled:
    images = read_idx(_find_idx(folder, prefix, split, "images", 3), 3, sha256[0])
    labels = read_idx(_find_idx(folder, prefix, split, "labels", 1), 1, sha256[1])
    return Labelled(images, labels)


def _find_idx(folder: Path, prefix: str, split: str, what: str, ndim: int) -> Path:
    """The file of that stem; both spellings that circulate are known, raw or gzipped."""
    names = [
        f"{prefix}{stem}-{what}{joint}idx{ndim}-ubyte{suffix}"
        for stem in IDX_STEMS[split]
        for joint in "-."
        for suffix in ("", ".gz")
    ]
    present = _names(folder)
    for name in names:
        if name in present:
            return folder / name
    raise DataError(f"{folder}: no file {names[0]} or {names[1]}; {inventory(present)}")
