"""What the tests of the wire share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.connection import Connector
from tests.api.faulty import KEYS, QUICK, Server


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
