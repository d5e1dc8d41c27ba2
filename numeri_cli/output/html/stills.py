"""Figures as pictures that need no script: for print, for readers without JavaScript, for pages
that lost the chart library beside them.

What the house's charts are made of is drawn, and nothing else: lines, stairs, bars and cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from numeri_cli.inert_text import visible
from numeri_cli.output.html.scales import Scale, category_scale, magnitude_scale, number_scale

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 560, 64, 10, 8, 52
_WIDE_LEFT = 190  # where the names of features stand beside bars
_GREY = "#7f8c8d"
_MOST_TICKS, _LEAST_ROOM = 6, 70  # of texts side by side


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """One pair of axes: what is drawn in it, and where a value lies in the picture."""

    traces: tuple[Any, ...]
    x: Scale
    y: Scale
    x_title: str
    y_title: str


def still(figure: Any) -> Markup:
    """A figure as SVG; its colours of text and lines are the page's, so that it is dark or light.

    figure: of lines, bars, or a heat map
    """
    height = int(figure.layout.height or 360)
    parts = [part for panel in _panels(figure, height) for part in _drawn(panel, figure)]
    head = f'<svg viewBox="0 0 {_WIDTH} {height}" aria-hidden="true" focusable="false">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - texts are escaped


def legend(figure: Any) -> tuple[tuple[str, str], ...]:
    """(name, colour) of what is drawn, each once; empty where there is but one without a name."""
    found = {
        trace.name: _colour(trace)
        for trace in _seen(figure)
        if trace.name and trace.showlegend is not False and trace.type != "heatmap"
    }
    return tuple((visible(name), colour) for name, colour in found.items())


def _seen(figure: Any) -> list[Any]:
    return [trace for trace in figure.data if trace.visible in (None, True)]


def _panels(figure: Any, height: int) -> Iterator[_Panel]:
    """Each pair of axes, from the top."""
    seen = _seen(figure)
    for number in sorted({(trace.yaxis or "y")[1:] for trace in seen}):
        traces = tuple(one for one in seen if (one.yaxis or "y")[1:] == number)
        x_axis = figure.layout["xaxis" + number]
        y_axis = figure.layout["yaxis" + number]
        low, high = y_axis.domain or (0, 1)
        room = height - _TOP - _BOTTOM
        top, bottom = _TOP + (1 - high) * room, _TOP + (1 - low) * room
        sideways = any(getattr(one, "orientation", None) == "h" for one in traces)
        left = _WIDE_LEFT if sideways else _LEFT
        yield _Panel(
            traces=traces,
            x=_scale(x_axis, [_places(one, "x") for one in traces], left, _WIDTH - _RIGHT),
            y=_scale(
                y_axis,
                [_places(one, "y") for one in traces],
                *((top, bottom) if y_axis.autorange == "reversed" else (bottom, top)),
            ),
            x_title=(x_axis.title.text or "") if low == 0 else "",
            y_title=y_axis.title.text or "",
        )


def _places(trace: Any, axis: str) -> list[Any]:
    """Where a trace lies on an axis; bars reach to zero, cells half a step further."""
    values = list(getattr(trace, axis) if getattr(trace, axis) is not None else ())
    if trace.type == "heatmap" and not any(isinstance(value, str) for value in values):
        half = _least_gap(values) / 2
        return [edge for at in values for edge in (at - half, at + half)]
    is_length = trace.type == "bar" and axis == ("x" if trace.orientation == "h" else "y")
    if trace.type == "bar" and not is_length and trace.width is not None:
        widths = np.broadcast_to(np.asarray(trace.width, dtype=float), len(values))
        return [
            edge
            for at, width in zip(values, widths, strict=True)
            for edge in (at - width / 2, at + width / 2)
        ]
    return [0.0, *values] if is_length else values


def _least_gap(values: Sequence[Any]) -> float:
    """Between two of some numbers; 1 where there is but one."""
    return float(min((b - a for a, b in pairwise(sorted(set(values)))), default=1))


def _scale(axis: Any, values: Sequence[Sequence[Any]], start: float, stop: float) -> Scale:
    everything = [value for some in values for value in some]
    ticks = None
    if axis.tickvals is not None:
        texts = axis.ticktext if axis.ticktext is not None else axis.tickvals
        ticks = tuple(zip(list(axis.tickvals), map(str, texts), strict=True))
        if abs(stop - start) / len(ticks) < _LEAST_ROOM and axis.autorange != "reversed":
            ticks = ticks[:: math.ceil(len(ticks) / _MOST_TICKS)]
    if axis.type == "category" or any(isinstance(value, str) for value in everything):
        found = axis.categoryarray if axis.categoryarray is not None else everything
        names = list(dict.fromkeys(found))
        if ticks is None and start < stop and len(names) > 2 * _MOST_TICKS:
            every = math.ceil(len(names) / _MOST_TICKS)
            ticks = tuple((name, str(name)) for name in names[::every])
        return category_scale(names, start=start, stop=stop, ticks=ticks)
    known = [float(one) for one in everything if one is not None and math.isfinite(float(one))]
    if axis.type == "log":
        known = [one for one in known if one > 0] or [1.0]
        return magnitude_scale(min(known), max(known), start=start, stop=stop)
    limits = axis.range or (min(known, default=0.0), max(known, default=1.0))
    if axis.rangemode == "tozero":
        limits = (min(0.0, limits[0]), max(0.0, limits[1]))
    form = axis.tickformat or ""
    return number_scale(*map(float, limits), start=start, stop=stop, form=form, ticks=ticks)


def _drawn(panel: _Panel, figure: Any) -> Iterator[str]:
    yield from _axes(panel)
    bars = [one for one in panel.traces if one.type == "bar"]
    together = len(bars) if figure.layout.barmode != "overlay" else 1
    below: list[tuple[float, float]] = []
    for trace in panel.traces:
        if trace.type == "heatmap":
            yield from _cells(trace, panel)
        elif trace.type == "bar":
            turn = bars.index(trace) if together > 1 else 0
            yield from _bars(trace, panel, turn=turn, together=together)
        else:
            points = list(_points(trace, panel))
            if trace.fill == "tonexty" and below and points:
                area = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*below, *reversed(points)])
                yield f'<polygon points="{area}" fill="{_colour(trace)}" opacity=".18"/>'
            yield from _line(trace, points)
            below = points


def _axes(panel: _Panel) -> Iterator[str]:
    x, y = panel.x, panel.y
    for at, text in y.ticks:
        yield f'<path class="grid" d="M{x.start:.0f} {at:.1f}H{x.stop:.0f}"/>'
        yield _text(x.start - 6, at + 4, text, anchor="end")
    bottom = max(y.start, y.stop)
    for at, text in x.ticks:
        for row, line in enumerate(text.split("\n")):
            yield _text(at, bottom + 15 + 13 * row, line, anchor="middle")
    if y.zero is not None:
        yield f'<path class="zero" d="M{x.start:.0f} {y.zero:.1f}H{x.stop:.0f}"/>'
    if panel.x_title:
        yield _text((x.start + x.stop) / 2, bottom + 46, panel.x_title, anchor="middle")
    if panel.y_title:
        middle = (y.start + y.stop) / 2
        turned = f' transform="rotate(-90 12 {middle:.0f})"'
        yield _text(12, middle, panel.y_title, anchor="middle", more=turned)


def _text(x: float, y: float, text: str, *, anchor: str, more: str = "") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f"<text {place}{more}>{escape(visible(text))}</text>"


def _points(trace: Any, panel: _Panel) -> Iterator[tuple[float, float]]:
    for x, y in zip(trace.x, trace.y, strict=True):
        at, height = panel.x.place(x), panel.y.place(y)
        if at is not None and height is not None:
            yield at, height


def _line(trace: Any, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    if not points or trace.line.width == 0:
        return
    dash = {"dash": ' stroke-dasharray="6 4"', "dot": ' stroke-dasharray="2 3"'}
    colour, mode = _colour(trace), trace.mode or "lines"
    if "lines" in mode:
        shown = _stairs(points) if trace.line.shape == "hv" else points
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in shown)
        style = f'stroke="{colour}" stroke-width="{trace.line.width or 2:g}" fill="none"'
        yield f'<path d="M{path}" {style}{dash.get(trace.line.dash, "")}/>'
    if "markers" in mode or len(points) == 1:
        for x, y in points:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line that goes along to the next place first, and then up or down."""
    corners = list(points[:1])
    for (_, before), (x, y) in pairwise(points):
        corners += [(x, before), (x, y)]
    return corners


