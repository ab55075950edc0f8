"""slices.parquet: what is written is what is read."""

import gc
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law
from tiny_run import tiny_run

from mnist_report.errors import OutputError
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.runs.folder import DAMAGE, read_run
from mnist_report.runs.slices_file import read_slices, write_slices

text = st.text(st.characters(codec="utf-8"), max_size=6)
PENS = ["blue", "", "\N{PILE OF POO}", "two\nlines", "a=b", "nan", "", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}", "7"]

DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "other": lambda path: path.write_bytes(b"{"),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


def column(values):
    """Text as the slices have it."""
    return np.array(values, dtype=object)


def lists(columns):
    """Columns that can be compared."""
    return {name: values.tolist() for name, values in columns.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A place for files that are written over and over."""
    return tmp_path_factory.mktemp("slices")


@pytest.fixture
def table_of_twelve(tmp_path):
    """A function that puts another table in the place of a stored run's slices.parquet and returns the run folder."""
    import pyarrow as pa
    from pyarrow import parquet

    def write(**columns):
        run = tiny_run().write(tmp_path / "run")
        parquet.write_table(pa.table({"index": range(12), **columns}), run / "slices.parquet")
        return run

    return write


@law
@given(st.data(), st.integers(1, 20), st.lists(text.filter(lambda name: name != "index"), min_size=1, unique=True))
def test_columns_are_read_as_they_were_written(folder, data, n, names):
    """Any text, the empty one too, and the columns in their order."""
    columns = {name: column(data.draw(st.lists(text, min_size=n, max_size=n))) for name in names}
    write_slices(folder / "slices.parquet", columns)
    found = read_slices(folder / "slices.parquet", n)
    assert list(found) == names
    assert lists(found) == lists(columns)


def test_what_is_read_is_an_array_of_text(tmp_path):
    """As the slices of a fresh evaluation are."""
    write_slices(tmp_path / "slices.parquet", {"pen": column(PENS)})
    found = read_slices(tmp_path / "slices.parquet", len(PENS))["pen"]
    assert (found.shape, found.dtype, {type(value) for value in found}) == ((len(PENS),), np.dtype(object), {str})


def test_the_file_has_a_row_per_image_and_says_which(tmp_path):
    """Other tools join it to predictions.parquet by its index."""
    from pyarrow import parquet

    write_slices(tmp_path / "slices.parquet", {"pen": column(PENS), "school": column(["1"] * len(PENS))})
    table = parquet.read_table(tmp_path / "slices.parquet")
    assert table.column_names == ["index", "pen", "school"]
    assert table["index"].to_pylist() == list(range(len(PENS)))
    assert table["pen"].to_pylist() == PENS


def test_the_same_slices_are_the_same_bytes(tmp_path):
    """So that a manifest can be compared."""
    for name in ("a", "b"):
        write_slices(tmp_path / name, {"pen": column(PENS)})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_run_without_slices_has_no_file(tmp_path):
    """And no slices."""
    assert read_slices(tmp_path / "slices.parquet", 3) == {}


@pytest.mark.parametrize("n", [0, 8, 10])
def test_slices_of_another_number_of_images_are_an_error(tmp_path, n):
    """They are of another run."""
    write_slices(tmp_path / "slices.parquet", {"pen": column(PENS)})
    with pytest.raises(ValueError, match=f"9 rows, expected the index 0 to {n - 1}"):
        read_slices(tmp_path / "slices.parquet", n)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_an_error(tmp_path, damage):
    """One of those that the reader promises."""
    path = tmp_path / "slices.parquet"
    write_slices(path, {"pen": column(PENS)})
    DAMAGES[damage](path)
    with pytest.raises((OSError, ValueError, LookupError)):
        read_slices(path, len(PENS))
    gc.collect()  # a file that was left open is heard of here, not in some later test


def test_a_stored_run_has_its_slices(tmp_path):
    """Built-in ones and the user's own."""
    run = tiny_run()
    found = read_run(run.write(tmp_path)).slice_columns
    assert lists(found) == lists(run.stored.slice_columns)
    assert len(found["ink"]) == 12


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_stored_run_with_damaged_slices_is_refused(tmp_path, damage):
    """The message names the file."""
    path = tiny_run().write(tmp_path) / "slices.parquet"
    DAMAGES[damage](path)
    with pytest.raises(OutputError, match=re.escape(f"{path}: damaged (")):
        read_run(tmp_path)
    gc.collect()


def test_a_stored_run_with_another_runs_slices_is_refused(tmp_path):
    """The message has both numbers."""
    path = tiny_run().write(tmp_path) / "slices.parquet"
    write_slices(path, {"pen": column(PENS)})
    with pytest.raises(
        OutputError, match=r"slices\.parquet: damaged \(ValueError: 9 rows, expected the index 0 to 11\)"
    ):
        read_run(tmp_path)


def test_a_flipped_bit_in_the_slices_is_never_taken_for_a_bug(tmp_path):
    """It is refused, or read as something else; there are no checksums."""
    path = tiny_run().write(tmp_path) / "slices.parquet"
    raw = path.read_bytes()
    bugs = {}
    for place in range(len(raw)):
        for bit in (0, 6):
            path.write_bytes(raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :])
            try:
                assert {len(values) for values in read_slices(path, 12).values()} == {12}
            except DAMAGE:
                pass
            except Exception as error:  # noqa: BLE001  whatever it is, `read_run` would let it through
                bugs[type(error).__name__] = (place, bit)
    assert bugs == {}


@pytest.mark.parametrize(
    "cells",
    [[None, *"abcdefghijk"], list(range(12)), [b"a"] * 12, [True] * 12],
    ids=["a gap", "numbers", "bytes", "bool"],
)
def test_slices_that_are_no_text_are_refused(table_of_twelve, cells):
    """`render` must neither end with status 70 on them nor lose one."""
    run = table_of_twelve(pen=cells)
    with pytest.raises(OutputError, match=r"slices\.parquet: damaged .*column 'pen' holds something other than text"):
        read_run(run)


def test_slices_of_text_that_another_tool_wrote_are_counted(table_of_twelve):
    """Whether they are stored as a dictionary or not; an empty text is no slice."""
    run = read_run(table_of_twelve(pen=["", *"abcdefghijk"]))
    assert len(evaluate(run.predictions, slice_columns=run.slice_columns).slices) == 11


@pytest.mark.parametrize(
    "index",
    [range(11, -1, -1), [*range(11), 12], [0, *range(11)], [*range(11), None], range(1, 13)],
    ids=["another order", "a hole", "twice", "a gap", "from one"],
)
def test_slices_with_another_index_are_refused(table_of_twelve, index):
    """A tool that sorted the rows by value must not move values to other images."""
    run = table_of_twelve(index=list(index), pen=list("abcdefghijkl"))
    with pytest.raises(
        OutputError, match=r"slices\.parquet: damaged \(ValueError: (12 rows, expected the index 0 to 11|.* 1 gaps)"
    ):
        read_run(run)


def test_slices_without_an_index_are_refused(tmp_path):
    """Nobody knows whose they are."""
    import pyarrow as pa
    from pyarrow import parquet

    run = tiny_run().write(tmp_path)
    parquet.write_table(pa.table({"pen": list("abcdefghijkl")}), run / "slices.parquet")
    with pytest.raises(OutputError, match=r"slices\.parquet: damaged \(KeyError: .*index"):
        read_run(run)
