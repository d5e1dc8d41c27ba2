from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

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
from numeri_cli.output.html.tables import (
    coverage_rows,
    difference_rows,
    score_rows,
)
from numeri_cli.scoring.era import Era
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


def test_the_best_of_each_score_is_marked_and_of_one_alone_nothing(
    one: Validation, two: Validation
) -> None:
    assert score_rows(one).best == frozenset()
    table = score_rows(two)
    mean = 1 + table.headers[1:].index("mean")
    means = [card.summary("corr").mean for card in two.cards]
    assert (int(np.argmax(means)), mean) in table.best
    place = next(i for i, row in enumerate(table.rows) if row[0].startswith("CWMM"))
    likeness = [card.summary("cwmm").mean for card in two.cards]
    assert (place + int(np.argmin(likeness)), mean) in table.best


def test_the_table_shows_the_figures_of_the_card(one: Validation) -> None:
    summary = one.cards[0].summary("corr")
    row = score_rows(one).rows[0]
    expected = (summary.mean, summary.std, summary.sharpe)
    assert row[:4] == ("CORR", *(number(v, p) for v, p in zip(expected, (4, 4, 2), strict=True)))
    assert len(score_rows(one).rows) == len(SCORES) + len(("payout", "churn"))
    assert coverage_rows(one.cards).rows == (("lighthouse", "16,800", "16,800", "100.0 %", "40"),)


def test_the_table_ends_with_the_payout_per_era_and_the_churn_of_a_week(
    two: Validation,
) -> None:
    table = score_rows(two)
    first, second, churn = table.rows[-3:]
    card, rule = two.cards[0], two.payout
    assert rule is not None
    paid = np.clip(3 * card.score("corr") + 15 * card.score("mmc"), -1, 1)[5:]
    assert first[0] == "Payout · lighthouse"
    assert second[0].startswith("Payout")
    assert first[1:4] == (
        number(paid.mean()),
        number(paid.std()),
        number(paid.mean() / paid.std(), 2),
    )
    assert first[-1] == "35"
    assert churn[:2] == ("Churn · lighthouse", "0.2100")  # nobody knows the other one's
    assert not any(churn[2:])


def test_a_difference_says_whether_it_tells_two_apart(two: Validation) -> None:
    row = difference_rows(two.differences()).rows[0]
    test = two.differences()[0].test
    assert row[1:4] == (
        number(test.mean_difference, 5),
        number(test.standard_error, 5),
        number(test.t, 2),
    )
    assert row[4] == ("yes" if abs(test.t) > 1.96 else "no")


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
