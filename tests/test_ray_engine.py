"""Shards on the workers of a Ray cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest
from conftest import COMMAND
from counted_work import write_shards
from fuzz_seeds import onnx_seed

from mnist_report import ray_engine
from mnist_report.errors import ConfigError, DeviceError, ModelError

ray_is_there = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import ray"], capture_output=True, check=False).returncode != 0,
    reason="Ray is not installed (extra ray)",
)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    return write_shards(tmp_path_factory.mktemp("data") / "shards", (500, 150, 500, 50, 1))


def run(folder, *options):
    """`mnist-report run` in a folder: its answer and the run folder."""
    folder.mkdir(exist_ok=True)
    answer = subprocess.run(
        [COMMAND, "run", "--format", "html", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    return answer, folder / (answer.stdout.strip() or "nothing")


def same_numbers(one, other):
    """All that follows from the predictions: the same bytes."""
    names = ["metrics.json", "kept.parquet", "images.npz", "summary.npz"]
    names += [f"frames/{path.name}" for path in sorted((one / "frames").iterdir())]
    differing = [name for name in names if (one / name).read_bytes() != (other / name).read_bytes()]
    assert differing == []
    return True


@ray_is_there
def test_two_workers_give_the_bytes_of_one_process(pattern, tmp_path):
    """Every table, and every row that is stored; the report differs in what it says of the run.

    The last shard has one image.
    """
    alone, first = run(tmp_path / "alone", "--data", pattern, "--no-predictions")
    shared, second = run(tmp_path / "shared", "--data", pattern, "--engine", "ray", "--workers", "2")
    assert alone.returncode == shared.returncode == 0, alone.stderr + shared.stderr
    assert same_numbers(first, second)
    engine = json.loads((second / "run.json").read_text("utf-8"))["engine"]
    assert engine.pop("seconds") > 0
    assert engine == {"name": "ray", "workers": 2, "shards": 5, "retries": 0, "predictions": True}
    assert shared.stderr.count("2 workers of Ray begin to load it") == 1
    assert "5 shards on 2 workers of Ray" in (second / "report.html").read_text("utf-8")
    assert "Token" not in shared.stderr
    from pyarrow import parquet

    assert parquet.read_table(second / "predictions.parquet")["index"].to_pylist() == list(range(1_201))


@pytest.mark.parametrize(
    ("wanted", "gpus", "cpus", "shards", "expected"),
    [(4, 0, 2, 1, 1), (4, 0, 2, 9, 4), (None, 8, 64, 3, 3), (None, 0, 32, 9, 8), (None, 0, 2, 9, 1), (2, 0, 2, 0, 1)],
)
def test_there_are_no_more_workers_than_shards(wanted, gpus, cpus, shards, expected):
    """Whoever got none would load the model, a gigabyte, and idle."""
    assert ray_engine.crew_size(wanted, gpus, cpus, shards) == expected


@ray_is_there
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere.invalid:6379"])
def test_a_cluster_that_is_not_there_is_said_at_once(tmp_path, address):
    """Status 3, within seconds."""
    began = time.monotonic()
    answer, _ = run(tmp_path, "--engine", "ray", "--ray-address", address)
    assert answer.returncode == DeviceError.exit_status, answer.stderr
    assert f"--ray-address {address}: no cluster answers" in answer.stderr.splitlines()[-1]
    assert time.monotonic() - began < 60


@ray_is_there
@pytest.mark.parametrize("fault", ["model", "data"])
def test_what_fails_on_a_worker_ends_as_a_local_run(tmp_path, fault):
    """With its status and its line: while the model is loaded, and while a shard is read."""
    pytest.importorskip("onnxruntime")
    (tmp_path / "mine.onnx").write_bytes(b"\x08\x07" if fault == "model" else onnx_seed())
    pattern = write_shards(tmp_path / "shards", (60, 50))
    if fault == "data":
        damaged = tmp_path / "shards" / "part-001.parquet"
        content = damaged.read_bytes()
        damaged.write_bytes(content[:100] + bytes(2_000) + content[2_100:])
    options = ("--model", str(tmp_path / "mine.onnx"), "--data", pattern)
    alone, _ = run(tmp_path / "alone", *options, "--no-predictions")
    shared, _ = run(tmp_path / "shared", *options, "--engine", "ray", "--workers", "1")
    assert (alone.returncode, shared.returncode) == (3, 3), alone.stderr + shared.stderr
    assert shared.stderr.splitlines()[-1] == alone.stderr.splitlines()[-1]
    assert "lost" not in shared.stderr


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("a precision"),
        ModelError("a model"),
        OSError(28, "No space left on device", "scratch"),
        MemoryError("no memory"),
        ValueError("a bug"),
    ],
)
def test_an_error_of_a_worker_is_raised_here_as_it_was_there(monkeypatch, error):
    """The same class, so the same status; a full disk is no bug of ours."""
    ray = pytest.importorskip("ray")
    from ray.exceptions import RayTaskError

    def fail(_):
        raise RayTaskError("count", "its traceback", error, "a worker", 1, "10.0.0.5").as_instanceof_cause()

    monkeypatch.setattr(ray, "get", fail)
    with pytest.raises(type(error)) as caught:
        ray_engine._get("a reference")
    assert type(caught.value) is type(error)
    assert (str(caught.value), caught.value.args) == (str(error), error.args)


def workers_of(root: int, doing: str = "") -> dict[int, int]:
    """The processes of Ray's workers below one that are at a method now, or all; each with what started it.

    That is one process for each machine. What a worker itself starts is called like it for a moment.
    """
    title = f"ray::Worker.{doing}" if doing else "ray::Worker"
    children: dict[int, list[int]] = {}
    names = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat, command = (path / "stat").read_text(), (path / "cmdline").read_bytes()
        except OSError:
            continue
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(path.name))
        names[int(path.name)] = command
    found, queue = {}, deque([root])
    while queue:
        parent = queue.popleft()
        below = children.get(parent, [])
        queue += below
        if not names.get(parent, b"").startswith(b"ray::"):
            found |= {pid: parent for pid in below if names.get(pid, b"").startswith(title.encode())}
    return found


def test_a_machine_without_this_program_is_said(monkeypatch):
    """Status 3 with the reason alone, at once: to try again would not help."""
    ray = pytest.importorskip("ray")
    from ray.exceptions import ActorDiedError, RayTaskError

    def fail(_):
        trace = "Traceback\n  File somewhere\nModuleNotFoundError: No module named 'mnist_report'\n"
        raise ActorDiedError.from_task_error(RayTaskError("Worker", trace, ImportError(), "a worker", 1, "10.0.0.5"))

    monkeypatch.setattr(ray, "get", fail)
    with pytest.raises(DeviceError, match=r"cannot begin \(ModuleNotFoundError: No module .*\); install"):
        ray_engine._get("a reference")


CLUSTER = """
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 8, "include_dashboard": False})
cluster.add_node(num_cpus=8)
print(cluster.address, flush=True)
input()
cluster.shutdown()
"""


@pytest.mark.slow
@ray_is_there
def test_workers_are_spread_over_the_machines_of_a_cluster_that_is_there(pattern, tmp_path):
    """Two of eight CPUs each: either gets a worker; the numbers are those of one process, and the cluster stays."""
    pytest.importorskip("onnxruntime")
    (tmp_path / "mine.onnx").write_bytes(onnx_seed())
    options = ("--model", str(tmp_path / "mine.onnx"), "--data", pattern)
    alone, expected = run(tmp_path / "alone", *options, "--no-predictions")
    assert alone.returncode == 1, alone.stderr  # it was never trained
    command = [sys.executable, "-c", CLUSTER]
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as there:
        address = there.stdout.readline().strip()
        shared = [COMMAND, "run", "--format", "html", *options, "--engine", "ray", "--workers", "2"]
        with subprocess.Popen(
            [*shared, "--ray-address", address], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            machines = set()
            while process.poll() is None:
                machines |= set(workers_of(there.pid).values())
                time.sleep(0.02)
            printed, said = process.communicate()
        assert there.poll() is None
        there.communicate("\n")
    assert process.returncode == 1, said
    assert same_numbers(expected, tmp_path / printed.strip())
    assert len(machines) == 2


def kill_one(process, doing):
    """SIGKILL to a worker that is at a method now; which one, or None where the command has ended before."""
    while process.poll() is None:
        for victim in workers_of(process.pid, doing):
            os.kill(victim, signal.SIGKILL)
            return victim
        time.sleep(0.01)
    return None


@pytest.mark.slow
@ray_is_there
def test_a_killed_worker_changes_nothing(tmp_path):
    """Five times SIGKILL in the middle: the run goes on, and its numbers are the same bytes."""
    pattern = write_shards(tmp_path / "shards", (400,) * 20)
    alone, expected = run(tmp_path / "alone", "--data", pattern, "--no-predictions")
    assert alone.returncode == 0, alone.stderr
    killed = 0
    # Both while they look at the first images and while they count.
    for attempt, doing in enumerate(["count", "predict", "count", "count", "count"]):
        folder = tmp_path / f"killed-{attempt}"
        folder.mkdir()
        command = [COMMAND, "run", "--format", "html", "--data", pattern, "--engine", "ray", "--workers", "2"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen([*command, "-v"], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        victim = kill_one(process, doing)
        printed, _ = process.communicate(timeout=300)
        text = (folder / "log").read_text("utf-8")
        assert process.returncode == 0, text
        assert same_numbers(expected, folder / printed.strip())
        engine = json.loads((folder / printed.strip() / "run.json").read_text("utf-8"))["engine"]
        assert engine["shards"] == 20
        assert engine["retries"] == text.count("a worker was lost over shard") <= (doing == "count")
        killed += text.count("a worker was lost over")
        print(f"{attempt}: killed {victim} at {doing}; {engine}; the same bytes as of one process")
    assert killed >= 4  # one may have had its answer handed over


@pytest.mark.slow
@ray_is_there
def test_a_shard_that_no_worker_survives_ends_the_run(tmp_path):
    """Status 3 after so many tries, with its name; it is not tried for ever."""
    pytest.importorskip("onnxruntime")
    (tmp_path / "mine.onnx").write_bytes(onnx_seed())
    pattern = write_shards(tmp_path / "shards", (5_000,))
    command = [COMMAND, "run", "--model", "mine.onnx", "--data", pattern, "--engine", "ray", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    killed = set()
    # Until the command ends: one that is dying may be hit several times.
    while (victim := kill_one(process, "count")) is not None:
        killed.add(victim)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 3, said
    assert "4 workers were lost over shard 0, part-000.parquet rows 0-4999" in said.splitlines()[-1]
    assert len(killed) == 4


@pytest.mark.slow
@ray_is_there
def test_an_interrupted_run_leaves_no_process(pattern, tmp_path):
    """Status 130, and the cluster has gone with it."""
    with (tmp_path / "log").open("w") as log:
        command = [COMMAND, "run", "--data", pattern, "--engine", "ray", "--workers", "2"]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=log)
    while not workers_of(process.pid):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    time.sleep(3)
    here = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path) in _command(path)]
    assert here == []


def _command(path):
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""
