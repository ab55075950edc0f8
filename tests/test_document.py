"""Gates about a metrics.json alone."""

import json
from datetime import date

import numpy as np
import pytest
from gate_work import TODAY, gate, gate_set, some_right
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import law, samples
from tiny_run import OUTCOMES, tiny_predictions, tiny_run

from mnist_report.checking import check_document, check_run
from mnist_report.errors import OutputError
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import INTERVALS
from mnist_report.gates.document import NO_ROWS, read_document
from mnist_report.gates.evidence import gather
from mnist_report.gates.rules import CLASS_RANGES, OVERALL_RANGES, GateSet
from mnist_report.gates.verdict import judge
from mnist_report.runs.metrics_document import metrics_document

# Below so many images a mean's interval may be cut off at both ends of its range.
FEW = 10


def level_gates(class_names=(), slices=(), thresholds=(0.3, 0.7, 0.9, 0.97)):
    """Every rule about a level: each metric, sense and way to decide."""
    subjects = [({}, OVERALL_RANGES), ({"class": "each"}, CLASS_RANGES)]
    subjects += [({"class": name}, CLASS_RANGES) for name in class_names]
    subjects += [({"slice": name}, ["accuracy"]) for name in slices]
    return gate_set(
        *(
            {"metric": metric, sense: threshold, "decide": decide, **subject}
            | {"name": f"{metric} {sense} {threshold} {decide} {subject}"}
            for subject, metrics in subjects
            for metric in metrics
            for sense in ("min", "max")
            for threshold in thresholds
            for decide in (("bound", "point") if metric in INTERVALS else ("point",))
        )
    )


def both(predictions, rules, columns=None, seed=0):
    """The verdict about the rows, and that about the document that was written of them."""
    columns = columns or {}
    evaluation = evaluate(predictions, slice_columns=columns, seed=seed)
    document = json.loads(json.dumps(metrics_document(evaluation, predictions.class_names), allow_nan=False))
    ours = judge(rules, gather(predictions, columns, seed, None), TODAY)
    return ours, judge(rules, read_document(document), TODAY)


def pairs(ours, theirs):
    """Each gate with what the two found; of a handful of images, a document may not know the spread."""
    return [
        (one.gate, a, b)
        for one, other in zip(ours.results, theirs.results, strict=True)
        for a, b in zip(one.findings, other.findings, strict=True)
        # One that is not known counts for its whole family, whose tests are adjusted to one another.
        if INTERVALS.get(one.gate.metric) != "normal" or all(f.observed.n >= FEW for f in one.findings)
    ]


def different(ours, theirs):
    """The subjects about which two verdicts differ."""
    return [(gate.name, a, b) for gate, a, b in pairs(ours, theirs) if a.outcome != b.outcome]


