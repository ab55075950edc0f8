"""What happens to a file on its way: damage to bytes, and changes that leave its format intact but not its sense."""

import copy
import io
import json
import random
import shutil
import struct
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py  # noqa: TID253  these files are its own
import numpy as np

EXTREMES = (b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\0\0\x80")
NUMBERS = (-1, 0, 1, 2, 3, 127, 2**31 - 1, 2**31, 10**9, 2**63 - 1)
# What stands in a configuration in place of something else.
ODD = (
    None, True, -1, 0, 2, 10**9, 2**63, 1e308, -0.5, "", "os", "builtins", "relu", "evil", [], {}, [[[[]]]], [None],
    ["a", 1], {"class_name": "__lambda__", "config": {"value": "4wAA"}}, {"class_name": "Dense", "config": {}},
    {"module": "evil", "class_name": "system", "config": {}, "registered_name": "evil>system"},
    {"class_name": "function", "module": "builtins", "config": "eval", "registered_name": "eval"},
)  # fmt: skip
NAMES = (
    "Lambda", "TFSMLayer", "Embedding", "LSTM", "Conv2D", "Dropout", "RepeatVector", "UpSampling2D", "Functional",
    "StringLookup", "Normalization", "__tuple__", "__numpy__", "InputLayer", "Softmax", "TimeDistributed",
)  # fmt: skip


def damaged(content: bytes, others: Sequence[bytes], draw: random.Random) -> bytes:
    """The bytes with a cut, flipped bits, a run overwritten, another file's part, a repetition or an extreme number."""
    found = bytearray(content)
    # Headers decide most, and they stand at either end.
    near = draw.choice([len(found), min(len(found), 64), min(len(found), 2048)])
    place = draw.choice([draw.randrange(near), len(found) - 1 - draw.randrange(near)])
    kind = draw.randrange(7)
    if kind == 0:
        del found[place:]
    elif kind == 1:
        for _ in range(draw.randint(1, 8)):
            found[draw.choice([place, draw.randrange(len(found))])] ^= 1 << draw.randrange(8)
    elif kind == 2:
        found[place : place + 64] = draw.choice([b"\xff", b"\0", draw.randbytes(1)]) * draw.randint(1, 64)
    elif kind == 3:
        other = draw.choice(others)
        begin = draw.randrange(len(other))
        found[place : place + draw.randrange(200)] = other[begin : begin + draw.randint(1, 2000)]
    elif kind == 4:
        found[place:place] = found[place : place + draw.randint(1, 200)] * draw.randint(1, 9)
    elif kind == 5:
        other = draw.choice(others)
        found[place:] = other[min(place, len(other) - 1) :]
    else:
        found[place : place + 4] = draw.choice(EXTREMES)
    return bytes(found)


def odd_configuration(config: Any, draw: random.Random) -> Any:
    """A JSON value with one to three places changed."""
    for _ in range(draw.randint(1, 3)):
        parent, key = draw.choice(_places(config))
        kind = draw.randrange(8)
        if kind == 0 and isinstance(parent, dict):
            parent[draw.choice(["class_name", "config", "module", "x"])] = parent.pop(key)
        elif kind == 1:
            del parent[key]
        elif kind == 2 and isinstance(parent, list):
            parent.extend([parent[key]] * draw.randint(1, 50))
        elif kind == 3:
            parent[key] = _deep(draw.choice([5, 100, 300]))
        elif isinstance(parent[key], int) and kind < 6:
            parent[key] = draw.choice(NUMBERS)
        elif key == "class_name":
            parent[key] = draw.choice(NAMES)
        else:
            parent[key] = copy.deepcopy(draw.choice(ODD))
        if not _places(config):
            break
    return config


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every key and every position."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def _deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def odd_archive(content: bytes, others: Sequence[bytes], draw: random.Random) -> bytes:
    """A zip archive with a member dropped, renamed, doubled, replaced, damaged, linked or compressed in another way."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = draw.randrange(len(members))
    name, body = members[at]
    kind = draw.randrange(7)
    how = zipfile.ZIP_STORED
    if kind == 0:
        del members[at]
    elif kind == 1:
        members[at] = (draw.choice([f"../{name}", f"/{name}", name.upper(), f"assets/{name}", "", "x" * 999]), body)
    elif kind == 2:
        members.append((name, draw.choice(others)))
    elif kind == 3:
        members[at] = (name, draw.choice([b"", b"{}", b"[]", b"null", draw.choice(others), members[at - 1][1]]))
    elif kind == 4:
        members[at] = (name, damaged(body, others, draw))
    elif kind == 5:
        how = draw.choice([zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
        members[at] = (name, body + b"\n" * 1000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for number, (called, inside) in enumerate(members):
            info = zipfile.ZipInfo(called)
            info.compress_type = how
            if kind == 6 and number == at:
                info.external_attr = 0o120777 << 16  # a symbolic link
                inside = b"/etc/passwd"  # noqa: PLW2901
            archive.writestr(info, inside)
    return file.getvalue()


def odd_member_configuration(content: bytes, draw: random.Random) -> bytes:
    """A .keras file with a changed config.json."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps(odd_configuration(json.loads(members["config.json"]), draw)).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return file.getvalue()


def change_hdf5(path: Path, draw: random.Random) -> None:
    """Change the configuration, an attribute, or a set of numbers of a whole model."""
    kind = draw.randrange(6)
    with h5py.File(path, "r+") as file:
        numbers: list[str] = []
        file.visititems(lambda name, value: numbers.append(name) if isinstance(value, h5py.Dataset) else None)
        name = draw.choice(numbers)
        if kind <= 2:
            config = odd_configuration(json.loads(file.attrs["model_config"]), draw)
            file.attrs["model_config"] = json.dumps(config)
        elif kind == 3:
            file.attrs["model_config"] = draw.choice([b"\xff\xfe", b"", 3.5, np.zeros(9), b"[" * 9999, "null"])
        elif kind == 4:
            shape = draw.choice([(), (0,), (3, 3), (784, 11)])
            del file[name]
            file.create_dataset(name, data=np.full(shape, np.nan, draw.choice(["f4", "f8", "i8", "S3"])))
        else:
            group = file[name].parent
            group.attrs[draw.choice(["weight_names", "keras_version", "backend"])] = draw.choice([b"x", 3, np.zeros(9)])
            del file[name]


def odd_numbers(content: bytes, draw: random.Random) -> bytes:
    """One to four of the 32-bit numbers of a flatbuffer changed: offsets, lengths, shapes, indices."""
    found = bytearray(content)
    # The numbers of the weights lie in the middle, and are of no interest.
    edge = min(len(found) // 4, 600)
    for _ in range(draw.randint(1, 4)):
        place = 4 * draw.choice([draw.randrange(edge), len(found) // 4 - 1 - draw.randrange(edge)])
        (number,) = struct.unpack_from("<i", found, place)
        changed = draw.choice([number + 4, number - 4, number + 1, -number, number << 8, *NUMBERS[:8]])
        struct.pack_into("<i", found, place, (changed + 2**31) % 2**32 - 2**31)
    return bytes(found)


def odd_message(content: bytes, draw: random.Random) -> bytes:
    """An ONNX file with one to three fields changed."""
    import onnx

    model = onnx.load_model_from_string(content)
    for _ in range(draw.randint(1, 3)):
        with suppress(ValueError):  # a number that the field does not hold
            _change_field(*draw.choice(list(_fields(model))), draw)
    return bytes(model.SerializeToString())


def _change_field(message: Any, field: Any, value: Any, draw: random.Random) -> None:
    repeated = not isinstance(value, int | float | str | bytes) and hasattr(value, "__len__")
    if repeated:
        number = draw.randrange(len(value))
        if draw.random() < 0.4:
            del value[number]
        elif draw.random() < 0.5 and hasattr(value[number], "DESCRIPTOR"):
            value.add().CopyFrom(value[number])
        elif isinstance(value[number], int):
            value[number] = draw.choice(NUMBERS)
        elif isinstance(value[number], str):
            value[number] = draw.choice(["", "x", "y", "evil", "é" * 500])
    elif isinstance(value, bool | int):
        setattr(message, field.name, draw.choice(NUMBERS[:8]))
    elif isinstance(value, float):
        setattr(message, field.name, draw.choice([-1.0, float("nan"), 1e38]))
    elif isinstance(value, str):
        setattr(message, field.name, draw.choice(["", "x", "Loop", "If", "ConstantOfShape", "Tile", "Pad", "evil"]))
    elif isinstance(value, bytes):
        setattr(message, field.name, value[: draw.randrange(len(value) + 1)])
    else:
        message.ClearField(field.name)


def _fields(message: Any) -> Any:
    for field, value in message.ListFields():
        yield message, field, value
        inner = value if not isinstance(value, str | bytes) and hasattr(value, "__len__") else [value]
        for part in inner:
            if hasattr(part, "ListFields"):
                yield from _fields(part)


def damage_tree(source: Path, target: Path, others: Sequence[bytes], draw: random.Random) -> None:
    """Copy a folder, with one file of it damaged, emptied, linked or gone."""
    shutil.copytree(source, target)
    victim = draw.choice(sorted(path for path in target.rglob("*") if path.is_file()))
    content, kind = victim.read_bytes(), draw.randrange(8)
    if kind == 0:
        victim.unlink()
    elif kind == 1:
        victim.write_bytes(b"")
    else:
        victim.write_bytes(damaged(content, others, draw) if content else b"x")


Mutator = Callable[[bytes, Sequence[bytes], random.Random], bytes]
BYTES: dict[str, tuple[Mutator, ...]] = {
    ".keras": (damaged, odd_archive, lambda c, _, d: odd_member_configuration(c, d)),
    ".npz": (damaged, odd_archive),
    ".tflite": (damaged, lambda c, _, d: odd_numbers(c, d), lambda c, _, d: odd_numbers(c, d)),
    ".onnx": (damaged, lambda c, _, d: odd_message(c, d), lambda c, _, d: odd_message(c, d)),
}


def mutate(source: Path, target: Path, others: Sequence[bytes], draw: random.Random) -> None:
    """Write a damaged copy of a file or a folder."""
    if source.is_dir():
        damage_tree(source, target, others, draw)
        return
    content = source.read_bytes()
    if source.suffix == ".h5" and draw.random() < 0.6:
        target.write_bytes(content)
        change_hdf5(target, draw)
        return
    target.write_bytes(draw.choice(BYTES.get(source.suffix, (damaged,)))(content, others, draw))
