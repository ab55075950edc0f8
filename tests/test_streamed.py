"""Predictions read part by part give the numbers of the whole."""

import json
import math
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import law, samples
from tiny_run import LABELS, NAMES, tiny_predictions

from mnist_report import evaluate_parquet
from mnist_report.errors import DataError, ModelError, OutputError
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import NOT_MERGEABLE
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.streamed import evaluate_parts
from mnist_report.runs import predictions_file
from mnist_report.runs.predictions_file import (
    ROWS_AT_A_TIME,
    predictions_writer,
    read_predictions,
    read_scored_images,
    stream_predictions,
    write_predictions,
)

FRAMES = ("overall", "per_class", "confusion", "calibration")
some = settings(law, max_examples=25)


def write(path, rows, labels, groups=(), **more):
    """A predictions file without the package's help; `groups` are the sizes of its first row groups."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"label": np.asarray(labels)} | {f"p{k}": column for k, column in enumerate(np.asarray(rows).T)} | more
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    with parquet.ParquetWriter(path, table.schema) as writer:
        first = 0
        for size in (*groups, table.num_rows):
            writer.write_table(table.slice(first, size), row_group_size=max(1, size))
            first += size
    return path


def same_frames(streamed, whole):
    """Counts exactly, sums to 1e-12; bounds come from differences of sums, so from fewer digits."""
    from pandas.testing import assert_frame_equal

    frames = streamed.frames
    assert tuple(frames) == FRAMES
    for name, found in frames.items():
        expected = getattr(whole.frames, name)
        if name == "overall":
            expected = expected[~expected["metric"].isin(NOT_MERGEABLE)].reset_index(drop=True)
        expected = expected[[c for c in expected.columns if not c.startswith(("roc_auc", "average_precision"))]]
        bounds = [column for column in expected.columns if column.endswith(("ci_low", "ci_high"))]
        sums = {"rtol": 1e-12, "atol": 1e-12}
        assert_frame_equal(found.drop(columns=bounds), expected.drop(columns=bounds), obj=name, **sums)
        assert_frame_equal(found[bounds], expected[bounds], obj=name, rtol=1e-7, atol=1e-7)
    return True


def same_tally(left, right):
    """Counts exactly, sums to 1e-12."""
    counts = [(t.confusion.tolist(), t.top2, t.n, t.bins.n.tolist(), t.bins.right.tolist()) for t in (left, right)]
    assert counts[0] == counts[1]
    for name in ("loss", "brier", "confidence", "overconfidence", "class_confidence"):
        ours, theirs = getattr(left, name), getattr(right, name)
        assert ours.total == pytest.approx(theirs.total, rel=1e-12, abs=1e-12), name
        assert ours.squares == pytest.approx(theirs.squares, rel=1e-12, abs=1e-12), name
    for name in ("confidence", "variance"):
        assert getattr(left.bins, name) == pytest.approx(getattr(right.bins, name), rel=1e-12, abs=1e-12), name
    return True


@st.composite
def split_samples(draw):
    """A sample, the sizes of its file's row groups (some of them empty), and how many rows are read at a time."""
    sample = draw(samples())
    groups = draw(st.lists(st.integers(0, 20), max_size=8))
    return sample, groups, draw(st.integers(1, 64))


@some
@given(split_samples())
def test_any_split_gives_the_numbers_of_the_whole(split):
    """However a file is cut into row groups, and however many rows are in memory."""
    sample, groups, at_a_time = split
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = write(Path(folder) / "p.parquet", sample.probabilities.astype(np.float32), sample.labels, groups)
        patch.setattr(predictions_file, "ROWS_AT_A_TIME", at_a_time)
        parts = sum(1 for _ in stream_predictions(path))
        streamed = evaluate_parquet(path, class_names=sample.class_names, seed=3)
    whole = evaluate(sample.predictions(), seed=3)
    assert parts == math.ceil(len(sample.labels) / at_a_time)
    assert same_tally(streamed.tally, whole.tally)
    assert same_frames(streamed, whole)


