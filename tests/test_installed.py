"""The installed command, used from an empty folder."""

import json

import pytest

FILES = {
    "frames",
    "gates.toml",
    "images.npz",
    "junit.xml",
    "manifest.json",
    "metrics.json",
    "metrics.prom",
    "predictions.parquet",
    "report.html",
    "report.pdf",
    "run.json",
    "run.log",
    "slices.parquet",
    "summary.md",
}


@pytest.fixture
def facts(shipped_run):
    return json.loads((shipped_run / "run.json").read_text("utf-8"))


def test_the_run_folder_is_complete(shipped_run):
    """Everything that the design fixes is there, and nothing else."""
    assert {path.name for path in shipped_run.iterdir()} == FILES


def test_latest_points_at_the_run(shipped_run):
    """Scripts find the newest run without knowing its id."""
    assert (shipped_run.parent / "latest").resolve() == shipped_run.resolve()


def test_nothing_else_is_left_behind(shipped_run):
    """The reports folder holds the run and the pointer to it, the list and the history, and what monitors read."""
    names = {path.name for path in shipped_run.parent.iterdir()}
    assert names == {shipped_run.name, "latest", "index.html", "history.sqlite", "metrics.prom", ".lock"}


def test_the_shipped_model_is_the_seed_projects_network(facts):
    """468,714 parameters, 468,266 of them trainable."""
    assert (facts["model"]["parameters"], facts["model"]["trainable_parameters"]) == (468_714, 468_266)


def test_the_shipped_model_is_good_and_small(shipped_run, facts):
    """At least 99.4 % on the test set, below 2 MB."""
    accuracy = json.loads((shipped_run / "metrics.json").read_text("utf-8"))["overall"]["accuracy"]["value"]
    assert accuracy >= 0.994
    assert facts["model"]["size_bytes"] < 2_000_000


def test_the_run_says_where_it_ran_and_how_fast(facts):
    """Device, backend and throughput are part of the provenance."""
    device = facts["device"]
    assert device["kind"] in {"cpu", "gpu"}
    assert device["backend"] in {"tensorflow", "jax"}
    assert device["images_per_second"] > 0


def test_the_html_report_stays_small(shipped_run):
    """A report that is mailed around weighs at most 1 MB."""
    assert (shipped_run / "report.html").stat().st_size <= 1_000_000
