"""Where data sets come from: the embedded MNIST, a folder, a file or several, each format told by what is there."""

import re
import stat
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mnist_report.data.centering import center_images
from mnist_report.data.class_names import name_classes, read_class_names
from mnist_report.data.dataset import Dataset, make_dataset
from mnist_report.data.idx import read_idx
from mnist_report.data.image_folder import has_classes, read_image_folder
from mnist_report.data.npz import inventory, read_npz
from mnist_report.data.parquet_files import WILD, folder_files, match_files, read_parquet_files
from mnist_report.data.pixel_table import read_pixel_table
from mnist_report.data.reading import AS_IT_IS, Labelled, Reading
from mnist_report.errors import DataError

EMBEDDED = "mnist"
SOURCES = (
    "a folder of IDX files, of Parquet files or of one subfolder of pictures for each class, an .npz, .csv or .parquet "
    "file, or a pattern such as 'folder/*.parquet'"
)

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


class Located(NamedTuple):
    """What a source turned out to be.

    Attributes:
        kind: of which format.
        paths: the images and the labels of an IDX set, one Parquet file or more, else the one file or folder.
        sha256: what the two files of an IDX set must have, where that is known.
    """

    kind: Literal["idx", "npz", "csv", "parquet", "pictures"]
    paths: tuple[Path, ...]
    sha256: tuple[str | None, str | None] = (None, None)


def load_dataset(source: str = EMBEDDED, split: str = "test", reading: Reading = AS_IT_IS) -> Dataset:
    """Load one split.

    Args:
        source: "mnist" for the embedded data, else a folder, a file or a pattern. Of a folder of several IDX sets, one
            is named as a path: folder/emnist-letters.
        split: "test" or "train". CSV and Parquet files are taken for the split that is asked for.
        reading: how it is read.

    Raises:
        DataError: nothing readable is there, or images and labels do not fit together.
    """
    wanted = read_class_names(reading.class_names) if reading.class_names else None
    data = arranged(read_located(locate(source, split), split, center=reading.center), reading)
    labels, class_names = name_classes(data, wanted, f"{source} ({split} split)")
    return make_dataset(data.images, labels, class_names=class_names, source=source, split=split, files=data.files)


def one_split(source: str) -> bool:
    """Whether a source holds but one split, which is taken for any."""
    path = Path(source)
    if path.suffix.lower() in {".csv", ".parquet"}:
        return True
    try:
        return path.is_dir() and _locate_folder(path, "test").kind == "parquet"
    except DataError:
        return False


def arranged(data: Labelled, reading: Reading) -> Labelled:
    """Images centred and transposed as is asked for."""
    if reading.center and not data.centered:
        data = _centered(data)
    turned = reading.transpose and data.images.ndim == 3
    return data._replace(images=data.images.transpose(0, 2, 1)) if turned else data


def read_located(located: Located, split: str, *, center: bool) -> Labelled:
    """All that a source holds of a split.

    Raises:
        DataError: it cannot be read, or is larger than the limits.
    """
    if located.kind == "idx":
        images, labels = (
            read_idx(path, ndim, sha256)
            for path, ndim, sha256 in zip(located.paths, (3, 1), located.sha256, strict=True)
        )
        return Labelled(images, labels)
    if located.kind == "parquet":
        return read_parquet_files(located.paths, center=center)
    (path,) = located.paths
    if located.kind == "pictures":
        return read_image_folder(path, split, center=center)
    return read_npz(path, split) if located.kind == "npz" else read_pixel_table(path)


def locate(source: str, split: str) -> Located:
    """Find out what a source is.

    Raises:
        DataError: nothing readable is there.
    """
    if not source:
        raise DataError(f"the data has an empty name; give 'mnist', {SOURCES}")
    if source == EMBEDDED:
        return _locate_idx(EMBEDDED_FOLDER, "", split)._replace(sha256=EMBEDDED_SHA256[split])
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        if path.parent.is_dir() and path.name in _idx_sets(path.parent, split):
            return _locate_idx(path.parent, f"{path.name}-", split)
        if path.parent.is_dir() and WILD.search(path.name):
            return Located("parquet", tuple(match_files(path)))
        if WILD.search(path.name):
            raise DataError(f"{path}: no file fits this pattern, for there is no folder {path.parent}") from error
        raise DataError(f"{path}: no such file or folder; give 'mnist', {SOURCES}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if stat.S_ISDIR(mode):
        return _locate_folder(path, split)
    suffix = path.suffix.lower()
    if not stat.S_ISREG(mode) or suffix not in {".npz", ".csv", ".parquet"}:
        found = f"a {path.suffix or 'plain'} file" if stat.S_ISREG(mode) else "no regular file"
        raise DataError(f"{path}: expected {SOURCES}, found {found}")
    kinds: dict[str, Literal["npz", "csv", "parquet"]] = {".npz": "npz", ".csv": "csv", ".parquet": "parquet"}
    return Located(kinds[suffix], (path,))


def _centered(data: Labelled) -> Labelled:
    """The images of an array, which all have one size already."""
    images = data.images
    fit = images.dtype == np.uint8 and images.ndim == 3 and 0 not in images.shape
    return data._replace(images=center_images(images)) if fit else data  # else for `make_dataset` to refuse


def _locate_folder(folder: Path, split: str) -> Located:
    if not _is_idx(folder):
        if has_classes(folder):
            return Located("pictures", (folder,))
        if files := folder_files(folder):
            return Located("parquet", tuple(files))
    sets = _idx_sets(folder, split)
    if len(sets) > 1 and "" not in sets:
        named = ", ".join(sets[:8])
        raise DataError(f"{folder}: holds {len(sets)} sets ({named}); name one, as in {folder / sets[0]}")
    return _locate_idx(folder, f"{sets[0]}-" if sets and sets[0] else "", split)


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


def _locate_idx(folder: Path, prefix: str, split: str) -> Located:
    images = _find_idx(folder, prefix, split, "images", 3)
    return Located("idx", (images, _find_idx(folder, prefix, split, "labels", 1)))


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