def assert_same_numbers(ours, theirs):
    """All that is shown of each finding, but for the reason of an ERROR."""
    for rule, *found in pairs(ours, theirs):
        if found[0].outcome != "ERROR":
            seen = [(f, f.observed) for f in found]
            a, b = [(m.value, m.ci_low, m.ci_high, m.n, f.margin, f.shortfall, f.twin) for f, m in seen]
            assert a == pytest.approx(b, rel=1e-6, abs=1e-9, nan_ok=True), rule.name
            assert found[0].images == pytest.approx(found[1].images, rel=0.02, nan_ok=True), rule.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a run of three thousand images."""
    return tiny_run(some_right()).write(tmp_path_factory.mktemp("run"))


@pytest.mark.parametrize("right", [(990, 990, 990), (900, 990, 999), (1_000, 1_000, 1_000), (300, 1, 700)])
def test_a_document_is_decided_as_the_run_is(right):
    """Outcomes, notes and every number, of every gate about a level."""
    predictions = some_right(right)
    values = np.array(["red", "blue", ""], dtype=object)[np.arange(3_000) % 3]
    slices = ["pen=red", "pen=blue", "pen=green", "cap=red"]
    rules = level_gates(predictions.class_names, slices, (0.3, 0.6, 0.97, 0.98, 0.99))
    ours, theirs = both(predictions, rules, {"pen": values}, seed=5)
    assert different(ours, theirs) == []
    assert [result.notes for result in ours.results] == [result.notes for result in theirs.results]
    assert_same_numbers(ours, theirs)


@pytest.mark.parametrize("kind", OUTCOMES)
def test_a_document_of_a_few_images_is_decided_as_the_run_is(kind):
    """Also of one image, and where a class is never there or never said."""
    ours, theirs = both(OUTCOMES[kind](), level_gates(("cat", "dog", "fox")))
    assert different(ours, theirs) == []
    assert_same_numbers(ours, theirs)


@settings(law, max_examples=10)
@given(samples(), st.integers(0, 2**32))
def test_any_document_is_decided_as_the_run_is(sample, seed):
    """Whatever the model says, for every gate about a level."""
    ours, theirs = both(sample.predictions(), level_gates(thresholds=(0.31, 0.72)), seed=seed)
    assert different(ours, theirs) == []


@pytest.mark.parametrize("missing", ["error", "allow"])
@pytest.mark.parametrize("subject", [{}, {"class": "each"}, {"class": "cat"}, {"slice": "ink=q1"}])
def test_a_change_is_an_error(folder, subject, missing):
    """There is no row to hold against a baseline's, and this is no missing baseline."""
    rules = gate_set({"metric": "accuracy", "max_drop": 0.5, "baseline_missing": missing, **subject})
    result = check_document(folder / "metrics.json", rules, TODAY).verdict.results[0]
    assert (result.outcome, {found.reason for found in result.findings}) == ("ERROR", {NO_ROWS})


@pytest.mark.parametrize(
    ("table", "telling"),
    [
        ({"metric": "acuracy", "min": 0.9}, "unknown metric 'acuracy'"),
        ({"metric": "recall", "class": "fox", "min": 0.9}, "there is no class 'fox'; the classes are cat, dog, eel"),
        ({"metric": "accuracy", "slice": "pen=red", "min": 0.9}, "there is no slice 'pen=red'; there are ink=q1, ink"),
    ],
)
def test_what_a_document_does_not_have_is_told(folder, table, telling):
    """With what there is."""
    result = check_document(folder / "metrics.json", gate_set(table), TODAY).verdict.results[0]
    assert result.outcome == "ERROR"
    assert result.deciding.reason.startswith(telling)


@pytest.mark.parametrize("class_name", ["dog", "each"])
def test_a_class_without_images_has_no_precision(class_name):
    """A dog is said, but there is none: the run's ERROR is the document's."""
    predictions = tiny_predictions(((0, 0.9), (1, 0.9), (2, 0.9)), (0, 0, 2))
    rules = gate_set({"metric": "precision", "class": class_name, "max": 0.5, "decide": "point"})
    ours, theirs = both(predictions, rules)
    assert [f.outcome for f in ours.results[0].findings] == [f.outcome for f in theirs.results[0].findings]


def test_an_interval_that_is_cut_off_at_both_ends_hides_its_spread():
    """The run leaves it open; the document has too little to pass."""
    ours, theirs = both(OUTCOMES["never a dog"](), gate_set({"metric": "brier", "max": 1.5}))
    assert ours.outcome == "INCONCLUSIVE"
    assert theirs.outcome in {"INCONCLUSIVE", "ERROR"}


def test_a_class_that_is_never_said_is_told_so():
    """It has images; what it has not is a precision."""
    rules = GateSet((gate(metric="precision", class_="dog", min=0.5),))
    ours, theirs = both(OUTCOMES["never a dog"](), rules)
    assert [v.results[0].deciding.reason for v in (ours, theirs)] == [
        "precision is not defined for these predictions"
    ] * 2


