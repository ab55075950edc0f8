"""Several models on the same data, without a command line."""

from itertools import combinations

import pytest
from test_html import Page
from test_index import rows_of
from tiny_run import RUN_ID, finished_run

from mnist_report.errors import ConfigError, DataError, ModelError, OutputError
from mnist_report.jobs import Job
from mnist_report.pipeline import Finished
from mnist_report.report.leaderboard import NAME
from mnist_report.several import Tried, run_each, worst_status, write_leaderboard


@pytest.fixture
def jobs(tmp_path):
    """A function of model paths: a job for each."""

    def make(*paths, data="mnist"):
        common = {"data": data, "split": "test", "device": "cpu", "batch_size": 5, "seed": 1, "slices": None}
        reports = tmp_path / "reports"
        return [
            Job(model=reports.parent / path, reports=reports, title="T", formats=("html",), **common) for path in paths
        ]

    return make


def failing(error):
    """A main job that fails."""

    def run(*_):
        raise error

    return run


def with_status(*statuses):
    """Models that came to this."""
    return [Tried("a", None, None, "", status) for status in statuses]


ORDER = (130, 70, 3, 2, 1, 4, 0)


@pytest.mark.parametrize("pair", list(combinations(ORDER, 2)), ids=str)
def test_the_worst_status_counts(pair):
    """By the documented precedence, in whatever order the models were run."""
    assert worst_status(with_status(*pair)) == worst_status(with_status(*reversed(pair))) == pair[0]


def test_without_models_nothing_failed():
    """Nor is there a crash."""
    assert worst_status([]) == 0


@pytest.mark.parametrize(("error", "status"), [(ModelError("no"), 3), (DataError("no"), 3), (ConfigError("no"), 2)])
def test_an_expected_error_is_a_models_own(jobs, error, status):
    """It keeps its status; the reason names the model."""
    (job,) = jobs("a.keras")
    (tried,) = run_each([job], failing(error))
    assert (tried.finished, tried.result, tried.exit_status) == (None, None, status)
    assert tried.problem == f"{job.model}: no"


def test_a_reason_that_names_the_model_is_left_as_it_is(jobs):
    """Most do; it becomes one line."""
    (job,) = jobs("a.keras")
    (tried,) = run_each([job], failing(ModelError(f"{job.model}: no\nsuch model")))
    assert tried.problem == f"{job.model}: no such model"


def test_what_the_machine_refuses_is_status_3(jobs):
    """As with a single model."""
    (job,) = jobs("a.keras")
    (tried,) = run_each([job], failing(OSError(28, "No space left on device", "/tmp/full")))  # noqa: S108  a message
    assert (tried.exit_status, tried.problem) == (3, f"{job.model}: /tmp/full: No space left on device")


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()], ids=["a bug", "Ctrl-C"])
def test_nothing_else_is_caught(jobs, error):
    """Neither a bug nor an interrupt is a model's fault."""
    with pytest.raises(type(error)):
        list(run_each(jobs("a.keras", "b.keras"), failing(error)))


def test_each_is_told_of_before_the_next_begins(jobs):
    """Whoever waits for a night sees how far it is."""
    began = []

    def run(job, _):
        began.append(job.model.name)
        raise ModelError("no")

    told = [(tried.name, list(began)) for tried in run_each(jobs("a.keras", "b.keras"), run)]
    assert told == [("a.keras", ["a.keras"]), ("b.keras", ["a.keras", "b.keras"])]


def test_the_data_are_read_once_for_all(jobs):
    """The very same object."""
    seen = []

    def run(_, dataset):
        seen.append(dataset)
        raise ModelError("no")

    list(run_each(jobs("a.keras", "b.keras"), run))
    assert len(seen[0]) == 10_000
    assert seen[0] is seen[1]


def test_what_all_need_is_looked_at_first(jobs):
    """No model is begun."""
    with pytest.raises(DataError, match="no such file or folder"):
        list(run_each(jobs("a.keras", "b.keras", data="nowhere"), failing(AssertionError())))


def test_models_of_one_file_name_are_called_by_their_paths(jobs):
    """A folder an experiment, and model.keras in each."""
    found = jobs("x/model.keras", "y/model.keras", "other.keras")
    names = [tried.name for tried in run_each(found, failing(ModelError("no")))]
    assert names == [str(found[0].model), str(found[1].model), "other.keras"]


def test_a_run_folder_that_is_gone_is_a_failure(jobs, tmp_path):
    """Somebody tidies up at night."""
    (tried,) = run_each(jobs("a.keras"), lambda *_: Finished(tmp_path / "gone", None, ""))
    assert (tried.result, tried.exit_status) == (None, 3)
    assert "missing from the run folder" in tried.problem


def test_a_run_without_gates_is_status_0(jobs):
    """Nothing was asked of it."""

    def run(job, _):
        return Finished(finished_run(job.reports), None, "")

    (tried,) = run_each(jobs("a.keras"), run)
    assert (tried.exit_status, tried.result.facts["run_id"]) == (0, RUN_ID)


def test_the_list_of_runs_is_drawn_again_with_the_leaderboard(tmp_path):
    """It leads there."""
    finished_run(tmp_path)
    assert write_leaderboard(tmp_path, "T", with_status(3)) == tmp_path / NAME
    page = Page((tmp_path / "index.html").read_text("utf-8"))
    assert rows_of(page) == [RUN_ID]
    assert f"./{NAME}" in [link["href"] for link in page.all("a")]


def test_a_leaderboard_that_cannot_be_written_is_an_error(tmp_path):
    """It was asked for; what was there stays."""
    (tmp_path / NAME / "mine").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot write the reports"):
        write_leaderboard(tmp_path, "T", with_status(3))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
