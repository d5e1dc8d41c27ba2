"""The round's own words about money → a formula over our scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from numeri_cli.commands.validate.churn import weekly_churn
from numeri_cli.commands.validate.payout import (
    payout_rule,
    pays_on,
    rounds_held,
)
from numeri_cli.dataset.prediction_files import IdColumn
from numeri_cli.records import Round, ScoreConfig

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)


def score(
    name: str, multiplier: float | None, *, days: int | None = 60, paid: bool = True, **more: object
) -> ScoreConfig:
    shown = str(more.get("shown", name))
    clip = more.get("clip", 1.0)
    assert clip is None or isinstance(clip, float)
    return ScoreConfig(
        name=name, display_name=shown, is_payout=paid, multiplier=multiplier, clip_threshold=clip,
        total_score_days=days, returns_lag_days=2,
    )  # fmt: skip


def round_of(
    *configs: ScoreConfig, target: str | None = None, factor: Decimal | None = None
) -> Round:
    return Round(
        id="r", number=1374, tournament=8, open_time=NOON, deadline=NOON, close_time=None,
        resolve_time=None, data_datestamp=None, target=target, payout_factor=factor,
        stake_threshold=None, score_configs=configs,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("configs", "factor", "formula"),
    [
        (
            [score("canon_corr60", 3.0), score("canon_mmc60", 15.0), score("bmc", 1.0, paid=False)],
            None,
            "3·CORR + 15·MMC, clipped at ±1",
        ),
        (
            [score("v2_corr20", 0.75, clip=0.05), score("mmc", 2.25, clip=0.05)],
            Decimal("0.35"),
            "0.35·(0.75·CORR + 2.25·MMC), clipped at ±0.05",
        ),
        ([score("corr", 3.0, shown="CORR60"), score("bmc", 0.0)], None, "3·CORR, clipped at ±1"),
    ],
)
def test_a_rounds_configurations_become_its_formula(
    configs: list[ScoreConfig], factor: Decimal | None, formula: str
) -> None:
    rule = payout_rule(round_of(*configs, factor=factor))
    assert rule is not None
    assert rule.formula == formula


@pytest.mark.parametrize(
    "configs",
    [
        [],
        [score("corr60", 3.0), score("bmc", 2.0)],  # the benchmark set behind it is not published
        [score("corr_w_meta_model", -1.0)],
        [score("corr60", None)],
        [score("corr60", 3.0, clip=None)],
        [score("corr60", 3.0), score("mmc60", 15.0, clip=0.05)],
    ],
)
def test_a_formula_that_cannot_be_worked_out_here_is_none(configs: list[ScoreConfig]) -> None:
    assert payout_rule(round_of(*configs)) is None


def test_a_round_pays_on_its_target_and_horizon_alone() -> None:
    corr = score("corr60", 3.0)
    assert pays_on(round_of(corr), "target_ender_60")
    assert not pays_on(round_of(corr), "target_ender_20")
    assert pays_on(round_of(corr, target="ender_60"), "target_ender_60")
    assert not pays_on(round_of(corr, target="target_ender_60"), "target_jasper_60")
    assert pays_on(round_of(score("corr60", 3.0, days=None)), "target_ender_20")


def recorded(name: str, version: str, shown: str, days: int, multiplier: float) -> ScoreConfig:
    return ScoreConfig(
        name=name, version=version, display_name=shown, is_payout=multiplier != 0,
        multiplier=multiplier, clip_threshold=1.0 if multiplier else None,
        payout_factor=Decimal(1) if multiplier else None, total_score_days=days,
        returns_lag_days=2,
    )  # fmt: skip


def real_configs(paid: dict[str, float]) -> list[ScoreConfig]:
    """The list of a real round, with what it multiplies by display name; the rest is unpaid."""
    pairs = (
        ("correlation", "6", "v2_corr20", 20), ("meta_model_contribution", "5", "mmc", 20),
        ("correlation", "3", "corr60", 60), ("meta_model_contribution", "3", "mmc60", 60),
    )  # fmt: skip
    return [
        recorded(name, version, shown, days, paid.get(shown, 0.0))
        for name, version, shown, days in pairs
    ]


@pytest.mark.parametrize(
    ("paid", "formula", "target"),
    [
        (
            {"v2_corr20": 0.75, "mmc": 2.25},  # as recorded of round 1335
            "0.75·CORR + 2.25·MMC, clipped at ±1",
            "target_ender_20",
        ),
        (
            {"corr60": 3.0, "mmc60": 15.0},  # from round 1343 on
            "3·CORR + 15·MMC, clipped at ±1",
            "target_ender_60",
        ),
    ],
)
@pytest.mark.parametrize("word", [None, "main", "60d", "corr60"])
def test_the_real_names_make_the_formula_and_the_days_say_on_which_target_it_pays(
    paid: dict[str, float], formula: str, target: str, word: str | None
) -> None:
    round_ = round_of(*real_configs(paid), target=word, factor=Decimal(1))
    rule = payout_rule(round_)
    assert rule is not None
    assert rule.formula == formula
    assert pays_on(round_, target)
    other = {"target_ender_20": "target_ender_60", "target_ender_60": "target_ender_20"}[target]
    assert not pays_on(round_, other)


@pytest.mark.parametrize(
    ("name", "version", "shown"),
    [
        ("neutral_correlation", "1", "neutral_corr"),
        ("correlation", "99", "v9_corr"),
        ("alpha", "1", "alpha"),
        ("meta_portfolio_contribution", "1", "mpc"),
        ("correlation_with_meta_model", "1", "corr_w_meta_model"),
        ("neutral_correlation", "3", "corr60"),
    ],
)
def test_a_score_with_another_name_or_version_is_not_ours(
    name: str, version: str, shown: str
) -> None:
    ours = payout_rule(round_of(recorded("correlation", "3", "corr60", 60, 3.0)))
    assert ours is not None
    assert payout_rule(round_of(recorded(name, version, shown, 60, 3.0))) is None


def test_a_score_has_its_own_factor_else_that_of_the_round() -> None:
    corr, mmc = recorded("correlation", "3", "corr60", 60, 3.0), score("mmc60", 15.0)
    both = payout_rule(round_of(corr, mmc, factor=Decimal(1)))
    assert both is not None
    assert both.formula == "3·CORR + 15·MMC, clipped at ±1"
    apart = payout_rule(round_of(corr, mmc, factor=Decimal("0.5")))
    assert apart is not None
    assert apart.formula == "3·CORR + 7.5·MMC, clipped at ±1"


def column(ids: list[str], values: list[float]) -> IdColumn:
    return IdColumn("model", pa.array(ids), np.array(values))


def test_weekly_churn_joins_by_id_and_is_nothing_without_enough_of_them() -> None:
    ids = [f"n{number}" for number in range(10)]
    values = [float(number) for number in range(10)]
    earlier = column(ids, values)
    assert weekly_churn(earlier, column(ids[::-1], values[::-1])) == pytest.approx(0)
    assert weekly_churn(earlier, column(ids, values[::-1])) == pytest.approx(2)
    swapped = [1.0, 0.0, *values[2:]]
    assert weekly_churn(earlier, column(ids, swapped)) == pytest.approx(6 * 2 / (10 * 99))
    assert weekly_churn(earlier, column(ids[:8], values[:8])) == pytest.approx(0)
    assert np.isnan(weekly_churn(earlier, column(ids[:7], values[:7])))


def test_a_stake_is_divided_among_the_rounds_of_its_life() -> None:
    sixty = round_of(score("corr60", 3.0), score("mmc60", 15.0))
    assert rounds_held(sixty, 1) == 13
    assert rounds_held(sixty, 5) == 64  # business days, each with a round
    assert rounds_held(sixty, None) is None
    assert rounds_held(round_of(score("v2_corr20", 0.75, days=20, clip=0.05)), 5) is None
    rule = payout_rule(sixty)
    assert rule is not None
    weekly = replace(rule, rounds_held=13, rounds_a_week=1)
    daily = replace(rule, rounds_held=64, rounds_a_week=5)
    assert weekly.share_words == "each round takes a thirteenth of the stake"
    assert daily.share_words == (
        "each round takes 1/64 of the stake, those of a week together about a thirteenth"
    )
    assert weekly.turns_a_year == pytest.approx(4.01, abs=0.01)
    assert daily.turns_a_year == pytest.approx(4.08, abs=0.01)
    assert (rule.share_words, rule.turns_a_year) == ("", None)
