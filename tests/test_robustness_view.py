"""What the report says of worse images."""

import numpy as np
import pytest
from corrupting_work import with_corruptions
from gate_work import TODAY, gate_set
from tiny_run import DRAWING, FIGURES, HOSTILE, tiny_run

from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.robustness import CorruptedSet, accuracies
from mnist_report.gates.evidence import gather
from mnist_report.gates.verdict import judge
from mnist_report.report.html import to_html
from mnist_report.report.robustness_view import CURVES, SETS, make_robustness
from mnist_report.report.view import make_view
from mnist_report.report.write import draw_figures
from mnist_report.runs.corruptions_file import Corruptions, Example

NAMES = ("cat", "dog")
CLEAN = proportion(99, 100)
MADE = {"made": {"seed": 3, "severities": {"noise": [0.1, 0.25]}}, "read": None}
READ = {"made": None, "read": {"path": "c", "corruptions": ["fog"], "sha256": "0" * 64}}
DRAWN = {CURVES: DRAWING, SETS: DRAWING}


def made(kind, severity, right):
    """A set of sixty cats and forty dogs."""
    return CorruptedSet(kind, severity, np.array([60, 40]), np.array(right), np.ones(2), np.ones(2))


CURVED = (made("noise", 1, (60, 30)), made("noise", 2, (30, 1)))
ALONE = (made("fog", 1, (50, 20)),)


def stored(*sets):
    """With a picture of two by three pixels; the last set's is taken for a dog."""
    pixels = np.arange(6 * (1 + len(sets)), dtype=np.uint8).reshape(-1, 2, 3)
    return Corruptions(sets, Example(7, pixels, np.array([0] * len(sets) + [1])))


def view_of(*sets, facts=MADE):
    return make_robustness(stored(*sets), CLEAN, NAMES, facts, DRAWN)


def test_the_sentence_has_the_mean_and_the_lowest():
    """With its interval, and how many sets of how many images there are."""
    said = view_of(*CURVED).sentence
    assert "99.0 % are right" in said
    assert "2 corrupted sets of 100 images each, 60.5 % in the mean" in said
    assert "Lowest is noise at severity 2, at 31.0 % (95 % interval 22.1" in said


def test_a_set_that_is_alone_has_no_severity():
    """In words."""
    assert "Lowest is fog, at 70.0 %" in view_of(*ALONE, facts=READ).sentence


def test_each_kind_is_a_row_of_pictures():
    """As it is first, then by severity, with accuracy and interval; what it is taken for where that changes."""
    (grid,) = view_of(*CURVED).grids
    assert grid.columns == ("0: as they are (99.0 %)", "1", "2", "mean")
    (row,) = grid.rows
    assert (row.name, row.mean) == ("noise", "60.5 %")
    assert row.what == "Gaussian noise, standard deviation 10 and 25 % of the range of grey"
    assert [cell.accuracy for cell in row.cells] == ["", "90.0 %", "31.0 %"]
    assert [cell.said for cell in row.cells] == ["", "", "taken for dog"]
    assert [cell.anchor for cell in row.cells] == ["", "corruption-0", "corruption-1"]
    assert row.cells[2].alternative == "Image 7, noise at severity 2: predicted dog"


def test_sets_of_a_folder_have_a_table_of_their_own():
    """Without severities; nobody knows what was done to them."""
    curved, alone = view_of(*CURVED, *ALONE, facts=MADE | {"read": READ["read"]}).grids
    assert alone.columns == ("as they are (99.0 %)", "corrupted")
    assert [(row.name, row.what, row.mean) for row in alone.rows] == [("fog", "", "")]
    assert alone.rows[0].cells[1].anchor == "corruption-2"
    assert len(curved.rows) == 1


def test_the_notes_say_where_the_images_come_from():
    """Ours are no benchmark."""
    ours, theirs = view_of(*CURVED, *ALONE, facts=MADE | {"read": READ["read"]}).notes
    assert "seed 3" in ours
    assert "not with published figures" in ours
    assert theirs == "Read from the folder c: 1 set of corrupted images, as they are there."


def test_the_weakest_classes_lead_to_their_sets():
    """Lowest first, with how often was looked."""
    found = view_of(*CURVED)
    assert [(row[0], row[0].target, *row[1:5]) for row in found.weakest.rows][:2] == [
        ("noise at severity 2", "corruption-1", "dog", "40", "39", "2.5 %"),
        ("noise at severity 2", "corruption-1", "cat", "60", "30", "50 %"),
    ]
    assert found.weakest_note.startswith("The lowest of 4 classes of sets.")


@pytest.mark.parametrize(("sets", "names"), [(CURVED, [CURVES]), (ALONE, [SETS]), (CURVED + ALONE, [CURVES, SETS])])
def test_a_figure_states_its_finding(sets, names):
    """In its alternative too."""
    figures = view_of(*sets).figures
    assert list(figures) == names
    assert all(figure.finding in figure.alternative for figure in figures.values())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_folders_name_is_text(name):
    """Whatever it looks like."""
    run = with_corruptions(name)
    page = to_html(make_view(run.stored, run.evaluation, FIGURES))
    assert 'id="robustness"' in page
    assert 'href="#robustness"' in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_run_without_worse_images_has_no_such_section():
    """Nor a line that leads there."""
    run = tiny_run()
    assert "robustness" not in to_html(make_view(run.stored, run.evaluation, FIGURES))


def test_both_figures_are_drawn_where_there_is_something_to_draw():
    """And neither without worse images."""
    run = with_corruptions()
    assert {CURVES, SETS} <= draw_figures(run.stored, run.evaluation).keys()
    assert not {CURVES, SETS} & draw_figures(tiny_run().stored, run.evaluation).keys()


def test_a_gate_leads_to_its_set():
    """By its cell's id."""
    run = with_corruptions()
    rules = gate_set({"metric": "accuracy", "slice": "noise=2", "min": 0.1})
    evidence = gather(run.predictions, {}, 0, None, corrupted=accuracies(run.stored.corruptions.sets))
    view = make_view(run.stored, run.evaluation, FIGURES, judge(rules, evidence, TODAY))
    assert [row.target for row in view.gates] == ["corruption-1"]
