"""What temperature scaling would change: from the evaluation to metrics.json and the report."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law, samples
from tiny_run import FIGURES, NAMES, OUTCOMES, tiny_predictions, tiny_run

from mnist_report.evaluation.evaluation import CHANGED_BY_TEMPERATURE, evaluate
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.model.card import card_path
from mnist_report.model.store import shipped_model
from mnist_report.model.temperature import with_temperature
from mnist_report.report import tables, text
from mnist_report.report.html import to_html
from mnist_report.report.view import make_view
from mnist_report.runs.folder import write_results
from mnist_report.runs.metrics_document import metrics_document

TEMPERATURES = (0.3, 1.0, 1.4, 6.0)


@pytest.fixture(scope="module")
def predictions():
    """500 images of five classes, some answers surer than others."""
    generator = np.random.default_rng(8)
    logits = generator.normal(0, 2, (500, 5))
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(generator.random(500) < 0.7, rows.argmax(axis=1), generator.integers(0, 5, 500))
    return make_predictions(rows, labels, tuple("abcde"))


def oracle(rows, labels):
    """The five metrics of these rows by another hand."""
    from sklearn import metrics as sk

    n, wide, brier = len(labels), [[] for _ in range(15)], []
    for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
        confidence = max(row)
        wide[math.ceil(confidence * 15) - 1].append(confidence - (row.index(confidence) == label))
        brier.extend((p - (k == label)) ** 2 for k, p in enumerate(row))
    mean_confidence = math.fsum(max(row) for row in rows.tolist()) / n
    return {
        "log_loss": sk.log_loss(labels, rows, labels=range(rows.shape[1])),
        "brier": math.fsum(brier) / n,
        "ece": sum(abs(math.fsum(part)) for part in wide) / n,
        "mean_confidence": mean_confidence,
        "overconfidence": mean_confidence - sk.accuracy_score(labels, rows.argmax(axis=1)),
    }


def same(left, right):
    """Whether two values are equal, NaN and NaN too, however deep."""
    if dataclasses.is_dataclass(left):
        return all(same(getattr(left, f.name), getattr(right, f.name)) for f in dataclasses.fields(left))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same, left, right))
    if hasattr(left, "equals"):
        return left.equals(right)
    if isinstance(left, np.ndarray):
        return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    return left == right or (left != left and right != right)  # noqa: PLR0124  NaN


def test_the_metrics_that_a_temperature_changes_are_named(predictions):
    """In this order, everywhere."""
    found = evaluate(predictions, temperature=1.4).tempered
    assert tuple(found.overall) == CHANGED_BY_TEMPERATURE
    assert found.temperature == 1.4


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("name", CHANGED_BY_TEMPERATURE)
def test_a_metric_is_that_of_the_scaled_rows(predictions, temperature, name):
    """By scikit-learn or a plain loop, in float64."""
    found = evaluate(predictions, temperature=temperature).tempered.overall[name]
    expected = oracle(with_temperature(predictions.rows, temperature), predictions.labels)[name]
    assert (found.value, found.n) == (pytest.approx(expected, abs=1e-12, rel=1e-12), 500)


@pytest.mark.parametrize("name", ["log_loss", "brier", "mean_confidence", "overconfidence"])
def test_an_interval_is_the_normal_one_of_the_scaled_rows(predictions, name):
    """Mean and 1.96 standard errors of one value an image."""
    rows = with_temperature(predictions.rows, 2.0)
    every = np.arange(500)
    values = {
        "log_loss": -np.log(rows[every, predictions.labels]),
        "brier": ((rows - np.eye(5)[predictions.labels]) ** 2).sum(axis=1),
        "mean_confidence": rows.max(axis=1),
        "overconfidence": rows.max(axis=1) - predictions.right,
    }[name]
    half = 1.959964 * values.std(ddof=1) / math.sqrt(500)
    found = evaluate(predictions, temperature=2.0).tempered.overall[name]
    assert (found.ci_low, found.ci_high) == pytest.approx((values.mean() - half, values.mean() + half), abs=1e-6)


@law
@given(samples())
def test_temperature_one_changes_no_metric(sample):
    """To the last digits; those decide on the bin of a confidence on the edge of one, so not the ECE."""
    evaluation = evaluate(sample.predictions(), temperature=1)
    for name, metric in evaluation.tempered.overall.items():
        if name != "ece":
            assert metric.value == pytest.approx(evaluation.overall[name].value, abs=1e-12, rel=1e-12), name


def test_without_a_temperature_nothing_is_scaled(predictions):
    """A model without a card has none."""
    assert evaluate(predictions).tempered is None


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_nothing_else_in_the_evaluation_has_the_temperature(outcome):
    """Every other number and frame is the same with and without."""
    columns = {"half": np.array(["a", "b"], dtype=object)[np.arange(len(outcome())) % 2]}
    left, right = (evaluate(outcome(), 3, columns, temperature) for temperature in (None, 2.5))
    for field in dataclasses.fields(left):
        if field.name != "tempered":
            assert same(getattr(left, field.name), getattr(right, field.name)), field.name


@law
@given(samples(ties=False), st.floats(0.2, 5))
def test_confidence_less_overconfidence_is_still_the_accuracy(sample, temperature):
    """Since no prediction changes."""
    evaluation = evaluate(sample.predictions(), temperature=temperature)
    scaled = evaluation.tempered.overall
    difference = scaled["mean_confidence"].value - scaled["overconfidence"].value
    assert difference == pytest.approx(evaluation.overall["accuracy"].value, abs=1e-9)


def test_a_close_call_stays_what_it_was():
    """At 0.49999997 to 0.50000006 the second class is predicted, and so it is at any temperature."""
    close = make_predictions(np.array([[0.49999997, 0.50000006]], np.float32), np.array([1]), ("a", "b"))
    scaled = evaluate(close, temperature=20).tempered.overall
    assert scaled["overconfidence"].value == pytest.approx(-0.5, abs=1e-8)


def test_the_table_shows_each_metric_before_and_after(predictions):
    """As numbers with four decimals, both columns aligned."""
    evaluation = evaluate(predictions, temperature=1.4)
    table = tables.temperature_table(evaluation)
    assert table.columns == ("Metric", "As it is", "With temperature")
    assert table.numeric == {1, 2}
    for name, (title, before, after) in zip(CHANGED_BY_TEMPERATURE, table.rows, strict=True):
        assert title == tables.METRIC_NAMES[name][0]
        assert float(before) == pytest.approx(evaluation.overall[name].value, abs=6e-5)
        assert float(after) == pytest.approx(evaluation.tempered.overall[name].value, abs=6e-5)


def test_the_table_of_a_model_without_a_temperature_has_dashes(predictions):
    """What is known is shown all the same."""
    rows = tables.temperature_table(evaluate(predictions)).rows
    assert {after for _, _, after in rows} == {text.DASH}
    assert text.DASH not in {before for _, before, _ in rows}


def test_the_note_says_the_temperature_and_where_it_is_from(predictions):
    """Nobody must think that it was fitted on the images of the report."""
    note = tables.temperature_note(evaluate(predictions, temperature=1.38431))
    assert all(part in note for part in ("1.384", "held out", "never on these", "without it"))


def test_the_note_of_a_model_without_a_temperature_says_why(predictions):
    """Its card has none, or there is none."""
    assert "no temperature is known" in tables.temperature_note(evaluate(predictions))


@pytest.mark.parametrize("temperature", [None, 2.5])
def test_the_page_shows_note_and_table(temperature):
    """In the view and, escaped, in the HTML."""
    run = tiny_run()
    evaluation = evaluate(run.predictions, temperature=temperature)
    view = make_view(run.stored, evaluation, FIGURES)
    assert view.temperature == tables.temperature_table(evaluation)
    assert view.temperature_note == tables.temperature_note(evaluation)
    page = to_html(view)
    assert view.temperature_note in page
    assert all(f">{cell}</td>" in page for row in view.temperature.rows for cell in row[1:])


def test_metrics_json_holds_the_temperature_and_its_metrics(tmp_path):
    """Unrounded, with intervals, in strict JSON."""
    run = tiny_run()
    evaluation = evaluate(run.predictions, temperature=2.5)
    write_results(tmp_path, run.stored, evaluation)
    found = json.loads((tmp_path / "metrics.json").read_text("utf-8"))["temperature"]
    expected = {
        name: {key: None if value != value else value for key, value in dataclasses.asdict(metric).items()}  # noqa: PLR0124
        for name, metric in evaluation.tempered.overall.items()
    }
    assert found == {"value": 2.5, "overall": expected}


def test_metrics_json_without_a_temperature_says_null():
    """The key is there all the same."""
    assert metrics_document(evaluate(tiny_predictions()), NAMES)["temperature"] is None


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_metrics_json_stays_strict_with_a_temperature(outcome):
    """One image has no intervals; that is null."""
    document = metrics_document(evaluate(outcome(), temperature=0.05), NAMES)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@pytest.fixture
def document(shipped_run: Path):
    """metrics.json of the main job."""
    return json.loads((shipped_run / "metrics.json").read_text("utf-8"))


def test_the_main_job_has_the_temperature_of_the_shipped_card(document):
    """From the card to the numbers without a loss."""
    card = json.loads(card_path(shipped_model()).read_text("utf-8"))
    assert document["temperature"]["value"] == card["calibration"]["temperature"]


def test_the_main_jobs_scaled_metrics_are_those_of_its_predictions(shipped_run, document):
    """Recomputed from predictions.parquet; the temperature makes the log loss better."""
    import pandas as pd

    table = pd.read_parquet(shipped_run / "predictions.parquet")
    rows = np.log(table[[f"p{k}" for k in range(10)]].to_numpy().astype(np.float64).clip(min=2.0**-52))
    rows = np.exp(rows / document["temperature"]["value"])
    expected = oracle(rows / rows.sum(axis=1, keepdims=True), table["label"].to_numpy())
    found = {name: metric["value"] for name, metric in document["temperature"]["overall"].items()}
    assert found == {name: pytest.approx(value, abs=1e-9) for name, value in expected.items()}
    assert found["log_loss"] < document["overall"]["log_loss"]["value"]


def test_the_main_jobs_report_says_the_temperature(shipped_run, document):
    """To three decimals."""
    page = (shipped_run / "report.html").read_text("utf-8")
    assert f"would divide the logits by {document['temperature']['value']:.3f}" in page
