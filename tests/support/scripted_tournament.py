"""A tournament with the real calendar, answered from a script: no data, only rounds and verdicts.

Rounds open Tuesday to Friday at 12:00 UTC for an hour, Saturday at 12:00 for 26 hours. One model.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, execute_sync
from werkzeug.http import http_date

from numeri_cli.practice.server.connection import Handler
from tests.support.typed_answers import read, schema

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADDRESS = "127.0.0.1"
TUESDAY, SATURDAY = 1, 5
FIRST_DAY = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday, two weeks before what is looked at
FIRST_ROUND = 1300
DAYS = 40
MODEL = "lighthouse"


@dataclass(frozen=True)
class ScriptedRound:
    """A round and its window."""

    number: int
    opens_at: datetime
    closes_at: datetime

    @property
    def is_weekly(self) -> bool:
        """Whether a weekly participant is in it."""
        return self.opens_at.weekday() == SATURDAY


def calendar() -> list[ScriptedRound]:
    """Every round there is, the oldest first."""
    found: list[ScriptedRound] = []
    for day in range(DAYS):
        opens_at = FIRST_DAY + timedelta(days=day, hours=12)
        if TUESDAY <= opens_at.weekday() <= SATURDAY:
            hours = 26 if opens_at.weekday() == SATURDAY else 1
            closes_at = opens_at + timedelta(hours=hours)
            found.append(ScriptedRound(FIRST_ROUND + len(found), opens_at, closes_at))
    return found


@dataclass(frozen=True)
class HeldSubmission:
    """What the server holds for a round."""

    id: str
    timing: str = "on-time"
    selected: bool = True
    error_info: str | None = None
    inserted_at: datetime | None = None


@dataclass
class ScriptedTournament:
    """A WSGI application; `now` and `held` (by round number) are set by the test.

    is_down: every question is answered with 503
    """

    is_down: bool = False
    now: datetime = FIRST_DAY
    held: dict[int, HeldSubmission] = field(default_factory=dict)
    rounds: list[ScriptedRound] = field(default_factory=calendar)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        content = json.loads(environ["wsgi.input"].read())
        if self.is_down:
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        result = execute_sync(
            schema(),
            read(content["query"]),
            root_value={
                "rounds": self._rounds,
                "account": self._account,
                "submissions": self._submissions,
                "listDatasets": lambda *_, **__: ["v5.3/live.parquet"],
            },
            variable_values=content.get("variables") or {},
            operation_name=content.get("operationName"),
        )
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            errors = [{"message": one.message, "path": one.path} for one in result.errors]
            payload = {"data": None, "errors": errors}
        body = json.dumps(payload).encode()
        head = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK", [*head, ("Date", http_date(self.now))])
        return [body]

    def open_round(self) -> ScriptedRound | None:
        """Whose window is open now."""
        return next((one for one in self.rounds if one.opens_at <= self.now < one.closes_at), None)

    def _known(self) -> list[ScriptedRound]:
        """That have opened, the newest first."""
        return [one for one in reversed(self.rounds) if one.opens_at <= self.now]

    def _rounds(
        self, _: object, number: int | None = None, limit: int | None = None, **__: object
    ) -> list[dict[str, Any]]:
        if number == 0:
            current = self.open_round()
            if current is None:
                raise GraphQLError("Current round not open for submissions")
            return [self._round(current)]
        found = [one for one in self._known() if number in (None, one.number)]
        return [self._round(one) for one in found[:limit]]

    def _round(self, one: ScriptedRound) -> dict[str, Any]:
        return {
            "id": f"round-{one.number}",
            "number": one.number,
            "tournament": 8,
            "target": "target_ender_60",
            "openTime": _text(one.opens_at),
            "closeStakingTime": _text(one.closes_at),
            "closeTime": _text(one.closes_at + timedelta(days=90)),
            "resolveTime": _text(one.closes_at + timedelta(days=90)),
            "dataDatestamp": int(f"{one.opens_at - timedelta(days=1):%Y%m%d}"),
            "payoutFactor": "1",
            "stakeThreshold": 1.0,
            "roundScoreConfigs": [],
        }

    def _account(self, _: object) -> dict[str, Any]:
        model = {
            "id": "model-1",
            "name": MODEL,
            "tournament": 8,
            "latestSubmissions": self._latest,
        }
        return {"id": "account-1", "username": "somebody", "models": lambda *_, **__: [model]}

    def _latest(self, _: object, latestNRounds: int = 20) -> list[dict[str, Any]]:
        return [
            {
                "roundNumber": one.number,
                "status": held.timing if held else "none",
                "id": held.id if held else None,
                "filename": f"{held.id}.parquet" if held else None,
                "timestamp": _text(held.inserted_at or one.opens_at) if held else None,
            }
            for one in self._known()[:latestNRounds]
            for held in [self.held.get(one.number)]
        ]

    def _submissions(self, _: object, id: str | None = None, **__: object) -> list[dict[str, Any]]:  # noqa: A002
        return [
            {
                "id": held.id,
                "status": "done" if held.selected or held.error_info else "pending",
                "selected": held.selected,
                "errorInfo": held.error_info,
                "filename": f"{held.id}.parquet",
                "insertedAt": _text(held.inserted_at or one.opens_at),
                "round": self._round(one),
            }
            for one in self._known()
            for held in [self.held.get(one.number)]
            if held is not None and id in (None, held.id)
        ]


@contextmanager
def listening(tournament: ScriptedTournament) -> Iterator[str]:
    """Serve it on this machine while the block runs; yields the address."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        app = tournament

        def now(self) -> datetime:
            return tournament.now

    server = Server((ADDRESS, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://{ADDRESS}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
