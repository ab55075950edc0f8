"""Tests of `mnist_report.model.exporting`, as far as they need no TensorFlow."""

import importlib.util

import pytest

from mnist_report.errors import ConfigError, ModelError, OutputError
from mnist_report.model.exporting import check_exportable, check_target, unfinished_export


def names(folder):
    """What is in a folder."""
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize(("to", "name"), [("savedmodel", "m"), ("savedmodel", "m.v2"), ("tflite", "m.tflite")])
def test_a_name_that_fits_is_taken(tmp_path, monkeypatch, to, name):
    """A folder may have a point in its name."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: "found")
    check_target(to, tmp_path / name)


@pytest.mark.parametrize(
    ("to", "name", "telling"),
    [
        ("tflite", "m.keras", r"expected a name that ends in \.tflite, found \.keras"),
        ("tflite", "m", r"expected a name that ends in \.tflite, found no suffix"),
        ("savedmodel", "m.tflite", r"a SavedModel is a folder; expected a name that does not end in \.tflite"),
    ],
)
def test_a_name_of_another_format_is_a_usage_error(tmp_path, to, name, telling):
    """`run` tells the format by the name, and would not find it again."""
    with pytest.raises(ConfigError, match=telling):
        check_target(to, tmp_path / name)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_already_is_not_replaced(tmp_path, kind):
    """Whatever it is; a link that leads nowhere too."""
    path = tmp_path / "m"
    {"file": path.touch, "folder": path.mkdir, "link": lambda: path.symlink_to("nowhere")}[kind]()
    with pytest.raises(ConfigError, match="m: is there already; remove it first, or choose another name"):
        check_target("savedmodel", path)


def test_a_missing_library_is_said_before_exporting(tmp_path, monkeypatch):
    """With the extra that brings it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"--to tflite: .* pip install 'mnist-report\[tflite\]'"):
        check_target("tflite", tmp_path / "m.tflite")
    check_target("savedmodel", tmp_path / "m")


@pytest.mark.parametrize(("name", "kind"), [("m.onnx", "onnx"), ("m.TFLITE", "tflite"), ("folder", "savedmodel")])
def test_only_what_keras_loads_can_be_exported(tmp_path, name, kind):
    """An ONNX file is another program's already."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelError, match=f"{name}: a model of format {kind}; only .keras and .h5 files"):
        check_exportable(tmp_path / name)


@pytest.mark.parametrize("name", ["m.keras", "m.H5", "m.hdf5", "m.txt", "missing\0"])
def test_what_may_be_one_of_keras_is_left_to_those_who_open_it(tmp_path, name):
    """They say what else is wrong."""
    check_exportable(tmp_path / name)


def test_an_export_appears_when_it_is_whole(tmp_path):
    """Not before, and nothing else stays; folders on the way are made."""
    output = tmp_path / "new" / "m.tflite"
    with unfinished_export(output) as unfinished:
        assert unfinished.name == output.name
        unfinished.write_bytes(b"half")
        assert not output.exists()
        unfinished.write_bytes(b"whole")
    assert output.read_bytes() == b"whole"
    assert names(output.parent) == ["m.tflite"]


def test_a_folder_appears_when_it_is_whole(tmp_path):
    """A SavedModel is one."""
    with unfinished_export(tmp_path / "m") as unfinished:
        unfinished.mkdir()
        (unfinished / "saved_model.pb").write_bytes(b"graph")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["m", "m/saved_model.pb"]


def test_an_export_that_fails_leaves_nothing(tmp_path):
    """Whatever was written so far."""

    def fail():
        with unfinished_export(tmp_path / "m.tflite") as unfinished:
            unfinished.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == []


def test_what_appeared_meanwhile_is_not_replaced(tmp_path):
    """Minutes go by."""
    output = tmp_path / "m.tflite"

    def write_both():
        with unfinished_export(output) as unfinished:
            unfinished.write_bytes(b"ours")
            output.write_bytes(b"theirs")

    with pytest.raises(ConfigError, match="is there already"):
        write_both()
    assert output.read_bytes() == b"theirs"
    assert names(tmp_path) == ["m.tflite"]


@pytest.mark.parametrize("name", ["file/m.tflite", "no\0thing/m.tflite"])
def test_a_place_that_cannot_be_written_is_an_error_before_the_work(tmp_path, name):
    """It names the export."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"m\.tflite: cannot be written"), unfinished_export(tmp_path / name):
        pytest.fail("the work began")
