"""Only what is new is asked for, and who was killed goes on where he was."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from numeri_cli.api.client import Client
from numeri_cli.commands.context import Context
from numeri_cli.commands.scores import scores
from numeri_cli.credentials import Keys
from numeri_cli.home import Home
from numeri_cli.practice.server.server import application
from numeri_cli.practice.tournament import Tournament
from tests.support.participant import QUICK
from tests.support.scored_rounds import scored_rounds


@dataclass
class Recorder:
    """Remembers what is asked; ends the process, as it were, before the nth history."""

    app: Callable[..., Iterable[bytes]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    dies_at: int | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        asked = json.loads(body)
        is_history = "v2RoundModelPerformances" in asked["query"]
        if is_history and len(self.histories) == self.dies_at:
            raise KeyboardInterrupt
        self.asked.append(asked)
        return self.app(environ, start)

    @property
    def histories(self) -> list[int | None]:
        """How many rounds back each question for a model's history went."""
        return [
            one["variables"]["lastNRounds"]
            for one in self.asked
            if "v2RoundModelPerformances" in one["query"]
        ]


@pytest.fixture
def tournament(tmp_path: Path) -> Iterator[Tournament]:
    made = scored_rounds(tmp_path / "organiser" / "practice")
    yield made
    made.close()


def context_of(recorder: Recorder, tournament: Tournament) -> Context:
    """A context whose client speaks with the recorder."""
    context = Context(home=Home.find(), asked_tournament="https://practice.invalid/")
    keys = Keys(*tournament.participant_keys())
    transport = httpx.WSGITransport(recorder)
    client = Client("https://practice.invalid/", keys=keys, transport=transport, limits=QUICK)
    context.__dict__.update(client=client, keys=keys)
    return context


def test_the_whole_history_is_asked_for_once_then_the_last_rounds(tournament: Tournament) -> None:
    recorder = Recorder(application(tournament))
    context = context_of(recorder, tournament)
    scores(context, ())
    assert recorder.histories == [None, None, None]
    assert len(recorder.asked) <= 3 + 20
    recorder.asked.clear()
    scores(context, ())
    assert recorder.histories == [70, 70, 70]
    tournament.advance(2)
    recorder.asked.clear()
    scores(context, ("beacon",))
    assert recorder.histories == [72]  # as many more as have passed since
    context.close()


def test_a_sync_that_was_killed_goes_on_with_the_next_model(tournament: Tournament) -> None:
    recorder = Recorder(application(tournament), dies_at=1)
    context = context_of(recorder, tournament)
    with pytest.raises(KeyboardInterrupt):
        scores(context, ())
    recorder.dies_at = None
    recorder.asked.clear()
    whole = scores(context, ())
    assert recorder.histories == [70, None, None]
    assert {model.model: len(model.resolved_rounds) > 0 for model in whole.models} == {
        "beacon": True,
        "harbour": False,
        "lighthouse": True,
    }
    context.close()
