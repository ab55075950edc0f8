"""The main job's own tables, each compared with metrics.json and predictions.parquet."""

import csv
import json

import pytest

CLASSES = range(10)


@pytest.fixture(scope="module")
def table(shipped_run):
    """predictions.parquet, as a notebook reads it."""
    import pandas as pd

    return pd.read_parquet(shipped_run / "predictions.parquet")


@pytest.fixture(scope="module")
def metrics(shipped_run):
    """metrics.json."""
    return json.loads((shipped_run / "metrics.json").read_text("utf-8"))


def csv_rows(shipped_run, name):
    """One of the frames, as a spreadsheet reads it."""
    with (shipped_run / "frames" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_overall_csv_agrees_with_the_metrics(shipped_run, metrics):
    """An empty cell is null."""
    found = {
        row["metric"]: {name: float(row[name]) if row[name] else None for name in ("value", "ci_low", "ci_high", "n")}
        for row in csv_rows(shipped_run, "overall")
    }
    assert found == metrics["overall"]


@pytest.mark.parametrize("name", ["recall", "precision", "f1"])
def test_per_class_csv_agrees_with_the_metrics(shipped_run, metrics, name):
    """Value and interval."""
    columns = {"value": name, "ci_low": f"{name}_ci_low", "ci_high": f"{name}_ci_high"}
    found = [
        {key: float(row[column]) if row[column] else None for key, column in columns.items()}
        for row in csv_rows(shipped_run, "per_class")
    ]
    assert found == [{key: row[name][key] for key in columns} for row in metrics["per_class"]]


def test_confusion_csv_agrees_with_the_metrics(shipped_run, metrics):
    """Count by count."""
    found = [[int(row[str(k)]) for k in CLASSES] for row in csv_rows(shipped_run, "confusion")]
    assert found == metrics["confusion"]


def test_confused_pairs_csv_agrees_with_the_confusion_counts(shipped_run, metrics):
    """Every pair that occurs, most frequent first."""
    pairs = [
        (int(row["actual"]), int(row["predicted"]), int(row["count"]))
        for row in csv_rows(shipped_run, "confused_pairs")
    ]
    counts = metrics["confusion"]
    assert set(pairs) == {(a, p, counts[a][p]) for a in CLASSES for p in CLASSES if a != p and counts[a][p]}
    assert [count for *_, count in pairs] == sorted((count for *_, count in pairs), reverse=True)


def test_mistakes_csv_lists_every_wrong_prediction_worst_first(shipped_run, table):
    """By falling loss, equal losses by index."""
    wrong = table[table["label"] != table["predicted"]]
    expected = sorted(zip(-wrong["loss"], wrong["index"], strict=True))
    assert [int(row["index"]) for row in csv_rows(shipped_run, "mistakes")] == [index for _, index in expected]


def test_confidence_csv_agrees_with_the_predictions(shipped_run, table):
    """Number and mean of every group."""
    right = table["label"] == table["predicted"]
    groups = {"all": right | True, "right": right, "wrong": ~right}
    groups |= {f"class {k}": table["label"] == k for k in CLASSES}
    found = {row["group"]: (int(row["n"]), float(row["mean"])) for row in csv_rows(shipped_run, "confidence")}
    expected = {name: (int(g.sum()), table["confidence"][g].mean()) for name, g in groups.items()}
    assert found == {name: (n, pytest.approx(mean, rel=1e-12)) for name, (n, mean) in expected.items()}


def test_calibration_csv_agrees_with_the_metrics(shipped_run, metrics):
    """Bin by bin; ten thousand images in all."""
    found = [{name: float(cell) for name, cell in row.items()} for row in csv_rows(shipped_run, "calibration")]
    assert found == metrics["calibration"]
    assert sum(row["n"] for row in found) == 10_000


def test_risk_coverage_csv_ends_with_all_images(shipped_run, metrics):
    """Nothing left out: the error rate of the whole set; at most 200 points."""
    found = csv_rows(shipped_run, "risk_coverage")
    assert len(found) == 200
    assert float(found[-1]["coverage"]) == 1
    assert float(found[-1]["risk"]) == pytest.approx(1 - metrics["overall"]["accuracy"]["value"], rel=1e-12)


def test_near_misses_csv_lists_the_right_predictions_with_the_smallest_margin(shipped_run, table):
    """Twenty, the smallest first."""
    right = table[table["label"] == table["predicted"]]
    expected = sorted(zip(right["margin"], right["index"], strict=True))[:20]
    assert [int(row["index"]) for row in csv_rows(shipped_run, "near_misses")] == [index for _, index in expected]


def test_label_issues_csv_lists_the_labels_that_the_model_believes_least(shipped_run, table):
    """Fifty, by the probability of the label; equal ones by index."""
    raw = table[[f"p{k}" for k in CLASSES]].to_numpy().astype(float)
    own = (raw / raw.sum(axis=1, keepdims=True))[range(len(raw)), table["label"]]
    expected = sorted(zip(own.tolist(), range(len(raw)), strict=True))[:50]
    found = csv_rows(shipped_run, "label_issues")
    assert [int(row["index"]) for row in found] == [index for _, index in expected]
    assert [int(row["rank"]) for row in found] == list(range(1, 51))
