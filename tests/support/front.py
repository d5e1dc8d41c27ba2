"""A server to try a client on: the practice tournament, behind a front that does as it is told.

The front counts what is asked, takes its time over submissions, goes wrong on demand, and changes
or refuses any field of an answer. With nothing asked of it, all passes as it is.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    GraphQLError,
    print_ast,
)
from werkzeug.http import http_date

from numeri_cli.practice.rounds.late_submissions import QueuedTime
from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.server.server import application
from numeri_cli.practice.tournament import Tournament
from tests.support.settling import Settling
from tests.support.troubles import Asking, Reply, Trouble, refusing
from tests.support.typed_answers import (
    HIDDEN_ID,
    FieldOf,
    asking_for_round,
    fields_asked,
    places,
    read,
    root_names,
    with_hidden_ids,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COUNTED = "/counted"
Headers = list[tuple[str, str]]


class Way(StrEnum):
    """What becomes of a field."""

    MISSING = "missing"
    NULL = "null"
    OTHER_TYPE = "of another type"
    REFUSED = "refused"


@dataclass(frozen=True)
class Change:
    """A field that is not as it was; value: what stands there where it is of another type."""

    field: FieldOf
    way: Way
    value: object = None


@dataclass(frozen=True)
class Passed:
    """A request that was answered; `at` and `ended` in seconds of the monotonic clock.

    ended: where the reply was lost, when the server acts
    """

    asking: Asking
    at: float
    ended: float
    status: int

    def described(self) -> dict[str, Any]:
        """For a reader in another process."""
        what = list(self.asking.names) or [f"{self.asking.method} {self.asking.path}"]
        return {"what": what, "at": self.at, "ended": self.ended, "status": self.status}


class Front:
    """A WSGI application before the practice tournament; several threads may use it at once.

    settle_seconds, lists_pending: see Settling
    limiter: keeps the published limits, answers 429 beyond them
    queued_time: which time is shown of what was carried over
    seconds: a monotonic clock, for all that lasts
    """

    def __init__(
        self,
        tournament: Tournament,
        *,
        settle_seconds: float = 0.0,
        lists_pending: bool = True,
        limiter: RateLimiter | None = None,
        queued_time: QueuedTime = QueuedTime.MAPPING,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tournament = tournament
        self.settling = Settling(
            tournament, settle_seconds=settle_seconds, lists_pending=lists_pending, seconds=seconds
        )
        self._seconds = seconds
        self.passed: list[Passed] = []
        self.troubles: list[Trouble] = []
        self.changes: list[Change] = []
        self.actions: list[tuple[Callable[[Asking], bool], Callable[[], None]]] = []
        self.stale_until = 0.0  # until then the current round is the one before
        self._unlisted: dict[str, float] = {}
        self._inner = application(tournament, limiter=limiter, queued_time=queued_time)
        self._late: list[threading.Thread] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == COUNTED:
            return self._send(_json_reply([one.described() for one in self.passed]), start_response)
        at = time.monotonic()
        query = _Query.of(environ)
        asking = query.asking if query else _asking(environ)
        self._act(asking)
        trouble = next(
            (one for one in self.troubles if one.meets(asking, now=self._seconds())), None
        )
        if trouble is not None:
            if trouble.act_after_seconds is not None:
                self._act_later(environ, query, seconds=trouble.act_after_seconds)
            status = int(trouble.reply.status[:3]) if trouble.reply else 0
            acts_at = time.monotonic() + (trouble.act_after_seconds or 0.0)
            self.passed.append(Passed(asking, at, acts_at, status))
            time.sleep(trouble.silent_seconds)
            if trouble.reply is None:
                raise ConnectionAbortedError("as it was told")
            return self._send(trouble.reply, start_response)
        if query is None:
            return self._passing(environ, start_response, asking, at)
        reply = self._answer(environ, query)
        self.passed.append(Passed(asking, at, time.monotonic(), int(reply.status[:3])))
        return self._send(reply, start_response)

    def trouble(self, *troubles: Trouble) -> None:
        """Go wrong so; the first that meets a request has it."""
        self.troubles += troubles

    def change(self, *changes: Change) -> None:
        """Answer with these fields changed."""
        self.changes += changes

    def when(self, matches: Callable[[Asking], bool], action: Callable[[], None]) -> None:
        """Do something once, when such a request has come and before it is answered."""
        self.actions.append((matches, action))

    def unlist(self, part: str, *, seconds: float) -> None:
        """For so long no file with `part` in its name is there."""
        self._unlisted[part] = self._seconds() + seconds

    def stay_behind(self, *, seconds: float) -> None:
        """For so long the current round is the one before the open one."""
        self.stale_until = self._seconds() + seconds

    def forget(self) -> None:
        """As new: nothing has passed, nothing goes wrong."""
        self.passed, self.troubles, self.changes, self.actions = [], [], [], []
        self._unlisted, self.stale_until = {}, 0.0

    def asked(self, name: str) -> list[Passed]:
        """Every request that asked a question of that name, answered or not."""
        return [one for one in self.passed if name in one.asking.names]

    def count(self, name: str) -> int:
        """How often a question was asked, each alias counted."""
        return sum(one.asking.names.count(name) for one in self.passed)

    def busiest(self, name: str, *, seconds: float = 60.0) -> int:
        """The most questions of that name within so many seconds, each alias counted."""
        times = [one.at for one in self.passed for each in one.asking.names if each == name]
        return max((sum(at <= x < at + seconds for x in times) for at in times), default=0)

    def settle_acts(self) -> None:
        """Wait until every act that was to come late has come."""
        for thread in self._late:
            thread.join()
        self._late = []

    def _act(self, asking: Asking) -> None:
        for one in list(self.actions):
            if one[0](asking):
                self.actions.remove(one)
                one[1]()

    def _act_later(self, environ: WSGIEnvironment, query: _Query | None, *, seconds: float) -> None:
        if query is None:
            return
        kept = dict(environ)

        def act() -> None:
            time.sleep(seconds)
            self._answer(kept, query)

        if seconds == 0:
            act()
            return
        thread = threading.Thread(target=act, daemon=True)
        self._late.append(thread)
        thread.start()

    def _passing(
        self, environ: WSGIEnvironment, start_response: StartResponse, asking: Asking, at: float
    ) -> Iterable[bytes]:
        """Files and whatever else is no question."""

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            self.passed.append(Passed(asking, at, time.monotonic(), int(status[:3])))
            return start_response(status, headers, exc_info)

        return self._inner(environ, start)

    def _answer(self, environ: WSGIEnvironment, query: _Query) -> Reply:
        refused = self._refused(query)
        if refused is not None:
            return refused
        document = query.document
        if self._seconds() < self.stale_until:
            document = asking_for_round(document, self.tournament.status().round_number - 1)
        reply = _called(self._inner, environ, query.body(with_hidden_ids(document)))
        content = json.loads(reply.body)
        data = content.get("data")
        if not isinstance(data, dict):
            return reply
        found = places(query.document, data)
        for place in found:
            if place.field.name == "createSubmission" and isinstance(place.holder[place.key], dict):
                self.settling.made(place.holder[place.key][HIDDEN_ID])
        self.settling.show(found)
        self._unlist(data)
        for place in found:
            place.holder.pop(HIDDEN_ID, None)
        for change in self.changes:
            for place in found:
                if place.field == change.field:
                    _apply(change, place.holder, place.key)
        return Reply(reply.status, json.dumps(content).encode(), headers=reply.headers)

    def _refused(self, query: _Query) -> Reply | None:
        wanted = fields_asked(query.document)
        for change in self.changes:
            if change.way is Way.REFUSED and change.field in wanted:
                name, kind = change.field.name, change.field.type
                return refusing(f'Cannot query field "{name}" on type "{kind}".')
        hidden = [part for part, until in self._unlisted.items() if self._seconds() < until]
        wanted_file = str(query.asking.variables)
        if "dataset" in query.asking.names and any(part in wanted_file for part in hidden):
            return refusing("Dataset not found")
        return None

    def _unlist(self, data: dict[str, Any]) -> None:
        hidden = [part for part, until in self._unlisted.items() if self._seconds() < until]
        if isinstance(data.get("listDatasets"), list):
            data["listDatasets"] = [
                name
                for name in data["listDatasets"]
                if not any(part in str(name) for part in hidden)
            ]

    def _send(self, reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
        headers = [(name, value) for name, value in reply.headers if name.lower() not in _OURS]
        date = http_date(self.tournament.now())
        own = [("Content-Type", reply.kind), ("Content-Length", str(len(reply.body)))]
        start_response(reply.status, [*headers, *own, ("Date", date)])
        return [reply.body]


_OURS = ("content-length", "content-type", "date")


@dataclass(frozen=True)
class _Query:
    """A request that could be read as GraphQL."""

    asking: Asking
    document: DocumentNode
    content: dict[str, Any]

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> _Query | None:
        """The request; None where it is something else, whose body is left to be read."""
        if environ["REQUEST_METHOD"] != "POST":
            return None
        raw = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(raw)
        try:
            content = json.loads(raw)
            document = read(content["query"])
        except (ValueError, KeyError, TypeError, GraphQLError):
            return None
        plain = _asking(environ)
        asking = Asking(
            plain.method,
            plain.path,
            plain.host,
            root_names(document),
            content.get("variables") or {},
            current_round="number: 0" in print_ast(document),
            query=content["query"],
        )
        return cls(asking, document, content)

    def body(self, text: str) -> bytes:
        """The request with this document."""
        return json.dumps({**self.content, "query": text}).encode()


def _asking(environ: WSGIEnvironment) -> Asking:
    host = environ.get("HTTP_HOST", "")
    return Asking(environ["REQUEST_METHOD"], environ["PATH_INFO"], host)


def _apply(change: Change, holder: dict[str, Any], key: str) -> None:
    if change.way is Way.MISSING:
        holder.pop(key, None)
    elif change.way is Way.NULL and key in holder:
        holder[key] = None
    elif change.way is Way.OTHER_TYPE and key in holder:
        odd: object = "odd" if isinstance(holder[key], list | dict) else {"odd": True}
        holder[key] = odd if change.value is None else change.value


def _called(app: WSGIApplication, environ: WSGIEnvironment, body: bytes) -> Reply:
    """The whole answer of an application to a question."""
    kept: list[tuple[str, Headers]] = []

    def start(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        kept.append((status, headers))
        return lambda _: None

    own = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    content = b"".join(app(own, start))
    [(status, headers)] = kept
    return Reply(status, content, headers=tuple(headers))


def _json_reply(payload: object) -> Reply:
    return Reply("200 OK", json.dumps(payload).encode())
