from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from numeri_cli.errors import MemoryShort, ParameterUnknown, UsageProblem
from numeri_cli.learning.era_weights import row_weights
from numeri_cli.learning.estimators.base import (
    Estimator,
    TrainingSettings,
    make_estimator,
)
from numeri_cli.learning.estimators.lightgbm.early_stopping import (
    BoosterProgress,
    EarlyStopping,
)
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.plan import Member
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import (
    checked_estimator,
    held_out_rows,
    train_members,
)
from numeri_cli.learning.training_data import hold_out, open_training_data
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import EraWeights, ModelSpec
from numeri_cli.progress import Silent
from tests.support.data_versions import SampleMaker, changed, model_spec, workspace_of

MODEL = model_spec(features="all", targets=("target_ender_20",), params={"n_estimators": 10})
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
def workspace(make_sample: SampleMaker) -> Workspace:
    return workspace_of(make_sample(unresolved=(3,)))


def trained(
    spec: ModelSpec,
    workspace: Workspace,
    *,
    eras: tuple[str, ...] = ERAS,
    held_out_eras: tuple[str, ...] = (),
    unfinished: str = "unfinished",
    estimator: Estimator | None = None,
    listener: Silent | None = None,
) -> tuple[Member, ...]:
    data = open_training_data(spec, workspace)
    heard = listener or Notes()
    settings = TrainingSettings(
        spec=spec,
        features=data.features,
        cache=workspace.cache,
        unfinished=workspace.home.data / unfinished,
        held_out=held_out_rows(spec, data, eras=held_out_eras, listener=heard),
        listener=heard,
    )
    made = estimator or checked_estimator("lighthouse", spec, workspace=workspace)
    rows = rows_of_eras(data.sources, eras)
    return train_members("lighthouse", rows, estimator=made, settings=settings)


def test_targets_times_seeds_become_members_over_one_binned_file(workspace: Workspace) -> None:
    spec = changed(
        MODEL,
        targets=("target_ender_20", "target_ender_60"),
        seeds=(1, 2),
        params={"n_estimators": 10, "colsample_bytree": 0.5},
    )
    notes = Notes()
    members = trained(spec, workspace, listener=notes)
    names = [(member.record.target, member.record.seed) for member in members]
    assert names == [(t, s) for t in spec.targets for s in spec.seeds]
    assert len({member.content for member in members}) == 4
    assert notes.steps.count("binned_built") == 1
    assert "40 rows without a value of target_ender_20 are left out" in notes.said
    again = Notes()
    repeated = trained(spec, workspace, unfinished="elsewhere", listener=again)
    assert again.steps.count("binned_loaded") == 1
    assert "binned_built" not in again.steps
    assert [m.content for m in repeated] == [m.content for m in members]


def test_a_seed_in_the_parameters_wins_but_not_over_several_seeds() -> None:
    given = LightGBM({"random_state": 77})
    assert "seed" not in given.parameters(1)
    assert LightGBM(MODEL.estimator.params).parameters(5)["seed"] == 5
    with pytest.raises(ParameterUnknown, match="2 `seeds`"):
        given.check("lighthouse", seeds=(1, 2), early_stopping=False)


def test_the_held_out_eras_are_the_last_and_purged() -> None:
    train, held = hold_out(ERAS, held_out=4, purge=8)
    assert held == ERAS[-4:]
    assert train[-1] == "0018"
    assert hold_out(ERAS, held_out=0, purge=8) == (ERAS, ())
    with pytest.raises(UsageProblem):
        hold_out(ERAS, held_out=25, purge=8)


def test_training_stops_where_further_trees_no_longer_help(workspace: Workspace) -> None:
    params = {"n_estimators": 600, "learning_rate": 0.3, "early_stopping_round": 50}
    spec = changed(MODEL, params=params, early_stopping_eras=6)
    in_segments = LightGBM(params, segment_trees=60)
    eras, held = hold_out(ERAS, held_out=6, purge=8)
    [member] = trained(spec, workspace, eras=eras, held_out_eras=held, estimator=in_segments)
    assert 0 < member.record.trees < 300
    whole = changed(spec, early_stopping_eras=0)
    [member] = trained(whole, workspace, eras=eras, estimator=in_segments)
    assert member.record.trees == 600


def test_early_stopping_ends_with_the_same_trees_after_a_break(workspace: Workspace) -> None:
    """A training that finds its first segments on disk judges as one that grew them itself."""
    params = {"n_estimators": 200, "learning_rate": 0.2, "early_stopping_round": 50}
    spec = changed(MODEL, params=params, early_stopping_eras=6)
    in_segments = LightGBM(params, segment_trees=40)
    eras, held = hold_out(ERAS, held_out=6, purge=8)

    class Stop(Exception):
        pass

    class Fragile(Notes):
        def step(self, name: str) -> None:
            if name == "leg_0_done":
                raise Stop

    def once(unfinished: str, listener: Notes) -> Member:
        [member] = trained(
            spec,
            workspace,
            eras=eras,
            held_out_eras=held,
            unfinished=unfinished,
            estimator=in_segments,
            listener=listener,
        )
        return member

    with pytest.raises(Stop):
        once("broken", Fragile())
    resumed = once("broken", Notes())
    assert once("fresh", Notes()).content == resumed.content


