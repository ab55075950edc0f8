"""The examples in docs/deploy, run as far as they can be without systemd, cron and Docker themselves.

Their paths are put where a test may write; nothing else of them is changed. The runs take a file of predictions from
the configuration in their folder, so that they need no TensorFlow.
"""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import matplotlib as mpl  # noqa: TID253  nobody waits for these tests
import numpy as np
import pytest
from privileges import humble
from test_pruning import add_run

from mnist_report.cli import run_cli

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
HOME, CACHE, COMMAND = "/var/lib/mnist-report", "/var/cache/mnist-report", "/opt/mnist-report/bin/mnist-report"
CRON_LINE = re.compile(r"(?P<when>[\d*]+( [\d*]+){4})  (?P<command>.+)")


class Unit(configparser.RawConfigParser):
    """A unit file: its keys have capitals, and may stand there twice."""

    def __init__(self, path):
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.read_string(path.read_text("utf-8"))

    def optionxform(self, name):
        """As it is written."""
        return name


SERVICE = Unit(DEPLOY / "mnist-report.service")["Service"]
CRON = [found for line in (DEPLOY / "crontab").read_text("utf-8").splitlines() if (found := CRON_LINE.fullmatch(line))]


@pytest.fixture
def machine(tmp_path):
    """Puts the three paths of the examples where a test may write, and gives the text back."""
    for name in ("home", "cache", "bin", "tmp"):
        (tmp_path / name).mkdir()
    np.savez(tmp_path / "home" / "answers.npz", predicted=[0, 1, 2] * 50, labels=[0, 1, 2] * 50)
    (tmp_path / "home" / "mnist-report.toml").write_text(
        'predictions = "answers.npz"\ndata = "none"\n[[gates]]\nmetric = "accuracy"\nmin = 0.9\n', "utf-8"
    )
    # As on a machine that has run it before: making matplotlib's list of fonts takes seconds.
    shutil.copytree(mpl.get_cachedir(), tmp_path / "home" / ".cache" / "matplotlib", dirs_exist_ok=True)
    path = f"export PYTHONPATH={shlex.quote(os.environ['PYTHONPATH'])}\n" if "PYTHONPATH" in os.environ else ""
    program = tmp_path / "bin" / "mnist-report"
    program.write_text(f'#!/bin/sh\n{path}exec {shlex.quote(sys.executable)} -m mnist_report "$@"\n', "utf-8")
    program.chmod(0o755)

    def moved(text):
        for old, new in ((COMMAND, program), (HOME, tmp_path / "home"), (CACHE, tmp_path / "cache")):
            text = text.replace(old, str(new))
        return text

    moved.folder = tmp_path
    return moved


def runs(machine):
    """The verdict of each run that is there."""
    folders = (machine.folder / "home" / "reports").glob("2*/run.json")
    return [json.loads(path.read_text("utf-8"))["verdict"] for path in folders]


def without_pdf(machine):
    """Where the command is what matters: the PDF is most of a run's work, and two of these tests have one."""
    path = machine.folder / "home" / "mnist-report.toml"
    path.write_text('format = "html"\n' + path.read_text("utf-8"), "utf-8")


def by_cron(machine, number):
    """What cron does: a shell in the home folder with next to no environment."""
    environment = {"HOME": str(machine.folder / "home"), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    command = ["/bin/sh", "-c", machine(CRON[number]["command"])]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)


def unit_environment(machine):
    """What systemd sets for a unit with a user, and what the unit sets itself."""
    name, _, value = machine(SERVICE["Environment"]).partition("=")
    return {
        "HOME": str(machine.folder / "home"),
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(machine.folder / "tmp"),
        name: value,
    }


def test_cron_makes_a_run_and_prints_nothing(machine):
    """What it prints would be mailed."""
    answer = by_cron(machine, 0)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert runs(machine) == ["PASS"]
    assert list((machine.folder / "home" / "reports").glob("latest/report.pdf"))


def test_cron_mails_a_run_that_fails(machine):
    """One line, and the status."""
    np.savez(machine.folder / "home" / "answers.npz", predicted=[0, 1, 1] * 50, labels=[0, 1, 2] * 50)
    without_pdf(machine)
    answer = by_cron(machine, 0)
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert answer.stderr.startswith("error: FAIL")


def test_cron_prunes(machine):
    """And prints nothing."""
    add_run(machine.folder / "home" / "reports", 1)
    answer = by_cron(machine, 1)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert runs(machine) == ["PASS"]


def test_a_crontab_holds_nothing_that_cron_reads_otherwise():
    """A percent sign is the end of a line to it."""
    assert len(CRON) == 2
    assert not any("%" in line["command"] for line in CRON)


@pytest.mark.parametrize("key", ["ExecStart", "ExecStopPost"])
def test_the_units_command_is_one_of_ours(machine, key):
    """All of its options exist; ExecStart makes a run, and the other one prunes."""
    command = shlex.split(machine(SERVICE[key]))
    (machine.folder / "home" / "reports").mkdir()
    without_pdf(machine)
    answer = subprocess.run(
        command,
        cwd=machine(SERVICE["WorkingDirectory"]),
        env=unit_environment(machine),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert runs(machine) == (["PASS"] if key == "ExecStart" else [])


def test_the_unit_needs_no_network_and_two_folders_alone(machine):
    """In namespaces as systemd makes them: no network, everything read-only but its folders; and no powers."""
    folders = [machine.folder / name for name in ("home", "cache", "tmp")]
    mounts = [f"mount --bind {shlex.quote(str(path))} {shlex.quote(str(path))}" for path in folders]
    script = "\n".join([*mounts, "mount -o remount,bind,ro /", "touch /read-only 2>/dev/null && exit 99"])
    unshare = ["unshare", "--mount", "--net"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "sh", "-ec", f"{script}\ntrue"], check=False).returncode
    ):
        pytest.skip("no namespaces here")
    command = shlex.join(humble(*shlex.split(machine(SERVICE["ExecStart"]))))
    answer = subprocess.run(
        [*unshare, "sh", "-ec", f"{script}\ncd {shlex.quote(machine(SERVICE['WorkingDirectory']))}\nexec {command}"],
        env=unit_environment(machine),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr.count("warning")) == (0, 0), answer.stderr
    assert runs(machine) == ["PASS"]


