"""The user's own slices: what is read from a CSV or Parquet file, and what a message says of one that is not right."""

import csv
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.data.slice_columns import MOST_VALUES, read_slice_columns
from mnist_report.errors import DataError

pytestmark = pytest.mark.usefixtures("parquet_read_here")
N = 5
# Names and values that a slice may have; Parquet and CSV are both UTF-8.
letters = st.characters(codec="utf-8", exclude_categories=["Cc"])
names = st.text(letters, min_size=1, max_size=5).filter(
    lambda name: name.strip() and "=" not in name and name != "index"
)
# Line ends, blanks of other widths than one, and what a terminal obeys: C0, delete and C1.
CONTROLS = ["\0", "\t", "\n", "\r", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f"]
CELLS = {
    "text": st.one_of(st.none(), st.text(letters, max_size=5)),
    "bool": st.one_of(st.none(), st.booleans()),
    "int": st.one_of(st.none(), st.integers(-(2**52), 2**52)),
}


@st.composite
def assignments(draw):
    """The number of images, the indices that have a row in some order, and columns of equally many cells."""
    n = draw(st.integers(1, 30))
    index = draw(st.lists(st.integers(0, n - 1), unique=True, min_size=1, max_size=n))
    columns = {}
    for name in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        cells = CELLS[draw(st.sampled_from(sorted(CELLS)))]
        columns[name] = draw(st.lists(cells, min_size=len(index), max_size=len(index)))
    return n, index, columns


def write_csv(path, columns):
    """A CSV file as Python's own writer makes it, with a byte order mark as from a spreadsheet."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def write_parquet(path, columns):
    """A Parquet file; columns are lists or arrays of pyarrow."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), path)
    return path


WRITERS = {"csv": write_csv, "parquet": write_parquet}


@pytest.fixture
def of_csv(tmp_path):
    """A function of a CSV file's content: its columns as lists, for five images."""

    def read(content, n=N):
        path = tmp_path / "slices.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return {name: values.tolist() for name, values in read_slice_columns(path, n).items()}

    return read


@pytest.fixture
def of_parquet(tmp_path):
    """A function of a Parquet file's columns: the slice columns as lists, for five images."""

    def read(n=N, **columns):
        path = write_parquet(tmp_path / "slices.parquet", columns)
        return {name: values.tolist() for name, values in read_slice_columns(path, n).items()}

    return read


def complaint(path, n=N):
    """What is said of a file that is refused, less its path, which comes first."""
    with pytest.raises(DataError) as caught:
        read_slice_columns(path, n)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


@law
@given(assignments())
def test_csv_and_parquet_give_what_a_plain_loop_gives(assignment):
    """Each image its row's cell as text, nothing where it has no row or no cell; one column an index in any order."""
    n, index, columns = assignment
    expected = {name: [""] * n for name in columns}
    for name, cells in columns.items():
        for place, cell in zip(index, cells, strict=True):
            expected[name][place] = "" if cell is None else str(cell)
    with tempfile.TemporaryDirectory() as folder:
        table = {**columns, "index": index}
        for path in (write_csv(Path(folder, "a.csv"), table), write_parquet(Path(folder, "a.parquet"), table)):
            found = read_slice_columns(path, n)
            assert {name: values.tolist() for name, values in found.items()} == expected


def test_the_columns_keep_their_order(of_csv):
    """Wherever the index stands among them."""
    assert list(of_csv("writer,index,pen\nann,0,blue\n")) == ["writer", "pen"]


def test_the_columns_are_arrays_of_text(tmp_path):
    """As the built-in ones are."""
    path = write_csv(tmp_path / "a.csv", {"index": [1], "pen": ["blue"]})
    column = read_slice_columns(path, N)["pen"]
    assert (column.shape, column.dtype, {type(value) for value in column}) == ((N,), np.dtype(object), {str})


def test_images_that_are_left_out_belong_to_no_slice(of_csv):
    """Their text is empty, whatever the order of the rows."""
    assert of_csv("index,pen\n3,red\n1,blue\n") == {"pen": ["", "blue", "", "red", ""]}


def test_an_empty_cell_is_no_slice(of_csv):
    """As if the image had been left out."""
    assert of_csv("index,pen,writer\n0,,ann\n1,blue,\n") == {
        "pen": ["", "blue", "", "", ""],
        "writer": ["ann", "", "", "", ""],
    }


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_a_byte_order_mark_is_no_part_of_a_name(of_csv, mark):
    """Spreadsheets write one before the first column's name."""
    assert of_csv(mark + b"index,pen\n0,blue\n") == {"pen": ["blue", "", "", "", ""]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_any_line_ends_will_do(of_csv, end):
    """No value ends in half of one."""
    assert of_csv(f"index,pen{end}0,blue{end}1,red{end}") == {"pen": ["blue", "red", "", "", ""]}


def test_a_file_may_end_without_a_line_end(of_csv):
    """As many editors leave it."""
    assert of_csv("index,pen\n0,blue") == {"pen": ["blue", "", "", "", ""]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_blank_lines_are_skipped(of_csv, end):
    """Before the head, between rows and behind them, as editors and spreadsheets leave them."""
    lines = ["", "index,pen", "", "0,blue", "", "", "1,red", "", ""]
    assert of_csv(end.join(lines)) == {"pen": ["blue", "red", "", "", ""]}


def test_a_line_of_commas_is_not_blank(tmp_path):
    """It has cells, and no index among them; blank lines count as no rows."""
    (tmp_path / "a.csv").write_text("index,pen\n0,blue\n\n,\n", "utf-8")
    assert complaint(tmp_path / "a.csv") == "index is '' in data row 1, expected whole numbers from 0 to 4"


@pytest.mark.parametrize("value", ["blue, fine", 'so-called "ink"', " blue ", "a=b", "nan", "zero\u200bwidth"])
def test_a_quoted_cell_is_taken_as_it_is(of_csv, value):
    """With commas, quotes and blanks inside."""
    quoted = value.replace('"', '""')
    assert of_csv(f'index,pen\r\n"2","{quoted}"\r\n') == {"pen": ["", "", value, "", ""]}


def test_a_line_end_inside_quotes_ends_no_row(tmp_path):
    """The rows behind it are counted as they are."""
    (tmp_path / "a.csv").write_text('index,pen\n0,"a\n\nb"\n1\n', "utf-8")
    assert complaint(tmp_path / "a.csv") == "data row 1 has 1 cells, expected 2 as in the head"


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
@pytest.mark.parametrize("suffix", WRITERS)
def test_a_value_with_a_control_character_is_refused(tmp_path, suffix, control):
    """It would break the lines of a terminal and of other programs; the message has it escaped."""
    path = WRITERS[suffix](tmp_path / f"a.{suffix}", {"index": [0, 1], "pen": ["blue", f"a{control}b"]})
    assert complaint(path) == f"column 'pen' holds a control character, in {f'a{control}b'!r}"


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
@pytest.mark.parametrize("suffix", WRITERS)
def test_a_name_with_a_control_character_is_refused(tmp_path, suffix, control):
    """Whatever the values are; the message has it escaped."""
    name = f"p{control}n"
    path = WRITERS[suffix](tmp_path / f"a.{suffix}", {"index": [0], name: ["blue"]})
    assert complaint(path) == f"column {name!r} holds a control character, in {name!r}"


@pytest.mark.parametrize("edge", [" ", "~", "\xa0", "\u2028", "\u200e"], ids=ascii)
def test_what_is_no_control_character_is_let_through(of_csv, edge):
    """The neighbours of those, other line separators, and marks of right to left."""
    assert of_csv(f"index,pen\n0,a{edge}b\n") == {"pen": [f"a{edge}b", "", "", "", ""]}


@pytest.mark.parametrize("name", ["a.CSV", "a.Parquet"])
def test_the_suffix_may_be_written_in_capitals(tmp_path, name):
    """As some cameras and systems do."""
    write = write_csv if name == "a.CSV" else write_parquet
    path = write(tmp_path / name, {"index": [0], "pen": ["blue"]})
    assert read_slice_columns(path, 2)["pen"].tolist() == ["blue", ""]


@pytest.mark.parametrize("cell", ["4", "4.0", "004"])
def test_a_whole_number_may_be_written_in_several_ways(of_csv, cell):
    """Pandas writes 4.0 where another row had none."""
    assert of_csv(f"index,pen\n{cell},blue\n") == {"pen": ["", "", "", "", "blue"]}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["blue", None, "red"], ["blue", "", "red"]),
        ([True, None, False], ["True", "", "False"]),
        ([7, None, -8], ["7", "", "-8"]),
        ([7.0, None, -8.0], ["7", "", "-8"]),
        ([7.0, float("nan"), 0.5], ["7", "", "0.5"]),
        (["7.0", "", "7"], ["7.0", "", "7"]),
        ([None, None, None], ["", "", ""]),
    ],
    ids=["text", "bool", "int", "int with a gap", "float", "text of numbers", "nothing"],
)
def test_a_parquet_cell_becomes_text(of_parquet, cells, expected):
    """Whole numbers that pandas widened because of a gap lose their .0 again; what is missing is empty."""
    assert of_parquet(index=[0, 1, 2], kind=cells) == {"kind": [*expected, "", ""]}


