"""Everything that a run needs, looked at in turn."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mnist_report.data.reading import Reading
from mnist_report.doctoring.accelerator import look_at_backend, look_at_driver, started_probe
from mnist_report.doctoring.check import Check
from mnist_report.doctoring.cluster import look_at_ray
from mnist_report.doctoring.drawing import look_at_fonts, look_at_pango
from mnist_report.doctoring.inputs import (
    look_at_baseline,
    look_at_corrupted,
    look_at_data,
    look_at_gates,
    look_at_model,
    look_at_predictions,
    look_at_shards,
)
from mnist_report.doctoring.machine import (
    look_at_clock,
    look_at_disk,
    look_at_python,
    look_at_temporary_folder,
    look_at_write_access,
)
from mnist_report.engines import Engine
from mnist_report.jobs import NO_DATA
from mnist_report.model.store import FORMATS


@dataclass(frozen=True, slots=True)
class Needs:
    """What a run would be told.

    Attributes:
        reports: the folder of the run folders.
        formats: of "html" and "pdf".
        device: "auto", "cpu" or "gpu".
        models: the model files.
        trust_model: whether they may bring code along.
        model_sha256: what the digest of the one model must be, or None.
        predictions: a file of predictions in place of a model, or None.
        data: where the images come from.
        split: "test" or "train".
        reading: how the data are read.
        corrupted: a folder of corrupted copies of the data, or None.
        baseline: what to hold the run against, or None.
        engine: where the images are predicted.
    """

    reports: Path
    formats: tuple[str, ...]
    device: str
    models: tuple[Path, ...]
    trust_model: bool
    model_sha256: str | None
    predictions: Path | None
    data: str
    split: str
    reading: Reading
    corrupted: Path | None
    baseline: Path | None
    engine: Engine


def examine(
    needs: Needs, now: datetime, epoch: str | None, load_gates: Callable[[], Sequence[object] | None]
) -> Iterator[Check]:
    """Look at everything; what takes long comes last, and is under way meanwhile.

    Args:
        needs: of the run.
        now: by the machine's clock, in UTC.
        epoch: SOURCE_DATE_EPOCH, or None.
        load_gates: gives the rules; None where nobody wrote any.
    """
    keras = needs.predictions is None and any(
        FORMATS.get(model.suffix.lower(), "keras") in {"keras", "hdf5"} for model in needs.models
    )
    with started_probe(needs.device) if keras else nullcontext() as process:
        yield look_at_python()
        yield look_at_disk(needs.reports)
        yield look_at_write_access(needs.reports)
        yield look_at_temporary_folder()
        yield from look_at_clock(needs.reports, now, epoch)
        yield from _look_at_inputs(needs, load_gates)
        if needs.engine.engine == "ray":
            yield look_at_ray(needs.engine)
        yield from look_at_pango(wanted="pdf" in needs.formats)
        yield look_at_fonts()
        if process is not None:
            driver, gpu_there = look_at_driver(needs.device)
            yield driver
            yield from look_at_backend(process, needs.device, gpu_there=gpu_there)
        elif needs.predictions is None and needs.device == "gpu":
            found = "--device gpu, and .tflite and .onnx models run on the CPU"
            yield Check("device", "fail", found, "take --device auto")


def _look_at_inputs(needs: Needs, load_gates: Callable[[], Sequence[object] | None]) -> Iterator[Check]:
    if needs.predictions is not None:
        yield look_at_predictions(needs.predictions)
    else:
        for model in needs.models:
            yield from look_at_model(model, trusted=needs.trust_model, sha256=needs.model_sha256)
    class_names: tuple[str, ...] = ()
    shared = needs.engine.engine == "ray"
    if needs.data != NO_DATA and (shared or needs.engine.no_predictions):
        check, class_names = look_at_shards(needs.data, needs.split, needs.reading, shared=shared)
        yield check
    elif needs.data != NO_DATA:
        check, data = look_at_data(needs.data, needs.split, needs.reading)
        yield check
        class_names = data.class_names if data is not None else ()
        if needs.corrupted is not None and data is not None:
            yield look_at_corrupted(needs.corrupted, data)
    yield look_at_gates(load_gates)
    if needs.baseline is not None:
        yield look_at_baseline(needs.baseline, class_names)
