"""metrics.json: every number, unrounded, in strict JSON."""

import json
import math

import pytest
from tiny_run import NAMES, OUTCOMES, tiny_predictions, tiny_run

from mnist_report.runs.metrics_document import metrics_document


def test_metrics_json_holds_the_metrics_unrounded(tmp_path):
    """A value that is not defined is null, for JSON knows no NaN."""
    run = tiny_run()
    document = json.loads((run.write(tmp_path) / "metrics.json").read_text("utf-8"))
    expected = {
        name: {
            "value": m.value,
            "ci_low": None if math.isnan(m.ci_low) else m.ci_low,
            "ci_high": None if math.isnan(m.ci_high) else m.ci_high,
            "n": m.n,
        }
        for name, m in run.evaluation.overall.items()
    }
    assert (document["format"], document["overall"]) == (1, expected)
    assert document["confusion"] == [[3, 2, 0], [0, 3, 1], [0, 0, 3]]


def test_an_undefined_value_is_null(tmp_path):
    """No dog in the data: no recall of dogs."""
    run = tiny_run(tiny_predictions(((0, 0.9), (2, 0.9)), (0, 2)))
    document = json.loads((run.write(tmp_path) / "metrics.json").read_text("utf-8"))
    undefined = {"value": None, "ci_low": None, "ci_high": None, "n": 0}
    assert [row["class"] for row in document["per_class"]] == list(NAMES)
    assert (document["per_class"][1]["support"], document["per_class"][1]["recall"]) == (0, undefined)


def test_metrics_json_holds_every_metric_of_each_class(tmp_path):
    """Unrounded, with support; n is that of the metric."""
    run = tiny_run()
    document = json.loads((run.write(tmp_path) / "metrics.json").read_text("utf-8"))
    for k, row in enumerate(document["per_class"]):
        expected = {
            name: [None if math.isnan(x) else x for x in (m.value, m.ci_low, m.ci_high, m.n)]
            for name, m in run.evaluation.per_class[k].items()
        }
        assert (row.pop("class"), row.pop("support")) == (NAMES[k], (5, 4, 3)[k])
        assert {name: list(value.values()) for name, value in row.items()} == expected


def test_metrics_json_has_its_keys():
    """Gates, dashboards and later runs name them."""
    document = metrics_document(tiny_run().evaluation, NAMES)
    keys = ["format", "seed", "overall", "accuracy_without_suspects", "findings", "per_class", "slices", "temperature"]
    keys += ["confusion", "calibration"]
    assert list(document) == keys


def test_metrics_json_holds_the_calibration_bin_by_bin():
    """Only bins that have images; twelve in all."""
    rows = metrics_document(tiny_run().evaluation, NAMES)["calibration"]
    assert list(rows[0]) == ["low", "high", "n", "mean_confidence", "accuracy", "ci_low", "ci_high"]
    assert sum(row["n"] for row in rows) == 12
    assert all(row["n"] > 0 and row["low"] < row["mean_confidence"] <= row["high"] + 1e-9 for row in rows)


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_metrics_json_is_strict_json_whatever_the_outcome(predictions):
    """No NaN, no infinity, no numpy type."""
    document = metrics_document(tiny_run(predictions()).evaluation, NAMES)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
