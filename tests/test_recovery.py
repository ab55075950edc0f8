"""What a run that was killed has left is mended by the next one."""

import logging
import os
import shutil
from datetime import UTC, datetime

import pytest
from test_recording import everything
from tiny_run import RUN_ID, finished_run

from mnist_report.errors import OutputError
from mnist_report.runs.history import read_history
from mnist_report.runs.history_schema import NAME
from mnist_report.runs.recovery import rebuild, recover

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
OLDER, NEWER = "20250102T030405Z-pets_cnn-aaaaaa", "20270102T030405Z-pets_cnn-bbbbbb"
LEFT = (".index.html.0123abcd.unfinished", ".metrics.prom.0123abcd.unfinished", ".lock.json.0123abcd.unfinished")
THEIRS = (".unfinished", ".unfinished-notes", ".index.html.swp", "notes.txt", ".latest", ".unfinished-0123456789ab.txt")


@pytest.fixture
def reports(tmp_path):
    """A folder with one finished run."""
    finished_run(tmp_path)
    return tmp_path


@pytest.fixture
def mend(reports, caplog):
    """A function that mends and gives the warnings."""
    caplog.set_level(logging.INFO, "mnist_report")

    def call():
        caplog.clear()
        recover(reports, NOW)
        return [record.getMessage() for record in caplog.records]

    return call


def names(reports):
    return {path.name for path in reports.iterdir()}


def test_where_nothing_is_amiss_nothing_is_said_or_done(reports, mend):
    """The usual case."""
    before = names(reports), everything(reports)
    assert mend() == []
    assert (names(reports), everything(reports)) == before


def test_an_empty_folder_stays_empty(tmp_path):
    """No history without a run."""
    recover(tmp_path, NOW)
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_finished_is_removed_and_mentioned(reports, mend):
    """Folders, files and links by the names that only this program gives."""
    before = names(reports)
    (reports / ".unfinished-0123456789ab" / "frames").mkdir(parents=True)
    (reports / f".latest-{RUN_ID}").symlink_to(RUN_ID)
    for name in LEFT:
        (reports / name).touch()
    (said,) = mend()
    assert said.startswith(f"{reports}: removed what a run that was cut off had left: ")
    assert said.endswith(" and 2 more")
    assert names(reports) == before


def test_what_a_render_left_in_a_run_folder_is_removed_once_it_is_old(reports, mend):
    """A young one may be somebody's who is about to rename it."""
    left = reports / RUN_ID / ".report.pdf.0123abcd.unfinished"
    left.touch()
    assert mend() == []
    os.utime(left, (0, 0))
    assert mend() == [f"{reports}: removed what a render that was cut off had left: {RUN_ID}/{left.name}"]
    assert not left.exists()


def test_nothing_of_anybody_elses_is_removed(reports, mend):
    """Names that are nearly ours, and what is not what it should be."""
    for name in THEIRS:
        (reports / name).touch()
    (reports / LEFT[0]).mkdir()
    (reports / ".unfinished-0123456789ab").touch()
    (reports / f".latest-{RUN_ID}").mkdir()
    before = names(reports)
    assert mend() == []
    assert names(reports) == before


def test_a_link_is_not_followed(reports, mend, tmp_path_factory):
    """Neither removed with what it leads to, nor taken for a run."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "run.json").write_text("{}")
    (reports / ".unfinished-0123456789ab").symlink_to(elsewhere)
    (reports / NEWER).symlink_to(elsewhere)
    assert mend() == []
    assert (elsewhere / "run.json").exists()


def test_a_link_in_an_unfinished_folder_loses_nothing(reports, mend, tmp_path_factory):
    """Only the link goes."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine").touch()
    (reports / ".unfinished-0123456789ab").mkdir()
    (reports / ".unfinished-0123456789ab" / "link").symlink_to(elsewhere)
    assert len(mend()) == 1
    assert (elsewhere / "mine").exists()


def test_a_run_without_a_row_gets_it_back(reports, mend):
    """The same one."""
    before = everything(reports)
    (reports / NAME).unlink()
    (said,) = mend()
    assert "the history had missed 1 of the runs; it has them again" in said
    assert RUN_ID in said
    assert everything(reports) == before


