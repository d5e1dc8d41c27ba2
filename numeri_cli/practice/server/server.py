"""The practice tournament over HTTP: a WSGI application, and a server for it on this machine."""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from numeri_cli.errors import DiskTrouble, LockHeld, NumeriError
from numeri_cli.practice.clock import STANDING, speed_of
from numeri_cli.practice.rounds.late_submissions import QueuedTime
from numeri_cli.practice.server.connection import Handler
from numeri_cli.practice.server.files import PREFIXES, FileStore
from numeri_cli.practice.server.graphql import GraphQLRequest, answer, root_fields
from numeri_cli.practice.server.hosted_runs import HostedRunner, HostedRuns
from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.server.resolvers.request import ApiRequest
from numeri_cli.practice.server.signing import UrlSigner
from numeri_cli.practice.tournament import Tournament

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = "127.0.0.1"
TICK_SECONDS = 0.5
POLL_SECONDS = 0.05
WAIT_SECONDS = 3600.0
MAX_QUERY_BYTES = 2**20
GRAPHQL_PATHS = ("/", "/graphql")


def application(
    tournament: Tournament,
    *,
    signer: UrlSigner | None = None,
    limiter: RateLimiter | None = None,
    queued_time: QueuedTime = QueuedTime.MAPPING,
    hosted_runner: HostedRunner | None = None,
) -> WSGIApplication:
    """The tournament as a WSGI application; needs nothing but the requests it is given.

    signer: what signs file URLs, if not the tournament's own
    limiter: how often an address may ask; as often as it likes where None
    queued_time: which time is shown of a submission that was carried over
    hosted_runner: what decides on uploaded models; by default they are stored and never run
    """
    return _Application(
        tournament,
        signer or UrlSigner(key=tournament.signing_key()),
        limiter=limiter,
        is_serving=False,
        queued_time=queued_time,
        hosted_runner=hosted_runner,
    )


def serve(
    tournament: Tournament,
    *,
    port: int,
    clock: str,
    announce: Callable[[str], None],
    limiter: RateLimiter | None = None,
    hosted_runner: HostedRunner | None = None,
) -> None:
    """Serve on 127.0.0.1 until KeyboardInterrupt or another exception ends it.

    Where the rivals are not trained yet, they are as soon as the address is told; what needs them
    waits for that, everything else is answered.
    port: 0 takes a free one; clock: "standing", "running" or "running:SPEED"
    announce: is told the address once, as soon as it answers
    limiter, hosted_runner: see `application`
    Raises UsageProblem, DiskTrouble where the port is taken.
    """
    with listening(
        tournament, port=port, clock=clock, limiter=limiter, hosted_runner=hosted_runner
    ) as address:
        announce(address)
        _train_field(tournament)
        forever = threading.Event()
        while not forever.wait(WAIT_SECONDS):
            pass


def _train_field(tournament: Tournament) -> None:
    while True:
        try:
            tournament.field_world()
        except LockHeld:  # another process is at that, or advances; it may come to be killed
            time.sleep(TICK_SECONDS)
        else:
            return


@contextmanager
def listening(
    tournament: Tournament,
    *,
    port: int = 0,
    clock: str = STANDING,
    limiter: RateLimiter | None = None,
    hosted_runner: HostedRunner | None = None,
) -> Iterator[str]:
    """Serve on 127.0.0.1 from another thread for as long as the block runs; yields the address."""
    speed = speed_of(clock)
    app = _Application(
        tournament,
        UrlSigner(key=tournament.signing_key()),
        limiter=limiter,
        is_serving=True,
        hosted_runner=hosted_runner,
    )
    try:
        server = _Server((ADDRESS, port), app, tournament.now)
    except (OSError, OverflowError) as error:
        raise DiskTrouble(
            f"port {port} of {ADDRESS} cannot be served: {error}", hint="choose another --port"
        ) from error
    stop = threading.Event()
    threads = [
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="practice server"),
        threading.Thread(target=_tick, args=(tournament, stop), name="practice clock"),
    ]
    with nullcontext() if speed is None else tournament.running(speed):
        for thread in threads:
            thread.start()
        try:
            yield f"http://{ADDRESS}:{server.server_address[1]}"
        finally:
            stop.set()
            server.shutdown()
            for thread in threads:
                thread.join()
            server.server_close()


