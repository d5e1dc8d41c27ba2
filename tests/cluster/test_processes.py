"""Workers and schedulers as processes of their own: killed, and not what they should be."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.cluster.fleet import Fleet
from numeri_cli.errors import ClusterLost, ClusterMismatch, ExitCode
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.estimators.base import TrainingSettings
from numeri_cli.learning.plan import Keep, MachineMember, Machines, PlannedMember, TrainingPlan
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import checked_estimator, held_out_rows, train, train_members
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ClusterSettings, EraWeights, ModelSpec
from numeri_cli.progress import SILENT
from numeri_cli.scoring.scores import corr
from tests.support.clusters import (
    START_SECONDS,
    DaskProcesses,
    Heard,
    cluster_here,
    dask_scheduler,
    fleet_at,
)
from tests.support.data_versions import changed, model_spec, workspace_of, write_sample
from tests.support.processes import await_truth

TARGETS = ("target_ender_20", "target_ender_60")
TREES = {"lightgbm": 60, "xgboost": 20}
MODEL = model_spec(
    features="all", targets=TARGETS, seeds=(1, 2), data=("train", "validation"), params={}
)


@dataclass
class Here:
    """Machines that are this one: each window trained as a local backtest trains it."""

    digests: dict[str, str] = field(default_factory=dict)
    way: str = ""

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Train whole windows, and keep their members."""
        estimator = checked_estimator(plan.name, plan.spec, workspace=plan.workspace)
        for window in sorted({one.window for one in members}):
            held_out = plan.windows[window].held_out_eras
            settings = TrainingSettings(
                spec=plan.spec,
                features=plan.data.features,
                cache=plan.workspace.cache,
                unfinished=plan.workspace.home.cache / f"window-{window}",
                whole=rows_of_eras(plan.data.sources, plan.whole_eras),
                held_out=held_out_rows(plan.spec, plan.data, eras=held_out, listener=SILENT),
            )
            made = train_members(
                plan.name, plan.rows(window), estimator=estimator, settings=settings
            )
            for planned, member in zip(plan.members([window]), made, strict=True):
                self.digests[planned.label] = member.record.digest
                record = member.record
                keep(
                    planned,
                    MachineMember(
                        content=member.content,
                        rows=record.rows,
                        dropped_rows=record.dropped_rows,
                        trees=record.trees,
                        machine="here",
                    ),
                )


