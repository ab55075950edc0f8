"""Saving a figure."""

import io

import pytest

from mnist_report.report.canvas import STYLE, drawing, style, to_png, to_svg


def figure_of(title="long labels move the axes"):
    """A figure whose layout depends on its words."""
    with drawing(4, 2) as (figure, axes):
        axes.plot([0, 1], [1000, 2000])
        axes.set_ylabel(title)
    return figure


def test_an_svg_is_what_savefig_makes():
    """Which draws everything twice, at more cost, to the same bytes."""
    options = {"format": "svg", "metadata": {"Date": None, "Creator": None}, "facecolor": "none"}
    saved, figure = io.StringIO(), figure_of()
    with style():
        figure.savefig(saved, **options)
    assert to_svg(figure_of()) == saved.getvalue()


def test_saving_leaves_the_figure_as_it_was():
    """But for its layout, which is made once."""
    figure = figure_of()
    before = figure.dpi, figure.get_facecolor()
    to_svg(figure)
    assert (figure.dpi, figure.get_facecolor()) == before


@pytest.mark.parametrize("save", [to_svg, to_png])
def test_saving_again_moves_nothing(save):
    """Constrained layout would, a little each time."""
    figure = figure_of()
    assert save(figure) == save(figure)


def test_the_style_is_left_again():
    """A notebook has its own."""
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with style():
        assert mpl.rcParams["font.size"] == STYLE["font.size"]
    assert mpl.rcParams["font.size"] == before
