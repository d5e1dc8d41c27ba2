"""A practice tournament that writes down every request, in this process or on a socket.

    python tests/support/counting_server.py ROOT PORT [SECONDS]

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
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from numeri_cli.practice.database.database import moment_text
from numeri_cli.practice.server.connection import Handler
from numeri_cli.practice.server.server import (
    ADDRESS,
    application,
)
from numeri_cli.practice.tournament import Tournament

Application = Callable[..., Iterable[bytes]]
COUNTED = "/counted"
QUESTIONS = (  # the first that is found in a document names the request
    "__typename",
    "createSubmission",
    "submissionUploadAuth",
    "latestSubmissions",
    "computePickleUpload",
    "submissions(id",
    "submissions(modelId",
    "listDatasets",
    "dataset",
    "rounds",
)


@dataclass
class Requests:
    """A WSGI application that remembers what passed through, and may do something instead.

    seen: the name of each request; times: when it came, on the monotonic clock
    instead: what is to answer a request of this name, None for the tournament itself
    """

    app: Application
    seen: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    instead: Callable[[str, Application], Application | None] = lambda what, app: None

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == COUNTED:
            body = json.dumps(list(zip(self.seen, self.times, strict=True))).encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        what = str(environ["REQUEST_METHOD"])
        if what == "POST":
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = io.BytesIO(body)
            what = next((name for name in QUESTIONS if name in body.decode()), "POST")
        self.seen.append(what)
        self.times.append(time.monotonic())
        return (self.instead(what, self.app) or self.app)(environ, start_response)


class Server(ThreadingHTTPServer):
    """As `numeri practice serve` has it."""

    daemon_threads = True

    def __init__(self, tournament: Tournament, port: int) -> None:
        super().__init__((ADDRESS, port), Handler)
        self.app = Requests(application(tournament))
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