@dataclass
class Noting:
    """Machines, and the digest of each member that they give back."""

    machines: Machines
    digests: dict[str, str] = field(default_factory=dict)
    way: str = ""

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Pass on, and note what comes back."""

        def noted(planned: PlannedMember, made: MachineMember) -> None:
            self.digests[planned.label] = sha256(made.content).hexdigest()
            keep(planned, made)

        self.machines.train(plan, members, keep=noted)


class Killer(Heard):
    """Kills a process as soon as the first member is home, while the others grow."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid

    def step(self, name: str) -> None:
        """Note a step; the first member's is the moment."""
        super().step(name)
        if "MB of" in name and sum("MB of" in step for step in self.steps) == 1:
            os.kill(self.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """A scheduler and two workers with caches of their own, as on two machines."""
    root = tmp_path_factory.mktemp("dask")
    with dask_scheduler(root / "scheduler") as processes:
        for name in ("first", "second"):
            processes.start_worker(name, home=root / name)
        yield processes


def local_digests(name: str, workspace: Workspace) -> dict[str, str]:
    here = Here()
    backtest("model", spec_of(name), workspace, window=12, purge=4, machines=here)
    return here.digests


def spec_of(name: str) -> ModelSpec:
    params: dict[str, object] = {"n_estimators": TREES[name], "n_jobs": 1, "max_depth": 3}
    params["colsample_bytree"] = 0.5
    return changed(MODEL, name=name, params=params)


def test_a_worker_with_another_version_of_the_engine_is_refused_by_name_before_work_starts(
    dask: DaskProcesses, workspace: Workspace, tmp_path: Path
) -> None:
    lie = tmp_path / "packages" / "lightgbm-9.9.9.dist-info"
    lie.mkdir(parents=True)
    (lie / "METADATA").write_text("Metadata-Version: 2.1\nName: lightgbm\nVersion: 9.9.9\n")
    path = os.pathsep.join([str(lie.parent), str(Path(__file__).resolve().parents[2])])
    liar = dask.start_worker("liar", home=tmp_path / "liar", PYTHONPATH=path)
    heard = Heard()
    with (
        fleet_at(dask.address, heard, workers=3) as machines,
        pytest.raises(ClusterMismatch, match=r"liar .* has lightgbm 9\.9\.9 instead of 4\."),
    ):
        train("model", spec_of("lightgbm"), workspace, machines=machines)
    assert not any("MB of" in step for step in heard.steps)
    liar.kill()
    liar.wait()


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_one_member_over_two_workers_scores_as_a_local_one_does(
    name: str, dask: DaskProcesses, tmp_path: Path
) -> None:
    sample = write_sample(tmp_path / "many" / "v5.3", stocks=200, unresolved=(38, 39, 40))
    workspace = workspace_of(sample)
    spec = changed(spec_of(name), seeds=(1,), targets=TARGETS[:1], data=("train",))
    spec = changed(spec, era_weights=EraWeights(half_life_eras=20))
    near = train("near", spec, workspace)
    by_rows = ClusterSettings(distribute="rows")
    with fleet_at(dask.address, settings=by_rows, workers=2) as machines:
        far = train("far", spec, workspace, machines=machines)
    assert far.contract.machines == ("first, second",)
    content = (far.folder / far.contract.members[0].file).read_bytes()
    assert b"127.0.0.1" not in content
    later = ~sample.in_train & ~np.isnan(sample.labels)
    scores = [
        corr(model.fitted().members[0].predict(sample.cells[later].astype(np.float32)), target)
        for model in (near, far)
        for target in [sample.labels[later].astype(np.float64)]
    ]
    assert scores[0] > 0.1
    assert abs(scores[0] - scores[1]) < 0.001
    assert far.contract.members[0].rows == near.contract.members[0].rows


def test_a_worker_killed_in_mid_training_changes_nothing_in_the_result(
    dask: DaskProcesses, workspace: Workspace
) -> None:
    near = local_digests("lightgbm", workspace)
    assert len(near) == 2 * 2 * 3
    heard = Killer(dask.workers[0].pid)
    with fleet_at(dask.address, heard) as fleet:
        await_two(fleet)
        far = Noting(fleet)
        done = backtest("far", spec_of("lightgbm"), workspace, window=12, purge=4, machines=far)
    assert {label.removeprefix("far "): digest for label, digest in far.digests.items()} == {
        label.removeprefix("model "): digest for label, digest in near.items()
    }
    assert len(done.windows) == 3
    assert dask.workers[0].wait(START_SECONDS) == -signal.SIGKILL


def test_a_scheduler_killed_ends_with_exit_code_4_and_the_next_call_trains_what_is_missing(
    dask: DaskProcesses, workspace: Workspace, tmp_path: Path
) -> None:
    near = local_digests("xgboost", workspace)
    heard = Killer(dask.scheduler.pid)
    with fleet_at(dask.address, heard) as fleet:
        first = Noting(fleet)
        with pytest.raises(ClusterLost, match="went away") as lost:
            backtest("far", spec_of("xgboost"), workspace, window=12, purge=4, machines=first)
    assert lost.value.exit_code is ExitCode.trouble
    assert 1 <= len(first.digests) < len(near)
    with cluster_here(tmp_path / "dask", workers=1) as address, fleet_at(address) as fleet:
        second = Noting(fleet)
        backtest("far", spec_of("xgboost"), workspace, window=12, purge=4, machines=second)
    assert set(first.digests) & set(second.digests) == set()
    found = {
        label.removeprefix("far "): one for label, one in (first.digests | second.digests).items()
    }
    assert found == {label.removeprefix("model "): one for label, one in near.items()}


def await_two(fleet: Fleet) -> None:
    """Wait until both workers are there, and no liar."""
    client = fleet.connection.client
    await_truth(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == 2, "two workers")
