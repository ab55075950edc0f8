"""Columns of Parquet files, read without pandas; pandas is the oracle."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.runs.columns import numbers, read_table, texts, whole_numbers

WHOLE = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
REAL = ["float32", "float64"]
WORDS = st.text(st.characters(codec="utf-8"), max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A place for files that are written over and over."""
    return tmp_path_factory.mktemp("columns")


def stored(folder, values, kind=None, rows=None):
    """The values as a column of a file that was written in groups of so many rows, and pandas' idea of it."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, kind)
    path = folder / "a.parquet"
    parquet.write_table(pa.table({"x": array}), path, row_group_size=rows)
    return read_table(path)["x"], pd.read_parquet(path)["x"]


@st.composite
def whole(draw):
    """A kind of whole number, and some of them with both ends."""
    kind = draw(st.sampled_from(WHOLE))
    info = np.iinfo(kind)
    return kind, draw(st.lists(st.integers(int(info.min), int(info.max)) | st.sampled_from([info.min, info.max])))


@law
@given(whole(), st.sampled_from([None, 1, 3]))
def test_whole_numbers_are_those_of_pandas(folder, drawn, rows):
    """Of every width, in one row group or many, and none at all."""
    kind, values = drawn
    column, expected = stored(folder, np.array(values, dtype=kind), rows=rows)
    found = numbers(column)
    assert (found.dtype, found.shape) == (np.dtype(kind), (len(values),))
    assert np.array_equal(found, expected.to_numpy())
    assert np.array_equal(whole_numbers(column), expected.to_numpy().astype(np.int64))
    assert whole_numbers(column).dtype == np.int64


@law
@given(st.sampled_from([(64, "float64"), (32, "float32")]), st.data(), st.sampled_from([None, 1, 3]))
def test_real_numbers_are_those_of_pandas(folder, kind, data, rows):
    """To the last bit, with what is not finite."""
    values = np.array(data.draw(st.lists(st.floats(width=kind[0]))), dtype=kind[1])
    column, expected = stored(folder, values, rows=rows)
    found = numbers(column)
    assert found.dtype == np.dtype(kind[1])
    assert np.array_equal(found, expected.to_numpy(), equal_nan=True)
    assert np.array_equal(np.signbit(found), np.signbit(values))


def test_half_numbers_are_those_of_pandas(folder):
    """Some models answer in them."""
    column, expected = stored(folder, np.array([0.1, 0.5, np.inf], dtype=np.float16))
    assert np.array_equal(numbers(column), expected.to_numpy())


@pytest.mark.parametrize("kind", [*WHOLE, *REAL])
def test_numbers_cannot_be_written_to(folder, kind):
    """They are those of the file; whole numbers of one's own can."""
    found = numbers(stored(folder, np.ones(4, dtype=kind))[0])
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@law
@given(st.lists(WORDS), st.booleans(), st.booleans(), st.sampled_from([None, 1, 3]))
def test_texts_are_those_of_pandas(folder, values, large, categories, rows):
    """Plain or as categories, short or large, in one row group or many."""
    import pyarrow as pa

    array = pa.array(values, pa.large_string() if large else pa.string())
    column, expected = stored(folder, array.dictionary_encode() if categories else array, rows=rows)
    found = texts("x", column)
    assert (found.dtype, found.shape) == (np.dtype(object), (len(values),))
    assert found.tolist() == expected.astype(object).tolist() == values
    assert {type(value) for value in found} <= {str}


@law
@given(st.lists(st.lists(WORDS), max_size=4))
def test_categories_that_differ_from_part_to_part_are_put_together(parts):
    """Each row group has its own."""
    import pyarrow as pa

    kind = pa.dictionary(pa.int32(), pa.string())
    column = pa.chunked_array([pa.array(part, pa.string()).dictionary_encode() for part in parts], kind)
    assert texts("x", column).tolist() == [value for part in parts for value in part]


@pytest.mark.parametrize("index", ["int8", "uint8", "int16", "int64"])
def test_categories_that_pandas_wrote(tmp_path, index):
    """With those that no row has."""
    import pandas as pd

    codes = np.array([2, 0, 2], dtype=index)
    frame = pd.DataFrame({"x": pd.Categorical.from_codes(codes, ["a", "b", "c"])})
    frame.to_parquet(tmp_path / "a.parquet")
    assert texts("x", read_table(tmp_path / "a.parquet")["x"]).tolist() == ["c", "a", "c"]


@pytest.mark.parametrize("text", ["string", "object", "category"])
def test_what_pandas_writes_can_be_read(tmp_path, text):
    """Numbers and text of a frame."""
    import pandas as pd

    frame = pd.DataFrame({"i": range(5), "f": np.linspace(0, 1, 5), "t": pd.Series(list("abcab")).astype(text)})
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    assert table.column_names == ["i", "f", "t"]
    assert np.array_equal(whole_numbers(table["i"]), frame["i"])
    assert np.array_equal(numbers(table["f"]), frame["f"])
    assert texts("t", table["t"]).tolist() == frame["t"].tolist()


