from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.output.formats import number
from numeri_cli.output.html.charts import (
    all_charts,
    cumulative,
    distribution,
    rolling_sharpe,
)
from numeri_cli.output.html.feature_charts import (
    exposed_features,
    neutralization_curve,
)
from numeri_cli.output.html.page import Table
from numeri_cli.output.html.tables import (
    coverage_rows,
    difference_rows,
    figure_rows,
    score_rows,
)
from numeri_cli.scoring.era import Era
from numeri_cli.scoring.paired_test import noise_limit
from numeri_cli.scoring.score_table import SCORES, score_named
from numeri_cli.scoring.scorecard import collect, score_era
from numeri_cli.scoring.summary import summarize


def test_every_chart_has_an_id_of_its_own_words_and_a_table(two: Validation) -> None:
    charts = list(all_charts(two.cards, two.benchmark))
    assert [chart.id for chart in charts] == [
        "cumulative-corr",
        "cumulative-mmc",
        "cumulative-bmc",
        "per-era",
        "rolling-sharpe",
        "distribution",
        "correlations",
        "exposures-lighthouse",
        "exposures--b-beacon--b----co",
        "neutralization",
    ]
    for chart in charts:
        assert len(chart.words) > 20
        assert chart.table.rows
        assert {len(row) for row in chart.table.rows} == {len(chart.table.headers)}


def test_the_cumulative_line_is_the_running_sum_and_its_shade_the_drawdown(
    one: Validation,
) -> None:
    card = one.cards[0]
    chart = cumulative(one.cards, score_named("mmc"))
    high, total = chart.figure.data
    values = card.score("mmc")[5:]
    assert list(total.x) == list(card.eras[5:])
    np.testing.assert_allclose(total.y, np.cumsum(values))
    assert max(high.y - total.y) == pytest.approx(card.summary("mmc").drawdown)
    assert number(card.summary("mmc").drawdown, 3) in chart.words


def test_the_eras_stand_in_order_of_time_whichever_score_starts_first(two: Validation) -> None:
    for chart in all_charts(two.cards, two.benchmark):
        axis = chart.figure.layout.xaxis
        if axis.type == "category":
            assert list(axis.categoryarray) == list(two.cards[0].eras)


def test_the_distribution_counts_every_era_once(two: Validation) -> None:
    for bars in distribution(two.cards).figure.data:
        assert sum(bars.y) == 40


def test_the_rolling_sharpe_is_that_of_its_window(one: Validation) -> None:
    chart = rolling_sharpe(one.cards)
    line = chart.figure.data[0]
    corr = one.cards[0].score("corr")
    window = 40 - len(line.x) + 1
    assert window == 13
    assert line.y[-1] == pytest.approx(summarize(corr[-window:]).sharpe)
    assert line.x[-1] == one.cards[0].eras[-1]


def test_exposures_are_the_largest_first_and_smaller_after_neutralization(
    one: Validation,
) -> None:
    card = one.cards[0]
    before, after = exposed_features(card).figure.data
    assert len(before.y) == len(set(before.y)) == 25
    assert list(before.x) == sorted(before.x, reverse=True)
    assert before.x[0] == pytest.approx(np.abs(card.exposures).mean(axis=0).max())
    assert sum(after.x) < 0.7 * sum(before.x)


def test_the_neutralization_curve_starts_at_the_scores_own_sharpe(one: Validation) -> None:
    sharpe, drawdown = neutralization_curve(one.cards).figure.data
    assert sharpe.y[0] == pytest.approx(one.cards[0].summary("corr").sharpe)
    assert sharpe.y[-1] == pytest.approx(one.cards[0].summary("fnc").sharpe)
    assert drawdown.y[0] == pytest.approx(one.cards[0].summary("corr").drawdown)


def shown(validation: Validation) -> Table:
    """The page's table of scores."""
    return score_rows(summary_of(validation, report=Path("report.html")))


def row_of(table: Table, label: str) -> int:
    return [row[0] for row in table.rows].index(label)


def test_the_best_is_marked_where_it_is_so_by_more_than_noise_and_of_one_alone_nothing(
    one: Validation, two: Validation
) -> None:
    assert shown(one).best == frozenset()
    table = shown(two)
    assert table.headers == ("figure", *(card.name for card in two.cards))
    marked = {table.rows[row][0] for row, _ in table.best}
    tests = {pair.score.label: pair.test for pair in two.differences()}
    assert ("CORR mean" in marked) == tests["CORR"].beyond_noise
    assert not {"CORR std", "CORR drawdown", "churn in a week"} & marked
    first, second = two.cards
    better = replace(second, scores=first.scores + np.array([[0.01], *[[0.0]] * (len(SCORES) - 1)]))
    table = shown(replace(two, cards=(first, better)))
    assert (row_of(table, "CORR mean"), 2) in table.best


