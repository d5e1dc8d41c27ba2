from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from numeri_cli.errors import MemoryShort, ParameterUnknown, UsageProblem
from numeri_cli.learning.estimators.lightgbm.legs import Standing
from numeri_cli.learning.held_out import EraCorrJudge, HeldOut
from numeri_cli.learning.plan import EraWeights, ModelPlan
from numeri_cli.learning.preparation import Site, prepare
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import (
    TrainingSet,
    Workplace,
    era_weights,
    hold_out,
    parameters,
    train_members,
)
from numeri_cli.progress import Silent
from tests.learning.conftest import SampleMaker
from tests.learning.samples import Sample

PLAN = ModelPlan(
    "lighthouse", features="all", targets=("target_ender_20",), params={"n_estimators": 10}
)
ERAS = tuple(f"{n:04d}" for n in range(1, 31))


class Notes(Silent):
    def __init__(self) -> None:
        self.steps: list[str] = []
        self.said: list[str] = []

    def step(self, name: str) -> None:
        self.steps.append(name)

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def site(make_sample: SampleMaker, site_of: Callable[[Sample], Site]) -> Site:
    return site_of(make_sample(unresolved=(3,)))


def data_of(plan: ModelPlan, site: Site, **changes: object) -> TrainingSet:
    prepared = prepare(plan, site)
    data = TrainingSet(prepared.sources, prepared.features, ERAS)
    return replace(data, **changes)  # type: ignore[arg-type]


def place_of(site: Site, listener: Silent) -> Workplace:
    unfinished = site.home.data / "unfinished"
    return Workplace(site.cache, unfinished, listener=listener)


def test_targets_times_seeds_become_members_over_one_binned_file(site: Site) -> None:
    plan = replace(PLAN, targets=("target_ender_20", "target_ender_60"), seeds=(1, 2))
    plan = replace(plan, params=dict(plan.params) | {"colsample_bytree": 0.5})
    notes = Notes()
    members = train_members(plan, data_of(plan, site), place_of(site, notes))
    names = [(member.target, member.seed) for member in members]
    assert names == [(t, s) for t in plan.targets for s in plan.seeds]
    assert len({member.content for member in members}) == 4
    assert notes.steps.count("binned_built") == 1
    assert "40 rows without a value of target_ender_20 are left out" in notes.said
    again = Notes()
    place = replace(place_of(site, again), unfinished=site.home.data / "elsewhere")
    repeated = train_members(plan, data_of(plan, site), place)
    assert again.steps.count("binned_loaded") == 1
    assert "binned_built" not in again.steps
    assert [m.content for m in repeated] == [m.content for m in members]


def test_a_seed_in_the_parameters_wins_but_not_over_several_seeds() -> None:
    given = replace(PLAN, params={"random_state": 77}, seeds=(1,))
    assert "seed" not in parameters(given, 1)
    assert parameters(PLAN, 5)["seed"] == 5
    with pytest.raises(ParameterUnknown, match="2 `seeds`"):
        parameters(replace(given, seeds=(1, 2)), 1)


def test_the_held_out_eras_are_the_last_and_purged() -> None:
    train, held = hold_out(ERAS, held_out=4, purge=8)
    assert held == ERAS[-4:]
    assert train[-1] == "0018"
    assert hold_out(ERAS, held_out=0, purge=8) == (ERAS, ())
    with pytest.raises(UsageProblem):
        hold_out(ERAS, held_out=25, purge=8)


def test_training_stops_where_further_trees_no_longer_help(site: Site) -> None:
    params = {"n_estimators": 600, "learning_rate": 0.3, "early_stopping_round": 50}
    plan = replace(PLAN, params=params, early_stopping_eras=6, leg_trees=60)
    train, held = hold_out(ERAS, held_out=6, purge=8)
    data = data_of(plan, site, eras=train, held_out_eras=held)
    member = train_members(plan, data, place_of(site, Notes()))[0]
    assert 0 < member.trees < 300
    whole = replace(plan, early_stopping_eras=0)
    assert (
        train_members(whole, replace(data, held_out_eras=()), place_of(site, Notes()))[0].trees
        == 600
    )


