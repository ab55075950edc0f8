"""Mutated data files, of every format."""

import random
import shutil
import time

import numpy as np
import pytest
from data_files import png_bytes, write_everything
from makers import digits

from mnist_report.data.dataset import Dataset, data_digest
from mnist_report.data.reading import Reading
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError

FORMATS = ("idx", "idx.gz", "npz", "png", "bmp", "jpeg", "csv", "headless", "struct", "bytes", "pixels", "rows")
PER_FORMAT = 40
# Each of these starts a process.
PARQUET = ("struct", "bytes", "pixels", "rows")
PER_PARQUET = 10
SECONDS = 10


def mutated(content, others, draw):
    """The bytes with a cut, some flipped bits, a part of another file, a repetition, or an extreme number."""
    content = bytearray(content)
    place = draw.randrange(len(content))
    # Headers decide most, and they stand at either end.
    place = draw.choice([place, min(place, draw.randrange(64)), max(place, len(content) - draw.randrange(1, 64))])
    kind = draw.randrange(5)
    if kind == 0:
        del content[place:]
    elif kind == 1:
        for _ in range(draw.randrange(1, 8)):
            content[draw.choice([place, draw.randrange(len(content))])] ^= 1 << draw.randrange(8)
    elif kind == 2:
        other = draw.choice(others)
        begin = draw.randrange(len(other))
        content[place : place + draw.randrange(40)] = other[begin : begin + draw.randrange(1, 400)]
    elif kind == 3:
        content[place:place] = content[place : place + draw.randrange(1, 200)] * draw.randrange(1, 9)
    else:
        extreme = draw.choice([b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0" * 4, b"\xff\xff\xff\x7f", b"\x80\0\0\0"])
        content[place : place + 4] = extreme
    return bytes(content)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A small data set in every format."""
    folder = tmp_path_factory.mktemp("corpus")
    images, labels = digits(3)
    paths = write_everything(folder, images, labels)
    shutil.copytree(paths["png"], folder / "jpeg")
    for path in sorted((folder / "jpeg").rglob("*.png")):
        image = images[int(path.stem)]
        path.unlink()
        path.with_suffix(".jpg").write_bytes(png_bytes(image, "JPEG", progressive=True))
    return paths | {"jpeg": folder / "jpeg"}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_mutated_file_is_an_error_that_names_it_or_a_data_set(tmp_path, corpus, name):
    """Within seconds, and nothing else: no other exception, no warning, no hang."""
    draw = random.Random(name)  # noqa: S311  the same every time
    everything = [path for root in corpus.values() for path in sorted(root.rglob("*")) or [root] if path.is_file()]
    others = [path.read_bytes() for path in everything]
    refused = 0
    n = PER_PARQUET if name in PARQUET else PER_FORMAT
    for k in range(n):
        source = tmp_path / f"{k}{corpus[name].suffix}"
        (shutil.copytree if corpus[name].is_dir() else shutil.copyfile)(corpus[name], source)
        victim = draw.choice(sorted(p for p in source.rglob("*") if p.is_file())) if source.is_dir() else source
        victim.write_bytes(mutated(victim.read_bytes(), others, draw))
        began = time.monotonic()
        try:
            dataset = load_dataset(str(source), reading=Reading(center=bool(k % 2)))
        except DataError as error:
            refused += 1
            said = str(error)
        else:
            check(dataset)
            said = str(source)
        assert str(source) in said
        assert "\n" not in said
        assert time.monotonic() - began < SECONDS
    assert refused > n / 10


def check(dataset: Dataset) -> None:
    """All that a data set promises."""
    assert dataset.images.dtype == np.uint8
    assert dataset.images.ndim == 3
    assert len(dataset) == len(dataset.images) > 0
    assert 0 <= dataset.labels.min() <= dataset.labels.max() < len(dataset.class_names) <= 100
    assert dataset.sha256 == data_digest(dataset.images, dataset.labels)
