"""The formats in which other programs write classes; those with probabilities are in test_foreign_predictions.py."""

import numpy as np
import pytest
from makers import npy_bytes

from mnist_report.errors import DataError
from mnist_report.runs import foreign_files
from mnist_report.runs.foreign_predictions import read_foreign_predictions

pytestmark = pytest.mark.usefixtures("parquet_read_here")
LABELS = np.array([0, 1, 2, 2, 0])
SAID = np.array([0, 2, 2, 1, 0])
NAMES = np.array(["cat", "dog", "eel"])
ORDER = [3, 1, 4, 0, 2]


def columns(labels=LABELS, said=SAID, **others):
    """A table as pandas has it."""
    import pandas as pd

    return pd.DataFrame({"label": labels, "predicted": said, **others})


def as_categories(path):
    """Names as numbers into a dictionary, a part at a time."""
    table = columns(NAMES[LABELS], NAMES[SAID]).astype("category")
    table.to_parquet(path, index=False, row_group_size=2)


def without_values(path):
    """As our own predictions.parquet: columns of probabilities without any."""
    columns(p0=[None] * 5, p1=[None] * 5, p2=[None] * 5).to_parquet(path, index=False)


def shuffled(write):
    """A file whose rows come as they please, with their index."""
    return lambda path: write(columns(LABELS[ORDER], SAID[ORDER], index=ORDER), path)


def to_csv(table, path):
    table.to_csv(path, index=False)


def to_parquet(table, path):
    table.to_parquet(path, index=False)


NUMBERS = {
    "vector": ("a.npy", lambda path: np.save(path, SAID.astype(np.uint8))),
    "archive": ("a.npz", lambda path: np.savez(path, predicted=SAID, labels=LABELS)),
    "text table": ("a.csv", lambda path: to_csv(columns(), path)),
    "text table of words": ("a.csv", lambda path: path.write_text("predicted\n 0\n2 \n2\n1\n0\n")),
    "table": ("a.parquet", lambda path: to_parquet(columns(), path)),
    "table of text": ("a.parquet", lambda path: to_parquet(columns(said=SAID.astype(str)), path)),
    "our own table": ("a.parquet", without_values),
    "shuffled text table": ("a.csv", shuffled(to_csv)),
    "shuffled table": ("a.parquet", shuffled(to_parquet)),
}
WORDS = {
    "vector": ("a.npy", lambda path: np.save(path, NAMES[SAID])),
    "archive": ("a.npz", lambda path: np.savez(path, predicted=NAMES[SAID], labels=NAMES[LABELS])),
    "text table": ("a.csv", lambda path: to_csv(columns(NAMES[LABELS], NAMES[SAID]), path)),
    "table": ("a.parquet", lambda path: to_parquet(columns(NAMES[LABELS], NAMES[SAID]), path)),
    "table of categories": ("a.parquet", as_categories),
}


@pytest.fixture
def read(tmp_path):
    """A function of a file's name and what writes it: what is read of it."""

    def read_file(name, write):
        write(tmp_path / name)
        return read_foreign_predictions(tmp_path / name)

    return read_file


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_read(read, name):
    """In the order of the data."""
    found = read(*NUMBERS[name])
    assert found.probabilities is None
    assert (found.predicted.tolist(), found.predicted.dtype.kind in "iu") == (SAID.tolist(), True)
    assert found.labels is None or found.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("name", WORDS)
def test_names_are_read(read, name):
    """As they are called."""
    found = read(*WORDS[name])
    assert found.predicted.tolist() == NAMES[SAID].tolist()
    assert found.labels is None or found.labels.tolist() == NAMES[LABELS].tolist()


def test_probabilities_come_first(read):
    """Who gives both wants them."""
    found = read("a.csv", lambda path: path.write_text("label,predicted,p0,p1\n0,1,0.75,0.25\n1,1,0.5,0.5\n"))
    assert (found.predicted, found.probabilities.tolist()) == (None, [[0.75, 0.25], [0.5, 0.5]])


REFUSED = {
    "fractions": ("a.npy", npy_bytes(np.array([0.0, 1.0])), "of shape (2,), expected floats of shape (n, classes)"),
    "fractions in an archive": ("a.npz", lambda p: np.savez(p, predicted=[0.5]), "predicted are float64 of shape (1,)"),
    "two columns": ("a.npz", lambda p: np.savez(p, predicted=np.stack([SAID] * 2, 1)), "are int64 of shape (5, 2)"),
    "a number": ("a.npz", lambda p: np.savez(p, predicted=3), "predicted are int64 of shape ()"),
    "truths": ("a.npz", lambda p: np.savez(p, predicted=SAID > 1), "predicted are bool of shape (5,)"),
    "none": ("a.npz", lambda p: np.savez(p, predicted=SAID[:0]), "holds no predictions"),
    "no line": ("a.csv", "label,predicted\n", "holds no predictions"),
    "no row": ("a.parquet", lambda p: to_parquet(columns().head(0), p), "holds no predictions"),
    "one name": ("a.npz", lambda p: np.savez(p, predicted=[0], class_names=["a"]), "expected 2 to 1,000 different"),
    "labels": ("a.npz", lambda p: np.savez(p, predicted=SAID, labels=LABELS[:2]), "labels are int64 of shape (2,)"),
    "decimals": (
        "a.parquet",
        lambda p: to_parquet(columns(said=SAID / 2), p),
        "column 'predicted': a column of double",
    ),
    "gap": ("a.csv", "label,predicted\n0,1\n1,\n", "column 'predicted' has no value in row 1"),
    "gap in a table": (
        "a.parquet",
        lambda p: to_parquet(columns(said=["a", "b", None, "a", "b"]), p),
        "column 'predicted' has no value in row 2",
    ),
    "index": ("a.csv", "predicted,index\n1,0\n0,0\n", "index 1, expected each from 0 to 1 once"),
    "neither": (
        "a.csv",
        "label,answer\n1,1\n",
        "has no columns p0, p1..., a class's probability each, nor 'predicted'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_mistake_has_its_message(tmp_path, name):
    """What was found, and what was expected."""
    file, content, expected = REFUSED[name]
    path = tmp_path / file
    if callable(content):
        content(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as found:
        read_foreign_predictions(path)
    assert str(found.value).startswith(f"{path}: ")
    assert expected in str(found.value)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv", "a.parquet"])
def test_more_rows_than_can_be_held_are_refused(monkeypatch, tmp_path, name):
    """They take more memory than their file."""
    monkeypatch.setattr(foreign_files, "MOST_ROWS", 4)
    write = next(write for file, write in NUMBERS.values() if file == name)
    write(tmp_path / name)
    with pytest.raises(DataError, match="holds 5 rows, expected at most 4"):
        read_foreign_predictions(tmp_path / name)
