"""Predictions without probabilities, through the whole line: what still makes sense is there, the rest is a dash."""

import json
import math
import re

import numpy as np
import pytest
from gate_work import gate
from hypothesis import given
from strategies import law, samples
from test_html import Page
from tiny_run import LABELS, NAMES, SAID, tiny_predictions, tiny_run

from mnist_report import evaluate as evaluate_arrays
from mnist_report import evaluate_parquet
from mnist_report.cli import run_cli
from mnist_report.errors import DataError
from mnist_report.evaluation.comparison import compare, flips_frame
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import OF_PROBABILITIES
from mnist_report.evaluation.mistakes import choose_galleries, flips, mistakes_to_show, worst_first
from mnist_report.evaluation.predictions import Predictions, make_class_predictions
from mnist_report.evaluation.streamed import evaluate_parts
from mnist_report.evaluation.tally import Tally
from mnist_report.gates.document import observe_document, read_document
from mnist_report.gates.evidence import NoEvidenceError, gather, observe
from mnist_report.gates.rules import CLASS_RANGES, OVERALL_RANGES
from mnist_report.pipeline import render
from mnist_report.report.change import make_change
from mnist_report.report.compare_view import make_compare_view
from mnist_report.report.comparison_text import comparison_text
from mnist_report.report.text import DASH
from mnist_report.runs.baseline import accept, match, read_baseline
from mnist_report.runs.folder import read_run
from mnist_report.runs.metrics_document import metrics_document
from mnist_report.runs.predictions_file import ScoredImages, read_predictions, read_scored_images, write_predictions
from mnist_report.runs.scores_file import FIELDS, read_scores, write_scores

GRADED = tiny_predictions()
WITHOUT_ROWS = {"confidence", "calibration", "risk_coverage", "near_misses", "label_issues"}
NO_PROBABILITIES = "this run has no probabilities"


def bare(graded: Predictions = GRADED) -> Predictions:
    """The same answers, and nothing about how sure they are."""
    return make_class_predictions(graded.predicted, graded.labels, graded.class_names, "a vendor")


BARE = bare()


