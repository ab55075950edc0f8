"""`mnist-report check` and `mnist-report baseline accept` on stored runs, through the command line."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import junitparser
import pytest
from gate_work import gate_set, some_right
from tiny_run import tiny_predictions, tiny_run

from mnist_report.cli import run_cli
from mnist_report.gates.rules import default_gates
from mnist_report.gates.rules_toml import to_toml
from mnist_report.runs.scores_file import write_scores

GOOD = '[[gates]]\nmetric = "accuracy"\nmin = 0.95\n'
BAD = '[[gates]]\nname = "too much"\nmetric = "accuracy"\nmin = 0.995\n'
OPEN = '[[gates]]\nname = "open"\nmetric = "accuracy"\nmin = 0.99\n'
UNKNOWN = '[[gates]]\nname = "unknown"\nmetric = "acuracy"\nmin = 0.99\n'
DROP = '[[gates]]\nname = "drop"\nmetric = "accuracy"\nmax_drop = 0.01\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two runs of three thousand images, 99 and 90 % right; nobody writes into them."""
    folder = tmp_path_factory.mktemp("runs")
    tiny_run(some_right()).write(folder / "good")
    tiny_run(some_right((900, 900, 900))).write(folder / "poor")
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty folder, outside GitHub, on the second of January."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767312000")
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def check(run, rules=None, *options):
    """The exit status, by these rules."""
    if rules is not None:
        Path("rules.toml").write_text(rules, "utf-8")
        options = ("--gates", "rules.toml", *options)
    return run_cli(["check", str(run), *map(str, options)])


def with_own_baseline(folder):
    """A run that is 9 points worse than the baseline that was given to `run`."""
    run = tiny_run(some_right((900, 900, 900))).write(folder / "run")
    write_scores(run / "baseline.parquet", some_right())
    facts = json.loads((run / "run.json").read_text("utf-8"))
    facts["baseline"] = {"path": "baseline", "problem": "", "missing": False}
    (run / "run.json").write_text(json.dumps(facts), "utf-8")
    return run


