"""The figures: files that are the same each time, and that no data can break."""

import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from tiny_run import HOSTILE, OUTCOMES, epochs, tiny_predictions, tiny_run

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.report.canvas import to_png, to_svg
from mnist_report.report.figures import make_figures
from mnist_report.report.glyphs import drawable

NAMES = ["confusion", "per_class", "confidence", "reliability", "risk_coverage", "class_distribution"]
SVG = "{http://www.w3.org/2000/svg}"


def figures(predictions=None, history=()):
    """All figures of a run."""
    predictions = predictions or tiny_predictions()
    evaluation = evaluate(predictions)
    return make_figures(evaluation.frames, evaluation.tally.confidences if predictions.graded else None, history)


@pytest.fixture(scope="module")
def drawn():
    """The figures of the twelve images, with training curves."""
    return figures(history=epochs())


@pytest.fixture(scope="module")
def svgs(drawn):
    return {name: to_svg(figure) for name, figure in drawn.items()}


def test_the_figures_have_their_names(drawn):
    """Templates ask for them."""
    assert list(drawn) == [*NAMES, "training"]


def test_without_a_history_there_are_no_training_curves():
    """A model that came without a card."""
    assert list(figures()) == NAMES


@pytest.mark.parametrize("name", [*NAMES, "training"])
def test_a_drawing_is_the_same_bytes_each_time(svgs, name):
    """A second drawing of a second set of figures."""
    assert to_svg(figures(history=epochs())[name]) == svgs[name]


@pytest.mark.parametrize("name", [*NAMES, "training"])
def test_saving_a_drawing_again_gives_the_same_bytes(name):
    """Saving moves nothing."""
    drawing = figures(history=epochs())[name]
    assert to_svg(drawing) == to_svg(drawing)


@pytest.mark.parametrize("name", [*NAMES, "training"])
def test_an_svg_is_well_formed(svgs, name):
    """XML with a size."""
    root = ET.fromstring(svgs[name])  # noqa: S314  our own drawing
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox")


