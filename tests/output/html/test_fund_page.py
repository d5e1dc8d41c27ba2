"""The page of the funds: its numbers, and that it is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.output.html.practice_fund import cumulative_net, falls, write_fund_page
from numeri_cli.practice.results.fund import Fund, FundExposures, FundReport
from numeri_cli.practice.results.fund_choice import FundPeriod, RivalChoice
from numeri_cli.practice.results.portfolio import BookExposure, FundFigures, FundTerms
from numeri_cli.scoring.ranks import FloatArray
from tests.support.browser import Browser, grave, with_axe, with_its_width

BOOK = BookExposure(market=0.1, country=0.2, sector=0.3, style=0.4)


def fund_of(role: str, net: list[float], *, sharpe: float) -> Fund:
    figures = FundFigures(
        return_a_year=0.1,
        volatility_a_year=0.05,
        sharpe=sharpe,
        sharpe_error=1.4,
        drawdown=0.02,
        before_a_year=0.13,
        cost_a_year=0.01,
        fee_a_year=0.02,
        turnover_a_year=12.3,
        gross=1.5,
        market_correlation=-0.04,
    )
    exposures = FundExposures(before=BOOK, after=BOOK, drifted=BOOK)
    return Fund(role=role, name=role, figures=figures, exposures=exposures, net=np.array(net))


def compounded(daily: FloatArray) -> FloatArray:
    return np.asarray(np.cumprod(1 + daily) - 1, dtype=np.float64)


@pytest.fixture
def report() -> FundReport:
    """Two funds over seven days; the second has a name that wants escaping."""
    return FundReport(
        period=FundPeriod(first_era=301, last_era=302, live_weeks=2, live_rounds=14),
        terms=FundTerms(),
        choice=RivalChoice(
            name="tin_whistle_4",
            technique="trees",
            target="target_ender_20",
            corr_mean=0.0123,
            first_era=250,
            last_era=290,
        ),
        older=3,
        days=7,
        opened=(date(2026, 1, 3), date(2026, 1, 10)),
        funds=(
            fund_of("meta model", [0.0, 0.1, 0.21, 0.1, 0.1, 0.1, 0.331], sharpe=1.0),
            fund_of("<b>", [0.0, -0.1, -0.1, 0.0, 0.02, 0.02, 0.05], sharpe=0.5),
        ),
    )


def test_lines_run_over_the_days_and_tables_over_the_weeks(report: FundReport) -> None:
    chart = cumulative_net(report)
    assert list(chart.figure.data[0].x) == pytest.approx([301 + day / 5 for day in range(7)])
    assert list(chart.figure.data[0].y) == pytest.approx(report.funds[0].net)
    assert chart.table.headers == ("era", "meta model", "<b>")
    rows = [
        tuple(cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row) for row in chart.table.rows
    ]
    assert rows == [("301", "10.00 %", "2.00 %"), ("302", "33.10 %", "5.00 %")]
    words = chart.words.replace("\N{NO-BREAK SPACE}", " ")
    assert "meta model ends at 33.10 %, between 0.00 % and 33.10 %" in words


def test_a_fall_is_measured_from_the_highest_value(report: FundReport) -> None:
    chart = falls(report)
    assert min(chart.figure.data[0].y) == pytest.approx(1.1 / 1.21 - 1)
    assert min(chart.figure.data[1].y) == pytest.approx(-0.1)
    assert chart.figure.data[0].y[-1] == 0


def test_each_of_ones_own_models_is_a_column_by_its_name_with_dates_beside_eras(
    report: FundReport, tmp_path: Path
) -> None:
    own = tuple(
        replace(report.funds[0], role="own", name=name) for name in ("lighthouse", "beacon")
    )
    dates = (date(2026, 1, 3), date(2026, 1, 10))
    more = replace(report, funds=(*report.funds, *own), dates=dates)
    assert more.titles == ("meta model", "<b>", "lighthouse", "beacon")
    assert replace(report, funds=(*report.funds, own[0])).titles[-1] == "own"
    chart = cumulative_net(more)
    assert chart.table.headers == ("era", "date", "meta model", "<b>", "lighthouse", "beacon")
    assert [row[:2] for row in chart.table.rows] == [("301", "2026-01-03"), ("302", "2026-01-10")]
    assert list(chart.figure.layout.xaxis.ticktext) == ["301\n03 Jan 2026", "302\n10 Jan 2026"]
    html = write_fund_page(more, tmp_path / "fund.html").read_text()
    assert '<th scope="col">lighthouse</th><th scope="col">beacon</th>' in html
    assert "± of the Sharpe: its standard error, were days independent" in html
    assert "data:text/csv;charset=utf-8,era,day,meta%20model" in html


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_of_the_page_lies_beyond_its_edge(
    report: FundReport, tmp_path: Path, browser: Browser, width: int
) -> None:
    page = write_fund_page(report, tmp_path / "fund.html")
    seen = browser.look(with_its_width(with_axe(page), width), width=1500)
    assert grave(seen.dom) == []
    assert f'data-width="{width}"' in seen.dom
    assert f'data-scroll="{width}"' in seen.dom


def test_both_charts_are_drawn_without_a_word_from_the_browser(
    report: FundReport, tmp_path: Path, browser: Browser
) -> None:
    seen = browser.look(write_fund_page(report, tmp_path / "fund.html"))
    assert 'data-drawn="2"' in seen.dom
    assert seen.dom.count('class="main-svg"') >= 2
    assert "&lt;b&gt;" in seen.dom
    assert seen.console == ()
    assert seen.requests == ()


def test_the_page_has_the_figures_of_each_fund_with_the_best_marked(
    report: FundReport, tmp_path: Path
) -> None:
    html = write_fund_page(report, tmp_path / "fund.html").read_text()
    assert "over live rounds, eras 301–302: 2 weeks, 7 days" in html
    assert "2026-01-03 to 2026-01-10" in html
    assert '<th scope="row">Sharpe</th><td>1.00 ± 1.40</td><td>0.50 ± 1.40</td>' in html
    assert "marked, *" not in html
    steady = np.random.default_rng(1).normal(0.0002, 0.004, 260)
    ahead = steady + np.random.default_rng(2).normal(0.001, 0.001, 260)
    longer = replace(
        report,
        days=260,
        funds=(
            replace(report.funds[0], net=compounded(ahead)),
            replace(report.funds[1], net=compounded(steady)),
        ),
    )
    html = write_fund_page(longer, tmp_path / "longer.html").read_text()
    assert "marked, *: better than every other" in html
    best = '<td class="best">1.00 ± 1.40<span class="unseen"> (best)</span></td>'
    assert f'<th scope="row">Sharpe</th>{best}<td>0.50 ± 1.40</td>' in html
    assert '<th scope="row">trading costs</th><td>−1.0 %</td><td>−1.0 %</td>' in html
