"""The rules as a TOML document says them."""

import tomllib
from datetime import date, datetime

import pytest
from gate_work import HOSTILE_TEXTS, gate, gate_set, read_rules
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.errors import ConfigError
from mnist_report.gates.rules import CLASS_RANGES, OF_RIGHT, OVERALL_RANGES, Gate, GateSet, Waiver, default_gates
from mnist_report.gates.rules_toml import to_toml

WAIVED = 'waiver = {reason = "r", owner = "o", expires = 2027-01-31}'
GOOD = {
    "min": ('metric = "accuracy"\nmin = 0.99', {"sense": "min", "threshold": 0.99, "needs_baseline": False}),
    "max": ('metric = "log_loss"\nmax = 0.05', {"sense": "max", "threshold": 0.05, "needs_baseline": False}),
    "drop": ('metric = "accuracy"\nmax_drop = 0', {"sense": "max_drop", "threshold": 0.0, "needs_baseline": True}),
    "increase": ('metric = "brier"\nmax_increase = 2', {"sense": "max_increase", "needs_baseline": True}),
    "over runs": (
        'metric = "accuracy"\nmax_drop_over = {runs = 14, drop = 0.003}',
        {
            "name": "accuracy max drop over 14 runs 0.003",
            "sense": "max_drop_over",
            "threshold": 0.003,
            "runs": 14,
            "needs_baseline": False,
            "is_change": True,
            "baseline_missing": "allow",
        },
    ),
    "over runs of a slice": (
        'metric = "accuracy"\nslice = "ink=q1"\nmax_drop_over = {runs = 1, drop = 0}\nbaseline_missing = "error"',
        {"slice_name": "ink=q1", "runs": 1, "threshold": 0.0, "baseline_missing": "error"},
    ),
    "over runs of a class": (
        'metric = "accuracy"\nclass = "3"\nmax_drop_over = {runs = 366, drop = 1}',
        {"metric": "recall", "class_name": "3", "runs": 366},
    ),
    "whole number": ('metric = "accuracy"\nmin = 1', {"threshold": 1.0}),
    "each": ('metric = "recall"\nclass = "each"\nmin = 0.9', {"class_name": "each", "is_family": True}),
    "one class": ('metric = "precision"\nclass = "3"\nmin = 0.9', {"class_name": "3", "is_family": False}),
    "alias": ('metric = "accuracy"\nclass = "3"\nmin = 0.9', {"metric": "recall", "class_name": "3"}),
    "alias of each": ('metric = "accuracy"\nclass = "each"\nmin = 0.9', {"metric": "recall", "is_family": True}),
    "slice": ('metric = "accuracy"\nslice = "ink=q1"\nmin = 0.9', {"slice_name": "ink=q1", "metric": "accuracy"}),
    "error": ('metric = "accuracy"\nmin = 0.9\nseverity = "error"', {"severity": "error"}),
    "warning": ('metric = "accuracy"\nmin = 0.9\nseverity = "warning"', {"severity": "warning"}),
    "bound": ('metric = "accuracy"\nmin = 0.9\ndecide = "bound"', {"decide": "bound"}),
    "point": ('metric = "ece"\nmax = 0.01\ndecide = "point"', {"decide": "point"}),
    "level": ('metric = "accuracy"\nmin = 0.9\nlevel = 0.05', {"level": 0.05}),
    "name": ('metric = "accuracy"\nmin = 0.9\nname = "mine"', {"name": "mine"}),
    "allow": ('metric = "accuracy"\nmax_drop = 0.01\nbaseline_missing = "allow"', {"baseline_missing": "allow"}),
    "waiver": (f'metric = "accuracy"\nmin = 0.9\n{WAIVED}', {"waiver": Waiver("r", "o", date(2027, 1, 31))}),
    "overconfidence": ('metric = "overconfidence"\nmin = -1', {"threshold": -1.0}),
    "unknown metric": ('metric = "acuracy"\nmin = 0.9', {"metric": "acuracy"}),
}
# The rest of a table, and what the message must tell besides file and gate.
BAD = {
    "no metric": ("min = 0.9", ["metric"]),
    "metric is a number": ("metric = 3\nmin = 0.9", ["metric", "3"]),
    "metric is blank": ('metric = " "\nmin = 0.9', ["metric"]),
    "no sense": ('metric = "accuracy"', ["min", "max", "max_drop", "max_increase"]),
    "two senses": ('metric = "accuracy"\nmin = 0.9\nmax = 1.0', ["min", "max", "exactly one"]),
    "level and change": ('metric = "accuracy"\nmin = 0.9\nmax_drop = 0.1', ["min", "max_drop"]),
    "unknown key": ('metric = "accuracy"\nmin = 0.9\nthreshold = 1', ["threshold"]),
    "misspelt key": ('metric = "accuracy"\nmin = 0.9\nmax-drop = 1', ["max-drop"]),
    "threshold is text": ('metric = "accuracy"\nmin = "0.9"', ["min", "0.9", "number"]),
    "threshold is a truth": ('metric = "accuracy"\nmin = true', ["min", "True", "number"]),
    "threshold is nan": ('metric = "accuracy"\nmin = nan', ["min", "nan"]),
    "threshold is infinite": ('metric = "accuracy"\nmin = inf', ["min", "inf"]),
    "threshold is in percent": ('metric = "accuracy"\nmin = 99', ["min", "99", "0 to 1", "accuracy"]),
    "threshold below": ('metric = "accuracy"\nmin = -0.1', ["min", "-0.1"]),
    "infinite loss": ('metric = "log_loss"\nmax = inf', ["max", "inf"]),
    "brier above 2": ('metric = "brier"\nmax = 2.5', ["max", "2.5", "0 to 2"]),
    "mcc below -1": ('metric = "mcc"\nmin = -1.5', ["min", "-1.5", "-1 to 1"]),
    "negative drop": ('metric = "accuracy"\nmax_drop = -0.1', ["max_drop", "-0.1"]),
    "drop above 1": ('metric = "accuracy"\nmax_drop = 1.5', ["max_drop", "1.5"]),
    "over runs and change": ('metric = "accuracy"\nmax_drop = 0.1\nmax_drop_over = {runs = 2, drop = 0}', ["exactly"]),
    "over a number": ('metric = "accuracy"\nmax_drop_over = 0.003', ["max_drop_over", "0.003", "runs = 14"]),
    "over runs without a drop": ('metric = "accuracy"\nmax_drop_over = {runs = 14}', ["max_drop_over", "drop = 0.003"]),
    "over runs and days": (
        'metric = "accuracy"\nmax_drop_over = {runs = 14, drop = 0, days = 3}',
        ["max_drop_over", "days"],
    ),
    "over no runs": ('metric = "accuracy"\nmax_drop_over = {runs = 0, drop = 0}', ["runs", "0", "1 to 366"]),
    "over half a run": ('metric = "accuracy"\nmax_drop_over = {runs = 1.5, drop = 0}', ["runs", "1.5"]),
    "over a truth": ('metric = "accuracy"\nmax_drop_over = {runs = true, drop = 0}', ["runs", "True"]),
    "over more than a year": ('metric = "accuracy"\nmax_drop_over = {runs = 367, drop = 0}', ["runs", "367"]),
    "over runs, drop is text": (
        'metric = "accuracy"\nmax_drop_over = {runs = 2, drop = "1"}',
        ["max_drop_over", "'1'"],
    ),
    "over runs, drop below 0": ('metric = "accuracy"\nmax_drop_over = {runs = 2, drop = -1}', ["max_drop_over", "-1"]),
    "over runs of a loss": (
        'metric = "log_loss"\nmax_drop_over = {runs = 2, drop = 0}',
        ["max_drop_over", "accuracy", "log_loss"],
    ),
    "over runs of a precision": (
        'metric = "precision"\nclass = "3"\nmax_drop_over = {runs = 2, drop = 0}',
        ["max_drop_over", "precision"],
    ),
    "class out of range": ('metric = "recall"\nclass = "3"\nmin = 2', ["min", "2", "recall"]),
    "slice out of range": ('metric = "accuracy"\nslice = "ink=q1"\nmin = 2', ["min", "2"]),
    "class is a number": ('metric = "recall"\nclass = 3\nmin = 0.9', ["class", "3", "text"]),
    "class is blank": ('metric = "recall"\nclass = ""\nmin = 0.9', ["class", "text"]),
    "slice is a table": ('metric = "accuracy"\nslice = {ink = "q1"}\nmin = 0.9', ["slice", "text"]),
    "class and slice": ('metric = "accuracy"\nclass = "3"\nslice = "ink=q1"\nmin = 0.9', ["class", "slice"]),
    "severity": ('metric = "accuracy"\nmin = 0.9\nseverity = "fatal"', ["severity", "fatal", "warning"]),
    "severity is a list": ('metric = "accuracy"\nmin = 0.9\nseverity = ["error"]', ["severity"]),
    "decide": ('metric = "accuracy"\nmin = 0.9\ndecide = "guess"', ["decide", "guess", "point"]),
    "baseline_missing": ('metric = "accuracy"\nmax_drop = 0\nbaseline_missing = "skip"', ["baseline_missing", "skip"]),
    "level is 0": ('metric = "accuracy"\nmin = 0.9\nlevel = 0', ["level", "0"]),
    "level is a half": ('metric = "accuracy"\nmin = 0.9\nlevel = 0.5', ["level", "0.5"]),
    "level is nan": ('metric = "accuracy"\nmin = 0.9\nlevel = nan', ["level"]),
    "level is text": ('metric = "accuracy"\nmin = 0.9\nlevel = "5 %"', ["level", "5 %"]),
    "waiver is text": ('metric = "accuracy"\nmin = 0.9\nwaiver = "later"', ["waiver", "later"]),
    "waiver is not whole": ('metric = "accuracy"\nmin = 0.9\nwaiver = {reason = "r", owner = "o"}', ["waiver"]),
    "waiver has more": (
        'metric = "accuracy"\nmin = 0.9\nwaiver = {reason = "r", owner = "o", expires = 2027-01-31, until = 1}',
        ["waiver", "until"],
    ),
    "reason is blank": (
        'metric = "accuracy"\nmin = 0.9\nwaiver = {reason = " ", owner = "o", expires = 2027-01-31}',
        ["waiver.reason"],
    ),
    "owner is a number": (
        'metric = "accuracy"\nmin = 0.9\nwaiver = {reason = "r", owner = 3, expires = 2027-01-31}',
        ["waiver.owner", "3"],
    ),
    "date is text": (
        'metric = "accuracy"\nmin = 0.9\nwaiver = {reason = "r", owner = "o", expires = "2027-01-31"}',
        ["waiver.expires", "2027-01-31"],
    ),
    "date has a time": (
        'metric = "accuracy"\nmin = 0.9\nwaiver = {reason = "r", owner = "o", expires = 2027-01-31T12:00:00}',
        ["waiver.expires"],
    ),
    **{
        f"bound of {name}": (f'metric = "{name}"\nmax = 0.5', [name, "decide", "point"])
        for name in ("ece", "ece_equal_mass", "aurc", "coverage_at_999", "errors")
    },
    **{
        f"bound of {name}": (f'metric = "{name}"\nclass = "each"\nmin = 0.5', [name, "decide", "point"])
        for name in ("roc_auc", "average_precision")
    },
    **{
        f"bound of a change of {name}": (f'metric = "{name}"\nclass = "3"\nmax_drop = 0.5', [name, "decide", "point"])
        for name in ("precision", "f1")
    },
}
DOCUMENTS = {
    "unknown key": ({"gate": []}, "gate"),
    "a table": ({"gates": {"metric": "accuracy", "min": 0.9}}, "[[gates]]"),
    "numbers": ({"gates": [1, 2]}, "gates"),
    "policy": ({"inconclusive": "block"}, "inconclusive"),
    "policy is a truth": ({"inconclusive": True}, "inconclusive"),
    "policy is a list": ({"inconclusive": ["fail"]}, "inconclusive"),
    "same name": ({"gates": [{"metric": "accuracy", "min": 0.9, "name": "a"}] * 2}, "'a'"),
    "same rule": ({"gates": [{"metric": "accuracy", "min": 0.9}] * 2}, "accuracy min 0.9"),
}

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
columns = texts.filter(lambda text: "=" not in text)