@pytest.mark.parametrize("name", [*NAMES, "training"])
def test_an_svg_needs_nothing_from_elsewhere(svgs, name):
    """No script, no picture and no font from the network."""
    root = ET.fromstring(svgs[name])  # noqa: S314  our own drawing
    links = [value for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")]
    assert not list(root.iter(f"{SVG}script"))
    assert all(link.startswith(("#", "data:")) for link in links)


def test_a_drawing_is_not_dated(svgs):
    """The clock is not part of it."""
    assert all("dc:date" not in svg for svg in svgs.values())


def test_a_png_is_a_png(drawn):
    """With the magic, and as wide as 200 dots an inch make it."""
    png = to_png(drawn["class_distribution"])
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == pytest.approx(6.4 * 200, abs=2)


def test_a_png_is_the_same_bytes_each_time():
    """Down to the last one."""
    first, second = (to_png(figures(history=epochs())["training"]) for _ in range(2))
    assert zlib.crc32(first) == zlib.crc32(second)


def labels_of(axes):
    """The texts along both sides."""
    return [[label.get_text() for label in side.get_ticklabels()] for side in (axes.xaxis, axes.yaxis)]


def test_the_classes_stand_on_both_sides_of_the_confusion_matrix(drawn):
    """Three classes that are no digits."""
    assert labels_of(drawn["confusion"].axes[0]) == [["cat", "dog", "eel"]] * 2


def test_every_share_stands_in_the_confusion_matrix_and_no_zero(drawn):
    """Two of five cats are dogs, and so on; all eels are right."""
    texts = sorted(text.get_text() for text in drawn["confusion"].axes[0].texts if text.get_text())
    assert texts == ["100", "25.0", "40.0", "60.0", "75.0"]


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_any_outcome_can_be_drawn(predictions):
    """Without a warning."""
    assert all(to_svg(figure).endswith("</svg>\n") for figure in figures(predictions()).values())


@pytest.mark.parametrize("classes", [2, 40])
def test_few_and_many_classes_can_be_drawn(classes):
    """Two, and more than there is room for numbers."""
    rows = np.eye(classes)[np.arange(80) % classes]
    predictions = make_predictions(rows, np.arange(80) // 2 % classes, tuple(f"kind {k}" for k in range(classes)))
    assert all(to_svg(figure).endswith("</svg>\n") for figure in figures(predictions).values())


@pytest.mark.parametrize("name", [HOSTILE[0], HOSTILE[1], r"$\nosuch$", "$5", "a\nb", "_hidden", "%s{}", ""])
def test_a_class_name_is_drawn_as_it_is(name):
    """No markup of anybody's is taken for markup."""
    predictions = tiny_predictions(names=(name, "dog", "eel"))
    drawings = figures(predictions)
    assert labels_of(drawings["confusion"].axes[0])[0][0].replace(r"\$", "$") == name
    assert all(to_svg(figure).endswith("</svg>\n") for figure in drawings.values())


@pytest.mark.parametrize("name", ["\N{CJK UNIFIED IDEOGRAPH-732B}", HOSTILE[2], "a\tb\x1b"])
def test_a_sign_that_the_font_lacks_is_a_placeholder(name):
    """Without a warning, in every figure that names classes."""
    drawings = figures(tiny_predictions(names=(name, "dog", "eel")))
    assert labels_of(drawings["confusion"].axes[0])[0][0] == drawable(name) != name
    assert all(to_svg(figure).endswith("</svg>\n") for figure in drawings.values())


def test_dollar_signs_in_class_names_are_no_formula():
    """They would vanish from the drawing."""
    costly, plain = (to_svg(figures(tiny_predictions(names=(n, "b", "c")))["confusion"]) for n in ("$x$", "x"))
    assert costly.count("<use") > plain.count("<use")


@pytest.mark.parametrize("history", [epochs(1), epochs(40)], ids=["one epoch", "forty"])
def test_training_curves_have_a_point_per_epoch(history):
    """Loss and accuracy, held out and trained on."""
    drawing = figures(history=history)["training"]
    curves = [line for axes in drawing.axes for line in axes.get_lines() if len(line.get_xdata()) == len(history)]
    assert len(curves) >= 4
    assert to_svg(drawing).endswith("</svg>\n")


def test_drawing_leaves_matplotlibs_settings_alone():
    """A notebook's own style is not ours to change."""
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    to_svg(figures()["confusion"])
    assert dict(mpl.rcParams) == before


def test_the_frames_are_not_changed():
    """Drawing reads."""
    run = tiny_run()
    before = {name: frame.copy() for name, frame in run.evaluation.frames.items()}
    make_figures(run.evaluation.frames, run.evaluation.tally.confidences, ())
    assert all(frame.equals(before[name]) for name, frame in run.evaluation.frames.items())


def test_a_bin_of_the_reliability_diagram_has_its_interval_and_its_images(drawn):
    """As in the frame."""
    frame = evaluate(tiny_predictions()).frames.calibration
    axes = drawn["reliability"].axes[0]
    assert sorted(text.get_text() for text in axes.texts) == sorted(f"{n:,}" for n in frame["n"])
    points = axes.containers[0].lines[0]
    assert points.get_xdata().tolist() == frame["mean_confidence"].tolist()
    assert points.get_ydata().tolist() == frame["accuracy"].tolist()


def test_the_risk_coverage_curve_is_that_of_the_frame(drawn):
    """Point by point."""
    frame, line = evaluate(tiny_predictions()).frames.risk_coverage, drawn["risk_coverage"].axes[0].lines[0]
    assert line.get_xdata().tolist() == frame["coverage"].tolist()
    assert line.get_ydata().tolist() == frame["risk"].tolist()


def test_a_long_class_name_is_cut_off():
    """Else no room would be left for the drawing."""
    drawn = labels_of(figures(tiny_predictions(names=("x" * 10_000, "dog", "eel")))["confusion"].axes[0])[0][0]
    assert drawn == "x" * 24 + "\N{HORIZONTAL ELLIPSIS}"
