"""The tutorial: `python tests/tutorial.py` runs docs/tutorial.py and writes docs/tutorial.ipynb, or what is named."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
SOURCE, NOTEBOOK = DOCS / "tutorial.py", DOCS / "tutorial.ipynb"
SECONDS = 1200


def main() -> None:
    """Run the tutorial in an empty folder and write the notebook with its outputs."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOK
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
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "SOURCE_DATE_EPOCH": "1767225600",  # the time in the names of run folders
            # Nobody's settings count, and nothing is left in the home folder.
            "IPYTHONDIR": folder,
            "JUPYTER_RUNTIME_DIR": folder,
        }
        work = Path(folder) / "work"
        work.mkdir()
        NotebookClient(
            notebook,
            timeout=SECONDS,
            startup_timeout=SECONDS,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(work)}},
            config=Config({"KernelManager": {"transport": "ipc"}}),
        ).execute()
    notebook.metadata = kernel
    for cell in notebook.cells:
        # What TensorFlow tells of the machine is no part of the lesson; the commands' own lines come with stdout.
        cell.outputs = [output for output in cell.get("outputs", []) if output.get("name") != "stderr"]
        if cell.cell_type != "code":
            del cell["outputs"]
    return notebook


if __name__ == "__main__":
    main()
