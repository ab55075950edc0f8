"""The report's tables, as strings."""

import re

import numpy as np
import pytest
from tiny_run import (
    NAMES,
    OUTCOMES,
    SAID,
    all_right,
    epochs,
    one_image,
    tiny_predictions,
    tiny_provenance,
    tiny_run,
)

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.summary import Summary, evaluate_summary
from mnist_report.report import provenance, tables, text


@pytest.fixture(scope="module")
def evaluation():
    return tiny_run().evaluation


def every_table(predictions):
    """All tables of a run."""
    evaluation = evaluate(predictions)
    return {
        "overall": tables.overall_table(evaluation.overall),
        "per_class": tables.per_class_table(evaluation, NAMES),
        "pairs": tables.pairs_table(evaluation),
        "confidence": tables.confidence_table(evaluation),
        "coverage": tables.coverage_table(evaluation),
        "layers": provenance.layers_table(tiny_provenance(predictions)["model"]["layers"]),
        "slices": tables.slices_table(tiny_run(predictions).evaluation),
        "power": tables.power_table(evaluation),
        "temperature": tables.temperature_table(evaluation),
        "history": provenance.history_table(epochs()),
    }


def row(table, head):
    """The row with that heading, by column."""
    return dict(zip(table.columns, next(row for row in table.rows if row[0] == head), strict=True))


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
@pytest.mark.parametrize(
    "name",
    ["overall", "per_class", "pairs", "confidence", "coverage", "layers", "history", "slices", "power", "temperature"],
)
def test_every_cell_is_a_string_below_a_head(name, predictions):
    """Templates do no arithmetic, and nothing is written as nan or None."""
    table = every_table(predictions())[name]
    assert {len(row) for row in table.rows} <= {len(table.columns)}
    assert {type(cell) for row in table.rows for cell in row} <= {str}
    assert not [cell for row in table.rows for cell in row if cell in {"", "nan", "nan %", "None"}]
    assert table.numeric < set(range(len(table.columns)))


def test_overall_names_and_explains_every_metric(evaluation):
    """In the order in which they are computed."""
    metrics = evaluation.overall
    titles = [tables.METRIC_NAMES[name][0] for name in metrics]
    assert [row[0] for row in tables.overall_table(metrics).rows] == titles


def test_overall_shows_each_metric_in_its_unit(evaluation):
    """Counts plain, shares in percent, the rest as numbers."""
    table = tables.overall_table(evaluation.overall)
    assert row(table, "Errors")["Value"] == "3"
    assert row(table, "Accuracy")["Value"] == "75 %"
    assert row(table, "Accuracy")["95 % interval"] == f"43 {text.DASH} 95 %"
    assert row(table, "Cohen's kappa")["Value"] == "0.6289"


def test_a_metric_without_an_interval_shows_a_dash(evaluation):
    """Where there would be one."""
    table = tables.overall_table(evaluation.overall)
    assert row(table, "Calibration error (ECE)")["95 % interval"] == text.DASH


def test_a_resampled_metric_shows_its_interval(evaluation):
    """As any share does."""
    metric = evaluation.overall["macro_f1"]
    assert row(tables.overall_table(evaluation.overall), "Macro F1")["95 % interval"] == text.percent_interval(metric)


def test_a_metric_that_is_not_defined_shows_a_dash():
    """A single class has no correlation."""
    table = tables.overall_table(evaluate(one_image()).overall)
    assert row(table, "Matthews correlation")["Value"] == text.DASH


def test_each_class_has_its_row(evaluation):
    """Support, errors and rates."""
    found = row(tables.per_class_table(evaluation, NAMES), "cat")
    assert (found["Support"], found["Errors"], found["Accuracy (recall)"]) == ("5", "2", "60 %")
    assert (found["Precision"], found["F1"]) == ("100 %", "75 %")


def test_the_most_confused_pair_stands_first(evaluation):
    """With how often, in how much of its class, and the worst examples."""
    table = tables.pairs_table(evaluation)
    assert table.rows[0] == ("cat taken for dog", "2", "40.00 %", "#4, #3")


