"""Servers for the command line: the practice tournament on a socket, and one that only listens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from numeri_cli.practice.server.hosted_runs import HostedRunner
from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament


@dataclass(frozen=True)
class Served:
    """A practice tournament at an address of this machine."""

    tournament: Tournament
    address: str

    @property
    def host(self) -> str:
        """Host and port, as keys are kept under."""
        return self.address.removeprefix("http://")

    @property
    def keys(self) -> tuple[str, str]:
        """The participant's public id and secret."""
        return self.tournament.participant_keys()


@contextmanager
def served(
    root: Path, *, limiter: RateLimiter | None = None, hosted_runner: HostedRunner | None = None
) -> Iterator[Served]:
    """Serve the practice tournament in `root` from this process."""
    tournament = Tournament.open(root)
    with listening(tournament, limiter=limiter, hosted_runner=hosted_runner) as address:
        yield Served(tournament, address)


@dataclass
class Ear:
    """A server that remembers the headers it was sent and refuses everything."""

    address: str
    heard: list[dict[str, str]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """Every Authorization header that arrived."""
        return [headers["authorization"] for headers in self.heard if "authorization" in headers]


@contextmanager
def ear() -> Iterator[Ear]:
    """Listen on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.heard.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"errors": [{"message": "nothing is offered here"}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    heard = Ear(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Announced:
    """A serving process and the variables it told to export."""

    process: subprocess.Popen[str]
    variables: dict[str, str]

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.variables["NUMERI_API_URL"]


def serve(organiser: Path, *words: str) -> Announced:
    """Start `numeri practice serve` in another home and read what it announces."""
    process = subprocess.Popen(
        [sys.executable, "-m", "numeri_cli", "practice", "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NUMERI_HOME": str(organiser)},
    )
    assert process.stdout is not None
    variables: dict[str, str] = {}
    for line in process.stdout:
        if exported := re.fullmatch(r"export ([A-Z_]+)=(\S+)\n", line):
            variables[exported[1]] = exported[2]
        if len(variables) == 3:
            return Announced(process, variables)
    raise AssertionError(f"nothing was announced: {process.communicate()[1]}")
