"""TensorFlow Lite models, run by LiteRT; TensorFlow is not imported."""

import importlib.metadata
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DeviceError, ModelError
from mnist_report.model.adapter import WHOLE, Anatomy, Layer, read_output
from mnist_report.model.backend import Backend, cpu_name
from mnist_report.model.runner import cast, check_rows, reason
from mnist_report.model.scaling import ScaleName, implied_by_range
from mnist_report.model.store import ModelFile

CUSTOM = 32  # the built-in operator that stands for one of somebody's own


class LiteRTRunner:
    """A TensorFlow Lite model; see `runner.Runner`."""

    def __init__(self, model: ModelFile, device: str) -> None:
        """Look into the file and load it.

        Raises:
            ModelError: LiteRT is not installed, or the file is damaged, no classifier, or has operators of its own.
            DeviceError: a GPU was asked for.
        """
        self._where = str(model.path)
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise ModelError(
                f"{self._where}: a .tflite file needs the extra tflite: pip install 'mnist-report[tflite]'"
            ) from error
        if device == "gpu":
            raise DeviceError("--device gpu: a .tflite model runs on the CPU; use --device auto")
        content = model.loaded.read_bytes()
        kinds = _check_operators(content, self._where)
        try:
            self._model: Any = Interpreter(model_content=content)
            self._model.allocate_tensors()
        except Exception as error:  # LiteRT raises RuntimeError and ValueError on anything
            raise ModelError(f"{self._where}: LiteRT cannot load this model: {reason(error)}") from error
        inputs, outputs = self._model.get_input_details(), self._model.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"{self._where}: found {len(inputs)} inputs and {len(outputs)} outputs, expected one of each"
            )
        self._input, self._output = inputs[0], outputs[0]
        # A whole number that stands for another one is a quantised score.
        kind = "score" if self._output["quantization"][0] else np.dtype(self._output["dtype"]).name
        classes, single = read_output(tuple(map(int, self._output["shape"])), kind, self._where)
        shape = tuple(map(int, self._input["shape"]))
        # Where the batch is free LiteRT may be told how many images come; else they go in as many as it takes.
        self._free = len(self._input["shape_signature"]) == len(shape) and int(self._input["shape_signature"][0]) == -1
        self._batch = 1 if self._free else shape[0]
        layers = tuple(Layer(f"{k}", kind, "", 0) for k, kind in enumerate(kinds))
        implied, why = _implied_scale(self._input)
        self.anatomy = Anatomy(shape[1:], classes, _constants(self._model), 0, layers, implied, why, single)
        versions = {"ai-edge-litert": importlib.metadata.version("ai-edge-litert")}
        self.backend = Backend("litert", versions, "cpu", cpu_name())

    def predict(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `runner.Runner`."""
        quantised = _quantised(pixels, self._input)
        try:
            if self._free and len(pixels) != self._batch:
                self._batch = len(pixels)
                self._model.resize_tensor_input(self._input["index"], pixels.shape)
                self._model.allocate_tensors()
            firsts = range(0, len(pixels), self._batch)
            rows = [self._answer(quantised[first : first + self._batch]) for first in firsts]
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self._where}: the model fails on a batch of shape {pixels.shape}: {reason(error)}"
            ) from error
        answer = np.concatenate(rows)[: len(pixels)]
        return check_rows(answer, len(pixels), self.anatomy, self._where)

    def _answer(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        missing = self._batch - len(pixels)
        padded = np.concatenate([pixels, np.zeros((missing, *pixels.shape[1:]), pixels.dtype)])
        self._model.set_tensor(self._input["index"], padded)
        self._model.invoke()
        return _unquantised(self._model.get_tensor(self._output["index"]), self._output)


def _check_operators(content: bytes, where: str) -> list[str]:
    """The kinds of a model's operators.

    Raises:
        ModelError: the file is damaged, or an operator is somebody's own.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        if content[4:8] != b"TFL3":
            raise ModelError(f"{where}: not a TensorFlow Lite file, in spite of its suffix")
        model: Any = schema.Model.GetRootAs(content, 0)
        # Older schemas know of no other files.
        if any(getattr(model, f"External{what}Length", int)() for what in ("Buffers", "BufferGroups")):
            raise ModelError(f"{where}: its numbers are in another file, and only this one is read; convert it as one")
        names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
        kinds = []
        for k in range(model.OperatorCodesLength()):
            code = model.OperatorCodes(k)
            number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            custom = code.CustomCode()
            if number == CUSTOM or custom:
                what = "of TensorFlow itself (Flex)" if (custom or b"").startswith(b"Flex") else "of its maker's own"
                raise ModelError(
                    f"{where}: the operator {custom!r} is one {what}; only the built-in operators are run; convert the "
                    "model with TFLITE_BUILTINS alone"
                )
            kinds.append(names.get(number, str(number)))
        graph = model.Subgraphs(0)
        return [kinds[graph.Operators(k).OpcodeIndex()] for k in range(graph.OperatorsLength())]
    except ModelError:
        raise
    except Exception as error:  # offsets that lead anywhere
        raise ModelError(
            f"{where}: a damaged TensorFlow Lite file ({reason(error)}); convert the model again"
        ) from error


def _quantised(pixels: NDArray[np.float32], details: dict[str, Any]) -> NDArray[Any]:
    """The pixels in the model's own numbers."""
    dtype, (scale, zero) = details["dtype"], details["quantization"]
    if not np.issubdtype(dtype, np.integer):
        return np.asarray(pixels, dtype)
    if scale == 0:  # whole numbers that stand for themselves
        return cast(pixels, dtype)
    limits = np.iinfo(dtype)
    return np.asarray(np.clip(np.round(pixels / scale + zero), limits.min, limits.max), dtype)


def _implied_scale(details: dict[str, Any]) -> tuple[ScaleName | None, str]:
    """The scale of the pixels that the input's numbers are for, and how that is known."""
    dtype, (scale, zero) = details["dtype"], details["quantization"]
    if not np.issubdtype(dtype, np.integer):
        return None, ""
    if scale == 0:
        return WHOLE
    limits = np.iinfo(dtype)
    low, high = (limits.min - zero) * scale, (limits.max - zero) * scale
    return implied_by_range(low, high), f"its quantised input goes from {low:.3g} to {high:.3g}"


def _unquantised(scores: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero = details["quantization"]
    if not np.issubdtype(scores.dtype, np.integer) or scale == 0:
        return np.asarray(scores, np.float32)
    return np.asarray((scores.astype(np.float64) - zero) * scale, np.float32)


def _constants(model: Any) -> int:
    """The numbers that the file brings along: those tensors that no operator makes."""
    details = model.get_tensor_details()
    made = {index for operator in model._get_ops_details() for index in operator["outputs"]}  # noqa: SLF001  no other way
    given = made | {detail["index"] for detail in model.get_input_details()}
    return sum(math.prod(map(int, tensor["shape"])) for tensor in details if tensor["index"] not in given)
