"""What runs on a worker, without Ray."""

import io
import tarfile
import tempfile

import pytest

from mnist_report.errors import ConfigError, ModelError
from mnist_report.model.store import identify_model, shipped_model
from mnist_report.ray_worker import Worker, pack, unpack


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.end()


def begin(worker, path, precision="float32"):
    """Load a model file."""
    return worker.begin(pack(path), identify_model(path), ("cpu", 8, precision), 1)


def test_a_model_that_cannot_be_loaded_is_the_error_of_a_local_run(worker, tmp_path):
    """It comes from a method: of a constructor that fails, Ray says no more than that the worker is lost."""
    pytest.importorskip("onnxruntime")
    (tmp_path / "mine.onnx").write_bytes(b"\x08\x07")
    with pytest.raises(ModelError, match=r"mine\.onnx: onnxruntime cannot load this model"):
        begin(worker, tmp_path / "mine.onnx")


def test_a_model_that_a_workers_disk_has_no_room_for_is_named(worker, small_disk, monkeypatch):
    """With the folder that is full."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with pytest.raises(ModelError, match=rf"mnist_cnn\.keras: cannot be copied to {small_disk}/.*No space left"):
        begin(worker, shipped_model())


def test_a_worker_that_failed_leaves_no_folder(tmp_path, monkeypatch):
    """Once it is told to end; and what was asked for in vain is said as in a local run."""
    model, scratch = tmp_path / "mine.onnx", tmp_path / "scratch"
    model.write_bytes(b"\x08\x07")
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    worker = Worker()
    with pytest.raises(ConfigError, match="bfloat16"):
        begin(worker, model, "bfloat16")
    assert list(scratch.iterdir()) != []
    worker.end()
    assert list(scratch.iterdir()) == []


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