@some
@given(samples(min_rows=2), st.data())
def test_parts_of_any_size_give_the_numbers_of_the_whole(sample, data):
    """An iterator of parts, each of which is seen once."""
    sizes = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=8))
    edges = [0, *(edge for edge in np.cumsum(sizes).tolist() if edge < len(sample.labels)), len(sample.labels)]
    parts = (sample.part(slice(*pair)).predictions() for pair in pairwise(edges))
    streamed = evaluate_parts(parts, seed=5)
    whole = evaluate(sample.predictions(), seed=5)
    assert same_tally(streamed.tally, whole.tally)
    assert same_frames(streamed, whole)


@given(samples())
@some
def test_what_is_not_mergeable_is_left_out(sample):
    """All else is there, in the same order."""
    streamed, whole = evaluate_parts([sample.predictions()]), evaluate(sample.predictions())
    assert list(streamed.overall) == [name for name in whole.overall if name not in NOT_MERGEABLE]
    ours, theirs = ([list(row) for row in one.per_class] for one in (streamed, whole))
    assert ours == [[name for name in row if name not in NOT_MERGEABLE] for row in theirs]


@pytest.fixture(scope="module")
def large():
    """20,000 rows: three parts at the real size of one."""
    generator = np.random.default_rng(4)
    rows = generator.dirichlet(np.ones(10), 20_000).astype(np.float32)
    labels = np.where(generator.random(20_000) < 0.5, rows.argmax(axis=1), generator.integers(0, 10, 20_000))
    return rows, labels


@pytest.mark.parametrize("writer", ["the package", "pandas"])
def test_a_file_larger_than_a_part_is_read_whole(large, tmp_path, writer):
    """Our first row groups hold a part each, pandas writes them all as one."""
    import pandas as pd

    rows, labels = large
    predictions, path = make_predictions(rows, labels, tuple("0123456789")), tmp_path / "p.parquet"
    if writer == "pandas":
        pd.DataFrame(rows, columns=[f"p{k}" for k in range(10)]).assign(label=labels).to_parquet(path)
    else:
        write_predictions(path, predictions)
    assert [len(part) for part in stream_predictions(path)] == [ROWS_AT_A_TIME, ROWS_AT_A_TIME, 20_000 - 16_384]
    streamed, whole = evaluate_parquet(path), evaluate(predictions)
    assert same_tally(streamed.tally, whole.tally)
    assert same_frames(streamed, whole)


def test_row_groups_of_a_large_file_are_larger_however_its_rows_come(tmp_path, monkeypatch):
    """Each takes room in the last page; the file of a few thousand rows remains what it was, byte by byte."""
    from pyarrow import parquet

    monkeypatch.setattr(predictions_file, "ROWS_AT_A_TIME", 10)
    rows = np.random.default_rng(6).dirichlet(np.ones(3), 333).astype(np.float32)
    whole = make_predictions(rows, rows.argmax(axis=1), ("a", "b", "c"))
    contents = []
    for cuts in ([], [7, 8, 100, 100, 250], range(1, 333)):
        with predictions_writer(tmp_path / "p.parquet", 3) as write:
            for part in np.split(np.arange(333), cuts):
                write(whole.only(part))
        contents.append((tmp_path / "p.parquet").read_bytes())
        metadata = parquet.read_metadata(tmp_path / "p.parquet")
        groups = [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)]
        assert groups == [10] * 8 + [80, 80, 80, 13]
    assert contents[0] == contents[1] == contents[2]
    np.testing.assert_array_equal(read_predictions(tmp_path / "p.parquet")[0].probabilities, whole.probabilities)


def test_the_main_jobs_file_gives_the_main_jobs_numbers(shipped_run):
    """What `evaluate_parquet` says of predictions.parquet stands in metrics.json."""
    document = json.loads((shipped_run / "metrics.json").read_text("utf-8"))
    streamed = evaluate_parquet(shipped_run / "predictions.parquet")
    assert streamed.tally.confusion.tolist() == document["confusion"]
    for name, metric in streamed.overall.items():
        assert metric.value == pytest.approx(document["overall"][name]["value"], rel=1e-12, abs=1e-12), name


@pytest.fixture
def tiny(tmp_path):
    """The file of the twelve images."""
    predictions = tiny_predictions()
    return write(tmp_path / "tiny.parquet", predictions.probabilities, predictions.labels)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_may_be_text(tiny, kind):
    """As pandas takes it."""
    assert evaluate_parquet(kind(tiny)).tally.n == 12