@pytest.mark.parametrize("kind", ["int8", "uint32", "float32", "dictionary", "decimal"])
def test_a_parquet_column_may_be_of_any_arrow_type(of_parquet, kind):
    """The value is what counts."""
    import pyarrow as pa

    types = {"float32": pa.float32(), "int8": pa.int8(), "uint32": pa.uint32(), "decimal": pa.decimal128(5)}
    cells = pa.array([3, None, 9], types.get(kind, pa.int64()))
    cells = cells.dictionary_encode() if kind == "dictionary" else cells
    assert of_parquet(index=[0, 1, 2], kind=cells) == {"kind": ["3", "", "9", "", ""]}


def test_a_parquet_index_may_have_been_widened_to_floats(of_parquet):
    """As pandas does after a join."""
    assert of_parquet(index=[3.0, 0.0], kind=["a", "b"]) == {"kind": ["b", "", "", "a", ""]}


def test_a_frame_of_pandas_can_be_written_as_parquet(tmp_path):
    """Categories, nullable types and gaps."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "index": [4, 0, 2],
            "pen": pd.Categorical(["blue", None, "red"]),
            "glasses": pd.array([True, None, False], dtype="boolean"),
            "school": pd.array([1, None, 2], dtype="Int64"),
            "grade": [1, None, 3],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    found = {name: values.tolist() for name, values in read_slice_columns(tmp_path / "a.parquet", N).items()}
    assert found == {
        "pen": ["", "", "red", "", "blue"],
        "glasses": ["", "", "False", "", "True"],
        "school": ["", "", "2", "", "1"],
        "grade": ["", "", "3", "", "1"],
    }


def test_an_index_of_pandas_called_index_is_found(tmp_path):
    """`frame.rename_axis("index").to_parquet(...)` stores it as a column."""
    import pandas as pd

    frame = pd.DataFrame({"pen": ["blue", "red"]}, index=pd.Index([3, 1], name="index"))
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_slice_columns(tmp_path / "a.parquet", N)["pen"].tolist() == ["", "red", "", "blue", ""]


@pytest.mark.parametrize("values", [1, MOST_VALUES])
def test_a_column_may_have_a_hundred_values(tmp_path, values):
    """The empty cells are none of them."""
    cells = [f"w{k}" for k in range(values)]
    path = write_csv(tmp_path / "a.csv", {"index": range(values), "writer": cells})
    assert read_slice_columns(path, 2 * values)["writer"].tolist() == cells + [""] * values


@pytest.mark.parametrize(
    ("content", "telling"),
    [
        ("kind\na\n", "has no column 'index', found 'kind'"),
        ("Index,kind\n0,a\n", "has no column 'index', found 'Index', 'kind'"),
        ("index;kind\n0;a\n", "has no column 'index', found 'index;kind'"),
        ("", "has no column 'index', found none"),
        ("\ufeff", "has no column 'index', found none"),
        ("index\n0\n", "has no column besides 'index'"),
        ("index,kind,kind\n0,a,b\n", "two columns have the same name, found 'index', 'kind', 'kind'"),
        ("index,index\n0,0\n", "two columns have the same name, found 'index', 'index'"),
        ("index,a=b\n0,a\n", "a column is called 'a=b'; a slice is named column=value"),
        ("index,\n0,a\n", "a column is called ''; a slice is named column=value"),
        ("index,  \n0,a\n", "a column is called '  '; a slice is named column=value"),
        (",index,kind\n0,0,a\n", "a column is called ''"),
        ("index,kind\n0,a\n1\n", "data row 1 has 1 cells, expected 2 as in the head"),
        ("index,kind\n0,a,b\n", "data row 0 has 3 cells, expected 2 as in the head"),
        ("\nindex,kind\n\n\n0,a,b\n", "data row 0 has 3 cells, expected 2 as in the head"),
        ("index,kind\n", "has no rows"),
        ("index,kind", "has no rows"),
        ("index,kind\n\n\r\n\n", "has no rows"),
        ("\n\n", "has no column 'index', found none"),
        ('index,kind\n0,"a\n', "cannot be read as slices (Error: unexpected end of data)"),
        ('index,kind\n0,"a"b\n', "cannot be read as slices (Error: "),
        (b"index,kind\n0,caf\xe9\n", "cannot be read as slices (UnicodeDecodeError: 'utf-8' codec can't decode"),
        ("index,kind\n0,a\n".encode("utf-16"), "cannot be read as slices (UnicodeDecodeError: "),
        (bytes(range(256)), "cannot be read as slices (UnicodeDecodeError: "),
    ],
)
def test_what_is_wrong_with_a_csv_file_is_said(tmp_path, content, telling):
    """File, column or row, what was found, what was expected."""
    path = tmp_path / "slices.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert complaint(path).startswith(telling)


@pytest.mark.parametrize("cell", ["-1", "5", "1.5", "1e0", "first", "", " 1", "nan", "inf", "0x1", "9" * 30])
@pytest.mark.parametrize("row", [0, 2])
def test_an_index_that_is_no_images_is_named_with_its_row(tmp_path, cell, row):
    """With what was expected instead."""
    index = ["0", "1", "2"]
    index[row] = cell
    path = write_csv(tmp_path / "a.csv", {"index": index, "kind": "abc"})
    assert complaint(path) == f"index is {cell!r} in data row {row}, expected whole numbers from 0 to 4"


@pytest.mark.parametrize("cell", [-1, 5, 1.5, None, True, "first", 2**63 - 1, float("nan"), float("inf")])
def test_a_parquet_index_that_is_no_images_is_named_with_its_row(tmp_path, cell):
    """As in a CSV file."""
    path = write_parquet(tmp_path / "a.parquet", {"index": [cell], "kind": ["a"]})
    assert re.fullmatch(r"index is '.*' in data row 0, expected whole numbers from 0 to 4", complaint(path))


def test_an_index_that_occurs_twice_is_named(tmp_path):
    """Nobody knows which of its values is meant."""
    path = write_csv(tmp_path / "a.csv", {"index": [3, 1, "3.0", "03"], "kind": "abcd"})
    assert complaint(path) == "index 3 occurs 3 times, expected each once"


def test_an_index_is_said_to_occur_as_often_as_it_does(tmp_path):
    """Whatever the others do."""
    path = write_csv(tmp_path / "a.csv", {"index": [0, 4, 0, 4, 4], "kind": "abcde"})
    assert complaint(path) in {f"index {found} occurs {n} times, expected each once" for found, n in ((0, 2), (4, 3))}


def test_too_many_values_are_refused_with_advice(tmp_path):
    """They are numbers, or names of images; the column and the count are named."""
    values = MOST_VALUES + 1
    path = write_csv(tmp_path / "a.csv", {"index": range(values), "ok": ["a"] * values, "age": range(values)})
    assert complaint(path, 2_000) == (
        "column 'age' has 101 different values, expected categories, at most 100; cut numbers into ranges"
    )


def test_a_continuous_column_is_refused(tmp_path):
    """A slice of one image says nothing."""
    ages = np.random.default_rng(1).normal(40, 10, 1_234)
    path = write_parquet(tmp_path / "a.parquet", {"index": np.arange(1_234), "age": ages})
    assert complaint(path, 1_234).startswith("column 'age' has 1,234 different values, expected categories")


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("slices.txt", "expected a .csv or .parquet file of slices, found .txt"),
        ("slices.csv.gz", "expected a .csv or .parquet file of slices, found .gz"),
        ("slices", "expected a .csv or .parquet file of slices, found no suffix"),
        (".csv", "expected a .csv or .parquet file of slices, found no suffix"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, name, telling):
    """The message lists the two that can be read."""
    (tmp_path / name).write_text("index,kind\n0,a\n", "utf-8")
    assert complaint(tmp_path / name) == telling


@pytest.mark.parametrize("name", ["slices.csv", "slices.parquet"])
def test_a_file_that_is_not_there_is_an_error(tmp_path, name):
    """The system's own words say so."""
    telling = complaint(tmp_path / name)
    assert telling.startswith("cannot be read as slices (FileNotFoundError: ")
    assert "No such file" in telling


