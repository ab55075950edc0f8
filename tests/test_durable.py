"""What must outlast a crash is synced before it is renamed."""

import errno
import os

import pytest

from mnist_report.report.write import write_reports
from mnist_report.runs import durable
from mnist_report.runs.durable import sync, sync_tree, write_durably
from mnist_report.runs.recovery import FILE


@pytest.fixture
def calls(monkeypatch):
    """The order of what the disk is asked for."""
    seen = []
    fsync, replace = os.fsync, durable.Path.replace

    def note_fsync(descriptor):
        seen.append(("sync", os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))))  # noqa: PTH115, PTH119
        fsync(descriptor)

    def note_replace(path, target):
        seen.append(("rename", target.name))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(durable.Path, "replace", note_replace)
    return seen


def test_a_file_is_synced_renamed_and_its_folder_synced(tmp_path, calls):
    """In this order; otherwise power loss leaves an empty file."""
    write_durably(tmp_path / "metrics.prom", b"new")
    (kind, name), *rest = calls
    assert (kind, FILE.fullmatch(name) is not None) == ("sync", True)
    assert rest == [("rename", "metrics.prom"), ("sync", tmp_path.name)]
    assert (tmp_path / "metrics.prom").read_bytes() == b"new"


def test_reports_are_synced_before_they_stand_in_for_older_ones(tmp_path, calls):
    """All of them, as they belong together."""
    write_reports(tmp_path, {"report.html": b"1", "report.pdf": b"2"})
    assert [kind for kind, _ in calls] == ["sync", "sync", "rename", "rename", "sync"]
    assert [name for _, name in calls[2:]] == ["report.html", "report.pdf", tmp_path.name]


def test_a_tree_is_synced_from_its_leaves_up(tmp_path, calls):
    """A folder after what is in it."""
    (tmp_path / "run" / "frames").mkdir(parents=True)
    (tmp_path / "run" / "frames" / "a.csv").touch()
    (tmp_path / "run" / "run.json").touch()
    sync_tree(tmp_path / "run")
    assert calls == [("sync", name) for name in ("a.csv", "frames", "run.json", "run")]


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    """And the error names the file."""
    (tmp_path / "metrics.prom").write_bytes(b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_durably(tmp_path / "metrics.prom", b"new")
    assert caught.value.filename == str(tmp_path / "metrics.prom")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"metrics.prom": b"old"}


def test_a_file_system_that_cannot_sync_folders_will_do(tmp_path, monkeypatch):
    """Some shares answer that they know no such thing."""
    asked = []

    def unknown(descriptor):
        asked.append(descriptor)
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unknown)
    sync(tmp_path)
    assert len(asked) == 1
