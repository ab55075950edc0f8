"""Files of predictions that another program made."""

import csv

import numpy as np
import pytest
from hypothesis import given
from makers import npy_bytes, npy_header, zip_bytes
from strategies import law, samples

from mnist_report.data.dataset import make_dataset
from mnist_report.errors import DataError, ModelError
from mnist_report.runs import foreign_files
from mnist_report.runs.foreign_predictions import read_foreign_predictions

pytestmark = pytest.mark.usefixtures("parquet_read_here")
ROWS = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5], [0.1, 0.6, 0.3]], dtype=np.float32)
LABELS = np.array([0, 1, 2, 2])
NAMES = ("cat", "dog", "eel")


def write_npy(path, rows, labels):  # noqa: ARG001  as the others
    """Rows alone."""
    np.save(path, rows)


def write_npz(path, rows, labels):
    """Rows and labels."""
    np.savez(path, probabilities=rows, labels=labels)


def table(rows, labels):
    """Columns as text would have them."""
    return {"label": labels.tolist(), **{f"p{k}": rows[:, k].tolist() for k in range(rows.shape[1])}}


def write_csv(path, rows, labels):
    """A head and a line per row."""
    columns = table(rows, labels)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_parquet(path, rows, labels):
    """As pandas writes it."""
    write_columns(path, table(rows, labels))


def write_columns(path, columns):
    """A Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), path)


WRITERS = {".npy": write_npy, ".npz": write_npz, ".csv": write_csv, ".parquet": write_parquet}
every_format = pytest.mark.parametrize("suffix", WRITERS)


@pytest.fixture
def refused(tmp_path):
    """A function of a file's name and content: the message with which it is refused, which names the file."""

    def read(name, content):
        path = tmp_path / name
        if isinstance(content, str | bytes):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        else:
            content(path)
        with pytest.raises((DataError, ModelError)) as found:
            read_foreign_predictions(path).without_images()
        message = str(found.value)
        assert message.startswith(f"{path}: ")
        return message.removeprefix(f"{path}: ")

    return read


@every_format
@law
@given(sample=samples())
def test_what_was_written_is_read(tmp_path_factory, suffix, sample):
    """The float32 of every probability, and every label where the format has them."""
    path = tmp_path_factory.mktemp("any") / f"any{suffix}"
    WRITERS[suffix](path, sample.probabilities, sample.labels)
    found = read_foreign_predictions(path)
    assert np.array_equal(found.probabilities, sample.probabilities.astype(np.float32))
    assert found.labels is None if suffix == ".npy" else np.array_equal(found.labels, sample.labels)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_come_in_the_order_of_their_index(tmp_path, suffix):
    """A parallel program need not sort."""
    path, order = tmp_path / f"shuffled{suffix}", [2, 0, 3, 1]
    columns = {"index": order, "comment": list("abcd"), **table(ROWS[order], LABELS[order])}
    if suffix == ".csv":
        lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        path.write_text("\n".join(lines))
    else:
        write_columns(path, columns)
    found = read_foreign_predictions(path)
    assert np.array_equal(found.probabilities, ROWS)
    assert np.array_equal(found.labels, LABELS)


def test_other_columns_may_hold_anything(tmp_path):
    """Even what looked like numbers for a megabyte and then does not."""
    path, n = tmp_path / "remarks.csv", 50_000
    lines = [f"{k if k < n - 1 else 'the end'},1,0.25,0.75 " for k in range(n)]
    path.write_text("\n".join(["remark,label,p0,p1", *lines]))
    assert len(read_foreign_predictions(path).probabilities) == n


