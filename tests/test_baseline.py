"""Baselines: accepted, read back, matched, and never lost."""

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from test_folder import DAMAGES
from test_summary_file import counted_run, thousand
from tiny_run import NAMES, RUN_ID, all_right, one_image, tiny_predictions, tiny_run

from mnist_report.errors import ConfigError, MnistReportError, OutputError
from mnist_report.judging import evaluate_run
from mnist_report.runs import baseline as module
from mnist_report.runs.baseline import accept, match, read_baseline
from mnist_report.runs.folder import write_provenance, write_results
from mnist_report.runs.predictions_file import write_predictions
from mnist_report.runs.scores_file import FIELDS

SHA = "b" * 64
WHEN = date(2026, 1, 2).isoformat()


@pytest.fixture
def run(tmp_path):
    """Of three mistakes."""
    return tiny_run().write(tmp_path / "run")


@pytest.fixture
def better(tmp_path):
    """Without a mistake."""
    return tiny_run(all_right()).write(tmp_path / "better")


@pytest.fixture
def accepted(run, tmp_path):
    """The baseline of the run."""
    accept(run, tmp_path / "baseline", by="ann", why="the first", when=WHEN)
    return tmp_path / "baseline"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def edit(folder: Path, change) -> None:
    """Change baseline.json."""
    facts = json.loads((folder / "baseline.json").read_text("utf-8"))
    change(facts)
    (folder / "baseline.json").write_text(json.dumps(facts), "utf-8")


def problem_of(path, candidate=None, sha256=SHA):
    """Why the baseline does not match; empty if it does."""
    found = match(read_baseline(path, NAMES), candidate or tiny_predictions(), sha256)
    return found if isinstance(found, str) else ""


def test_an_accepted_baseline_is_small_and_says_who_and_why(accepted):
    """Two files, fit to be committed."""
    facts = json.loads((accepted / "baseline.json").read_text("utf-8"))
    assert set(contents(accepted)) == {"baseline.json", "scores.parquet"}
    assert facts["accepted"] == {"by": "ann", "why": "the first", "when": WHEN}
    assert (facts["run_id"], facts["accuracy"], facts["model"]["name"]) == (RUN_ID, 0.75, "pets_cnn")
    assert facts["data"]["sha256"] == SHA


@pytest.mark.parametrize("kind", ["run", "baseline", "predictions"])
def test_a_baseline_is_what_the_run_said(run, accepted, kind):
    """From a run folder, a baseline folder or a predictions file."""
    path = {"run": run, "baseline": accepted, "predictions": run / "predictions.parquet"}[kind]
    scores = match(read_baseline(path, NAMES), tiny_predictions(), SHA)
    assert scores.class_names == NAMES
    for name in FIELDS:
        assert np.array_equal(getattr(scores, name), getattr(tiny_predictions(), name))


def test_the_first_baseline_is_compared_with_nothing(run, tmp_path):
    """There is none."""
    assert accept(run, tmp_path / "a" / "b" / "baseline", by="ann", why="w", when=WHEN).change is None
    assert (tmp_path / "a" / "b" / "baseline" / "scores.parquet").exists()


def test_a_worse_baseline_is_told(run, better, tmp_path):
    """The change from the last one, and it is replaced all the same."""
    accept(better, tmp_path / "baseline", by="ann", why="w", when=WHEN)
    change = accept(run, tmp_path / "baseline", by="bob", why="x", when=WHEN).change
    assert (change.value, change.regressed, change.fixed) == (-0.25, 3, 0)
    assert json.loads((tmp_path / "baseline" / "baseline.json").read_text("utf-8"))["accepted"]["by"] == "bob"
    assert {path.name for path in tmp_path.iterdir()} == {"run", "better", "baseline"}


def test_a_baseline_of_other_images_is_replaced_without_a_comparison(accepted, tmp_path):
    """Nothing can be said of the change."""
    other = tiny_run(one_image()).write(tmp_path / "other")
    assert accept(other, accepted, by="ann", why="w", when=WHEN).change is None
    assert len(read_baseline(accepted, NAMES).scores) == 1


@pytest.mark.parametrize("name", ["baseline.json", "scores.parquet"])
@pytest.mark.parametrize("kind", ["empty", "other", "half"])
def test_a_damaged_baseline_is_replaced(accepted, better, name, kind):
    """By whoever accepts the next one."""
    DAMAGES[kind](accepted / name)
    assert accept(better, accepted, by="ann", why="w", when=WHEN).change is None
    assert problem_of(accepted) == ""


