"""The bench, made once for each process that runs tests, and settled anew for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bench import Bench, trained_bench
from tests.support.hosting import hosting, whole_hosting
from tests.support.trial import Ground, Trial

__all__ = ["hosting", "whole_hosting"]


@pytest.fixture(scope="session")
def whole_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The server, the proxy and a home with a trained model."""
    with trained_bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture
def bench(whole_bench: Bench, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Everything as new: nothing submitted, nothing spoilt, a trained model at home."""
    whole_bench.settle_in(home, monkeypatch)
    yield whole_bench
    whole_bench.proxy.lift()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A tournament and homes with three trained models, made once for each process."""
    return Ground.make(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def trial(
    ground: Ground, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    """A server and a home of its own for each test."""
    with ground.fresh(tmp_path, home, monkeypatch) as trial:
        yield trial
