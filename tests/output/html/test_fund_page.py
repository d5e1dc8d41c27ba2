"""The page of the funds: its numbers, and that it is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from numeri_cli.output.html.page import Table
from numeri_cli.output.html.practice_fund import (
    FundContent,
    FundLine,
    cumulative_net,
    falls,
    write_fund_page,
)
from tests.support.browser import Browser


@pytest.fixture
def content() -> FundContent:
    """Two funds over seven days; the second has a name that wants escaping."""
    return FundContent(
        title="The fund",
        facts=(("weeks", "over live rounds"),),
        figures=Table(("figure", "meta model", "<b>"), (("Sharpe", "1.00", "0.50"),)),
        notes=("net of costs",),
        first_era=301,
        lines=(
            FundLine("meta model", np.array([0.0, 0.1, 0.21, 0.1, 0.1, 0.1, 0.331])),
            FundLine("<b>", np.array([0.0, -0.1, -0.1, 0.0, 0.02, 0.02, 0.05])),
        ),
    )


def test_lines_run_over_the_days_and_tables_over_the_weeks(content: FundContent) -> None:
    chart = cumulative_net(content)
    assert list(chart.figure.data[0].x) == pytest.approx([301 + day / 5 for day in range(7)])
    assert list(chart.figure.data[0].y) == pytest.approx(content.lines[0].net)
    assert chart.table.headers == ("era", "meta model", "<b>")
    rows = [
        tuple(cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row) for row in chart.table.rows
    ]
    assert rows == [("301", "10.00 %", "2.00 %"), ("302", "33.10 %", "5.00 %")]
    words = chart.words.replace("\N{NO-BREAK SPACE}", " ")
    assert "meta model ends at 33.10 %, between 0.00 % and 33.10 %" in words


def test_a_fall_is_measured_from_the_highest_value(content: FundContent) -> None:
    chart = falls(content)
    assert min(chart.figure.data[0].y) == pytest.approx(1.1 / 1.21 - 1)
    assert min(chart.figure.data[1].y) == pytest.approx(-0.1)
    assert chart.figure.data[0].y[-1] == 0


def test_both_charts_are_drawn_without_a_word_from_the_browser(
    content: FundContent, tmp_path: Path, browser: Browser
) -> None:
    seen = browser.look(write_fund_page(content, tmp_path / "fund.html"))
    assert 'data-drawn="2"' in seen.dom
    assert seen.dom.count('class="main-svg"') >= 2
    assert "&lt;b&gt;" in seen.dom
    assert seen.console == ()
    assert seen.requests == ()