@pytest.fixture
def units(machine):
    """The folder with both units, whose program exists."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    for path in DEPLOY.glob("mnist-report.*"):
        text = path.read_text("utf-8").replace(COMMAND, str(machine.folder / "bin" / "mnist-report"))
        (machine.folder / path.name).write_text(text, "utf-8")
    return machine.folder


def analyze(units, *arguments):
    """What systemd-analyze says."""
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, cwd=units, capture_output=True, text=True, check=False)


def test_systemd_finds_no_fault_in_the_units(units):
    """Neither an unknown key nor a program that is not there."""
    answer = analyze(units, "verify", "--man=no", "./mnist-report.service", "./mnist-report.timer")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_systemd_finds_the_service_safe(units):
    """The score that the page states, of 10; an older systemd may not know the command."""
    answer = analyze(units, "security", "--offline=true", "--no-pager", "./mnist-report.service")
    score = re.search(r"Overall exposure level for mnist-report.service: (\S+)", answer.stdout)
    if score is None:
        pytest.skip("this systemd-analyze cannot judge a file")
    assert float(score[1]) <= 1.0
    assert "`systemd-analyze security` gives 0.5 (safe)" in PAGE


def test_the_timer_starts_the_service_every_night():
    """And comes after a night that the machine was off."""
    timer = Unit(DEPLOY / "mnist-report.timer")["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == ("*-*-* 02:30:00", "true")


def test_the_service_is_hardened():
    """What was asked of it."""
    hardened = {"PrivateNetwork": "yes", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "MemoryMax": "4G"}
    assert {name: SERVICE[name] for name in hardened} == hardened


def dockerfile():
    """The instructions of each stage, as pairs."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text("utf-8").splitlines() if line and line[0] != "#"]
    stages = []
    for line in lines:
        name, _, rest = line.partition(" ")
        stages += [[]] if name == "FROM" else []
        stages[-1].append((name, rest))
    return stages


def packages(text):
    """The Debian packages that a line installs, without Python's."""
    return set(re.search(r"--no-install-recommends ((?:[a-z0-9.-]+ ?)+)", text)[1].split()) - {"python3-venv"}


def test_the_image_installs_the_packages_of_the_readme():
    """The same Pango everywhere."""
    ours = next(rest for _, rest in dockerfile()[1] if "apt-get" in rest)
    assert packages(ours) == packages(README) == packages(PAGE)


def test_the_image_is_built_from_what_the_package_consists_of():
    """All that pyproject.toml names is copied, from where it is."""
    copied = {name for kind, rest in dockerfile()[0] if kind == "COPY" for name in rest.split()[:-1]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    build = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    assert copied == needed | {*build["packages"], *build["force-include"]}
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_is_slim_and_of_a_python_that_is_tested():
    """In both stages."""
    images = [rest.split()[0] for stage in dockerfile() for kind, rest in stage if kind == "FROM"]
    assert images == ["python:3.13-slim"] * 2


def test_the_image_does_not_run_as_root():
    """The user is made before it is taken, and nobody else is afterwards."""
    last = dockerfile()[1]
    users = [rest for kind, rest in last if kind == "USER"]
    assert users == ["report"]
    made = next(place for place, (kind, rest) in enumerate(last) if kind == "RUN" and "useradd" in rest)
    assert made < last.index(("USER", "report")) < next(n for n, (kind, _) in enumerate(last) if kind == "CMD")


def test_the_images_command_makes_a_run(machine):
    """There is no Docker here: the command, with the variables of the image, in a folder that stands in for /work."""
    last = dict(dockerfile()[1])
    program, *rest = [*json.loads(last["ENTRYPOINT"]), *json.loads(last["CMD"])]
    assert program == "mnist-report"
    name, _, value = last["ENV"].partition("=")
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(machine.folder / "tmp"), name: value}
    without_pdf(machine)
    answer = subprocess.run(
        [machine.folder / "bin" / program, *rest],
        cwd=machine.folder / "home",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert runs(machine) == ["PASS"]


def test_the_pages_links_lead_to_files():
    """To those of the examples, too."""
    targets = re.findall(r"\]\(([^)#:]+)\)", PAGE)
    assert {(ROOT / "docs" / target).resolve().name for target in targets} >= {path.name for path in DEPLOY.iterdir()}
    assert all((ROOT / "docs" / target).exists() for target in targets)


def test_the_pages_prune_is_understood(machine, monkeypatch, capsys):
    """As it stands there."""
    (machine.folder / "home" / "reports").mkdir()
    monkeypatch.chdir(machine.folder / "home")
    line = next(line for line in PAGE.splitlines() if line.startswith("mnist-report prune"))
    assert run_cli(shlex.split(line)[1:]) == 0
    assert "would remove 0 of 0 runs" in capsys.readouterr().err


def test_the_pages_statuses_are_those_of_the_readme():
    """Each of them."""
    table = r"^\| (\d+) \|"
    assert re.findall(table, PAGE, re.MULTILINE) == re.findall(table, README, re.MULTILINE)
