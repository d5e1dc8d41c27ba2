"""A server on a real socket that answers, or fails to, exactly as a test tells it."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from numeri_cli.api.http.limits import Limits
from numeri_cli.credentials import Keys

KEYS = Keys("A2B3C4D5E6F7A2B3C4D5E6F7A2B3C4D5", "the-secret-of-the-test-suite")

# Quick to try again, but patient: a slow machine must not pass for a server that is silent.
QUICK = Limits(
    connect_seconds=10.0,
    read_seconds=60.0,
    total_seconds=90.0,
    no_progress_seconds=90.0,
    attempts=3,
    backoff_start_seconds=0.01,
    backoff_max_seconds=0.02,
    retry_after_seconds=1.0,
    whole_below_bytes=20_000,
    segment_bytes=5_000,
    journal_seconds=0.0,
    poll_seconds=0.02,
    settle_seconds=0.5,
)

# For a server that is silent.
HASTY = replace(QUICK, read_seconds=1.0, total_seconds=1.5, no_progress_seconds=1.0)


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> str:
        return str(json.loads(self.body)["query"])

    @property
    def variables(self) -> dict[str, object]:
        return dict(json.loads(self.body)["variables"])


@dataclass(frozen=True)
class Reply:
    """What to send. `bytes_sent` of head and body together; then `ending`.

    held: sends a thousand bytes, the rest once this is set
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    bytes_sent: int | None = None
    ending: Literal["keep", "close", "reset", "silence"] = "keep"
    pause_per_byte: float = 0.0
    date: bool = True
    held: threading.Event | None = None


def limits_for(reply: Reply) -> Limits:
    """What a test of this reply has time for: after a lost one the server may still be at work."""
    return QUICK if reply.ending == "keep" else HASTY


def data(**content: object) -> Reply:
    """A good GraphQL answer."""
    return Reply(body=json.dumps({"data": content}).encode())


def refusal(message: str, **more: object) -> Reply:
    """A GraphQL error as the real service sends it."""
    errors = [{"message": message, "locations": [], "path": [], **more}]
    return Reply(body=json.dumps({"errors": errors, "data": None}).encode())


class Server:
    """Listens on 127.0.0.1; answers with the next scripted reply, else as `answer` says."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Reply] = []
        self.answer: Callable[[Asked], Reply] = lambda _: Reply(404)
        self.connections = 0
        self._closing = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._lock = threading.Lock()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):  # it was closed before
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes who accepts; a close alone would not
        self._listener.join()  # else it might accept from the next socket of the same number
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        buffer = b""
        try:
            with connection:
                while not self._closing.is_set():
                    while b"\r\n\r\n" not in buffer:
                        received = connection.recv(65536)
                        if not received:
                            return
                        buffer += received
                    head, buffer = buffer.split(b"\r\n\r\n", 1)
                    asked, buffer = self._request(connection, head, buffer)
                    with self._lock:
                        self.asked.append(asked)
                        reply = self.script.pop(0) if self.script else self.answer(asked)
                    if not self._send(connection, reply):
                        return
        except OSError:
            return  # the client went away

    def _request(self, connection: socket.socket, head: bytes, rest: bytes) -> tuple[Asked, bytes]:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += connection.recv(65536)
        return Asked(method, target, headers, rest[:length]), rest[length:]

    def _send(self, connection: socket.socket, reply: Reply) -> bool:
        headers = dict(reply.headers)
        if "Transfer-Encoding" not in headers:
            headers.setdefault("Content-Length", str(len(reply.body)))
        if reply.date:
            headers.setdefault("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))
        head = f"HTTP/1.1 {reply.status} X\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        content = (head.encode() + b"\r\n" + reply.body)[: reply.bytes_sent]
        if reply.pause_per_byte:
            for position in range(len(content)):
                if self._closing.wait(reply.pause_per_byte):
                    return False
                connection.sendall(content[position : position + 1])
        elif reply.held is not None:
            connection.sendall(content[:1000])
            reply.held.wait(120)
            connection.sendall(content[1000:])
        else:
            connection.sendall(content)
        if reply.ending == "silence":
            self._closing.wait(120)
        if reply.ending == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return reply.ending == "keep"


class Shelf:
    """A file store with one file: ranges, ETag, If-None-Match; and its bad habits on demand."""

    def __init__(self, content: bytes, *, etag: str | None = '"one"') -> None:
        self.content, self.etag = content, etag
        self.ranges = True
        self.valid_signatures: set[str] | None = None
        self.body_bytes = 0

    def __call__(self, asked: Asked) -> Reply:
        signature = asked.target.partition("?sig=")[2]
        if self.valid_signatures is not None and signature not in self.valid_signatures:
            return Reply(
                403,
                b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has"
                b" expired</Message><StringToSign>SECRET</StringToSign></Error>",
            )
        headers = {"ETag": self.etag} if self.etag else {}
        if self.etag and asked.headers.get("if-none-match") == self.etag:
            return Reply(304, headers={**headers, "Content-Length": "0"})
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
        if wanted is None or not self.ranges:
            self.body_bytes += len(self.content)
            return Reply(200, self.content, headers)
        start, size = int(wanted[1]), len(self.content)
        if start >= size:
            return Reply(416, headers={**headers, "Content-Range": f"bytes */{size}"})
        end = min(size, int(wanted[2] or size) + 1)
        self.body_bytes += end - start
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return Reply(206, self.content[start:end], headers)
