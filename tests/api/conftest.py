"""What the tests of the wire share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.http.connection import Connector
from tests.support.scripted_server import KEYS, QUICK, Server


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, keys=KEYS, limits=QUICK) as made:
        yield made


@pytest.fixture
def connector() -> Connector:
    return Connector(QUICK)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where a download goes."""
    folder = tmp_path / "v5.3"
    folder.mkdir()
    return folder / "live.csv"
