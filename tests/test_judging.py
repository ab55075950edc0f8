"""A run and its rules become a verdict and the files for CI."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from gate_work import TODAY, gate_set, some_right
from tiny_run import NAMES, RUN_ID, all_right, tiny_predictions, tiny_run

from mnist_report.evaluation.comparison import compare
from mnist_report.gates.document import read_document
from mnist_report.gates.rules import default_gates
from mnist_report.judging import ci_files, judge_document, judge_run, last_line, pager_line
from mnist_report.report.text import accuracy_sentence
from mnist_report.runs.metrics_document import metrics_document

RULES = gate_set({"metric": "accuracy", "min": 0.5})


@pytest.fixture
def stored():
    """The twelve images."""
    return tiny_run().stored


def test_without_rules_there_is_no_verdict(stored):
    """Only metrics, and the accuracy as the last line."""
    judged = judge_run(stored, TODAY)
    assert (judged.verdict, judged.comparison) == (None, None)
    assert set(ci_files(stored.provenance, judged)) == {"metrics.prom"}
    assert last_line(judged) == accuracy_sentence(judged.evidence.overall)


def test_with_rules_there_are_three_files(stored):
    """And the verdict is the last line."""
    run = replace(stored, gates=RULES)
    judged = judge_run(run, TODAY)
    files = ci_files(run.provenance, judged)
    assert set(files) == {"metrics.prom", "junit.xml", "summary.md"}
    assert last_line(judged).startswith("INCONCLUSIVE: of 1 gate, 1 left open. Accuracy 75 %")
    assert 'name="Pets"' in files["junit.xml"]
    assert "Against" not in files["summary.md"]


def test_default_gates_that_few_images_cannot_decide_are_told_from_own_ones(stored):
    """Who wrote no rule does not know where they come from."""
    gates = default_gates(with_baseline=False)
    told = [
        last_line(judge_run(replace(stored, gates=rules), TODAY)) for rules in (gates, replace(gates, default=False))
    ]
    assert told[0].startswith("ERROR: ")
    assert told[0] == f"{told[1]} (these are the default gates; give your own with --gates)"


def test_with_a_baseline_there_is_a_comparison(stored):
    """The summary tells of the flips."""
    run = replace(stored, gates=RULES, baseline=all_right())
    judged = judge_run(run, TODAY)
    expected = compare(tiny_predictions(), all_right(), run.provenance["seed"])
    assert judged.comparison.overall == expected.overall
    assert "3 images regressed, 0 fixed" in ci_files(run.provenance, judged)["summary.md"]


def test_a_baseline_that_is_not_there_is_known_as_such(stored):
    """A gate may allow that, and nothing else that is wrong with one."""
    for facts, missing in (
        (None, True),
        ({"path": "b", "problem": "there is no baseline at b", "missing": True}, True),
        ({"path": "b", "problem": "the baseline b has other labels", "missing": False}, False),
    ):
        run = replace(stored, provenance={**stored.provenance, "baseline": facts})
        assert judge_run(run, TODAY).evidence.baseline_missing == missing
    assert not judge_run(replace(stored, baseline=all_right()), TODAY).evidence.baseline_missing


def test_metrics_alone_are_judged_by_the_same_rules(stored):
    """With the same words; there is nothing to compare with."""
    document = read_document(json.loads(json.dumps(metrics_document(tiny_run().evaluation, NAMES))))
    rules = gate_set({"metric": "accuracy", "min": 0.5}, {"metric": "recall", "class": "dog", "min": 0.5})
    ours = judge_document(document, rules, TODAY)
    theirs = judge_run(replace(stored, gates=rules), TODAY)
    assert (last_line(ours), ours.comparison) == (last_line(theirs), None)
    first, second = (ci_files(stored.provenance, judged) for judged in (ours, theirs))
    assert (first["junit.xml"], first["summary.md"]) == (second["junit.xml"], second["summary.md"])


def test_the_evidence_has_the_numbers_of_the_report():
    """Of the same seed."""
    run = tiny_run()
    overall = judge_run(run.stored, TODAY).evidence.overall
    for name, metric in run.evaluation.overall.items():
        assert overall[name].value == pytest.approx(metric.value, nan_ok=True)


def test_the_same_run_gets_the_same_verdict():
    """To the last digit: what is drawn has a seed."""
    rules = gate_set({"metric": "mcc", "min": 0.9}, {"metric": "accuracy", "max_drop": 0.01})
    run = replace(tiny_run(some_right()).stored, gates=rules, baseline=some_right((989, 990, 991)))
    first, second = (ci_files(run.provenance, judge_run(run, TODAY)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("days", "outcome"), [(0, "WAIVED"), (1, "FAIL")])
def test_the_day_is_that_which_is_given(stored, days, outcome):
    """Nobody looks at the clock here."""
    waiver = {"reason": "r", "owner": "o", "expires": TODAY}
    run = replace(stored, gates=gate_set({"metric": "accuracy", "min": 0.8, "decide": "point", "waiver": waiver}))
    assert judge_run(run, TODAY + timedelta(days)).verdict.outcome == outcome


@pytest.mark.parametrize("run_id", [RUN_ID, f"20260102T030405Z-{'m' * 60}-0123ab"])
@pytest.mark.parametrize("reason", ["short", "x" * 500])
def test_the_last_line_fits_a_pager(stored, run_id, reason):
    """Verdict, accuracy and run-id, however long the names are."""
    rules = gate_set({"metric": "accuracy", "min": 0.999, "name": reason, "decide": "point"})
    line = pager_line(judge_run(replace(stored, gates=rules), TODAY), run_id)
    assert len(line) <= 200
    assert line.startswith("FAIL: of 1 gate")
    assert line.endswith(f"; accuracy 75 % (43 \N{EN DASH} 95 %); {run_id}")


def test_without_rules_the_last_line_has_accuracy_and_run_id(stored):
    """There is no verdict."""
    judged = judge_run(stored, TODAY)
    assert pager_line(judged, RUN_ID) == f"{accuracy_sentence(judged.evidence.overall)}; {RUN_ID}"
