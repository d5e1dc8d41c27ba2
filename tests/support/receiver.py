"""A loopback receiver of notifications that works, or fails in a way of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Manner = Literal[
    "works", "refuses", "refuses late", "fails", "hangs", "drips", "redirects", "gigabyte"
]
CHUNK = b"x" * 65_536


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """What came, and how to answer: `manner` may be changed at any time.

    sent: bytes of the large answer that were written; elsewhere: where a redirect leads
    """

    address: str
    manner: Manner = "works"
    elsewhere: str = ""
    received: list[Received] = field(default_factory=list)
    sent: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request in the present manner."""
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.received.append(Received(handler.path, headers, body))
        if self.manner == "hangs":
            self.closing.wait(300)
            return
        late = 404 if b'"late": true' in body else 200
        statuses = {"refuses": 404, "refuses late": late, "fails": 503, "redirects": 307}
        handler.send_response(statuses.get(self.manner, 200))
        if self.manner == "redirects":
            handler.send_header("Location", self.elsewhere)
        content = b"thank \x1b[31myou"
        large = {"gigabyte": 2**30, "drips": 1000}.get(self.manner, len(content))
        handler.send_header("Content-Length", str(large))
        handler.end_headers()
        with suppress(OSError):  # whoever asked has left
            if self.manner == "gigabyte":
                while self.sent < large:
                    self.sent += handler.wfile.write(CHUNK)
            elif self.manner == "drips":
                while not self.closing.is_set():
                    handler.wfile.write(b".")
                    time.sleep(0.2)
            else:
                handler.wfile.write(content)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on this machine for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.answer(self)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        serving.join()
        server.server_close()
