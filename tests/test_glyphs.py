"""What the fonts can draw, by fontTools."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law
from tiny_run import HOSTILE

from mnist_report.report.glyphs import PLACEHOLDER, drawable, font_folder

ANY = st.text(st.characters(codec=None, exclude_categories=()) | st.sampled_from("\u0301\u200d\ufe0f\u202e\ud800\t\n"))


@pytest.fixture(scope="module")
def drawn():
    """The code points that DejaVu Sans has."""
    from fontTools.ttLib import TTFont

    return set(TTFont(font_folder() / "DejaVuSans.ttf").getBestCmap())


@law
@given(ANY)
def test_all_that_is_left_is_in_the_font(text):
    """Also of controls, halves of characters, and what no font has."""
    from matplotlib.ft2font import FT2Font

    font = FT2Font(str(font_folder() / "DejaVuSans.ttf"))
    assert all(sign == "\n" or font.get_char_index(ord(sign)) for sign in drawable(text))


@law
@given(ANY)
def test_what_can_be_drawn_stays(text):
    """Once is enough."""
    assert drawable(drawable(text)) == drawable(text)


def test_most_of_the_font_is_used(drawn):
    """Only signs without a meaning of their own are not."""
    left = {code for code in drawn if drawable(chr(code)) == chr(code)}
    lost = {chr(code) for code in drawn - left}
    kept_kinds = {"Lu", "Ll", "Lt", "Nd", "Nl", "No", "Sc", "Sm", "Pd", "Ps", "Pe", "Pi", "Pf", "Pc", "Po"}
    assert len(left) > 5000
    assert {sign for sign in lost if unicodedata.category(sign) in kept_kinds} <= _other_forms()


def _other_forms():
    return {sign for sign in map(chr, range(sys.maxunicode)) if unicodedata.normalize("NFC", sign) != sign}


def test_the_placeholder_can_be_drawn(drawn):
    """Else nothing would be seen."""
    assert ord(PLACEHOLDER) in drawn
    assert drawable(PLACEHOLDER) == PLACEHOLDER


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("tab\tand\rreturn", "tab and return"),
        ("\u2264 \u2713 \u00e9 \u05e9 \u0628", "\u2264 \u2713 \u00e9 \u05e9 \u0628"),
        ("e\u0301", "\u00e9"),
        ("q\u0302", f"q{PLACEHOLDER}"),
        ("\u732b", PLACEHOLDER),
        ("\u2764\ufe0f", "\u2764"),
        (HOSTILE[2], f"{PLACEHOLDER} emoji"),
        ("\u202egnp", f"{PLACEHOLDER}gnp"),
        ("\x00\x1b\ud800\ue000\ufeff", PLACEHOLDER * 5),
        ("\u3000\u2028", "  "),
        ("\u00a0", "\u00a0"),
        ("", ""),
    ],
)
def test_a_text_as_it_is_shown(text, shown):
    """Each kind of character."""
    assert drawable(text) == shown
