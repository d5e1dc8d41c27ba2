"""The page of live scores and payouts: its numbers, and that it is drawn."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.commands.leaderboard import Board, BoardLine
from numeri_cli.commands.live_against_validated import LiveAgainstValidated
from numeri_cli.commands.payouts import PayoutRow, State
from numeri_cli.commands.score_means import MeanScore
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.commands.scores import ModelScores, ScorePage, ScoreReport
from numeri_cli.output.html.live_charts import (
    SIMULATED,
    cumulative_score,
    field_charts,
    power_sentence,
    verdicts,
)
from numeri_cli.output.html.scores import (
    paid_rounds,
    score_map,
    worst_weeks,
    write_score_page,
)
from numeri_cli.scoring.expectation import LiveJudgement
from tests.support.browser import Browser, grave, with_axe, with_its_width

FIRST = date(2026, 1, 1)
STUDIES = Path(__file__).parents[2] / "studies"


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


def judgement(*, power: float = 0.34, needed: int | None = 31, mean: float = 0.02) -> LiveJudgement:
    return LiveJudgement(
        verdict="lower", rounds=9, live_mean=-0.01, expected_mean=mean, low=0.001, high=0.03,
        power=power, rounds_needed=needed,
    )  # fmt: skip


def live_of(model: str, *, judged: LiveJudgement | None = None) -> LiveAgainstValidated:
    return LiveAgainstValidated(
        model=model, kind=("corr60", "3"), numbers=(61, 62, 63),
        values=np.array([0.01, -0.02, 0.04]), low=np.array([-0.1, -0.2, -0.3]),
        high=np.array([0.1, 0.2, 0.3]), judgement=judged, why="" if judged else "it is too soon",
    )  # fmt: skip


def field_of(models: int) -> Board:
    lines = tuple(
        BoardLine(at, f"m{at}", False, False, None, None, None, at / 1000, -0.01, None)
        for at in range(models)
    )
    return Board("practice", "models", datetime(2026, 5, 23, tzinfo=UTC), False, models, lines)


def page_of(report: ScoreReport, *live: LiveAgainstValidated) -> ScorePage:
    payouts = [payout_of(0, "1.5"), payout_of(1, "-2"), payout_of(20, "0.25", "pending")]
    return ScorePage(report=report, payouts=payouts, field=field_of(40), live=live)


def test_what_validation_led_one_to_expect_is_a_band_beside_the_running_sum(
    report: ScoreReport,
) -> None:
    chart = cumulative_score(report, ("corr60", "3"), live=[live_of("lighthouse")])
    low, high, own, other = chart.figure.data
    assert list(low.y) == [-0.1, -0.2, -0.3]
    assert (list(high.y), high.fill) == ([0.1, 0.2, 0.3], "tonexty")
    assert (own.name, other.name) == ("lighthouse", "<b>")
    assert "Shaded: where the sum lies in 95 % of cases" in chart.words
    assert chart.table.rows[1] == ("lighthouse", "62", "−0.0200", "−0.0100", "−0.2000", "0.2000")
    assert chart.table.rows[3][-2:] == ("–", "–")
    assert len(cumulative_score(report, ("v2_corr20", "6"), live=[live_of("<b>")]).figure.data) == 2


def test_a_sentence_says_whether_it_is_as_validated_and_what_the_test_can_tell(
    report: ScoreReport,
) -> None:
    worse, too_soon, other = verdicts(
        page_of(report, live_of("lighthouse", judged=judgement()), live_of("lighthouse"))
    )
    assert worse == (
        "lighthouse does worse than validated in corr60: its mean over 9 resolved rounds is"
        " −0.0100, and validation, with a mean of 0.0200, led one to expect 0.0010 to 0.0300. The"
        " test tells a halving, to 0.0100, with 34 % now, and with 80 % only after 31 rounds."
    )
    assert too_soon == "lighthouse is not judged in corr60: it is too soon."
    assert other == (
        "<b> was not validated on this machine, so nothing is expected of it:"
        " `numeri validate <b>`."
    )
    told = power_sentence(judgement(power=0.91))
    assert told == "The test tells a halving, to 0.0100, with 91 %."
    assert power_sentence(judgement(needed=None)).endswith("not with 80 % in ten years of rounds.")
    assert "cannot be halved" in power_sentence(judgement(mean=-0.001))


def test_below_the_sentences_stands_how_often_such_ones_were_right_in_the_study(
    report: ScoreReport, tmp_path: Path
) -> None:
    page = write_score_page(page_of(report), tmp_path / "scores.html", self_contained=False)
    assert SIMULATED in page.read_text(encoding="utf-8").partition('id="validated"')[2]
    worlds = json.loads((STUDIES / "as_validated.json").read_bytes())
    wrong = {one["world"]: 100 * one["called_changed_wrongly"]["share"] for one in worlds}
    assert f"not changed, {wrong['tails']:.0f} of 100 were called changed" in SIMULATED
    wandering = f"{wrong['restless']:.0f} to {wrong['drifting']:.0f} of 100 where volatility"
    assert wandering in SIMULATED
    told = sorted(100 * one["power_at_that_number"]["share"] for one in worlds)
    assert f"{told[0]:.0f} to {told[-1]:.0f} of 100 halvings" in SIMULATED


def test_the_fields_histogram_has_ones_own_marks_and_counts_everybody() -> None:
    [chart] = field_charts(field_of(40), names=["m30", "elsewhere"])  # MMC60 is all the same
    bars, mark = chart.figure.data
    assert sum(bars.y) == 40
    assert (mark.name, list(mark.x)) == ("m30", [0.03, 0.03])
    assert "m30, at 0.0300, stands above 75 %" in chart.words
    assert "40 models by the leaderboard's mean of a year, not by one round;" in chart.words
    assert not [*field_charts(field_of(9), names=["m3"])]


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_drawn_within_the_width_and_without_a_word_from_the_browser(
    report: ScoreReport, tmp_path: Path, browser: Browser, width: int, dark: bool
) -> None:
    page = write_score_page(
        page_of(report, live_of("lighthouse", judged=judgement())),
        tmp_path / "scores.html",
        self_contained=True,
    )
    seen = browser.look(with_its_width(with_axe(page), width), width=1400, dark=dark)
    assert 'data-drawn="7"' in seen.dom
    assert grave(seen.dom) == []
    assert f'data-width="{width}"' in seen.dom
    assert f'data-scroll="{width}"' in seen.dom  # as wide as the window: nothing to scroll to
    assert "<b>" not in page.read_text(encoding="utf-8").partition("<main>")[2]
    assert seen.console == ()
    assert seen.requests == ()


def test_a_page_that_is_too_wide_or_breaks_a_rule_is_found(
    tmp_path: Path, browser: Browser
) -> None:
    page = tmp_path / "wide.html"
    wide = '<html data-drawn="1"><meta name="viewport" content="width=device-width"><body>'
    page.write_text(f'{wide}<p style="width: 500px">wide</p><img src="a.png"></body>')
    seen = browser.look(with_its_width(with_axe(page), 390), width=1400)
    assert 'data-width="390"' in seen.dom
    assert 'data-scroll="390"' not in seen.dom
    assert 'image-alt: <img src="a.png">' in grave(seen.dom)
