"""Old run folders go: on real folders."""

import json
import shutil
import subprocess
import sys
from datetime import datetime

import pytest
from privileges import humble
from tiny_run import finished_run

from mnist_report.errors import OutputError
from mnist_report.pruning import PRUNED, baseline_runs, prune, remove, survey
from mnist_report.report.index import write_index
from mnist_report.runs import baseline as baselines
from mnist_report.runs.folder import read_run
from mnist_report.runs.retention import Policy


def add_run(reports, day, verdict="PASS", **facts):
    """A published run of that day of January 2026; its name."""
    created = datetime.fromisoformat(f"2026-01-{day:02}T02:00:00+00:00")
    name = f"{created:%Y%m%dT%H%M%SZ}-pets_cnn-{day:06x}"
    path = finished_run(reports, name) / "run.json"
    known = json.loads(path.read_text("utf-8"))
    ends = {"run_id": name, "created": created.isoformat(), "status": "finished", "verdict": verdict}
    path.write_text(json.dumps(known | ends | facts), "utf-8")
    return name


@pytest.fixture(scope="module")
def four_runs(tmp_path_factory):
    """Four runs, their list, and what else may be in such a folder."""
    folder = tmp_path_factory.mktemp("four") / "reports"
    for day in range(1, 5):
        add_run(folder, day, "FAIL" if day == 1 else "PASS")
    write_index(folder)
    (folder / "example").mkdir()
    (folder / "example" / "run.json").write_text("{}", "utf-8")
    (folder / ".unfinished-0123456789ab").mkdir()
    return folder


@pytest.fixture
def reports(four_runs, tmp_path):
    """A copy of them that may be changed."""
    return shutil.copytree(four_runs, tmp_path / "reports", symlinks=True)


def days(reports):
    """Of the runs that are there."""
    return sorted(int(path.name[6:8]) for path in reports.glob("2*"))


def name_of(reports, day):
    """The run of that day."""
    (found,) = reports.glob(f"202601{day:02}*")
    return found.name


def test_what_no_rule_keeps_is_gone(reports):
    """And the others are there as they were."""
    prune(reports, Policy(keep=2), None, dry_run=False)
    assert days(reports) == [3, 4]
    for run in reports.glob("2*"):
        read_run(run)


def test_all_else_stays(reports):
    """The example, the history, what another process is writing."""
    prune(reports, Policy(keep=0), None, dry_run=False)
    others = {"example", "history.sqlite", ".unfinished-0123456789ab", "index.html", "latest"}
    assert {path.name for path in reports.iterdir()} == others | {name_of(reports, 4)}


def test_a_dry_run_decides_the_same_and_changes_nothing(reports):
    """Not even a time."""
    before = {path: path.lstat().st_mtime_ns for path in reports.rglob("*")}
    tried = prune(reports, Policy(keep=2), None, dry_run=True)
    assert {path: path.lstat().st_mtime_ns for path in reports.rglob("*")} == before
    assert tried == prune(reports, Policy(keep=2), None, dry_run=False)


def test_the_list_of_runs_is_written_again(reports):
    """Without a link that leads nowhere."""
    gone = name_of(reports, 1)
    assert gone in (reports / "index.html").read_text("utf-8")
    prune(reports, Policy(keep=2), None, dry_run=False)
    assert gone not in (reports / "index.html").read_text("utf-8")


def test_latest_never_dangles(reports):
    """Even where it points at an older run, because the clock was wrong once."""
    (reports / "latest").unlink()
    (reports / "latest").symlink_to(name_of(reports, 2))
    prune(reports, Policy(keep=1), None, dry_run=False)
    assert days(reports) == [2, 4]
    assert (reports / "latest").exists()


def test_failed_runs_stay_where_that_is_wanted(reports):
    """The first one."""
    prune(reports, Policy(keep=1, keep_failed=True), None, dry_run=False)
    assert days(reports) == [1, 4]


def test_sizes_are_those_of_the_files(reports):
    """Of all of them."""
    for run in survey(reports).runs:
        files = [path for path in (reports / run.run_id).rglob("*") if path.is_file()]
        assert run.size == sum(len(path.read_bytes()) for path in files)


def test_the_run_of_the_accepted_baseline_stays(reports, tmp_path):
    """The baseline folder names it."""
    accepted = tmp_path / "baseline"
    baselines.accept(reports / name_of(reports, 2), accepted, by="Kim", why="to have one", when="now")
    prune(reports, Policy(keep=1), accepted, dry_run=False)
    assert days(reports) == [2, 4]


@pytest.mark.parametrize("what", ["", "predictions.parquet"])
def test_a_run_that_is_the_baseline_stays(reports, what):
    """Given as its folder, or as its predictions."""
    prune(reports, Policy(keep=1), reports / name_of(reports, 2) / what, dry_run=False)
    assert days(reports) == [2, 4]


def test_the_baseline_may_be_a_link_to_a_run(reports, tmp_path):
    """What it leads to stays."""
    (tmp_path / "good").symlink_to(reports / name_of(reports, 2))
    prune(reports, Policy(keep=1), tmp_path / "good", dry_run=False)
    assert days(reports) == [2, 4]


def test_a_run_elsewhere_protects_nothing_here(reports, tmp_path):
    """Only its folder counts."""
    other = tmp_path / "other" / name_of(reports, 2)
    shutil.copytree(reports / name_of(reports, 2), other)
    assert baseline_runs(reports, other) == frozenset()


