"""From scores to money, by hand."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numeri_cli.practice.rounds.settlement import (
    OVERLAPPING_ROUNDS,
    meta_model,
    percentiles,
    percentiles_of_one,
    round_stake,
    scores_of,
)
from numeri_cli.practice.rounds.terms import ATOMIC, NMR_UNIT

STAKES = st.decimals(min_value=0, max_value=10**7, places=18)


@pytest.mark.parametrize(
    ("corr60", "mmc60", "expected"),
    [
        (0.01, 0.002, "0.6"),  # 10 × (0.03 + 0.03)
        (0.0, 0.0, "0"),
        (-0.01, -0.002, "-0.6"),
        (0.5, 0.1, "10"),  # clipped at +1
        (-0.5, 0.0, "-10"),  # clipped at −1
    ],
)
def test_a_round_pays_three_times_corr_and_fifteen_times_mmc(
    corr60: float, mmc60: float, expected: str
) -> None:
    amount = ATOMIC.payout(Decimal(10), {"corr60": corr60, "mmc60": mmc60, "mmc": 0.9})
    assert amount == Decimal(expected)


@given(stake=STAKES)
def test_all_rounds_at_risk_at_once_never_risk_more_than_the_stake(stake: Decimal) -> None:
    risked = round_stake(stake)
    assert 0 <= stake - risked * OVERLAPPING_ROUNDS < OVERLAPPING_ROUNDS * NMR_UNIT
    assert risked == risked.quantize(NMR_UNIT)


@given(stake=STAKES, corr60=st.floats(-1, 1), mmc60=st.floats(-1, 1))
def test_a_burn_is_never_larger_than_what_was_at_risk(
    stake: Decimal, corr60: float, mmc60: float
) -> None:
    amount = ATOMIC.payout(stake, {"corr60": corr60, "mmc60": mmc60})
    assert abs(amount) <= stake
    assert amount == amount.quantize(NMR_UNIT)


def test_percentiles_run_from_zero_to_one_with_ties_in_the_middle() -> None:
    assert percentiles(np.array([0.3, 0.1, 0.2])).tolist() == [1.0, 0.0, 0.5]
    assert percentiles(np.array([1.0, 1.0])).tolist() == [0.5, 0.5]
    assert percentiles(np.array([7.0])).tolist() == [0.5]


@pytest.mark.parametrize("count", [1, 2, 67])
def test_the_percentile_of_one_is_that_of_the_ranking_of_all(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 20, count).astype(float)
    values[count // 3] = np.nan
    of_all = percentiles(values)
    each = [float(percentiles_of_one(values, at)) for at in range(count)]
    assert np.array_equal(each, of_all, equal_nan=True)
    several = np.array([[values, values[::-1]]])
    found = percentiles_of_one(several, 0)
    assert np.array_equal(found, [[of_all[0], of_all[-1]]], equal_nan=True)


def test_a_stake_draws_the_meta_model_to_its_owner() -> None:
    random = np.random.default_rng(3)
    predictions = random.uniform(size=(400, 2))
    meta = meta_model(predictions, [Decimal(9), Decimal(1)])
    both = [np.corrcoef(meta, predictions[:, at])[0, 1] for at in range(2)]
    assert both[0] > 0.9 > both[1]


def test_without_stakes_everybody_counts_alike() -> None:
    random = np.random.default_rng(3)
    predictions = random.uniform(size=(400, 3))
    unstaked = meta_model(predictions, [Decimal(0)] * 3)
    np.testing.assert_allclose(unstaked, meta_model(predictions, [Decimal(5)] * 3))


def test_scores_equal_those_of_numerai_tools() -> None:
    import pandas as pd
    from numerai_tools.scoring import correlation_contribution, numerai_corr

    random = np.random.default_rng(5)
    target = np.repeat([0, 0.25, 0.5, 0.75, 1], [20, 80, 200, 80, 20]).astype(float)
    predictions = random.normal(size=(400, 2)) + target[:, None]
    meta = random.normal(size=400) + target
    found = scores_of(predictions, meta, target=target, horizon_days=60)
    rows = pd.Index([f"n{row:04}" for row in range(400)], name="id")
    frame = pd.DataFrame(predictions, columns=["a", "b"], index=rows)
    live = pd.Series(target, index=rows, name="target")
    expected = numerai_corr(frame, live)
    np.testing.assert_allclose(found["corr60"], expected.to_numpy(), atol=1e-12)
    expected = correlation_contribution(frame, pd.Series(meta, index=rows, name="meta"), live)
    np.testing.assert_allclose(found["mmc60"], expected.to_numpy(), atol=1e-12)
    assert found.keys() == {"corr60", "mmc60"}
