"""Tests of `mnist_report.model.opening`: a private copy, its digest, and what protects from it."""

import hashlib

import pytest
from makers import write_hollow_model

from mnist_report.cli import run_cli
from mnist_report.errors import ModelError
from mnist_report.model.opening import opened_model, protections
from mnist_report.model.store import shipped_model


@pytest.fixture
def model(tmp_path):
    """A file that passes for a model until somebody loads it."""
    return write_hollow_model(tmp_path / "mine.keras")


@pytest.fixture
def folder(tmp_path):
    """A SavedModel, as far as anybody looks."""
    (tmp_path / "saved" / "variables").mkdir(parents=True)
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "saved" / "variables" / "data").write_bytes(b"numbers")
    return tmp_path / "saved"


def digest(content):
    """By the standard library."""
    return hashlib.sha256(content).hexdigest()


def test_what_is_loaded_is_a_copy_that_goes_away(model):
    """Whoever changes the file meanwhile changes nothing."""
    before = model.read_bytes()
    with opened_model(model) as opened:
        model.write_bytes(b"something else")
        assert (opened.path, opened.loaded.read_bytes()) == (model, before)
        assert opened.loaded.parent.stat().st_mode & 0o77 == 0
    assert not opened.loaded.exists()


def test_a_pin_is_held_against_the_bytes_that_are_loaded(model):
    """In either case of letters."""
    with opened_model(model, sha256=digest(model.read_bytes()).upper()) as opened:
        assert opened.sha256 == digest(opened.loaded.read_bytes())


def test_another_file_than_the_pinned_one_is_an_error(model):
    """Both digests are named."""
    found = digest(model.read_bytes())
    with (
        pytest.raises(ModelError, match=f"{model}: its sha256 is {found}, and --model-sha256 says {'0' * 64}"),
        opened_model(model, sha256="0" * 64),
    ):
        pass


def test_a_pin_that_does_not_fit_ends_with_status_3(model, tmp_path, capsys):
    """Before any model is started."""
    options = ["--model", str(model), "--model-sha256", "0" * 64, "--reports", str(tmp_path / "reports")]
    assert run_cli(["evaluate", *options]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_pin_that_is_no_digest_is_a_usage_error(model, capsys):
    """A digest cut short would pin nothing."""
    assert run_cli(["evaluate", "--model", str(model), "--model-sha256", "abc"]) == 2
    assert "expected 64 hexadecimal digits" in capsys.readouterr().err


def test_a_folder_needs_trust(folder):
    """It is a program."""
    with pytest.raises(ModelError, match=r"a SavedModel is a program .* --trust-model"), opened_model(folder):
        pass


def test_the_digest_of_a_folder_is_that_of_its_list(folder):
    """As `sha256sum` prints it, sorted by name."""
    lines = f"{digest(b'graph')}  saved_model.pb\n{digest(b'numbers')}  variables/data\n"
    with opened_model(folder, trusted=True) as opened:
        assert (opened.format, opened.sha256, opened.size_bytes) == ("savedmodel", digest(lines.encode()), 12)


@pytest.mark.parametrize("name", ["none.keras", "\0.keras"])
def test_a_file_that_is_not_there_is_an_error(tmp_path, name):
    """Also one that cannot be."""
    with pytest.raises(ModelError, match=r"no such model file|cannot be read"), opened_model(tmp_path / name):
        pass


def test_a_file_that_is_too_large_is_not_copied(tmp_path):
    """It has holes here, but nobody can know."""
    with (tmp_path / "huge.keras").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(ModelError, match="at most 1,073,741,824 are taken"), opened_model(tmp_path / "huge.keras"):
        pass


def test_a_stranger_meets_every_protection(model):
    """And one that is trusted, or our own, fewer."""
    with opened_model(model) as stranger, opened_model(model, trusted=True) as friend:
        assert {"private copy", "no code of the file's", "limit on time"} <= set(protections(stranger))
        assert protections(friend) == ["own process", "private copy", "limits on sizes"]
    with opened_model(shipped_model()) as own:
        assert "no code of the file's" in protections(own)
        assert "limit on time" not in protections(own)


def test_that_there_was_no_network_is_said_only_where_it_is_true(model):
    """Not every system offers it."""
    with opened_model(model) as stranger:
        assert "no network" not in protections(stranger)
        assert protections(stranger, offline=True) == [*protections(stranger), "no network"]
