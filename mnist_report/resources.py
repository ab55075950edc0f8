"""Where the files that belong to this package are."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def resource(folder: str) -> Path:
    """A folder of the package's data: "templates" or "models".

    A wheel carries them inside the package; in a checkout (and so in an editable install) they lie beside it.
    """
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder
