"""What the report says, before it is set."""

import base64
import dataclasses

import pytest
from gate_work import TODAY, gate_set
from tiny_run import (
    DRAWING,
    FIGURES,
    HOSTILE,
    LABELS,
    NAMES,
    OUTCOMES,
    epochs,
    one_image,
    tiny_card,
    tiny_predictions,
    tiny_run,
    tiny_view,
)

from mnist_report.gates.evidence import gather
from mnist_report.gates.verdict import judge
from mnist_report.report import text
from mnist_report.report.view import make_view


def decoded(source, media_type):
    """The bytes behind a data URI."""
    head, _, data = source.partition(",")
    assert head == f"data:{media_type};base64"
    return base64.b64decode(data, validate=True)


def strings(value):
    """Every text of a view, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, tuple):
        return [text for part in value for text in strings(part)]
    if dataclasses.is_dataclass(value):
        return [text for field in dataclasses.fields(value) for text in strings(getattr(value, field.name))]
    return []


def test_the_headline_says_how_many_are_right_and_wrong():
    """Share, images and errors."""
    view = tiny_view()
    assert all(part in view.headline for part in ("75 %", "12 images"))
    assert view.summary.startswith("3 wrong. ")


def test_the_headline_of_one_image_is_singular():
    """1 image."""
    assert "1 image " in tiny_view(one_image()).headline


def test_the_summary_gives_the_interval():
    """How far the number carries."""
    assert tiny_view().summary.endswith(f"lies within 43 {text.DASH} 95 %.")


def test_the_subject_is_model_and_data():
    """Who was tested on what."""
    assert tiny_view().subject == "pets_cnn on pets, test split, 12 images"


def test_the_title_is_the_users():
    """As given."""
    assert tiny_view(title=HOSTILE[0]).title == HOSTILE[0]


def test_gates_lead_to_their_evidence():
    """A metric's row, a class's, a slice's, or the change."""
    run = tiny_run()
    rules = gate_set(
        {"metric": "accuracy", "min": 0.5},
        {"metric": "recall", "class": "each", "min": 0.5},
        {"metric": "recall", "class": "newt", "min": 0.5},
        {"metric": "accuracy", "slice": "ink=q2", "min": 0.5},
        {"metric": "accuracy", "slice": "ink=q9", "min": 0.5},
        {"metric": "accuracy", "max_drop": 0.5},
        {"metric": "acuracy", "min": 0.5},
    )
    verdict = judge(rules, gather(run.predictions, run.stored.slice_columns, 0, None), TODAY)
    view = make_view(run.stored, run.evaluation, FIGURES, verdict)
    weakest = NAMES.index(verdict.results[1].deciding.subject)
    expected = ["metric-accuracy", f"class-{weakest}", "classes", "slice-1", "classes", "change", "overall"]
    assert [row.target for row in view.gates] == expected


def test_figures_are_embedded_as_they_are():
    """As data, with a finding above and an alternative."""
    pictures = tiny_view().pictures
    assert set(pictures) == set(FIGURES)
    assert all(decoded(picture.source, "image/svg+xml") == DRAWING.encode() for picture in pictures.values())


def test_a_figures_alternative_states_its_finding():
    """Those who cannot see it learn the same."""
    assert all(picture.finding in picture.alternative for picture in tiny_view().pictures.values())


def test_the_findings_name_pair_and_class():
    """The most confused pair, the weakest class, the sure mistakes."""
    pictures = tiny_view().pictures
    assert all(part in pictures["confusion"].finding for part in ("cat", "dog", "2 times"))
    assert all(part in pictures["per_class"].finding for part in ("cat", "60 %"))
    assert "0 of 3" in pictures["confidence"].finding


def test_sure_mistakes_are_counted():
    """One of two wrong answers was given with more than 0.99."""
    predictions = tiny_predictions(((1, 0.999), (1, 0.6), (2, 0.9)), (0, 0, 2))
    assert "1 of 2" in tiny_view(predictions).pictures["confidence"].finding


def test_a_class_that_does_not_occur_is_not_the_weakest():
    """Nothing is known of it."""
    predictions = tiny_predictions(((0, 0.9), (0, 0.8), (2, 0.9)), (0, 2, 2))
    assert "eel" in tiny_view(predictions).pictures["per_class"].finding


def test_key_figures_have_a_value_a_name_and_a_note():
    """What a reader looks for first."""
    figures = {name: (value, note) for value, name, note in tiny_view().key_figures}
    assert figures["accuracy"] == ("75 %", f"95 % interval 43 {text.DASH} 95 %")
    assert figures["errors"] == ("3", "among 12 images")
    assert figures["model size"] == ("12.3 kB", "93 parameters")
    assert figures["training time"][0] == text.DASH


def test_a_model_with_a_card_shows_its_training():
    """Curves, epochs and time."""
    view = tiny_view(card=tiny_card(epochs()), figures=FIGURES | {"training": DRAWING})
    assert view.history is not None
    assert len(view.history.rows) == 3
    assert "epoch 3" in view.pictures["training"].finding
    assert ("4.5 s", "training time", "3 epochs") in view.key_figures


def test_a_model_without_a_card_shows_no_training():
    """There is nothing to say."""
    assert tiny_view().history is None


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_no_text_is_missing_or_undefined(predictions):
    """Nothing is written as nan or None, whatever the outcome."""
    view = tiny_view(predictions())
    said = [text for field in dataclasses.fields(view) for text in strings(getattr(view, field.name))]
    assert len(said) > 100
    assert [words for words in said if "nan" in words.lower().split() or "None" in words.split()] == []


def test_hostile_class_names_are_kept_as_they_are():
    """Escaping is the template's business."""
    names = HOSTILE[:3]
    view = tiny_view(tiny_predictions(names=names))
    assert {image.actual for image in view.samples.digits} == {names[k] for k in set(LABELS)}
