"""Two workers of a local Ray over one process, on the same shards."""

import importlib.util
import io
import json
from pathlib import Path

from rounds import COMMAND, Measured, say, skipped, spend, times_row

from mnist_report.data.sources import load_dataset

IMAGES, SHARDS = 100_000, 4
WHAT = f"Ray with 2 workers, over one process, {IMAGES:,} images, workers' start-up excluded"
MOST = 1.15
ONE = [COMMAND, "run", "--no-predictions", "--data", "shards/*.parquet"]
TWO = [*ONE, "--engine", "ray", "--workers", "2"]


def measure(rounds: int, folder: Path) -> Measured:
    """The seconds that run.json says the engines worked; nothing but a word where there is no Ray."""
    if importlib.util.find_spec("ray") is None:
        return Measured([skipped(WHAT, "ray is not installed (the extra ray)", MOST)])
    _write_shards(folder / "shards")
    alone: list[float] = []
    together: list[float] = []
    try:
        for number in range(1, rounds + 1):
            for command, seconds in ((ONE, alone), (TWO, together)):
                spend(command, folder)
                seconds.append(_engine_seconds(folder))
                say(f"{number}/{rounds} {' '.join(command[1:])}: {seconds[-1]:.2f} s")
    except RuntimeError as error:
        if "Unknown option" not in str(error):
            raise
        return Measured([skipped(WHAT, "this version has no --engine", MOST)])
    return Measured([times_row(f"one process, {IMAGES:,} images", alone), times_row(WHAT, together, alone, MOST)])


def _engine_seconds(folder: Path) -> float:
    """Of the newest run, from the first image to the last answer."""
    found = json.loads((folder / "reports" / "latest" / "run.json").read_text("utf-8"))
    return float(found["engine"]["seconds"])


def _write_shards(folder: Path) -> None:
    """The test images over and over, as pictures in Parquet files of equal size."""
    import pyarrow as pa
    from PIL import Image
    from pyarrow import parquet

    data = load_dataset()
    pictures = []
    for pixels in data.images:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        pictures.append({"bytes": file.getvalue()})
    folder.mkdir()
    each = IMAGES // SHARDS
    for shard in range(SHARDS):
        chosen = [k % len(data) for k in range(shard * each, (shard + 1) * each)]
        columns = {"image": [pictures[k] for k in chosen], "label": data.labels[chosen].tolist()}
        parquet.write_table(pa.table(columns), folder / f"{shard}.parquet", row_group_size=2_048)