@pytest.mark.parametrize("name", ["baseline.json", "scores.parquet"])
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_baseline_is_an_output_error(accepted, name, kind):
    """Status 3; the message names the file."""
    DAMAGES[kind](accepted / name)
    with pytest.raises(OutputError) as caught:
        read_baseline(accepted, NAMES)
    assert caught.value.exit_status == 3
    assert str(accepted) in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.update(format=2),
        lambda facts: facts.pop("format"),
        lambda facts: facts.pop("data"),
        lambda facts: facts["data"].pop("class_names"),
        lambda facts: facts["data"].pop("sha256"),
        lambda facts: facts["data"].update(class_names=["cat"]),
        lambda facts: facts.update(data=[]),
    ],
)
def test_facts_that_are_not_whole_are_an_output_error(accepted, change):
    """Also those of another format."""
    edit(accepted, change)
    with pytest.raises(OutputError, match=r"baseline\.json|scores\.parquet"):
        read_baseline(accepted, NAMES)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts["data"].update(class_names=[0, 1, 2]),
        lambda facts: facts["data"].update(sha256=["b" * 64]),
        lambda facts: facts["data"].update(sha256=None),
        pytest.param(
            lambda facts: facts["data"].update(class_names="abc"),
        ),
    ],
    ids=["class names are numbers", "digest is a list", "digest is null", "class names are a text"],
)
def test_facts_of_another_type_are_an_output_error(accepted, change):
    """Damage is no bug, and no way past the digest."""
    edit(accepted, change)
    with pytest.raises(OutputError):
        match(read_baseline(accepted, NAMES), tiny_predictions(), SHA)


@pytest.mark.parametrize("name", ["nowhere", "nowhere.parquet", "nowhere/metrics.json"])
def test_a_baseline_that_is_not_there_has_no_scores(tmp_path, name):
    """The gate tells it."""
    assert problem_of(tmp_path / name) == f"there is no baseline at {tmp_path / name}"
    assert read_baseline(tmp_path / name, NAMES).missing


def test_a_baseline_that_is_there_is_not_missing(run, accepted):
    """Of use or not."""
    for path in (run, accepted, run / "predictions.parquet", run / "metrics.json"):
        assert not read_baseline(path, NAMES).missing


def test_metrics_alone_have_no_rows(run):
    """And the message says what has."""
    problem = problem_of(run / "metrics.json")
    assert "has no row per image; give its run folder or a baseline folder" in problem


def test_other_data_do_not_match(accepted):
    """Both digests are told."""
    problem = problem_of(accepted, sha256="d" * 64)
    assert "is of other data: sha256 bbbbbbbbbbbb... instead of dddddddddddd..." in problem


def test_other_classes_do_not_match(accepted):
    """The baseline's are told."""
    problem = problem_of(accepted, tiny_predictions(names=("cat", "dog", "fox")))
    assert problem == f"the baseline {accepted} has the classes cat, dog, eel"


def test_the_same_classes_in_another_order_do_not_match(accepted):
    """Labels are numbers of them."""
    assert "has the classes" in problem_of(accepted, tiny_predictions(names=("dog", "cat", "eel")))


def test_another_number_of_classes_does_not_match(run):
    """Of a predictions file, which has no names."""
    found = read_baseline(run / "predictions.parquet", ("cat", "dog"))
    assert "has 3 classes" in match(found, tiny_predictions(), SHA)


def test_other_labels_do_not_match(accepted):
    """Somebody corrected some."""
    labels = (1, *tiny_predictions().labels.tolist()[1:])
    assert problem_of(accepted, tiny_predictions(labels=labels)) == f"the baseline {accepted} has other labels"


def test_another_number_of_rows_does_not_match(accepted):
    """An image more or less."""
    assert "has 12 rows that are not those of the candidate" in problem_of(accepted, one_image())


@pytest.mark.parametrize("order", [[1, 0, *range(2, 12)], list(range(1, 12)), [0] * 12])
def test_rows_in_another_order_do_not_match(accepted, order):
    """Each row is held against the image with its index."""
    from pyarrow import parquet

    file = accepted / "scores.parquet"
    parquet.write_table(parquet.read_table(file).take(order), file)
    assert "rows that are not those of the candidate" in problem_of(accepted)


@pytest.mark.parametrize("content", [b"", b"index,label\n0,0\n", bytes(range(256))])
def test_a_file_that_is_no_predictions_file_is_an_output_error(tmp_path, content):
    """Whatever it is called."""
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(OutputError, match="not readable as predictions"):
        read_baseline(tmp_path / "a.parquet", NAMES)


def test_scores_alone_are_no_predictions_file(accepted):
    """They have no probabilities."""
    with pytest.raises(OutputError, match="not readable as predictions"):
        read_baseline(accepted / "scores.parquet", NAMES)


