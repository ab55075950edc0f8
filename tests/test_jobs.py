"""The name of a run, which is known before it begins."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tiny_run import HOSTILE, finished_run

from mnist_report.jobs import Job, Surroundings, run_id_of
from mnist_report.runs.recording import RUN_ID

HERE = Surroundings(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "mnist-report run", None, "zoo", "Linux")


@pytest.fixture
def job(tmp_path):
    """Of a model that nobody looks at."""
    return Job(
        model=Path("pets cnn.keras"),
        data="pets",
        split="test",
        device="cpu",
        batch_size=60,
        seed=1,
        reports=tmp_path / "reports",
        title="Pets",
        slices=None,
        formats=None,
    )


def test_it_says_when_and_what(job):
    """And six digits of all that is known."""
    assert re.fullmatch(r"20260102T030405Z-pets_cnn-[0-9a-f]{6}", run_id_of(job, HERE))
    assert run_id_of(replace(job, predictions=Path("a/resnet.npz")), HERE)[17:-7] == "resnet"


def test_the_same_run_has_the_same_name_wherever_it_is_written(job, tmp_path):
    """So that two runs under SOURCE_DATE_EPOCH have the same bytes."""
    assert run_id_of(job, HERE) == run_id_of(replace(job, reports=tmp_path / "other"), HERE)


@pytest.mark.parametrize("change", [{"seed": 2}, {"title": "Other"}, {"data": "mnist"}, {"notes": "x"}], ids=str)
def test_another_job_has_another_name(job, change):
    """Of the same second and model."""
    assert run_id_of(job, HERE) != run_id_of(replace(job, **change), HERE)


def test_a_name_that_is_taken_is_not_given_again(job):
    """By a folder, or by one that is gone and in the history alone."""
    first = run_id_of(job, HERE)
    run = finished_run(job.reports, first)
    second = run_id_of(job, HERE)
    assert second != first
    run.rename(job.reports / "elsewhere")
    assert run_id_of(job, HERE) == second


@pytest.mark.parametrize("text", [*HOSTILE, "\udcff", "x" * 300, "a\nb"], ids=ascii)
def test_a_hostile_name_is_still_one_of_a_run(job, text):
    """Recovery knows it."""
    assert RUN_ID.fullmatch(run_id_of(replace(job, model=Path(f"{text}.keras"), title=text), HERE))
