"""The house keeps its order."""

import ast
from pathlib import Path

import pytest

import mnist_report

PACKAGE = Path(mnist_report.__file__).parent

# From upstream to downstream: a stage imports only what stands before it.
STAGES = (
    "errors",
    "resources",
    "config",
    "engines",
    "data",
    "model",
    "inference",
    "evaluation",
    "gates",
    "runs",
    "report",
    "ci",
    "comparing",
    "judging",
    "checking",
    "verifying",
    "pruning",
    "stopwatch",
    "slicing",
    "jobs",
    "operating",
    "understanding",
    "preparing",
    "corrupting",
    "counting",
    "ray_worker",
    "ray_cluster",
    "ray_engine",
    "doctoring",
    "pipeline",
    "counted",
    "predicted",
    "ensembling",
    "exporting",
    "several",
    "arrays",
    "api",
    "commands",
    "cli",
    "__main__",
)
WITHOUT_FILES = ("evaluation", "gates", "ci")
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def stage_of(dotted: str) -> str:
    return dotted.split(".")[1]


def imported(path: Path) -> set[str]:
    """Every module of ours that a file imports, lazily or for types too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith("mnist_report.") and name != "mnist_report.__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_stands_upstream(path):
    """No arrow in the house points back."""
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    assert {name for name in imported(path) if STAGES.index(stage_of(name)) > STAGES.index(own)} == set()


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name in WITHOUT_FILES], ids=lambda p: p.name)
def test_a_pure_stage_touches_no_file(path):
    """Evaluation is values in, values out."""
    names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
    assert not names & {"open", "Path", "os", "shutil", "print"}
