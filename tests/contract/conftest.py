"""numerapi, unchanged, against a small practice tournament over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numerapi
import numerapi.base_api
import pytest

from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament
from tests.support.tournaments import fresh_tournament


@pytest.fixture
def tournament(tmp_path: Path) -> Iterator[Tournament]:
    """A small tournament, its first round open, its clock standing."""
    made = fresh_tournament(tmp_path / "practice")
    yield made
    made.close()


@pytest.fixture
def address(tournament: Tournament) -> Iterator[str]:
    """Where it is served."""
    with listening(tournament) as address:
        yield address


@pytest.fixture
def napi(
    address: str, tournament: Tournament, monkeypatch: pytest.MonkeyPatch
) -> numerapi.NumerAPI:
    """numerapi as its documentation says, with the participant's keys."""
    monkeypatch.setattr(numerapi.base_api, "API_TOURNAMENT_URL", address)
    public_id, secret = tournament.participant_keys()
    keys = (public_id, secret)
    return numerapi.NumerAPI(*keys, verbosity="ERROR", show_progress_bars=False)  # type: ignore[no-untyped-call]


@pytest.fixture
def lighthouse(napi: numerapi.NumerAPI) -> str:
    """The id of one of the participant's models."""
    return str(napi.get_models()["lighthouse"])


@pytest.fixture
def settings(address: str, tournament: Tournament, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment and profile that make numeri the same participant as numerapi."""
    public_id, secret = tournament.participant_keys()
    monkeypatch.setenv("NUMERI_API_URL", address)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    Path("numeri.toml").write_text("[models.lighthouse]\n", encoding="utf-8")
