"""Scores of many models are a line each; of few a table each."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

from rich.console import Console

from numeri_cli.commands.score_means import MeanScore
from numeri_cli.commands.score_rows import RoundScore, place_of
from numeri_cli.commands.scores import ModelScores, ScoreReport
from numeri_cli.output.text.scores import TABLES_SHOWN, score_report


def report_of(models: int) -> ScoreReport:
    def model(at: int) -> ModelScores:
        name = f"model_{at}"
        rows = tuple(
            RoundScore(
                round_number,
                name,
                score,
                version,
                None,
                7,
                days,
                0.01,
                0.5,
                date(2026, 1, 1),
                False,
            )
            for round_number in (70, 71)
            for score, version, days in (("corr60", "3", 60), ("v2_corr20", "6", 20))
        )
        means = (
            MeanScore("corr60", "3", "correlation", 60, 9, 0.02, None, 12),
            MeanScore("v2_corr20", "6", "correlation", 20, 9, -0.03, None, 4),
        )
        return ModelScores(name, str(at), rows, (), means)

    now = datetime(2026, 5, 23, tzinfo=UTC)
    return ScoreReport("practice", "me", now, False, tuple(model(at) for at in range(models)))


def text_of(report: ScoreReport) -> str:
    console = Console(file=io.StringIO(), width=60)
    console.print(score_report(report), soft_wrap=True)
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_many_models_are_a_line_each_with_20_and_60_days_apart() -> None:
    shown = text_of(report_of(TABLES_SHOWN + 1))
    [line] = [line for line in shown.splitlines() if line.startswith("model_3")]
    assert line.split() == ["model_3", "2", "+0.0200", "–", "−0.0300", "–"]
    assert "7 of 60" not in shown


def test_few_models_have_a_table_each() -> None:
    shown = text_of(report_of(TABLES_SHOWN))
    assert shown.count("7 of 60") == 2 * TABLES_SHOWN


def test_means_stand_in_the_order_of_their_columns() -> None:
    report = report_of(1)
    model = replace(report.models[0], means=report.models[0].means[::-1])
    lines = text_of(replace(report, models=(model,))).splitlines()
    shown = [line.split()[0] for line in lines if line.startswith(("corr60", "v2_corr20"))]
    assert shown == ["corr60", "v2_corr20"]


def test_corr_and_mmc_stand_before_scores_that_no_table_shows() -> None:
    kinds = [("apcwnm", "1"), ("corr60", "3"), ("fnc_v3", "2"), ("mmc", "5"), ("mmc60", "3")]
    ordered = [name for name, _ in sorted(kinds, key=place_of)]
    assert ordered == ["corr60", "mmc60", "mmc", "apcwnm", "fnc_v3"]
