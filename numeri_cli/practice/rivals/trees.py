"""LightGBM, trained on eras that are binned once for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from numeri_cli.booster_text import Unsound, check_structure, trees_alone
from numeri_cli.practice.rivals.technique import (
    FitData,
    Forecaster,
    LiveView,
    ScoreArray,
    TrainingHistory,
)

LEAVES = 480  # a leaf holds at least one in so many rows, or 1000
BINNING: dict[str, int | bool] = {
    "max_bin": 7,
    "min_data_in_bin": 1,
    "bin_construct_sample_cnt": 5_000,
    "feature_pre_filter": False,
    "force_col_wise": True,
    "deterministic": True,
    "num_threads": 1,  # models are trained side by side instead
    "verbosity": -1,
}


@dataclass(frozen=True, kw_only=True)
class BinnedEras:
    """Some eras of the history in LightGBM's bins, all features: what every tree model shares."""

    eras: tuple[int, ...]
    stocks: int
    dataset: Any

    @classmethod
    def build(cls, history: TrainingHistory, eras: Sequence[int]) -> BinnedEras:
        """Read and bin the eras; about a byte a cell stays, ten are needed for a moment."""
        import pyarrow as pa

        from numeri_cli.lightgbm_library import lgb

        columns = np.concatenate([history.features(era) for era in eras], axis=1)
        names = [f"f{number}" for number in range(len(columns))]
        table = pa.table([pa.array(column) for column in columns], names=names)
        dataset = lgb.Dataset(table, label=np.zeros(columns.shape[1]), params=BINNING)
        return cls(
            eras=tuple(eras), stocks=columns.shape[1] // len(eras), dataset=dataset.construct()
        )

    @property
    def features(self) -> int:
        """How many columns there are."""
        return int(self.dataset.num_feature())

    def subset(self, eras: Sequence[int], fit_data: FitData) -> Any:
        """The rows of `eras` as a LightGBM dataset of its own, with the target of `fit_data`."""
        places = [self.eras.index(era) * self.stocks for era in eras]
        rows = np.concatenate([np.arange(place, place + self.stocks) for place in places])
        codes = [fit_data.history.target(era, fit_data.target) for era in eras]
        subset = self.dataset.subset(rows, params=BINNING).construct()
        return subset.set_label(np.concatenate(codes) / np.float32(4))


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Boosted trees.

    columns: indices of the features it may use, or None for all
    share: how many of those each tree may use
    every: learns from every so manieth of the binned eras, from the one of number `offset` on
    bagging: how many of the rows a tree learns from, drawn anew for every fifth
    """

    columns: tuple[int, ...] | None = None
    rounds: int = 70
    depth: int = 4
    learning_rate: float = 0.08
    share: float = 0.2
    every: int = 1
    offset: int = 0
    bagging: float = 0.5

    def fit(self, fit_data: FitData) -> bytes:
        """Train; the booster as LightGBM's own text."""
        from numeri_cli.lightgbm_library import lgb

        binned = fit_data.history.binned()
        eras = [era for era in binned.eras if era in fit_data.eras][self.offset :: self.every]
        count = binned.features
        chosen = np.arange(count) if self.columns is None else np.array(self.columns)
        weights = np.zeros(count)
        weights[chosen] = 1.0  # a feature of weight 0 is never worth a split
        rows = len(eras) * binned.stocks
        parameters = {
            **BINNING,
            "objective": "regression",
            "learning_rate": self.learning_rate,
            "max_depth": self.depth,
            "num_leaves": 2**self.depth - 1,
            "feature_fraction": self.share * len(chosen) / count,
            "feature_contri": weights.tolist(),
            "min_data_in_leaf": max(10, min(1000, rows // LEAVES)),
            "bagging_fraction": self.bagging,
            "bagging_freq": 5 if self.bagging < 1 else 0,
            "seed": fit_data.seed,
        }
        data = binned.subset(eras, fit_data)
        booster = lgb.train(parameters, data, num_boost_round=self.rounds)
        text: str = booster.model_to_string()
        return text.encode()

    def forecaster(self, learnt: bytes) -> Forecaster:
        """The booster of the text. Raises ValueError where it is none."""
        return _forecaster(learnt)


@lru_cache(maxsize=128)  # a field's models, which are asked again at each round of an advance
def _forecaster(learnt: bytes) -> TreesForecaster:
    from numeri_cli.lightgbm_library import lgb

    try:
        text = learnt.decode()
        check_structure(text)  # the library believes what it reads: a wrong digit ends it
        return TreesForecaster(lgb.Booster(model_str=trees_alone(text)))
    except (Unsound, lgb.basic.LightGBMError) as error:
        raise ValueError(f"no model of LightGBM: {error}") from error


@dataclass(frozen=True)
class TreesForecaster:
    """Scores are the sums of the trees' leaves."""

    booster: Any

    def scores(self, view: LiveView) -> ScoreArray:
        """(rows,) expected targets."""
        scores: ScoreArray = self.booster.predict(view.features.T, num_threads=1)
        return scores