@pytest.mark.parametrize("name", ["slices.csv", "slices.parquet"])
def test_a_folder_is_not_read_as_a_file(tmp_path, name):
    """Pyarrow would take its files for parts of one table."""
    folder = tmp_path / name
    folder.mkdir()
    write_parquet(folder / "part.parquet", {"index": [0], "kind": ["a"]})
    assert complaint(folder).startswith("cannot be read as slices (IsADirectoryError: ")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"index,kind\n0,a\n", bytes(range(256)) * 9], ids=len)
def test_what_is_no_parquet_file_is_refused(tmp_path, content):
    """Empty, cut off, a CSV file under a wrong name, or rubbish."""
    (tmp_path / "a.parquet").write_bytes(content)
    assert complaint(tmp_path / "a.parquet").startswith("cannot be read as slices (ArrowInvalid: ")


def test_a_parquet_file_that_was_cut_off_is_refused(tmp_path):
    """Wherever the download stopped."""
    path = write_parquet(tmp_path / "a.parquet", {"index": [0, 1], "kind": ["a", "b"]})
    raw = path.read_bytes()
    for length in range(0, len(raw), 7):
        path.write_bytes(raw[:length])
        assert complaint(path).startswith("cannot be read as slices (")


def test_a_parquet_file_without_the_index_is_refused(tmp_path):
    """With what it has instead."""
    assert complaint(write_parquet(tmp_path / "a.parquet", {"kind": ["a"]})) == ("has no column 'index', found 'kind'")