def test_rows_that_are_no_probabilities_are_an_expected_error(tmp_path):
    """Status 3."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"index": [0], "label": [0], "p0": [2.0], "p1": [3.0], "p2": [4.0]}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(MnistReportError) as caught:
        read_baseline(tmp_path / "a.parquet", NAMES)
    assert caught.value.exit_status == 3


def test_a_folder_of_something_else_is_an_output_error(tmp_path):
    """Neither run nor baseline."""
    (tmp_path / "notes.txt").write_text("", "utf-8")
    with pytest.raises(OutputError, match="not a run folder"):
        read_baseline(tmp_path, NAMES)


@pytest.mark.parametrize("kind", ["file", "folder", "run"])
def test_what_is_no_baseline_is_not_replaced(run, tmp_path, kind):
    """A mistyped folder stays as it is."""
    to = tmp_path / "there"
    if kind == "file":
        to.write_text("mine", "utf-8")
    else:
        shutil.copytree(run, to)
        if kind == "folder":
            (to / "run.json").unlink()
    before = to.read_bytes() if kind == "file" else contents(to)
    with pytest.raises(OutputError, match=r"is there and not a baseline, it has no baseline\.json"):
        accept(run, to, by="ann", why="w", when=WHEN)
    assert (to.read_bytes() if kind == "file" else contents(to)) == before


def test_an_empty_folder_becomes_a_baseline(run, tmp_path):
    """It is nobody's."""
    (tmp_path / "baseline").mkdir()
    accept(run, tmp_path / "baseline", by="ann", why="w", when=WHEN)
    assert problem_of(tmp_path / "baseline") == ""


@pytest.mark.parametrize("to", [".", "../baseline", "sub/..", "./sub/../../baseline"])
def test_a_folder_is_named_by_its_absolute_path(run, tmp_path, monkeypatch, to):
    """Also the one that one stands in."""
    (tmp_path / "baseline").mkdir()
    monkeypatch.chdir(tmp_path / "baseline")
    accept(run, Path(to), by="ann", why="w", when=WHEN)
    assert problem_of(tmp_path / "baseline") == ""
    assert {path.name for path in tmp_path.iterdir()} == {"run", "baseline"}


def test_the_root_is_no_baseline(run):
    """It has no name to write beside."""
    with pytest.raises(OutputError, match="choose a folder with a name"):
        accept(run, Path("/"), by="ann", why="w", when=WHEN)


@pytest.mark.parametrize(("by", "why"), [("", "w"), ("ann", ""), (" \n", "w"), ("ann", "\t")])
def test_somebody_accepts_it_for_a_reason(accepted, better, by, why):
    """Else the old one stays."""
    before = contents(accepted)
    with pytest.raises(ConfigError, match="--by and --why"):
        accept(better, accepted, by=by, why=why, when=WHEN)
    assert contents(accepted) == before


