"""Tests of `mnist_report.data.pictures`."""

import struct
import zlib

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from data_files import png_bytes
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile  # noqa: TID253  nobody waits for these tests
from strategies import law

from mnist_report.data import pictures
from mnist_report.data.pictures import JPEG_SCAN, MOST_ENCODED, decode_picture, grey_stack
from mnist_report.errors import DataError


@law
@given(picture=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)), kind=st.sampled_from("PB"))
def test_grey_values_come_back_as_they_were(picture, kind):
    """From the formats that lose nothing."""
    found = decode_picture(png_bytes(picture, {"P": "PNG", "B": "BMP"}[kind]), "here")
    np.testing.assert_array_equal(found, picture)


def one(mode, colour, **how):
    """The value of a one-coloured picture."""
    return int(decode_picture(png_bytes(Image.new(mode, (2, 2), colour), **how), "here")[0, 0])


def test_colours_become_grey_by_their_luminance():
    """Green is lighter than blue; ITU-R 601."""
    assert [one("RGB", colour) for colour in ("red", "lime", "blue", "white", "black")] == [76, 150, 29, 255, 0]


def test_what_is_transparent_becomes_white():
    """As in any viewer: black ink on nothing stays visible."""
    found = [one("RGBA", (0, 0, 0, alpha)) for alpha in (0, 255)]
    assert (*found, one("LA", (0, 0)), one("P", 0, transparency=0)) == (255, 0, 255, 255)


def test_two_and_sixteen_bits_become_eight():
    """Scaled, not clipped."""
    assert (one("1", 1), one("1", 0)) == (255, 0)
    deep = Image.fromarray(np.array([[0, 257, 65535, 32896]], np.uint16))
    assert decode_picture(png_bytes(deep), "here").tolist() == [[0, 1, 255, 128]]


def test_a_jpeg_is_read():
    """Nearly as it was."""
    picture = np.full((8, 8), 200, np.uint8)
    assert np.abs(decode_picture(png_bytes(picture, "JPEG"), "here").astype(int) - 200).max() <= 1


def png_that_promises(width, height):
    """A whole PNG whose header says this size."""
    content = bytearray(png_bytes(np.zeros((2, 2), np.uint8)))
    content[16:24] = struct.pack(">2I", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "telling"),
    [
        (png_that_promises(1001, 2), "2 x 1,001 pixels, expected at most 1,000 x 1,000"),
        (png_that_promises(10_000, 10_000), "decompression bomb"),
        (png_that_promises(2**31 - 1, 2**31 - 1), "far too many pixels .*expected at most 1,000 x 1,000"),
        (png_that_promises(900, 900), "not a readable"),
        (png_that_promises(0, 9), ""),
        (b"\0" * (MOST_ENCODED + 1), "an encoded picture of 16,777,217 bytes, expected at most 16,777,216"),
        (png_bytes(np.zeros((8, 8), np.uint8), "JPEG") + JPEG_SCAN * 100, "a JPEG of more than 100 scans"),
        (b"<svg/>", "not a readable PNG, JPEG or BMP picture"),
    ],
    ids=["wide", "bomb", "huge bomb", "hollow", "flat", "long", "scans", "svg"],
)
def test_a_picture_that_lies_or_is_too_large_is_an_error(content, telling):
    """Before its pixels are decoded."""
    with pytest.raises(DataError, match=f"^here: .*{telling}"):
        decode_picture(content, "here")


def test_half_a_picture_is_refused_whatever_other_libraries_say(monkeypatch):
    """WeasyPrint tells Pillow to make do with what is there, and is left with that."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(DataError, match="not a readable PNG"):
        decode_picture(png_bytes(np.zeros((9, 9), np.uint8))[:-30], "here")
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_stack_of_colours_becomes_grey_as_pillow_makes_it(monkeypatch):
    """Every corner of the cube, and some of its inside, in parts."""
    monkeypatch.setattr(pictures, "PIXELS_AT_ONCE", 100)
    corners = np.array(np.meshgrid(*[[0, 1, 127, 254, 255]] * 3)).T.reshape(-1, 5, 5, 3).astype(np.uint8)
    inside = np.random.default_rng(3).integers(0, 256, (40, 5, 5, 3), dtype=np.uint8)
    colours = np.concatenate([corners, inside])
    expected = [np.asarray(Image.fromarray(colour).convert("L")) for colour in colours]
    np.testing.assert_array_equal(grey_stack(colours), expected)
