"""A job, its circumstances, and what run.json says of both."""

import importlib.metadata
import itertools
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from mnist_report.data.dataset import Described
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.engines import LOCAL, Engine
from mnist_report.evaluation.mistakes import MOST_MISTAKES
from mnist_report.evaluation.predictions import Predictions, Scores
from mnist_report.gates.rules import GateSet
from mnist_report.inference import Answer
from mnist_report.model.opening import protections
from mnist_report.model.precision import Precision
from mnist_report.model.scaling import ScaleName
from mnist_report.model.store import SHIPPED, ModelFile, file_sha256
from mnist_report.runs.baseline import Baseline, match
from mnist_report.runs.foreign_predictions import ForeignPredictions
from mnist_report.runs.metrics_document import FORMAT
from mnist_report.runs.recording import is_recorded
from mnist_report.runs.run_document import make_run_id

# The data of predictions that bring their labels along.
NO_DATA = "none"
LIBRARIES = ("numpy", "pandas", "scipy", "matplotlib", "weasyprint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to evaluate and what to make of it.

    Attributes:
        model: a `.keras`, `.h5`, `.tflite` or `.onnx` file, or a SavedModel; nobody looks at it where there are
            predictions or members.
        data: "mnist", a folder or a file; with predictions also "none".
        split: "test" or "train".
        device: "auto", "cpu" or "gpu".
        batch_size: images per call of the model; None for as many as suit the device.
        seed: of everything that is drawn at random.
        reports: the folder of the run folders.
        title: of the report.
        slices: a file of columns that slice the images, or None.
        formats: of "html" and "pdf"; None for both where this machine can make them.
        baseline: a run folder, a baseline folder or a predictions file, or None.
        gates: what the run must hold, or None.
        most_mistakes: so many wrong predictions are shown at most, but each confused pair's worst one always.
        notes: Markdown that the report shows.
        trust_model: whether the model may bring code along.
        model_sha256: what the model's digest must be, or None.
        templates: a folder of templates that come before ours, or None.
        predictions: a file of predictions in place of a model, or None.
        reading: how the data are read.
        scale: of the pixels that the model expects: one of `SCALES`, or "auto".
        together: whether other models are run beside it: then its earlier runs are those of its own name.
        engine: where the images are predicted.
        precision: of the numbers that the model computes in.
        corruptions: whether the model is also asked about worse images, made of these with the seed.
        corrupted: a folder of such images laid out as MNIST-C, or None.
        members: the models of an ensemble, in place of one.
    """

    model: Path
    data: str
    split: str
    device: str
    batch_size: int | None
    seed: int
    reports: Path
    title: str
    slices: Path | None
    formats: tuple[str, ...] | None
    baseline: Path | None = None
    gates: GateSet | None = None
    most_mistakes: int = MOST_MISTAKES
    notes: str = ""
    trust_model: bool = False
    model_sha256: str | None = None
    templates: Path | None = None
    predictions: Path | None = None
    reading: Reading = AS_IT_IS
    scale: ScaleName | Literal["auto"] = "auto"
    together: bool = False
    engine: Engine = LOCAL
    precision: Precision = "float32"
    corruptions: bool = False
    corrupted: Path | None = None
    members: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """What is evaluated, as the run-id and the history call it; the same from night to night."""
        if self.members:
            return f"ensemble_of_{len(self.members)}"
        return writable((self.predictions or self.model).stem)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A model that has answered.

    Attributes:
        file: the model.
        answer: what is known of it, besides what it said.
        given: what happened to the images before.
        gave: what its numbers are.
    """

    file: ModelFile
    answer: Answer
    given: Mapping[str, Any]
    gave: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """When, where and how a command was called.

    Attributes:
        created: the time in UTC.
        command: as typed.
        git_commit: of the folder it was called in, if that is a git checkout.
        host: the machine's name.
        system: its operating system.
    """

    created: datetime
    command: str
    git_commit: str | None
    host: str
    system: str


def run_id_of(job: Job, surroundings: Surroundings) -> str:
    """The name of a run, by what is known before it begins: the same as long as nobody else writes there.

    Two runs of the same things at the same time, as with SOURCE_DATE_EPOCH, in the same folder have different names.
    """
    facts = {
        "created": surroundings.created.isoformat(),
        "command": writable(surroundings.command),
        "host": surroundings.host,
        "model": {"name": job.name},
        # Where it is written to makes no other run of it.
        "job": writable(repr(replace(job, reports=Path()))),
    }
    for attempt in itertools.count():
        run_id = make_run_id(facts | {"attempt": attempt})
        if not (job.reports / run_id).exists() and not is_recorded(job.reports, run_id):
            break
    return run_id


def make_provenance(job: Job, surroundings: Surroundings, data: Described, asked: Asked) -> dict[str, Any]:
    """run.json, as far as it is known before the report is drawn.

    Args:
        job: what is done.
        surroundings: in which.
        data: what the model was asked.
        asked: the model.
    """
    common = common_facts(job, surroundings, data, asked.answer.backend.versions)
    return common | {"device": device_facts(asked.answer), "model": model_facts(asked)}


def device_facts(answer: Answer) -> dict[str, Any]:
    """Where a model ran, and how fast."""
    backend, speed = answer.backend, answer.speed
    return {
        "kind": backend.device,
        "name": backend.device_name,
        "backend": backend.name,
        "batch_size": speed.batch_size,
        "inference_s": round(speed.seconds, 3),
        "images_per_second": round(speed.images_per_second, 1),
        "precision": speed.precision,
        "agreement": asdict(answer.agreement) if answer.agreement else None,
    }


def model_facts(asked: Asked) -> dict[str, Any]:
    """What a model is made of, and how it was asked."""
    file = asked.file
    return {
        "kind": "model",
        "name": writable(file.path.stem),
        # Where an installation keeps the shipped model is nobody's business.
        "path": f"models/{SHIPPED}" if file.shipped else writable(str(file.path)),
        "shipped": file.shipped,
        "format": file.format,
        "trusted": file.trusted,
        "protections": protections(file, offline=asked.answer.backend.offline),
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        **asdict(asked.answer.anatomy),
        "input": asked.given,
        "output": asked.gave,
        "card": file.card,
    }


def provenance_of_predictions(
    job: Job, surroundings: Surroundings, file: ForeignPredictions, data: Described
) -> dict[str, Any]:
    """run.json without a model: nobody knows what it is made of, nor where and how fast it ran."""
    return common_facts(job, surroundings, data, {}) | {
        "device": None,
        "model": {
            "kind": "predictions",
            "name": writable(file.path.stem),
            "path": writable(str(file.path)),
            "format": file.path.suffix.lower().removeprefix("."),
            "sha256": file.sha256,
            "size_bytes": file.size_bytes,
            "card": None,
        },
    }


def common_facts(job: Job, surroundings: Surroundings, data: Described, versions: Mapping[str, str]) -> dict[str, Any]:
    """What run.json says of every run."""
    return {
        "format": FORMAT,
        "created": surroundings.created.isoformat(),
        "title": writable(job.title),
        "command": writable(surroundings.command),
        "git_commit": surroundings.git_commit,
        "seed": job.seed,
        "most_mistakes": job.most_mistakes,
        "versions": {
            "mnist-report": importlib.metadata.version("mnist-report"),
            "python": platform.python_version(),
            **versions,
            **{library: importlib.metadata.version(library) for library in LIBRARIES},
        },
        "host": {"name": surroundings.host, "system": surroundings.system},
        "data": {
            "source": writable(data.source),
            "split": data.split or None,
            "n": data.n,
            "sha256": data.sha256,
            "image_shape": list(data.image_shape) if data.image_shape else None,
            "class_names": list(data.class_names),
            "centered": job.reading.center,
            "transposed": job.reading.transpose,
        },
    }


def names_of(models: Sequence[Path]) -> list[str]:
    """What to call each of several models: its file's name, or its whole path where several have that name."""
    short = [model.name or str(model) for model in models]
    return [name if short.count(name) == 1 else str(model) for name, model in zip(short, models, strict=True)]


def slices_facts(path: Path | None) -> dict[str, str] | None:
    """The file of slices with its sha256, or None where there is none."""
    return {"path": writable(str(path)), "sha256": file_sha256(path)} if path else None


def matched(
    baseline: Baseline | None, predictions: Predictions, data_sha256: str
) -> tuple[Scores | None, dict[str, Any] | None]:
    """The baseline's scores where they are of the same images, and what run.json says of it."""
    if baseline is None:
        return None, None
    found = match(baseline, predictions, data_sha256)
    problem = found if isinstance(found, str) else ""
    named = {"path": writable(baseline.path), "problem": writable(problem), "missing": baseline.missing}
    facts = {**baseline.facts, **named}
    return (None if isinstance(found, str) else found), facts


def writable(text: str) -> str:
    """Text from the command line that may hold bytes that are not UTF-8, with those escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
