"""`mnist-report export`: the model for another program, held against the original."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mnist_report.commands.console import ConsoleOptions, console
from mnist_report.commands.options import (
    BatchSize,
    Data,
    Device,
    Model,
    ModelSha256,
    ReadingOptions,
    Scale,
    Split,
    TrustModel,
    check_digest,
)
from mnist_report.data.reading import AS_IT_IS
from mnist_report.errors import ConfigError


def export(
    *,
    to: Annotated[Literal["tflite", "savedmodel"], Parameter(help="The format to write.")],
    output: Path,
    model: Model = None,
    trust_model: TrustModel = False,
    model_sha256: ModelSha256 = None,
    scale: Scale = "auto",
    data: Data = "mnist",
    split: Split = "test",
    reading: ReadingOptions = AS_IT_IS,
    device: Device = "auto",
    batch_size: BatchSize = None,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Export a Keras model and hold the exported file against the original.

    Both predict the same images. It prints agreement, largest probability difference, accuracy, size and speed; where
    labels disagree, the last line says so, and the exit status is 0 all the same.

    Args:
        output: The .tflite file, or the folder of the SavedModel, to write. Nothing of that name may be there.
    """
    with console(console_options) as terminal:
        from mnist_report.exporting import ExportJob, export_text
        from mnist_report.exporting import export as export_and_evaluate
        from mnist_report.model.store import shipped_model

        if batch_size is not None and batch_size < 1:
            raise ConfigError(f"batch-size is {batch_size}, expected at least 1")
        check_digest(model_sha256)
        job = ExportJob(
            model=model or shipped_model(),
            to=to,
            output=output,
            data=data,
            split=split,
            device=device,
            batch_size=batch_size,
            trust_model=trust_model,
            model_sha256=model_sha256,
            reading=reading,
            scale=scale,
        )
        with terminal.progress("images") as move:
            exported = export_and_evaluate(job, lambda done, total: move(done, total, ""))
        print(export_text(exported), end="", flush=True)
    return 0