def contents(folder):
    """Every file with its time."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        (GOOD, 0),
        (GOOD + BAD, 1),
        (GOOD + UNKNOWN, 1),
        (GOOD + OPEN, 0),
        (f'inconclusive = "fail"\n{GOOD}{OPEN}', 4),
        (f'inconclusive = "fail"\n{OPEN}{BAD}', 1),
        (f'{BAD}severity = "warning"\n', 0),
        (f'{UNKNOWN}severity = "warning"\n', 1),
        (f'inconclusive = "fail"\n{OPEN}severity = "warning"\n', 0),
        (DROP, 1),
        (f'{DROP}baseline_missing = "allow"\n', 0),
        ("[[gates]]\nmetric = 'accuracy'\nmin = 99\n", 2),
        ("[[gates]\n", 2),
        ("gate = 3\n", 2),
        (f"title = 'x'\n{GOOD}", 2),
    ],
)
def test_the_exit_status(place, rules, status):
    """0, 1, 2 and 4 as the rules and the run say."""
    assert check(place / "good", rules) == status


@pytest.mark.parametrize("rules", ["[[gates]]\nmetric = 'accuracy'\nmin = 99\n", "[[gates]\n", "gate = 3\n"])
def test_a_bad_rule_is_one_line_that_names_the_file(place, capsys, rules):
    """Nothing was decided."""
    check(place / "good", rules)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: rules.toml: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("key", ["min", "level"])
@pytest.mark.parametrize(
    "zeros",
    [
        400,
        5_000,
    ],
)
def test_a_number_beyond_all_bounds_is_a_configuration_error(place, key, zeros):
    """No bug."""
    values = {"min": "0.9", "level": "0.025"} | {key: f"1{'0' * zeros}"}
    rules = f"[[gates]]\nmetric = 'accuracy'\nmin = {values['min']}\nlevel = {values['level']}\n"
    assert check(place / "good", rules) == 2


@pytest.mark.parametrize("what", ["run", "metrics", "rules", "rules are a folder", "baseline is damaged", "junit"])
def test_what_cannot_be_read_or_written_is_status_3(place, tmp_path, what, capsys):
    """One line."""
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    (tmp_path / "folder").mkdir()
    arguments = {
        "run": ["nowhere"],
        "metrics": ["nowhere/metrics.json"],
        "rules": [place / "good", "--gates", "nowhere.toml"],
        "rules are a folder": [place / "good", "--gates", "folder"],
        "baseline is damaged": [place / "good", "--baseline", "junk.parquet"],
        "junit": [place / "good", "--junit", "folder"],
    }[what]
    assert run_cli(["check", *map(str, arguments)]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_rules_that_cannot_be_read_are_status_3_whatever_they_are_called(place):
    """As any other file."""
    assert run_cli(["check", str(place / "good"), "--gates", "nowhere/mnist-report.toml"]) == 3


def test_each_gate_has_a_line(place, capsys):
    """Outcome first, on stdout; the verdict on stderr."""
    check(place / "good", GOOD + BAD)
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["PASS", "FAIL"]
    assert "99.00 %" in out
    assert err.splitlines()[0] == "rules: rules.toml"
    assert err.splitlines()[-1].startswith("error: FAIL: of 2 gates, 1 failed, 1 passed. ")


def test_metrics_json_stands_for_its_run(place, capsys, monkeypatch):
    """Also from within."""
    assert check(place / "good" / "metrics.json", GOOD) == 0
    first = capsys.readouterr().out
    monkeypatch.chdir(place / "good")
    (place / "rules.toml").write_text(GOOD, "utf-8")
    assert run_cli(["check", "metrics.json", "--gates", "../rules.toml"]) == 0
    assert capsys.readouterr().out == first


def test_metrics_json_alone_is_enough_for_most_gates(place, tmp_path, capsys):
    """Where its run is gone; a drop cannot be told from it."""
    shutil.copy(place / "good" / "metrics.json", tmp_path / "metrics.json")
    assert check("metrics.json", GOOD + OPEN, "--junit", "j.xml", "--summary", "s.md") == 0
    alone = capsys.readouterr().out
    assert check(place / "good", GOOD + OPEN) == 0
    assert capsys.readouterr().out == alone
    assert len(junitparser.JUnitXml.fromfile("j.xml")) == 1
    assert (tmp_path / "s.md").read_text("utf-8").startswith("### ")
    assert check("metrics.json", DROP) == 1
    assert "has no row per image" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "status"), [("good", 0), ("poor", 1)])
def test_the_default_gates_for_metrics_alone(place, tmp_path, name, status, capsys):
    """Accuracy and each class."""
    shutil.copy(place / name / "metrics.json", tmp_path / "metrics.json")
    assert check("metrics.json") == status
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_baseline_for_metrics_alone_is_not_passed_over(place, tmp_path, capsys):
    """Whoever asks for one is told that there are no rows to hold against it."""
    shutil.copy(place / "good" / "metrics.json", tmp_path / "metrics.json")
    assert check("metrics.json", None, "--baseline", place / "good") == 1
    assert "ERROR" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}', '{"format": 1}', "3", "null"])
def test_another_json_file_is_status_3(tmp_path, content, capsys):
    """One line that names it."""
    (tmp_path / "metrics.json").write_text(content, "utf-8")
    assert check("metrics.json", GOOD) == 3
    err = capsys.readouterr().err
    assert ("metrics.json" in err, err.count("\n")) == (True, 1)


@pytest.mark.parametrize(("run", "status"), [("good", 0), ("poor", 1)])
def test_the_default_gates(place, run, status, capsys):
    """Accuracy and each class."""
    assert check(place / run) == status
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_default_gates_with_a_baseline(place, capsys):
    """Its accuracy must not drop."""
    assert check(place / "poor", None, "--baseline", place / "good") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("FAIL         accuracy changed by -9.00 pp")


@pytest.mark.parametrize("baseline", ["nowhere", "metrics.json", "other data"])
def test_the_default_gates_with_a_baseline_that_is_of_no_use(place, tmp_path, baseline, capsys):
    """Whoever asks for a baseline is told that there is none, as `run` tells."""
    path = {"nowhere": tmp_path / "nowhere", "metrics.json": place / "good" / "metrics.json"}.get(baseline)
    path = path or tiny_run(tiny_predictions()).write(tmp_path / "other")
    assert check(place / "good", None, "--baseline", path) == 1
    assert "ERROR" in capsys.readouterr().out


def test_the_rules_of_the_run_are_used_again(tmp_path):
    """And its baseline."""
    run = tiny_run(some_right()).write(tmp_path / "run")
    (run / "gates.toml").write_text(to_toml(gate_set({"metric": "accuracy", "max_drop": 0.001})), "utf-8")
    assert check(run) == 1
    write_scores(run / "baseline.parquet", some_right((960, 960, 960)))
    assert check(run) == 0


@pytest.mark.parametrize(
    "source", ["mnist-report.toml", "pyproject.toml", "--gates", "--gates pyproject.toml", "--config"]
)
def test_rules_have_many_places(place, tmp_path, source, capsys):
    """All of them say the same."""
    ours = f'quiet = true\ninconclusive = "fail"\n{OPEN}'
    theirs = f'[project]\nname = "x"\n[tool.mnist-report]\ninconclusive = "fail"\n{OPEN}'.replace(
        "[gates]", "[tool.mnist-report.gates]"
    )
    options = {
        "mnist-report.toml": ("mnist-report.toml", ours, []),
        "pyproject.toml": ("pyproject.toml", theirs, []),
        "--gates": ("rules.toml", f'inconclusive = "fail"\n{OPEN}', ["--gates", "rules.toml"]),
        "--gates pyproject.toml": ("sub/pyproject.toml", theirs, ["--gates", "sub/pyproject.toml"]),
        "--config": ("sub/my.toml", ours, ["--config", "sub/my.toml"]),
    }
    name, text, arguments = options[source]
    (tmp_path / "sub").mkdir()
    (tmp_path / name).write_text(text, "utf-8")
    assert run_cli(["check", str(place / "good"), *arguments]) == 4
    assert capsys.readouterr().out.startswith("INCONCLUSIVE accuracy 99.00 %")


def test_gates_wins_over_the_configuration(place, tmp_path):
    """The command line does."""
    (tmp_path / "mnist-report.toml").write_text(BAD, "utf-8")
    assert check(place / "good") == 1
    assert check(place / "good", GOOD) == 0


def test_the_configuration_wins_over_the_rules_of_the_run(place, tmp_path):
    """It is of today."""
    run = tiny_run(some_right()).write(tmp_path / "run")
    (run / "gates.toml").write_text(to_toml(gate_set({"metric": "accuracy", "min": 0.5})), "utf-8")
    (tmp_path / "mnist-report.toml").write_text(BAD, "utf-8")
    assert check(run) == 1
    assert place.exists()


@pytest.mark.parametrize("rules", ["[[gates]]\nmetric = 'accuracy'\nmin = 99\n", 'inconclusive = "block"\n'])
def test_a_bad_rule_in_the_configuration_is_status_2(place, tmp_path, rules, capsys):
    """The file is named."""
    (tmp_path / "mnist-report.toml").write_text(rules, "utf-8")
    assert check(place / "good") == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'mnist-report.toml'}: ")


@pytest.mark.parametrize("policy", ["warn", "fail"])
def test_a_policy_alone_does_not_switch_the_default_gates_off(place, tmp_path, policy):
    """A run that is 90 % right must not pass."""
    (tmp_path / "mnist-report.toml").write_text(f'inconclusive = "{policy}"\n', "utf-8")
    assert check(place / "poor") == 1


def test_a_policy_holds_for_rules_in_a_file_of_their_own(place, tmp_path):
    """It stands beside the option that names them."""
    (tmp_path / "mnist-report.toml").write_text('inconclusive = "fail"\ngates = "rules.toml"\n', "utf-8")
    (tmp_path / "rules.toml").write_text(OPEN, "utf-8")
    assert check(place / "good") == 4


def test_a_file_of_rules_with_a_policy_of_its_own_keeps_it(place, tmp_path):
    """It is nearer to the rules."""
    (tmp_path / "mnist-report.toml").write_text('inconclusive = "fail"\n', "utf-8")
    assert check(place / "good", f'inconclusive = "warn"\n{OPEN}') == 0
    assert check(place / "good", OPEN) == 4


def test_no_gates_on_purpose(place, tmp_path, capsys):
    """An empty list switches the default ones off."""
    (tmp_path / "mnist-report.toml").write_text("gates = []\n", "utf-8")
    assert check(place / "poor") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "baseline",
    [
        "another",
        "its own",
    ],
)
def test_a_policy_alone_keeps_the_default_gate_on_a_drop(place, tmp_path, baseline, capsys):
    """Wherever the baseline comes from."""
    (tmp_path / "mnist-report.toml").write_text('inconclusive = "warn"\n', "utf-8")
    run, options = place / "poor", ["--baseline", place / "good"]
    if baseline == "its own":
        run, options = with_own_baseline(tmp_path), []
    assert check(run, None, *options) == 1
    assert "accuracy changed by -9.00 pp" in capsys.readouterr().out


def test_the_default_gates_hold_for_a_baseline_of_the_runs_own(tmp_path, capsys):
    """As `run` held them."""
    assert check(with_own_baseline(tmp_path)) == 1
    assert "accuracy changed by -9.00 pp" in capsys.readouterr().out


@pytest.mark.parametrize(
    "policy",
    [
        "warn",
        pytest.param(
            "fail",
        ),
    ],
)
def test_a_run_that_was_held_against_the_default_gates_is_held_against_a_baseline(place, tmp_path, policy, capsys):
    """Its rules are in its folder, but nobody wrote them down."""
    run = tiny_run(some_right((900, 900, 900))).write(tmp_path / "run")
    rules = replace(default_gates(with_baseline=False), inconclusive=policy)
    (run / "gates.toml").write_text(to_toml(rules), "utf-8")
    assert check(run, None, "--baseline", place / "good") == 1
    assert "accuracy changed by -9.00 pp" in capsys.readouterr().out


@pytest.mark.parametrize("source", ["option", "environment", "configuration"])
def test_the_baseline_can_be_set_like_any_option(place, tmp_path, monkeypatch, source):
    """Although a command has the same name."""
    options = []
    if source == "option":
        options = ["--baseline", place / "good"]
    elif source == "environment":
        monkeypatch.setenv("MNIST_REPORT_BASELINE", str(place / "good"))
    else:
        (tmp_path / "mnist-report.toml").write_text(f'baseline = "{place / "good"}"\n', "utf-8")
    assert check(place / "good", DROP, *options) == 0
    assert check(place / "poor", DROP, *options) == 1


@pytest.mark.parametrize(("days", "status"), [(-1, 1), (0, 0), (1, 0)])
def test_a_waived_gate_passes_until_its_day(place, days, status, capsys):
    """The day is that of the check, here 2 January in UTC."""
    day = date(2026, 1, 2) + timedelta(days)
    waiver = f'waiver = {{reason = "new data", owner = "ann", expires = {day}}}\n'
    assert check(place / "good", BAD + waiver) == status
    out = capsys.readouterr().out
    assert out.startswith("FAIL" if status else "WAIVED")
    assert ("waived by ann until" in out, "expired on 2026-01-01" in out) == (not status, bool(status))


def test_nothing_in_the_run_folder_changes(place, tmp_path):
    """Whatever is asked."""
    before = contents(place)
    check(place / "good", GOOD + BAD + DROP, "--baseline", place / "poor", "--junit", "j.xml", "--summary", "s.md")
    assert contents(place) == before
    assert {path.name for path in tmp_path.iterdir()} == {"rules.toml", "j.xml", "s.md"}


def test_junit_and_summary_are_written_where_they_are_wanted(place, tmp_path):
    """In new folders, if need be."""
    check(place / "good", GOOD + BAD + UNKNOWN, "--junit", "new/j.xml", "--summary", "other/s.md")
    (suite,) = junitparser.JUnitXml.fromfile("new/j.xml")
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (3, 1, 1, 0)
    assert (tmp_path / "other" / "s.md").read_text("utf-8").startswith("### ")


def test_github_is_told(place, tmp_path, monkeypatch, capsys):
    """Annotations on the log, and a summary behind those of earlier steps."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    (tmp_path / "summary").write_text("before\n", "utf-8")
    check(place / "good", GOOD + BAD + OPEN)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    assert [line.split("::")[1] for line in lines] == [
        "error title=FAIL%3A too much",
        "warning title=INCONCLUSIVE%3A open",
    ]
    text = (tmp_path / "summary").read_text("utf-8")
    assert text.startswith("before\n### ")
    assert text.count("### ") == 1