def _tick(tournament: Tournament, stop: threading.Event) -> None:
    """Go on where an advance was killed; let rounds open when a running clock comes to them."""
    said = ""
    while not stop.wait(TICK_SECONDS):
        try:
            tournament.tick()
        except LockHeld:
            continue  # somebody else advances; the next tick sees where to
        except NumeriError as error:
            if error.message != said:
                sys.stderr.write(f"the tournament cannot go on: {error.message}\n")
            said = error.message


class _Server(ThreadingHTTPServer):
    """Takes connections on this machine only; each has a thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], app: WSGIApplication, now: Callable[[], datetime]
    ) -> None:
        super().__init__(address, Handler)
        self.app = app
        self.now = now

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()


class _Application:
    """Routes requests; stamps every answer with the tournament's time."""

    def __init__(
        self,
        tournament: Tournament,
        signer: UrlSigner,
        *,
        limiter: RateLimiter | None,
        is_serving: bool,
        queued_time: QueuedTime = QueuedTime.MAPPING,
        hosted_runner: HostedRunner | None = None,
    ) -> None:
        self._queued_time = queued_time
        self._hosted_runs = HostedRuns(tournament, hosted_runner)
        self._tournament = tournament
        self._signer = signer
        self._files = FileStore(tournament, signer)
        self._limiter = limiter
        self._is_serving = is_serving

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = None
        moments: list[datetime] = []
        try:
            response = self._respond(request, moments)
        except NumeriError as error:  # such as a full disk: whoever asked may read why
            response = _detail(500, f"Internal server error: {error.message}")
        except Exception:  # the last line of defence of a server: no exception leaves it
            if self._is_serving:
                traceback.print_exc()
            response = _detail(500, "Internal server error")
        response.headers["Date"] = http_date(moments[-1] if moments else self._now())
        return response(environ, start_response)

    def _now(self) -> datetime:
        """The tournament's time; the machine's where its store cannot be read."""
        try:
            return self._tournament.now()
        except NumeriError:
            return datetime.now(UTC)

    def _respond(self, request: Request, moments: list[datetime]) -> Response:
        if request.path.split("/")[1] in PREFIXES and request.path.count("/") > 1:
            return self._files.respond(request)
        if request.path not in GRAPHQL_PATHS:
            return _detail(404, "Not Found")
        if request.method != "POST":
            response = _detail(405, "Method Not Allowed")
            response.headers["Allow"] = "POST"
            return response
        if request.content_length is None:
            return _detail(411, "Length Required")
        if request.content_length > MAX_QUERY_BYTES:
            return _detail(413, "Request Entity Too Large")
        asked = ApiRequest(
            tournament=self._tournament,
            signer=self._signer,
            origin=request.host_url.rstrip("/"),
            authorization=request.headers.get("Authorization"),
            queued_time=self._queued_time,
            hosted_runs=self._hosted_runs,
            moments=moments,
        )
        try:
            parsed = _parsed(request.get_data())
        except ClientDisconnected:
            parsed = None
        if parsed is None:
            return _detail(400, "Bad Request")
        return self._too_soon(request, parsed) or _json(200, answer(asked, parsed))

    def _too_soon(self, request: Request, parsed: GraphQLRequest) -> Response | None:
        """The refusal of an address that asks too often."""
        if self._limiter is None:
            return None
        excess = self._limiter.excess(request.remote_addr or ADDRESS, root_fields(parsed))
        if excess is None:
            return None
        message = (
            f"Rate limit exceeded: {excess.rate.calls} calls of {excess.name}"
            f" in {excess.rate.seconds:g} seconds"
        )
        error = {"message": message, "code": "rate_limited"}
        response = _json(429, {"data": None, "errors": [error]})
        response.headers["Retry-After"] = str(excess.wait_seconds)
        return response


def _parsed(body: bytes) -> GraphQLRequest | None:
    """A request's document and variables; None where the body is something else."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("query"), str):
        return None
    variables = content.get("variables") or {}
    name = content.get("operationName")
    if not isinstance(variables, dict) or not isinstance(name, str | None):
        return None
    return GraphQLRequest(query=content["query"], variables=variables, operation_name=name)


def _json(status: int, payload: dict[str, Any]) -> Response:
    return Response(json.dumps(payload), status=status, mimetype="application/json")


def _detail(status: int, text: str) -> Response:
    return _json(status, {"errors": {"detail": text}})
