"""A file store that costs little processor time, and a way to it with limited connections.

    python tests/benchmarks/file_server.py FOLDER

Serves a folder on 127.0.0.1 until its standard input ends. Prints one JSON object of addresses:
`open`; `gigabit`, where all connections together get what such a line carries; `limited`, a proxy
before the first that gives every connection 10 MB/s. Files have an ETag and come in ranges, by
sendfile; a POST is answered as the API answers what clients ask before a download;
`GET /counted` tells what was served so far.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ADDRESS = "127.0.0.1"
LIMIT_BYTES_PER_SECOND = 10_000_000
GIGABIT_BYTES_PER_SECOND = 125_000_000
PACE_BYTES = 1_000_000
RELAY_BYTES = 64 * 1024
COUNTED = "/counted"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Server(ThreadingHTTPServer):
    """Counts what it serves; a thread for each connection, at most `rate` bytes a second in all."""

    daemon_threads = True

    def __init__(self, folder: Path, *, rate: int | None = None) -> None:
        super().__init__((ADDRESS, 0), Handler)
        self.folder = folder
        self._lock = threading.Lock()
        self._rate, self._due = rate, 0.0
        self.counted = {"requests": 0, "body_bytes": 0}

    def count(self, what: str, number: int) -> None:
        """So many more."""
        with self._lock:
            self.counted[what] += number

    def pace(self, size: int) -> int:
        """How much may be sent at once, after the pause that the line's speed asks for."""
        if self._rate is None:
            return size
        size = min(size, PACE_BYTES)
        now = time.monotonic()
        with self._lock:
            pause = max(0.0, self._due - now)
            self._due = now + pause + size / self._rate
        time.sleep(pause)
        return size


class Handler(BaseHTTPRequestHandler):
    """Questions by POST, files by GET."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        """Where a file is, or nothing but the time."""
        self.server.count("requests", 1)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data: dict[str, Any] = {"__typename": "RootQueryType"}
        if "dataset" in asked["query"]:
            name = asked["variables"]["filename"]
            data = {"dataset": f"http://{self.headers['Host']}/{name}?X-Amz-Expires=3600"}
        self._say(data={"data": data})

    def do_GET(self) -> None:
        """A file, a range of it, or that it has not changed."""
        if self.path == COUNTED:
            self._say(data=self.server.counted)
            return
        self.server.count("requests", 1)
        path = self.server.folder / Path(self.path.partition("?")[0]).name
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
            if self.headers["If-None-Match"] == etag:
                self._head(304, {"ETag": etag})
                return
            start, stop, headers = 0, found.st_size, {"ETag": etag, "Accept-Ranges": "bytes"}
            if asked := _RANGE.fullmatch(self.headers["Range"] or ""):
                start, stop = int(asked[1]), min(int(asked[2] or stop) + 1, stop)
                headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.st_size}"
            self._head(206 if asked else 200, headers | {"Content-Length": str(stop - start)})
            self._send(file.fileno(), start, stop)

    def _send(self, file: int, start: int, stop: int) -> None:
        try:
            while start < stop:
                size = self.server.pace(stop - start)
                sent = os.sendfile(self.connection.fileno(), file, start, size)
                self.server.count("body_bytes", sent)
                start += sent
        except ConnectionError:
            self.close_connection = True  # whoever asked had enough

    def _say(self, *, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        self._head(200, headers)
        self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class Limiter:
    """A proxy before a port: every connection through it gets so many bytes a second."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((ADDRESS, 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def run(self) -> None:
        """Take connections for as long as the process lives."""
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection((ADDRESS, self._target))
            for source, target, rate in (
                (client, server, None),
                (server, client, LIMIT_BYTES_PER_SECOND),
            ):
                target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_relay, args=(source, target, rate), daemon=True).start()


def _relay(source: socket.socket, target: socket.socket, rate: int | None) -> None:
    """Pass bytes on, at most `rate` a second since the last pause, until either end is closed."""
    due = time.monotonic()
    with suppress(OSError):
        while part := source.recv(RELAY_BYTES):
            target.sendall(part)
            if rate is not None:
                now = time.monotonic()
                due = max(due, now - RELAY_BYTES / rate) + len(part) / rate
                time.sleep(max(0.0, due - now))
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def main() -> None:
    """Serve until standard input ends."""
    folder = Path(sys.argv[1])
    servers = {"open": Server(folder), "gigabit": Server(folder, rate=GIGABIT_BYTES_PER_SECOND)}
    limiter = Limiter(servers["open"].server_address[1])
    for work in (*(server.serve_forever for server in servers.values()), limiter.run):
        threading.Thread(target=work, daemon=True).start()
    ports = {way: server.server_address[1] for way, server in servers.items()}
    ports["limited"] = limiter.port
    print(json.dumps({way: f"http://{ADDRESS}:{port}" for way, port in ports.items()}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
