"""The options of the commands that gate, and what CI is told."""

from pathlib import Path

import pytest
from gate_work import made_verdict

from mnist_report.commands.gating import GateOptions, load_gates, tell_ci
from mnist_report.errors import ConfigError, DataError, OutputError
from mnist_report.gates.rules import GateSet, default_gates

RULES = 'inconclusive = "fail"\n[[gates]]\nname = "mine"\nmetric = "accuracy"\nmin = 0.9\n'


@pytest.fixture(autouse=True)
def outside(monkeypatch):
    """Not on GitHub, unless a test says so."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def test_nobody_wrote_rules_down():
    """Then others may have some."""
    assert load_gates(GateOptions()) is None


@pytest.mark.parametrize("option", ["gates", "rules_of"])
def test_rules_come_from_a_file(tmp_path, option):
    """Named, or the configuration."""
    path = tmp_path / ("rules.toml" if option == "gates" else "mnist-report.toml")
    path.write_text(RULES, "utf-8")
    found = load_gates(GateOptions(**{option: path}))
    assert ([gate.name for gate in found.gates], found.inconclusive) == (["mine"], "fail")


def test_a_configuration_may_say_other_things(tmp_path):
    """Its rules alone are looked at."""
    (tmp_path / "mnist-report.toml").write_text(f'title = "x"\n{RULES}', "utf-8")
    assert load_gates(GateOptions(gates=tmp_path / "mnist-report.toml")).gates[0].name == "mine"


def test_a_named_file_wins(tmp_path):
    """Over the configuration."""
    (tmp_path / "mnist-report.toml").write_text(RULES, "utf-8")
    (tmp_path / "a.toml").write_text(RULES.replace("mine", "theirs"), "utf-8")
    options = GateOptions(gates=tmp_path / "a.toml", rules_of=tmp_path / "mnist-report.toml")
    assert load_gates(options).gates[0].name == "theirs"


@pytest.mark.parametrize("name", ["mnist-report.toml", "rules.toml"])
@pytest.mark.parametrize("policy", ["warn", "fail"])
@pytest.mark.parametrize("baseline", [None, Path("baseline")])
def test_a_policy_alone_holds_for_the_default_rules(tmp_path, name, policy, baseline):
    """Which also look at the baseline that was given."""
    (tmp_path / name).write_text(f'inconclusive = "{policy}"\n', "utf-8")
    options = {"rules_of" if name == "mnist-report.toml" else "gates": tmp_path / name}
    expected = default_gates(with_baseline=baseline is not None).gates
    assert load_gates(GateOptions(**options, baseline=baseline)) == GateSet(expected, policy)


@pytest.mark.parametrize("option", ["gates", "rules_of"])
def test_an_empty_list_of_rules_is_one(tmp_path, option):
    """Somebody switched the gates off."""
    path = tmp_path / ("rules.toml" if option == "gates" else "mnist-report.toml")
    path.write_text("gates = []\n", "utf-8")
    assert load_gates(GateOptions(**{option: path})) == GateSet((), "warn")


@pytest.mark.parametrize(("ours", "policy"), [("", "fail"), ('inconclusive = "warn"\n', "warn")])
def test_the_policy_of_the_configuration_holds_beside_a_named_file(tmp_path, ours, policy):
    """Unless that has one."""
    (tmp_path / "mnist-report.toml").write_text(f'inconclusive = "fail"\ngates = "{tmp_path}/a.toml"\n', "utf-8")
    (tmp_path / "a.toml").write_text(ours + RULES.partition("\n")[2], "utf-8")
    found = load_gates(GateOptions(gates=tmp_path / "a.toml", rules_of=tmp_path / "mnist-report.toml"))
    assert ([gate.name for gate in found.gates], found.inconclusive) == (["mine"], policy)


@pytest.mark.parametrize("content", [b"[[gates]\n", b"\xff\xfe", b"a = 1\na = 2\n", b"gates = 3\n"])
def test_a_file_that_says_nothing_useful_is_a_configuration_error(tmp_path, content):
    """The message names it."""
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.toml"):
        load_gates(GateOptions(gates=tmp_path / "a.toml"))


@pytest.mark.parametrize("name", ["nowhere.toml", ".", "nowhere/mnist-report.toml", "nowhere/pyproject.toml"])
def test_a_file_that_cannot_be_read_is_a_data_error(tmp_path, name):
    """Status 3."""
    with pytest.raises(DataError, match="cannot be read") as caught:
        load_gates(GateOptions(gates=tmp_path / name))
    assert caught.value.exit_status == 3


@pytest.mark.parametrize("actions", [None, "", "false", "1"])
def test_nothing_is_told_outside_github(tmp_path, monkeypatch, capsys, actions):
    """GitHub says "true"."""
    if actions is not None:
        monkeypatch.setenv("GITHUB_ACTIONS", actions)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    tell_ci(made_verdict("FAIL"), "text\n")
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_gates_tells_nothing(monkeypatch, capsys):
    """Not even on GitHub."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    tell_ci(None, "text\n")
    assert capsys.readouterr() == ("", "")


def test_github_gets_annotations_and_a_summary(tmp_path, monkeypatch, capsys):
    """Stdout stays as it is, for those who read it."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    tell_ci(made_verdict("FAIL"), "one\n")
    tell_ci(made_verdict("PASS"), "two é\n")
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("::error ")) == ("", 1, True)
    assert (tmp_path / "summary").read_text("utf-8") == "one\ntwo é\n"


@pytest.mark.parametrize("path", [None, ""])
def test_without_a_summary_file_there_are_annotations(monkeypatch, capsys, path):
    """An older runner."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    if path is not None:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", path)
    tell_ci(made_verdict("WARN"), "one\n")
    assert capsys.readouterr().err.startswith("::warning ")


def test_a_summary_that_cannot_be_written_is_an_output_error(tmp_path, monkeypatch):
    """The message names it."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path(tmp_path, "no", "where")))
    with pytest.raises(OutputError, match="cannot be written"):
        tell_ci(made_verdict("PASS"), "one\n")
