"""`mnist-report init`: a configuration to start from."""

import tomllib
from dataclasses import replace

from mnist_report.cli import run_cli
from mnist_report.gates.rules import default_gates, parse_gates


def written(folder):
    """The configuration that init wrote."""
    assert run_cli(["init", str(folder)]) == 0
    return (folder / "mnist-report.toml").read_text("utf-8")


def test_its_rules_are_the_default_ones(tmp_path):
    """So that a run with it says what one without it says; only that a run without a baseline is allowed."""
    *rules, drop = parse_gates(tomllib.loads(written(tmp_path)), "x").gates
    assert (*rules, replace(drop, baseline_missing="error")) == default_gates(with_baseline=True).gates
    assert drop.baseline_missing == "allow"


def test_what_is_commented_out_is_a_configuration_too(tmp_path):
    """Every example can be taken as it stands."""
    lines = written(tmp_path).splitlines()
    # What is commented out has no space but the one behind its sign, or an equals sign or a table.
    taken = [
        line[2:] if line.startswith("# ") and (" = " in line or line.startswith("# [[")) and line[2] != " " else line
        for line in lines
    ]
    document = tomllib.loads("\n".join(line for line in taken if not line.startswith("#")))
    gates = parse_gates({key: document[key] for key in ("gates", "inconclusive")}, "x").gates
    assert [gate.sense for gate in gates] == ["min", "min", "max_drop", "max_drop_over", "min", "min", "max"]
    assert {"title", "model", "reports", "baseline", "corruptions"} < document.keys()


def test_its_path_is_printed(tmp_path, capsys):
    """Scripts want to know."""
    written(tmp_path)
    assert capsys.readouterr().out.strip() == str(tmp_path / "mnist-report.toml")


def test_a_configuration_that_is_there_stays(tmp_path, capsys):
    """Somebody wrote it."""
    (tmp_path / "mnist-report.toml").write_text("title = 'mine'\n")
    assert run_cli(["init", str(tmp_path)]) == 2
    assert (tmp_path / "mnist-report.toml").read_text() == "title = 'mine'\n"
    assert "is there already" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_an_environment_error(tmp_path, capsys):
    """Status 3 and one line."""
    assert run_cli(["init", str(tmp_path / "nowhere")]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
