"""What many tests share: the real main job, run once."""

import gc
import json
import os
import subprocess
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

# Those import keras, and no process of ours that is not a model's may: `test_with_keras` starts one for each file.
collect_ignore = [] if os.environ.get("WITH_KERAS") else ["with_keras"]

COMMAND = Path(sysconfig.get_path("scripts")) / "mnist-report"


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], str]) -> Path:
    """A folder that the first process of pytest-xdist to ask for it makes, and the others wait for.

    Args:
        factory: the folders of this process.
        name: of the folder.
        make: fills it, and gives the path within it to remember.
    """
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with FileLock(f"{folder}.lock"):
        path = Path(f"{folder}.path")
        if not path.exists():
            folder.mkdir(exist_ok=True)
            path.write_text(make(folder), "utf-8")
        return folder / path.read_text("utf-8")


@pytest.fixture(scope="module", autouse=True)
def frozen_garbage():
    """What is there before a file's tests is not searched for garbage again and again: a third of the work."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shipped_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished folder of `mnist-report run`, the installed command called without arguments in an empty folder."""

    def run(folder: Path) -> str:
        answer = subprocess.run([COMMAND, "run"], cwd=folder, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    return made_once(tmp_path_factory, "empty", run)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small Keras models, see keras_models.py; weights.npz holds the good one's."""
    import numpy as np
    from keras_models import build_models

    from mnist_report.model.process import ModelProcess, device_environment

    def build(folder: Path) -> str:
        with ModelProcess(build_models, folder, environment=device_environment("cpu")) as process:
            _, (kernel, bias) = process.receive("building the test models")
        np.savez(folder / "weights.npz", kernel=kernel, bias=bias)
        return ""

    return made_once(tmp_path_factory, "models", build)


@pytest.fixture(scope="module")
def parquet_read_here():
    """Other people's Parquet files are read in this process: some tests read hundreds, and a child takes a moment."""
    from mnist_report.data import parquet_process
    from mnist_report.data.parquet_process import Found

    class Here:
        """In place of `parquet_process.Child`."""

        def __init__(self, reader, path, _):
            self._answer = reader(path) if isinstance(reader, type) else partial(reader, path)

        def ask(self, *words, stored=None):  # noqa: ARG002
            found = self._answer(*words)
            return Found(json.loads(json.dumps(found.facts)), found.arrays)

        def close(self):
            images = getattr(self._answer, "_images", None)
            if images is not None:
                images.__exit__()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_process, "Child", Here)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """What a test printed may be no text, and pytest-xdist cannot send that from one process to another."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    # A file that pyarrow could not write is closed only when its error is forgotten.
    subprocess.run(["umount", "-l", str(folder)], check=True)
