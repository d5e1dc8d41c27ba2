"""The predictions before they were neutralized, and the same predictions on further targets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from numeri_cli.commands.validate.other_targets import on_other_targets, other_targets
from numeri_cli.commands.validate.scores import score_sources
from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.commands.validate.validation import PredictionSource
from numeri_cli.output.html.charts import all_charts
from numeri_cli.output.html.feature_charts import Earlier, earlier_of, neutralization_curve
from numeri_cli.output.html.tables import target_rows
from numeri_cli.progress import SILENT
from tests.support.scored_data import FEATURES, TARGET, ScoredData, write_scored_data
from tests.support.validations import card_of, sample_validation


@pytest.fixture(scope="module")
def scored_data(tmp_path_factory: pytest.TempPathFactory) -> ScoredData:
    return write_scored_data(tmp_path_factory.mktemp("scored"))


def source_named(scored_data: ScoredData, name: str) -> PredictionSource:
    return PredictionSource.of_file(scored_data.predictions(name))


def test_what_a_model_said_before_it_was_neutralized_is_scored_beside_it(
    scored_data: ScoredData,
) -> None:
    plain, raw = source_named(scored_data, "a"), source_named(scored_data, "b")
    with_raw = replace(plain, raw=raw.predictions, neutralized=0.5)
    eras = ["0601-0603"]
    made = score_sources(
        [with_raw, raw], scored_data.data, target=TARGET, features=FEATURES, eras=eras
    )
    first, second = made.raw_cards
    assert first is not None
    assert second is None
    np.testing.assert_array_equal(first.curve, card_of(made, "b").curve)
    np.testing.assert_array_equal(first.score("corr"), card_of(made, "b").score("corr"))
    assert [card.name for card in made.cards] == ["a", "b"]
    assert made.benchmark_card is None
    found = earlier_of(made)
    assert found["a"].proportion == 0.5
    assert found["a"].card is first
    assert "b" not in found, "of a file nobody knows what was taken out of it"


def test_the_curve_begins_before_the_neutralization_and_the_models_own_is_marked() -> None:
    made = sample_validation("lighthouse", "beacon")
    raw = made.cards[1]
    chart = neutralization_curve(made.cards[:1], {"lighthouse": Earlier(proportion=0.5, card=raw)})
    sharpe, drawdown, marked, _ = chart.figure.data
    assert sharpe.y[0] == pytest.approx(raw.summary("corr").sharpe)
    assert drawdown.y[0] == pytest.approx(raw.summary("corr").drawdown)
    assert list(marked.x) == [0.5]
    assert marked.y[0] == pytest.approx(made.cards[0].summary("corr").sharpe)
    assert "without neutralization it is" in chart.words
    unknown = neutralization_curve(made.cards[:1])
    assert "without neutralization" not in unknown.words
    assert "as its file has it" in unknown.words


def test_all_charts_of_exposures_have_one_scale() -> None:
    made = sample_validation("lighthouse", "beacon")
    charts = [one for one in all_charts(made.cards, None) if one.id.startswith("exposures-")]
    assert len(charts) == 2
    first, second = (tuple(chart.figure.layout.xaxis.range) for chart in charts)
    assert first == second
    assert first[1] >= max(max(bars.x) for chart in charts for bars in chart.figure.data)


def test_the_same_predictions_are_scored_on_the_other_horizon_too(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    frame = pd.read_parquet(scored_data.data)
    frame["target_ender_60"] = frame[TARGET].where(frame["era"] < "0609")
    frame["target_cyrus_20"] = 1 - frame[TARGET]
    frame.to_parquet(tmp_path / "both.parquet")
    source = replace(source_named(scored_data, "a"), targets=("target_cyrus_20",))
    alone = score_sources([source], tmp_path / "both.parquet", target=TARGET)
    assert other_targets(alone) == ("target_ender_60", "target_cyrus_20")
    made = on_other_targets(alone, meta_model=None, eras=(), listener=SILENT)
    summary = summary_of(made, report=Path("report.html"))
    lines = {line.label: line.values for line in summary.lines}
    corr = made.cards[0].score("corr")
    assert lines["CORR mean on ender_60"][0] == pytest.approx(corr[:8].mean())
    assert lines["CORR mean on cyrus_20"][0] == pytest.approx(-lines["CORR mean"][0])
    assert [(one.target, one.eras) for one in summary.other_targets] == [
        ("target_ender_60", 8),
        ("target_cyrus_20", 10),
    ]
    table = target_rows(made)
    assert len(table.headers) == 1 + 3 * 3
    assert table.rows[0][0] == "a"
    assert "a was trained for target_cyrus_20" in summary.notes
    assert not target_rows(alone).rows