@pytest.mark.parametrize(
    ("name", "telling"), [("a=b", "a column is called 'a=b'"), (" ", "a column is called ' '"), ("", "a column is ca")]
)
def test_a_parquet_column_with_an_impossible_name_is_refused(tmp_path, name, telling):
    """As in a CSV file."""
    path = write_parquet(tmp_path / "a.parquet", {"index": [0], name: ["a"]})
    assert complaint(path).startswith(telling)


def test_a_parquet_file_without_rows_is_refused(tmp_path):
    """As in a CSV file."""
    import pyarrow as pa

    nothing = {"index": pa.array([], pa.int64()), "kind": pa.array([], pa.string())}
    assert complaint(write_parquet(tmp_path / "a.parquet", nothing)) == "has no rows"


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("binary", b"a"),
        ("fixed", b"abcd"),
        ("list", [1, 2]),
        ("list", []),
        ("struct", {"a": 1}),
        ("map", [("a", 1)]),
    ],
    ids=["bytes", "bytes of a width", "list", "empty list", "struct", "map"],
)
def test_a_parquet_cell_that_is_no_category_is_refused(tmp_path, kind, cell):
    """A slice called kind=[1, 2] or kind=b'a' is nobody's wish."""
    import pyarrow as pa

    types = {
        "binary": pa.binary(),
        "fixed": pa.binary(4),
        "list": pa.list_(pa.int64()),
        "struct": pa.struct({"a": pa.int64()}),
        "map": pa.map_(pa.string(), pa.int64()),
    }
    path = write_parquet(tmp_path / "a.parquet", {"index": [0], "kind": pa.array([cell], types[kind])})
    assert f"found {cell!r}, expected text, numbers or true and false" in complaint(path)


