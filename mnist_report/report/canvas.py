"""What every figure is drawn on: one visual language, and how a figure becomes SVG or PNG.

Blue is right, vermilion is wrong (both from Okabe and Ito's colour-blind-safe palette and of different lightness),
grey is everything else.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RIGHT, WRONG, INK, QUIET, RULE, PALE = "#0072b2", "#d55e00", "#1b1f24", "#5b6470", "#d8dce2", "#f1f3f5"

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    # The same drawing gives the same bytes: ids from a fixed salt, and no date in the file.
    "svg.hashsalt": "mnist-report",
    "svg.fonttype": "path",
    # A class may be called $x$.
    "text.parse_math": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in that language meanwhile."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        yield


def blank(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple["Figure", Any]:
    """An empty figure, in inches, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns)


@contextmanager
def drawing(width: float, height: float) -> Iterator[tuple["Figure", Any]]:
    """An empty figure, in inches, and its axes, in the style of all."""
    with style():
        yield blank(width, height)


def to_svg(figure: "Figure") -> str:
    """The drawing as SVG, the same bytes each time."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawing = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    before = {"dpi": figure.dpi, "facecolor": figure.get_facecolor()}
    with style():
        figure.set(dpi=canvas.fixed_dpi, facecolor="none")
        _arrange(figure)
        # `savefig` would draw all of it a second time, to nowhere, in case that moves the layout.
        canvas.print_svg(drawing, metadata={"Date": None, "Creator": None})
        figure.set(**before)
    return drawing.getvalue()


def to_png(figure: "Figure") -> bytes:
    """The drawing as PNG on white, at 200 dots an inch."""
    data = io.BytesIO()
    with style():
        _arrange(figure)
        figure.savefig(data, format="png", dpi=200, facecolor="white", metadata={"Software": None})
    return data.getvalue()


def _arrange(figure: "Figure") -> None:
    """Lay a figure out, once: constrained layout would move everything a little at each save."""
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
    figure.set_layout_engine("none")