@pytest.mark.parametrize("rows", [None, 1])
@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("read", [numbers, whole_numbers])
def test_a_gap_among_numbers_is_refused(folder, read, place, rows):
    """Of any row group."""
    values = [1, 2, 3]
    values[place] = None
    with pytest.raises(ValueError, match="a column of int64 with 1 gaps, expected numbers"):
        read(stored(folder, values, rows=rows)[0])


@pytest.mark.parametrize("rows", [None, 1])
@pytest.mark.parametrize("categories", [False, True])
def test_a_gap_among_texts_is_refused(folder, categories, rows):
    """Also a category that is one."""
    import pyarrow as pa

    array = pa.array(["a", None, "b"])
    with pytest.raises(ValueError, match="column 'x' holds something other than text"):
        texts("x", stored(folder, array.dictionary_encode() if categories else array, rows=rows)[0])
    gap = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", None]))
    with pytest.raises(ValueError, match="column 'x' holds something other than text"):
        texts("x", pa.chunked_array([gap]))


OTHERS = {
    "bool": [True, False],
    "bytes": [b"a", b"b"],
    "list": [[1], [2]],
    "table": [{"a": 1}, {"a": 2}],
    "moment": [datetime(2026, 1, 2, tzinfo=UTC)] * 2,
    "span": [timedelta(1)] * 2,
    "nothing": [None, None],
    "decimal": [Decimal("1.5"), Decimal(2)],
}


@pytest.mark.parametrize("kind", [*OTHERS, "text", "categories"])
def test_what_are_no_numbers_is_refused(folder, kind):
    """Whatever it is."""
    import pyarrow as pa

    if kind == "categories":  # as a file, they are numbers
        column = pa.chunked_array([pa.array([1, 2]).dictionary_encode()])
    else:
        column, _ = stored(folder, OTHERS.get(kind, ["1", "2"]))
    for read in (numbers, whole_numbers):
        with pytest.raises(ValueError, match="expected numbers"):
            read(column)


@pytest.mark.parametrize("kind", [*OTHERS, "numbers", "categories"])
def test_what_is_no_text_is_refused(folder, kind):
    """Whatever it is."""
    import pyarrow as pa

    special = {"numbers": pa.array([1.0, 2.0]), "categories": pa.array([1, 2]).dictionary_encode()}
    column, _ = stored(folder, special[kind] if kind in special else OTHERS[kind])
    with pytest.raises(ValueError, match="column 'x' holds something other than text"):
        texts("x", column)


@pytest.mark.parametrize("kind", REAL)
@pytest.mark.parametrize("values", [[], [1.0], [0.5], [float("nan")]], ids=str)
def test_real_numbers_are_not_whole(folder, kind, values):
    """Not even where they could be."""
    with pytest.raises(ValueError, match=f"a column of {kind}, expected whole numbers"):
        whole_numbers(stored(folder, np.array(values, dtype=kind))[0])


@pytest.mark.parametrize("kind", [*WHOLE, *REAL])
def test_a_table_without_rows_has_columns(folder, kind):
    """Of their type."""
    column, _ = stored(folder, np.array([], dtype=kind))
    assert (numbers(column).shape, numbers(column).dtype) == ((0,), np.dtype(kind))


def test_parts_of_a_file_are_read_like_the_whole(folder):
    """`stream_predictions` gives batches, whose columns are in one piece, and not at the start of the buffer."""
    from pyarrow import parquet

    stored(folder, np.arange(10), rows=4)
    with parquet.ParquetFile(folder / "a.parquet") as file:
        found = [number for batch in file.iter_batches(batch_size=3) for number in numbers(batch["x"]).tolist()]
    assert found == list(range(10))
    assert numbers(read_table(folder / "a.parquet")["x"].slice(3, 4)).tolist() == [3, 4, 5, 6]


def test_the_whole_file_is_read(folder):
    """Every column and row group, by path or as text."""
    import pyarrow as pa
    from pyarrow import parquet

    path = folder / "b.parquet"
    table = pa.table({"x": range(7), "y": list("abcdefg")})
    parquet.write_table(table, path, row_group_size=2)
    assert read_table(path).equals(table)
    assert read_table(str(path)).equals(table)
    path.unlink()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"x,y\n1,2\n", bytes(range(256))])
def test_another_file_is_refused(tmp_path, content):
    """Whatever it is."""
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("path", ["nowhere.parquet", "."])
def test_what_is_no_file_is_an_os_error(tmp_path, path):
    """Neither a folder nor nothing."""
    with pytest.raises(OSError):
        read_table(tmp_path / path)


def test_pandas_is_not_imported(folder):
    """It takes longer than all the rest."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"x": [1, 2], "y": pa.array(["a", "b"]).dictionary_encode(), "z": [0.5, 1.5]})
    parquet.write_table(table, folder / "c.parquet")
    code = (
        "import sys; from mnist_report.runs.columns import *; table = read_table('c.parquet');"
        "whole_numbers(table['x']), texts('y', table['y']), numbers(table['z']); sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