@pytest.mark.parametrize("name", ["a.b", ".", "..", "a..b", "list.element"])
def test_a_parquet_column_may_have_a_dot_in_its_name(of_parquet, name):
    """Pyarrow's own way to name a part of a column has one, too."""
    columns = {"index": [0], name: ["u"], "a": ["v"]}
    assert of_parquet(2, **columns) == {name: ["u", ""], "a": ["v", ""]}


def twice_the_same_name(path):
    """A Parquet file of three columns, two of which are called alike."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_arrays([[0], ["a"], ["b"]], ["index", "kind", "kind"]), path)
    return path


def test_two_parquet_columns_of_one_name_are_refused(tmp_path):
    """The message has the name."""
    assert "kind" in complaint(twice_the_same_name(tmp_path / "a.parquet"))


def test_two_parquet_columns_of_one_name_are_refused_in_our_own_words(tmp_path):
    """Not with a list of pyarrow's internal columns."""
    telling = complaint(twice_the_same_name(tmp_path / "a.parquet"))
    assert telling == "two columns have the same name, found 'index', 'kind', 'kind'"


def not_utf8(pa):
    """Text as some programs write it; pyarrow does not look at it until it is read."""
    raw = pa.array([b"caf\xe9"])
    return pa.StringArray.from_buffers(1, *raw.buffers()[1:])


