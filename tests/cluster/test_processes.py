"""Workers and schedulers as processes of their own: killed, and not what they should be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.cluster import worker
from numeri_cli.cluster.connection import addresses
from numeri_cli.cluster.fleet import Fleet
from numeri_cli.errors import ClusterLost, ClusterMismatch, ExitCode
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ClusterSettings, EraWeights, ModelSpec
from numeri_cli.scoring.scores import corr
from tests.support.backtested import Here, Killer, Noting
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


PATIENT = """
import json, os, time
from pathlib import Path
from numeri_cli.cluster.machine import Machine

class Patient:
    def __init__(self, random_state=0):
        self.seed = random_state
    def fit(self, X, y):
        notes, began = Path(os.environ["NOTES"]), time.monotonic()
        (notes / f"{self.seed}.begun").touch()
        for _ in range(300):
            begun = len(list(notes.glob("*.begun")))
            others_wait = any(Machine.this().memory.glob("waiting-*"))
            if begun > 2 or (begun == 2 and others_wait):
                break
            time.sleep(0.02)
        (notes / f"{self.seed}.json").write_text(json.dumps([began, time.monotonic()]))
        return self
    def predict(self, X):
        return X[:, self.seed]
"""
DEAF = """
import os, time
from pathlib import Path

class Deaf:
    def fit(self, X, y):
        (Path(os.environ["NOTES"]) / "begun").touch()
        while True:
            time.sleep(0.1)
    def predict(self, X):
        return X[:, 0]
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """A scheduler and two workers with caches of their own, as on two machines."""
    root = tmp_path_factory.mktemp("dask")
    with dask_scheduler(root / "scheduler") as processes:
        for name in ("first", "second"):
            processes.start_worker(name, home=root / name)
        yield processes


@pytest.fixture(scope="module")
def liar(dask: DaskProcesses, tmp_path_factory: pytest.TempPathFactory) -> subprocess.Popen[bytes]:
    """A third worker, which says that its LightGBM is another one; for classes that is the same."""
    lie = tmp_path_factory.mktemp("packages") / "lightgbm-9.9.9.dist-info"
    lie.mkdir()
    (lie / "METADATA").write_text("Metadata-Version: 2.1\nName: lightgbm\nVersion: 9.9.9\n")
    path = os.pathsep.join([str(lie.parent), str(Path(__file__).resolve().parents[2])])
    return dask.start_worker("liar", home=lie / "home", PYTHONPATH=path)


def local_digests(name: str, workspace: Workspace) -> dict[str, str]:
    here = Here()
    backtest("model", spec_of(name), workspace, window=12, purge=4, machines=here)
    return here.digests


def spec_of(name: str) -> ModelSpec:
    params: dict[str, object] = {"n_estimators": TREES[name], "n_jobs": 1, "max_depth": 3}
    params["colsample_bytree"] = 0.5
    return changed(MODEL, name=name, params=params)


def test_a_worker_with_another_version_of_the_engine_is_refused_by_name_before_work_starts(
    dask: DaskProcesses, liar: subprocess.Popen[bytes], workspace: Workspace
) -> None:
    assert liar.poll() is None
    heard = Heard()
    with (
        fleet_at(dask.address, heard, workers=3) as machines,
        pytest.raises(ClusterMismatch, match=r"liar .* has lightgbm 9\.9\.9 instead of 4\."),
    ):
        train("model", spec_of("lightgbm"), workspace, machines=machines)
    assert not any("MB of" in step for step in heard.steps)


def test_five_members_on_a_machine_with_memory_for_two_all_finish_two_at_a_time(
    dask: DaskProcesses, liar: subprocess.Popen[bytes], workspace: Workspace, tmp_path: Path
) -> None:
    """Three workers of one machine; a class needs 0.4 GB beside its rows."""
    assert liar.poll() is None
    own, notes = class_beside(workspace, "patient", PATIENT), tmp_path / "notes"
    notes.mkdir()
    heard = Heard()
    shared = {"NUMERI_HOME": str(tmp_path / "machine"), "NUMERI_MEMORY_GB": "1.0"}
    with (
        fleet_at(dask.address, heard, workers=3) as fleet,
        variables_of(fleet, shared | {"NOTES": str(notes)}),
    ):
        far = train("far", class_spec("patient:Patient", 5), own, machines=fleet, listener=heard)
    at_work = [json.loads(path.read_text()) for path in notes.glob("*.json")]
    assert len(at_work) == len(far.contract.members) == 5
    most = max(sum(one[0] <= other[0] < one[1] for one in at_work) for other in at_work)
    assert most == 2
    assert any("waiting for other trainings" in text for text in heard.said)


