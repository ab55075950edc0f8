"""ONNX files that PyTorch exported. They are kept in `torch_models`, for PyTorch is large; the corpus has copies.

`python corpus_torch.py` makes them anew, with PyTorch and onnxscript installed.
"""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from corpus import Row, digits, labels, right

KEPT = Path(__file__).with_name("torch_models")


def small(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 12, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(192, 10),
    )  # fmt: skip


def mlp(nn, pixels=784):
    return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 12), nn.ReLU(), nn.Linear(12, 10))


def lenet(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 12, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(300, 10),
    )  # fmt: skip


def colours(nn):
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1),
        nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def recurrent(nn):
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.last = nn.LSTM(28, 16, batch_first=True), nn.Linear(16, 10)

        def forward(self, pixels):
            return self.last(self.lstm(pixels)[0][:, -1])

    return Rows()


def ends(model, output):
    """The model with what is asked for after its last layer, and the numbers that it takes before its first."""
    from torch import nn

    class Ended(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, pixels):
            scores = self.model(pixels if pixels.dtype.is_floating_point else pixels.float() / 255)
            return {
                "logits": lambda: scores,
                "log-probabilities": lambda: nn.functional.log_softmax(scores, dim=1),
                "probabilities": lambda: nn.functional.softmax(scores, dim=1),
                "two": lambda: (scores, scores.softmax(dim=1)),
                "labels": lambda: scores.argmax(dim=1),
            }[output]()

    return Ended()


def export(
    path: Path, *, body: Callable[[Any], Any], form: str, scale: str, output: str, dtype: str = "float32",
    batch: int | None = None, **how: Any,
) -> int:  # fmt: skip
    """Train, export, and say what PyTorch says."""
    import torch

    torch.manual_seed(1)
    whole = not dtype.startswith("float")
    model = body(torch.nn)
    images, truth = torch.tensor(digits("train", "unit" if whole else scale, form)), torch.tensor(labels("train"))
    optimizer = torch.optim.Adam(model.parameters(), 0.005)
    for _ in range(2):
        for some in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images[some]), truth[some]).backward()
            optimizer.step()
    model = ends(model, output).eval()
    kind = getattr(torch, dtype)
    model = model if whole else model.to(kind)
    given = torch.tensor(digits("test", scale, form)).to(kind)
    example = given[: batch or 2]
    if how.get("dynamo"):
        how |= {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if batch is None else {}
    else:
        how |= {"dynamic_axes": {"input": {0: "batch_size"}} if batch is None else None, "dynamo": False}
    torch.onnx.export(model, (example,), path, **{"input_names": ["input"]} | how)
    if how.get("dynamo"):
        forget_paths(path)
    with torch.no_grad():
        said = torch.cat([model(part)[0] if output == "two" else model(part) for part in given.split(500)])
    return right(torch.nn.functional.one_hot(said, 10) if output == "labels" else said.double())


def forget_paths(path: Path) -> None:
    """The new exporter writes down where in the source each operator comes from."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    for part in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.value_info,
    ):
        del part.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def copy(path: Path) -> int:
    """From the folder where it is kept, with the file of its weights where there is one."""
    for file in KEPT.glob(f"{path.name}*"):
        shutil.copy(file, path.parent)
    said: int = json.loads((KEPT / "right.json").read_text())[path.name]
    return said


MADE: dict[str, Callable[[Path], int]] = {}


def row(file, body, form, scale, output="logits", odd="", *, refused="", **options):
    MADE[file] = partial(export, body=body, form=form, scale=scale, output=output, **options)
    return Row(file, form, scale, output, copy, f"PyTorch{odd and '; '}{odd}", refused=refused)


NO_DOUBLE = "onnxruntime cannot load this model: .*Could not find an implementation for Conv"
IMAGE = "1 x 28 x 28"
OLD = {"opset_version": 9, "keep_initializers_as_inputs": True, "input_names": ["Input3"]}
ROWS = [
    row("torch_cnn.onnx", small, IMAGE, "standard", "log-probabilities"),
    row("torch_unit.onnx", small, IMAGE, "unit"),
    row("torch_inverted.onnx", small, IMAGE, "inverted", "probabilities"),
    row("torch_mlp.onnx", mlp, "784", "unit"),
    row("torch_image_mlp.onnx", mlp, IMAGE, "symmetric", "probabilities"),
    row("torch_lenet.onnx", lenet, "1 x 32 x 32, padded", "unit"),
    row("torch_colours.onnx", colours, "3 x 32 x 32, resized", "symmetric", odd="batch normalisation"),
    row("torch_lstm.onnx", recurrent, "28 x 28", "unit", "log-probabilities", "LSTM"),
    row("torch_one.onnx", small, IMAGE, "standard", odd="batches of 1", batch=1),
    row("torch_zoo.onnx", small, IMAGE, "raw", odd="weights among the inputs, batches of 1", batch=1, **OLD),
    row("torch_half.onnx", small, IMAGE, "unit", odd="float16", dtype="float16"),
    row("torch_double.onnx", mlp, IMAGE, "standard", "log-probabilities", "float64", dtype="float64"),
    row("torch_double_cnn.onnx", small, IMAGE, "unit", odd="float64", dtype="float64", refused=NO_DOUBLE),
    row("torch_uint8.onnx", small, IMAGE, "raw", odd="takes uint8", dtype="uint8"),
    row(
        "torch_new.onnx",
        small,
        IMAGE,
        "standard",
        "log-probabilities",
        "new exporter",
        dynamo=True,
        external_data=False,
    ),
    row("torch_data.onnx", mlp, IMAGE, "unit", odd="new exporter as it is", refused="in another file", dynamo=True),
    row("torch_label.onnx", mlp, IMAGE, "unit", "labels", "argmax inside"),
]

if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    (KEPT / "right.json").write_text(
        json.dumps({file: make(KEPT / file) for file, make in MADE.items()}, indent=1) + "\n"
    )
