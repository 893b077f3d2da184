"""Pictures are drawn with what they hold, the same bytes each time, and overlaid by run."""

import numpy as np
import pytest
from matplotlib import colors

from sundog.plots.drawing import draw
from sundog.plots.pictures import Curves, HeatMap, Line, Mark, Scatter, Timeline, overlaid
from sundog.plots.style import PALETTE, save_figure

X = np.linspace(0, 1, 20)
CURVES = Curves(
    "c", "Title", "x / Å", "y / eV",
    (Line(X, X**2, 0.1 * X, "a"), Line(X, X, label="b", look="points")),
    marks=(Mark(0.5, "here"),), level=1.0, y_from_zero=True,
)  # fmt: skip
HEAT = HeatMap("h", "Heat", "x", "y", "v", np.arange(4.0), np.arange(3.0), np.eye(2, 3))
TIME = Timeline(
    "t", "Time", "t / ps", "row", X, ("r1", "r2"), np.tile([0, 1], 20).reshape(2, 20),
    ("on", "off"), PALETTE[:2],
)  # fmt: skip
SCATTER = Scatter("s", "Scatter", "x", "y", (("a", np.eye(2)), ("b", 2 * np.eye(2))))


@pytest.mark.parametrize("picture", [CURVES, HEAT, TIME, SCATTER])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_are_drawn_alike_each_time(picture, kind, tmp_path):
    files = [tmp_path / f"{k}.{kind}" for k in range(2)]
    for file in files:
        save_figure(draw(picture), file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].stat().st_size > 2000


def test_curves_show_lines_bands_marks_and_labels():
    axes = draw(CURVES).axes[0]
    assert axes.get_xlabel() == "x / Å"
    assert len(axes.collections) >= 1
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert axes.get_ylim()[0] == 0
    assert any("here" in text.get_text() for text in axes.texts)


def test_a_centred_map_has_white_at_zero():
    values = np.array([[-1.0, 3.0]])
    centred = HeatMap("h", "", "x", "y", "v", np.arange(3.0), np.arange(2.0), values, centred=True)
    mesh = draw(centred).axes[0].collections[0]
    assert mesh.get_clim() == (-3, 3)


def test_curves_of_runs_are_one_picture_and_maps_are_several():
    (one,) = overlaid({"x": CURVES, "y": CURVES})
    assert [line.label for line in one.lines] == ["a, x", "b, x", "a, y", "b, y"]
    assert [each.name for each in overlaid({"x": HEAT, "y": HEAT})] == ["h-0", "h-1"]
    assert overlaid({"x": HEAT}) == [HEAT]


def test_the_palette_differs_in_grey_as_well():
    rgb = np.array([colors.to_rgb(one) for one in PALETTE])
    assert len({tuple(one) for one in rgb}) == len(PALETTE)
    assert np.ptp(rgb @ [0.299, 0.587, 0.114]) > 0.3


def test_logarithmic_axes_are_labelled_in_plain_text():
    x = np.geomspace(1e-5, 1e5, 11)
    figure = draw(Curves("a", "a", "x", "y", (Line(x, 1 + 0.5 * x / 1e5),), logarithmic="xy"))
    figure.canvas.draw()
    (axes,) = figure.axes
    assert {"10⁻⁵", "0.1", "10⁵"} <= {one.get_text() for one in axes.get_xticklabels()}
    assert {"1"} <= {one.get_text() for one in axes.get_yticklabels()}
    assert not any("$" in one.get_text() for one in axes.get_xticklabels(which="both"))