def test_ctrl_c_ends_a_class_that_cannot_be_interrupted_with_its_worker(
    dask: DaskProcesses, liar: subprocess.Popen[bytes], workspace: Workspace, tmp_path: Path
) -> None:
    """The third worker alone has room for it; its own look is made as if its time were over."""
    own, notes = class_beside(workspace, "deaf", DEAF), tmp_path / "notes"
    notes.mkdir()
    heard = Heard(stop_at_bar="far target_ender_20")
    with fleet_at(dask.address, heard, workers=3) as fleet:
        client = fleet.connection.client
        [address] = [one for one, pid in client.run(os.getpid).items() if pid == liar.pid]
        others = [one for one in client.run(os.getpid) if one != address]

        def look_at_it() -> None:
            while liar.poll() is None:
                with suppress(Exception):  # it goes away
                    client.run(look_later, workers=[address], on_error="ignore")

        with (
            variables_of(fleet, {"NUMERI_MEMORY_GB": "0.1"}, workers=others),
            variables_of(fleet, {"NOTES": str(notes)}, workers=[address], restore=False),
        ):
            late = threading.Thread(target=look_at_it)
            late.start()
            with pytest.raises(KeyboardInterrupt):
                spec = class_spec("deaf:Deaf", 1)
                train("far", spec, own, machines=fleet, listener=heard)
            late.join(START_SECONDS)
        assert (notes / "begun").exists()
        assert any("2 of 3 workers have too little memory" in text for text in heard.said)
        assert liar.wait(START_SECONDS) == 1
        assert set(client.run(worker.running)) == set(others)
        assert_nothing_runs(fleet)


def test_ctrl_c_leaves_no_task_running_in_the_processes_of_workers(
    dask: DaskProcesses, workspace: Workspace
) -> None:
    spec = changed(
        MODEL, params={"n_estimators": 5000, "n_jobs": 1, "subsample": 0.5, "subsample_freq": 1}
    )
    heard = Heard(stop_at_bar="far target_ender_20 seed 2")
    with fleet_at(dask.address, heard) as fleet:
        await_two(dask, fleet)
        with pytest.raises(KeyboardInterrupt):
            train("far", spec, workspace, machines=fleet, listener=heard)
        assert_nothing_runs(fleet)
        assert [one.poll() for one in dask.workers[:2]] == [None, None]


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
        await_two(dask, machines)
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
        await_two(dask, fleet)
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


def class_beside(workspace: Workspace, name: str, source: str) -> Workspace:
    """The workspace with a profile, and a class beside it."""
    folder = workspace.dataset.parent
    (folder / f"{name}.py").write_text(source)
    return replace(workspace, profile=folder / "numeri.toml")


def class_spec(name: str, seeds: int) -> ModelSpec:
    numbers = tuple(range(seeds))
    return changed(MODEL, name=name, params={}, targets=TARGETS[:1], seeds=numbers)


@contextmanager
def variables_of(
    fleet: Fleet,
    variables: Mapping[str, str | None],
    *,
    workers: Sequence[str] | None = None,
    restore: bool = True,
) -> Iterator[None]:
    """Variables in the environment of workers, as if they had been started with them."""
    client = fleet.connection.client
    before = client.run(set_variables, variables, workers=workers)
    try:
        yield
    finally:
        for address, values in before.items() if restore else ():
            client.run(set_variables, values, workers=[address])


def set_variables(variables: Mapping[str, str | None]) -> dict[str, str | None]:
    before = {name: os.environ.get(name) for name in variables}
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before


def look_later() -> None:
    """Look twice at what nobody wants, the second time once its time is over."""
    for seconds in (0, worker.GRACE_SECONDS + 1):
        worker.process().look(time.monotonic() + seconds)


def assert_nothing_runs(fleet: Fleet) -> None:
    client = fleet.connection.client
    assert not any(client.run(worker.running).values())
    await_truth(lambda: not any(client.processing().values()), "no task on any worker")


def await_two(dask: DaskProcesses, fleet: Fleet) -> None:
    """Wait until the first two workers are there, and no liar."""
    for other in dask.workers[2:]:
        other.kill()
        other.wait()
    client = fleet.connection.client
    await_truth(lambda: len(addresses(client)) == 2, "two workers")
