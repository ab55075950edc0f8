"""scores.parquet: what counts of a model's answers."""

import numpy as np
import pytest
from hypothesis import given
from strategies import law, samples
from tiny_run import NAMES, tiny_predictions

from mnist_report.runs.scores_file import FIELDS, read_scores, write_scores

NOT_SCORES = (OSError, ValueError, LookupError)


@pytest.fixture
def file(tmp_path):
    """Of the twelve images."""
    write_scores(tmp_path / "scores.parquet", tiny_predictions())
    return tmp_path / "scores.parquet"


def changed(file, name, values):
    """The file with another column, or without it."""
    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.read_table(file)
    place = table.column_names.index(name)
    table = table.remove_column(place) if values is None else table.set_column(place, name, pa.array(values))
    parquet.write_table(table, file)


@law
@given(samples())
def test_scores_are_read_as_they_were_written(tmp_path_factory, sample):
    """To the last digit."""
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    predictions = sample.predictions()
    write_scores(path, predictions)
    scores, index = read_scores(path, sample.class_names)
    assert index.tolist() == list(range(len(predictions)))
    assert scores.class_names == sample.class_names
    for name in FIELDS:
        found, expected = getattr(scores, name), getattr(predictions, name)
        assert (found.tolist(), found.dtype) == (expected.tolist(), expected.dtype)
    assert scores.right.tolist() == predictions.right.tolist()
    assert scores.in_top2.tolist() == predictions.in_top2.tolist()


def test_more_classes_than_a_byte_holds(tmp_path):
    """Class 299 stays class 299."""
    from mnist_report.evaluation.predictions import make_predictions

    labels = np.arange(300)
    predictions = make_predictions(np.eye(300), labels, tuple(map(str, range(300))))
    write_scores(tmp_path / "a.parquet", predictions)
    assert read_scores(tmp_path / "a.parquet", predictions.class_names)[0].labels.tolist() == labels.tolist()


def test_a_row_takes_few_bytes(file):
    """The file is fit to be committed: small whole numbers, and no probabilities."""
    from pyarrow import parquet

    types = {field.name: str(field.type) for field in parquet.read_schema(file)}
    assert {types[name] for name in ("label", "predicted", "runner_up")} == {"uint8"}
    assert list(types) == ["index", "label", "predicted", "runner_up", "confidence", "loss", "brier"]


@pytest.mark.parametrize("name", ["index", "label", "predicted", "runner_up", "confidence", "loss", "brier"])
def test_a_missing_column_is_refused(file, name):
    """All of them count."""
    changed(file, name, None)
    with pytest.raises(NOT_SCORES):
        read_scores(file, NAMES)


@pytest.mark.parametrize("name", ["label", "predicted", "runner_up"])
@pytest.mark.parametrize("value", [-1, 3])
def test_a_class_that_does_not_exist_is_refused(file, name, value):
    """Of three classes."""
    changed(file, name, [value] + [0] * 11)
    with pytest.raises(ValueError, match=f"a {name} lies outside 0 to 2"):
        read_scores(file, NAMES)


@pytest.mark.parametrize("name", ["confidence", "loss", "brier"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_score_that_is_no_number_is_refused(file, name, value):
    """NaN would spread into every mean."""
    changed(file, name, [value] + [0.5] * 11)
    with pytest.raises(ValueError, match="is not a number"):
        read_scores(file, NAMES)


@pytest.mark.parametrize("name", ["index", "label", "predicted", "runner_up", "confidence", "loss", "brier"])
def test_a_gap_is_refused(file, name):
    """A row has all of them."""
    changed(file, name, [None] + [0] * 11)
    with pytest.raises(ValueError, match="with 1 gaps, expected numbers"):
        read_scores(file, NAMES)


@pytest.mark.parametrize("values", [["a"] * 12, [b"\xff"] * 12, [[0]] * 12, [{"a": 1}] * 12], ids=repr)
def test_a_column_of_something_else_is_refused(file, values):
    """As damage, not as a bug."""
    changed(file, "label", values)
    with pytest.raises((*NOT_SCORES, TypeError)):
        read_scores(file, NAMES)


def test_a_fraction_of_a_class_is_refused(file):
    """As in predictions.parquet."""
    changed(file, "label", [0.9] * 12)
    with pytest.raises(NOT_SCORES):
        read_scores(file, NAMES)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"index,label\n", bytes(range(256))])
def test_another_file_is_refused(tmp_path, content):
    """Whatever it is."""
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(NOT_SCORES):
        read_scores(tmp_path / "a.parquet", NAMES)
