"""`--notes` through the command line, with a model that is three lines long instead of a process with TensorFlow."""

import hashlib
import json
import os

import pytest
from makers import digits, write_hollow_model, write_npz
from test_folder import DAMAGES
from test_slices_command import ThreeLines, call, start_three_lines
from tiny_run import tiny_run

from mnist_report import pipeline
from mnist_report.cli import run_cli
from mnist_report.errors import OutputError
from mnist_report.runs.folder import read_run

NOTES = "# Why\r\n\r\nA *new* scanner, \N{GREEK SMALL LETTER LAMDA}.\n"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with data, a model and notes, the folder that is worked in; no TensorFlow, no settings from outside."""
    write_npz(tmp_path / "data.npz", *digits(60))
    write_hollow_model(tmp_path / "hollow.keras")
    (tmp_path / "mine.md").write_bytes(NOTES.encode())
    for name in list(os.environ):
        if name.startswith("MNIST_REPORT_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(pipeline, "start_model", start_three_lines)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finished(place, *options):
    """The folder of a run with these options; sixty images cannot pass the default gates."""
    assert call("run", "reports", "--format", "html", *options) == 1
    return (place / "reports" / "latest").resolve()


def test_the_notes_are_stored_and_shown(place):
    """As they were written, and in the manifest."""
    run = finished(place, "--notes", "mine.md")
    assert (run / "notes.md").read_bytes() == NOTES.encode()
    digests = json.loads((run / "manifest.json").read_text("utf-8"))["sha256"]
    assert digests["notes.md"] == hashlib.sha256(NOTES.encode()).hexdigest()
    assert "<h3>Why</h3>\n<p>A <em>new</em> scanner, λ.</p>" in (run / "report.html").read_text("utf-8")


def test_rendering_again_shows_them_again(place):
    """Byte for byte, without the file that they came from."""
    run = finished(place, "--notes", "mine.md")
    before = (run / "report.html").read_bytes()
    (place / "mine.md").unlink()
    (run / "report.html").unlink()
    assert run_cli(["render", str(run), "--format", "html"]) == 0
    assert (run / "report.html").read_bytes() == before


def test_without_notes_there_is_no_file(place):
    """Nor a section."""
    run = finished(place)
    assert not (run / "notes.md").exists()
    assert 'id="notes"' not in (run / "report.html").read_text("utf-8")


def test_an_empty_file_is_no_notes(place):
    """Nothing was said."""
    (place / "mine.md").write_bytes(b"")
    assert not (finished(place, "--notes", "mine.md") / "notes.md").exists()


def test_notes_can_stand_in_the_configuration(place):
    """As every option can."""
    (place / "mnist-report.toml").write_text('notes = "mine.md"\n', "utf-8")
    assert (finished(place) / "notes.md").exists()


def test_a_byte_order_mark_is_no_note(place):
    """Some editors write one."""
    (place / "mine.md").write_bytes(b"\xef\xbb\xbf# Why\n")
    assert (finished(place, "--notes", "mine.md") / "notes.md").read_bytes() == b"# Why\n"


def test_notes_of_a_hundred_kilobytes_are_not_too_many(place):
    """The most that is allowed."""
    (place / "mine.md").write_text("word word\n" * 10_000, "utf-8")
    assert (finished(place, "--notes", "mine.md") / "notes.md").stat().st_size == 100_000


def test_notes_that_are_removed_during_inference_cost_no_run(place, monkeypatch):
    """They were read before."""
    predict = ThreeLines.predict

    def meanwhile(*arguments):
        (place / "mine.md").unlink()
        return predict(*arguments)

    monkeypatch.setattr(ThreeLines, "predict", meanwhile)
    assert (finished(place, "--notes", "mine.md") / "notes.md").read_bytes() == NOTES.encode()


@pytest.mark.parametrize(
    ("content", "telling"),
    [
        (None, "cannot be read (No such file or directory); --notes takes a Markdown file"),
        (b"x" * 100_001, "is larger than 100 kB, the most that notes may have; shorten it"),
        (b"fine\n\xff\xfe", "is not UTF-8 in line 2 (invalid start byte); save it as UTF-8"),
    ],
    ids=["missing", "too large", "not UTF-8"],
)
def test_bad_notes_are_status_3_before_inference(place, monkeypatch, capsys, content, telling):
    """One line, and nothing lost or left."""
    monkeypatch.setattr(pipeline, "start_model", None)
    (place / "mine.md").unlink()
    if content is not None:
        (place / "mine.md").write_bytes(content)
    assert call("run", "reports", "--notes", "mine.md") == 3
    assert capsys.readouterr().err == f"error: mine.md: {telling}\n"
    assert not (place / "reports").exists()


def test_a_folder_is_no_notes(capsys):
    """The message says what it is."""
    assert call("run", "reports", "--notes", ".") == 3
    assert capsys.readouterr().err.startswith("error: .: cannot be read (Is a directory)")


def test_bad_notes_are_found_before_a_training(capsys):
    """Which takes minutes."""
    assert run_cli(["run", "--train", "--data", "data.npz", "--notes", "none.md"]) == 3
    assert "none.md: cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"\xff"), DAMAGES["folder"]], ids=["bytes", "folder"])
def test_damaged_notes_of_a_run_are_named(tmp_path, damage):
    """As any other of its files."""
    folder = tiny_run().write(tmp_path / "run")
    (folder / "notes.md").write_text("fine", "utf-8")
    assert read_run(folder).notes == "fine"
    damage(folder / "notes.md")
    with pytest.raises(OutputError, match=r"notes\.md: damaged"):
        read_run(folder)
