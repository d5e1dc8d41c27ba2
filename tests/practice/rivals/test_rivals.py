"""The rivals and the organiser's models: what they may learn from, and that they learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import lightgbm
import numpy as np
import pytest

from numeri_cli.practice.market.features import FeatureArray
from numeri_cli.practice.market.targets import CodeArray
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.rivals.archetypes import ARCHETYPES, FULL_FIELD
from numeri_cli.practice.rivals.benchmarks import BENCHMARKS, chunk_of, train_benchmark
from numeri_cli.practice.rivals.rivals import Attendance
from numeri_cli.practice.rivals.technique import (
    FitData,
    Forecaster,
    LiveView,
    Technique,
    TrainingHistory,
)
from numeri_cli.practice.rivals.techniques import BestFeatures, Noise, RankEnsemble, Ridge
from numeri_cli.practice.rivals.trees import BinnedEras, Trees
from numeri_cli.practice.world.eras import WorldDefinition
from tests.support.small_worlds import SMALL, small_world


@dataclass(frozen=True)
class PlainHistory:
    """A history in which feature 3 says it all, feature 7 the contrary, half of the time.

    asked: every era whose target was looked at
    """

    last_era: int
    stocks: int = 200
    asked: set[int] = field(default_factory=set)

    def features(self, era: int) -> FeatureArray:
        generator = np.random.default_rng(era)
        return generator.integers(0, 5, (12, self.stocks)).astype(np.int8)

    def target(self, era: int, name: str) -> CodeArray:
        self.asked.add(era)
        features = self.features(era)
        coin = np.random.default_rng(10_000 + era).random(self.stocks) < 0.5
        aim: np.ndarray = np.where(coin, features[3], 4 - features[7]).astype(np.int8)
        return aim

    def binned(self) -> BinnedEras:
        return BinnedEras.build(self, range(1, self.last_era + 1, 2))


def view(history: TrainingHistory, era: int) -> LiveView:
    features = history.features(era)
    return LiveView(eras=(era,), features=features, benchmarks=np.zeros((2, features.shape[1])))


TECHNIQUES: list[Technique] = [
    Trees(rounds=30, share=0.5),
    Trees(columns=tuple(range(2, 8)), rounds=30, share=0.9),
    Ridge(columns=tuple(range(10))),
    Ridge(columns=(1, 3, 7), every=2, last_eras=10),
    BestFeatures(count=2),
    BestFeatures(count=2, columns=(1, 3, 5, 7), last_eras=8),
    RankEnsemble((Trees(rounds=30, share=0.5), Ridge(columns=tuple(range(10))))),
]


@pytest.mark.parametrize("technique", TECHNIQUES, ids=str)
def test_a_technique_finds_what_is_there(technique: Technique) -> None:
    history = PlainHistory(30)
    learnt = technique.fit(
        FitData(history=history, eras=range(1, 31), target="target_ender_20", seed=1)
    )
    scores = technique.forecaster(learnt).scores(view(history, 40))
    assert np.corrcoef(scores, history.target(40, "target_ender_20"))[0, 1] > 0.6


@pytest.mark.parametrize("technique", TECHNIQUES, ids=str)
def test_a_technique_learns_the_same_twice_and_only_from_its_eras(technique: Technique) -> None:
    history = PlainHistory(30)
    fit_data = FitData(history=history, eras=range(1, 21), target="target_ender_20", seed=1)
    assert technique.fit(fit_data) == technique.fit(fit_data)
    assert history.asked
    assert max(history.asked) <= 20


def test_trees_split_only_on_the_features_they_may_use() -> None:
    history = PlainHistory(30)
    fit_data = FitData(history=history, eras=range(1, 31), target="target_ender_20", seed=1)
    everything = view(history, 40)
    features = everything.features.copy()
    features[3] = 4 - features[3]

    def sees_the_change(technique: Technique) -> bool:
        forecaster = technique.forecaster(technique.fit(fit_data))
        changed = forecaster.scores(
            LiveView(eras=(40,), features=features, benchmarks=everything.benchmarks)
        )
        return bool((changed != forecaster.scores(everything)).any())

    assert sees_the_change(Trees(columns=(3, 4, 5), rounds=20, share=1.0))
    assert not sees_the_change(Trees(columns=(4, 5, 7), rounds=20, share=1.0))


def test_chance_is_fresh_in_every_era_and_alike_when_asked_again() -> None:
    history, noise = PlainHistory(2), Noise(seed=1, number=3)
    forecaster: Forecaster = noise.forecaster(
        noise.fit(FitData(history=history, eras=range(1, 3), target="", seed=1))
    )
    first, second = forecaster.scores(view(history, 1)), forecaster.scores(view(history, 2))
    assert (first == forecaster.scores(view(history, 1))).all()
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.3


def definition(**changes: int) -> WorldDefinition:
    return WorldDefinition.of(
        WorldSettings(**{"stocks": 150, "eras": 60, "features": 24, **changes})
    )


def test_rivals_learn_from_train_less_the_purge() -> None:
    history = PlainHistory(48, stocks=150)
    wide = WorldSettings(stocks=150, eras=60, features=12)
    few = WorldDefinition.of(WorldSettings(stocks=150, eras=60, features=12))
    assert wide.rival_eras == 32
    for rival in few.rivals:
        if not isinstance(rival.technique, Trees | Ridge):
            rival.train(wide, history)
    assert max(history.asked) == 32


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda model: model.name)
def test_benchmarks_are_trained_on_what_was_known_before_their_chunk(benchmark: object) -> None:
    settings = WorldSettings(stocks=150, eras=100, features=12)
    model = next(one for one in BENCHMARKS if one is benchmark)
    purge = 8 if model.target.endswith("20") else 16
    assert settings.chunk_eras == 40
    assert [chunk_of(settings, era) for era in (40, 41, 80, 81, 121)] == [0, 1, 1, 2, 3]
    for chunk in (1, 2):
        history = PlainHistory(chunk * 40)
        train_benchmark(settings, history, benchmark=model, chunk=chunk)
        assert chunk * 40 - purge - 1 <= max(history.asked) <= chunk * 40 - purge


def test_a_field_of_any_size_has_different_names_stakes_and_teachers() -> None:
    full = definition(rivals=FULL_FIELD, features=240).rivals
    assert len({rival.name for rival in full}) == FULL_FIELD >= 60
    assert all(rival.stake_nmr > 0 for rival in full)
    assert {rival.target for rival in full} >= {"target_ender_20", "target_ender_60"}
    few = definition(rivals=5, features=240).rivals
    assert [rival.name for rival in few] == [rival.name for rival in full[:5]]
    assert len({rival.seed for rival in full}) == FULL_FIELD
    for archetype in ARCHETYPES:
        twins = [rival for rival in full if rival.name.startswith(archetype.name)]
        assert len(twins) == archetype.count
        different = archetype.name not in ("echo_chamber",)  # there are two models to copy
        assert not different or len({str(rival.technique) for rival in twins}) == len(twins)
    assert len({rival.name for rival in definition(rivals=3 * FULL_FIELD).rivals}) == 3 * FULL_FIELD


def test_a_world_has_a_full_field() -> None:
    assert WorldSettings().rivals == FULL_FIELD


def test_some_rivals_are_late_or_missing_as_often_as_they_should() -> None:
    settings = WorldSettings(rivals=FULL_FIELD)
    for rival in definition(rivals=FULL_FIELD).rivals:
        kept = [rival.attendance(settings, era) for era in range(301, 701)]
        assert kept == [rival.attendance(settings, era) for era in range(301, 701)]
        assert abs(kept.count(Attendance.late) / 400 - rival.late) < 0.08
        assert abs(kept.count(Attendance.missing) / 400 - rival.missing) < 0.08
        assert rival.late or rival.missing or set(kept) == {Attendance.on_time}


def test_participants_are_rivals_with_stakes_in_decimals() -> None:
    participants = small_world().participants()
    assert len(participants) == SMALL.rivals
    assert all(isinstance(one.stake_nmr, Decimal) and one.stake_nmr > 0 for one in participants)
    assert all(len(one.name) <= 20 for one in participants)


def test_predictions_of_rivals_lie_strictly_inside_and_differ() -> None:
    world = small_world()
    for era in (49, 60, 61):
        predictions = world.rival_predictions(era)
        assert list(predictions) == [one.name for one in world.participants()]
        for values in predictions.values():
            assert values.shape == (SMALL.stocks,)
            assert 0 < values.min() < values.max() < 1
        assert (predictions["coin_toss"] != predictions["old_oak"]).any()
        assert (
            predictions["echo_chamber"] == world.benchmark_predictions(era)["v53_lgbm_ender20"]
        ).all()


@pytest.mark.parametrize("name", ["quiet_harvest", "night_heron", "level_ground"])
def test_neutral_rivals_are_less_exposed_than_they_would_be(name: str) -> None:
    world = small_world()
    rivals = {rival.name: rival for rival in world.era_records.definition.rivals}
    rival = rivals[name]
    make: Callable[[bytes], Forecaster] = rival.technique.forecaster
    learnt = world.era_records.archive.read_model(f"rivals/{name}")
    features = world.features(61)
    raw = make(learnt).scores(
        LiveView(eras=(61,), features=features, benchmarks=np.zeros((2, SMALL.stocks)))
    )

    def exposure(scores: np.ndarray) -> float:
        return float((np.corrcoef(scores, features)[0, 1:] ** 2).mean())

    assert exposure(world.rival_predictions(61)[name]) < exposure(raw)


@pytest.mark.parametrize(("depth", "rounds"), [(2, 5), (5, 40), (6, 20)])
def test_trees_score_as_lightgbm_does_with_any_number_of_threads(depth: int, rounds: int) -> None:
    history = PlainHistory(30)
    fit_data = FitData(history=history, eras=range(1, 31), target="target_ender_20", seed=1)
    trees = Trees(depth=depth, rounds=rounds, share=0.8)
    learnt = trees.fit(fit_data)
    eras = tuple(range(40, 50))
    features = np.concatenate([history.features(era) for era in eras], axis=1)
    booster = lightgbm.Booster(model_str=learnt.decode())
    expected = booster.predict(np.ascontiguousarray(features.T, dtype=np.float32), num_threads=2)
    found = trees.forecaster(learnt).scores(
        LiveView(eras=eras, features=features, benchmarks=np.empty((0, 0)))
    )
    assert (found == expected).all()
    assert len(np.unique(expected)) > rounds


def test_trees_without_a_split_are_a_constant() -> None:
    history = PlainHistory(2, stocks=15)  # too few rows for a leaf
    trees = Trees(rounds=3, bagging=1.0)
    learnt = trees.fit(FitData(history=history, eras=range(1, 3), target="target_ender_20", seed=1))
    found = trees.forecaster(learnt).scores(view(history, 5))
    expected = lightgbm.Booster(model_str=learnt.decode()).predict(history.features(5).T)
    assert (found == expected).all()
    assert len(set(found.tolist())) == 1


def test_another_model_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no model of LightGBM"):
        Trees().forecaster(b"tree\nversion=v3\n")
