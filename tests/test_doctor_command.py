"""`mnist-report doctor` on a healthy machine and on three broken ones, each broken by real means."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hidden_libraries import hiding
from privileges import humble

from mnist_report.cli import run_cli

DOCTOR = (sys.executable, "-m", "mnist_report", "doctor")
PROBED = {
    *("configuration", "Python", "disk", "write access", "temporary", "clock", "model", "data", "gates"),
    *("Pango", "HarfBuzz", "fonts", "GPU driver", "backend", "device"),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder, with answers that need no model; and no settings from outside."""
    for name in os.environ:
        if name.startswith("MNIST_REPORT_") or name in {"SOURCE_DATE_EPOCH", "NO_COLOR"}:
            monkeypatch.delenv(name)
    np.savez(tmp_path / "answers.npz", predicted=[0, 1, 2], labels=[0, 1, 2])
    monkeypatch.chdir(tmp_path)
    return tmp_path


# With these TensorFlow is not needed, which takes seconds to start.
QUICK = ("--predictions", "answers.npz", "--data", "none")


def examined(command, cwd):
    """The exit status, and each check by its name."""
    answer = subprocess.run([*command, "--json"], cwd=cwd, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    return answer.returncode, {check["name"]: check for check in json.loads(answer.stdout)["checks"]}


def failing(checks):
    """The names of those that fail."""
    return [name for name, check in checks.items() if check["state"] == "fail"]


@pytest.fixture(scope="module")
def without_gpu(tmp_path_factory):
    """The doctor's look at a machine of which a GPU is asked that is hidden, where there is one."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MNIST_REPORT_")}
    environment |= {"CUDA_VISIBLE_DEVICES": "-1"}
    folder = tmp_path_factory.mktemp("gpu")
    command = [*DOCTOR, "--device", "gpu", "--json"]
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert list(folder.iterdir()) == []
    return answer.returncode, {check["name"]: check for check in json.loads(answer.stdout)["checks"]}


def test_a_healthy_machine_has_no_fail(project):
    """A line for each thing, on a machine that can run the tests; nothing is left in the folder."""
    answer = subprocess.run(DOCTOR, cwd=project, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = [line for line in answer.stdout.splitlines() if not line.startswith(" ")]
    assert {line[6:20].strip() for line in lines} == PROBED
    assert {line[:6].strip() for line in lines} <= {"ok", "warn"}
    assert [path.name for path in project.iterdir()] == ["answers.npz"]


def test_a_machine_without_pango_fails(project):
    """By its libraries, which are hidden; all else is well."""
    status, checks = examined(hiding(["libpango-1.0"], *DOCTOR, *QUICK), project)
    assert (status, failing(checks)) == (3, ["Pango"])
    assert "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in checks["Pango"]["fix"]


def test_without_a_pdf_that_machine_is_healthy(project):
    """The configuration says what is wanted."""
    (project / "mnist-report.toml").write_text('[run]\nformat = "html"\n', "utf-8")
    status, checks = examined(hiding(["libpango-1.0"], *DOCTOR, *QUICK), project)
    assert (status, failing(checks)) == (0, [])
    assert checks["configuration"]["found"].endswith("mnist-report.toml")


def test_an_unwritable_folder_fails(project):
    """For a user without root's powers."""
    (project / "reports").mkdir(mode=0o555)
    status, checks = examined(humble(*DOCTOR, *QUICK), project)
    assert (status, failing(checks)) == (3, ["write access"])
    assert checks["write access"]["found"] == f"{project / 'reports'}: Permission denied"


def test_a_gpu_that_was_asked_for_and_is_absent_fails(without_gpu):
    """The backend is there, and sees none."""
    status, checks = without_gpu
    assert (status, failing(checks)) == (3, ["device"])
    assert checks["backend"]["state"] == "ok"
    assert checks["device"]["found"] == "--device gpu, and tensorflow sees no GPU here"


def test_all_that_is_amiss_is_told_at_once(project):
    """Whoever mends one thing should not find the next one afterwards."""
    (project / "mnist-report.toml").write_text('reports = "answers.npz"\n[[gates]]\nmetric = "accuracy"\nmin = 99\n')
    status, checks = examined([*DOCTOR, "--predictions", "nowhere.npz", "--data", "none"], project)
    assert (status, failing(checks)) == (3, ["write access", "predictions", "gates"])


@pytest.mark.parametrize(
    "options",
    [["--model", "a.keras", "--predictions", "b.npy"], ["--data", "none"], ["--workers", "2"], ["--workers", "0"]],
    ids=" ".join,
)
def test_options_that_run_would_refuse_are_refused(project, capsys, options):
    """With the same status, and not called healthy."""
    assert run_cli(["doctor", *options]) == run_cli(["run", *options]) == 2
    doctor, run = capsys.readouterr().err.splitlines()
    assert doctor == run
    assert not (project / "reports").exists()


def test_the_table_of_run_is_followed(project, capsys):
    """So that the doctor looks at what a run would use; a table of its own wins."""
    (project / "mnist-report.toml").write_text('[run]\nreports = "there"\ntitle = "x"\n', "utf-8")
    assert run_cli(["doctor", *QUICK, "--format", "html"]) == 0
    assert "; there will be made" in capsys.readouterr().out
    (project / "mnist-report.toml").write_text('[run]\nreports = "there"\n[doctor]\nreports = "here"\n', "utf-8")
    assert run_cli(["doctor", *QUICK, "--format", "html"]) == 0
    assert "; here will be made" in capsys.readouterr().out


def test_a_configured_engine_is_looked_at(project, capsys, monkeypatch):
    """Without Ray a run would fail, so the doctor does."""
    monkeypatch.setitem(sys.modules, "ray", None)
    (project / "mnist-report.toml").write_text('engine = "ray"\n', "utf-8")
    assert run_cli(["doctor", *QUICK, "--format", "html"]) == 3
    assert "Ray is not installed" in capsys.readouterr().out
    assert run_cli(["doctor", *QUICK, "--format", "html", "--engine", "local"]) == 0
    assert "Ray" not in capsys.readouterr().out


def test_a_gpu_for_a_model_that_takes_none_fails(project, capsys):
    """TensorFlow is not even started."""
    (project / "mine.onnx").write_bytes(b"\x08\x07")
    assert run_cli(["doctor", "--model", "mine.onnx", "--device", "gpu", "--format", "html"]) == 3
    assert ".tflite and .onnx models run on the CPU" in capsys.readouterr().out


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_gets_colour_unless_it_wants_none(project, variables, coloured):
    """`script` gives it a terminal; a pipe never gets any."""
    if shutil.which("script") is None:
        pytest.skip("no program that gives a terminal")
    environment = {**os.environ, "TERM": "xterm", **variables}
    command = ["script", "-qec", " ".join([*DOCTOR, *QUICK, "--format", "html"]), "/dev/null"]
    answer = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert "Python" in answer.stdout
    assert ("\x1b[32mok" in answer.stdout) == coloured
