"""Files that nobody can trust, through the real command: damaged ones of every format, and the known attacks.

Each is refused in one line that names it, or is a valid file after all; within a minute and 3 GB; nothing that it names
is run, read or written. What is measured is in sandbox.py; the last test prints the counts.
"""

import random
import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import attack_data
import attack_graphs
import attack_keras
import pytest
from fuzz_damage import mutate
from fuzz_seeds import add_keras, write_seeds
from sandbox import Outcome, Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and uses inotify"),
    # Two members of one name are some of the damage.
    pytest.mark.filterwarnings("ignore:Duplicate name"),
]

AT_ONCE = 2
# For each seed: as what it is given to the command, and how many damaged copies there are.
SEEDS = {
    "model.keras": ("model", 40),
    "cnn.keras": ("model", 20),
    "model.h5": ("model", 30),
    "model.tflite": ("model", 35),
    "model.onnx": ("model", 35),
    "saved": ("trusted", 6),
    "data/idxgz": ("data", 20),
    "data/data.npz": ("data", 20),
    "data/data.csv": ("data", 12),
    "data/headless.csv": ("data", 8),
    "data/struct.parquet": ("data", 10),
    "data/pixels.parquet": ("data", 10),
    "data/png": ("data", 14),
    "data/bmp": ("data", 6),
    "said.npy": ("predictions", 14),
    "said.npz": ("predictions", 14),
    "said.csv": ("predictions", 14),
    "said.parquet": ("predictions", 14),
    "names.parquet": ("predictions", 8),
    "pens.csv": ("slices", 10),
    "pens.parquet": ("slices", 10),
}
ATTACKS = attack_keras.ATTACKS | attack_graphs.ATTACKS | attack_data.ATTACKS
outcomes: dict[str, list[Outcome]] = {}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory, models) -> Path:
    """A folder of small valid files."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("ai_edge_litert")
    folder = tmp_path_factory.mktemp("seeds")
    write_seeds(folder)
    add_keras(folder, models)
    return folder


@pytest.fixture(scope="module")
def boxes(tmp_path_factory) -> SimpleQueue[Sandbox]:
    """As many sandboxes as there are processors to use."""
    found: SimpleQueue[Sandbox] = SimpleQueue()
    for _ in range(AT_ONCE):
        found.put(Sandbox(tmp_path_factory.mktemp("sandbox")))
    return found


def options(role: str, path: Path, seeds: Path) -> list[str | Path]:
    """How the command is called with a file."""
    if role in ("model", "trusted"):
        trust = ["--trust-model"] if role == "trusted" else []
        return ["--model", path, *trust, "--data", seeds / "data" / "idx"]
    given = {"data": seeds / "data" / "idx", "predictions": seeds / "said.npy"} | {role: path}
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def call(box: Sandbox, arguments: list[str | Path]) -> Outcome:
    """Call the command and empty the sandbox of what it was given and what it made."""
    outcome = box.run("evaluate", *arguments, "-q", "--reports", box.root / "reports")
    for path in (*(box.root / "files").iterdir(), *(box.root / "reports").iterdir()):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return outcome


@pytest.mark.parametrize("name", SEEDS)
def test_a_file_that_is_as_it_should_be_gives_a_run(seeds, boxes, name):
    """Else all the others would prove nothing."""
    box = boxes.get()
    outcome = call(box, options(SEEDS[name][0], seeds / name, seeds))
    boxes.put(box)
    assert (outcome.status, outcome.complaints(name)) == (0, [])


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_files_are_refused_in_one_line_or_are_valid(seeds, boxes, name):
    """Cut, flipped, overwritten, spliced, or changed in their sense."""
    role, n = SEEDS[name]
    source = seeds / name
    others = [path.read_bytes() for path in sorted(seeds.rglob("*")) if path.is_file()]

    def one(number: int) -> tuple[Outcome, list[str]]:
        box = boxes.get()
        try:
            target = box.root / "files" / f"damaged-{number}{source.suffix}"
            mutate(source, target, others, random.Random(f"{name} {number}"))  # noqa: S311  damage, not secrets
            outcome = call(box, options(role, target, seeds))
            return outcome, outcome.complaints(target.name)
        finally:
            boxes.put(box)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(one, range(n)))
    outcomes[name] = [outcome for outcome, _ in found]
    wrong = {f"{name} {number}": (what, outcome.err[-2000:]) for number, (outcome, what) in enumerate(found) if what}
    assert wrong == {}
    assert any(outcome.status == 3 for outcome, _ in found)


@pytest.fixture(scope="module")
def attacked(seeds, boxes) -> dict[str, tuple[Outcome, bool]]:
    """What came of each attack, and whether code of its own left a file."""

    def one(name: str) -> tuple[Outcome, bool]:
        box = boxes.get()
        try:
            made = ATTACKS[name](box, seeds / "model.keras")
            outcome = call(box, options("model", made, seeds) if isinstance(made, Path) else made)
            return outcome, box.canary.exists()
        finally:
            box.canary.unlink(missing_ok=True)
            boxes.put(box)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(ATTACKS, pool.map(one, ATTACKS), strict=True))
    outcomes["attacks"] = [outcome for outcome, _ in found.values()]
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(attacked, name):
    """In one line, before anything that it wants has happened."""
    outcome, succeeded = attacked[name]
    assert (outcome.status, outcome.complaints("attack"), succeeded) == (3, [], False), outcome.err


def test_three_hundred_files_were_tried(capsys):
    """The counts, for whoever reads the log."""
    if outcomes.keys() != {*SEEDS, "attacks"}:
        pytest.skip("not all were tried")
    damaged = [outcome for name, found in outcomes.items() for outcome in found if name != "attacks"]
    with capsys.disabled():
        print("\nfiles  refused before a library  refused later  valid  slowest  most memory")
        for what, found in (*outcomes.items(), ("all damaged", damaged)):
            kinds = Counter("valid" if o.status == 0 else "later" if o.libraries else "before" for o in found)
            slowest, most = max(o.seconds for o in found), max(o.memory for o in found) / 1e9
            counts = f"{kinds['before']} before, {kinds['later']} later, {kinds['valid']} valid"
            print(f"{what}: {len(found)} files: {counts}; slowest {slowest:.1f} s, most memory {most:.2f} GB")
    assert len(damaged) >= 300
