"""Pictures without a script lie where the charts do: by magnitude, and in stairs."""

from __future__ import annotations

import re

import pytest

from numeri_cli.output.html.stills import still
from numeri_cli.output.html.style import empty_figure


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
