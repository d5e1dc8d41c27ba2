"""Members that other machines train are those that this one would have trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from numeri_cli.cluster import worker
from numeri_cli.cluster.sent_members import ATTEMPTS
from numeri_cli.errors import (
    ClusterUnsafe,
    DiskError,
    EstimatorInvalid,
    ExitCode,
    MemoryShort,
    ParameterUnknown,
)
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import EraWeights
from tests.support.clusters import Heard, fleet_at
from tests.support.data_versions import changed, model_spec

TARGETS = ("target_ender_20", "target_ender_60")
FEW_TREES: dict[str, object] = {"n_estimators": 5, "n_jobs": 1, "colsample_bytree": 0.5}
MODEL = model_spec(features="all", targets=TARGETS, seeds=(1, 2), params=FEW_TREES)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_members_trained_elsewhere_are_byte_for_byte_those_of_a_local_training(
    name: str, scheduler: str, workspace: Workspace
) -> None:
    spec = changed(MODEL, name=name, early_stopping_eras=4)
    near = train("near", spec, workspace)
    with fleet_at(scheduler) as machines:
        far = train("far", spec, workspace, machines=machines)
    assert [one.digest for one in far.contract.members] == [
        one.digest for one in near.contract.members
    ]
    assert [(one.target, one.seed) for one in far.contract.members] == [
        (target, seed) for target in TARGETS for seed in (1, 2)
    ]
    assert far.contract.machines
    assert near.contract.machines == ()
    assert far.contract.held_out_eras == near.contract.held_out_eras


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("catboost", {"iterations": 5, "thread_count": 1, "rsm": 0.5}),
        ("sklearn.linear_model:Ridge", {}),
    ],
)
def test_other_engines_predict_what_a_local_training_predicts(
    name: str, params: dict[str, object], scheduler: str, workspace: Workspace
) -> None:
    spec = changed(MODEL, name=name, params=params, seeds=(1,))
    near = train("near", spec, workspace)
    with fleet_at(scheduler) as machines:
        far = train("far", spec, workspace, machines=machines)
    rows = np.random.default_rng(0).integers(0, 5, (50, 10)).astype(np.float32)
    predicted = [
        [one.predict(rows) for one in model.fitted(digests=digests).members]
        for model in (near, far)
        if (digests := {one.file: one.digest for one in model.contract.members})
    ]
    assert np.array_equal(predicted[0], predicted[1])
    assert np.ptp(predicted[0]) > 0


def test_a_class_beside_the_profile_travels_with_the_plan(
    scheduler: str, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "helping.py").write_text("FACTOR = 2.0\n")
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nimport helping\n"
        "class Mine:\n"
        "    def fit(self, X, y):\n"
        "        self.mean = float(y.mean()) * helping.FACTOR\n"
        "        return self\n"
        "    def predict(self, X):\n"
        "        return X[:, 0] + self.mean\n"
    )
    own = replace(workspace, profile=tmp_path / "numeri.toml")
    spec = changed(MODEL, name="mine:Mine", params={}, seeds=(1,))
    near = train("near", spec, own)
    with fleet_at(scheduler) as machines:
        far = train("far", spec, own, machines=machines)
    assert [m.digest for m in far.contract.members] == [m.digest for m in near.contract.members]


def test_a_backtest_on_other_machines_predicts_the_same(
    scheduler: str, workspace: Workspace
) -> None:
    spec = changed(
        MODEL,
        targets=("target_ender_20",),
        data=("train", "validation"),
        era_weights=EraWeights(half_life_eras=20),
    )
    heard = Heard()
    near = pd.read_parquet(backtest("near", spec, workspace, window=12).path)
    with fleet_at(scheduler, heard) as machines:
        done = backtest("far", spec, workspace, window=12, machines=machines, listener=heard)
    assert pd.read_parquet(done.path).equals(near)
    assert len(done.windows) == 3
    grown = {label for label in heard.bars if label.startswith("far target_ender_20 seed")}
    assert len(grown) == 3 * 2  # one bar for each member
    assert any("dashboard" in text or "watched at" in text for text in heard.said)


def test_ctrl_c_leaves_no_task_running_and_the_next_call_trains_only_what_is_missing(
    scheduler: str, workspace: Workspace
) -> None:
    slow = changed(MODEL, params=FEW_TREES | {"n_estimators": 300})
    heard = Heard(stop_at="model target_ender_20 seed 2")
    with fleet_at(scheduler, heard) as machines:
        with pytest.raises(KeyboardInterrupt):
            train("model", slow, workspace, machines=machines, listener=heard)
        assert worker.running() == []
    again = Heard()
    with fleet_at(scheduler, again) as machines:
        train("model", slow, workspace, machines=machines, listener=again)
    finished, trained = (sum("MB of" in step for step in one.steps) for one in (heard, again))
    assert 4 - trained == finished  # Ctrl-C may come before any of them is here, or after all are
    kept = [text for text in again.said if "kept" in text]
    told = [f"{4 - trained} members are kept from the training before"]
    assert kept == (told if 0 < trained < 4 else [])


def test_what_a_training_refuses_is_refused_with_the_name_of_member_and_machine(
    scheduler: str, workspace: Workspace
) -> None:
    spec = changed(MODEL, name="sklearn.linear_model:Ridge", params={}, seeds=(1,))
    spec = changed(spec, params={"alpha": "much"})
    with fleet_at(scheduler) as machines, pytest.raises(EstimatorInvalid, match=r"far target_ende"):
        train("far", spec, workspace, machines=machines)


def test_a_member_that_fails_on_a_troubled_machine_is_tried_three_times_and_then_named(
    scheduler: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubled = tmp_path / "troubled"
    troubled.mkdir()
    (troubled / "cache").write_text("a file stands where the worker's folder has to be")
    monkeypatch.setenv("NUMERI_HOME", str(troubled))
    heard = Heard()
    spec = changed(MODEL, targets=TARGETS[:1], seeds=(1,))
    with fleet_at(scheduler, heard) as machines, pytest.raises(DiskError) as named:
        train("far", spec, workspace, machines=machines)
    assert named.value.exit_code is ExitCode.trouble
    assert named.value.message.startswith("far target_ender_20 on ")
    assert sum("trying once more" in text for text in heard.said) == ATTEMPTS - 1 == 2


def test_the_same_model_of_two_seeds_is_refused_wherever_it_was_trained(
    scheduler: str, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "alike.py").write_text(
        "class Alike:\n"
        "    def __init__(self, random_state=0): pass\n"
        "    def fit(self, X, y): return self\n"
        "    def predict(self, X): return X[:, 0]\n"
    )
    own = replace(workspace, profile=tmp_path / "numeri.toml")
    spec = changed(MODEL, name="alike:Alike", params={})
    with fleet_at(scheduler) as machines, pytest.raises(EstimatorInvalid, match=r"seeds \d and \d"):
        train("far", spec, own, machines=machines)


def test_a_parameter_is_refused_here_before_anything_is_sent(
    scheduler: str, workspace: Workspace
) -> None:
    spec = changed(MODEL, params={"n_estimator": 5})
    with fleet_at(scheduler) as machines, pytest.raises(ParameterUnknown):
        train("far", spec, workspace, machines=machines)


def test_a_member_larger_than_any_worker_is_refused_before_anything_is_sent(
    scheduler: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERI_MEMORY_GB", "0.1")
    with fleet_at(scheduler) as machines, pytest.raises(MemoryShort, match="no worker has so much"):
        train("far", MODEL, workspace, machines=machines)


def test_a_key_of_the_tournament_is_refused_where_it_would_travel(
    scheduler: str, workspace: Workspace, tmp_path: Path
) -> None:
    key = "PLANTEDKEY0123456789"
    (tmp_path / "leaky.py").write_text(
        f"KEY = {key!r}\n"
        "class Leaky:\n"
        "    def fit(self, X, y): return self\n"
        "    def predict(self, X): return X[:, 0]\n"
    )
    own = replace(workspace, profile=tmp_path / "numeri.toml")
    spec = changed(MODEL, name="leaky:Leaky", params={}, seeds=(1,))
    with (
        fleet_at(scheduler, secrets=(key,)) as machines,
        pytest.raises(ClusterUnsafe, match=r"leaky\.py") as refused,
    ):
        train("far", spec, own, machines=machines)
    assert key not in str(refused.value)