@st.composite
def rules(draw):
    """Any rule that can be written down."""
    of = draw(st.sampled_from(["all", "class", "slice"]))
    ranges = {"all": OVERALL_RANGES, "class": CLASS_RANGES, "slice": {"accuracy": (0.0, 1.0)}}[of]
    metric = draw(st.sampled_from(sorted(ranges)))
    sense = draw(st.sampled_from(["min", "max", "max_drop", "max_increase", *["max_drop_over"] * (metric in OF_RIGHT)]))
    low, high = ranges[metric]
    low, high = (0.0, min(high, 1e6) - low) if sense.startswith("max_") else (low, min(high, 1e6))
    threshold = draw(st.floats(low, high))
    if sense == "max_drop_over":
        threshold = {"runs": draw(st.integers(1, 366)), "drop": threshold}
    table = {"metric": metric, sense: threshold, "decide": "point"}
    if of != "all":
        table[of] = draw(texts) if of == "class" else f"{draw(columns)}={draw(texts)}"
    optional = {
        "name": texts,
        "severity": st.sampled_from(["error", "warning"]),
        "level": st.floats(1e-12, 0.4999),
        "baseline_missing": st.sampled_from(["error", "allow"]),
        "waiver": st.fixed_dictionaries({"reason": texts, "owner": texts, "expires": st.dates()}),
    }
    return table | draw(st.fixed_dictionaries({}, optional=optional))


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_rule_is_read(kind):
    """Each form that the documentation shows."""
    table, expected = GOOD[kind]
    rule = read_rules(f"[[gates]]\n{table}").gates[0]
    assert {name: getattr(rule, name) for name in expected} == expected


