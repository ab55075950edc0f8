"""`mnist-report compare` on stored runs and predictions files."""

import csv
import json
import os
import shutil
import sys

import numpy as np
import pytest
from pdf_reading import violations
from test_folder import DAMAGES
from test_html import Page
from tiny_run import HOSTILE, WORST_FIRST, all_right, tiny_predictions, tiny_run

from mnist_report.cli import run_cli


@pytest.fixture
def sides(tmp_path):
    """Two run folders of the same twelve images: three mistakes, and none."""
    return tiny_run().write(tmp_path / "candidate"), tiny_run(all_right()).write(tmp_path / "baseline")


def of_other_data(run):
    """Give a run another data digest."""
    facts = json.loads((run / "run.json").read_text("utf-8"))
    facts["data"]["sha256"] = "d" * 64
    (run / "run.json").write_text(json.dumps(facts), "utf-8")


def test_the_comparison_is_printed(sides, capsys):
    """How many are right on either side, and which images regressed, the worst first."""
    assert run_cli(["compare", *map(str, sides)]) == 0
    out = capsys.readouterr().out
    assert "9 of 12 images right" in out
    assert "regressed 3, fixed 0; exact McNemar p = 0.25" in out
    assert f"regressed images: {', '.join(f'#{index}' for index in WORST_FIRST)}\n" in out


def test_a_predictions_file_is_enough(sides, capsys):
    """Other tools know nothing of run folders; the classes are then called by their numbers."""
    files = [str(side / "predictions.parquet") for side in sides]
    assert run_cli(["compare", *files]) == 0
    assert "regressed 3, fixed 0" in capsys.readouterr().out


def test_runs_of_different_data_are_refused(sides, capsys):
    """The message says how to compare them all the same."""
    of_other_data(sides[1])
    assert run_cli(["compare", *map(str, sides)]) == 3
    err = capsys.readouterr().err
    assert "are of different data" in err
    assert "add --join-by-index" in err
    assert err.count("\n") == 1


def test_runs_of_different_data_can_be_joined_by_index(sides, capsys):
    """Where the user knows that the images are the same."""
    of_other_data(sides[1])
    assert run_cli(["compare", *map(str, sides), "--join-by-index"]) == 0
    assert "regressed 3, fixed 0" in capsys.readouterr().out


def test_the_frames_can_be_had_as_files(sides, tmp_path):
    """Every difference, and every image that flipped."""
    assert run_cli(["compare", *map(str, sides), "--frames", str(tmp_path / "frames")]) == 0
    with (tmp_path / "frames" / "flips.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["index"], row["change"]) for row in csv.DictReader(file)] == [
            (str(index), "regressed") for index in WORST_FIRST
        ]
    with (tmp_path / "frames" / "comparison.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["metric"], float(first["difference"])) == ("accuracy", pytest.approx(-0.25))


def test_a_path_without_predictions_is_named(sides, tmp_path, capsys):
    """One line, status 3."""
    assert run_cli(["compare", str(tmp_path / "nowhere"), str(sides[1])]) == 3
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'nowhere'}: no such file; give a run folder")


def reported(sides, folder, *options):
    """The status of a comparison whose report goes into the folder."""
    return run_cli(["compare", *map(str, sides), "--report", str(folder), *options])


def page_in(folder):
    """The page, as a browser reads it."""
    return Page((folder / "compare.html").read_text("utf-8"))


@pytest.fixture
def out(tmp_path):
    """Where the report goes; not there yet."""
    return tmp_path / "new" / "out"


def without_images(run):
    """A run whose images were thrown away."""
    (run / "images.npz").unlink()
    return run


def images_of(run, **arrays):
    """Put other arrays into a run's images."""
    with np.load(run / "images.npz") as archive:
        kept = dict(archive)
    np.savez(run / "images.npz", **(kept | arrays))


