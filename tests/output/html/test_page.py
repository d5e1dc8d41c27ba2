from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from numeri_cli.commands.validate.validation import Validation
from numeri_cli.errors import DiskError
from numeri_cli.output.html.charts import all_charts
from numeri_cli.output.html.validation import write_report
from tests.support.browser import Browser


class Outline(HTMLParser):
    """Counts and attributes of what a screen reader and a keyboard meet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.core
def test_a_page_has_every_chart_its_words_and_its_table(two: Validation, tmp_path: Path) -> None:
    html = write_report(two, tmp_path / "report.html").read_text()
    outline = Outline(html)
    charts = list(all_charts(two.cards, two.benchmark))
    plots = [one for one in outline.of("div") if one.get("class") == "plot"]
    assert [one["id"] for one in plots] == [chart.id for chart in charts]
    for plot, chart in zip(plots, charts, strict=True):
        assert plot["role"] == "img"
        assert chart.words in str(plot["aria-label"])
    assert len(outline.of("details")) == len(charts) + 1
    assert len(outline.of("table")) == len(charts) + 4
    assert outline.of("html")[0]["lang"] == "en"
    assert all(table["tabindex"] == "0" for table in outline.of("div") if "tabindex" in table)
    headings = [tag for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1


def test_the_charts_data_stands_in_the_page_as_json(one: Validation, tmp_path: Path) -> None:
    html = write_report(one, tmp_path / "report.html").read_text()
    blocks = re.findall(r'<script type="application/json" data-for="([^"]+)">(.*?)</script>', html)
    charts = {chart.id: chart for chart in all_charts(one.cards, one.benchmark)}
    assert [name for name, _ in blocks] == list(charts)
    for name, text in blocks:
        assert json.loads(text) == json.loads(charts[name].figure.to_json())


def test_names_from_outside_cannot_become_markup(two: Validation, tmp_path: Path) -> None:
    html = write_report(two, tmp_path / "report.html").read_text()
    assert "<b>beacon" not in html
    assert "&lt;b&gt;beacon&lt;/b&gt; &amp; co" in html
    assert "\\u0026lt;b\\u003ebeacon" in html, "plotly reads HTML in its labels"
    assert "\\u003cb\\u003ebeacon" not in html


def test_the_same_content_gives_the_same_bytes(one: Validation, tmp_path: Path) -> None:
    first = write_report(one, tmp_path / "a.html").read_bytes()
    assert write_report(one, tmp_path / "b.html").read_bytes() == first


def test_pages_of_a_folder_share_one_library_and_a_half_one_is_mended(
    one: Validation, tmp_path: Path
) -> None:
    write_report(one, tmp_path / "a.html")
    library = next(tmp_path.glob("plotly-*.js"))
    size, written = library.stat().st_size, library.stat().st_mtime_ns
    assert size > 1_000_000
    write_report(one, tmp_path / "b.html")
    assert library.stat().st_mtime_ns == written
    library.write_bytes(b"half")
    write_report(one, tmp_path / "c.html")
    assert library.stat().st_size == size
    assert (tmp_path / "a.html").stat().st_size < 400_000


def test_a_self_contained_page_is_alone(one: Validation, tmp_path: Path) -> None:
    page = write_report(one, tmp_path / "one.html", self_contained=True)
    assert [path.name for path in tmp_path.glob("*.*")] == ["one.html"]
    outline = Outline(page.read_text())
    assert [script["src"] for script in outline.of("script") if "src" in script] == []


def test_a_folder_that_cannot_be_written_is_said(one: Validation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskError):
        write_report(one, tmp_path / "file" / "report.html")


@pytest.mark.parametrize(
    ("width", "dark", "self_contained"),
    [(1200, False, False), (1200, True, True), (400, False, False)],
)
def test_chromium_draws_every_chart_without_error_or_network(
    two: Validation,
    tmp_path: Path,
    browser: Browser,
    width: int,
    dark: bool,
    self_contained: bool,
) -> None:
    page = write_report(two, tmp_path / "report.html", self_contained=self_contained)
    seen = browser.look(page, width=width, dark=dark)
    charts = list(all_charts(two.cards, two.benchmark))
    assert f'data-drawn="{len(charts)}"' in seen.dom
    for chart in charts:
        section = re.search(rf'id="{re.escape(chart.id)}".*?<figcaption', seen.dom, re.DOTALL)
        assert section
        assert 'class="main-svg"' in section[0], chart.id
    assert ">Light</button>" in seen.dom if dark else ">Dark</button>" in seen.dom
    assert seen.console == ()
    assert seen.requests == ()


def test_the_look_through_chromium_would_see_an_error_and_a_request(
    tmp_path: Path, browser: Browser
) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<script>console.error('planted')</script><img src='http://127.0.0.1:9/planted.png'>"
    )
    seen = browser.look(page)
    assert any("planted" in line for line in seen.console)
    assert seen.requests == ("http://127.0.0.1:9/planted.png",)
