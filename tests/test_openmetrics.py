"""OpenMetrics as Prometheus' own client reads it."""

import math

import pytest
from gate_work import HOSTILE_TEXTS, made_verdict
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from tiny_run import OUTCOMES as SITUATIONS
from tiny_run import tiny_run

from mnist_report.ci.openmetrics import openmetrics
from mnist_report.gates.verdict import OUTCOMES
from mnist_report.report.plain import plain

PARSERS = pytest.mark.parametrize("parse", [read_openmetrics, read_text], ids=["openmetrics", "prometheus"])
OVERALL = tiny_run().evaluation.overall


def samples(parse, text, family):
    """Value by labels, of one family."""
    (found,) = [found for found in parse(text) if found.name == f"mnist_report_{family}"]
    return [(sample.labels, sample.value) for sample in found.samples]


@PARSERS
@pytest.mark.parametrize(
    ("family", "field"), [("metric", "value"), ("metric_ci_low", "ci_low"), ("metric_ci_high", "ci_high")]
)
def test_every_metric_is_there_to_the_last_digit(parse, family, field):
    """With its bounds, where it has some."""
    found = samples(parse, openmetrics(OVERALL, None, model="pets"), family)
    expected = {name: getattr(metric, field) for name, metric in OVERALL.items()}
    assert found == [
        ({"model": "pets", "metric": name}, value) for name, value in expected.items() if math.isfinite(value)
    ]


@PARSERS
@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_can_be_read_whatever_was_found(parse, situation):
    """Also where metrics are not defined."""
    overall = tiny_run(SITUATIONS[situation]()).evaluation.overall
    families = list(parse(openmetrics(overall, made_verdict("PASS"), model="pets")))
    assert len(families) == 5
    assert {family.type for family in families} == {"gauge"}
    assert all(family.documentation for family in families)


@PARSERS
def test_a_gate_is_1_for_its_outcome(parse):
    """And 0 for every other."""
    found = samples(parse, openmetrics(OVERALL, made_verdict("WARN", "FAIL", names=("a", "b")), model="pets"), "gate")
    assert len(found) == 2 * len(OUTCOMES)
    assert [(labels["gate"], labels["outcome"]) for labels, value in found if value] == [("a", "WARN"), ("b", "FAIL")]
    assert {value for _, value in found} == {0, 1}


@PARSERS
@pytest.mark.parametrize(("outcomes", "status"), [(("PASS",), 0), (("FAIL",), 1), (("INCONCLUSIVE",), 4)])
def test_the_exit_status_is_there(parse, outcomes, status):
    """That of the gates."""
    text = openmetrics(OVERALL, made_verdict(*outcomes, inconclusive="fail"), model="pets")
    assert samples(parse, text, "exit_status") == [({"model": "pets"}, status)]


def test_without_gates_there_is_nothing_of_them():
    """`evaluate` gates nothing."""
    names = [family.name for family in read_openmetrics(openmetrics(OVERALL, None, model="pets"))]
    assert names == ["mnist_report_metric", "mnist_report_metric_ci_low", "mnist_report_metric_ci_high"]


@PARSERS
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=repr)
def test_hostile_text_stays_a_label(parse, text):
    """Of the model and of a gate."""
    found = samples(parse, openmetrics(OVERALL, made_verdict("FAIL", names=(text,)), model=text), "gate")
    assert {(labels["model"], labels["gate"]) for labels, _ in found} == {(plain(text), plain(text))}


def test_it_ends_as_openmetrics_must():
    """With one line that says so."""
    assert openmetrics(OVERALL, None, model="pets").endswith("\n# EOF\n")