def test_without_a_report_nothing_is_written(sides, tmp_path):
    """Only printed."""
    before = sorted(tmp_path.rglob("*"))
    assert run_cli(["compare", *map(str, sides)]) == 0
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ([], {"compare.html", "compare.pdf"}),
        (["--format", "html"], {"compare.html"}),
        (["--format", "pdf"], {"compare.pdf"}),
        (["--format", "html,pdf"], {"compare.html", "compare.pdf"}),
    ],
)
def test_the_report_is_written(sides, out, options, files):
    """What was asked for and nothing else; its folder is made."""
    assert reported(sides, out, *options) == 0
    assert {path.name for path in out.iterdir()} == files


def test_what_was_drawn_is_said_beside_the_comparison(sides, out, capsys):
    """On standard error; standard output is what it is without a report."""
    assert run_cli(["compare", *map(str, sides)]) == 0
    alone = capsys.readouterr().out
    assert reported(sides, out, "--format", "html") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (alone, f"drew {out / 'compare.html'}\n")


@pytest.mark.parametrize("profile", ["3a", "ua1"])
def test_the_pdf_keeps_every_rule(sides, out, profile):
    """As a run's own."""
    assert reported(sides, out, "--format", "pdf") == 0
    assert violations((out / "compare.pdf").read_bytes(), profile) == set()


def test_the_same_comparison_is_the_same_files(sides, tmp_path):
    """It has no time of its own."""
    made = []
    for name in ("one", "two"):
        assert reported(sides, tmp_path / name) == 0
        made.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert made[0] == made[1]


@pytest.mark.parametrize("bare", [0, 1])
def test_the_images_of_either_folder_are_enough(sides, out, bare):
    """They are of the same data set."""
    without_images(sides[bare])
    assert reported(sides, out, "--format", "html") == 0
    assert [figure["id"] for figure in page_in(out).all("figure")] == [f"regressed-{index}" for index in WORST_FIRST]


def test_the_images_of_both_folders_are_shown(sides, out):
    """One has some, the other the rest."""
    for run, kept in zip(sides, ([4], [3, 8]), strict=True):
        images_of(run, index=np.array(kept), pixels=np.zeros((len(kept), 6, 5), dtype=np.uint8))
    assert reported(sides, out, "--format", "html") == 0
    assert {figure["id"] for figure in page_in(out).all("figure")} == {"regressed-3", "regressed-4", "regressed-8"}


def test_predictions_files_have_no_images(sides, out):
    """But the list of the flips."""
    assert reported([side / "predictions.parquet" for side in sides], out, "--format", "html") == 0
    page = page_in(out)
    assert page.all("img") == []
    assert all(f"#{index}" in page.text("th") for index in WORST_FIRST)


def test_a_part_of_the_images_is_listed_by_its_index(sides, tmp_path, out):
    """Rows are no places in the data set then, so no picture is shown that could be another image's."""
    import pandas as pd

    (sides[1] / "predictions.parquet").rename(tmp_path / "all.parquet")
    pd.read_parquet(tmp_path / "all.parquet").iloc[3:9].to_parquet(sides[1] / "predictions.parquet", index=False)
    assert reported(sides, out, "--format", "html", "--join-by-index") == 0
    page = page_in(out)
    assert page.all("img") == []
    assert [word for word in page.texts["th"] if word.startswith("#")] == ["#4", "#8", "#3"]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("damage", [DAMAGES[name] for name in ("empty", "other", "half", "folder")])
def test_damaged_images_are_named(sides, out, capsys, which, damage):
    """One line, status 3, and no report."""
    path = sides[which] / "images.npz"
    damage(path)
    assert reported(sides, out) == 3
    err = capsys.readouterr().err
    assert err.startswith(f"error: {path}: damaged (")
    assert (err.count("\n"), out.exists()) == (1, False)


WRONG_IMAGES = {
    "fewer pixels": {"pixels": np.zeros((2, 6, 5), dtype=np.uint8)},
    "more pixels": {"index": np.array([4])},
    "no pixels of 8 bit": {"pixels": np.zeros((12, 6, 5))},
    "no rectangles": {"pixels": np.zeros((12, 30), dtype=np.uint8)},
    "no whole numbers": {"index": np.arange(12) / 2},
}