def test_latest_leads_to_the_newest_run_again(reports, mend):
    """The crash came before it was moved on."""
    finished_run(reports, NEWER)
    for wrong in (RUN_ID, "gone"):
        (reports / "latest").unlink()
        (reports / "latest").symlink_to(wrong)
        # Both runs are of one second: the one that was recorded last is the newer one.
        assert mend() == [f"{reports / 'latest'}: led to {wrong}; it leads to the newest run again, {NEWER}"]
        assert str((reports / "latest").readlink()) == NEWER
    (reports / "latest").unlink()
    assert len(mend()) == 1
    assert str((reports / "latest").readlink()) == NEWER


def test_rows_of_runs_that_are_gone_stay(reports, mend):
    """The history outlives its folders, and `latest` leads to one that is there."""
    finished_run(reports, NEWER)
    shutil.rmtree(reports / NEWER)
    assert len(mend()) == 1
    assert {run.run_id for run in read_history(reports)} == {RUN_ID, NEWER}
    assert str((reports / "latest").readlink()) == RUN_ID


@pytest.mark.parametrize("damage", ["no database", "cut off", "a page", "other tables"])
def test_a_damaged_history_is_set_aside_and_made_anew(reports, mend, damage):
    """From the run folders; and said in one line."""
    finished_run(reports, NEWER)
    expected = {run.run_id for run in read_history(reports)}
    path = reports / NAME
    raw = bytearray(path.read_bytes())
    if damage == "no database":
        raw = b"no database" * 1000
    elif damage == "cut off":
        raw = raw[: len(raw) // 2]
    elif damage == "a page":
        raw[4096 * 2 : 4096 * 3] = b"\x55" * 4096
    else:
        raw = raw.replace(b"CREATE TABLE runs", b"CREATE TABLE nuns").replace(b"runs", b"nuns")
    path.write_bytes(raw)
    (reports / f"{NAME}-journal").write_bytes(b"")
    first, *_ = mend()
    aside = "history.sqlite.corrupt-20260203T040506Z"
    assert "damaged (" in first
    assert f"it is kept as {aside}, and a new one is made" in first
    assert (reports / aside).read_bytes() == raw
    assert {run.run_id for run in read_history(reports)} == expected
    assert mend() == []


def test_two_damaged_histories_are_both_kept(reports, mend):
    """Even of one second."""
    for _ in range(2):
        (reports / NAME).write_bytes(b"no database" * 1000)
        mend()
    assert len([name for name in names(reports) if "corrupt" in name]) == 2


def test_the_history_of_a_later_version_is_left_alone(reports, mend):
    """A run finishes all the same."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(reports / NAME)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (reports / NAME).read_bytes()
    (said,) = mend()
    assert "update mnist-report" in said
    finished_run(reports, NEWER)
    assert (reports / NEWER / "run.json").exists()
    assert (reports / NAME).read_bytes() == before
    assert str((reports / "latest").readlink()) == NEWER


def test_a_damaged_run_folder_is_named_and_left_alone(reports, mend):
    """The others get their rows."""
    finished_run(reports, NEWER)
    (reports / NEWER / "metrics.json").write_text("{")
    (reports / NAME).unlink()
    said = mend()
    assert any(NEWER in line and "the history goes without it" in line for line in said)
    assert [run.run_id for run in read_history(reports)] == [RUN_ID]
    assert (reports / NEWER).is_dir()


def test_rebuilding_gives_the_same_history(reports):
    """And keeps what only it knows."""
    finished_run(reports, OLDER)
    finished_run(reports, NEWER)
    shutil.rmtree(reports / OLDER)
    before = everything(reports)
    assert rebuild(reports, NOW) == (2, 1)
    assert everything(reports) == before


def test_what_cannot_be_mended_is_an_output_error(tmp_path):
    """Which names the path."""
    with pytest.raises(OutputError, match="gone: cannot be written"):
        recover(tmp_path / "gone", NOW)