def test_what_a_rule_does_not_say_has_a_default():
    """An error, by the bound, at 2.5 %, never without a baseline, without a waiver."""
    assert gate(metric="accuracy", min=0.9) == Gate(
        "accuracy min 0.9", "accuracy", "min", 0.9, None, None, "error", "bound", 0.025, "error", None
    )


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_rule_is_refused_with_file_gate_and_key(kind):
    """Status 2, and whoever wrote it finds the place."""
    table, telling = BAD[kind]
    good = '[[gates]]\nmetric = "mcc"\nmin = 0.5\n'
    with pytest.raises(ConfigError) as caught:
        read_rules(f'{good}[[gates]]\nname = "the bad one"\n{table}')
    message = str(caught.value)
    assert caught.value.exit_status == 2
    assert message.startswith("rules.toml: gate 2 ('the bad one')")
    assert [part for part in telling if part not in message] == []


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_rule_without_a_name_is_named_by_its_number(kind):
    """Counted from 1."""
    with pytest.raises(ConfigError, match=r"^rules\.toml: gate 1: "):
        read_rules(f"[[gates]]\n{BAD[kind][0]}")


@pytest.mark.parametrize("name", ["''", "' '", "3", "[]"])
def test_a_name_that_is_no_text_is_refused(name):
    """It stands in every report."""
    with pytest.raises(ConfigError, match=r"rules\.toml: gate 1.*name is .*expected text"):
        read_rules(f'[[gates]]\nname = {name}\nmetric = "accuracy"\nmin = 0.9')


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_bad_document_is_refused(kind):
    """What stands beside the rules, and what they share."""
    document, telling = DOCUMENTS[kind]
    with pytest.raises(ConfigError) as caught:
        gate_set_of(document)
    assert str(caught.value).startswith("rules.toml: ")
    assert telling in str(caught.value)