def test_the_classes_are_numbered_unless_they_have_names(tiny):
    """A file does not know them."""
    assert evaluate_parquet(tiny).class_names == ("0", "1", "2")
    named = evaluate_parquet(tiny, class_names=list(NAMES))
    assert named.class_names == NAMES
    assert named.frames["per_class"]["class"].tolist() == list(NAMES)


def test_class_names_are_written_as_text(tiny):
    """As everywhere else."""
    assert evaluate_parquet(tiny, class_names=[1990, 2000, 2010]).class_names == ("1990", "2000", "2010")


def test_the_seed_is_that_of_the_resampled_intervals(tiny):
    """The same seed gives the same table, another one another."""
    first, again, other = (evaluate_parquet(tiny, seed=seed).frames["overall"] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_other_columns_and_another_order_do_no_harm(tiny):
    """Nor do columns whose names begin like a probability's."""
    import pandas as pd

    table = pd.read_parquet(tiny).assign(note="x", p_value=0.5, p3x=1.0, price=3)
    table[[*reversed(table.columns)]].to_parquet(tiny)
    assert evaluate_parquet(tiny).tally.confusion.tolist() == [[3, 2, 0], [0, 3, 1], [0, 0, 3]]


def test_more_than_ten_classes_are_in_numeric_order(tmp_path):
    """p10 comes after p9, not after p1."""
    path = write(tmp_path / "p.parquet", np.eye(12, dtype=np.float32), np.arange(12))
    assert evaluate_parquet(path).overall["accuracy"].value == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("label", [np.int8, np.uint8, np.int64, np.uint64])
def test_any_precision_is_read(tmp_path, dtype, label):
    """And any whole numbers."""
    path = write(tmp_path / "p.parquet", tiny_predictions().probabilities.astype(dtype), np.array(LABELS, label))
    assert evaluate_parquet(path).tally.confusion.tolist() == [[3, 2, 0], [0, 3, 1], [0, 0, 3]]


def test_a_missing_file_is_an_error(tmp_path):
    """It is named."""
    with pytest.raises(OutputError, match=rf"^{tmp_path}/none\.parquet: "):
        evaluate_parquet(tmp_path / "none.parquet")


def test_a_folder_is_an_error(tmp_path):
    """Not what lies in it."""
    with pytest.raises(OutputError, match=f"^{tmp_path}: .*directory"):
        evaluate_parquet(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"label,p0,p1\n0,1,0\n", b"PAR1" * 9], ids=["empty", "4", "csv", "36"]
)
def test_another_format_is_an_error(tmp_path, content):
    """In spite of its suffix."""
    path = tmp_path / "p.parquet"
    path.write_bytes(content)
    with pytest.raises(OutputError, match=f"^{path}: not readable as predictions"):
        evaluate_parquet(path)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_an_error(tiny, part):
    """However much of it is left."""
    content = tiny.read_bytes()
    tiny.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(OutputError, match=f"^{tiny}: not readable as predictions"):
        evaluate_parquet(tiny)


def test_a_file_that_is_damaged_in_the_middle_is_an_error(large, tmp_path):
    """The foot is whole and promises rows that cannot be read."""
    path = write(tmp_path / "p.parquet", *large)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 60_000] = bytes(60_000)
    path.write_bytes(content)
    with pytest.raises((OutputError, ModelError), match=f"^{path}: "):
        evaluate_parquet(path)


@pytest.mark.parametrize("column", ["label", "p0", "p1"])
def test_a_missing_column_is_an_error(tiny, column):
    """It is named."""
    import pandas as pd

    pd.read_parquet(tiny).drop(columns=column).to_parquet(tiny)
    with pytest.raises(OutputError, match=f'^{tiny}: not readable as predictions .*"{column}"'):
        evaluate_parquet(tiny)


def test_a_file_without_probabilities_is_an_error(tiny):
    """Labels alone, or somebody else's table."""
    import pandas as pd

    pd.read_parquet(tiny)[["label"]].to_parquet(tiny)
    with pytest.raises(OutputError, match=f"^{tiny}: not readable as predictions"):
        evaluate_parquet(tiny)


def test_a_single_class_is_an_error(tmp_path):
    """There is nothing to be mistaken for."""
    path = write(tmp_path / "p.parquet", np.ones((3, 1)), [0, 0, 0])
    with pytest.raises(
        OutputError, match=rf"^{path}: .*1 columns p0, p1\.\.\., 1 classes; expected as many, at least two"
    ):
        evaluate_parquet(path)


