"""A practice tournament with a past: two staked models of one's own, rounds paid and pending."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from numeri_cli.practice.tournament import Tournament
from tests.support.served import Served, served
from tests.support.shelf import shelved
from tests.support.tournaments import MADE_OF, SETTINGS, fresh_tournament, let_the_window_pass
from tests.support.wire import Wire

ROUNDS = 20
STAKES = {"lighthouse": Decimal("26"), "beacon": Decimal("39.000000000000000001")}
PROFILE = """tournament = "{address}"

[models.lighthouse]
features = "medium"
targets = ["target_ender_20"]

[models.lighthouse.estimator]
name = "lightgbm"

[wire]
attempts = 1
read_seconds = 300
total_seconds = 300
poll_seconds = 0.05
"""
LATE_ROUND = 3  # of lighthouse, counted from the first
BOTH_ALIKE = 5  # from this round on both models submit the same


def play(root: Path, *, rounds: int = ROUNDS) -> None:
    """Make the tournament: both models in every round, one of them late once."""
    tournament = fresh_tournament(root)
    for name, nmr in STAKES.items():
        tournament.set_stake(name, nmr)
    for at in range(rounds):
        with Wire.inside(tournament) as wire:
            wire.submit(wire.predictions(seed=at), model=wire.model("beacon"))
            if at == LATE_ROUND:
                let_the_window_pass(tournament)
            seed = at if at >= BOTH_ALIKE else at + 1000
            wire.submit(wire.predictions(seed=seed), model=wire.model("lighthouse"))
        tournament.advance()
    tournament.close()


@cache
def scored_rounds_root(rounds: int = ROUNDS) -> Path:
    """The folder of such a tournament, which nobody may change."""
    return shelved(
        f"scored rounds {SETTINGS} {rounds}", lambda root: play(root, rounds=rounds), rooms=MADE_OF
    )


def scored_rounds(root: Path, *, rounds: int = ROUNDS) -> Tournament:
    """A copy of one's own at `root`."""
    root.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(scored_rounds_root(rounds), root)
    return Tournament.open(root)


def lose_patience() -> None:
    """A profile here that tries once: who only wants to see a server gone need not wait for it."""
    Path("numeri.toml").write_text("[models.lighthouse]\n[wire]\nattempts = 1\n", encoding="utf-8")


def point_at(patch: pytest.MonkeyPatch, server: Served) -> None:
    """Let the program speak with this server, with the participant's keys."""
    public_id, secret = server.keys
    patch.setenv("NUMERI_API_URL", server.address)
    patch.setenv("NUMERAI_PUBLIC_ID", public_id)
    patch.setenv("NUMERAI_SECRET_KEY", secret)


@pytest.fixture(scope="session")
def past_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Such a tournament over HTTP, for everybody who only reads."""
    root = tmp_path_factory.mktemp("past") / "practice"
    scored_rounds(root).close()
    with served(root) as server:
        yield server


@pytest.fixture
def past(past_served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The tournament that everybody reads, as the one the program speaks with."""
    point_at(monkeypatch, past_served)
    return past_served


@contextmanager
def serving(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Such a tournament of one's own in a folder; inside, the program speaks with it."""
    root = folder / "organiser" / "practice"
    scored_rounds(root).close()
    with served(root) as server:
        point_at(patch, server)
        yield server


@pytest.fixture
def changeable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Such a tournament of one's own, as the one the program speaks with."""
    with serving(tmp_path, monkeypatch) as server:
        yield server
