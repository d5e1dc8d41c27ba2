"""Stocks outside the tournament, measured in two weeks under the same ids: how much a model churns.

In every other file a stock has a new id each week. Ids that last are given to stocks that are in
none of those files, so nothing about them can be followed; they behave as all others do, so that a
model changes its mind about them as fast as about the tournament's own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from numeri_cli.practice.market.features import FeatureArray, FeaturePlan
from numeri_cli.practice.market.market import Market
from numeri_cli.practice.market.names import row_ids, row_order
from numeri_cli.practice.market.random_streams import Purpose, derived_seed
from numeri_cli.practice.market.targets import TARGETS
from numeri_cli.practice.market.universe import WorldSettings, draw_stocks
from numeri_cli.practice.world.parquet import DataRows

DATA_TYPE = "churn"
_SEEDS_BEGIN = 2**62  # apart from the small seeds that people choose


def churn_pair(
    settings: WorldSettings, market: Market, *, features: FeaturePlan
) -> tuple[DataRows, DataRows]:
    """Those stocks in the last week of history and in the week after; no target is ever known.

    As many as the tournament has stocks. Each week has its own order of rows.
    """
    seed = _SEEDS_BEGIN + derived_seed(settings.seed, Purpose.churn_stocks, 0)
    outside = Market(seed=seed, stocks=draw_stocks(replace(settings, seed=seed)), plan=market.plan)
    state = outside.first_state()
    noise = features.first_noise(seed, settings.stocks)
    earlier = features.features(outside.characteristics(state), noise, era=settings.eras)
    _, state = outside.week(state)
    noise = features.next_noise(seed, state.era, noise=noise)
    later = features.features(outside.characteristics(state), noise, era=settings.eras + 1)
    return (
        _rows(earlier, seed, week=0, era=settings.eras),
        _rows(later, seed, week=1, era=settings.eras + 1),
    )


def _rows(features: FeatureArray, seed: int, *, week: int, era: int) -> DataRows:
    count = features.shape[1]
    order = row_order(seed, week, count=count)
    return DataRows(
        era=era,
        data_type=DATA_TYPE,
        ids=row_ids(seed, 0, count=count)[order],
        features=np.take(features, order, axis=1),
        targets=np.full((len(TARGETS) + 1, count), np.nan, dtype=np.float32),
    )
