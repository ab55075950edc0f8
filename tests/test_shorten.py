"""Words that no page can hold."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from strategies import law
from tiny_run import tiny_predictions, tiny_view

from mnist_report.report.shorten import MOST_LETTERS, shortened
from mnist_report.report.tables import Link


@dataclass(frozen=True)
class Part:
    """A text, and a picture's address."""

    text: str
    source: str = ""


@law
@given(st.text())
def test_no_word_is_longer_than_so_many_letters(text):
    """And a text without such a word stays as it is."""
    words = shortened(Part(text)).text.split()
    assert all(len(word) <= MOST_LETTERS for word in words)
    if all(len(word) <= MOST_LETTERS for word in text.split()):
        assert shortened(Part(text)).text == text


def test_the_beginning_is_kept():
    """With an ellipsis where it was cut, and what stands beside it."""
    assert shortened(Part(f"a {'x' * 500} b")).text == f"a {'x' * (MOST_LETTERS - 1)}\N{HORIZONTAL ELLIPSIS} b"


def test_pictures_and_html_stay():
    """They are not words."""
    long = "x" * 500
    assert shortened(Part("", source=long)).source == long
    assert shortened(Part(Markup(long))).text == long  # noqa: S704  it is ours


def test_a_link_leads_to_where_it_led():
    """Though its text is shorter."""
    link = shortened((Link("x" * 500, "there"),))[0]
    assert (link.target, len(link)) == ("there", MOST_LETTERS)


def test_a_whole_view_is_shortened():
    """However deep its strings are, and whatever holds them."""
    view = shortened(tiny_view(tiny_predictions(names=("x" * 10_000, "dog", "eel"))))
    assert len(view.per_class.rows[0][0]) == MOST_LETTERS
    assert len(view.mistakes.digits[0].actual) == MOST_LETTERS
    assert view.mistakes.digits[0].source.startswith("data:")


def test_a_cell_holds_no_novel():
    """A sentence of ours may be longer."""
    novel = "many words " * 900
    view = shortened(tiny_view(tiny_predictions(names=(novel, "dog", "eel"))))
    assert len(view.per_class.rows[0][0]) == 300
    assert len(view.mistakes.digits[0].pair) == 300
    assert shortened(Part(novel)).text == novel