def as_a_run(folder, rows, names):
    """A run folder, as far as `compare` and `check` look into it for predictions."""
    write(folder / "predictions.parquet", rows, np.arange(len(rows)) % len(names), index=np.arange(len(rows)))
    (folder / "run.json").write_text(json.dumps({"data": {"class_names": names, "sha256": "0" * 64}}), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("rows", "names"),
    [(np.ones((3, 1)), ["cat"]), ([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], ["cat", "dog"])],
    ids=["a single class", "names for some of the columns"],
)
def test_the_reader_of_a_whole_file_is_as_strict(tmp_path, rows, names):
    """What `evaluate_parquet` refuses, `compare` must not take."""
    with pytest.raises(OutputError, match=r"predictions\.parquet: "):
        read_scored_images(as_a_run(tmp_path, rows, names))


@pytest.mark.parametrize("index", [[0.4, 1.6], [0.0, math.nan]], ids=["fractions", "NaN"])
def test_an_index_that_is_no_whole_number_is_an_error(tmp_path, index):
    """As with labels: nothing is rounded, cut or guessed."""
    path = write(tmp_path / "p.parquet", [[0.9, 0.1], [0.2, 0.8]], [0, 1], index=index)
    with pytest.raises(OutputError):
        read_scored_images(path)


@pytest.mark.parametrize("names", [NAMES[:2], (*NAMES, "fox")], ids=["too few", "too many"])
def test_another_number_of_names_is_an_error(tiny, names):
    """A name for each column."""
    with pytest.raises(OutputError, match=rf"^{tiny}: .*3 columns p0, p1\.\.\., {len(names)} classes"):
        evaluate_parquet(tiny, class_names=names)


def test_names_for_some_of_the_columns_are_an_error(tmp_path):
    """Even where the last class neither occurs nor is ever probable."""
    path = write(tmp_path / "p.parquet", [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], [0, 1])
    with pytest.raises(OutputError, match=rf"^{path}: .*3 columns p0, p1\.\.\., 2 classes"):
        evaluate_parquet(path, class_names=["cat", "dog"])


@pytest.mark.parametrize("wrong", [-1, 3, 1_000])
@pytest.mark.parametrize("place", [0, 11])
def test_a_label_without_a_class_is_an_error(tmp_path, wrong, place):
    """Anywhere in the file."""
    labels = np.array(LABELS)
    labels[place] = wrong
    path = write(tmp_path / "p.parquet", tiny_predictions().probabilities, labels)
    with pytest.raises(OutputError, match=f"^{path}: .*a label lies outside 0 to 2"):
        evaluate_parquet(path)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([*LABELS[:-1], None], id="null"),
        pytest.param([*map(str, LABELS)], id="text"),
        pytest.param([label > 0 for label in LABELS], id="yes and no"),
        pytest.param([label + 0.5 for label in LABELS], id="halves"),
        pytest.param([*map(float, LABELS)], id="floats"),
        pytest.param([*map(float, LABELS[:-1]), math.nan], id="NaN"),
    ],
)
def test_labels_that_are_no_whole_numbers_are_an_error(tmp_path, labels):
    """Nothing is rounded, cut or guessed."""
    import pyarrow as pa

    path = write(tmp_path / "p.parquet", tiny_predictions().probabilities, LABELS, label=pa.array(labels))
    with pytest.raises(OutputError, match=f"^{path}: not readable as predictions"):
        evaluate_parquet(path)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (tiny_predictions().probabilities * 2, "does not sum to 1"),
        (np.log(tiny_predictions().probabilities + 1e-3), "is negative: these look like logits"),
        (np.full((12, 3), np.nan), "contains NaN or infinity"),
    ],
    ids=["scores", "logits", "NaN"],
)
def test_rows_that_are_no_probabilities_are_an_error(tmp_path, rows, why):
    """The message names the file, the row and what to do."""
    path = write(tmp_path / "p.parquet", rows, LABELS)
    with pytest.raises(ModelError, match=f"^{path}: row 0 {why}"):
        evaluate_parquet(path)


