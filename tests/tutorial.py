"""The tutorial: `python tests/tutorial.py` runs docs/tutorial.py and writes docs/tutorial.ipynb, or what is named."""

import base64
import io
import os
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
SOURCE, NOTEBOOK = DOCS / "tutorial.py", DOCS / "tutorial.ipynb"
SECONDS = 1200
COLOURS = 64


def main() -> None:
    """Run the tutorial in an empty folder and write the notebook with its outputs."""
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else NOTEBOOK
    import nbformat

    nbformat.write(executed(read_tutorial()), target)


def read_tutorial() -> Any:
    """The notebook that the text is, not run."""
    import jupytext

    notebook = jupytext.read(SOURCE)
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place}"  # else each writing would draw new ones
    # Neither versions nor names of anybody's kernels.
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return notebook


def executed(notebook: Any) -> Any:
    """The notebook with its outputs; its commands are those of this Python."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    kernel = dict(notebook.metadata)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        os.environ |= {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "SOURCE_DATE_EPOCH": "1767225600",  # the time in the names of run folders
            # Nobody's settings count, and nothing is left in the home folder.
            "IPYTHONDIR": folder,
            "JUPYTER_RUNTIME_DIR": folder,
        }
        # No port is opened: the kernel's sockets are files of this folder, which must be the kernel's too.
        files = Config({"KernelManager": {"transport": "ipc"}})
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            startup_timeout=SECONDS,
            record_timing=False,
            coalesce_streams=True,
            config=files,
        )
        client.execute()
    notebook.metadata = kernel
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # What TensorFlow tells of the machine is no part of the lesson; the commands' own lines come with stdout.
            cell.outputs = [smaller(output) for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def smaller(output: Any) -> Any:
    """The output with its picture, if it has one, once and in few colours: all versions of it are kept for ever."""
    from PIL import Image

    data = output.get("data", {})
    data.pop("image/jpeg", None)
    if "image/png" in data:
        picture, small = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))), io.BytesIO()
        picture.convert("RGB").quantize(COLOURS).save(small, format="png", optimize=True)
        data["image/png"] = base64.b64encode(small.getvalue()).decode()
    return output


if __name__ == "__main__":
    main()