def gate_set_of(document):
    """As it is."""
    from mnist_report.gates.rules import parse_gates

    return parse_gates(document, "rules.toml")


@pytest.mark.parametrize("key", ["min", "level"])
def test_a_number_beyond_all_floats_is_refused(key):
    """TOML as Python reads it has integers of any size."""
    numbers = {"min": "0.9", "level": "0.025"} | {key: f"1{'0' * 400}"}
    with pytest.raises(ConfigError, match=f"{key} is too large"):
        read_rules("\n".join(['[[gates]]\nmetric = "accuracy"', *(f"{k} = {text}" for k, text in numbers.items())]))


def test_a_threshold_just_outside_is_shown_with_its_digits():
    """Else the message contradicts itself."""
    with pytest.raises(ConfigError, match=r"min is 1\.0000001"):
        gate(metric="accuracy", min=1.0000001)


@pytest.mark.parametrize("name", ["ink", "ink=", "=q1", "="])
def test_a_slice_that_is_not_column_and_value_is_refused(name):
    """It is wrong syntax, whatever the run has."""
    with pytest.raises(ConfigError, match="slice"):
        gate(metric="accuracy", slice=name, min=0.9)


def test_no_rules_are_rules_too():
    """An empty document."""
    assert gate_set() == GateSet((), "warn")
    assert read_rules("") == GateSet((), "warn")


