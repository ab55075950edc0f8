"""Tests of `mnist_report.data.limits`: what a small file may grow to."""

import numpy as np
import pytest
from data_files import write_image_parquet, write_picture_folder
from makers import write_idx_folder

from mnist_report.data import limits
from mnist_report.data.image_folder import read_image_folder
from mnist_report.data.limits import check_growth
from mnist_report.data.npz import read_npz
from mnist_report.data.parquet_images import read_parquet_images
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError
from mnist_report.runs.foreign_files import read_npz as read_predictions
from mnist_report.runs.foreign_files import read_table

BLANK = np.zeros((400, 80, 80), np.uint8)
LABELS = np.arange(400) % 10


@pytest.mark.parametrize(("size", "stored"), [(100 << 20, 1), (201_000_000, 1_005_000)])
def test_what_grows_little_or_not_much_is_taken(size, stored):
    """Up to 100 MiB nobody cares, and 200 times is more than images ever shrink."""
    check_growth(size, stored, "it")


def test_what_grows_more_is_an_error_with_both_sizes():
    """A bomb is told before it is read."""
    with pytest.raises(
        DataError, match="it: would grow from 1,000,000 to 201,000,000 bytes, expected at most 200 times"
    ):
        check_growth(201_000_000, 1_000_000, "it")


def idx(folder):
    write_idx_folder(folder / "x", BLANK, LABELS, suffix=".gz")
    load_dataset(str(folder / "x"))


def npz(folder):
    np.savez_compressed(folder / "x.npz", x_test=BLANK, y_test=LABELS)
    read_npz(folder / "x.npz", "test")


def pictures(folder):
    write_picture_folder(folder / "x", BLANK[:, :1].repeat(80, axis=1), LABELS)
    read_image_folder(folder / "x", "test", center=False)


def table(folder):
    write_image_parquet(folder / "x.parquet", BLANK, LABELS, form="bytes")
    read_parquet_images(folder / "x.parquet", center=False)


def archive_of_predictions(folder):
    np.savez_compressed(folder / "x.npz", probabilities=np.zeros((100_000, 10)))
    read_predictions(folder / "x.npz")


def table_of_predictions(folder):
    import pandas as pd

    pd.DataFrame(np.zeros((100_000, 10), np.float32)).add_prefix("p").to_parquet(folder / "x.parquet")
    read_table(folder / "x.parquet")


@pytest.mark.parametrize("write_and_read", [idx, npz, pictures, table, archive_of_predictions, table_of_predictions])
def test_no_format_is_read_that_grows_so(tmp_path, monkeypatch, write_and_read):
    """Whatever it is compressed by."""
    monkeypatch.setattr(limits, "GROWTH_MATTERS", 1 << 20)
    monkeypatch.setattr(limits, "MOST_GROWTH", 20)
    with pytest.raises(DataError, match=r"x.*: would grow from [\d,]+ to [\d,]+ bytes"):
        write_and_read(tmp_path)
