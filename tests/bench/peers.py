"""Our reports over Evidently's, of the same predictions; Evidently needs an environment of its own (pandas < 3)."""

import subprocess
import sys
from pathlib import Path

from rounds import COMMAND, Row, in_rounds, seconds_row

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


def measure(rounds: int, folder: Path) -> list[Row]:
    """`render` over Evidently's ClassificationPreset; nothing but a word where that cannot be installed."""
    environment = folder / "evidently"
    python = str(environment / "bin" / "python")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, capture_output=True)
        install = [python, "-m", "pip", "install", "-q", "evidently", "pandas<3", "pyarrow"]
        subprocess.run(install, check=True, capture_output=True)
        subprocess.run([COMMAND, "run"], cwd=folder, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        return [Row("Evidently's ClassificationPreset", f"not measured: {error.stderr.decode().splitlines()[-1]}")]
    stored = folder / "reports" / "latest"
    commands = {
        "Evidently": [python, "-c", SCRIPT, str(stored / "predictions.parquet")],
        "html": [COMMAND, "render", "--format", "html", str(stored)],
        "both": [COMMAND, "render", str(stored)],
    }
    spent = in_rounds(commands, rounds, folder)
    return [
        seconds_row("Evidently's ClassificationPreset, 10,000 predictions", spent["Evidently"]),
        seconds_row("mnist-report render --format html", spent["html"], spent["Evidently"], 0.4),
        seconds_row("mnist-report render", spent["both"], spent["Evidently"], 0.8),
    ]