def test_the_best_trees_are_kept_and_patience_ends() -> None:
    class Eight:
        """Held-out rows of two eras."""

        matrix = np.zeros((8, 1), np.float32)
        rows = SimpleNamespace(codes=np.repeat(np.arange(2, dtype=np.int32), 4))

        def values(self, target: str) -> np.ndarray:
            return np.array([0.0, 0.25, 0.5, 1.0, 0.0, 0.25, 0.5, 1.0])

    class Grower:
        sign = 1.0

        def predict(self, rows: np.ndarray, **_: object) -> np.ndarray:
            return self.sign * np.tile(np.arange(4.0), 2)[: len(rows)]

    early = EarlyStopping(
        Eight(),  # type: ignore[arg-type]  # what is asked of held-out rows
        "target_ender_20",
        patience_trees=50,
        every_trees=25,
    )
    grower: Any = Grower()
    early.follow(grower, 25)
    best = early.judge(BoosterProgress(trees=25))
    assert best.best_trees == 25
    assert best.best_score > 0.9
    grower.sign = -3.0
    early.follow(grower, 25)
    worse = early.judge(replace(best, trees=50))
    assert (worse.best_trees, worse.stopped) == (25, False)
    assert early.judge(replace(best, trees=75)).stopped


def test_eras_can_weigh_the_same_or_by_age(workspace: Workspace) -> None:
    rows = rows_of_eras(open_training_data(MODEL, workspace).sources, ERAS)
    assert row_weights(rows, EraWeights()) is None
    equal = row_weights(rows, EraWeights(equal=True))
    aged = row_weights(rows, EraWeights(half_life_eras=10))
    assert equal is not None
    assert aged is not None
    np.testing.assert_allclose(equal, 1.0)
    codes = rows.codes
    newest, older = aged[codes == codes.max()][0], aged[codes == codes.max() - 10][0]
    assert newest / older == pytest.approx(2)
    assert aged.mean() == pytest.approx(1)
    weighted = changed(MODEL, era_weights=EraWeights(half_life_eras=3))
    contents = {trained(spec, workspace)[0].content for spec in (MODEL, weighted)}
    assert len(contents) == 2


def test_another_estimator_is_fed_floats_and_its_memory_is_announced(
    workspace: Workspace,
) -> None:
    spec = changed(MODEL, name="sklearn.linear_model:Ridge", params={"alpha": 10.0})
    notes = Notes()
    [member] = trained(spec, workspace, listener=notes)
    assert "1,160 rows × 10 features as float32" in " ".join(notes.said)
    features = open_training_data(spec, workspace).features
    fitted = member.fitted(make_estimator(spec.estimator), features)
    rows = np.array([[4, 4, 2, 4] + [2] * 6, [0, 0, 2, 4] + [2] * 6], dtype=np.float32)
    high, low = fitted.predict(rows)
    assert high > low


def test_early_stopping_of_another_estimator_is_refused(workspace: Workspace) -> None:
    spec = changed(MODEL, name="sklearn.linear_model:Ridge", early_stopping_eras=3, params={})
    with pytest.raises(ParameterUnknown, match="early_stopping_eras is for lightgbm"):
        trained(spec, workspace)


def test_a_tree_too_large_for_this_machine_is_refused_unless_forced(
    workspace: Workspace,
) -> None:
    """So many leaves that their histograms would take terabytes."""
    huge = LightGBM({"n_estimators": 1, "num_leaves": 120_000_000})
    with pytest.raises(MemoryShort):
        trained(MODEL, workspace, estimator=huge)
    assert not (workspace.home.data / "unfinished").exists()


def test_a_booster_that_predicts_the_mean_of_its_trees_is_judged_by_the_mean_of_all() -> None:
    """Random forests: each look adds its trees in proportion to their number."""

    class Four:
        """Held-out rows of one era."""

        matrix = np.zeros((4, 1), np.float32)
        rows = SimpleNamespace(codes=np.zeros(4, dtype=np.int32))

        def values(self, target: str) -> np.ndarray:
            return np.array([0.0, 0.25, 0.5, 1.0])

    class Forest:
        def predict(self, rows: np.ndarray, *, num_iteration: int, **_: object) -> np.ndarray:
            rising = np.arange(4.0)[: len(rows)]
            return rising if num_iteration == 25 else -2 * rising

    scores = []
    for averages in (True, False):
        early = EarlyStopping(
            Four(),  # type: ignore[arg-type]  # what is asked of held-out rows
            "target_ender_20",
            averages=averages,
        )
        forest: Any = Forest()
        early.follow(forest, 25)
        early.follow(forest, 5)
        scores.append(early.judge(BoosterProgress(trees=30)).best_score)
    assert scores[0] > 0.9  # 25 trees against 5
    assert scores[1] < -0.9
