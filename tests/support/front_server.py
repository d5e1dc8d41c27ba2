"""Serves a front over real HTTP on this machine, in threads or as a process of its own.

    python -m tests.support.front_server ROOT [--port PORT] [--settle SECONDS] [--limits]
        [--window SECONDS]

The process serves the tournament in ROOT until its standard input ends. `--limits` keeps the
published limits; with `--window` the clock runs and the open round closes so much later. It prints
one JSON object: the address, the keys, and when the round closes on the machine's monotonic clock.
`GET /counted` lists the requests.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from numeri_cli.errors import LockHeld
from numeri_cli.practice.database.database import moment_text
from numeri_cli.practice.server.connection import Handler
from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.tournament import Tournament
from tests.support.front import Front

ADDRESS = "127.0.0.1"
TICK_SECONDS = 0.2


class FrontServer(ThreadingHTTPServer):
    """Serves a front on this machine, at several ports where several machines are played."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, front: Front, *, port: int = 0) -> None:
        super().__init__((ADDRESS, port), Handler)
        self.app = front
        self.now = front.tournament.now

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{ADDRESS}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke, or was cut as told, is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()


@contextmanager
def served(
    front: Front, *, speed: float | None = None, ports: Sequence[int] = (0,)
) -> Iterator[list[str]]:
    """Serve from other threads while the block runs; yields one address for each port.

    speed: practice seconds a real second; the clock stands where None
    """
    servers = [FrontServer(front, port=port) for port in ports]
    stop = threading.Event()
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,)) for one in servers]
    threads.append(threading.Thread(target=_tick, args=(front.tournament, stop)))
    with nullcontext() if speed is None else front.tournament.running(speed):
        for thread in threads:
            thread.start()
        try:
            yield [one.url for one in servers]
        finally:
            stop.set()
            for one in servers:
                one.shutdown()
            for thread in threads:
                thread.join()
            for one in servers:
                one.server_close()


def _tick(tournament: Tournament, stop: threading.Event) -> None:
    while not stop.wait(TICK_SECONDS):
        try:
            tournament.tick()
        except LockHeld:
            continue  # somebody else advances


def set_clock(tournament: Tournament, moment: datetime) -> None:
    """Let the tournament's clock show another time; a running one runs on from there."""
    with tournament.store.writing() as connection:
        connection.execute(
            "UPDATE tournament SET clock = ?, clock_moves = clock_moves + 1",
            (moment_text(moment),),
        )


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--settle", type=float, default=0.0)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--window", type=float)
    options = parser.parse_args()
    tournament = Tournament.open(options.root)
    speed = None
    if options.window is not None:
        closes_at = tournament.status().closes_at
        set_clock(tournament, closes_at - timedelta(seconds=options.window))
        speed = 1.0
    limiter = RateLimiter() if options.limits else None
    front = Front(tournament, settle_seconds=options.settle, limiter=limiter)
    with served(front, speed=speed, ports=(options.port,)) as [address]:
        public_id, secret = tournament.participant_keys()
        closes = None if options.window is None else time.monotonic() + options.window
        said = {"address": address, "public_id": public_id, "secret": secret, "closes": closes}
        print(json.dumps(said), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
