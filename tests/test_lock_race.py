"""Twenty runs that are started at once: one at a time, and the history has those that finished."""

import re
from collections import Counter
from pathlib import Path

import pytest
from operating_work import PREDICTED, history_of, is_whole, runs_in, start, strangers, write_pets

RUNS = 20
SAID = re.compile(
    r"error: reports: another run holds it: process \d+ on \S+ since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
    r"\(mnist-report run [^\n]*\); wait for it with --wait SECONDS, or give another --reports\n"
)

pytestmark = pytest.mark.slow


def race(place, *options):
    """The status, stdout and stderr of each."""
    write_pets(place)
    processes = [start(place, *PREDICTED, *options) for _ in range(RUNS)]
    ended = []
    for process in processes:
        with process:
            out, err = process.communicate(timeout=600)
        ended.append((process.returncode, out.strip(), err))
    return ended


def test_of_twenty_at_once_the_others_end_with_5(tmp_path):
    """And say who holds the folder; a run that came so late that the first had finished is one more that finished."""
    ended = race(tmp_path)
    counts = Counter(status for status, _, _ in ended)
    print(f"statuses of {RUNS} runs at once: {dict(counts)}")
    assert counts.keys() <= {0, 5}
    assert counts[0] >= 1
    assert counts[5] >= 1
    assert [err for status, _, err in ended if status == 5 and not SAID.fullmatch(err)] == []
    finished = {Path(out).name for status, out, _ in ended if status == 0}
    assert len(finished) == counts[0]
    assert history_of(tmp_path / "reports") == runs_in(tmp_path / "reports") == finished
    assert strangers(tmp_path) == set()


def test_of_twenty_that_wait_all_finish(tmp_path):
    """One after the other."""
    ended = race(tmp_path, "--wait", "600")
    assert Counter(status for status, _, _ in ended) == {0: RUNS}, ended
    finished = {Path(out).name for _, out, _ in ended}
    assert len(finished) == RUNS
    assert history_of(tmp_path / "reports") == runs_in(tmp_path / "reports") == finished
    assert all(is_whole(tmp_path / "reports" / name) for name in finished)
    assert strangers(tmp_path) == set()
    print(f"{RUNS} runs that waited have all finished")