@pytest.mark.parametrize(
    "rules", [None, gate_set({"metric": "log_loss", "max": 1.0}, {"metric": "f1", "class": "each", "min": 0.9})]
)
def test_a_metrics_json_is_checked_as_its_run_is(folder, rules):
    """Lines, sentence and status; the default rules where none are given."""
    ours, theirs = check_run(folder, rules, None, TODAY), check_document(folder / "metrics.json", rules, TODAY)
    assert (ours.lines, ours.sentence) == (theirs.lines, theirs.sentence)
    assert ours.verdict.exit_status == theirs.verdict.exit_status
    assert set(theirs.files) == {"junit.xml", "summary.md", "metrics.prom"}


def test_a_waiver_holds_for_a_document_too(folder):
    """Until its last day."""
    waiver = {"reason": "r", "owner": "o", "expires": TODAY}
    rules = gate_set({"metric": "accuracy", "min": 0.995, "waiver": waiver})
    found = [check_document(folder / "metrics.json", rules, day).verdict.outcome for day in (TODAY, date(2026, 1, 3))]
    assert found == ["WAIVED", "FAIL"]


# Where in the document, and what stands there instead; None for nothing.
DAMAGE = [
    (("format",), 99),
    (("format",), None),
    (("overall",), None),
    (("overall",), []),
    (("overall", "accuracy"), 0.99),
    (("overall", "accuracy", "value"), "high"),
    (("overall", "accuracy", "n"), None),
    (("per_class",), None),
    (("per_class",), {}),
    (("per_class", 0), None),
    (("per_class", 0, "class"), None),
    (("per_class", 0, "f1"), None),
    (("slices",), None),
    (("slices", 0, "accuracy"), 1),
    (("confusion",), None),
    (("confusion",), []),
    (("confusion",), [[1, 0, 0], [0, 1], [0]]),
    (("confusion",), [[1, 0], [0, 1]]),
    (("confusion",), [[0] * 3] * 3),
    (("confusion",), [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (("confusion",), "counts"),
    (("seed",), None),
    (("seed",), "x"),
    (("seed",), []),
    (("overall",), {}),
    (("overall", "accuracy"), None),
    (("overall", "mcc"), None),
    (("overall", "accuracy", "n"), -1),
    (("overall", "accuracy", "value"), 7),
    (("overall", "accuracy", "n"), float("inf")),
    (("per_class", 0, "recall", "n"), -1),
    (("seed",), -1),
    (("seed",), float("inf")),
    (("confusion",), [[10**30, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (("confusion",), [[2**62, 0, 0], [0, 2**62, 0], [0, 0, 2**62]]),
]
RULES = gate_set(
    {"metric": "accuracy", "min": 0.95},
    {"metric": "mcc", "min": 0.95},
    {"metric": "recall", "class": "each", "min": 0.95},
)


@pytest.mark.parametrize(("place", "value"), DAMAGE, ids=repr)
def test_a_damaged_document_is_refused(folder, tmp_path, place, value):
    """Status 3, with the file's name."""
    document = json.loads((folder / "metrics.json").read_text("utf-8"))
    part = document
    for key in place[:-1]:
        part = part[key]
    if value is None:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(OutputError, match=r"metrics\.json: ") as caught:
        check_document(path, RULES, TODAY)
    assert caught.value.exit_status == 3


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"null", b"[]", b"3", b'"x"', b"{}", b"\xff\xfe", b"\x00", b'{"format": 1}'),
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_document_is_refused(tmp_path, content):
    """Whatever the file holds."""
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    with pytest.raises(OutputError, match=r"metrics\.json: "):
        check_document(path, None, TODAY)


def test_a_document_that_is_not_there_or_a_folder_is_refused(tmp_path):
    """And told what to give."""
    with pytest.raises(OutputError, match=r"no such file; give a run folder or its metrics\.json"):
        check_document(tmp_path / "metrics.json", None, TODAY)
    with pytest.raises(OutputError, match="not a metrics"):
        check_document(tmp_path, None, TODAY)
