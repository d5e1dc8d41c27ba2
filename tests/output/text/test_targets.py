"""Targets are told by model, never by one caption for several."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, RenderableType

from numeri_cli.commands.models.models import LocalArtifact, LocalArtifacts
from numeri_cli.commands.run.outcomes import ModelOutcome, RunResult, ValidationFigures
from numeri_cli.commands.train import TrainedModelRow, TrainedModels
from numeri_cli.output.text.models import local_artifacts
from numeri_cli.output.text.run import run_result
from numeri_cli.output.text.train import trained_models


def shown(made: RenderableType) -> str:
    text = io.StringIO()
    Console(file=text, width=80).print(made)
    return text.getvalue()


def ran(*targets: str) -> str:
    now = datetime(2026, 1, 3, tzinfo=UTC)
    models = tuple(
        ModelOutcome(
            model=f"model_{at}", state="accepted", round_number=301,
            validation=ValidationFigures(target, 32, 0.02, 1.0, 0.1, 0),
        )
        for at, target in enumerate(targets)
    )  # fmt: skip
    return shown(run_result(RunResult("practice", 301, now, models)))


def test_a_run_says_that_figures_on_different_targets_are_not_to_be_compared() -> None:
    words = "Figures on different targets are not to be compared"
    assert words in ran("target_ender_60", "target_cyrus_20")
    assert words not in ran("target_ender_60", "target_ender_60")


def test_each_model_is_said_to_be_scored_on_its_own_first_target() -> None:
    words = "those of a model are on the first of its `targets`"
    assert words in " ".join(ran("target_ender_60", "target_cyrus_20").split())


def test_figures_have_no_column_where_no_model_was_scored_and_a_reason_where_one_was_not() -> None:
    now = datetime(2026, 1, 3, tzinfo=UTC)
    known = ModelOutcome(model="a", state="already accepted", round_number=301)
    figures = ValidationFigures("target_ender_60", 32, 0.02, 1.0, 0.1, 0)
    scored = ModelOutcome(model="b", state="accepted", round_number=301, validation=figures)
    alone = shown(run_result(RunResult("practice", 301, now, (known,))))
    assert "CORR" not in alone
    assert "–" not in alone.replace("─", "")
    both = shown(run_result(RunResult("practice", 301, now, (known, scored))))
    [line] = [one for one in both.splitlines() if one.startswith("a ")]
    assert line.split()[-3:] == ["–", "–", "–"]
    assert "–: what was in the round already is not scored again" in both


def trained(model: str, *targets: str) -> TrainedModelRow:
    return TrainedModelRow(
        model=model, artifact="20260103-1", features=100, targets=targets, seeds=(1,), eras=240,
        rows=480_000, dropped_rows=0, trees=200, seconds=20.2, folder=Path("artifact"),
    )  # fmt: skip


def test_what_was_trained_says_for_which_targets_model_by_model() -> None:
    rows = (trained("a", "target_ender_20", "target_ender_60"), trained("b", "target_cyrus_60"))
    text = shown(trained_models(TrainedModels(rows)))
    assert "a is trained for target_ender_20 and target_ender_60\n" in text
    assert "b is trained for target_cyrus_60\n" in text


def test_what_is_here_says_what_it_predicts_model_by_model() -> None:
    rows = tuple(
        LocalArtifact(
            model="a", artifact=f"2026010{day}-1", newest=day == 2, features=100, targets=(target,),
            eras=240, trained_at="2026-01-03T00:00:00Z", folder=Path("artifact"),
        )
        for day, target in ((2, "target_ender_60"), (1, "target_ender_20"))
    )  # fmt: skip
    text = shown(local_artifacts(LocalArtifacts("practice", rows)))
    assert "a predicts target_ender_60\n" in text
    assert "a has predicted target_ender_20\n" in text
