"""Tests of `mnist_report.model.backend` that need no keras."""

import os

import pytest

from mnist_report.model.backend import keep_no_settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    return tmp_path


def test_keras_gets_no_folder_for_settings_where_there_are_none(home):
    """It would write some, in the name of whoever tries a model."""
    keep_no_settings()
    assert os.environ["KERAS_HOME"] == os.devnull
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("home")
def test_settings_that_are_elsewhere_stay_in_force(monkeypatch):
    """As the variable says."""
    monkeypatch.setenv("KERAS_HOME", "/elsewhere")
    keep_no_settings()
    assert os.environ["KERAS_HOME"] == "/elsewhere"


def test_settings_in_the_home_folder_stay_in_force(home):
    """They may choose the backend."""
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text("{}", "utf-8")
    keep_no_settings()
    assert "KERAS_HOME" not in os.environ
