"""`--slices` through the command line, with a model that is three lines long instead of a process with TensorFlow."""

import csv
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from makers import digits, write_hollow_model, write_npz
from operating_work import left_in

from mnist_report import pipeline
from mnist_report.cli import run_cli
from mnist_report.errors import DataError
from mnist_report.evaluation.frames import slices_frame
from mnist_report.evaluation.metrics import proportion
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy, Layer
from mnist_report.model.backend import Backend

N = 60
PENS = ("blue, fine", "<b>red</b>", "", "2B", "")
TRICKY = ["a,b", 'a "b"', "a=b", " a ", "\u2028", "\N{PILE OF POO}"]


def ink_of_tenths(images):
    """A classifier: each class has a part of the picture, and the one with the most ink wins."""
    parts = np.array_split(images.astype(float) ** 4, 10, axis=2)
    ink = np.stack([part.sum(axis=(1, 2)) for part in parts], axis=1)
    return (ink / ink.sum(axis=1, keepdims=True)).astype(np.float32)


class ThreeLines:
    """Stands in for a model in a process of its own; with a card nothing has to be tried on training images."""

    def __init__(self, model):
        self.model = replace(model, card={})

    def wait_until_loaded(self):
        """What it is and what it runs on."""
        return Anatomy((28, 28, 1), 10, 0, 0, (Layer("tenths", "Lambda", "10", 0),)), Backend("none", {}, "cpu", "test")

    def predict(self, images, show, _preparation):
        """A row an image."""
        show(len(images), len(images))
        return Inference(ink_of_tenths(images), len(images), 0.01)


@contextmanager
def start_three_lines(model, *, device, batch_size, precision):
    """In the place of `start_model`."""
    assert (model.path.suffix, device, batch_size, precision) == (".keras", "auto", None, "float32")
    yield ThreeLines(model)


def pen_of(index):
    """What the user's file says; images from 50 on are left out."""
    return PENS[index % 5] if index < 50 else ""


def write_columns(path, columns):
    """A CSV file, or a Parquet file by pandas."""
    import pandas as pd

    frame = pd.DataFrame(columns)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    return path


def columns_of_the_user():
    """Two columns, in an order that is not the images'."""
    index = list(range(50))[::-1]
    return {"pen": [pen_of(k) for k in index], "index": index, "school": [f"s{k % 2}" for k in index]}


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """A folder with data and a model, the folder that is worked in; no TensorFlow, no settings from outside."""
    folder = tmp_path_factory.mktemp("slices")
    write_npz(folder / "data.npz", *digits(N))
    write_hollow_model(folder / "hollow.keras")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("MNIST_REPORT_"):
                patch.delenv(name)
        patch.setattr(pipeline, "start_model", start_three_lines)
        patch.chdir(folder)
        yield folder


def call(command, reports, *options):
    """The exit status of a command on these data."""
    inputs = ["--data", "data.npz", "--model", "hollow.keras", "--reports", str(reports)]
    return run_cli([command, *inputs, *map(str, options)])


@pytest.fixture(scope="module")
def run(place):
    """A finished run with the user's slices from a CSV file."""
    slices = write_columns(place / "mine.csv", columns_of_the_user())
    # Sixty images cannot show what the default gates ask.
    assert call("run", "reports", "--slices", slices, "--format", "html") == 1
    return (place / "reports" / "latest").resolve()


@pytest.fixture(scope="module")
def expected():
    """The user's slices by a plain loop: name, right answers, images."""
    images, labels = digits(N)
    right = (ink_of_tenths(images).argmax(axis=1) == labels).tolist()
    assert 0 < sum(right) < N
    columns = {"pen": [pen_of(k) for k in range(N)], "school": [f"s{k % 2}" if k < 50 else "" for k in range(N)]}
    rows = []
    for column, values in columns.items():
        for value in sorted(set(values) - {""}):
            chosen = [right[k] for k in range(N) if values[k] == value]
            rows.append((f"{column}={value}", sum(chosen), len(chosen)))
    return rows


def own(rows, key):
    """The rows that are not of the built-in columns."""
    return [row for row in rows if not row[key].startswith(("ink=", "slant="))]


def test_the_users_slices_are_in_metrics_json(run, expected):
    """With their exact intervals, behind the built-in ones."""
    rows = json.loads((run / "metrics.json").read_text("utf-8"))["slices"]
    assert [row["slice"] for row in rows[:8]] == [f"{kind}=q{k}" for kind in ("ink", "slant") for k in (1, 2, 3, 4)]
    assert rows[8:] == own(rows, "slice")
    for row, (name, right, n) in zip(rows[8:], expected, strict=True):
        metric = proportion(right, n)
        bounds = {"value": metric.value, "ci_low": metric.ci_low, "ci_high": metric.ci_high, "n": n}
        assert row == {"slice": name, "accuracy": bounds}


