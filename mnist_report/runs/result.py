"""What a leaderboard needs of a run folder, read without the probabilities."""

import json
from pathlib import Path

from mnist_report.errors import OutputError
from mnist_report.evaluation.contest import Result
from mnist_report.gates.document import read_document
from mnist_report.runs.columns import read_table, whole_numbers
from mnist_report.runs.folder import DAMAGE
from mnist_report.runs.run_document import read_provenance


def read_result(folder: Path, name: str) -> Result:
    """Read a finished run.

    Args:
        folder: of the run.
        name: of the model, as people call it.

    Raises:
        OutputError: one of its files is missing or damaged.
    """
    try:
        path = folder / "run.json"
        facts = read_provenance(path)
        path = folder / "metrics.json"
        overall = read_document(json.loads(path.read_text("utf-8"))).overall
        path = folder / "predictions.parquet"
        table = read_table(path, ["label", "predicted"])
        right = whole_numbers(table["label"]) == whole_numbers(table["predicted"])
    except FileNotFoundError as error:
        raise OutputError(f"{path}: missing from the run folder") from error
    except DAMAGE as error:
        raise OutputError(f"{path}: damaged ({type(error).__name__}: {error})") from error
    return Result(name, overall, right, facts)
