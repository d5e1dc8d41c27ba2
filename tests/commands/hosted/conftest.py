"""The program, and a server that runs uploaded models as a script says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.hosting import hosting, whole_hosting
from tests.support.program import numeri, profile, trained, trained_template
from tests.support.scripted_server import Server

__all__ = ["hosting", "numeri", "profile", "trained", "trained_template", "whole_hosting"]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers as a test tells it."""
    running = Server()
    yield running
    running.close()
