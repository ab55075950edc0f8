"""The gate on the drop over some runs."""

import numpy as np
import pytest
from gate_work import TODAY, gate_set, yes_or_no
from past_runs import past_run

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.gates.document import read_document
from mnist_report.gates.evidence import gather
from mnist_report.gates.verdict import judge
from mnist_report.report.verdict_text import result_sentence
from mnist_report.runs.metrics_document import metrics_document

N = 10_000
OVER = {"metric": "accuracy", "max_drop_over": {"runs": 14, "drop": 0.003}}


def right_from(start, count):
    """All right but for so many images from `start` on."""
    right = np.ones(N, dtype=bool)
    right[start : start + count] = False
    return right


def evidence_of(now, *before):
    """A run after these, the oldest first."""
    return gather(yes_or_no(now), {}, 0, None, past=tuple(past_run(f"run-{k}", r) for k, r in enumerate(before)))


def result_of(evidence, **rule):
    """What becomes of the gate."""
    return judge(gate_set(OVER | rule), evidence, TODAY).results[0]


@pytest.mark.parametrize(
    ("wrong_now", "outcome"),
    [(50, "PASS"), (62, "PASS"), (80, "INCONCLUSIVE"), (160, "FAIL")],
)
def test_the_drop_since_the_oldest_run_decides(wrong_now, outcome):
    """Not the one since last night, which a slow drift never shows."""
    steps = [right_from(0, int(50 + (wrong_now - 50) * k / 10)) for k in range(10)]
    assert result_of(evidence_of(right_from(0, wrong_now), *steps)).outcome == outcome


def test_what_is_observed_is_the_paired_difference():
    """Against a plain count."""
    before, now = right_from(0, 60), right_from(30, 70)
    seen = result_of(evidence_of(now, before)).deciding.observed
    pairs = list(zip(now.tolist(), before.tolist(), strict=True))
    fixed, regressed = pairs.count((True, False)), pairs.count((False, True))
    assert seen.value == pytest.approx((fixed - regressed) / N)
    assert (fixed, regressed) == (30, 40)
    assert seen.ci_low < seen.value < seen.ci_high


@pytest.mark.parametrize(("runs", "since"), [(1, "run-2, 1 run before"), (2, "run-1, 2 runs before"), (3, "run-0, 3")])
def test_it_says_which_run_it_is_measured_from(runs, since):
    """So that a reader can look there."""
    evidence = evidence_of(right_from(0, 50), *(right_from(0, 50 + k) for k in range(3)))
    sentence = result_sentence(result_of(evidence, max_drop_over={"runs": runs, "drop": 0.003}))
    assert f"measured from {since}" in sentence
    assert "of the" not in sentence.partition("measured")[2]


def test_a_window_that_is_not_full_is_told():
    """In the first weeks."""
    sentence = result_sentence(result_of(evidence_of(right_from(0, 50), right_from(0, 50))))
    assert "measured from run-0, 1 run before, of the 14 that this gate looks back" in sentence


def test_the_first_run_of_all_passes_and_says_why():
    """Else no schedule could begin."""
    result = result_of(evidence_of(right_from(0, 50)))
    assert (result.outcome, result.notes) == (
        "PASS",
        ("no earlier run of these images is known, which this gate allows",),
    )


def test_who_wants_an_earlier_run_gets_an_error_without_one():
    """For those who restore the history before each run."""
    result = result_of(evidence_of(right_from(0, 50)), baseline_missing="error")
    assert (result.outcome, result.deciding.reason) == ("ERROR", "no earlier run of these images is known")


def test_a_class_is_held_on_its_own_images():
    """Its drop, not that of all."""
    labels = np.arange(N) % 2
    now, before = right_from(0, 200), right_from(0, 0)
    now[1::2] = True
    evidence = gather(yes_or_no(now, labels), {}, 0, None, past=(past_run("before", before),))
    results = [result_of(evidence, **{"class": name}).deciding.observed for name in ("no", "yes")]
    assert [(seen.value, seen.n) for seen in results] == [(pytest.approx(-100 / 5_000), 5_000), (0.0, 5_000)]


def test_a_slice_is_held_on_its_own_images():
    """Likewise."""
    pens = np.where(np.arange(N) < 1_000, "blue", "red")
    evidence = gather(yes_or_no(right_from(0, 100)), {"pen": pens}, 0, None, past=(past_run("b", right_from(0, 0)),))
    seen = result_of(evidence, slice="pen=blue").deciding.observed
    assert (seen.value, seen.n) == (pytest.approx(-0.1), 1_000)


def test_a_metrics_file_alone_cannot_tell():
    """It has no row per image."""
    evidence = gather(yes_or_no(right_from(0, 50)), {}, 0, None)
    document = read_document(metrics_document(evaluate(evidence.predictions), evidence.class_names) | {"format": 1})
    result = judge(gate_set(OVER), document, TODAY).results[0]
    assert (result.outcome, "no row per image" in result.deciding.reason) == ("ERROR", True)