@pytest.mark.parametrize("content", ["", "{", "{}", "[]"])
def test_a_baseline_that_cannot_be_read_stops_all(reports, tmp_path, content):
    """Nobody knows which run it is."""
    (tmp_path / "baseline").mkdir()
    (tmp_path / "baseline" / "baseline.json").write_text(content, "utf-8")
    with pytest.raises(OutputError, match=r"baseline\.json: cannot be read"):
        prune(reports, Policy(keep=1), tmp_path / "baseline", dry_run=False)
    assert days(reports) == [1, 2, 3, 4]


@pytest.mark.parametrize("content", [None, b"", b"{", b"{}", b"[]", b"\xff"])
def test_a_damaged_run_stays_and_is_named(reports, content):
    """Somebody may want to look at it."""
    path = reports / name_of(reports, 1) / "run.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    pruned = prune(reports, Policy(keep=1), None, dry_run=False)
    assert [folder.name for folder in pruned.damaged] == [path.parent.name]
    assert days(reports) == [1, 4]


def test_a_copy_under_another_name_stays_and_is_named(reports):
    """Its run.json is of another run."""
    copy = reports / "20250101T000000Z-copy-abcdef"
    shutil.copytree(reports / name_of(reports, 3), copy)
    pruned = prune(reports, Policy(keep=1), None, dry_run=False)
    assert [folder.problem for folder in pruned.damaged] == ["its run.json is of another run"]
    assert copy.is_dir()


def test_a_link_that_is_named_like_a_run_is_none(reports, tmp_path):
    """What it leads to is not ours."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(reports / name_of(reports, 1), elsewhere)
    link = reports / "20250101T000000Z-link-abcdef"
    link.symlink_to(elsewhere)
    prune(reports, Policy(keep=0), None, dry_run=False)
    assert link.is_symlink()
    assert (elsewhere / "run.json").exists()


@pytest.mark.parametrize("name", ["notes", "20250101T000000Z-x-abcde", "20250101T000000Z-x y-abcdef", "2025-backup"])
def test_a_folder_of_another_name_is_none(reports, name):
    """Whatever is in it."""
    shutil.copytree(reports / name_of(reports, 1), reports / name)
    pruned = prune(reports, Policy(keep=0), None, dry_run=False)
    assert (reports / name / "run.json").exists()
    assert pruned.damaged == ()


def test_links_in_a_run_are_removed_as_links(reports, tmp_path):
    """Not what they lead to."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x", "utf-8")
    (reports / name_of(reports, 1) / "link").symlink_to(tmp_path / "kept")
    prune(reports, Policy(keep=1), None, dry_run=False)
    assert (tmp_path / "kept" / "file").exists()


def test_what_a_crash_left_is_removed_the_next_time(reports):
    """Whatever is decided then."""
    left = reports / f"{PRUNED}{name_of(reports, 1)}"
    (reports / name_of(reports, 1)).rename(left)
    prune(reports, Policy(keep=9), None, dry_run=False)
    assert not left.exists()
    assert days(reports) == [2, 3, 4]


def test_a_hidden_folder_that_is_not_ours_stays(reports):
    """Only what is named as we name it."""
    (reports / ".pruned-by-hand").mkdir()
    remove(reports, ())
    assert (reports / ".pruned-by-hand").is_dir()


@pytest.mark.parametrize("after", [1, 2, 5, 40])
def test_a_kill_leaves_whole_runs_alone(reports, after):
    """Killed at any moment: each visible folder is a whole run, and `latest` leads to one."""
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from mnist_report.pruning import prune\n"
        "from mnist_report.runs.retention import Policy\n"
        "left = int(sys.argv[2])\n"
        "def count(event, arguments):\n"
        "    global left\n"
        "    if event in {'os.rename', 'os.remove', 'os.rmdir', 'shutil.rmtree'}:\n"
        "        left -= 1\n"
        "        if left < 0: os.kill(os.getpid(), 9)\n"
        "sys.addaudithook(count)\n"
        "prune(Path(sys.argv[1]), Policy(keep=1), None, dry_run=False)\n"
    )
    answer = subprocess.run([sys.executable, "-c", script, str(reports), str(after)], check=False)
    assert answer.returncode == -9
    for run in reports.glob("2*"):
        read_run(run)
    assert (reports / "latest").resolve().name == name_of(reports, 4)
    prune(reports, Policy(keep=1), None, dry_run=False)
    assert days(reports) == [4]
    assert not list(reports.glob(f"{PRUNED}*"))


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """And not made."""
    with pytest.raises(OutputError, match="nowhere: cannot be read"):
        prune(tmp_path / "nowhere", Policy(keep=1), None, dry_run=False)
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_removed_is_named(reports):
    """By a user who may not write there."""
    script = (
        "from pathlib import Path\n"
        "from mnist_report.errors import OutputError\n"
        "from mnist_report.pruning import prune\n"
        "from mnist_report.runs.retention import Policy\n"
        "try: prune(Path('.'), Policy(keep=1), None, dry_run=False)\n"
        "except OutputError as error: print(error)\n"
    )
    reports.chmod(0o555)
    command = humble(sys.executable, "-c", script)
    said = subprocess.run(command, cwd=reports, capture_output=True, text=True, check=False)
    reports.chmod(0o755)
    assert said.stdout.rstrip().endswith(": cannot be removed: Permission denied"), said.stderr
    assert days(reports) == [1, 2, 3, 4]


def test_a_run_of_the_future_is_the_newest(reports):
    """A clock that was wrong makes a run that stays; `latest` stays beside it."""
    add_run(reports, 31)
    (reports / "latest").unlink()
    (reports / "latest").symlink_to(name_of(reports, 4))
    prune(reports, Policy(keep=0), None, dry_run=False)
    assert days(reports) == [4, 31]