def test_a_baseline_behind_a_link_can_be_replaced_again_and_again(accepted, better, tmp_path):
    """The link stays, and leads to the new one."""
    (tmp_path / "current").symlink_to(accepted)
    before = contents(accepted)
    for _ in range(3):
        accept(better, tmp_path / "current", by="bob", why="w", when=WHEN)
        assert problem_of(tmp_path / "current") == ""
    assert (tmp_path / "current").is_symlink()
    assert contents(accepted) != before
    assert {path.name for path in tmp_path.iterdir()} == {"run", "better", "baseline", "current"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("moment", ["scores", "first rename", "second rename"])
def test_an_interrupted_replacement_leaves_the_old_baseline(accepted, better, monkeypatch, error, moment):
    """Whole, and nothing beside it."""
    before = contents(accepted)
    if moment == "scores":
        monkeypatch.setattr(module, "write_scores", raising(error))
    else:
        real, wanted = Path.rename, accepted.name if moment == "first rename" else ".baseline.unfinished"

        def rename(path, target):
            if path.name == wanted:
                raise error
            return real(path, target)

        monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        accept(better, accepted, by="bob", why="w", when=WHEN)
    assert contents(accepted) == before
    assert {path.name for path in accepted.parent.iterdir()} == {"run", "better", "baseline"}


def raising(error):
    """A function that does."""

    def fail(*_):
        raise error

    return fail


def test_what_a_killed_replacement_left_is_cleaned_up(accepted, better, tmp_path):
    """By the next one."""
    shutil.copytree(accepted, tmp_path / ".baseline.unfinished")
    shutil.copytree(accepted, tmp_path / ".baseline.old")
    accept(better, accepted, by="bob", why="w", when=WHEN)
    assert {path.name for path in tmp_path.iterdir()} == {"run", "better", "baseline"}


@pytest.mark.parametrize("images", [all_right, one_image])
def test_a_baseline_between_two_renames_is_the_last_one(accepted, tmp_path, images):
    """What a kill has cut off there is put back, compared with, and then replaced."""
    accepted.rename(tmp_path / ".baseline.old")
    (tmp_path / ".baseline.unfinished").mkdir()
    change = accept(tiny_run(images()).write(tmp_path / "new"), accepted, by="bob", why="w", when=WHEN).change
    assert (change is None) == (images is one_image)
    assert change is None or (change.fixed, change.regressed) == (3, 0)
    assert {path.name for path in tmp_path.iterdir()} == {"run", "new", "baseline"}


def test_a_baseline_between_two_renames_is_not_lost_to_a_full_disk(accepted, better, tmp_path, monkeypatch):
    """It is back in its place before anything is written."""
    before = contents(accepted)
    accepted.rename(tmp_path / ".baseline.old")
    monkeypatch.setattr(module, "write_scores", raising(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="cannot be written"):
        accept(better, accepted, by="bob", why="w", when=WHEN)
    assert contents(accepted) == before


def test_a_folder_that_cannot_be_written_is_an_output_error(run, tmp_path):
    """Its parent is a file."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        accept(run, tmp_path / "file" / "baseline", by="ann", why="w", when=WHEN)


def test_a_full_disk_leaves_the_old_baseline(run, small_disk):
    """64 kB are enough for one, not for a large one."""
    accept(run, small_disk / "baseline", by="ann", why="w", when=WHEN)
    before = contents(small_disk / "baseline")
    with (small_disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 512)
        except OSError:
            pass
    with pytest.raises(OutputError, match="cannot be written"):
        accept(run, small_disk / "baseline", by="bob", why="w", when=WHEN)
    assert contents(small_disk / "baseline") == before


def test_a_predictions_file_of_the_same_images_in_another_order_does_not_match(tmp_path):
    """Its index tells."""
    from pyarrow import parquet

    write_predictions(tmp_path / "a.parquet", tiny_predictions())
    table = parquet.read_table(tmp_path / "a.parquet")
    parquet.write_table(table.take(list(range(11, -1, -1))), tmp_path / "a.parquet")
    assert "rows that are not those" in problem_of(tmp_path / "a.parquet")


def test_a_link_that_leads_nowhere_is_not_a_missing_baseline(tmp_path):
    """Else a rule that allows that there is none would pass."""
    (tmp_path / "baseline").symlink_to("elsewhere")
    with pytest.raises(OutputError, match="is a link to elsewhere, which is not there"):
        read_baseline(tmp_path / "baseline", NAMES)


def test_a_baseline_that_an_acceptance_left_aside_is_not_a_missing_one(accepted, tmp_path):
    """The next acceptance mends it, and the message says so."""
    accepted.rename(tmp_path / ".baseline.old")
    with pytest.raises(OutputError, match="cut off; run mnist-report baseline accept once more"):
        read_baseline(accepted, NAMES)


@pytest.fixture
def counted(tmp_path):
    """A run that was counted part by part and stored its rows."""
    run, folder = counted_run(), tmp_path / "counted"
    folder.mkdir()
    write_results(folder, run, evaluate_run(run))
    write_provenance(folder, run.provenance)
    write_predictions(folder / "predictions.parquet", thousand()[0])
    return folder


@pytest.mark.parametrize("accepting", [False, True])
def test_rows_that_a_counted_run_stored_are_a_baseline(counted, tmp_path, accepting):
    """The run folder itself, or what is accepted of it."""
    expected = thousand()[0]
    path = tmp_path / "baseline" if accepting else counted
    if accepting:
        accept(counted, path, by="ann", why="the first", when=WHEN)
    scores = match(read_baseline(path, NAMES), expected, SHA)
    assert np.array_equal(scores.predicted, expected.predicted)
    assert scores.confidence == pytest.approx(expected.confidence, abs=1e-6)


def test_a_counted_run_without_rows_says_what_to_do(counted, tmp_path):
    """Both where it is given and where it would be accepted."""
    (counted / "predictions.parquet").unlink()
    said = "counted part by part and has no row per image that others could be held against; run it again without --no"
    assert said in problem_of(counted, thousand()[0])
    with pytest.raises(OutputError, match=said):
        accept(counted, tmp_path / "baseline", by="ann", why="w", when=WHEN)


def test_of_a_counted_run_that_is_too_large_no_rows_are_read(counted, monkeypatch):
    """Memory would not hold them; and what it would be held against is counted, too."""
    monkeypatch.setattr(module, "MOST_ROWS", 999)
    (counted / "predictions.parquet").write_bytes(b"never read")
    assert "has 1,000 rows, and of so many none is held against another" in problem_of(counted, thousand()[0])


def test_rows_that_are_not_those_of_the_counts_are_an_output_error(counted):
    """One is missing."""
    write_predictions(counted / "predictions.parquet", thousand()[0].only(np.arange(999), "rows"))
    with pytest.raises(OutputError, match=r"predictions\.parquet: damaged"):
        read_baseline(counted, NAMES)
