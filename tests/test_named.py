"""Which model files are meant."""

from pathlib import Path

import pytest

from mnist_report.errors import ConfigError
from mnist_report.model.named import find_models


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder that is worked in, with four files."""
    for name in ("b.keras", "a.keras", "c.onnx", "deep/d.keras"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*named):
    """As text."""
    return [str(path) for path in find_models([Path(name) for name in named])]


def test_without_names_there_are_none():
    """The command has a default of its own."""
    assert found() == []


def test_paths_stay_in_their_order():
    """As they are given."""
    assert found("b.keras", "a.keras") == ["b.keras", "a.keras"]


def test_a_path_that_is_not_there_stays():
    """Whoever opens it says so."""
    assert found("none.keras", "a.keras") == ["none.keras", "a.keras"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.keras", ["a.keras", "b.keras"]),
        ("?.onnx", ["c.onnx"]),
        ("[ab].keras", ["a.keras", "b.keras"]),
        ("**/*.keras", ["a.keras", "b.keras", "deep/d.keras"]),
        ("d*", ["deep"]),
    ],
)
def test_a_pattern_stands_for_what_fits_it(pattern, expected):
    """In alphabetical order, as a shell would write it."""
    assert found(pattern) == expected


def test_a_pattern_may_begin_at_the_root(folder):
    """Nightly jobs name whole paths."""
    assert found(f"{folder}/*.onnx") == [f"{folder}/c.onnx"]


def test_a_pattern_stands_among_paths():
    """Each in its place."""
    assert found("c.onnx", "*.keras", "deep/d.keras") == ["c.onnx", "a.keras", "b.keras", "deep/d.keras"]


@pytest.mark.parametrize("name", ["model[1].keras", "what?.keras", "a*.keras"])
def test_a_file_that_is_called_like_a_pattern_is_that_file(folder, name):
    """Browsers call downloads so."""
    (folder / name).touch()
    assert found(name) == [name]


@pytest.mark.parametrize("pattern", ["*.h5", "none/*", "[z].keras", "a\0/*"], ids=range(4))
def test_a_pattern_that_nothing_fits_is_an_error(pattern):
    """It is named; a nightly job must not quietly evaluate something else."""
    with pytest.raises(ConfigError) as caught:
        found("a.keras", pattern)
    assert f"--model {pattern}: nothing fits this pattern" in str(caught.value)


@pytest.mark.parametrize(
    ("named", "telling"),
    [
        (["a.keras", "a.keras"], "a.keras is named twice"),
        (["none.keras", "none.keras"], "none.keras is named twice"),
        (["b.keras", "?.keras"], "b.keras is named twice"),
        (["a.keras", "deep/../a.keras"], "deep/../a.keras is the same file as a.keras"),
        (["a.keras", "best.keras"], "best.keras is the same file as a.keras"),
    ],
)
def test_the_same_file_twice_is_an_error(folder, named, telling):
    """By whatever name: it would be compared with itself."""
    (folder / "best.keras").symlink_to("a.keras")
    with pytest.raises(ConfigError) as caught:
        found(*named)
    assert telling in str(caught.value)


def test_equal_files_are_two_models(folder):
    """Who compares copies may have a reason."""
    (folder / "copy.keras").write_text("a.keras", "utf-8")
    assert found("a.keras", "copy.keras") == ["a.keras", "copy.keras"]