@pytest.mark.parametrize("policy", ["warn", "fail"])
def test_the_policy_on_open_questions_stands_beside_the_rules(policy):
    """One for all gates."""
    assert read_rules(f'inconclusive = "{policy}"').inconclusive == policy


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ({"metric": "accuracy", "min": 0.99}, "accuracy min 0.99"),
        ({"metric": "accuracy", "max_drop": 0.003}, "accuracy max drop 0.003"),
        ({"metric": "recall", "class": "each", "min": 0.96}, "recall of each class min 0.96"),
        ({"metric": "accuracy", "class": "3", "min": 0.96}, "accuracy of class 3 min 0.96"),
        ({"metric": "accuracy", "slice": "ink=q1", "min": 0.9}, "accuracy where ink=q1 min 0.9"),
    ],
)
def test_a_rule_without_a_name_gets_one_that_says_it(table, name):
    """In the words of the rule."""
    assert gate_set(table).gates[0].name == name


@pytest.mark.parametrize("with_baseline", [True, False])
def test_the_default_rules(with_baseline):
    """Accuracy, each class, and where there is a baseline no drop of more than 0.3 points."""
    found = [(rule.metric, rule.class_name, rule.sense, rule.threshold) for rule in defaults(with_baseline)]
    expected = [("accuracy", None, "min", 0.99), ("recall", "each", "min", 0.96)]
    assert found == expected + [("accuracy", None, "max_drop", 0.003)] * with_baseline


def defaults(with_baseline):
    """The rules."""
    return default_gates(with_baseline=with_baseline).gates


def test_every_good_rule_is_written_as_it_is_read():
    """All of them in one document."""
    tables = [tomllib.loads(table) | {"name": kind} for kind, (table, _) in GOOD.items()]
    gates = gate_set(*tables, inconclusive="fail")
    assert read_rules(to_toml(gates)) == gates


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS if "\ud800" not in text], ids=repr)
def test_hostile_text_is_written_as_it_is_read(text):
    """Whatever a rule, a class, a slice or a person is called."""
    waiver = {"reason": text, "owner": text, "expires": date(2027, 1, 31)}
    gates = gate_set(
        {"metric": "recall", "class": text, "min": 0.9, "name": text, "waiver": waiver},
        {"metric": "accuracy", "slice": f"column={text}", "max_drop": 0.1},
    )
    assert read_rules(to_toml(gates)) == gates


@law
@given(st.lists(rules(), max_size=4, unique_by=lambda table: table.get("name")), st.sampled_from(["warn", "fail"]))
def test_rules_are_written_as_they_are_read(tables, policy):
    """To the last digit of a threshold."""
    named = [table | {"name": table.get("name", "rule without a name")} for table in tables]
    gates = gate_set(*named, inconclusive=policy)
    assert read_rules(to_toml(gates)) == gates


def test_a_baseline_that_nobody_needs_may_be_missing_still():
    """What is accepted is kept."""
    gates = gate_set({"metric": "accuracy", "min": 0.9, "baseline_missing": "allow"})
    assert read_rules(to_toml(gates)) == gates


def test_a_day_is_no_moment():
    """A datetime is a date for Python, but the last day of a waiver has no hour."""
    waiver = {"reason": "r", "owner": "o", "expires": datetime(2027, 1, 31, 12)}  # noqa: DTZ001  TOML's local time
    with pytest.raises(ConfigError, match=r"waiver\.expires"):
        gate(metric="accuracy", min=0.9, waiver=waiver)