def test_only_so_many_pairs_are_shown():
    """The caption says that there are more; here all thirty pairs of six classes occur."""
    pairs = [(a, p) for a in range(6) for p in range(6) if a != p]
    rows = 0.05 + 0.7 * np.eye(6)[[p for _, p in pairs]]
    evaluation = evaluate(make_predictions(rows, np.array([a for a, _ in pairs]), tuple("abcdef")))
    shown = len(tables.pairs_table(evaluation).rows)
    assert 5 <= shown <= 20
    assert {str(shown), "30"} <= set(re.findall(r"\d+", tables.pairs_caption(evaluation)))


def test_a_table_of_all_pairs_says_nothing_of_more(evaluation):
    """Two pairs occur, two are shown."""
    assert not any(digit in tables.pairs_caption(evaluation) for digit in "0123456789")


def test_confidence_has_a_row_per_group(evaluation):
    """All, right, wrong, and each class."""
    groups = [row[0] for row in tables.confidence_table(evaluation).rows]
    assert groups == ["all", "right", "wrong", "class cat", "class dog", "class eel"]


def test_an_empty_group_shows_dashes():
    """No mistake, no confidence of mistakes."""
    found = row(tables.confidence_table(evaluate(all_right())), "wrong")
    assert list(found.values()) == ["wrong", "0", *[text.DASH] * 5]


def test_the_share_of_sure_answers_is_counted(evaluation):
    """Images 1, 6, 10 and 11 were given 0.99 or more, but float32 has no 0.99 and falls just short of it."""
    sure = [k for k, (_, confidence) in enumerate(SAID) if confidence > 0.99]
    assert sure == [1, 6, 10]
    assert row(tables.confidence_table(evaluation), "all")["At 0.99 or above"] in {"25.0 %", "33.3 %"}


def test_the_coverage_is_that_of_a_plain_loop():
    """The surest so many of 1,000, each surer than the next, every 50th wrong; the nearest points of the curve."""
    n = 1_000
    sure, right = np.linspace(0.99, 0.6, n), np.arange(n) % 50 != 49
    rows = np.where(right[:, None], np.stack([sure, 1 - sure], 1), np.stack([1 - sure, sure], 1))
    table = tables.coverage_table(evaluate(make_predictions(rows, np.zeros(n, dtype=np.int64), ("a", "b"))))
    for kept, risk, least in table.rows:
        k = round(float(kept.removesuffix(" %")) * n / 100)
        assert float(risk.removesuffix(" %")) == pytest.approx(100 * (~right[:k]).mean(), abs=5e-4)
        assert float(least.removesuffix(" %")) == pytest.approx(100 * sure[k - 1], abs=0.01)
    assert table.rows[-1][0] == "100.0 %"


def test_a_counted_report_says_what_is_left_out_and_what_is_cut_otherwise():
    """Dashes, suspected labels, and slants in steps; one of every row says nothing."""
    predictions, images = tiny_predictions(), np.zeros((12, 6, 5), np.uint8)
    note = tables.counted_note(evaluate_summary(Summary.of(predictions, images, Wanted())))
    for part in ("ROC AUC", "the number of suspected labels", "Slants were rounded to 0.001", "1,000 worst mistakes"):
        assert part in note
    assert tables.counted_note(evaluate(predictions)) == ""


def test_a_counted_table_has_no_columns_of_dashes_alone():
    """What was left out is said once, above; a dash among numbers stays, and other reports keep every column."""
    predictions = make_predictions(np.float32([[0.9, 0.1, 0], [0.2, 0.8, 0]]), np.array([0, 1]), NAMES)
    whole, counted = (
        evaluate(predictions),
        evaluate_summary(Summary.of(predictions, np.zeros((2, 4, 4), np.uint8), Wanted())),
    )
    for make, left_out in (
        (lambda of: tables.per_class_table(of, NAMES), {"ROC AUC", "Average precision"}),
        (tables.confidence_table, {"Median", "5th percentile", "95th percentile"}),
    ):
        full, short = make(whole), make(counted)
        assert set(full.columns) - set(short.columns) == left_out
        assert short.ids == full.ids
        assert short.numeric == frozenset(range(1, len(short.columns)))
        assert [row[0] for row in short.rows] == [row[0] for row in full.rows]
        assert all(len(row) == len(short.columns) for row in short.rows)
    assert row(tables.per_class_table(counted, NAMES), NAMES[2])["Accuracy (recall)"] == text.DASH