@pytest.mark.parametrize(
    "cells",
    [
        not_utf8,
        lambda pa: pa.array([2**50], pa.timestamp("ms")),
        lambda pa: pa.array([0], pa.timestamp("us", tz="Nowhere/There")),
        lambda pa: pa.array([10**9], pa.date32()),
    ],
    ids=["not utf-8", "far future", "unknown time zone", "far date"],
)
def test_a_parquet_cell_that_python_cannot_hold_is_refused(tmp_path, cells):
    """It is the file that is at fault, not the program."""
    import pyarrow as pa

    assert complaint(write_parquet(tmp_path / "a.parquet", {"index": [0], "kind": cells(pa)}))


def test_a_damaged_parquet_file_is_never_taken_for_a_bug(tmp_path):
    """Any byte of it may be another: it is refused, or read as something else."""
    path = write_parquet(tmp_path / "a.parquet", {"index": [0, 1, 2, 3, 4], "kind": ["a", "b", None, "c", "a"]})
    raw = path.read_bytes()
    bugs = {}
    for place in range(len(raw)):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ (1 << place % 8)]) + raw[place + 1 :])
        try:
            read_slice_columns(path, N)
        except DataError:
            pass
        except Exception as error:  # noqa: BLE001  whatever it is, it is no DataError
            bugs[type(error).__name__] = place
    assert bugs == {}


def test_columns_without_number_are_refused(tmp_path):
    """Before the rest is read."""
    (tmp_path / "a.csv").write_text("index," + ",".join(f"c{k}" for k in range(1_000)), "utf-8")
    assert complaint(tmp_path / "a.csv") == "has 1,001 columns, expected at most 1,000"


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_more_rows_than_images_are_refused(tmp_path, name):
    """Before the rest is read."""
    write = {"a.csv": write_csv, "a.parquet": write_parquet}[name]
    path = write(tmp_path / name, {"index": list(range(N + 1)), "pen": ["a"] * (N + 1)})
    assert complaint(path) == f"has {N + 1} rows or more, expected at most one for each of {N} images"
