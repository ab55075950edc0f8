"""The report's section on an ensemble and its members."""

from dataclasses import replace

import numpy as np
import pytest
from ensemble_work import MEMBERS, ensemble_run, named, random_answers, tiny_answers
from tiny_run import DRAWING, FIGURES, HOSTILE, TinyRun, tiny_run

from mnist_report.evaluation.ensemble import average
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.mistakes import MOST_DISPUTED
from mnist_report.report.html import to_html
from mnist_report.report.members import make_members
from mnist_report.report.provenance import doubts, provenance_rows
from mnist_report.report.view import make_view
from mnist_report.runs.images_file import NO_IMAGES, ShownImages


@pytest.fixture(scope="module")
def run():
    """The twelve images and three models."""
    return ensemble_run()


def view_of(run: TinyRun):
    """The report's view, with stand-ins for the drawings."""
    return make_view(run.stored, run.evaluation, FIGURES | {"members": DRAWING})


def section(answers, images=NO_IMAGES):
    """Of these models."""
    predictions, scores = average(answers)
    members = named(scores)
    return make_members(evaluate(predictions, members=members), predictions, members, images)


def test_the_table_has_the_ensemble_and_each_member(run):
    """In this order, each with its errors, by a plain count."""
    rows = view_of(run).members.each.rows
    assert [row[0] for row in rows] == ["Ensemble", *MEMBERS]
    errors = [int((~one.right).sum()) for one in (run.predictions, *tiny_answers())]
    assert [row[3] for row in rows] == [str(n) for n in errors]


def test_the_differences_are_to_each_member(run):
    """Fixed and regressed by a plain count."""
    table = view_of(run).members.differences
    places = {name: table.columns.index(name) for name in ("Fixed", "Regressed")}
    for row, (name, one) in zip(table.rows, zip(MEMBERS, tiny_answers(), strict=True), strict=True):
        assert row[0] == name
        assert row[places["Fixed"]] == str(int((run.predictions.right & ~one.right).sum()))
        assert row[places["Regressed"]] == str(int((~run.predictions.right & one.right).sum()))


def test_the_best_member_is_named_with_a_caveat(run):
    """By log loss; it was picked on the images on which it is compared."""
    best = min(zip(MEMBERS, tiny_answers(), strict=True), key=lambda one: one[1].loss.mean())[0]
    assert f"The best member by log loss is {best}; it was picked on these very images" in view_of(run).members.summary


def test_the_sentence_on_disagreement_is_a_plain_count(run):
    """How many are disputed, and who is right there."""
    answers, ours = tiny_answers(), run.predictions
    disputed = [row for row in range(12) if len({int(one.predicted[row]) for one in answers}) > 1]
    right = sum(bool(ours.right[row]) for row in disputed)
    theirs = sum(bool(one.right[row]) for one in answers for row in disputed) / 3
    said = view_of(run).members.disagreement
    assert (
        f"of the other {len(disputed)} the ensemble gets {right} right, and a member {theirs:.1f} in the mean" in said
    )


def test_votes_are_told_with_each_disputed_image(run):
    """Numbers that count are apart from classes that are numbers."""
    notes = {digit.index: digit.note for digit in view_of(run).members.disputed.digits}
    assert notes["#0"] == "2 votes for cat, 1 for dog"
    assert all(anchor.anchor.startswith("disputed-") for anchor in view_of(run).members.disputed.digits)


def test_a_doubted_label_says_how_many_members_doubt_it(run):
    """By a plain count: image 4, a cat, is a dog to all three; image 3 to two."""
    notes = {digit.index: digit.note for digit in view_of(run).label_issues.digits}
    assert notes["#4"].endswith("dog, as 3 of 3 members say")
    assert notes["#3"].endswith("dog, as 2 of 3 members say")


def test_so_many_are_shown_at_most():
    """And it says of how many."""
    answers = random_answers()
    n = len(answers[0])
    images = ShownImages(np.arange(n), np.zeros((n, 4, 4), dtype=np.uint8))
    found = section(answers, images)
    several = sum(len({int(one.predicted[row]) for one in answers}) > 1 for row in range(n))
    assert len(found.disputed.digits) == MOST_DISPUTED
    assert found.omitted == f"{MOST_DISPUTED} of {several} are shown; frames/disagreements.csv has all"


def test_models_of_one_mind_are_said_to_be():
    """There is nothing to show then."""
    found = section(random_answers(1) * 2)
    assert found.disagreement == "All members predict the same class for every image."
    assert (found.disputed.digits, found.omitted) == ((), "")


def test_one_model_has_no_such_section():
    """Nor a place in the contents."""
    run = tiny_run()
    html = to_html(make_view(run.stored, run.evaluation, FIGURES))
    assert 'href="#members"' not in html
    assert 'id="members"' not in html


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(run, name):
    """Files can be called anything."""
    members = (replace(run.stored.members[0], name=name), *run.stored.members[1:])
    evaluation = evaluate(run.predictions, members=members)
    html = to_html(make_view(replace(run.stored, members=members), evaluation, FIGURES | {"members": DRAWING}))
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_the_provenance_names_every_member(run):
    """With its file and its digest."""
    rows = dict(provenance_rows(run.provenance))
    assert rows["Model"] == "the mean of the probabilities of 3 models"
    for place, name in enumerate(MEMBERS):
        assert f"models/{name}" in rows[f"Member {place + 1}"]
        assert str(place) * 64 in rows[f"Member {place + 1}"]


def test_a_members_doubt_stands_at_the_head_with_its_name(run):
    """A wrong scale of one member spoils the mean."""
    facts = run.provenance
    first, *others = facts["model"]["members"]
    model = facts["model"] | {"members": [first | {"input": {"doubt": "Nobody knows."}}, *others]}
    assert doubts(facts | {"model": model}) == ("a.keras: Nobody knows.",)


def test_a_member_that_was_trained_on_these_images_is_told_of(run):
    """Then the ensemble's accuracy says nothing about others."""
    facts = run.provenance
    card = {"data": {"sha256": facts["data"]["sha256"], "source": "p", "split": "test", "n_trained_on": 1}}
    card |= {"recipe": {"epochs": 1}}
    card["data"]["n_held_out"] = 0
    first, *others = facts["model"]["members"]
    model = facts["model"] | {"members": [first | {"card": card}, *others]}
    stored = replace(run.stored, provenance=facts | {"model": model})
    view = make_view(stored, run.evaluation, FIGURES | {"members": DRAWING})
    assert "It was trained on these very images" in view.summary


def test_no_temperature_is_claimed(run):
    """Those of the members' cards are not the mean's."""
    assert view_of(run).temperature_note.endswith("no temperature is known for the mean of several models.")
