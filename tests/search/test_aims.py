"""What a search aims at: each figure is that of the scores' own summary."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numeri_cli.errors import UsageProblem
from numeri_cli.scoring.score_table import score_named
from numeri_cli.scoring.summary import PayoutRule, summarize
from numeri_cli.search.aims import AIMS, aims_named

RNG = np.random.default_rng(5)
SCORES = {name: RNG.normal(0.02, 0.03, 40) for name in ("corr", "mmc", "bmc")}
RULE = PayoutRule(multipliers=((score_named("corr"), 0.75), (score_named("mmc"), 2.25)), clip=0.05)


def test_each_aim_is_the_mean_or_sharpe_or_payout_of_the_eras() -> None:
    for name in ("corr", "mmc", "bmc"):
        assert AIMS[name].figure(SCORES, RULE) == pytest.approx(SCORES[name].mean())
    assert AIMS["sharpe"].figure(SCORES, RULE) == pytest.approx(summarize(SCORES["corr"]).sharpe)
    paid = np.clip(0.75 * SCORES["corr"] + 2.25 * SCORES["mmc"], -0.05, 0.05)
    assert AIMS["payout"].figure(SCORES, RULE) == pytest.approx(paid.mean())


def test_eras_without_a_score_are_left_out_and_no_era_gives_no_figure() -> None:
    some = {**SCORES, "mmc": SCORES["mmc"].copy()}
    some["mmc"][:10] = np.nan
    assert AIMS["mmc"].figure(some, None) == pytest.approx(SCORES["mmc"][10:].mean())
    assert math.isnan(AIMS["mmc"].figure({**SCORES, "mmc": np.full(40, np.nan)}, None))
    assert math.isnan(AIMS["payout"].figure(SCORES, None))


def test_aims_are_named_once_and_a_wrong_name_gets_the_nearest() -> None:
    assert [aim.name for aim in aims_named(("mmc", "corr", "mmc"))] == ["mmc", "corr"]
    with pytest.raises(UsageProblem) as refused:
        aims_named(("sharp",))
    assert "'sharpe'" in refused.value.hint