def test_early_stopping_ends_with_the_same_trees_after_a_break(site: Site) -> None:
    """A training that finds its first legs on disk judges as one that grew them itself."""
    params = {"n_estimators": 200, "learning_rate": 0.2, "early_stopping_round": 50}
    plan = replace(PLAN, params=params, early_stopping_eras=6, leg_trees=40)
    train, held = hold_out(ERAS, held_out=6, purge=8)
    data = data_of(plan, site, eras=train, held_out_eras=held)

    class Stop(Exception):
        pass

    class Fragile(Notes):
        def step(self, name: str) -> None:
            if name == "leg_0_done":
                raise Stop

    with pytest.raises(Stop):
        train_members(plan, data, place_of(site, Fragile()))
    resumed = train_members(plan, data, place_of(site, Notes()))[0]
    fresh = replace(place_of(site, Notes()), unfinished=site.home.data / "fresh")
    assert train_members(plan, data, fresh)[0].content == resumed.content


def test_the_judge_keeps_the_best_standing_and_loses_patience() -> None:
    held = HeldOut(np.zeros((8, 1), np.float32), np.repeat(np.arange(2, dtype=np.int32), 4))
    target = np.array([0.0, 0.25, 0.5, 1.0, 0.0, 0.25, 0.5, 1.0])

    class Grower:
        sign = 1.0

        def predict(self, rows: np.ndarray, **_: object) -> np.ndarray:
            return self.sign * np.tile(np.arange(4.0), 2)[: len(rows)]

    judge = EraCorrJudge(held, target, patience_trees=50, every_trees=25)
    grower: Any = Grower()
    judge.follow(grower, 25)
    best = judge.judge(Standing(trees=25))
    assert best.best_trees == 25
    assert best.best_score > 0.9
    grower.sign = -3.0
    judge.follow(grower, 25)
    worse = judge.judge(replace(best, trees=50))
    assert (worse.best_trees, worse.stopped) == (25, False)
    assert judge.judge(replace(best, trees=75)).stopped


def test_eras_can_weigh_the_same_or_by_age(site: Site) -> None:
    rows = rows_of_eras(prepare(PLAN, site).sources, ERAS)
    assert era_weights(rows, None) is None
    equal = era_weights(rows, EraWeights(equal=True))
    aged = era_weights(rows, EraWeights(half_life_eras=10))
    assert equal is not None
    assert aged is not None
    np.testing.assert_allclose(equal, 1.0)
    codes = rows.codes
    newest, older = aged[codes == codes.max()][0], aged[codes == codes.max() - 10][0]
    assert newest / older == pytest.approx(2)
    assert aged.mean() == pytest.approx(1)
    weighted = replace(PLAN, weights=EraWeights(half_life_eras=3))
    contents = {
        train_members(plan, data_of(plan, site), place_of(site, Notes()))[0].content
        for plan in (PLAN, weighted)
    }
    assert len(contents) == 2


def test_another_estimator_is_fed_floats_and_its_memory_is_announced(site: Site) -> None:
    plan = replace(PLAN, estimator="sklearn.linear_model:Ridge", params={"alpha": 10.0})
    notes = Notes()
    data = data_of(plan, site)
    member = train_members(plan, data, place_of(site, notes))[0]
    assert "1,160 rows × 10 features as float32" in " ".join(notes.said)
    fitted = member.fitted(plan, data.features, beside=None)
    rows = np.array([[4, 4, 2, 4] + [2] * 6, [0, 0, 2, 4] + [2] * 6], dtype=np.float32)
    high, low = fitted.predict(rows)
    assert high > low


def test_early_stopping_of_another_estimator_is_refused(site: Site) -> None:
    plan = replace(PLAN, estimator="sklearn.linear_model:Ridge", early_stopping_eras=3, params={})
    with pytest.raises(ParameterUnknown, match="early_stopping_eras is for lightgbm"):
        train_members(plan, data_of(plan, site), place_of(site, Notes()))


def test_a_tree_too_large_for_this_machine_is_refused_unless_forced(site: Site) -> None:
    """So many leaves that their histograms would take terabytes."""
    plan = replace(PLAN, params={"n_estimators": 1, "num_leaves": 120_000_000})
    with pytest.raises(MemoryShort):
        train_members(plan, data_of(PLAN, site), place_of(site, Notes()))
    assert not (site.home.data / "unfinished").exists()
