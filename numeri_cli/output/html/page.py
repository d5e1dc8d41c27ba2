"""What a page consists of, and how it becomes one HTML file that needs no network."""

from __future__ import annotations

import importlib.util
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

_LIBRARY = "plotly.min.js"


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
    """

    id: str
    title: str
    words: str
    figure: Any
    table: Table


@dataclass(frozen=True, slots=True)
class _ScriptedChart:
    """A chart as the template wants it; json: plotly's data and layout, safe inside a script."""

    chart: Chart
    json: Markup


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
            charts=[_ScriptedChart(chart, _script_json(chart)) for chart in charts],
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
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _script_json(chart: Chart) -> Markup:
    """The figure as JSON that cannot end the script element it stands in."""
    text = chart.figure.to_json()
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
