"""Nobody waits for ever for workers that are gone, and nobody's work ends another's worker."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.cluster import worker
from numeri_cli.cluster.connection import addresses
from numeri_cli.cluster.fleet import Fleet
from numeri_cli.cluster.presence import Presence
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import EstimatorInvalid, ExitCode, FileMissing, MemberFailed, NumeriError
from numeri_cli.files import digest_file
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.prediction import raw_predictions
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ClusterSettings
from tests.support.clusters import Heard, fleet_at
from tests.support.data_versions import changed, model_spec

NOBODY = "tcp://127.0.0.1:9"
MODEL = model_spec(
    features="all", targets=("target_ender_20",), params={"n_estimators": 3, "n_jobs": 1}
)


def test_a_task_of_a_worker_that_is_gone_is_not_awaited_for_ever(scheduler: str) -> None:
    with fleet_at(scheduler) as fleet:
        presence = Presence(fleet.connection, (NOBODY,), needs_all=True)
        future = fleet.connection.client.submit(
            worker.running, workers=[NOBODY], allow_other_workers=False, pure=False
        )
        with pytest.raises(MemberFailed, match=r"tcp://127\.0\.0\.1:9 went away") as gone:
            presence.result(future, failure=_never)
    assert gone.value.exit_code is ExitCode.trouble


def test_a_library_that_waits_for_a_worker_that_is_gone_is_given_up(scheduler: str) -> None:
    came_back = threading.Event()
    with fleet_at(scheduler) as fleet:
        presence = Presence(fleet.connection, (NOBODY,), needs_all=True)
        with pytest.raises(MemberFailed, match="went away"):
            presence.through(lambda: came_back.wait(300))
        came_back.set()
        assert presence.through(lambda: 5) == 5
        with pytest.raises(ZeroDivisionError):
            presence.through(lambda: 1 // 0)


def test_what_ends_a_task_is_told_as_an_error_of_ours(scheduler: str) -> None:
    with fleet_at(scheduler) as fleet:
        future = fleet.connection.client.submit(divmod, 1, 0, pure=False)
        with pytest.raises(MemberFailed, match="division"):
            Presence(fleet.connection).result(
                future, failure=lambda error: MemberFailed(str(error))
            )


def _never(error: Exception) -> NumeriError:
    raise AssertionError(error)


def test_rows_that_cannot_be_read_end_no_worker(
    scheduler: str, workspace: Workspace, tmp_path: Path
) -> None:
    nowhere = ClusterSettings(distribute="rows", data=str(tmp_path / "nowhere"))
    with fleet_at(scheduler, settings=nowhere) as fleet, pytest.raises(FileMissing):
        train("far", MODEL, workspace, machines=fleet)
    with fleet_at(scheduler) as fleet:  # they are threads of this process, which still is there
        assert len(addresses(fleet.connection.client)) == 2


def test_a_worker_lets_go_of_a_model_that_nobody_asks_any_more(
    scheduler: str, workspace: Workspace
) -> None:
    with fleet_at(scheduler) as fleet:
        far = train("far", MODEL, workspace, machines=fleet)
        _predicted(fleet, far, workspace)
        own = worker.process()
        assert own.model is not None
        own.let_go(time.monotonic(), wanted=False)
        assert own.model is not None
        own.let_go(time.monotonic() + worker.MODEL_SECONDS + 1, wanted=False)
        assert own.model is None
        _predicted(fleet, far, workspace)
        own.let_go(time.monotonic(), wanted=True)
        assert own.model is None
        _predicted(fleet, far, workspace)
        train("again", changed(MODEL, seeds=(2,)), workspace, machines=fleet)
        assert own.model is None


def _predicted(fleet: Fleet, artifact: Artifact, workspace: Workspace) -> None:
    """Every era, so that no task of it is left."""
    path = workspace.dataset / "validation.parquet"
    parcel = artifact.parcel(digests={}, module_folder=workspace.module_folder)
    data = DataFile.open(path)
    model = fleet.model(parcel, data, digest=digest_file(path))
    assert len(list(raw_predictions(model, data, eras=data.eras().names))) > 1


def test_an_error_of_a_class_brings_no_key_of_the_worker_s_machine(
    scheduler: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "PLANTEDSECRETOFTHESTORE")
    (tmp_path / "telling.py").write_text(
        "import os\n"
        "class Telling:\n"
        "    def fit(self, X, y):\n"
        "        raise ValueError('no bucket with ' + os.environ['AWS_SECRET_ACCESS_KEY'])\n"
        "    def predict(self, X): return X[:, 0]\n"
    )
    own = replace(workspace, profile=tmp_path / "numeri.toml")
    spec = changed(MODEL, name="telling:Telling", params={})
    heard = Heard()
    with fleet_at(scheduler, heard) as fleet, pytest.raises(EstimatorInvalid) as told:
        train("far", spec, own, machines=fleet)
    assert "no bucket with" in told.value.message
    assert "PLANTED" not in told.value.message + told.value.hint
