"""Tests of `mnist_report.data.pixel_table`."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from data_files import write_pixel_csv
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.data import pixel_table
from mnist_report.data.pixel_table import read_pixel_table
from mnist_report.errors import DataError


@law
@given(data=st.data(), head=st.booleans(), piece=st.sampled_from([1, 7, 64, 1 << 23]))
def test_what_pandas_writes_is_read_back(tmp_path_factory, data, head, piece):
    """With and without a head, wherever the pieces that are read end."""
    images = data.draw(hnp.arrays(np.uint8, (data.draw(st.integers(1, 5)), 2, 2)))
    labels = data.draw(hnp.arrays(np.uint8, len(images)))
    path = write_pixel_csv(tmp_path_factory.mktemp("csv") / "data.csv", images, labels, head=head)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixel_table, "PIECE", piece)
        found = read_pixel_table(path)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)


def read(path, text):
    """The images and labels of a text."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = read_pixel_table(path)
    return found.images.reshape(len(found.images), -1).tolist(), found.labels.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "7,1,2,3,4\n",
        "7,1,2,3,4",
        "7,1,2,3,4\r\n\r\n",
        "\ufeff7,1,2,3,4\n",
        "label,a,b,c,d\n7,1,2,3,4\n",
        '"label","1x1","1x2","2x1","2x2"\r\n007,1,2,3,4\r\n',
        "\ufeffLabel,a,b,c,d\n7,1,2,3,4",
        "a,b,label,c,d\n1,2,7,3,4\n",
        "digit,a,b,c,d\n7,1,2,3,4\n",
    ],
)
def test_the_layouts_that_circulate_are_read(tmp_path, text):
    """Line ends, byte order marks, and the label wherever it is."""
    assert read(tmp_path / "data.csv", text) == ([[1, 2, 3, 4]], [7])


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("", "found 0 columns, expected one of labels"),
        ("label,a,b,c,d\n", "has no rows"),
        ("1,2,3\n", "found 3 columns, .* a square image, such as 784"),
        ("a,b,c,d\n1,2,3,4\n", "found 4 pixel columns and no 'label', .*test.csv has no labels, use train.csv"),
        ("label,a,b,c,d\n1,2,3,4,5\n1,2,3,4\n", "line 3 has 4 cells, expected 5"),
        ("1,2,3,4,5\n1,2,3,4,5,6\n", "line 2 has 6 cells, expected 5"),
        ("1,2,3,4,5\n\n1,2,3,4,5\n", "line 2 has 1 cells, expected 5"),
        ("1,2,3,4,5\n1,2,300,4,5\n", "'300' in line 2, column 3; expected whole numbers from 0 to 255"),
        ("1,2,3,4,5\n1,2,-3,4,5\n", "'-3' in line 2, column 3"),
        ("1,2,3,4,5\n1,,3,4,5\n", "'' in line 2, column 2"),
        ("1,2,3,4,5\n1,2,3,4,1000000\n", "'1000000' in line 2, column 5"),
        ("0.0,0.5,0.5,0.5,0.5\n", r"'0\.0' in line 1, column 1"),
        ("label,a,b,c,d\ncat,2,3,4,5\n", "'cat' in line 2, column 1"),
        ("label,a,b,label,d\n1,2,3,4,5\n", "two columns are called 'label'"),
        ("1,2,x,4,5\n1,2,3,4,5\n", "'x' in line 1, column 3"),
        (b"\xff\xfe,1,2,3,4\n", "no UTF-8"),
        (b"1,2,3,4,5\n1,2,\0\xff,4,5\n", "in line 2, column 3"),
        ("1," * 1002**2 + "1\n", r"1,002 x 1,002 pixels, expected at most"),
        ("1," * 20_000_000, "the first line is longer than"),
        ("1,2,3,4,5\n" + "1" * 20_000_000, "longer than 5 cells"),
    ],
    ids=range(20),
)
def test_a_table_that_is_none_is_an_error(tmp_path, text, telling):
    """The message names the line and the column."""
    with pytest.raises(DataError, match=f"{tmp_path / 'data.csv'}: .*{telling}"):
        read(tmp_path / "data.csv", text)


def test_a_missing_file_is_an_error(tmp_path):
    """It may vanish after it was seen."""
    with pytest.raises(DataError, match="cannot be read"):
        read_pixel_table(tmp_path / "data.csv")
