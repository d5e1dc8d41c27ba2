"""Pictures without a script lie where the charts do: by magnitude, and in stairs."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from numeri_cli.output.html.stills import still
from numeri_cli.output.html.style import empty_figure

RED_BLUE = [[0, "red"], [0.5, "grey"], [1, "blue"]]


def test_on_an_axis_by_magnitude_equal_ratios_are_equally_far_apart() -> None:
    figure = empty_figure("CORR", x_title="learning_rate")
    figure.add_scatter(x=[0.01, 0.1, 1.0, 0.0], y=[1, 2, 3, 4], mode="markers")
    figure.update_xaxes(type="log")
    picture = str(still(figure))
    first, second, third = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', picture))
    assert second - first == pytest.approx(third - second, abs=0.2)
    for number in ("0.01", "0.1", "1"):
        assert re.search(rf'text-anchor="middle">{re.escape(number)}</text>', picture)


def test_what_is_best_so_far_goes_up_in_stairs() -> None:
    figure = empty_figure("CORR", x_title="trial")
    figure.add_scatter(x=[0, 1, 2], y=[0, 0, 5], mode="lines", line={"shape": "hv", "color": "red"})
    [path] = re.findall(r'<path d="M([^"]+)" stroke="red"', str(still(figure)))
    corners = [tuple(map(float, one.split())) for one in path.split("L")]
    assert len(corners) == 5
    assert corners[-2] == (corners[-1][0], corners[0][1])


def test_of_names_side_by_side_so_many_stand_as_there_is_room_for() -> None:
    figure = empty_figure("CORR", x_title="era")
    figure.add_scatter(x=[f"{era:04d}" for era in range(1, 53)], y=list(range(52)), mode="lines")
    picture = str(still(figure))
    shown = [float(x) for x in re.findall(r'<text x="(\d+)"[^>]*>\d{4}</text>', picture)]
    assert 3 <= len(shown) <= 6
    assert min(b - a for a, b in pairwise(shown)) >= 70


def test_every_cell_of_a_map_lies_whole_within_its_axes() -> None:
    figure = empty_figure("round", x_title="")
    figure.add_heatmap(
        x=["one", "two"],
        y=[301, 302, 304],
        z=[[1, -1], [0.5, 1], [1, 1]],
        zmax=1,
        colorscale=RED_BLUE,
    )
    figure.update_xaxes(type="category")
    figure.update_layout(height=360)
    found = re.findall(r'<rect x="[\d.]+" y="([\d.]+)" [^>]*height="([\d.]+)"', str(still(figure)))
    assert len(found) == 6
    assert len({high for _, high in found}) == 1
    for top, high in found:
        assert float(top) >= 7.9
        assert float(top) + float(high) <= 360 - 52 + 0.1
