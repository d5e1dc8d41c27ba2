"""A practice tournament on a socket that writes down every request.

    python tests/benchmarks/counting_server.py ROOT PORT [SECONDS]

With SECONDS its clock runs, and the round opens that much later; without, the clock stands in the
open round. Serves until its standard input ends. Prints one JSON object: the address, the keys,
when the round opened or opens on the machine's monotonic clock. `GET /counted` lists the requests:
what, and when on that clock.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from contextlib import nullcontext
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from numeri_cli.practice.database.database import moment_text
from numeri_cli.practice.server.connection import Handler
from numeri_cli.practice.server.server import (
    ADDRESS,
    application,
)
from numeri_cli.practice.tournament import Tournament

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COUNTED = "/counted"


class Counter:
    """A WSGI application that remembers what passed through."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._seen: list[tuple[str, float]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == COUNTED:
            body = json.dumps(self._seen).encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = io.BytesIO(body)
            what = " ".join(json.loads(body)["query"].split())[:160]
        self._seen.append((what, time.monotonic()))
        return self._app(environ, start_response)


class Server(ThreadingHTTPServer):
    """As `numeri practice serve` has it."""

    daemon_threads = True

    def __init__(self, tournament: Tournament, port: int) -> None:
        super().__init__((ADDRESS, port), Handler)
        self.app = Counter(application(tournament))
        self.now = tournament.now


def main() -> None:
    """Serve until standard input ends."""
    tournament = Tournament.open(Path(sys.argv[1]))
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None
    if seconds is not None:
        opening = tournament.status().opens_at - timedelta(seconds=seconds)
        with tournament.store.writing() as connection:
            connection.execute("UPDATE tournament SET clock = ?", (moment_text(opening),))
    server = Server(tournament, int(sys.argv[2]))
    with nullcontext() if seconds is None else tournament.running(1.0):
        opened = time.monotonic() + (seconds or 0.0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        public_id, secret = tournament.participant_keys()
        address = f"http://{ADDRESS}:{server.server_address[1]}"
        said = {"address": address, "public_id": public_id, "secret": secret, "opened": opened}
        print(json.dumps(said), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