def _bars(trace: Any, panel: _Panel, *, turn: int, together: int) -> Iterator[str]:
    sideways = trace.orientation == "h"
    along, across = (panel.y, panel.x) if sideways else (panel.x, panel.y)
    places, lengths = (trace.y, trace.x) if sideways else (trace.x, trace.y)
    width = abs(along.step(len(places))) * 0.8 / together
    zero = across.place(0.0)
    colours = trace.marker.color if not isinstance(trace.marker.color, str) else None
    for number, (place, length) in enumerate(zip(places, lengths, strict=True)):
        at, end = along.place(place), across.place(length)
        if at is None or end is None or zero is None:
            continue
        first = at - width * together / 2 + turn * width
        low, size = min(zero, end), abs(end - zero)
        box = (low, first, size, width) if sideways else (first, low, width, size)
        x, y, wide, high = (f"{one:.1f}" for one in box)
        colour = str(colours[number]) if colours else _colour(trace)
        opacity = f' opacity="{trace.opacity:g}"' if trace.opacity not in (None, 1) else ""
        yield f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="{colour}"{opacity}/>'


def _cells(trace: Any, panel: _Panel) -> Iterator[str]:
    """A heat map: strength of the colour by the size of the value, its sign by the colour."""
    wide, high = _side(panel.x, trace.x), _side(panel.y, trace.y)
    (_, low), *_, (_, top) = trace.colorscale
    for name, row in zip(trace.y, trace.z, strict=True):
        for other, value in zip(trace.x, row, strict=True):
            x, y = panel.x.place(other), panel.y.place(name)
            if value is None or x is None or y is None:
                continue
            strength = min(abs(value) / (trace.zmax or 1.0), 1.0)
            box = f'x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}"'
            fill = f'fill="{top if value > 0 else low}" opacity="{0.1 + 0.9 * strength:.2f}"'
            yield f'<rect {box} height="{high:.1f}" {fill}/>'


def _side(scale: Scale, values: Sequence[Any]) -> float:
    """How long a cell is along an axis: a row that nobody has makes none larger."""
    if scale.names is not None:
        return abs(scale.step(len(values)))
    return abs(scale.stop - scale.start) * _least_gap(values) / (scale.high - scale.low)


def _colour(trace: Any) -> str:
    if trace.type == "scatter":
        return str(trace.line.color or trace.marker.color or _GREY)
    return str(trace.marker.color) if isinstance(trace.marker.color, str) else _GREY
