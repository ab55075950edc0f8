"""members.parquet: what counts of the answers of each member."""

from dataclasses import replace

import numpy as np
import pytest
from ensemble_work import MEMBERS, random_answers, tiny_ensemble
from tiny_run import tiny_predictions

from mnist_report.evaluation.ensemble import Member, average
from mnist_report.runs.members_file import MEMBERS as NAME
from mnist_report.runs.members_file import read_members, write_members
from mnist_report.runs.scores_file import FIELDS

DAMAGED = (OSError, ValueError, LookupError)


@pytest.fixture
def file(tmp_path):
    """Of the twelve images."""
    write_members(tmp_path / NAME, tiny_ensemble()[1])
    return tmp_path / NAME


def changed(file, change):
    """The file with another table."""
    from pyarrow import parquet

    parquet.write_table(change(parquet.read_table(file)), file)


def test_members_are_read_as_they_were_written(tmp_path):
    """To the last digit, names in any script."""
    predictions, scores = average(random_answers(4))
    written = tuple(Member(f"{k} \N{HEBREW LETTER SHIN}/x.keras", one) for k, one in enumerate(scores))
    write_members(tmp_path / NAME, written)
    found = read_members(tmp_path / NAME, predictions)
    assert [member.name for member in found] == [member.name for member in written]
    for one, expected in zip(found, written, strict=True):
        for name in FIELDS:
            assert getattr(one.scores, name).tolist() == getattr(expected.scores, name).tolist()


def test_one_model_needs_no_file(tmp_path):
    """Nor is one missed."""
    write_members(tmp_path / NAME, ())
    assert not (tmp_path / NAME).exists()
    assert read_members(tmp_path / NAME, tiny_predictions()) == ()


def test_pandas_reads_a_row_for_each_member_and_image(file):
    """So that a notebook can group by model."""
    import pandas as pd

    frame = pd.read_parquet(file)
    assert frame.groupby("model", observed=True).size().to_dict() == dict.fromkeys(MEMBERS, 12)
    own = frame[frame["model"] == "b.keras"]
    accuracy = (own["label"] == own["predicted"]).mean()
    assert accuracy == tiny_ensemble()[1][1].scores.right.mean()


@pytest.mark.parametrize(
    ("change", "telling"),
    [
        (lambda table: table.slice(0, 30), "30 rows, expected 12 for each model"),
        (lambda table: table.slice(0, 0), "0 rows, expected 12"),
        (lambda table: table.slice(6, 24), "not those of the images"),
        (lambda table: table.drop_columns("loss"), "loss"),
        (lambda table: table.drop_columns("model"), "model"),
    ],
    ids=["cut", "empty", "shifted", "no loss", "no model"],
)
def test_another_table_is_damage(file, change, telling):
    """Not members with other numbers."""
    changed(file, change)
    with pytest.raises(DAMAGED, match=telling):
        read_members(file, tiny_ensemble()[0])


def test_two_models_in_one_place_are_damage(file):
    """Each has its rows together."""
    import pyarrow as pa

    def mixed(table):
        names = table["model"].to_pylist()
        names[1] = "b.keras"
        return table.set_column(0, "model", pa.array(names))

    changed(file, mixed)
    with pytest.raises(ValueError, match="of several models"):
        read_members(file, tiny_ensemble()[0])


def test_members_of_other_labels_are_refused(file):
    """They are of other images."""
    predictions, _ = tiny_ensemble()
    with pytest.raises(ValueError, match=r"rows of a\.keras are not those of the images"):
        read_members(file, replace(predictions, labels=np.roll(predictions.labels, 1)))