def test_class_names_come_from_the_archive(tmp_path):
    """Where there is no data set to name them."""
    path = tmp_path / "pets.npz"
    np.savez(path, probabilities=ROWS, labels=LABELS, class_names=NAMES)
    dataset, predictions = read_foreign_predictions(path).without_images()
    assert dataset.class_names == predictions.class_names == NAMES


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_a_file_of_something_else_is_refused(refused, suffix, content):
    """With its name, whatever its first bytes promise."""
    assert refused(f"odd{suffix}", content)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_every_truncation_is_refused(tmp_path, refused, suffix):
    """An upload that broke off."""
    WRITERS[suffix](tmp_path / f"whole{suffix}", ROWS, LABELS)
    whole = (tmp_path / f"whole{suffix}").read_bytes()
    for size in range(0, len(whole) - 1, 1 + len(whole) // 40):
        assert refused(f"cut{suffix}", whole[:size])


REFUSED = {
    "one column": ("a.npy", npy_bytes(np.ones((4, 1))), "of shape (4, 1), expected floats of shape (n, classes)"),
    "one dimension": ("a.npy", npy_bytes(np.ones(4)), "of shape (4,), expected floats of shape (n, classes)"),
    "text": ("a.npy", npy_bytes(np.array([["a", "b"]])), "probabilities are <U1"),
    "no rows": ("a.npz", zip_bytes({"probabilities.npy": npy_bytes(np.ones((0, 3)))}), "holds no predictions"),
    "huge": ("a.npy", npy_header((10**12, 10)), "not readable as predictions"),
    "header": ("a.npy", npy_bytes(ROWS)[:10] + b"{" * 118, "not readable as predictions"),
    "pickled": ("a.npz", zip_bytes({"probabilities.npy": npy_bytes(np.array([{}]))}), "not readable as predictions"),
    "other arrays": (
        "a.npz",
        zip_bytes({"logits.npy": npy_bytes(ROWS)}),
        "no array 'probabilities' and no 'predicted', found logits; save the softmax of each row as 'probabilities'",
    ),
    "unnamed arrays": (
        "a.npz",
        zip_bytes({"arr_0.npy": npy_bytes(ROWS)}),
        "no 'predicted', found arr_0; save them under these names",
    ),
    "classes as floats": (
        "a.npy",
        npy_bytes(np.ones(4)),
        "; classes alone are whole numbers of shape (n,), as .astype(",
    ),
    "log-probabilities": (
        "a.npz",
        lambda path: np.savez(path, probabilities=np.log(ROWS), labels=LABELS),
        "row 0 has exponentials that sum to 1: these are log-probabilities; apply exp to each row",
    ),
    "logarithms of 0": (
        "a.npz",
        lambda path: np.savez(path, probabilities=[[0, -np.inf]], labels=[0]),
        "row 0 has exponentials that sum to 1: these are log-probabilities",
    ),
    "percent": (
        "a.csv",
        "label,p0,p1\n0,50,50\n",
        "divide each row by its sum, or where they are logits apply softmax",
    ),
    "a submission": ("a.csv", "ImageId,Label\n1,7\n", "; if column 'Label' has what was predicted, rename it to 'pred"),
    "no labels": ("a.npy", npy_bytes(ROWS), "has no labels, which --data none needs"),
    "no head": ("a.csv", "0.5,0.25,0.1\n0.4,0.3,0.3\n", "has no columns p0, p1..., a class's probability each"),
    "only predicted": ("a.csv", "label,predicted\n1,1\n0,-1\n", "the prediction of row 1 is -1, expected a class from"),
    "two languages": ("a.csv", "label,predicted\n1,one\n", "labels are whole numbers, predicted classes are not"),
    "from p1": ("a.csv", "label,p1,p2\n0,0.5,0.5\n", "2 columns of probabilities, but no p0"),
    "twins": ("a.csv", "label,p0,p1,p1\n0,0.5,0.5,0\n", "two columns have the same name"),
    "gap": ("a.csv", "label,p0,p1\n0,0.5,0.5\n1,,1\n", "column 'p0' has no value in row 1"),
    "nothing but lines": ("a.csv", "\n\n", "not readable as predictions"),
    "word": ("a.csv", "label,p0,p1\n0,half,0.5\n", "invalid value 'half'"),
    "nan": ("a.csv", "label,p0,p1\n0,0.5,0.5\n1,nan,1\n", "row 1 contains NaN or infinity"),
    "too large": ("a.csv", "label,p0,p1\n0,1e300,0\n", "row 0 contains NaN or infinity"),
    "logits": (
        "a.csv",
        "label,p0,p1\n0,0.5,0.5\n1,-3,4\n",
        "row 1 is negative: these look like logits; apply softmax to each row before",
    ),
    "no sum": ("a.csv", "label,p0,p1\n0,0.5,0.5\n1,0.5,0.7\n", "row 1 does not sum to 1: these are not prob"),
    "label": ("a.csv", "label,p0,p1\n0,0.5,0.5\n2,0.5,0.5\n", "label of row 1 is 2, expected a class from 0 to 1"),
    "fraction": ("a.csv", "label,p0,p1\n0.5,0.5,0.5\n", "invalid value '0.5'"),
    "index twice": ("a.csv", "label,index,p0,p1\n0,0,0.5,0.5\n0,0,0.5,0.5\n", "index 1, expected each from 0 to 1"),
    "suffix": ("a.json", "[]", "expected a file of predictions (.npy, .npz, .csv, .parquet), found .json"),
    "folder": ("a.npy", lambda path: path.mkdir(), "is a folder, expected a file of predictions"),
    "missing": ("a.npy", lambda path: None, "no such file of predictions"),  # noqa: ARG005
    "fewer labels": ("a.npz", lambda p: np.savez(p, probabilities=ROWS, labels=[0]), "labels are int64 of shape (1,)"),
    "names": (
        "a.npz",
        lambda p: np.savez(p, probabilities=ROWS, labels=LABELS, class_names=["a", "b", "b"]),
        "found 2 class_names, expected 3 different ones",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_mistake_has_its_message(refused, name):
    """What was found, and what was expected."""
    file, content, expected = REFUSED[name]
    assert expected in refused(file, content)


@every_format
def test_a_file_that_holds_too_much_is_refused_before_it_is_read(monkeypatch, refused, suffix):
    """A small archive can promise more than memory holds."""
    monkeypatch.setattr(foreign_files, "MOST_PROBABILITIES", 10)
    rows = np.tile(ROWS, (60, 1))
    message = refused(f"large{suffix}", lambda path: WRITERS[suffix](path, rows, np.tile(LABELS, 60)))
    assert "expected at most 10 numbers" in message


def pets(labels=LABELS, names=NAMES):
    """A data set of those labels."""
    images = np.zeros((len(labels), 2, 2), dtype=np.uint8)
    return make_dataset(images, np.array(labels), class_names=names, source="pets", split="test")


DIFFERS = {
    "n": (pets([0, 1, 2]), "found 4 rows, but pets (test split) has 3 images"),
    "classes": (pets(names=(*NAMES, "fox")), "found 3 classes, but pets (test split) has 4"),
    "label": (pets([0, 1, 1, 1]), "the label of row 2 is 2, but pets (test split) says 1 (2 such rows)"),
    "name": (pets(names=("cat", "fox", "eel")), "a class is called 'dog', but pets (test split) calls it 'fox'"),
}


@pytest.mark.parametrize("name", DIFFERS)
def test_what_differs_from_the_data_set_is_named(tmp_path, name):
    """Rows of other images would make a report about nothing."""
    path, (dataset, expected) = tmp_path / "pets.npz", DIFFERS[name]
    np.savez(path, probabilities=ROWS, labels=LABELS, class_names=NAMES)
    with pytest.raises(DataError) as found:
        read_foreign_predictions(path).of(dataset)
    assert expected in str(found.value)


def test_names_are_those_of_the_data_set(tmp_path):
    """Whatever their order in the file; numbers are the data set's indices."""
    path = tmp_path / "pets.csv"
    for said in ("cat\neel\ndog\neel\n", "0\n2\n1\n2\n"):
        path.write_text(f"predicted\n{said}")
        predictions = read_foreign_predictions(path).of(pets())
        assert (predictions.predicted.tolist(), predictions.graded) == ([0, 2, 1, 2], False)


CLASSES_DIFFER = {
    "n": ("predicted\n0\n", "found 1 rows, but pets (test split) has 4 images: give a row each"),
    "name": ("predicted\ncat\ndog\nfox\neel\n", "the prediction of row 2 is 'fox', expected a class's name (cat, dog"),
    "number": ("predicted\n0\n1\n2\n3\n", "the prediction of row 3 is 3, expected a class from 0 to 2"),
    "label": (
        "label,predicted\ncat,cat\ndog,cat\ndog,cat\neel,cat\n",
        "the label of row 2 is 1, but pets (test split)",
    ),
    "label's name": ("label,predicted\ncat,cat\nfox,cat\neel,cat\neel,cat\n", "the label of row 1 is 'fox', expected"),
}


@pytest.mark.parametrize("name", CLASSES_DIFFER)
def test_classes_that_differ_from_the_data_set_are_named(tmp_path, name):
    """As probabilities are."""
    content, expected = CLASSES_DIFFER[name]
    (tmp_path / "pets.csv").write_text(content)
    with pytest.raises(DataError) as found:
        read_foreign_predictions(tmp_path / "pets.csv").of(pets())
    assert expected in str(found.value)


@every_format
def test_one_hot_rows_are_classes(tmp_path, suffix):
    """A model that answers so has said nothing about how sure it is."""
    labels = np.arange(120) % 3
    WRITERS[suffix](tmp_path / f"hard{suffix}", np.eye(3, dtype=np.float32)[labels], labels)
    found = read_foreign_predictions(tmp_path / f"hard{suffix}").of(pets(labels))
    assert (found.predicted.tolist(), found.graded) == (labels.tolist(), False)


WANTED = ("eel", "dog", "cat")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label,predicted\n0,0\n1,2\n2,2\n", [0, 2, 2]),
        ("label,predicted\neel,eel\ndog,cat\ncat,cat\n", [0, 2, 2]),
        ("label,p0,p1,p2\n0,0.5,0.3,0.2\n1,0.1,0.3,0.6\n2,0.1,0.3,0.6\n", [0, 2, 2]),
    ],
)
def test_wanted_names_are_those_of_the_classes_without_images(tmp_path, text, expected):
    """They give the order to names in the file, and names to its numbers."""
    (tmp_path / "pets.csv").write_text(text)
    dataset, predictions = read_foreign_predictions(tmp_path / "pets.csv").without_images(WANTED)
    assert dataset.class_names == predictions.class_names == WANTED
    assert (predictions.labels.tolist(), predictions.predicted.tolist()) == ([0, 1, 2], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label,predicted\n0,0\n3,2\n", "the label of row 1 is 3, expected a class from 0 to 2"),
        ("label,predicted\neel,fox\n", "the prediction of row 0 is 'fox', expected a class's name (eel, dog, cat)"),
        ("label,p0,p1\n0,0.5,0.5\n", "has 2 classes, but --class-names names 3"),
    ],
)
def test_wanted_names_that_do_not_fit_are_refused_without_images(tmp_path, text, expected):
    """Rather than a report about other classes."""
    (tmp_path / "pets.csv").write_text(text)
    with pytest.raises(DataError) as found:
        read_foreign_predictions(tmp_path / "pets.csv").without_images(WANTED)
    assert expected in str(found.value)


def test_names_of_an_archive_can_be_replaced(tmp_path):
    """Also where its labels are written with the old ones."""
    path = tmp_path / "pets.npz"
    np.savez(path, probabilities=ROWS, labels=np.array(NAMES)[LABELS], class_names=NAMES)
    dataset, _ = read_foreign_predictions(path).without_images(("Katze", "Hund", "Aal"))
    assert (dataset.class_names, dataset.labels.tolist()) == (("Katze", "Hund", "Aal"), LABELS.tolist())


def test_a_column_of_classes_is_taken_for_classes(tmp_path):
    """As Keras's labels often come."""
    np.save(tmp_path / "a.npy", LABELS[:, None])
    np.savez(tmp_path / "a.npz", predicted=LABELS[:, None], labels=LABELS[:, None])
    for name in ("a.npy", "a.npz"):
        assert read_foreign_predictions(tmp_path / name).predicted.tolist() == LABELS.tolist()
    assert read_foreign_predictions(tmp_path / "a.npz").labels.tolist() == LABELS.tolist()
