"""Workers of this machine see no key, no proxy, and share its cores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.cluster.connection import connected
from numeri_cli.cluster.local_workers import end_all, start_worker, worker_environment
from numeri_cli.model_spec import ClusterSettings
from numeri_cli.progress import SILENT
from tests.support.clusters import dask_scheduler


def test_a_planted_key_is_in_no_worker_s_environment() -> None:
    planted = {
        "NUMERAI_PUBLIC_ID": "PLANTED",
        "NUMERAI_SECRET_KEY": "PLANTED",
        "NUMERAI_MCP_AUTH": "Token PLANTED$PLANTED",
        "AWS_SECRET_ACCESS_KEY": "PLANTED",
        "HTTPS_PROXY": "http://name:PLANTED@proxy:1",
        "NUMERI_HOME": "/here",
        "PATH": "/bin",
    }
    made = worker_environment(planted, threads="4")
    assert "PLANTED" not in " ".join(made.values())
    assert made["NUMERI_HOME"] == "/here"
    assert made["PATH"] == "/bin"
    assert made["OMP_NUM_THREADS"] == "4"


def test_a_worker_has_its_share_of_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read where it trains: Dask's nanny stands between, and would give it one."""
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    with dask_scheduler(tmp_path / "dask") as dask:
        started = start_worker(dask.address, "own", tmp_path, 2)
        try:
            with connected(
                dask.address, ClusterSettings(), folder=None, listener=SILENT
            ) as connection:
                [found] = connection.client.run(thread_variables).values()
                [is_watched] = connection.client.run(has_profiler).values()
        finally:
            end_all([started])
    assert found == {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"}
    assert not is_watched


def has_profiler(dask_worker: Any) -> bool:
    """Whether Dask looks at this worker's threads all the time; it names the argument."""
    return "profile" in dask_worker.periodic_callbacks


def thread_variables() -> dict[str, str | None]:
    """What a process says of its threads."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {name: os.environ.get(name) for name in names}