def test_the_users_slices_are_in_their_frame(run, expected):
    """A row each."""
    with (run / "frames" / "slices.csv").open(encoding="utf-8", newline="") as file:
        rows = own(list(csv.DictReader(file)), "slice")
    assert [(row["slice"], int(row["n"]) - int(row["errors"]), int(row["n"])) for row in rows] == expected
    assert [float(row["accuracy"]) for row in rows] == pytest.approx([right / n for _, right, n in expected])


def test_the_users_columns_are_stored_for_later(run):
    """With a row per image, also for those that the user's file leaves out."""
    from pyarrow import parquet

    table = parquet.read_table(run / "slices.parquet")
    assert table.column_names == ["index", "ink", "slant", "pen", "school"]
    assert table["pen"].to_pylist() == [pen_of(k) for k in range(N)]


def test_the_users_slices_are_in_the_report(run, expected):
    """As text, whatever they look like."""
    page = (run / "report.html").read_text("utf-8")
    assert "school=s1" in page
    assert "pen=&lt;b&gt;red&lt;/b&gt;" in page
    assert "<b>red</b>" not in page
    assert all(f">pen={name}<" in page for name in ("blue, fine", "2B"))
    assert len(expected) == 5


def test_the_provenance_names_the_file_of_slices(run, place):
    """So that one knows where they came from, and whether it is still the same."""
    path = place / "mine.csv"
    assert json.loads((run / "run.json").read_text("utf-8"))["slices"] == {
        "path": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def test_rendering_again_shows_the_same_slices(run):
    """Without the user's file: the run folder holds all that the report shows."""
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    assert run_cli(["render", str(run), "--format", "html"]) == 0
    assert (run / "report.html").read_bytes() == before


def test_a_parquet_file_gives_the_same_results(run, tmp_path):
    """Byte for byte, and through `evaluate` as through `run`, which also holds them against rules."""
    slices = write_columns(tmp_path / "mine.parquet", columns_of_the_user())
    assert call("evaluate", tmp_path, "--slices", slices) == 0
    for name in ("slices.parquet", "frames/slices.csv"):
        assert (tmp_path / "latest" / name).read_bytes() == (run / name).read_bytes()
    ours, theirs = (json.loads((folder / "metrics.json").read_text("utf-8")) for folder in (tmp_path / "latest", run))
    assert theirs.keys() - ours.keys() == {"gates"}
    assert ours == {name: theirs[name] for name in ours}


def test_without_a_file_there_are_the_built_in_slices(tmp_path):
    """And the provenance names none."""
    assert call("evaluate", tmp_path) == 0
    rows = json.loads((tmp_path / "latest" / "metrics.json").read_text("utf-8"))["slices"]
    assert (len(rows), own(rows, "slice")) == (8, [])
    assert json.loads((tmp_path / "latest" / "run.json").read_text("utf-8"))["slices"] is None


@pytest.mark.parametrize("name", ["ink", "slant"])
def test_a_column_that_is_built_in_is_refused(tmp_path, capsys, name):
    """Nobody would know whose it is."""
    slices = write_columns(tmp_path / "mine.csv", {"index": [0], "pen": ["blue"], name: ["much"]})
    assert call("run", tmp_path / "reports", "--slices", slices) == 3
    err = capsys.readouterr().err
    assert err.endswith(f"error: {slices}: column {name!r} is built in; call it something else\n")
    assert left_in(tmp_path / "reports") == []


BAD = {
    "nowhere": ("nowhere.csv", None, "No such file"),
    "no index": ("a.csv", b"kind\na\n", "has no column 'index'"),
    "outside": ("a.csv", b"index,kind\n60,a\n", "index is '60' in data row 0, expected whole numbers from 0 to 59"),
    "two lines": ("a.csv", b'index,kind\n"1\n2",a\n', r"index is '1\n2' in data row 0"),
    "ragged": ("a.csv", b"index,kind\n\n0\n", "data row 0 has 1 cells, expected 2 as in the head"),
    "no rows": ("a.csv", b"index,kind\n\n", "has no rows"),
    "control": ("a.csv", b"index,kind\n0,a\x1b[2Jb\n", r"column 'kind' holds a control character, in 'a\x1b[2Jb'"),
    "lines": ("a.csv", b'index,kind\n0,"a\rb"\n', r"column 'kind' holds a control character, in 'a\rb'"),
    "rubbish": ("a.csv", bytes(range(256)), "cannot be read as slices"),
    "no parquet": ("a.parquet", b"index,kind\n0,a\n", "cannot be read as slices"),
    "suffix": ("a.xlsx", b"", "expected a .csv or .parquet file of slices, found .xlsx"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_status_3_and_leaves_nothing_behind(tmp_path, capsys, kind):
    """One line that names the file, and no run folder."""
    name, content, telling = BAD[kind]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert call("evaluate", tmp_path / "reports", "--slices", tmp_path / name, "--quiet") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {tmp_path / name}: ")
    assert telling in err
    assert err.count("\n") == 1
    assert left_in(tmp_path / "reports") == []


def test_a_bad_file_is_found_before_the_model_is_asked(tmp_path, monkeypatch):
    """Inference may take minutes."""

    def predict(*_):
        raise AssertionError("the model was asked")

    monkeypatch.setattr(ThreeLines, "predict", predict)
    (tmp_path / "a.csv").write_text("kind\na\n", "utf-8")
    assert call("evaluate", tmp_path / "reports", "--slices", tmp_path / "a.csv") == 3


def test_a_bad_file_is_found_before_a_model_is_trained(tmp_path, monkeypatch, capsys):
    """Training takes longer still."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "data.npz", *digits(N))
    (tmp_path / "a.csv").write_text("index,kind\n-1,a\n", "utf-8")
    assert run_cli(["run", "--train", "--data", "data.npz", "--slices", "a.csv"]) == 3
    assert capsys.readouterr().err.startswith("error: a.csv: index is '-1' in data row 0")
    assert {path.name for path in tmp_path.iterdir()} == {"data.npz", "a.csv", "reports"}
    assert left_in(tmp_path / "reports") == []


@pytest.mark.parametrize("source", ["environment", "configuration"])
def test_the_file_can_be_set_like_any_option(tmp_path, monkeypatch, capsys, source):
    """In the environment or in mnist-report.toml."""
    options = []
    if source == "environment":
        monkeypatch.setenv("MNIST_REPORT_SLICES", str(tmp_path / "there.csv"))
    else:
        (tmp_path / "my.toml").write_text(f'[evaluate]\nslices = "{tmp_path / "there.csv"}"\n', "utf-8")
        options = ["--config", tmp_path / "my.toml"]
    assert call("evaluate", tmp_path / "reports", *options) == 3
    assert f"{tmp_path / 'there.csv'}: cannot be read as slices (FileNotFoundError" in capsys.readouterr().err


def test_a_file_with_text_that_is_not_utf8_is_status_3(tmp_path):
    """As in a CSV file, it is the input that is at fault."""
    import pyarrow as pa
    from pyarrow import parquet

    cells = pa.StringArray.from_buffers(1, *pa.array([b"caf\xe9"]).buffers()[1:])
    parquet.write_table(pa.table({"index": [0], "kind": cells}), tmp_path / "a.parquet")
    assert call("evaluate", tmp_path / "reports", "--slices", tmp_path / "a.parquet") == 3


@pytest.mark.parametrize("cell", [b"a", [1, 2]], ids=["bytes", "list"])
def test_a_file_with_cells_that_are_no_categories_is_status_3(tmp_path, cell):
    """As all that is wrong with the input."""
    slices = write_columns(tmp_path / "a.parquet", {"index": [0], "kind": [cell]})
    assert call("evaluate", tmp_path / "reports", "--slices", slices) == 3


def during_inference(monkeypatch, action):
    """Have something happen while the model is asked, which may take minutes."""
    predict = ThreeLines.predict

    def meanwhile(*arguments):
        action()
        return predict(*arguments)

    monkeypatch.setattr(ThreeLines, "predict", meanwhile)


def test_a_file_that_is_removed_during_inference_costs_no_run(tmp_path, monkeypatch):
    """All that is needed of it was read before."""
    slices = write_columns(tmp_path / "mine.csv", columns_of_the_user())
    during_inference(monkeypatch, slices.unlink)
    assert call("evaluate", tmp_path, "--slices", slices) == 0


def test_the_digest_is_that_of_the_file_that_was_read(tmp_path, monkeypatch):
    """Not of what stands in its place when inference is done."""
    slices = write_columns(tmp_path / "mine.csv", columns_of_the_user())
    expected = hashlib.sha256(slices.read_bytes()).hexdigest()
    during_inference(monkeypatch, lambda: slices.write_text("index,pen\n", "utf-8"))
    assert call("evaluate", tmp_path, "--slices", slices) == 0
    assert json.loads((tmp_path / "latest" / "run.json").read_text("utf-8"))["slices"]["sha256"] == expected


def test_a_rehearsal_reads_the_slices(tmp_path):
    """`run --train` rehearses first."""
    job = pipeline.Job(
        model=tmp_path / "none.keras",
        data="data.npz",
        split="test",
        device="cpu",
        batch_size=1,
        seed=0,
        reports=tmp_path / "reports",
        title="",
        slices=tmp_path / "none.csv",
        formats=(),
    )
    with pytest.raises(DataError, match=r"none\.csv"):
        pipeline.rehearse(job)


@pytest.mark.parametrize("value", TRICKY)
def test_the_frame_of_slices_can_be_read_back_whatever_they_are_called(tmp_path, value):
    """By any program that reads CSV."""
    slices_frame({f"pen={value}": proportion(1, 2)}).to_csv(tmp_path / "a.csv", index=False, lineterminator="\n")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert [row["slice"] for row in csv.DictReader(file)] == [f"pen={value}"]