def strict(text):
    """JSON by the letter: NaN is no number."""
    return json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with its two reports."""
    folder = tiny_run(BARE).write(tmp_path_factory.mktemp("run"))
    render(folder, ("html", "pdf"), None)
    return folder


@pytest.fixture(scope="module")
def html(run):
    return (run / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@law
@given(samples(min_rows=2))
def test_what_remains_is_scikit_learns(sample):
    """Accuracy and its kin need no probabilities."""
    import warnings

    from sklearn import metrics

    predictions = bare(sample.predictions())
    labels, said, classes = predictions.labels, predictions.predicted, np.arange(len(sample.class_names))
    found = evaluate(predictions)
    assert found.tally.confusion.tolist() == metrics.confusion_matrix(labels, said, labels=classes).tolist()
    assert found.overall["accuracy"].value == pytest.approx(metrics.accuracy_score(labels, said))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, said),
            "mcc": metrics.matthews_corrcoef(labels, said),
            "cohen_kappa": metrics.cohen_kappa_score(labels, said),
        }
        each = metrics.precision_recall_fscore_support(labels, said, labels=classes, zero_division=math.nan)
    for name, value in expected.items():
        if not math.isnan(found.overall[name].value):  # scikit-learn says 0 where there is no such thing
            assert found.overall[name].value == pytest.approx(value, abs=1e-12)
    for name, values in zip(("precision", "recall"), each, strict=False):
        assert [m[name].value for m in found.per_class] == pytest.approx(values.tolist(), nan_ok=True)


@law
@given(samples())
def test_what_remains_does_not_depend_on_the_rest(sample):
    """Value, interval and n are those of the same answers with their probabilities."""
    graded = sample.predictions()
    with_rest, without = evaluate(graded), evaluate(bare(graded))
    for ours, theirs in zip(
        (without.overall, *without.per_class), (with_rest.overall, *with_rest.per_class), strict=True
    ):
        assert list(ours) == list(theirs)
        assert {k: repr(m) for k, m in ours.items() if k not in OF_PROBABILITIES} == {
            k: repr(m) for k, m in theirs.items() if k not in OF_PROBABILITIES
        }


@law
@given(samples())
def test_what_needs_probabilities_is_not_defined(sample):
    """No value and no bound, of the whole set and of each class; n stays."""
    found = evaluate(bare(sample.predictions()), temperature=1.5)
    for row, n in zip((found.overall, *found.per_class), (found.tally.n, *found.tally.confusion.sum(1)), strict=True):
        unknown = [metric for name, metric in row.items() if name in OF_PROBABILITIES]
        assert unknown
        assert all(math.isnan(x) for m in unknown for x in (m.value, m.ci_low, m.ci_high))
        assert {m.n for m in unknown} == {n}
    assert math.isnan(found.accuracy_without_suspects.value)
    assert found.tempered is None


def test_every_metric_of_probabilities_is_in_the_list():
    """What a gate may ask for is known to be of one kind or the other."""
    known = {*OVERALL_RANGES, *CLASS_RANGES}
    assert known >= OF_PROBABILITIES
    counts = {"accuracy", "errors", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "mcc"}
    assert known - OF_PROBABILITIES == counts | {"cohen_kappa", "recall", "precision", "f1"}


@law
@given(samples(min_rows=2))
def test_parts_give_the_same_as_the_whole(sample):
    """Tallies without probabilities can be added, too."""
    whole = bare(sample.predictions())
    middle = len(whole) // 2
    rows = np.arange(len(whole))
    parts = [whole.only(rows[:middle]), whole.only(rows[middle:])]
    streamed, at_once = evaluate_parts(parts), evaluate(whole)
    assert repr(streamed.overall) == repr({name: at_once.overall[name] for name in streamed.overall})
    assert not streamed.tally.graded
    assert len(streamed.frames["calibration"]) == 0


def test_parts_of_both_kinds_are_an_error():
    """A log loss of half the images is nobody's."""
    with pytest.raises(DataError, match="some parts have probabilities and others have none"):
        evaluate_parts([GRADED, BARE])
    assert not (Tally.of(GRADED) + Tally.of(BARE)).graded


def test_the_first_finding_says_what_is_missing():
    """Before anything else, and once."""
    first, *rest = evaluate(BARE).findings
    assert first.startswith("The predictions came without probabilities")
    assert not any("probabilities" in finding for finding in rest)


def test_mistakes_are_in_the_order_of_the_data():
    """None is known to be worse; nothing is nearly wrong, and no label is suspected."""
    assert worst_first(BARE).tolist() == mistakes_to_show(BARE, 9).tolist() == [3, 4, 8]
    chosen = choose_galleries(BARE)
    assert (chosen.mistakes.tolist(), len(chosen.near_misses), len(chosen.label_issues)) == ([3, 4, 8], 0, 0)
    assert len(chosen.samples) > 0


def test_frames_are_empty_where_there_is_nothing():
    """With the same columns as ever."""
    frames, usual = dict(evaluate(BARE).frames.items()), dict(evaluate(GRADED).frames.items())
    assert {name for name, frame in frames.items() if len(frame) == 0} == WITHOUT_ROWS | {"slices"}
    assert {name: list(frame) for name, frame in frames.items()} == {name: list(f) for name, f in usual.items()}
    assert frames["mistakes"]["index"].tolist() == [3, 4, 8]
    assert frames["mistakes"][["confidence", "margin", "actual_probability", "loss"]].isna().all(axis=None)


def test_metrics_json_has_null(run):
    """And no NaN, which is no JSON."""
    found = strict((run / "metrics.json").read_text("utf-8"))
    for row in (found["overall"], *found["per_class"]):
        for name, metric in row.items():
            if name in OF_PROBABILITIES:
                assert (metric["value"], metric["ci_low"], metric["ci_high"]) == (None, None, None)
    assert found["overall"]["accuracy"]["value"] == 0.75
    assert found["accuracy_without_suspects"]["value"] is None
    assert (found["calibration"], found["temperature"]) == ([], None)


