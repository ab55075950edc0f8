"""What was run, as tables and terms: the model, its training, the provenance."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mnist_report.model.arranging import AS_THEY_ARE
from mnist_report.model.outputs import SENTENCES
from mnist_report.model.scaling import SCALES
from mnist_report.report import text
from mnist_report.report.tables import Table

CHANGES = {"centered": "centred as MNIST was made", "transposed": "rows and columns swapped"}


def layers_table(layers: Iterable[Mapping[str, Any]]) -> Table:
    """The model's layers."""
    rows = tuple(
        (layer["name"], layer["kind"], layer["output_shape"] or text.DASH, text.count(layer["parameters"]))
        for layer in layers
    )
    return Table(("Layer", "Kind", "Output", "Parameters"), rows, frozenset({3}))


def history_table(history: Iterable[Mapping[str, Any]]) -> Table:
    """The epochs of the model's training."""
    rows = tuple(
        (
            str(epoch["epoch"]),
            text.number(epoch["loss"], 4),
            text.share(epoch["accuracy"], 2),
            text.number(epoch["val_loss"], 4),
            text.share(epoch["val_accuracy"], 2),
            f"{epoch['learning_rate']:.2g}",
            text.duration(epoch["seconds"]),
        )
        for epoch in history
    )
    columns = ("Epoch", "Loss", "Accuracy", "Held-out loss", "Held-out accuracy", "Learning rate", "Time")
    return Table(columns, rows, frozenset(range(1, len(columns))))