def test_the_table_shows_the_figures_of_the_card(one: Validation) -> None:
    summary = one.cards[0].summary("corr")
    table = shown(one)
    for label, value, places in (
        ("CORR mean", summary.mean, 4),
        ("CORR std", summary.std, 4),
        ("CORR Sharpe", summary.sharpe, 2),
    ):
        assert table.rows[row_of(table, label)] == (label, number(value, places))
    labels = {row[0] for row in table.rows}
    assert {f"{score.label} mean" for score in SCORES} <= labels
    every = {row[0] for row in figure_rows(one).rows}
    assert {"FNC smart Sharpe", "payout drawdown", "CWMM eras"} <= every
    assert "CWMM Sharpe" not in every
    assert coverage_rows(one.cards).rows == (("lighthouse", "16,800", "16,800", "100.0 %", "40"),)


def test_the_table_has_the_payout_per_era_and_the_churn_of_a_week(two: Validation) -> None:
    table = shown(two)
    card, rule = two.cards[0], two.payout
    assert rule is not None
    paid = np.clip(3 * card.score("corr") + 15 * card.score("mmc"), -1, 1)[5:]
    assert table.rows[row_of(table, "payout mean")][1] == number(paid.mean())
    assert table.rows[row_of(table, "payout eras above 0")][1] == number((paid > 0).mean(), 2)
    # nobody knows the other one's
    assert table.rows[row_of(table, "churn in a week")] == ("churn in a week", "0.2100", "–")


def test_a_difference_says_whether_it_tells_two_apart(two: Validation) -> None:
    row = difference_rows(two.differences()).rows[0]
    test = two.differences()[0].test
    assert row[1:4] == (
        number(test.mean_difference, 5),
        number(test.standard_error, 5),
        number(test.t, 2),
    )
    assert row[4] == number(noise_limit(40, 4), 2)
    assert row[5] == ("yes" if abs(test.t) > noise_limit(40, 4) else "no")


def test_a_single_era_without_anything_else_can_be_drawn() -> None:
    era = Era(
        name="1200",
        predictions=np.random.default_rng(0).random((50, 1)),
        target=np.tile([0, 1.0], 25),
    )
    cards = collect([score_era(era)], names=["a"])
    assert [chart.id for chart in all_charts(cards, None)] == [
        "cumulative-corr",
        "per-era",
        "distribution",
    ]


def test_an_era_with_no_score_at_all_can_be_drawn() -> None:
    era = Era(name="1200", predictions=np.full((50, 1), 0.5), target=np.tile([0, 1.0], 25))
    cards = collect([score_era(era)], names=["a"])
    for chart in all_charts(cards, None):
        assert json.loads(chart.figure.to_json())


def test_the_benchmark_is_a_dashed_line_in_every_chart_and_stands_in_its_table(
    two: Validation,
) -> None:
    card = replace(two.cards[0], name="v53_lgbm")
    plain = {chart.id: chart for chart in all_charts(two.cards, two.benchmark)}
    for chart in all_charts(two.cards, two.benchmark, card):
        lines = [trace for trace in chart.figure.data if trace.name == "v53_lgbm"]
        assert {trace.line.dash for trace in lines} == {"dash"}, chart.id
        assert len(chart.figure.data) == len(plain[chart.id].figure.data) + len(lines)
        cells = {cell for row in (*chart.table.rows, chart.table.headers) for cell in row}
        assert "v53_lgbm" in cells, chart.id
        assert {len(row) for row in chart.table.rows} == {len(chart.table.headers)}
        line = lines[0]
        if chart.id == "cumulative-corr":
            np.testing.assert_allclose(line.y, np.cumsum(card.score("corr")))
        elif chart.id == "cumulative-bmc":
            assert not np.any(line.y)
        elif chart.id == "per-era":
            np.testing.assert_allclose(line.y, card.score("corr"))
        elif chart.id == "rolling-sharpe":
            window = 40 - len(line.x) + 1
            assert line.y[-1] == pytest.approx(summarize(card.score("corr")[-window:]).sharpe)
        elif chart.id == "distribution":
            assert sum(line.y) == 40
            np.testing.assert_array_equal(line.y, chart.figure.data[0].y)
        elif chart.id == "exposures-lighthouse":
            np.testing.assert_allclose(line.x, chart.figure.data[0].x)
        elif chart.id == "neutralization":
            assert line.y[0] == pytest.approx(card.summary("corr").sharpe)
            assert lines[1].y[0] == pytest.approx(card.summary("corr").drawdown)
