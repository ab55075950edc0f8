"""The documents say what the program does."""

import re
from pathlib import Path

import pytest

from mnist_report.cli import COMMANDS, make_app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    """A command that nobody can find does not exist."""
    assert f"`mnist-report {command}" in README


def test_every_option_in_the_readme_exists():
    """What the table of options names, `run` has."""
    rows = re.findall(r"^\| (`-.*?) \|", README, re.MULTILINE)
    named = {option for row in rows for option in re.findall(r"`(--?[a-z0-9-]+)", row)}
    options = {name for argument in make_app()["run"].assemble_argument_collection() for name in argument.names}
    assert named - options == set()
    assert len(named) >= 8


def test_every_command_has_help():
    """And each option of it says what it does."""
    for command in COMMANDS:
        arguments = make_app()[command].assemble_argument_collection(parse_docstring=True)
        assert [a.name for a in arguments if a.show and not a.parameter.help] == [], command


def test_ci_runs_the_readmes_second_command():
    """What a newcomer types is what is checked."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    command = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)[1]
    assert script.rstrip().endswith(command)


def test_the_changelog_has_a_place_for_what_comes():
    """Keep a Changelog's first heading."""
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_notice_attributes_the_data():
    """Whoever ships MNIST ships its attribution."""
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert "Yann LeCun, Corinna Cortes, Christopher J. C. Burges" in notice
    assert "Attribution-ShareAlike 3.0" in notice
