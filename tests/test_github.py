"""GitHub's annotations, read as its runner reads them."""

import re

import pytest
from gate_work import HOSTILE_TEXTS, made_verdict
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.ci.github import annotations
from mnist_report.report.plain import plain
from mnist_report.report.verdict_text import result_sentence

# As the runner does it: properties end at a comma, the command at two colons, and these escapes are undone.
COMMAND = re.compile(r"::(?P<command>[a-z-]+) (?P<properties>.*?)::(?P<data>.*)")
DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


def unescaped(text, escapes):
    """One after the other, the percent sign last."""
    for escape, letter in escapes.items():
        text = text.replace(escape, letter)
    return text


def read(text):
    """Command, title and message of each line."""
    found = []
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        pairs = dict(part.split("=", 1) for part in match["properties"].split(","))
        assert list(pairs) == ["title"]
        found.append((match["command"], unescaped(pairs["title"], PROPERTY), unescaped(match["data"], DATA)))
    return found


@pytest.mark.parametrize(
    ("outcome", "policy", "command"),
    [
        ("FAIL", "warn", "error"),
        ("ERROR", "warn", "error"),
        ("INCONCLUSIVE", "warn", "warning"),
        ("INCONCLUSIVE", "fail", "error"),
        ("WARN", "fail", "warning"),
        ("WAIVED", "fail", "notice"),
    ],
)
def test_each_outcome_has_its_command(outcome, policy, command):
    """What blocks is an error."""
    verdict = made_verdict(outcome, inconclusive=policy, names=("mine",))
    assert read(annotations(verdict)) == [(command, f"{outcome}: mine", result_sentence(verdict.results[0]))]


def test_what_passed_is_not_annotated():
    """A pull request without notes is a good one."""
    assert annotations(made_verdict("PASS", "PASS")) == ""


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=repr)
@pytest.mark.parametrize("outcome", ["ERROR", "WARN"])
def test_hostile_text_stays_text(text, outcome):
    """No second command, no other property, and the runner shows what we meant."""
    verdict = made_verdict(outcome, names=(text,))
    ((_, title, said),) = read(annotations(verdict))
    assert title == plain(f"{outcome}: {text}")
    assert said == plain(result_sentence(verdict.results[0]))


@law
@given(st.lists(st.text(st.characters(), min_size=1).filter(str.strip), max_size=3, unique=True))
def test_there_is_a_line_for_each_gate(names):
    """Whatever they are called."""
    text = annotations(made_verdict(*["FAIL"] * len(names), names=tuple(names)))
    assert [title for _, title, _ in read(text)] == [plain(f"FAIL: {name}") for name in names]
    assert text.count("\n") == len(names)


@pytest.mark.parametrize("model", ["a.keras", "x,title=y::z", "50%", "two\nlines"])
def test_a_model_is_named_first(model):
    """Where there are several, each may fail the same gate."""
    (command, title, message) = read(annotations(made_verdict("FAIL"), model))[0]
    (_, alone, same) = read(annotations(made_verdict("FAIL")))[0]
    assert (command, title, message) == ("error", f"{plain(model)}: {alone}", same)
