"""Tests of `mnist_report.data.parquet_process`."""

import time

import numpy as np
import pytest
from data_files import write_image_parquet
from makers import digits

from mnist_report.data import parquet_process
from mnist_report.data.parquet_process import read_parquet
from mnist_report.errors import DataError


@pytest.mark.parametrize("center", [False, True])
def test_what_the_child_reads_arrives(tmp_path, center):
    """Images, labels, names and whether they are centred."""
    images, labels = digits(3)
    found = read_parquet(write_image_parquet(tmp_path / "data.parquet", images, labels), center=center)
    np.testing.assert_array_equal(found.labels, labels)
    assert (found.images.shape, found.names, found.centered) == (images.shape, None, center)
    assert center or np.array_equal(found.images, images)


def test_what_the_child_refuses_is_an_error_here(tmp_path):
    """In its words."""
    (tmp_path / "d\u00e4ta\udcff.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "d\u00e4ta\udcff.parquet", center=False)


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("kill -ABRT $$", -6),
        ("exit 1", 1),
        ("sleep 60", -9),
        ("""echo '{"shape": [1, 2, 2], "names": null, "centered": false}'; printf '12345678123'""", 0),
    ],
    ids=["abort", "failure", "hang", "half an answer"],
)
def test_a_child_that_dies_is_an_error_that_names_the_file(tmp_path, monkeypatch, script, status):
    """Arrow aborts on some damaged files; nobody waits for one that hangs."""
    path = write_image_parquet(tmp_path / "data.parquet", *digits(1))
    (tmp_path / "python").write_text(f"#!/bin/sh\nexec 2>/dev/null; {script.replace('sleep', 'exec sleep')}\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(parquet_process.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(parquet_process, "LEAST_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(DataError, match=f"{path}: cannot be read as Parquet: .* ended with status {status}, after"):
        read_parquet(path, center=False)
    assert time.monotonic() - began < 20
