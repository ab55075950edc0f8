"""Models as people publish them: each gets exactly the accuracy that its own framework gives it, or is refused.

`CORPUS_TABLE=FILE` writes what was found as a Markdown table; `CORPUS_FOLDER=FOLDER` keeps the models for next time.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corpus import MAKERS, PARTS, missing, rows_of

ALL = [(maker, row) for maker in MAKERS for row in rows_of(maker)]
TAKEN = [pytest.param(maker, row, id=row.file) for maker, row in ALL if not row.refused]
REFUSED = [pytest.param(maker, row, id=row.file) for maker, row in ALL if row.refused]
HEAD = ("File", "Format", "Input", "Trained on", "Output", "What is odd", "Scale found", "Its accuracy", "Ours")
MOST = 200


def corpus(*arguments):
    command = [sys.executable, Path(__file__).with_name("corpus.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments[:2]}: {done.stderr[-2000:]}"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What came of every file, beside what its own framework says: all made, then evaluated, two at a time."""
    kept = os.environ.get("CORPUS_FOLDER")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("corpus")
    here = [maker for maker in MAKERS if not missing(maker)]
    with ThreadPoolExecutor(PARTS) as pool:
        list(pool.map(lambda maker: corpus("make", maker, folder), (m for m in here if not made(folder, m).exists())))
        list(pool.map(lambda part: corpus("evaluate", folder, part), range(PARTS)))
    said = {file: own for maker in here for file, own in json.loads(made(folder, maker).read_text()).items()}
    ours = [json.loads((folder / f"found{part}.json").read_text()) for part in range(PARTS)]
    answers = {file: {"own": said[file]} | one for part in ours for file, one in part.items()}
    if wanted := os.environ.get("CORPUS_TABLE"):
        Path(wanted).write_text(table_of(answers), "utf-8")
    return answers


def made(folder, maker):
    """Where a maker's framework says what is right."""
    return folder / f"{maker}.json"


def table_of(answers):
    """All of it as Markdown."""
    rows = [HEAD, ("---",) * len(HEAD)]
    for _, row in ALL:
        one = answers.get(row.file)
        kind = Path(row.file).suffix or "SavedModel"
        given = (row.file, f"{kind}, trusted" if row.trust else kind, row.input, row.scale, row.output, row.odd)
        if one is None:
            rows.append((*given, "skipped: its framework is not installed", "", ""))
        elif "right" not in one:
            words = one["refused"]
            rows.append((*given, f"refused: {words if len(words) <= MOST else words[:MOST] + '...'}", "", ""))
        else:
            way = "" if one["way"] == "as they are" else f", {one['way']}"
            scale = f"{one['scale']}{way}" + (" (given)" if row.given != "auto" else "")
            rows.append((*given, scale, f"{one['own'] / 100:.2f} %", f"{one['right'] / 100:.2f} %"))
    cells = ([cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row] for row in rows)
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def answer_for(found, maker, row):
    if missing(maker):
        pytest.skip(f"{MAKERS[maker]} is not installed")
    return found[row.file]


def test_no_file_is_there_twice():
    """One would take the other's place."""
    assert max(Counter(row.file for _, row in ALL).values()) == 1


@pytest.mark.slow
def test_the_corpus_is_large(found):
    """Enough was evaluated and agrees, of every format; what differs for a known reason does not count."""
    exact = [row for _, row in ALL if "right" in found.get(row.file, {}) and not row.differs]
    assert len(exact) >= 60
    assert {Path(row.file).suffix for row in exact} == {"", ".keras", ".h5", ".hdf5", ".tflite", ".onnx"}


@pytest.mark.slow
@pytest.mark.parametrize(("maker", "row"), TAKEN)
def test_a_model_gets_the_accuracy_of_its_own_framework(maker, row, found):
    """On all 10,000 images, the scale being found on training images alone."""
    one = answer_for(found, maker, row)
    assert one.get("refused") is None
    assert (one["scale"], one["output"]) == (row.found or row.scale, row.output), one["why"]
    assert abs(one["right"] - one["own"]) <= row.differs


@pytest.mark.slow
@pytest.mark.parametrize(("maker", "row"), REFUSED)
def test_what_is_no_model_for_these_images_is_refused_in_one_line(maker, row, found):
    """With status 3 and the reason."""
    one = answer_for(found, maker, row)
    assert (one.get("status"), one["refused"].count("\n")) == (3, 0)
    assert re.search(row.refused, one["refused"])
