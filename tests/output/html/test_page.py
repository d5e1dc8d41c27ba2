from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from markupsafe import escape

from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.commands.validate.validation import EraDays, Validation
from numeri_cli.errors import DiskError
from numeri_cli.output.formats import number, percent
from numeri_cli.output.html.stills import legend
from numeri_cli.output.html.validation import page_charts, write_report
from numeri_cli.output.html.verdict import verdicts
from tests.support.browser import Browser, with_its_width


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
    charts = list(page_charts(two))
    plots = [one for one in outline.of("div") if one.get("class") == "plot"]
    assert [one["id"] for one in plots] == [chart.id for chart in charts]
    for plot, chart in zip(plots, charts, strict=True):
        assert plot["role"] == "img"
        assert chart.words in str(plot["aria-label"])
    assert len(outline.of("details")) == len(charts) + 1
    assert len(outline.of("table")) == len(charts) + 4
    assert outline.of("html")[0]["lang"] == "en"
    assert all(table["tabindex"] == "0" for table in outline.of("div") if "tabindex" in table)
    ids = {attributes["id"] for _, attributes in outline.tags if "id" in attributes}
    places = [str(one["href"])[1:] for one in outline.of("a") if str(one["href"])[0] == "#"]
    assert set(places) <= ids
    assert {f"{chart.id}-title" for chart in charts[1:]} <= set(places)
    headings = [tag for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1


def test_the_charts_data_stands_in_the_page_as_json(one: Validation, tmp_path: Path) -> None:
    html = write_report(one, tmp_path / "report.html").read_text()
    blocks = re.findall(r'<script type="application/json" data-for="([^"]+)">(.*?)</script>', html)
    charts = {chart.id: chart for chart in page_charts(one)}
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


def test_the_numbers_are_in_the_page_as_csv_to_all_digits_with_the_day_of_each_era(
    two: Validation, tmp_path: Path
) -> None:
    dated = replace(two, days=EraDays(era=1180.0, day=date(2026, 1, 2)))
    outline = Outline(write_report(dated, tmp_path / "report.html").read_text())
    links = {one["download"]: str(one["href"]) for one in outline.of("a") if "download" in one}
    assert set(links) == {"scores-by-era.csv", "figures.csv"}
    rows = list(csv.DictReader(io.StringIO(unquote(links["scores-by-era.csv"].partition(",")[2]))))
    assert [row["era"] for row in rows] == 2 * list(two.cards[0].eras)
    assert rows[0]["date"] == "2025-02-07"  # 47 weeks before
    assert [float(row["corr"]) for row in rows[:40]] == list(two.cards[0].score("corr"))
    assert rows[0]["mmc"] == ""
    figures = csv.reader(io.StringIO(unquote(links["figures.csv"].partition(",")[2])))
    assert ["CORR mean", *(number(card.summary("corr").mean) for card in two.cards)] in figures


def test_dates_stand_beside_eras_on_axes_and_in_tables(one: Validation) -> None:
    dated = replace(one, days=EraDays(era=1180.0, day=date(2026, 1, 2)))
    for chart in page_charts(dated):
        axis = chart.figure.layout.xaxis
        if axis.type == "category":
            assert axis.ticktext[0] == "1133\nFeb 2025", chart.id
        if "era" in chart.table.headers:
            place = chart.table.headers.index("era")
            assert chart.table.headers[place + 1] == "date"
            assert chart.table.rows[-1][place + 1] == "2025-11-07", chart.id
            assert {len(row) for row in chart.table.rows} == {len(chart.table.headers)}
    assert EraDays.of_dates().of("2025-02-07") == date(2025, 2, 7)


def test_each_model_has_a_verdict_and_six_tiles_with_the_terminals_figures(
    two: Validation, tmp_path: Path
) -> None:
    rule = replace(two.payout, rounds_held=13, rounds_a_week=1) if two.payout else None
    summary = summary_of(replace(two, payout=rule), report=tmp_path / "report.html")
    first, second = verdicts(summary)
    lines = {line.label: line.values[0] for line in summary.lines}
    assert [(tile.name, tile.value) for tile in first.tiles] == [
        ("CORR mean", f"{lines['CORR mean']:.4f} ± {lines['CORR standard error']:.4f}"),
        ("CORR Sharpe", f"{lines['CORR Sharpe']:.2f}"),
        ("MMC mean", number(lines["MMC mean"])),
        ("payout a year", percent(lines["payout a year"])),
        ("losing quarters", percent(lines["payout losing quarters"], 0)),
        ("largest exposure", number(summary.sources[0].largest_exposure, 3)),
    ]
    assert lines["payout a year"] == pytest.approx(lines["payout mean"] * 365.25 / 7 / 13)
    assert first.sentence.startswith("Its CORR is above zero by more than noise")
    assert second.name == "<b>beacon</b> & co"
    seen = replace(two.coverage[0], seen_in_training=12)
    source = replace(two.sources[0], training_eras=two.eras[:4])
    sources = (source, two.sources[1])
    known = replace(two, coverage=(seen, two.coverage[1]), sources=sources, payout=rule)
    html = write_report(known, tmp_path / "seen.html").read_text()
    assert "each round takes a thirteenth of the stake" in summary.notes
    assert "<dd>each round takes a thirteenth of the stake</dd>" in html
    assert "No test: the model knows 12 of these 40 eras from its training." in html


def test_the_worst_quarter_is_thick_in_the_running_sum_of_the_payout(one: Validation) -> None:
    assert one.payout is not None
    dated = replace(one, payout=replace(one.payout, rounds_held=13, rounds_a_week=1))
    chart = next(chart for chart in page_charts(dated) if chart.id == "cumulative-payout")
    total, worst = chart.figure.data
    card = one.cards[0]
    paid = card.payout(one.payout)[5:]
    turns = dated.payout.turns_a_year if dated.payout else None
    assert turns is not None
    np.testing.assert_allclose(total.y, np.cumsum(paid * turns / 52))
    sums = [paid[at : at + 13].sum() for at in range(len(paid) - 12)]
    at = int(np.argmin(sums))
    assert list(worst.x) == list(card.eras[5 + at : 18 + at])
    assert worst.line.width > total.line.width
    assert number(sums[at] / 13 * turns / 4, 3) in chart.words


def test_without_a_script_every_chart_is_a_picture_of_the_same_values(
    two: Validation, tmp_path: Path
) -> None:
    html = write_report(two, tmp_path / "report.html").read_text()
    charts = list(page_charts(two))
    pictures = re.findall(r"<svg .*?</svg>", html, re.DOTALL)
    assert len(pictures) == len(charts)
    for chart, picture in zip(charts, pictures, strict=True):
        assert "NaN" not in picture
        assert picture.count("<path d=") + picture.count("<rect") >= 1, chart.id
        for name, _ in legend(chart.figure):
            assert str(escape(name)) in html
    line = re.search(r'<path d="M([^"]+)"', pictures[0])
    assert line is not None
    heights = [float(point.split()[1]) for point in line[1].split("L")]
    total = np.cumsum(two.cards[0].score("corr"))
    assert np.corrcoef(heights, total)[0, 1] == pytest.approx(-1, abs=1e-6)  # upwards is less
    assert "<noscript>" not in html
    payout = pictures[[chart.id for chart in charts].index("cumulative-payout")]
    assert payout.count('stroke-width="6"') == 2, "the worst quarter of each is thick"


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
    charts = list(page_charts(two))
    assert f'data-drawn="{len(charts)}"' in seen.dom
    for chart in charts:
        section = re.search(rf'id="{re.escape(chart.id)}".*?<figcaption', seen.dom, re.DOTALL)
        assert section
        assert 'class="main-svg"' in section[0], chart.id
    assert ">Light</button>" in seen.dom if dark else ">Dark</button>" in seen.dom
    means = "".join(f"<td>{number(card.summary('fnc').mean)}</td>" for card in two.cards)
    assert f'<th scope="row">FNC mean</th>{means}' in seen.dom
    assert seen.console == ()
    assert seen.requests == ()


def test_on_a_phone_nothing_of_the_page_lies_beyond_its_edge(
    two: Validation, tmp_path: Path, browser: Browser
) -> None:
    dated = replace(two, days=EraDays(era=1180.0, day=date(2026, 1, 2)))
    page = write_report(dated, tmp_path / "report.html")
    seen = browser.look(with_its_width(page, 390), width=1400)
    assert 'data-width="390"' in seen.dom
    assert 'data-scroll="390"' in seen.dom
    axis = next(page_charts(dated)).figure.layout.xaxis
    named = [text.replace("\n", "&lt;br&gt;") for text in axis.ticktext[::3]]
    assert f'data-ticks="{"|".join(named)}"' in seen.dom  # fewer, each under its own era


def test_a_page_that_was_moved_alone_still_shows_its_pictures(
    one: Validation, tmp_path: Path, browser: Browser
) -> None:
    page = write_report(one, tmp_path / "report.html")
    moved = page.rename(tmp_path / "elsewhere.html")
    next(tmp_path.glob("plotly-*.js")).unlink()
    seen = browser.look(moved, width=390)
    assert 'data-drawn="0"' in seen.dom
    assert "data-scripted" not in seen.dom.partition("<head>")[0]
    assert seen.dom.count("<svg viewBox") == len(list(page_charts(one)))
    assert ">Dark</button>" in seen.dom  # the page's own script went on


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
