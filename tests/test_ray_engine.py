"""Shards on the workers of a Ray cluster."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections import deque
from pathlib import Path

import pytest
from conftest import COMMAND
from counted_work import write_shards

from mnist_report.engines import Engine
from mnist_report.errors import ConfigError, DeviceError
from mnist_report.model.store import identify_model, shipped_model
from mnist_report.ray_engine import ray_engine
from mnist_report.ray_worker import pack, unpack

ray_is_there = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import ray"], capture_output=True, check=False).returncode != 0,
    reason="Ray is not installed (extra ray)",
)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    return write_shards(tmp_path_factory.mktemp("data") / "shards", (500, 150, 500, 50))


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
    """Every table, and every row that is stored; the report differs in what it says of the run."""
    alone, first = run(tmp_path / "alone", "--data", pattern, "--no-predictions")
    shared, second = run(tmp_path / "shared", "--data", pattern, "--engine", "ray", "--workers", "2")
    assert alone.returncode == shared.returncode == 0, alone.stderr + shared.stderr
    assert same_numbers(first, second)
    engine = json.loads((second / "run.json").read_text("utf-8"))["engine"]
    assert engine.pop("seconds") > 0
    assert engine == {"name": "ray", "workers": 2, "shards": 4, "retries": 0, "predictions": True}
    assert "4 shards on 2 workers of Ray" in (second / "report.html").read_text("utf-8")
    assert "Token" not in shared.stderr
    from pyarrow import parquet

    assert parquet.read_table(second / "predictions.parquet")["index"].to_pylist() == list(range(1_200))


def test_without_ray_the_extra_is_named(monkeypatch):
    """Status 2."""
    monkeypatch.setitem(sys.modules, "ray", None)
    model = identify_model(shipped_model())
    with (
        pytest.raises(ConfigError, match=r"pip install 'mnist-report\[ray\]'"),
        ray_engine(model, "cpu", 500, "float32", Engine()),
    ):
        pass


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
def test_data_that_must_be_read_from_the_beginning_are_refused(tmp_path):
    """A gzipped file of many shards has no middle; status 2 with what to do."""
    import numpy as np
    from makers import write_idx_folder

    images = np.zeros((70_000, 4, 4), np.uint8)
    folder = write_idx_folder(tmp_path / "idx", images, np.zeros(70_000, np.uint8), suffix=".gz")
    answer, _ = run(tmp_path / "run", "--engine", "ray", "--workers", "1", "--data", str(folder))
    assert answer.returncode in {2, 3}, answer.stderr


@pytest.mark.parametrize("folder", [False, True])
def test_a_model_is_sent_as_it_is(tmp_path, folder):
    """A file, or a folder with all that is in it."""
    there = tmp_path / "model"
    if folder:
        (there / "variables").mkdir(parents=True)
        (there / "variables" / "data").write_bytes(b"weights")
    else:
        there.write_bytes(b"weights")
    (tmp_path / "elsewhere").mkdir()
    copy = unpack(pack(there), tmp_path / "elsewhere")
    assert (copy / "variables" / "data" if folder else copy).read_bytes() == b"weights"


def test_what_leads_out_of_the_folder_is_not_unpacked(tmp_path):
    """Whoever packed it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack(buffer.getvalue(), tmp_path)


def workers_of(parent: int) -> list[int]:
    """The processes of Ray's workers that hold a model, below a command."""
    children: dict[int, list[int]] = {}
    names = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat, command = (path / "stat").read_text(), (path / "cmdline").read_bytes()
        except OSError:
            continue
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(path.name))
        names[int(path.name)] = command
    found, queue = [], deque([parent])
    while queue:
        below = children.get(queue.popleft(), [])
        queue += below
        found += [pid for pid in below if names.get(pid, b"").startswith(b"ray::Worker")]
    return found


@pytest.mark.slow
@ray_is_there
def test_a_killed_worker_changes_nothing(tmp_path):
    """Five times SIGKILL in the middle: the run goes on, and its numbers are the same bytes."""
    pattern = write_shards(tmp_path / "shards", (400,) * 20)
    alone, expected = run(tmp_path / "alone", "--data", pattern, "--no-predictions")
    assert alone.returncode == 0, alone.stderr
    killed = 0
    for attempt in range(5):
        folder = tmp_path / f"killed-{attempt}"
        folder.mkdir()
        command = [COMMAND, "run", "--format", "html", "--data", pattern, "--engine", "ray", "--workers", "2"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen([*command, "-v"], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        while "pixels" not in (folder / "log").read_text("utf-8") and process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5 + 0.3 * attempt)
        victims = workers_of(process.pid)
        os.kill(victims[attempt % len(victims)], signal.SIGKILL)
        printed, _ = process.communicate(timeout=300)
        text = (folder / "log").read_text("utf-8")
        assert process.returncode == 0, text
        assert same_numbers(expected, folder / printed.strip())
        retries = json.loads((folder / printed.strip() / "run.json").read_text("utf-8"))["engine"]["retries"]
        killed += retries
        assert retries == text.count("a worker was lost over") <= 1
        print(f"{attempt}: pid {victims}, retries {retries}")
    assert killed >= 4  # one may have been between two shards


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
