"""The page of live scores and payouts: its numbers, and that it is drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from numeri_cli.commands.payouts import PayoutRow, State
from numeri_cli.commands.score_means import MeanScore
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.commands.scores import ModelScores, ScoreReport
from numeri_cli.output.html.scores import (
    cumulative_score,
    paid_rounds,
    score_map,
    worst_weeks,
    write_score_page,
)
from tests.support.browser import Browser

FIRST = date(2026, 1, 1)


def score_of(at: int, name: str, value: float, *, model: str, resolved: bool = True) -> RoundScore:
    version, days = {"corr60": ("3", 60), "v2_corr20": ("6", 20)}[name]
    return RoundScore(
        at, model, name, version, "correlation", days if resolved else 7, days, value, 0.5,
        FIRST, resolved,
    )  # fmt: skip


def model_of(name: str, *values: float) -> ModelScores:
    rows = tuple(score_of(61 + at, "corr60", value, model=name) for at, value in enumerate(values))
    short = tuple(
        score_of(61 + at, "v2_corr20", 9 * value, model=name) for at, value in enumerate(values)
    )
    mean = MeanScore("corr60", "3", "correlation", 60, len(values), 0.01, None, 12)
    going_on = (score_of(90, "corr60", 0.5, model=name, resolved=False),)
    return ModelScores(name, f"id-{name}", going_on, (*rows, *short), (mean,))


def payout_of(at: int, amount: str, state: State = "settled") -> PayoutRow:
    nmr, day = Decimal(amount), FIRST + timedelta(weeks=at)
    return PayoutRow(61 + at, "a", state, nmr, nmr, None, False, Decimal(1), day, None)


@pytest.fixture
def report() -> ScoreReport:
    """Two models; the second has a name that wants escaping."""
    models = (model_of("lighthouse", 0.01, -0.02, 0.04), model_of("<b>", 0.02))
    now = datetime(2026, 5, 23, 12, tzinfo=UTC)
    return ScoreReport("practice", "newcomer", now, False, models)


def test_a_running_sum_is_of_one_score_and_of_resolved_rounds(report: ScoreReport) -> None:
    chart = cumulative_score(report, ("corr60", "3"))
    assert list(chart.figure.data[0].x) == [61, 62, 63]
    assert list(chart.figure.data[0].y) == pytest.approx([0.01, -0.01, 0.03])
    assert "lighthouse stands at 0.030 after 3 rounds" in chart.words
    short = cumulative_score(report, ("v2_corr20", "6"))
    assert list(short.figure.data[0].y) == pytest.approx([0.09, -0.09, 0.27])


def test_a_map_has_a_cell_for_each_round_and_model_and_gaps_where_there_is_none(
    report: ScoreReport,
) -> None:
    chart = score_map(report, ("corr60", "3"))
    assert list(chart.figure.data[0].x) == ["lighthouse", "<b>"]
    assert list(chart.figure.data[0].y) == [61, 62, 63, 90]
    assert [list(row) for row in chart.figure.data[0].z] == [
        [0.01, 0.02],
        [-0.02, None],
        [0.04, None],
        [0.5, 0.5],
    ]


def test_the_worst_13_weeks_are_a_whole_window() -> None:
    rows = [payout_of(at, "-1" if 5 <= at < 10 else "0.5") for at in range(30)]
    found = worst_weeks(rows)
    assert found is not None
    assert found[1] == Decimal(-5) + Decimal("0.5") * 8
    assert worst_weeks(rows[:5]) is None
    assert "30 rounds brought 7.5 NMR in all; the worst 13 weeks, from " in paid_rounds(rows).words


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (390, True)])
def test_every_chart_is_drawn_without_a_word_from_the_browser(
    report: ScoreReport, tmp_path: Path, browser: Browser, width: int, dark: bool
) -> None:
    payouts = [payout_of(0, "1.5"), payout_of(1, "-2"), payout_of(20, "0.25", "pending")]
    page = write_score_page(report, payouts, tmp_path / "scores.html", self_contained=True)
    seen = browser.look(page, width=width, dark=dark)
    assert 'data-drawn="6"' in seen.dom
    assert "&lt;b&gt;" in seen.dom
    assert seen.console == ()
    assert seen.requests == ()
