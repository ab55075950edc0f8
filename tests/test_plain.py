"""Text from outside on one harmless line."""

import unicodedata

import pytest
from gate_work import HOSTILE_TEXTS
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.report.plain import plain

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@law
@given(st.text(st.characters()))
def test_plain_text_is_one_line_that_can_be_written(text):
    """For any reader's idea of a line."""
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode() == shown
    assert not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in shown)


@law
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_what_can_be_seen_stays(text):
    """Letters of all scripts, digits and signs."""
    assert plain(text) == text


@law
@given(st.text(st.characters()))
def test_plain_text_is_plain(text):
    """Doing it twice changes nothing."""
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=repr)
def test_nothing_that_a_terminal_obeys_is_left(text):
    """No escape, no bell, no turned direction."""
    assert not set(plain(text)) & {"\x1b", "\x07", "\x9b", "\n", "\r", "\t", "\u202e", "\u2067"}


@pytest.mark.parametrize("letter", BIDI, ids=ascii)
def test_no_mark_turns_the_direction(letter):
    """All of Unicode's bidirectional controls stand as their escapes."""
    assert plain(f"a{letter}b") == f"a{ascii(letter)[1:-1]}b"


@pytest.mark.parametrize("letter", ["\u00ad", "\u180e", "\U000e0041", "\ufff9"], ids=ascii)
def test_no_letter_is_invisible(letter):
    """Two names that look alike are alike."""
    assert plain(f"a{letter}b") == f"a{ascii(letter)[1:-1]}b"


@pytest.mark.parametrize(("text", "shown"), [("a\nb", r"a\nb"), ("\x1b[31m", r"\x1b[31m"), ("\u202e", r"\u202e")])
def test_a_control_character_stands_as_its_escape(text, shown):
    """Nothing is lost."""
    assert plain(text) == shown
