"""What goes with --ensemble."""

from collections.abc import Sequence
from pathlib import Path

from mnist_report.engines import Engine
from mnist_report.errors import ConfigError


def check_ensemble(
    models: Sequence[Path],
    *,
    predictions: Path | None,
    model_sha256: str | None,
    engine: Engine,
    train: bool = False,
) -> None:
    """See that an ensemble can be made of what is given.

    Args:
        models: those that are named.
        predictions: in place of a model, or None.
        model_sha256: what a digest must be, or None.
        engine: where the images are predicted.
        train: whether a model is trained first.

    Raises:
        ConfigError: it cannot.
    """
    if train:
        raise ConfigError(
            "--ensemble takes models that are there, and --train trains one; train them first, then name them with "
            "--model"
        )
    if predictions is not None:
        raise ConfigError(
            f"--ensemble is the mean of what several models say, and --predictions {predictions} needs none; leave one "
            "of the two out"
        )
    if model_sha256 is not None:
        raise ConfigError("--ensemble takes several models, and --model-sha256 is the digest of one; leave it out")
    if engine.engine == "ray" or engine.no_predictions:
        raise ConfigError(
            "--ensemble needs every row at once, which images that are counted part by part (--no-predictions, "
            "--engine ray) do not have; leave one of the two out"
        )
    if len(models) < 2:
        found = f"only {models[0]}" if models else "none"
        raise ConfigError(
            f"--ensemble takes two models or more, and --model names {found}; name several, or a pattern such as "
            "'models/*.keras'"
        )
