"""frames/trend.csv and trend.npz."""

import csv

import numpy as np
import pytest
from gate_work import HOSTILE_TEXTS
from hypothesis import given
from hypothesis import strategies as st
from past_runs import nights, past_run

from mnist_report.runs.trend_file import IMAGES, TABLE, read_trend, trend_files


def write(folder, past):
    """The two files, in a run folder."""
    (folder / "frames").mkdir(exist_ok=True)
    for name, content in trend_files(past).items():
        (folder / name).write_bytes(content)
    return folder


def same(one, other):
    """Two runs, to the last bit."""
    facts = [(run.run_id, run.created, run.model, run.outcome, run.accuracy) for run in (one, other)]
    rights = [None if run.right is None else run.right.tolist() for run in (one, other)]
    return facts[0] == facts[1] and rights[0] == rights[1]


@given(
    rights=st.lists(st.none() | st.lists(st.booleans(), min_size=1, max_size=20), min_size=1, max_size=6),
    outcome=st.sampled_from(["", "PASS", "FAIL"]),
)
def test_earlier_runs_are_read_as_they_were_written(tmp_path_factory, rights, outcome):
    """Also those of which little is known."""
    past = [past_run(f"r{k}", None if r is None else np.array(r), outcome=outcome) for k, r in enumerate(rights)]
    found = read_trend(write(tmp_path_factory.mktemp("run"), past))
    assert [same(*pair) for pair in zip(past, found, strict=True)] == [True] * len(past)


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS if "\ud800" not in text], ids=repr)
def test_a_model_may_be_called_anything(tmp_path, text):
    """Also with line breaks and quotes."""
    found = read_trend(write(tmp_path, [past_run("r", None, model=text)]))
    assert found[0].model.splitlines() == text.splitlines()


def test_the_table_opens_in_pandas(tmp_path):
    """The oldest first."""
    import pandas as pd

    past = nights(3, 50)
    table = pd.read_csv(write(tmp_path, past) / TABLE)
    assert table["run_id"].tolist() == ["night-0", "night-1", "night-2"]
    assert table["accuracy"].tolist() == [run.right.mean() for run in past]


def test_ten_thousand_images_take_little_space():
    """1.25 kB a run."""
    assert len(trend_files(nights(30, 10_000))[IMAGES]) < 30 * 1_600


def test_without_earlier_runs_there_are_no_files(tmp_path):
    """The first run of all."""
    assert (trend_files(()), read_trend(tmp_path)) == ({}, ())


def test_the_same_runs_give_the_same_bytes():
    """Else no report could be compared with another."""
    assert trend_files(nights(3, 50)) == trend_files(nights(3, 50))


@pytest.mark.parametrize("shape", [(3,), (2,)], ids=["one too many", "right"])
def test_files_that_do_not_fit_together_are_an_error(tmp_path, shape):
    """As much as a damaged one."""
    write(tmp_path, nights(2, 50))
    np.savez(tmp_path / IMAGES, sizes=np.full(shape, 50), **{"0": np.zeros(6, np.uint8), "1": np.zeros(7, np.uint8)})
    with pytest.raises(ValueError, match=IMAGES):
        read_trend(tmp_path)


def test_a_table_without_its_images_is_an_error(tmp_path):
    """The drift could not be decided again."""
    (write(tmp_path, nights(2, 50)) / IMAGES).unlink()
    with pytest.raises(FileNotFoundError):
        read_trend(tmp_path)


def test_a_row_that_is_cut_off_is_an_error(tmp_path):
    """No guess at what it was."""
    write(tmp_path, nights(2, 50))
    rows = list(csv.reader((tmp_path / TABLE).read_text("utf-8").splitlines()))
    (tmp_path / TABLE).write_text("\n".join(",".join(row[:3]) for row in rows) + "\n", "utf-8")
    with pytest.raises((ValueError, LookupError, TypeError)):
        read_trend(tmp_path)