def test_a_bad_row_is_named_by_its_place_in_the_file(large, tmp_path):
    """Row 10,000, of which the reader knows nothing but the number."""
    rows = large[0].copy()
    rows[10_000] = 1
    path = write(tmp_path / "p.parquet", rows, large[1])
    with pytest.raises(ModelError, match=f"^{path}: row 10000 does not sum to 1"):
        evaluate_parquet(path)


@pytest.mark.parametrize("groups", [[], [0]], ids=["no row group", "an empty one"])
def test_a_file_without_rows_is_an_error(tmp_path, groups):
    """There is nothing to evaluate."""
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "p.parquet"
    table = pa.table({"label": pa.array([], pa.int64())} | dict.fromkeys(("p0", "p1"), pa.array([], pa.float32())))
    with parquet.ParquetWriter(path, table.schema) as writer:
        for _ in groups:
            writer.write_table(table)
    with pytest.raises(DataError, match="holds no predictions"):
        evaluate_parquet(path)


def test_a_file_without_rows_is_named(tmp_path):
    """A message names the thing."""
    path = write(tmp_path / "p.parquet", np.zeros((0, 2)), np.zeros(0, int))
    with pytest.raises(DataError, match=f"{path}"):
        evaluate_parquet(path)


def part(rows):
    """Some of the twelve images."""
    whole = tiny_predictions()
    return make_predictions(whole.probabilities[rows], whole.labels[rows], NAMES)


def test_no_parts_are_an_error():
    """An empty iterable."""
    with pytest.raises(DataError, match="there are no predictions to evaluate"):
        evaluate_parts([])


def test_empty_parts_alone_are_an_error():
    """Parts without rows are as good as none."""
    with pytest.raises(DataError, match="there are no predictions to evaluate"):
        evaluate_parts([part(slice(0))])


@pytest.mark.parametrize("names", ["abcd", "abc"], ids=["more", "others"])
def test_parts_of_other_classes_are_an_error(names):
    """Two models' answers have no sum."""
    other = make_predictions(np.eye(len(names)), np.arange(len(names)), tuple(names))
    with pytest.raises(DataError, match=f"^a part has the classes {', '.join(names)}, the first {', '.join(NAMES)}$"):
        evaluate_parts([tiny_predictions(), other])


def test_a_terminal_shows_how_many_they_are(tiny):
    """Not the counts of every class."""
    assert repr(evaluate_parquet(tiny)) == "<StreamedEvaluation of 12 predictions>"


def test_an_empty_part_changes_nothing():
    """Between others."""
    whole = evaluate_parts([tiny_predictions()])
    split = evaluate_parts([part(slice(0)), part(slice(7)), part(slice(0)), part(slice(7, None)), part(slice(0))])
    assert same_tally(split.tally, whole.tally)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    """A million rows of ten classes need at most 1.3 times what ten thousand need, at the peak."""
    import pyarrow as pa
    from pyarrow import parquet

    code = """
import re, sys
from pathlib import Path
from mnist_report import evaluate_parquet
streamed = evaluate_parquet(sys.argv[1])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(streamed.tally.n, peak[1])
"""
    peaks = {}
    generator = np.random.default_rng(9)
    for n in (10_000, 1_000_000):
        path = tmp_path / f"{n}.parquet"
        with parquet.ParquetWriter(path, schema := pa.schema(file_columns())) as writer:
            for first in range(0, n, ROWS_AT_A_TIME):
                size = min(ROWS_AT_A_TIME, n - first)
                rows = generator.dirichlet(np.ones(10), size).astype(np.float32)
                columns = dict.fromkeys(("confidence", "margin", "loss"), generator.random(size))
                columns |= {"index": np.arange(first, first + size), "label": generator.integers(0, 10, size)}
                columns |= {"predicted": rows.argmax(axis=1)} | {f"p{k}": rows[:, k] for k in range(10)}
                writer.write_table(pa.table({name: columns[name] for name in schema.names}, schema=schema))
        answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        counted, peak = map(int, answer.stdout.split())
        assert counted == n
        peaks[n] = peak
    print(peaks)
    assert peaks[1_000_000] <= 1.3 * peaks[10_000]


def file_columns():
    """Those of predictions.parquet."""
    import pyarrow as pa

    numbers = dict.fromkeys(("index", "label", "predicted"), pa.int64())
    numbers |= dict.fromkeys(("confidence", "margin", "loss"), pa.float64())
    return numbers | dict.fromkeys((f"p{k}" for k in range(10)), pa.float32())
