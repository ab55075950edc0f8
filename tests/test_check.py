"""What the doctor says, as lines and as JSON."""

import pytest
from gate_work import HOSTILE_TEXTS

from mnist_report.doctoring.check import Check, document, line, worst

GOOD, ODD, BAD = (
    Check("Python", "ok", "3.11.7"),
    Check("clock", "warn", "late", "set it"),
    Check("disk", "fail", "full"),
)


def test_the_parts_of_a_line_are_aligned():
    """State, name, what was found; what to do stands below it."""
    assert line(GOOD) == "ok    Python         3.11.7"
    assert line(ODD) == "warn  clock          late\n                     fix: set it"


def test_colour_is_around_the_state_alone():
    """And the columns stay where they are."""
    assert line(BAD, colour=True) == "\x1b[31mfail\x1b[0m  disk           full"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_stays_in_its_line(text):
    """Paths and messages can hold anything."""
    said = line(Check("model", "fail", text, text))
    assert len(said.splitlines()) == 2
    assert all(letter.isprintable() for letter in said.replace("\n", ""))


@pytest.mark.parametrize(
    ("checks", "state"), [([], "ok"), ([GOOD], "ok"), ([GOOD, ODD], "warn"), ([BAD, ODD, GOOD], "fail")]
)
def test_the_worst_state_counts(checks, state):
    """For machines too."""
    assert (worst(checks), document(checks)["state"]) == (state, state)


def test_machines_get_every_part():
    """By name."""
    assert document([ODD]) == {
        "format": 1,
        "state": "warn",
        "checks": [{"name": "clock", "state": "warn", "found": "late", "fix": "set it"}],
    }
