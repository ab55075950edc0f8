"""The summary as a Markdown parser reads it."""

import re
from html.parser import HTMLParser

import pytest
from gate_work import HOSTILE_TEXTS, made_verdict
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # noqa: TID253  nobody waits for these tests
from strategies import law

from mnist_report.ci.markdown import MARKS, escape, summary
from mnist_report.gates.verdict import OUTCOMES, Verdict
from mnist_report.report.plain import plain
from mnist_report.report.verdict_text import result_sentence, verdict_sentence

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TAGS = {"h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


class Page(HTMLParser):
    """The tags with attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []

    def handle_starttag(self, tag, attrs):
        """One more tag."""
        self.tags.append(tag)
        self.attributes += [pair for pair in attrs if pair[0] != "style"]

    def handle_data(self, data):
        """More text."""
        self.text += data

    def handle_comment(self, data):
        """There must be none."""
        raise AssertionError(data)


def rendered(text):
    """As HTML, taken apart."""
    page = Page()
    page.feed(PARSER.render(text))
    page.close()
    return page


def seen(page):
    """The text as a reader sees it, who does not see what keeps @ and # from their links."""
    return page.text.replace("\u200b", "")


def summary_of(verdict, title="Pets", run_id="20260102T030405Z-pets", flips=()):
    """With a headline like any."""
    return summary(verdict, title=title, accuracy="accuracy 75 % (9 of 12)", run_id=run_id, flips=flips)


def cells(line):
    """Of a row of a table, by the pipes that no backslash escapes."""
    return re.findall(r"(?:\\.|[^|\\])+", line.strip().removeprefix("|").removesuffix("|"))


def test_the_summary_has_headline_sentence_and_table():
    """And the run."""
    verdict = made_verdict("PASS", "FAIL", names=("good", "bad"))
    page = rendered(summary_of(verdict))
    assert set(page.tags) == TAGS
    assert page.tags.count("tr") == 3
    for text in ("Pets", verdict_sentence(verdict), "Accuracy 75 % (9 of 12)", "20260102T030405Z-pets", "mnist-report"):
        assert text in page.text


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_has_its_mark(outcome):
    """In the head and in its row."""
    text = summary_of(made_verdict(outcome))
    assert text.startswith(f"### {MARKS[outcome]} ")
    assert f"| {MARKS[outcome]} {outcome} |" in text


def test_the_gates_that_did_not_pass_are_told_in_words():
    """A sentence each."""
    verdict = made_verdict("PASS", "FAIL", "WAIVED", "INCONCLUSIVE")
    page = rendered(summary_of(verdict))
    assert page.tags.count("li") == 3
    for result in verdict.results[1:]:
        assert result_sentence(result) in page.text


def test_no_gates_need_no_table():
    """The headline remains."""
    assert "|" not in summary_of(Verdict((), "warn"))


def test_lines_about_flips_are_paragraphs():
    """Between the headline and the table."""
    page = rendered(summary_of(made_verdict("PASS"), flips=("It got better.", "Regressed images: #4, #8.")))
    assert "It got better.Regressed images: #4, #8." in seen(page).replace("\n", "")


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "\\<"], ids=repr)
def test_hostile_text_is_shown_as_text(text):
    """No tag, no attribute, no link; and what is read is what was written."""
    page = rendered(f"a {escape(text)} z")
    assert (page.tags, page.attributes) == (["p"], [])
    assert seen(page).strip() == f"a {plain(text)} z"


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=repr)
def test_hostile_names_add_nothing_to_the_summary(text):
    """Title, gates, run and flips; the table keeps its rows and cells."""
    verdict = made_verdict("FAIL", "ERROR", "PASS", names=(text, f"b {text}", f"{text} c"))
    shown = summary_of(verdict, title=text, run_id=text, flips=(f"Flips {text}",))
    page = rendered(shown)
    assert set(page.tags) <= TAGS
    assert page.attributes == []
    assert [page.tags.count(tag) for tag in ("h3", "table", "tr", "th", "td", "li")] == [1, 1, 4, 8, 24, 2]
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert {len(cells(row)) for row in rows} == {8}


@law
@given(st.text(st.characters(), min_size=1).filter(str.strip))
def test_any_text_stays_text(text):
    """In a paragraph; blanks at line ends aside."""
    page = rendered(f"a{escape(text)}z")
    assert (page.tags, page.attributes) == (["p"], [])
    assert seen(page).strip() == f"a{plain(text)}z"


@law
@given(st.lists(st.text(st.characters(), min_size=1).filter(str.strip), min_size=1, max_size=3, unique=True))
def test_any_names_keep_the_table(names):
    """A row each, with eight cells."""
    page = rendered(summary_of(made_verdict(*["WARN"] * len(names), names=tuple(names))))
    assert page.tags.count("tr") == len(names) + 1
    assert page.tags.count("td") == 8 * len(names)


def test_no_line_is_a_workflow_command():
    """The summary may be printed to the log."""
    shown = summary_of(made_verdict("FAIL", names=("\n::error::x",)), title="\n::error::x")
    assert [line for line in shown.splitlines() if line.startswith("::")] == []


@pytest.mark.parametrize(
    "text",
    [
        *("@user", "#1", "owner/repo#1"),
        "GH-1",
    ],
)
def test_a_mention_or_a_number_is_broken_for_github(text):
    """See github/cmark-gfm#181: only another character in between keeps it from becoming a link."""
    assert text not in rendered(escape(text)).text


def test_regressed_images_are_not_issues():
    """Every comment would be mentioned there."""
    page = rendered(summary_of(made_verdict("PASS"), flips=("Regressed images: #4, #8.",)))
    assert not re.search(r"#\d", page.text)
