"""JUnit XML as junitparser reads it."""

from io import BytesIO
from xml.etree import ElementTree as ET

import junitparser
import pytest
from gate_work import HOSTILE_TEXTS, made_verdict
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.ci.junit import junit_xml
from mnist_report.gates.verdict import OUTCOMES, Verdict
from mnist_report.report.plain import plain

CREATED = "2026-01-02T03:04:05.678901+00:00"


def read(verdict, suite="Pets"):
    """The one suite of the file."""
    text = junit_xml(verdict, suite=suite, created=CREATED)
    (found,) = junitparser.JUnitXml.fromroot(ET.fromstring(text))  # noqa: S314  our own
    return found


@pytest.mark.parametrize(
    ("outcome", "policy", "kind"),
    [
        ("PASS", "warn", None),
        ("WARN", "fail", None),
        ("INCONCLUSIVE", "warn", None),
        ("INCONCLUSIVE", "fail", junitparser.Failure),
        ("FAIL", "warn", junitparser.Failure),
        ("ERROR", "warn", junitparser.Error),
        ("WAIVED", "fail", junitparser.Skipped),
    ],
)
def test_each_outcome_has_its_element(outcome, policy, kind):
    """With its type and its sentence; a test that passed has the sentence as output."""
    (case,) = read(made_verdict(outcome, inconclusive=policy, names=("mine",)))
    assert (case.name, case.classname) == ("mine", "mnist-report.gates")
    if kind is None:
        assert case.is_passed
        assert case.system_out.startswith(f"{outcome}: ")
        return
    (result,) = case.result
    assert type(result) is kind
    assert result.message
    assert case.system_out is None
    if kind is not junitparser.Skipped:
        assert (result.type, result.text) == (outcome, result.message)


@law
@given(st.lists(st.sampled_from(OUTCOMES), max_size=12), st.sampled_from(["warn", "fail"]))
def test_the_counts_are_right(outcomes, policy):
    """Of the suite, of the file, and as one counts the cases."""
    verdict = made_verdict(*outcomes, inconclusive=policy)
    suite = read(verdict)
    claimed = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert claimed == (suite.tests, suite.failures, suite.errors, suite.skipped)
    root = ET.fromstring(junit_xml(verdict, suite="Pets", created=CREATED))  # noqa: S314  our own
    assert claimed == tuple(int(root.get(name)) for name in ("tests", "failures", "errors", "skipped"))
    assert suite.tests == len(outcomes)
    assert suite.errors + suite.failures == sum(map(verdict.blocks, verdict.results))


def test_the_suite_has_its_name_and_time():
    """Without a fraction of a second, which some readers refuse."""
    suite = read(made_verdict("PASS"), "Pets & more")
    assert (suite.name, suite.timestamp) == ("Pets & more", "2026-01-02T03:04:05")


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=repr)
def test_hostile_text_stays_text(text):
    """In names, in messages, and in the title."""
    suite = read(made_verdict("ERROR", "PASS", names=(text, f"{text}2")), text)
    assert [case.name for case in suite] == [plain(text), plain(f"{text}2")]
    assert suite.name == plain(text)
    assert [len(case.result) for case in suite] == [1, 0]


def test_the_file_is_utf8_as_it_is_written():
    """XML without a declaration is UTF-8."""
    text = junit_xml(made_verdict("FAIL", names=("\N{PILE OF POO} é",)), suite="ü", created=CREATED)
    assert ET.parse(BytesIO(text.encode("utf-8"))).getroot().get("name") == "ü"  # noqa: S314  our own


def test_no_gates_are_an_empty_suite():
    """It can be read."""
    suite = read(Verdict((), "warn"))
    assert (suite.tests, len(list(suite))) == (0, 0)


def test_a_waived_gate_says_why():
    """By whom and until when."""
    (case,) = read(made_verdict("WAIVED"))
    assert "waived by ann until 2026-02-03: new data" in case.result[0].message