def test_csv_files_have_empty_cells(run):
    """Nobody's spreadsheet has to know what nan is."""
    for path in (run / "frames").glob("*.csv"):
        assert "nan" not in path.read_text("utf-8").lower(), path.name
    assert (run / "frames" / "mistakes.csv").read_text("utf-8").splitlines()[1] == "3,cat,dog,,,,"


def test_the_table_of_predictions_has_nulls(run):
    """Of the usual types, so that tables of several runs go together."""
    from pyarrow import parquet

    table = parquet.read_table(run / "predictions.parquet")
    usual = tiny_run().stored.predictions
    write_predictions(run.parent / "usual.parquet", usual)
    assert table.schema == parquet.read_table(run.parent / "usual.parquet").schema
    counts = {name: table[name].null_count for name in table.column_names}
    unknown = ("confidence", "margin", "loss", "p0", "p1", "p2")
    assert counts == dict.fromkeys(("index", "label", "predicted"), 0) | dict.fromkeys(unknown, 12)


def test_predictions_are_read_as_they_were_written(run):
    """By all who read them."""
    found, index = read_predictions(run / "predictions.parquet", NAMES)
    assert (found.graded, index.tolist()) == (False, list(range(12)))
    assert found.predicted.tolist() == [k for k, _ in SAID]
    assert found.labels.tolist() == list(LABELS)
    assert not read_run(run).predictions.graded
    assert not read_scored_images(run).only(np.array([4, 2])).predictions.graded
    streamed = evaluate_parquet(run / "predictions.parquet", class_names=NAMES)
    assert repr(streamed.overall["mcc"]) == repr(evaluate(BARE).overall["mcc"])


def test_scores_are_read_as_they_were_written(tmp_path):
    """A baseline without probabilities."""
    write_scores(tmp_path / "scores.parquet", BARE)
    found, _ = read_scores(tmp_path / "scores.parquet", NAMES)
    assert not found.graded
    for name in FIELDS:
        assert np.array_equal(getattr(found, name), getattr(BARE, name), equal_nan=name in FIELDS[3:])


def test_a_run_can_be_accepted_as_a_baseline(run, tmp_path):
    """And is then held against others."""
    accept(run, tmp_path / "baseline", by="Kim", why="first", when="2026-01-02")
    sha256 = tiny_run().provenance["data"]["sha256"]
    found = match(read_baseline(tmp_path / "baseline", NAMES), GRADED, sha256)
    assert not found.graded
    assert found.predicted.tolist() == BARE.predicted.tolist()
    alone = read_baseline(run / "predictions.parquet", NAMES)
    assert not alone.scores.graded


LEVELS = [{"metric": name, "min": 0.1, "decide": "point"} for name in sorted(OF_PROBABILITIES & set(OVERALL_RANGES))]
LEVELS += [
    {"metric": name, "class_": "cat", "min": 0.1, "decide": "point"}
    for name in sorted(OF_PROBABILITIES & set(CLASS_RANGES))
]


@pytest.mark.parametrize("rule", LEVELS, ids=lambda rule: f"{rule['metric']} {rule.get('class_', 'all')}")
def test_a_gate_on_what_is_not_there_is_an_error(rule):
    """Never a pass; the sentence says why, also from metrics.json alone."""
    wanted = gate(**rule)
    subject, expected = rule.get("class_", ""), f"{NO_PROBABILITIES}, which {rule['metric']} needs"
    with pytest.raises(NoEvidenceError, match=expected):
        observe(wanted, subject, gather(BARE, {}, 0, None))
    with pytest.raises(NoEvidenceError, match=expected):
        observe_document(wanted, subject, read_document(metrics_document(evaluate(BARE), NAMES)))


