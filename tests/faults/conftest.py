"""The bench, made once for each process that runs tests, and settled anew for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.practice.server.server import listening
from tests.support.bench import PROFILE, Bench, numeri
from tests.support.proxy import Proxy
from tests.support.tournaments import fresh_tournament
from tests.support.trial import Ground, Trial

UNNEEDED = ("train.parquet", "validation.parquet")


@pytest.fixture(scope="session")
def whole_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The server, the proxy and a home with a trained model."""
    root = tmp_path_factory.mktemp("bench")
    tournament = fresh_tournament(root / "practice")
    proxy = Proxy()
    proxy.open()
    bench = Bench(tournament, proxy, root / "template", tournament.now())
    try:
        with listening(tournament) as address:
            proxy.backend = address
            _train(bench, root)
            yield bench
    finally:
        proxy.close()
        tournament.close()


def _train(bench: Bench, root: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMERI_HOME", str(bench.template))
        for name, value in bench.environment().items():
            patch.setenv(name, value)
        patch.chdir(root)
        Path("numeri.toml").write_text(PROFILE.partition("[wire]")[0], encoding="utf-8")
        said = numeri("train", "--json")
        assert said.code == 0, said.out
    for path in bench.template.rglob("*.parquet"):
        if path.name in UNNEEDED:
            path.unlink()
    shutil.rmtree(bench.template / "cache", ignore_errors=True)


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