@pytest.mark.parametrize("arrays", WRONG_IMAGES.values(), ids=WRONG_IMAGES)
def test_images_that_are_none_are_named(sides, out, capsys, arrays):
    """A sound archive can hold what is not two lists that fit; at best, another image would be shown."""
    without_images(sides[0])
    images_of(sides[1], **arrays)
    assert reported(sides, out, "--format", "html") == 3
    assert capsys.readouterr().err.startswith(f"error: {sides[1] / 'images.npz'}: damaged")


@pytest.mark.parametrize("options", [[], ["--join-by-index"]])
def test_images_of_another_size_are_no_bug_of_ours(sides, out, options):
    """The same images in another resolution, joined by the user; or one of the files is another's."""
    images_of(sides[1], pixels=np.zeros((12, 7, 7), dtype=np.uint8))
    assert reported(sides, out, "--format", "html", *options) in {0, 3}


def test_a_folder_that_is_a_file_is_named(sides, tmp_path, capsys):
    """It is a file; one line."""
    (tmp_path / "file").write_text("mine", "utf-8")
    assert reported(sides, tmp_path / "file", "--format", "html") == 3
    err = capsys.readouterr().err
    assert err.startswith(f"error: {tmp_path / 'file'}: cannot write the reports: ")
    assert err.count("\n") == 1
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_a_folder_that_cannot_be_made_is_status_3(sides, capsys):
    """One line that names it."""
    assert reported(sides, "/proc/none/out", "--format", "html") == 3
    err = capsys.readouterr().err
    assert err.startswith("error: /proc/none/out: cannot write the reports: ")
    assert err.count("\n") == 1


def test_a_report_that_is_a_folder_is_left_alone(sides, out, capsys):
    """And so is the other one, and nothing unfinished lies about."""
    (out / "compare.html" / "mine").mkdir(parents=True)
    assert reported(sides, out, "--format", "html") == 3
    assert "cannot write the reports" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["compare.html"]


def test_an_unknown_format_is_refused_before_all(sides, out, capsys):
    """Status 2, and nothing printed."""
    assert reported(sides, out, "--format", "docx") == 2
    assert capsys.readouterr().out == ""
    assert not out.exists()


def test_equal_models_are_reported(sides, out):
    """Nothing changed, and the page says so."""
    assert reported((sides[0], sides[0]), out) == 0
    page = page_in(out)
    assert page.text("h1") == "No change in accuracy that so many images could show"
    assert "0 images regressed, 0 fixed" in page.text("p")
    assert "-0.00" not in page.text("p", "td")


def test_hostile_paths_and_class_names_are_text(tmp_path, out):
    """In page and PDF."""
    sides = [
        tiny_run(tiny_predictions(names=HOSTILE[:3])).write(tmp_path / name)
        for name in ("<script>x", "a'b\"c {{ 7*7 }}")
    ]
    assert reported(sides, out) == 0
    page = page_in(out)
    assert all(name in page.text("th") for name in HOSTILE[:3])
    assert all(str(side) in page.text("title") for side in sides)
    assert (page.mistaken, page.open, page.all("script"), page.all("img")) == ([], [], [{}], [])
    assert violations((out / "compare.pdf").read_bytes(), "ua1") == set()


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are text")
def test_a_path_that_is_no_text_is_no_bug_of_ours(sides, tmp_path, out, capfd):
    """Linux has such names: one line, or a report."""
    odd = tmp_path / os.fsdecode(b"pets\xff")
    shutil.copytree(sides[0], odd)
    status = reported((odd, sides[1]), out, "--format", "html")
    assert status in {0, 3}
    assert "Traceback" not in capfd.readouterr().err


def test_class_names_do_not_steer_the_terminal(tmp_path, capsys):
    """Nor make lines of their own."""
    names = ("red\x1b[31m", "two\nlines", "\N{RIGHT-TO-LEFT OVERRIDE}eel")
    run = tiny_run(tiny_predictions(names=names)).write(tmp_path / "run")
    assert run_cli(["compare", str(run), str(run)]) == 0
    out = capsys.readouterr().out
    assert not set(out) & {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"}
    assert "\nlines" not in out