@pytest.mark.parametrize("value", [None, "", "false"])
def test_elsewhere_nothing_is_annotated(place, tmp_path, monkeypatch, capsys, value):
    """GITHUB_ACTIONS says where we are."""
    if value is not None:
        monkeypatch.setenv("GITHUB_ACTIONS", value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    check(place / "good", BAD)
    assert "::" not in capsys.readouterr().err
    assert not (tmp_path / "summary").exists()


def test_a_summary_that_cannot_be_written_is_status_3(place, tmp_path, monkeypatch):
    """The file is named."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert check(place / "good", GOOD) == 3


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_hostile_names_are_harmless_on_the_terminal(place, capsys, severity):
    """One line for each gate, no escape, and no workflow command of their own."""
    rules = (
        f'[[gates]]\nname = "a\\n::error::made up\\u001b[2J"\nmetric = "acuracy"\nmin = 0.9\nseverity = "{severity}"\n'
    )
    check(place / "good", rules)
    out, err = capsys.readouterr()
    assert [out.count("\n"), err.count("\n")] == [1, 2]
    assert "\x1b" not in out + err


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts["data"].pop("sha256"),
        lambda facts: facts["model"].pop("name"),
        lambda facts: facts.update(seed="x"),
        lambda facts: facts.update(title=3),
        lambda facts: facts.update(created=None),
        lambda facts: facts.update(created="yesterday"),
        lambda facts: facts.update(seed=-1),
        lambda facts: facts.update(seed=True),
        lambda facts: facts.update(baseline="b"),
        lambda facts: facts["data"].update(class_names=[0, 1, 2]),
        pytest.param(
            lambda facts: facts["data"].update(class_names="abc"),
        ),
    ],
    ids=[
        *("no digest", "no model", "seed", "title", "created", "no time", "negative seed", "no seed", "baseline"),
        *("numbers as class names", "text as class names"),
    ],
)
def test_a_damaged_run_is_status_3(place, tmp_path, change):
    """Damage is no bug."""
    run = tiny_run().write(tmp_path / "run")
    facts = json.loads((run / "run.json").read_text("utf-8"))
    change(facts)
    (run / "run.json").write_text(json.dumps(facts), "utf-8")
    assert check(run, GOOD, "--baseline", place / "good") == 3


def test_a_stored_baseline_of_another_length_is_status_3(tmp_path):
    """It is damaged."""
    run = tiny_run(some_right()).write(tmp_path / "run")
    write_scores(run / "baseline.parquet", tiny_predictions())
    assert check(run, DROP) == 3


def test_a_stored_baseline_in_another_order_is_status_3(tmp_path):
    """It is damaged; here two of three mistakes would vanish."""
    from pyarrow import parquet

    run = tiny_run(some_right()).write(tmp_path / "run")
    write_scores(run / "baseline.parquet", some_right())
    table = parquet.read_table(run / "baseline.parquet")
    parquet.write_table(table.take([*range(999, -1, -1), *range(1_000, 3_000)]), run / "baseline.parquet")
    assert check(run, DROP) == 3


@pytest.fixture(scope="module")
def loaded(place):
    """What a check with everything imports, in a process of its own."""
    (place / "all.toml").write_text(GOOD + DROP + '[[gates]]\nmetric = "mcc"\nmin = 0.5\n', "utf-8")
    code = (
        "import sys; from mnist_report.cli import run_cli; status = run_cli(sys.argv[1:]);"
        "print(sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(status)"
    )
    options = ["--gates", "all.toml", "--baseline", "good", "--junit", "j.xml", "--summary", "s.md"]
    command = [sys.executable, "-c", code, "check", "good", *options]
    answer = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stderr.splitlines()[-1].strip("[]").replace("'", "").split(", "))


@pytest.mark.parametrize(
    "library", ["tensorflow", "keras", "matplotlib", "weasyprint", "sklearn", "seaborn", "PIL", "pandas"]
)
def test_it_needs_none_of_the_heavy_libraries(loaded, library):
    """A check is a matter of a second: neither TensorFlow nor what draws reports is imported."""
    assert "numpy" in loaded
    assert library not in loaded


def test_a_baseline_that_no_gate_is_about_is_told(place, capsys):
    """Who gives one wants to be held against it."""
    assert check(place / "good", GOOD, "--baseline", place / "poor") == 0
    assert "warning: no gate is about the baseline" in capsys.readouterr().err


def test_a_metrics_json_that_contradicts_itself_is_refused(place, tmp_path, capsys):
    """Its accuracy is not that of its counts."""
    document = json.loads((place / "good" / "metrics.json").read_text("utf-8"))
    document["confusion"][0][0] -= 1
    (tmp_path / "other.json").write_text(json.dumps(document), "utf-8")
    assert check(tmp_path / "other.json", GOOD) == 3
    assert "by the confusion counts" in capsys.readouterr().err


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("name", "content"), [("mine.toml", ""), ("mnist-report.toml", "gates = 'mine.toml'\n")])
def test_a_file_of_rules_must_have_rules(tmp_path, name, content, capsys):
    """An empty one is a mistake, not a wish for the default gates; nor does one lead to another."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / name).write_text(content, "utf-8")
    assert run_cli(["check", "run", "--gates", f"there/{name}"]) == 2
    assert f"there/{name}: has no [[gates]]" in capsys.readouterr().err


@pytest.mark.usefixtures("place")
def test_two_files_at_one_place_are_refused(tmp_path, capsys):
    """One of them would be lost."""
    assert run_cli(["check", "run", "--junit", "out", "--summary", "out"]) == 2
    assert "--junit and --summary are both out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("place")
def test_only_metrics_json_stands_for_its_run(capsys):
    """Another file of the run folder is not one."""
    assert run_cli(["check", "run/manifest.json"]) == 3
    assert "run/manifest.json: " in capsys.readouterr().err
