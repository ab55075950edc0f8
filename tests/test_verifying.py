"""Whether a run folder is what it was."""

import hashlib
import json
import shutil

import pytest

from mnist_report.cli import run_cli
from mnist_report.errors import OutputError
from mnist_report.verifying import MOST_TOLD, verify_run


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A real run of 300 predictions that another program made, with gates and a baseline; nobody writes into it."""
    import numpy as np

    folder = tmp_path_factory.mktemp("verify")
    random = np.random.default_rng(4)
    labels = np.arange(300) % 3
    rows = 1.5 * random.random((300, 3)) + np.eye(3)[labels]
    answers = folder / "pets.npz"
    np.savez(
        answers,
        probabilities=rows / rows.sum(axis=1, keepdims=True),
        labels=labels,
        class_names=["cat", "dog", "eel"],
    )
    rules = folder / "rules.toml"
    rules.write_text(
        '[[gates]]\nmetric = "accuracy"\nmin = 0.8\n[[gates]]\nmetric = "accuracy"\nmax_drop = 0.1\n', "utf-8"
    )
    run = ["run", "--predictions", str(answers), "--data", "none", "--format", "html", "--reports"]
    assert run_cli([*run, str(folder / "old")]) == 1
    call = [*run, str(folder / "new"), "--gates", str(rules), "--baseline", str(folder / "old" / "latest")]
    assert run_cli(call) == 0
    return (folder / "new" / "latest").resolve()


@pytest.fixture
def run(original, tmp_path):
    """A copy to damage."""
    return shutil.copytree(original, tmp_path / original.name)


def told(run):
    """The file and the problem of each difference."""
    return [(each.file, each.problem) for each in verify_run(run).differences]


def forge(run, name, change):
    """Change a file and write its new digest into the manifest."""
    path = run / name
    path.write_bytes(change(path.read_bytes()))
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    manifest["sha256"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def swap(old, new):
    """A change of bytes, the first occurrence alone."""

    def change(content):
        assert old in content
        return content.replace(old, new, 1)

    return change


def test_a_run_is_what_it_was(original):
    """Digests, metrics, frames, gates and comparison, as they were written."""
    found = verify_run(original)
    assert (found.differences, found.images) == ((), 300)
    assert found.files == len([path for path in original.rglob("*") if path.is_file()]) - 2  # manifest, report.html


def test_the_shipped_run_is_what_it_was(shipped_run):
    """Of a model, with its card and its slices."""
    assert verify_run(shipped_run).differences == ()


def test_a_link_to_a_run_is_the_run(original):
    """As reports/latest."""
    assert verify_run(original.parent / "latest").differences == ()


def test_reports_may_be_rendered_again(run):
    """They are not covered; a PDF may come later."""
    (run / "report.html").write_text("<p>", "utf-8")
    (run / "report.pdf").write_bytes(b"%PDF")
    assert told(run) == []


@pytest.mark.parametrize("name", ["images.npz", "run.log", "frames/mistakes.csv"])
def test_a_missing_file_is_named(run, name):
    """Whichever it is."""
    (run / name).unlink()
    assert (name, "missing") in told(run)


def test_a_changed_file_is_named_with_both_digests(run):
    """The start of each."""
    was = hashlib.sha256((run / "run.log").read_bytes()).hexdigest()
    (run / "run.log").write_text("nothing happened\n", "utf-8")
    now = hashlib.sha256(b"nothing happened\n").hexdigest()
    assert told(run) == [("run.log", f"changed: its sha256 is {now[:12]}..., the manifest has {was[:12]}...")]


def test_an_extra_file_is_named(run):
    """Somebody put it there."""
    (run / "frames" / "more.csv").write_text("a\n", "utf-8")
    assert told(run) == [("frames/more.csv", "is not in the manifest")]


def test_a_link_in_place_of_a_file_is_named(run, tmp_path):
    """What it leads to can change at any time."""
    (run / "run.log").rename(tmp_path / "elsewhere")
    (run / "run.log").symlink_to(tmp_path / "elsewhere")
    assert told(run) == [("run.log", "is a link, expected a file")]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"format": 2, "sha256": {}}'])
def test_without_a_manifest_there_are_no_digests(run, content):
    """The numbers are computed again all the same."""
    (run / "manifest.json").unlink()
    if content is not None:
        (run / "manifest.json").write_bytes(content)
    ((name, problem),) = told(run)
    assert (name, problem.partition(",")[0]) == (
        "manifest.json",
        "missing" if content is None else "damaged or of another format",
    )


def test_a_better_accuracy_with_a_new_manifest_is_found_out(run):
    """The predictions do not say so."""
    stored = json.loads((run / "metrics.json").read_text("utf-8"))["overall"]["accuracy"]["value"]
    forge(run, "metrics.json", swap(f'"value": {stored}'.encode(), b'"value": 0.999'))
    assert told(run) == [("metrics.json", f"overall.accuracy.value is 0.999, the predictions give {stored}")]


def test_another_count_in_a_frame_is_found_out(run):
    """To the last one."""
    first = (run / "frames" / "confusion.csv").read_text("utf-8").splitlines()[1].split(",")[1]
    forge(run, "frames/confusion.csv", swap(f"cat,{first}".encode(), f"cat,{int(first) + 1}".encode()))
    assert told(run) == [("frames/confusion.csv", f"row 1: cat is {int(first) + 1}, the predictions give {first}")]


def test_the_last_digits_of_a_sum_may_differ(run):
    """Another machine adds up in another order."""
    stored = json.loads((run / "metrics.json").read_text("utf-8"))["overall"]["log_loss"]["value"]
    forge(run, "metrics.json", swap(repr(stored).encode(), repr(stored * (1 + 1e-14)).encode()))
    assert told(run) == []


def test_a_verdict_that_the_rules_do_not_give_is_found_out(run):
    """In run.json, with a new manifest."""
    forge(run, "run.json", swap(b'"verdict": "PASS"', b'"verdict": "FAIL"'))
    assert told(run) == [("run.json", "verdict is 'FAIL', the rules and predictions give 'PASS'")]


def test_other_rules_give_another_verdict(run):
    """In gates.toml, with a new manifest: what was decided follows from it no longer."""
    forge(run, "gates.toml", swap(b"min = 0.8", b"min = 0.95"))
    assert {"run.json", "metrics.json", "frames/gates.csv", "junit.xml", "summary.md", "metrics.prom"} == {
        name for name, _ in told(run)
    }


def test_another_model_does_not_fit_the_run_id(run):
    """Nor would another time: both are in it."""
    forge(run, "run.json", swap(b'"name": "pets"', b'"name": "cows"'))
    stamp = run.name.partition("-")[0]
    assert ("run.json", f"run_id is {run.name}, time and model make {stamp}-cows") in told(run)


def test_a_run_under_another_name_is_told(run):
    """The name is the run-id."""
    moved = run.rename(run.with_name("20200101T000000Z-better-abcdef"))
    assert told(moved) == [("", f"the folder is called {moved.name}, and run.json is of {run.name}")]


def test_a_changed_column_of_the_predictions_is_found_out(run):
    """Nothing else reads `predicted`: the classes follow from the probabilities."""
    from pyarrow import parquet

    path = run / "predictions.parquet"
    table = parquet.read_table(path)
    said = table["predicted"].to_pylist()
    other = [(said[0] + 1) % 3, *said[1:]]
    parquet.write_table(table.set_column(2, "predicted", [other]), path)
    forge(run, "predictions.parquet", lambda content: content)
    assert told(run) == [("predictions.parquet", f"row 0: predicted is {other[0]}, its probabilities give {said[0]}")]


def test_of_many_differences_in_a_file_some_are_told(run):
    """And how many more there are."""
    forge(run, "frames/mistakes.csv", lambda content: content.replace(b"cat", b"cow"))
    problems = told(run)
    assert len(problems) == MOST_TOLD + 1
    assert problems[-1][1].startswith("and ")


@pytest.mark.parametrize("name", ["predictions.parquet", "run.json", "slices.parquet"])
def test_a_file_that_cannot_be_read_is_a_difference(run, name):
    """The folder was a run."""
    (run / name).write_bytes(b"{")
    problems = told(run)
    assert problems[0] == (name, problems[0][1])
    assert any("damaged" in problem or "not in the manifest" in problem for _, problem in problems[1:] or problems)


def test_a_folder_that_is_no_run_is_an_error(tmp_path):
    """Neither run.json nor a manifest."""
    with pytest.raises(OutputError, match="not a run folder"):
        verify_run(tmp_path)
