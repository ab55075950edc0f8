"""Runs that are killed at any moment: nothing half-written is ever taken for a run, and nothing that finished is lost.

KILLS and MODEL_KILLS in the environment set other numbers, for a first look.
"""

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from operating_work import PREDICTED, QUICK, finish, history_of, is_whole, runs_in, start, strangers, write_pets

KILLS, MODEL_KILLS = int(os.environ.get("KILLS", "190")), int(os.environ.get("MODEL_KILLS", "10"))
WORKERS = 2
# Every third kill is aimed at the moment in which a run is published.
AIMED = 3
MODEL = ("run", "--format", "html")

pytestmark = pytest.mark.slow


def children_of(pid):
    """The process that holds the model, where there is one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and "spawn_main" in (path / "cmdline").read_text():
                found.append(int(path.name))
        except (OSError, ValueError):
            continue
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def is_gone(pid):
    """Whether a process has ended, or only waits for somebody to ask for its status."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def wait_for_publication(process, reports, pause):
    """Wait until the manifest is written, the last file of a run, and then a moment."""
    while process.poll() is None and not any(reports.glob(".unfinished-*/manifest.json")):
        time.sleep(0.001)
    time.sleep(pause)


def whole_runs(reports, known):
    """The runs that can be seen; those that are new are whole."""
    seen = runs_in(reports)
    assert {name for name in seen - known if not is_whole(reports / name)} == set()
    return seen


def check_after(place, seen, counts):
    """The next run succeeds, and all is as if nothing had happened; returns the runs."""
    reports = place / "reports"
    counts["leftovers"] += bool(reports.is_dir() and any(path.name.startswith(".unf") for path in reports.iterdir()))
    missed = seen - history_of(reports)
    status, out, err = finish(place, *QUICK)
    assert (status, "Traceback" in err) == (0, False), err
    now = whole_runs(reports, seen)
    assert seen < now
    assert now - seen == {Path(out.strip()).name}
    assert history_of(reports) == now
    assert all(name in err for name in missed)
    counts["rows given back"] += len(missed)
    assert strangers(place) == set()
    assert (reports / "latest").readlink() == Path(Path(out.strip()).name)
    return now


def kill_runs(place, moments):
    """Kill a run at each of these moments (a negative one: so long after it began to be published)."""
    write_pets(place)
    counts, seen, reports = Counter(), set(), place / "reports"
    for moment in moments:
        ended, sooner = True, moment
        while ended:
            with start(place, *PREDICTED) as process:
                if moment < 0:
                    wait_for_publication(process, reports, -sooner)
                else:
                    time.sleep(sooner)
                ended = process.poll() is not None
                process.kill()
                process.communicate()
            # What came too late does not count, and comes sooner the next time.
            sooner *= 0.8
            counts["came too late" if ended else "kills"] += 1
            now = whole_runs(reports, seen)
            counts["killed after the run was published"] += len(now - seen) if not ended else 0
            seen = check_after(place, now, counts)
    counts["runs"] = len(seen)
    return counts


def test_runs_that_are_killed_at_any_moment(tmp_path):
    """Zero half-written folders, zero lost rows; the next run succeeds and cleans up."""
    places = [tmp_path / str(k) for k in range(WORKERS)]
    for place in places:
        place.mkdir()
    write_pets(tmp_path)
    began = time.monotonic()
    finish(tmp_path, *PREDICTED)
    took = 1.4 * (time.monotonic() - began)  # two at once
    draw = np.random.default_rng(7)
    moments = [-draw.uniform(0, 0.15) if k % AIMED == 0 else took * (k + draw.random()) / KILLS for k in range(KILLS)]
    draw.shuffle(moments)
    with ThreadPoolExecutor(WORKERS) as pool:
        counts = sum(pool.map(kill_runs, places, (moments[k::WORKERS] for k in range(WORKERS))), Counter())
    print(f"a run takes about {took:.1f} s; {dict(counts)}")
    assert counts["kills"] == KILLS


def test_runs_of_a_model_that_are_killed(tmp_path):
    """The parent, the model's process, or both; a child never outlives its parent."""
    write_pets(tmp_path)
    began = time.monotonic()
    finish(tmp_path, *MODEL)
    took = time.monotonic() - began
    draw, counts, reports = np.random.default_rng(8), Counter(), tmp_path / "reports"
    seen = whole_runs(reports, set())
    for k in range(MODEL_KILLS):
        whom = ("parent", "child", "both")[k % 3]
        with start(tmp_path, *MODEL) as process:
            time.sleep(max(1.0, took * (k + draw.random()) / MODEL_KILLS))
            children = children_of(process.pid)
            kill(children if whom == "child" and children else [process.pid, *(children if whom == "both" else ())])
            _, err = process.communicate(timeout=60)
        counts[f"kills of {whom}"] += 1
        counts["with a child"] += bool(children)
        assert "Traceback" not in err, err
        until = time.monotonic() + 10
        while not all(map(is_gone, children)):
            assert time.monotonic() < until, "the model's process lives on"
            time.sleep(0.05)
        seen = check_after(tmp_path, whole_runs(reports, seen), counts)
    print(f"a run takes about {took:.1f} s; {dict(counts)}")
    assert finish(tmp_path, *MODEL)[0] == 0
