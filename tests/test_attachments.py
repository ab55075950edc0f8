"""The data inside the PDF, and that a run with everything is the same two files everywhere."""

import hashlib
import os
import subprocess
import sys

import pytest
from full_run import full_run, write_run
from pdf_reading import violations
from tiny_run import tiny_run

from mnist_report import pipeline
from mnist_report.errors import OutputError
from mnist_report.report.attachments import read_attachments

OF_EVERY_RUN = {"metrics.json", "per_class.csv", "confused_pairs.csv", "mistakes.csv"}
OF_A_FULL_RUN = OF_EVERY_RUN | {"gates.toml", "gates.csv", "comparison.csv", "flips.csv"}
MEDIA_TYPES = {"json": "application/json", "toml": "application/toml", "csv": "text/csv"}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A run with everything, and its reports."""
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, full_run())
    pipeline.render(folder, ("html", "pdf"), None)
    return folder


@pytest.fixture
def plain(tmp_path):
    """A run without gates and baseline."""
    return tiny_run().write(tmp_path / "run")


def attached(folder):
    """The files inside a run's PDF, by name."""
    import pikepdf

    with pikepdf.open(folder / "report.pdf") as document:
        return {name: document.attachments[name].get_file().read_bytes() for name in document.attachments}


def test_metrics_gates_and_every_frame_are_read(rendered):
    """By their names, byte for byte."""
    paths = [rendered / "metrics.json", rendered / "gates.toml", *(rendered / "frames").iterdir()]
    files = read_attachments(rendered)
    assert {file.name: file.content for file in files} == {path.name: path.read_bytes() for path in paths}
    assert {file.name for file in files} >= OF_A_FULL_RUN


def test_every_attachment_says_what_it_is(rendered):
    """Its type, and a sentence of its own."""
    files = read_attachments(rendered)
    assert all(file.media_type == MEDIA_TYPES[file.name.rpartition(".")[2]] for file in files)
    assert len({file.description for file in files}) == len(files)
    described = {file.name: file.description for file in files}
    assert described["metrics.json"] == "Every metric, unrounded, with its interval"
    assert described["confused_pairs.csv"] == "The table confused pairs"


def test_names_are_ascii_and_there_once(rendered):
    """As a PDF's list of files asks for it."""
    names = [file.name for file in read_attachments(rendered)]
    assert all(name.isascii() for name in names)
    assert len(set(names)) == len(names)


def test_a_run_without_gates_has_no_rules(plain):
    """The rest is there."""
    names = {file.name for file in read_attachments(plain)}
    assert names >= OF_EVERY_RUN
    assert not names & {"gates.toml", "gates.csv", "comparison.csv", "flips.csv"}


def test_what_is_missing_is_not_attached(plain):
    """Frames may be thrown away, they can be made again."""
    for path in (plain / "frames").iterdir():
        path.unlink()
    (plain / "frames").rmdir()
    assert [file.name for file in read_attachments(plain)] == ["metrics.json"]
    (plain / "metrics.json").unlink()
    assert read_attachments(plain) == ()


def test_other_files_are_not_attached(plain):
    """Neither pictures nor predictions nor what somebody put there."""
    (plain / "frames" / "mine.txt").write_text("x", "utf-8")
    (plain / "mine.csv").write_text("x", "utf-8")
    names = {file.name for file in read_attachments(plain)}
    assert not names & {"mine.txt", "mine.csv", "images.npz", "run.json", "predictions.parquet"}


@pytest.mark.parametrize("name", ["metrics.json", "frames/per_class.csv"])
def test_a_file_that_cannot_be_read_is_named(plain, name):
    """A folder in its place; nothing is drawn."""
    (plain / name).unlink()
    (plain / name).mkdir()
    with pytest.raises(OutputError, match=rf"{name}: cannot be read: Is a directory"):
        pipeline.render(plain, ("html", "pdf"), None)
    assert not (plain / "report.html").exists()


def test_the_pdf_carries_the_data(rendered):
    """Byte for byte, and nothing else."""
    assert attached(rendered) == {file.name: file.content for file in read_attachments(rendered)}


def test_a_pdf_without_data_is_drawn_all_the_same(plain):
    """There is nothing to attach."""
    for path in [plain / "metrics.json", *(plain / "frames").iterdir()]:
        path.unlink()
    pipeline.render(plain, ("pdf",), None)
    assert attached(plain) == {}


def test_tables_that_somebody_put_there_are_carried(plain):
    """Whatever they are called."""
    mine = {"a(b)\\.csv": b"one", "a b.csv": b"two"}
    for name, content in mine.items():
        (plain / "frames" / name).write_bytes(content)
    pipeline.render(plain, ("pdf",), None)
    assert mine.items() <= attached(plain).items()
    assert violations((plain / "report.pdf").read_bytes(), "3a") == set()


@pytest.mark.parametrize("profile", ["3a", "ua1"])
def test_a_run_with_everything_keeps_every_rule(rendered, profile):
    """Gates, change, notes, training and data in one document."""
    assert violations((rendered / "report.pdf").read_bytes(), profile) == set()


def test_everything_is_in_the_page(rendered):
    """Else the test above would say little."""
    page = (rendered / "report.html").read_text("utf-8")
    for section in ("gates", "change", "notes", "regressed", "fixed", "figure-training"):
        assert f'id="{section}"' in page
    assert "accepted by Ann on 2026-01-01: a new recipe" in page


IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from mnist_report import pipeline
pipeline.render(Path(sys.argv[1]), ("html", "pdf"), None)
"""
ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANGUAGE": "de", "PYTHONHASHSEED": "1"}


def test_another_process_draws_the_same_reports(rendered, tmp_path):
    """In another zone, language and order of hashes, in another folder and later."""
    write_run(tmp_path / "run", full_run())
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | ELSEWHERE
    subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, tmp_path / "run"], env=environment, check=True)
    for name in ("report.html", "report.pdf"):
        ours, theirs = (hashlib.sha256((folder / name).read_bytes()) for folder in (rendered, tmp_path / "run"))
        assert ours.hexdigest() == theirs.hexdigest()
