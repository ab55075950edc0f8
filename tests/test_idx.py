"""Tests of `mnist_report.data.idx`."""

import gzip
import hashlib
from contextlib import suppress

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import idx_bytes, idx_header, write_idx
from strategies import law

from mnist_report.data.idx import read_idx
from mnist_report.errors import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
byte_arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that the examples of a law may share."""
    return tmp_path_factory.mktemp("idx")


@law
@given(values=byte_arrays, suffix=st.sampled_from(["", ".gz"]))
def test_what_is_written_by_hand_is_read_back(folder, values, suffix):
    """Raw or gzipped, with any number of dimensions."""
    found = read_idx(write_idx(folder / f"values{suffix}", values), values.ndim)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, values)


@law
@given(values=byte_arrays, data=st.data())
def test_a_raw_file_cut_anywhere_is_an_error(folder, values, data):
    """No byte can be missing from the end without notice."""
    content = idx_bytes(values)
    path = folder / "cut"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(DataError, match=r"an empty file|expected magic|truncated within the header|header promises"):
        read_idx(path, values.ndim)


@law
@given(values=byte_arrays, data=st.data())
def test_a_gzipped_file_cut_anywhere_is_an_error(folder, values, data):
    """Not even the checksum at its end can be missing."""
    content = gzip.compress(idx_bytes(values))
    path = folder / "cut.gz"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(DataError, match=r"the gzip stream is damaged|the name says gzip but the content does not"):
        read_idx(path, values.ndim)


@law
@given(values=byte_arrays, data=st.data())
def test_a_flipped_byte_never_changes_what_a_gzipped_file_says(folder, values, data):
    """It is an error, or one of the bytes that say nothing about the values, such as the time."""
    content = bytearray(gzip.compress(idx_bytes(values)))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = folder / "flipped.gz"
    path.write_bytes(content)
    found = values
    with suppress(DataError):
        found = read_idx(path, values.ndim)
    np.testing.assert_array_equal(found, values)


def test_gzip_is_told_by_content_and_not_by_name(tmp_path):
    """A gzipped file without .gz is read all the same."""
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(idx_bytes(IMAGES)))
    np.testing.assert_array_equal(read_idx(path, 3), IMAGES)


def test_what_was_read_cannot_be_changed(tmp_path):
    """The array is read-only."""
    values = read_idx(write_idx(tmp_path / "images", IMAGES), 3)
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0, 0] = 1


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_a_truncated_file_is_named_with_both_sizes(tmp_path, name):
    """The header promises 24 bytes, 20 are there."""
    path = tmp_path / name
    content = idx_bytes(IMAGES)[:-4]
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(DataError, match=rf"{path}: .* 24 bytes .* shape \(2, 3, 4\), found 20"):
        read_idx(path, 3)


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_an_oversized_file_is_an_error(tmp_path, name):
    """One byte too many is enough."""
    path = tmp_path / name
    content = idx_bytes(IMAGES) + b"\0"
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(DataError, match=rf"{path}: the header promises 24 bytes .*, found more"):
        read_idx(path, 3)


@pytest.mark.parametrize("shape", [(2**32 - 1,) * 3, (2**32 - 1, 2**16, 2**14)])
def test_a_header_that_promises_more_than_any_memory_holds_is_an_error(tmp_path, shape):
    """A damaged header must not end in an overflow or exhausted memory."""
    path = tmp_path / "images"
    path.write_bytes(idx_header(shape) + b"\0" * 100)
    with pytest.raises(DataError, match=rf"{path}: the header promises"):
        read_idx(path, 3)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x00\x00\x0d\x03" + b"\0" * 16, "00000d03"),
        (idx_bytes(np.zeros(3)), "00000801"),
        (b"P5 28 28", "50352032"),
        (b"", "an empty file"),
    ],
    ids=["floats", "labels", "another format", "empty"],
)
def test_wrong_magic_is_shown_beside_the_expected_one(tmp_path, content, found):
    """Another type, another rank, or no IDX at all."""
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: not an IDX file of 3-d uint8: found {found}, .* magic 00000803"):
        read_idx(path, 3)


def test_a_file_that_ends_within_the_header_is_an_error(tmp_path):
    """The magic is right, the sizes are cut."""
    path = tmp_path / "images"
    path.write_bytes(idx_header((2, 3, 4))[:10])
    with pytest.raises(DataError, match=f"{path}: truncated within the header, after 10 bytes"):
        read_idx(path, 3)


def test_a_gz_name_without_gzip_content_is_an_error(tmp_path):
    """Somebody renamed it, or a download unpacked it on the way."""
    path = tmp_path / "images.gz"
    path.write_bytes(idx_bytes(IMAGES))
    with pytest.raises(DataError, match=f"{path}: the name says gzip but the content does not"):
        read_idx(path, 3)


@pytest.mark.parametrize(
    ("place", "telling"), [(10, "invalid block type"), (-8, "CRC")], ids=["first block", "checksum"]
)
def test_a_damaged_gzip_stream_is_an_error(tmp_path, place, telling):
    """A block type that does not exist, or a checksum that does not fit what came out."""
    path = tmp_path / "images.gz"
    content = bytearray(gzip.compress(idx_bytes(IMAGES)))
    content[place] = 0b111
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: the gzip stream is damaged .*{telling}"):
        read_idx(path, 3)


def test_garbage_after_the_gzip_stream_is_an_error(tmp_path):
    """It would be unread otherwise."""
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx_bytes(IMAGES)) + b"garbage")
    with pytest.raises(DataError, match=f"{path}: the gzip stream is damaged"):
        read_idx(path, 3)


def test_a_missing_file_is_an_error(tmp_path):
    """The message names it."""
    with pytest.raises(DataError, match=f"{tmp_path / 'images'}: no such file"):
        read_idx(tmp_path / "images", 3)


def test_a_folder_in_the_files_place_is_an_error(tmp_path):
    """The message says what was found."""
    with pytest.raises(DataError, match=f"{tmp_path}: expected an IDX file, found a folder"):
        read_idx(tmp_path, 3)


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_the_right_digest_is_that_of_the_uncompressed_bytes(tmp_path, name):
    """Whether or not the file is gzipped."""
    digest = hashlib.sha256(idx_bytes(IMAGES)).hexdigest()
    np.testing.assert_array_equal(read_idx(write_idx(tmp_path / name, IMAGES), 3, digest), IMAGES)


def test_another_digest_is_an_error_that_shows_both(tmp_path):
    """An embedded file that changed is not the published data set."""
    path, published = write_idx(tmp_path / "images", IMAGES), "0" * 64
    found = hashlib.sha256(idx_bytes(IMAGES)).hexdigest()
    with pytest.raises(DataError, match=f"{path}: sha256 of the content is {found}, expected {published}"):
        read_idx(path, 3, published)
