"""What resolvers look at: one request, one consistent view of the tournament."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from numeri_cli.practice.database.database import Connection
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.participants.accounts import Caller, ParticipantModel
from numeri_cli.practice.participants.refusals import not_found, tournament_invalid
from numeri_cli.practice.rounds.daily_scores import RoundScores, Scoreboard
from numeri_cli.practice.rounds.late_submissions import QueuedTime
from numeri_cli.practice.rounds.state import State, read_state
from numeri_cli.practice.server.hosted_runs import HostedRuns
from numeri_cli.practice.server.signing import UrlSigner
from numeri_cli.practice.tournament import Tournament

CLASSIC = 8
Wire = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """A request: whom it is for, what the client calls us, what it shows for itself.

    origin: scheme and host as the client wrote them, such as http://127.0.0.1:8123
    queued_time: which time is shown of a submission that was carried over
    moments: the tournament's time as it was looked at, newest last
    """

    tournament: Tournament
    signer: UrlSigner
    hosted_runs: HostedRuns
    origin: str
    authorization: str | None = field(repr=False)
    moments: list[datetime]
    queued_time: QueuedTime = QueuedTime.MAPPING

    def file_url(self, path: str, *, method: str) -> str:
        """A signed URL of this server, as seen by the client."""
        return self.signer.url(self.origin, method=method, path=path)


@dataclass(frozen=True, kw_only=True)
class RequestView:
    """The state in one transaction."""

    asked: ApiRequest
    connection: Connection
    state: State
    now: datetime

    def caller(self, scope: str | None = None) -> Caller:
        """Who asks. Raises Refusal where the keys are unknown or lack `scope`."""
        caller = accounts.caller_of(self.connection, self.asked.authorization)
        if scope is not None:
            caller.require(scope)
        return caller

    def own_model(self, caller: Caller, model_id: str | None) -> ParticipantModel:
        """The caller's model of that id; their only one where no id is given."""
        models = accounts.models_of(self.connection, caller.account.id)
        if model_id is None:
            if len(models) != 1:
                raise not_found("Model")
            return models[0]
        chosen = next((model for model in models if model.id == model_id), None)
        if chosen is None:
            raise not_found("Model")
        return chosen

    @property
    def open_round(self) -> int | None:
        """The number of the round whose window is open."""
        times = self.state.round_at(self.now)
        return times.number if times is not None and self.now < times.closes_at else None

    @cached_property
    def scoreboard(self) -> Scoreboard:
        """Where daily scores come from."""
        tournament = self.asked.tournament
        return Scoreboard(world=tournament.world(), folders=tournament.folders, moment=self.now)

    def round_scores(self, number: int) -> RoundScores:
        """Everybody's scores in a round, as far as they are known."""
        times = self.state.calendar.round(number)
        return self.scoreboard.of_round(self.connection, times)

    def any_model(self, model_id: str) -> ParticipantModel:
        """Anybody's model of that id."""
        model = accounts.model(self.connection, model_id)
        if model is None:
            raise not_found("Model")
        return model


@contextmanager
def viewing(asked: ApiRequest) -> Iterator[RequestView]:
    """The state as it is now, for as long as the block runs."""
    with asked.tournament.store.reading() as connection:
        state = read_state(connection)
        now = asked.tournament.time_of(state)
        asked.moments.append(now)
        yield RequestView(asked=asked, connection=connection, state=state, now=now)


def require_classic(tournament: int | None) -> None:
    """Refuse every tournament but Classic."""
    if tournament not in (None, CLASSIC):
        raise tournament_invalid()


def page(rows: list[Wire], *, limit: int | None, offset: int | None) -> list[Wire]:
    """The part of a list that was asked for."""
    first = max(offset or 0, 0)
    return rows[first:] if limit is None else rows[first : first + max(limit, 0)]