@pytest.mark.parametrize("name", sorted(OF_PROBABILITIES & set(OVERALL_RANGES)))
@pytest.mark.parametrize(
    ("candidate", "baseline", "whose"), [(BARE, GRADED, "this run"), (GRADED, BARE, "the baseline")]
)
def test_a_gate_on_a_change_needs_both_sides(name, candidate, baseline, whose):
    """And says which one has none."""
    evidence = gather(candidate, {}, 0, baseline)
    with pytest.raises(NoEvidenceError, match=f"^{whose} has no probabilities, which {name} needs"):
        observe(gate(metric=name, max_drop=0.1, decide="point"), "", evidence)


def test_gates_on_the_rest_are_as_ever():
    """Level and change alike."""
    evidence = gather(BARE, {}, 0, GRADED), gather(GRADED, {}, 0, GRADED)
    for rule in ({"metric": "accuracy", "min": 0.5}, {"metric": "mcc", "max_drop": 0.1}):
        ours, theirs = (observe(gate(**rule), "", side) for side in evidence)
        assert repr(ours.metric) == repr(theirs.metric)


def test_a_comparison_has_what_both_sides_have():
    """Proportions as usual; means are not defined, whichever side lacks them."""
    expected = compare(GRADED, GRADED).overall
    for sides in ((BARE, GRADED), (GRADED, BARE), (BARE, BARE)):
        found = compare(*sides).overall
        assert list(found) == list(expected)
        assert {name for name, d in found.items() if math.isnan(d.value)} == OF_PROBABILITIES & set(found)
        assert all(math.isnan(found[name].ci_low) for name in OF_PROBABILITIES & set(found))
        assert repr(found["accuracy"]) == repr(expected["accuracy"])
        assert repr(found["mcc"]) == repr(expected["mcc"])


def test_flips_are_sorted_by_the_side_that_has_a_loss():
    """The other one's are in the order of the data."""
    right = make_class_predictions(np.array(LABELS), GRADED.labels, NAMES, "all right")
    assert flips(GRADED, right)[0].tolist() == [4, 8, 3]
    assert flips(BARE, right)[0].tolist() == [3, 4, 8]
    frame = flips_frame(compare(GRADED, right), GRADED, right, np.arange(12))
    assert (frame["candidate_confidence"].notna().all(), frame["baseline_confidence"].isna().all()) == (True, True)


def test_a_comparison_as_text_has_dashes():
    """And no nan."""
    sides = [ScoredImages(name, side, np.arange(12), None) for name, side in (("a", BARE), ("b", GRADED))]
    text = comparison_text(compare(BARE, GRADED), *sides)
    assert re.search(rf"^Top-2 accuracy +{DASH} pp +{DASH}$", text, re.MULTILINE)
    assert "nan" not in text.lower()


def test_the_report_shows_dashes(html):
    """Where there is a place for a number, and nowhere nan."""
    for name in OF_PROBABILITIES & set(OVERALL_RANGES):
        row = re.search(rf'<tr id="metric-{name}">.*', html)[0]
        assert row.count(f'<td class="number">{DASH}</td>') == 2
    assert not re.search(r"\bnan\b", re.sub(r"data:[^\"]*", "", html), re.IGNORECASE)


def test_the_report_says_once_what_is_missing(html):
    """At the top, before the first number of a table."""
    assert html.count("The predictions came without probabilities: ") == 1
    assert html.index('class="findings"') < html.index("came without probabilities") < html.index("<table")


def test_sections_that_would_be_empty_are_left_out(html, page):
    """The question about confidence has its answer in a sentence; there is no empty table and no empty figure."""
    assert "so there is no confidence to be trusted or doubted" in html
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert ids & {"calibration", "confidences", "coverage", "temperature", "near-misses", "label-issues"} == set()
    assert {name for name in ids if name.startswith("figure-")} == {
        "figure-confusion",
        "figure-per_class",
        "figure-class_distribution",
    }
    assert "<tbody>\n</tbody>" not in html
    assert {link["href"][1:] for link in page.all("a")} <= ids


