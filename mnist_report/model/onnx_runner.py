"""ONNX models, run by onnxruntime; TensorFlow is not imported."""

import importlib.metadata
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DeviceError, ModelError
from mnist_report.model.adapter import WHOLE, Anatomy, Layer, read_output
from mnist_report.model.backend import Backend, cpu_name
from mnist_report.model.runner import cast, check_rows, reason
from mnist_report.model.store import ModelFile

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
FLOATS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
WHOLE_NUMBERS = {f"tensor({name})": np.dtype(name) for name in ("uint8", "int8", "uint16", "int16", "int32", "int64")}
DTYPES = FLOATS | WHOLE_NUMBERS


class OnnxRunner:
    """An ONNX model; see `runner.Runner`."""

    def __init__(self, model: ModelFile, device: str) -> None:
        """Look into the file and load it.

        Raises:
            ModelError: onnxruntime is not installed, or the file is damaged, no classifier, refers to other files or
                has operators of its own.
            DeviceError: a GPU was asked for.
        """
        self._where = str(model.path)
        try:
            import onnx
            import onnxruntime
        except ImportError as error:
            raise ModelError(
                f"{self._where}: an .onnx file needs the extra onnx: pip install 'mnist-report[onnx]'"
            ) from error
        if device == "gpu":
            raise DeviceError("--device gpu: an .onnx model runs on the CPU; use --device auto")
        content = model.loaded.read_bytes()
        try:
            graph = onnx.load_model_from_string(content)
        except Exception as error:  # protobuf's own kind
            raise ModelError(f"{self._where}: not an ONNX file, or a damaged one; export the model again") from error
        _check_graph(graph, self._where)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            # From bytes, so that there is no folder in which anything else could be looked up.
            self._model: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a dozen kinds of its own
            raise ModelError(f"{self._where}: onnxruntime cannot load this model: {reason(error)}") from error
        inputs, output = self._model.get_inputs(), _choose_output(self._model.get_outputs(), self._where)
        if len(inputs) != 1:
            raise ModelError(f"{self._where}: found {len(inputs)} inputs, expected one")
        self._output = output.name
        self._input, shape = inputs[0], list(inputs[0].shape)
        if self._input.type not in DTYPES:
            raise ModelError(f"{self._where}: the input is a {self._input.type}, expected one of {', '.join(DTYPES)}")
        if not shape:
            raise ModelError(f"{self._where}: the input is a single number, or has no shape; expected images")
        # A size that is free has a name, or none.
        taken = tuple(size if isinstance(size, int) and size > 0 else None for size in shape[1:])
        self._batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
        classes, single = read_output(self._shape_of(output, taken), output.type, self._where)
        layers = tuple(Layer(node.name or str(k), node.op_type, "", 0) for k, node in enumerate(graph.graph.node))
        parameters = sum(math.prod(tensor.dims) for tensor in graph.graph.initializer)
        whole = np.issubdtype(DTYPES[self._input.type], np.integer)
        implied, why = WHOLE if whole else (None, "")
        self.anatomy = Anatomy(taken, classes, parameters, 0, layers, implied, why, single)
        versions = {"onnxruntime": importlib.metadata.version("onnxruntime")}
        self.backend = Backend("onnxruntime", versions, "cpu", cpu_name())

    def predict(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `runner.Runner`."""
        typed = cast(pixels, DTYPES[self._input.type])
        step = self._batch or len(pixels)
        try:
            rows = [self._answer(typed[first : first + step], step) for first in range(0, len(pixels), step)]
        except Exception as error:  # see above
            raise ModelError(
                f"{self._where}: the model fails on a batch of shape {pixels.shape}: {reason(error)}"
            ) from error
        answer = np.concatenate(rows).astype(np.float32)
        return check_rows(answer, len(rows) * step, self.anatomy, self._where)[: len(pixels)]

    def _shape_of(self, output: Any, taken: tuple[int | None, ...]) -> tuple[Any, ...]:
        """The shape of the scores; where the file does not say how many, an image of zeros does."""
        said = tuple(output.shape)
        if None in taken or (len(said) > 1 and all(isinstance(size, int) and size > 0 for size in said[1:])):
            return said
        zeros = np.zeros((self._batch or 1, *(size or 1 for size in taken)), DTYPES[self._input.type])
        try:
            return self._answer(zeros, len(zeros)).shape
        except Exception as error:  # see above
            raise ModelError(
                f"{self._where}: the model fails on a batch of shape {zeros.shape}: {reason(error)}"
            ) from error

    def _answer(self, pixels: NDArray[Any], step: int) -> NDArray[Any]:
        padded = np.concatenate([pixels, np.zeros((step - len(pixels), *pixels.shape[1:]), pixels.dtype)])
        return np.asarray(self._model.run([self._output], {self._input.name: padded})[0])


def _choose_output(outputs: list[Any], where: str) -> Any:
    """The only output, or of several the only one that can be scores: scikit-learn's models give the label too.

    Raises:
        ModelError: there is no such output.
    """
    if any(not output.type.startswith("tensor(") for output in outputs):
        raise ModelError(
            f"{where}: the probabilities are a list of dictionaries (ZipMap); convert the model again with skl2onnx's "
            "option zipmap=False"
        )
    scores = [output for output in outputs if output.type in FLOATS and len(output.shape) == 2]
    if len(outputs) == 1 or len(scores) == 1:
        return (scores or outputs)[0]
    raise ModelError(
        f"{where}: found {len(outputs)} outputs, of which {len(scores)} could be scores of classes; expected one "
        "output with a column a class"
    )


def _check_graph(model: Any, where: str) -> None:
    """See that a model is made of ONNX's own operators and of this one file.

    Raises:
        ModelError: it is not.
    """
    known = {(function.domain, function.name) for function in model.functions}
    for part in _messages(model):
        kind = part.DESCRIPTOR.name
        if kind == "NodeProto" and part.domain not in DOMAINS and (part.domain, part.op_type) not in known:
            raise ModelError(
                f"{where}: the operator {part.op_type[:80]!r} of {part.domain[:80]!r} is not one of ONNX's own; export "
                "the model with the standard operators alone"
            )
        if kind == "TensorProto" and (part.data_location or len(part.external_data)):
            raise ModelError(
                f"{where}: the numbers of {part.name[:80]!r} are in another file, and only this one is read; save the "
                "model with its data inside (torch.onnx.export: external_data=False)"
            )


def _messages(model: Any) -> Iterator[Any]:
    """Every part of a model, however deep it is hidden: in a branch, in a function, in a function's default values."""
    rest = [model]
    while rest:
        message = rest.pop()
        yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                rest += value if hasattr(value, "__len__") else [value]
