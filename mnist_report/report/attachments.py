"""The data behind a report, to go into its PDF."""

from pathlib import Path

from mnist_report.report.pdf import Attachment

DESCRIPTIONS = {
    "metrics.json": "Every metric, unrounded, with its interval",
    "gates.toml": "The rules that the run was held against",
}
MEDIA_TYPES = {".json": "application/json", ".toml": "application/toml", ".csv": "text/csv"}


def read_attachments(folder: Path) -> tuple[Attachment, ...]:
    """metrics.json, gates.toml where there is one, and the frames of a run folder.

    Raises:
        OSError: one of them cannot be read.
    """
    paths = [folder / name for name in DESCRIPTIONS if (folder / name).exists()]
    paths += sorted((folder / "frames").glob("*.csv"))
    return tuple(
        Attachment(
            name=path.name,
            media_type=MEDIA_TYPES[path.suffix],
            description=DESCRIPTIONS.get(path.name, f"The table {path.stem.replace('_', ' ')}"),
            content=path.read_bytes(),
        )
        for path in paths
    )
