"""Turn a digit classifier and a labelled test set into trustworthy numbers and a report to share."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_report.api import MNISTClassifier as MNISTClassifier
    from mnist_report.api import evaluate as evaluate
    from mnist_report.api import evaluate_parquet as evaluate_parquet

__version__ = "0.1.0"
__all__ = ["MNISTClassifier", "__version__", "evaluate", "evaluate_parquet"]


def __getattr__(name: str) -> Any:
    """The notebook user's door, opened when it is asked for: the command line must not wait for it."""
    if name in __all__:
        from mnist_report import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What a notebook completes."""
    return sorted({*globals(), *__all__})