def provenance_rows(facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What exactly was run, as terms and their values."""
    data, host = facts["data"], facts["host"]
    rows = {
        "Run": facts["run_id"],
        "Created": moment(facts["created"]),
        "Command": facts["command"],
        "Git commit (of the folder it ran in)": facts["git_commit"] or text.DASH,
        **_subject_terms(facts),
        "Data": ", ".join([data_name(data), *(CHANGES[key] for key in CHANGES if data.get(key))]),
        "Data sha256": data["sha256"],
        **({"Corrupted images": _corruptions(facts["corruptions"])} if facts.get("corruptions") else {}),
        **({} if without_model(facts) else _device_terms(facts)),
        **({"Counted in": _engine(facts["engine"])} if facts.get("engine") else {}),
        "Seed": str(facts["seed"]),
        "Host": f"{host['name']}, {host['system']}",
        "Versions": ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
    }
    return tuple(rows.items())


def without_model(facts: Mapping[str, Any]) -> bool:
    """Whether another program made the predictions."""
    return bool(facts["model"].get("kind") == "predictions")


def members_of(facts: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The models of an ensemble; none where one model answered, or nobody knows which."""
    return tuple(facts["model"].get("members", ()))


def _subject_terms(facts: Mapping[str, Any]) -> dict[str, str]:
    """What was evaluated."""
    if without_model(facts):
        return _predictions_terms(facts)
    return _ensemble_terms(facts) if members_of(facts) else _model_terms(facts["model"])


def _ensemble_terms(facts: Mapping[str, Any]) -> dict[str, str]:
    """Each member in a row: with ten of them, all terms of each would be pages."""
    members = members_of(facts)
    rows = {
        f"Member {place}": "; ".join(f"{term[:1].lower()}{term[1:]} {said}" for term, said in _model_terms(one).items())
        for place, one in enumerate(members, 1)
    }
    return {"Model": f"the mean of the probabilities of {len(members)} models", **rows}


def _predictions_terms(facts: Mapping[str, Any]) -> dict[str, str]:
    file = facts["model"]
    return {
        "Predictions file": f"{file['path']}, {file['format']}, {text.size(file['size_bytes'])}",
        "Predictions sha256": file["sha256"],
        "Model": "unknown: another program made the predictions",
    }


def _model_terms(model: Mapping[str, Any]) -> dict[str, str]:
    card = model["card"] or {}
    return {
        "Model file": ", ".join(
            [
                model["path"],
                *(["shipped with mnist-report"] if model["shipped"] else []),
                *(["trusted: code of the file's could run"] if model.get("trusted") else []),
                f"{model['format']}, {text.size(model['size_bytes'])}",
            ]
        ),
        "Model sha256": model["sha256"],
        "Parameters": f"{text.count(model['parameters'])}, {text.count(model['trainable_parameters'])} trainable",
        "Trained with": _recipe(card) if card else "no model card",
        **({"Images as the model gets them": _given(model["input"])} if "input" in model else {}),
        **({"The model's numbers": SENTENCES[model["output"]]} if "output" in model else {}),
    }


def doubts(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What the head of the report has to say about how the model was asked."""
    asked = [("", facts["model"]), *((f"{model['name']}: ", model) for model in members_of(facts))]
    return tuple(f"{name}{doubt}" for name, model in asked if (doubt := model.get("input", {}).get("doubt")))


def _given(given: Mapping[str, Any]) -> str:
    shape = " x ".join(map(str, given["shape"]))
    way = "" if given["way"] == AS_THEY_ARE else f" ({given['way']})"
    by = f", {given['mean']:.4f} and {given['deviation']:.4f}" if given["scale"] == "standard" else ""
    return f"{shape}{way}, pixels {SCALES[given['scale']]} ({given['scale']}{by}): {given['why']}"


def _device_terms(facts: Mapping[str, Any]) -> dict[str, str]:
    device = facts["device"]
    return {
        "Device": f"{device['name']} ({device['kind']}), {device['backend']} backend",
        "Inference": (
            f"{text.duration(device['inference_s'])}, {text.count(round(device['images_per_second']))} images/s "
            f"in batches of {device['batch_size']}, compilation included"
        ),
        **({"Precision": _precision(device)} if "precision" in device else {}),
    }


def _corruptions(corruptions: Mapping[str, Any]) -> str:
    """How they were made, and which were read."""
    made, read = corruptions["made"], corruptions["read"]
    said = []
    if made:
        said.append(f"{', '.join(made['severities'])} at 5 severities, seed {made['seed']}")
    if read:
        said.append(f"{text.plural(len(read['corruptions']), 'set')} of {read['path']}, sha256 {read['sha256']}")
    return "; ".join(said)


def _engine(engine: Mapping[str, Any]) -> str:
    """Like "12 shards on 2 workers of Ray, 1 of them given to another worker"."""
    counted = text.plural(engine["shards"], "shard")
    if engine["name"] == "ray":
        counted += f" on {text.plural(engine['workers'], 'worker')} of Ray"
    if engine["retries"] == 1:
        return f"{counted}, 1 of them given to another worker"
    return f"{counted}, {text.count(engine['retries'])} times given to another worker" if engine["retries"] else counted


def _precision(device: Mapping[str, Any]) -> str:
    """Like "float32", or how far another one agrees with it."""
    agreement = device["agreement"]
    if agreement is None:
        return str(device["precision"])
    n, apart = text.count(agreement["n"]), agreement["largest_difference"]
    differing = "" if apart is None else f", and probabilities differ by {apart:.2g} at most"
    return (
        f"{device['precision']}; of the first {n} images {text.count(agreement['same'])} "
        f"get the same class in float32{differing}"
    )


def data_name(data: Mapping[str, Any]) -> str:
    """Like "mnist, test split, 10,000 images"."""
    split = f"{data['split']} split, " if data["split"] else ""
    return f"{data['source']}, {split}{text.plural(data['n'], 'image')}"


def moment(iso: str) -> str:
    """Like "22 November 2026, 16:30 UTC"."""
    time = datetime.fromisoformat(iso)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def _recipe(card: Mapping[str, Any]) -> str:
    recipe = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in card["recipe"].items())
    data = card["data"]
    return (
        f"{recipe}; {text.count(data['n_trained_on'])} images of {data['source']} ({data['split']} split), "
        f"{text.count(data['n_held_out'])} held out"
    )
