"""The same few images in every format that data come in; nothing of the package helps to make them."""

import io
from pathlib import Path

import pandas as pd  # noqa: TID253  nobody waits for these tests
import pyarrow as pa  # noqa: TID253  nobody waits for these tests
from makers import write_idx_folder, write_npz
from PIL import Image  # noqa: TID253  nobody waits for these tests
from pyarrow import parquet  # noqa: TID253  nobody waits for these tests


def png_bytes(picture, kind="PNG", **how) -> bytes:
    """An encoded picture of an array or of a Pillow image."""
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, kind, **how)
    return file.getvalue()


def write_picture_folder(folder: Path, images, labels, names="0123456789", kind="png") -> Path:
    """A subfolder of pictures for each class; the names keep the order of the images within a class."""
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(image).save(folder / names[label] / f"{k:05d}.{kind}")
    return folder


def write_pixel_csv(path: Path, images, labels, *, head=True) -> Path:
    """As on Kaggle."""
    frame = pd.DataFrame(images.reshape(len(images), -1)).add_prefix("pixel")
    frame.insert(0, "label", labels)
    frame.to_csv(path, index=False, header=head)
    return path


def write_image_parquet(path: Path, images, labels, *, form="struct") -> Path:
    """With encoded pictures (as Hugging Face writes them, or bare), or with pixels, flat or row by row."""
    encoded = [png_bytes(image) for image in images]
    cells = {
        "struct": [{"bytes": content, "path": f"{k}.png"} for k, content in enumerate(encoded)],
        "bytes": encoded,
        "pixels": pa.array([image.ravel().tolist() for image in images], pa.list_(pa.uint8())),
        "rows": [image.tolist() for image in images],
    }
    parquet.write_table(pa.table({"image": cells[form], "label": pa.array(labels, pa.int64())}), path)
    return path


def write_everything(folder: Path, images, labels) -> dict[str, Path]:
    """The images in every format; they must be square and stand in the order of their labels."""
    folder.mkdir(exist_ok=True)
    forms = ("struct", "bytes", "pixels", "rows")
    return {
        "idx": write_idx_folder(folder / "idx", images, labels),
        "idx.gz": write_idx_folder(folder / "idxgz", images, labels, suffix=".gz"),
        "npz": write_npz(folder / "data.npz", images, labels),
        "png": write_picture_folder(folder / "png", images, labels),
        "bmp": write_picture_folder(folder / "bmp", images, labels, kind="bmp"),
        "csv": write_pixel_csv(folder / "data.csv", images, labels),
        "headless": write_pixel_csv(folder / "headless.csv", images, labels, head=False),
        **{form: write_image_parquet(folder / f"{form}.parquet", images, labels, form=form) for form in forms},
    }
