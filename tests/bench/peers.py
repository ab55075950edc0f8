"""Our reports over Evidently's, of the same predictions; Evidently needs an environment of its own (pandas < 3)."""

import os
import subprocess
import sys
from pathlib import Path

from rounds import COMMAND, Measured, in_rounds, say, seconds_row, skipped, spend

ROOT = Path(__file__).parents[2]
INSTALL = ("evidently >= 0.7.20, < 0.8", "pandas < 3", "pyarrow")
INSTALL_SECONDS = 1_200
HTML, BOTH = "mnist-report render --format html, over Evidently", "mnist-report render, HTML and PDF, over Evidently"
HTML_MOST, BOTH_MOST = 0.4, 0.8

SCRIPT = """
import sys
import pandas as pd
from evidently import DataDefinition, Dataset, MulticlassClassification, Report
from evidently.presets import ClassificationPreset

table = pd.read_parquet(sys.argv[1])
frame = table[[f"p{k}" for k in range(10)]].rename(columns={f"p{k}": str(k) for k in range(10)})
frame["target"] = table["label"].astype(str)
frame["prediction"] = table["predicted"].astype(str)
kind = MulticlassClassification(
    target="target", prediction_labels="prediction", prediction_probas=[str(k) for k in range(10)]
)
data = Dataset.from_pandas(frame, data_definition=DataDefinition(classification=[kind]))
Report([ClassificationPreset()]).run(data, None).save_html("evidently.html")
"""
VERSION = "import evidently; print(evidently.__version__)"


def measure(rounds: int, folder: Path) -> Measured:
    """`render` over Evidently's ClassificationPreset; nothing but a word where that cannot be had."""
    try:
        python = _evidently()
        version = _said([python, "-c", VERSION])
        spend([COMMAND, "run"], folder)
        stored = folder / "reports" / "latest"
        theirs = [python, "-c", SCRIPT, str(stored / "predictions.parquet")]
        spend(theirs, folder)  # whatever a first run reads from the disk
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        why = _last_line(getattr(error, "stderr", None) or str(error))
        return Measured([skipped(HTML, why, HTML_MOST), skipped(BOTH, why, BOTH_MOST)])
    commands = {
        "Evidently": theirs,
        "html": [COMMAND, "render", "--format", "html", str(stored)],
        "both": [COMMAND, "render", str(stored)],
    }
    spent = in_rounds(commands, rounds, folder)
    return Measured(
        [
            seconds_row(f"Evidently {version}'s ClassificationPreset, 10,000 predictions", spent["Evidently"]),
            seconds_row(HTML, spent["html"], spent["Evidently"], HTML_MOST),
            seconds_row(BOTH, spent["both"], spent["Evidently"], BOTH_MOST),
        ]
    )


def _evidently() -> str:
    """A Python that has it; it is installed once and kept where tox keeps its own.

    Raises:
        subprocess.SubprocessError: it cannot be installed.
    """
    environment = Path(os.environ.get("TOX_ENV_DIR", ROOT / ".tox" / "bench")) / "evidently"
    python = str(environment / "bin" / "python")
    try:
        _said([python, "-c", VERSION])
    except (OSError, subprocess.SubprocessError):
        say(f"installing Evidently into {environment}")
        _said([sys.executable, "-m", "venv", "--clear", str(environment)])
        _said([python, "-m", "pip", "install", "-q", *INSTALL])
    return python


def _said(command: list[str]) -> str:
    # Without what our own environment is told of modules: they are of other versions.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS, env=environment
    ).stdout.strip()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it failed without a word"])[-1]
