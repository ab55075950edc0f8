"""A stored run is decided about again."""

import json
import logging

import pytest
from gate_work import TODAY, gate_set, some_right
from tiny_run import all_right, tiny_predictions, tiny_run

from mnist_report.checking import check_document, check_run, with_baseline, write_files
from mnist_report.errors import OutputError
from mnist_report.report.verdict_text import result_sentence, verdict_sentence
from mnist_report.runs.baseline import accept
from mnist_report.runs.folder import read_run

RULES = gate_set({"metric": "accuracy", "min": 0.95}, {"metric": "accuracy", "min": 0.995}, inconclusive="fail")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Of three thousand images, 99 % right."""
    return tiny_run(some_right()).write(tmp_path_factory.mktemp("run"))


def test_there_is_a_line_for_each_gate_and_a_sentence_for_all(run):
    """And the files for CI."""
    checked = check_run(run, RULES, None, TODAY)
    results = checked.verdict.results
    assert checked.lines == tuple(f"{result.outcome:13}{result_sentence(result)}" for result in results)
    assert checked.sentence == verdict_sentence(checked.verdict)
    assert set(checked.files) == {"junit.xml", "summary.md", "metrics.prom"}
    assert [result.outcome for result in results] == ["PASS", "FAIL"]


@pytest.mark.parametrize(("least", "level"), [(0.95, logging.INFO), (0.995, logging.ERROR), (0.99, logging.ERROR)])
def test_what_blocks_is_logged_as_an_error(run, least, level):
    """An open question too, where it blocks."""
    rules = gate_set({"metric": "accuracy", "min": least}, inconclusive="fail")
    assert check_run(run, rules, None, TODAY).log_level == level


def test_a_baseline_is_matched(run, tmp_path):
    """Its facts go where those of a run's own baseline stand."""
    other = tiny_run(some_right((950, 950, 950))).write(tmp_path / "other")
    found = with_baseline(read_run(run), other)
    assert int(found.baseline.right.sum()) == 2_850
    assert (found.provenance["baseline"]["path"], found.provenance["baseline"]["problem"]) == (str(other), "")


@pytest.mark.parametrize("kind", ["other images", "missing", "metrics"])
def test_a_baseline_that_does_not_match_is_a_reason(run, tmp_path, kind):
    """Which the gate then tells."""
    other = tiny_run(all_right()).write(tmp_path / "other")
    path = {"other images": other, "missing": tmp_path / "no", "metrics": other / "metrics.json"}[kind]
    found = with_baseline(read_run(run), path)
    assert found.baseline is None
    assert str(path) in found.no_baseline
    assert found.baseline_missing == (kind == "missing")
    rules = gate_set({"metric": "accuracy", "max_drop": 0.01})
    result = check_run(run, rules, path, TODAY).verdict.results[0]
    assert (result.outcome, result.deciding.reason) == ("ERROR", found.no_baseline)


def test_the_facts_of_a_baseline_do_not_hide_how_it_fits(run, tmp_path):
    """A baseline.json may say anything; path, problem and missing are ours."""
    accept(run, tmp_path / "baseline", by="ann", why="w", when="2026-01-02")
    facts = json.loads((tmp_path / "baseline" / "baseline.json").read_text("utf-8"))
    facts |= {"path": "elsewhere", "problem": "", "missing": True}
    facts["data"]["sha256"] = "d" * 64
    (tmp_path / "baseline" / "baseline.json").write_text(json.dumps(facts), "utf-8")
    found = with_baseline(read_run(run), tmp_path / "baseline")
    assert "is of other data" in found.no_baseline
    assert (found.provenance["baseline"]["path"], found.baseline_missing) == (str(tmp_path / "baseline"), False)
    assert found.provenance["baseline"]["accepted"]["by"] == "ann"


def test_metrics_alone_are_decided_like_their_run(run):
    """To the last letter, but for the run's title."""
    rules = gate_set({"metric": "accuracy", "min": 0.95}, {"metric": "recall", "class": "each", "min": 0.9})
    ours, theirs = check_document(run / "metrics.json", rules, TODAY), check_run(run, rules, None, TODAY)
    assert (ours.lines, ours.sentence, ours.log_level) == (theirs.lines, theirs.sentence, theirs.log_level)
    assert set(ours.files) == set(theirs.files)


def test_metrics_alone_cannot_tell_a_drop(run):
    """The gate says so, whatever it allows where a baseline is missing."""
    rules = gate_set({"metric": "accuracy", "max_drop": 0.01, "baseline_missing": "allow"})
    result = check_document(run / "metrics.json", rules, TODAY).verdict.results[0]
    assert (result.outcome, "no row per image" in result.deciding.reason) == ("ERROR", True)


@pytest.mark.parametrize("change", [{"format": 2}, {"overall": []}, {"confusion": [[1]]}, {"seed": None}], ids=str)
def test_metrics_of_another_kind_are_an_output_error(run, tmp_path, change):
    """The message names the file."""
    document = json.loads((run / "metrics.json").read_text("utf-8")) | change
    (tmp_path / "m.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(OutputError, match=r"m\.json"):
        check_document(tmp_path / "m.json", None, TODAY)


def test_another_baseline_replaces_that_of_the_run(tmp_path):
    """Also where it does not match: the old one is not taken in its place."""
    from mnist_report.runs.scores_file import write_scores

    run = tiny_run().write(tmp_path / "run")
    write_scores(run / "baseline.parquet", tiny_predictions())
    assert read_run(run).baseline is not None
    assert with_baseline(read_run(run), tmp_path / "no").baseline is None


def test_files_are_written_in_new_folders(tmp_path):
    """As UTF-8."""
    write_files({tmp_path / "a" / "b.txt": "é\n", tmp_path / "c.txt": ""})
    assert ((tmp_path / "a" / "b.txt").read_bytes(), (tmp_path / "c.txt").read_bytes()) == ("é\n".encode(), b"")


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    """Status 3."""
    with pytest.raises(OutputError, match="cannot be written"):
        write_files({tmp_path: "x"})
