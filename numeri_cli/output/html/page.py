"""What a page consists of, and how it becomes one HTML file that needs no network."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from numeri_cli.files import atomic_file, disk_errors, write_text
from numeri_cli.inert_text import visible
from numeri_cli.output.html.stills import legend, still

_LIBRARY = "plotly.min.js"
_KEPT = "\n\N{NO-BREAK SPACE}"  # ours, between a number and its sign
_TEMPLATES = ("hovertemplate", "texttemplate")  # ours, and HTML


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """rows: cells as text, the first of each names the row; best: (row, cell) to mark."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    best: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, eq=False, kw_only=True)
class Chart:
    """A figure, what it says in words, and its numbers as a table.

    id: stable, good as an HTML id; figure: a plotly figure
    window: eras behind each value, of a chart that rolls over them
    """

    id: str
    title: str
    words: str
    figure: Any
    table: Table
    window: int = 1


@dataclass(frozen=True, slots=True)
class _ScriptedChart:
    """A chart as the template wants it.

    json: plotly's data and layout, safe inside a script; still: the same as a picture without one
    legend: (name, colour) of what the picture shows
    """

    chart: Chart
    json: Markup
    still: Markup
    legend: tuple[tuple[str, str], ...]


def write_page(
    template: str, path: Path, *, charts: Iterable[Chart], self_contained: bool, **parts: Any
) -> Path:
    """Fill in a template with its charts and its parts; the same parts give the same bytes.

    self_contained: everything in the one file, 4.8 MB; otherwise the chart library is written once
    beside the page, for all pages of that folder
    Raises DiskError.
    """
    html = (
        _environment()
        .get_template(template)
        .render(
            charts=[
                _ScriptedChart(
                    chart, _script_json(chart), still(chart.figure), legend(chart.figure)
                )
                for chart in charts
            ],
            library=None if self_contained else _library_beside(path),
            library_text=Markup(_library_text()) if self_contained else None,  # noqa: S704 - plotly's
            **parts,
        )
    )
    write_text(path, html)
    return path


@cache  # templates are part of the program; compiled once
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("numeri_cli.output.html"),
        autoescape=True,
        finalize=_inert,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _inert(value: Any) -> Any:
    """A value as a page may show it; text from outside reorders and hides nothing."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value, kept=_KEPT)
    return value


def _inert_figure(value: Any, key: str = "") -> Any:
    """A part of a figure; plotly reads HTML in its labels, and names are no HTML."""
    if isinstance(value, dict):
        return {name: _inert_figure(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_inert_figure(part, key) for part in value]
    if isinstance(value, str) and key not in _TEMPLATES:
        shown = visible(value, kept=_KEPT).replace("<", "&lt;")
        return shown.replace("\n", "<br>") if key == "ticktext" else shown
    return value


def _script_json(chart: Chart) -> Markup:
    """The figure as JSON that cannot end the script element it stands in."""
    figure = _inert_figure(json.loads(chart.figure.to_json()))
    text = json.dumps(figure, separators=(",", ":"))
    return Markup(re.sub(r"[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text))  # noqa: S704


def _library_path() -> Path:
    """The chart library that comes with plotly, without importing plotly."""
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("plotly")
    return Path(found.origin).parent / "package_data" / _LIBRARY


def _library_text() -> str:
    return _library_path().read_text(encoding="utf-8").replace("</script", "<\\/script")


def _library_beside(path: Path) -> str:
    """Name of the library's file in the page's folder, written where it is not there whole."""
    name = f"plotly-{version('plotly')}.min.js"
    beside, source = path.parent / name, _library_path()
    with disk_errors(beside):
        whole = beside.is_file() and beside.stat().st_size == source.stat().st_size
    if not whole:
        with atomic_file(beside) as file:
            file.write(source.read_bytes())
    return name