def test_galleries_show_what_was_said_and_nothing_of_confidence(html, page):
    """No bars, and no confidence for the filter; the order is said."""
    digits = [attributes for attributes in page.all("figure") if "digit" in attributes["class"]]
    assert len(digits) > 3
    assert not any("data-confidence" in attributes for attributes in digits)
    assert 'class="bars"' not in html
    assert "In the order of the data, since without probabilities no mistake is known to be worse" in html
    assert "Worst" not in html.replace("The worst", "")
    assert [digit["id"] for digit in digits][:3] == ["image-3", "image-4", "image-8"]
    assert 'alt="Image 3: cat, predicted dog"' in html


def test_the_report_is_the_same_when_it_is_drawn_again(run):
    """From the nulls in the run folder."""
    before = {name: (run / name).read_bytes() for name in ("report.html", "report.pdf")}
    render(run, ("html", "pdf"), run / "figures")
    assert {name: (run / name).read_bytes() for name in before} == before
    assert {path.stem for path in (run / "figures").glob("*.svg")} == {"confusion", "per_class", "class_distribution"}


def test_a_baseline_without_probabilities_is_shown_without_confidence():
    """What it said, and nothing beside it."""
    tiny = tiny_run()
    right = make_class_predictions(np.array(LABELS), GRADED.labels, NAMES, "all right")
    change = make_change(compare(GRADED, right), GRADED, right, tiny.stored.images, "a vendor")
    assert [digit.note for digit in change.regressed.digits] == ["baseline: cat", "baseline: dog", "baseline: cat"]
    assert all(digit.bars for digit in change.regressed.digits)
    sides = [ScoredImages(name, side, np.arange(12), None) for name, side in (("a", GRADED), ("b", right))]
    view = make_compare_view(compare(GRADED, right), *sides, tiny.stored.images)
    assert view.flips.rows[0][3:] == ("dog, 98.0 %", "cat")


def test_a_notebook_gets_the_same():
    """One-hot rows, all of them, are classes there too."""
    labels = np.arange(120) % 3
    said = np.where(np.arange(120) % 7, labels, 0)
    result = evaluate_arrays(np.eye(3)[said], labels, class_names=NAMES, images=np.zeros((120, 6, 5), np.uint8))
    shown = result._repr_html_()
    assert math.isnan(result.evaluation.overall["log_loss"].value)
    assert "Mistakes, in the order of the data" in shown
    assert "came without probabilities" in shown
    assert set(result.figures()) == {"confusion", "per_class", "class_distribution"}


def test_the_command_line_takes_names(tmp_path, capsys):
    """From a vendor's table to a verdict: what can be decided is, and the rest is an error with a reason."""
    names = np.array(NAMES)
    labels = names[np.arange(300) % 3].tolist()
    lines = [f"{label},{'cat' if k % 50 == 0 else label}" for k, label in enumerate(labels)]
    (tmp_path / "vendor.csv").write_text("\n".join(["label,predicted", *lines]))
    rules = ["[[gates]]", 'metric = "accuracy"', "min = 0.9", "[[gates]]", 'metric = "log_loss"', "max = 1.0"]
    (tmp_path / "gates.toml").write_text("\n".join(rules))
    options = ["--data", "none", "--reports", str(tmp_path / "reports"), "--gates", str(tmp_path / "gates.toml")]
    status = run_cli(["run", "-q", "--predictions", str(tmp_path / "vendor.csv"), "--format", "html", *options])
    said = capsys.readouterr()
    assert status == 1
    assert f"Log_loss max 1.0: {NO_PROBABILITIES}" in said.err
    finished = tmp_path / said.out.strip()
    found = strict((finished / "metrics.json").read_text("utf-8"))
    assert [each["outcome"] for each in found["gates"]] == ["PASS", "ERROR"]
    assert found["overall"]["errors"]["value"] == sum(line.split(",")[0] != line.split(",")[1] for line in lines)
    assert [row["class"] for row in found["per_class"]] == list(NAMES)
    assert 'metric="log_loss"' not in (finished / "metrics.prom").read_text("utf-8")
    assert NO_PROBABILITIES in (finished / "junit.xml").read_text("utf-8")
