"""The workflows in docs/ci, run as far as they can be here."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import COMMAND

from mnist_report.cli import run_cli
from mnist_report.model.store import shipped_model

DOCS = Path(__file__).parent.parent / "docs" / "ci"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(DOCS.glob("*.yml"))}


def commands(name):
    """The lines that a workflow runs."""
    if name == "github":
        return [step["run"] for step in WORKFLOWS[name]["jobs"]["gate"]["steps"] if "run" in step]
    return WORKFLOWS[name]["model-quality"]["script"]


def ours(name):
    """The call of this program."""
    return next(line for line in commands(name) if line.startswith("mnist-report"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, shipped_run):
    """A project with a model, a baseline and a run as the workflows make it; and GitHub's summary of it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "models").mkdir()
    shutil.copy(shipped_model(), folder / "models" / "mine.keras")
    accept = ["baseline", "accept", str(shipped_run), "--to", str(folder / "baseline")]
    assert run_cli([*accept, "--by", "a test", "--why", "to have one"]) == 0
    environment = os.environ | {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    line = [COMMAND, *shlex.split(ours("github"))[1:]]
    answer = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return folder


def test_both_make_the_same_call():
    """What is tested of one holds for the other."""
    assert ours("github") == ours("gitlab")


def test_a_model_equal_to_its_baseline_passes(checkout):
    """With the margin that is there by default."""
    said = (checkout / "summary.md").read_text("utf-8")
    assert "PASS\\: 3 gates passed" in said


@pytest.mark.parametrize("kind", ["junit", "metrics"])
def test_gitlab_finds_its_reports(checkout, kind):
    """One file for each pattern."""
    pattern = WORKFLOWS["gitlab"]["model-quality"]["artifacts"]["reports"][kind]
    assert len(list(checkout.glob(pattern))) == 1


def test_the_artifacts_are_the_run_folder(checkout):
    """With the report in it."""
    steps = WORKFLOWS["github"]["jobs"]["gate"]["steps"]
    pattern = next(step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", ""))
    assert [path.name for path in checkout.glob(f"{pattern}report.html")] == ["report.html"]
