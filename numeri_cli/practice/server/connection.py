"""One HTTP/1.1 connection to the practice server, kept open from request to request.

werkzeug's own handler closes every connection and dates answers by the machine's clock; this one
does neither. Answers made here, such as to a broken request line, tell the tournament's time too.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes, urlsplit

from werkzeug.http import http_date

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

IDLE_SECONDS = 60.0
MOST_DRAINED_BYTES = 2**20
LONGEST_LENGTH = 15  # digits of a Content-Length
NO_BODY = (204, 304)


class Body:
    """A request's body: never a byte more than announced, however often it is read."""

    def __init__(self, source: BufferedIOBase, length: int) -> None:
        self._source = source
        self.left = length

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; all that is left where negative."""
        wanted = self.left if size < 0 else min(size, self.left)
        data = self._source.read(wanted) if wanted else b""
        self.left -= len(data)
        return data

    def readline(self, size: int = -1) -> bytes:
        """One line."""
        wanted = self.left if size < 0 else min(size, self.left)
        data = self._source.readline(wanted) if wanted else b""
        self.left -= len(data)
        return data

    def readlines(self, hint: int = -1) -> list[bytes]:
        """All lines."""
        return list(self)

    def __iter__(self) -> Any:
        return iter(self.readline, b"")


class Handler(BaseHTTPRequestHandler):
    """Speaks WSGI to the server's `app`, dates its own answers by the server's `now`."""

    protocol_version = "HTTP/1.1"
    server_version = "Cowboy"  # of what the real API is written in
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = 2**16
    disable_nagle_algorithm = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The tournament's time, for answers that never reach the application."""
        now = cast("Callable[[], datetime]", self.server.now)  # type: ignore[attr-defined]
        return http_date(now())

    def log_message(self, *_: object) -> None:
        """Keep quiet: the address was announced, errors are reported by the application."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):  # every method is the application's business
            return self._run
        raise AttributeError(name)

    def _run(self) -> None:
        length = self.headers.get("Content-Length")
        chunked = "Transfer-Encoding" in self.headers
        if length is not None and (chunked or not _is_length(length)):
            self.close_connection = True
            self.send_error(400, "Content-Length is no length of a body")
            return
        if not self._is_meant():
            self.close_connection = True
            self.send_error(403, "This tournament answers programs of its own machine only")
            return
        body = Body(self.rfile, int(length or 0))
        environ = self._environ(body, length)
        app: WSGIApplication = self.server.app  # type: ignore[attr-defined]
        if chunked:
            self.close_connection = True  # refused unread: its end is unknown
        sender = _Sender(self)
        parts = app(environ, sender.start)
        try:
            for part in parts:
                sender.send(part)
            sender.finish()
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        self._drain(body)

    def _is_meant(self) -> bool:
        """Whether the request is from a program here: a web page elsewhere must not drive us.

        Such a page sends its Origin, or, where a name of its own leads to this machine, its Host.
        """
        host = self.headers.get("Host")
        if host is not None and not _is_here(f"//{host}"):
            return False
        origin = self.headers.get("Origin")
        return origin is None or (_is_here(origin) and urlsplit(origin).netloc == host)

    def _drain(self, body: Body) -> None:
        """Read what the application left of a small body, so that the next request is found."""
        if body.left > MOST_DRAINED_BYTES:
            self.close_connection = True
        elif body.left:
            body.read()

    def _environ(self, body: Body, length: str | None) -> WSGIEnvironment:
        url = urlsplit(self.path if not self.path.startswith("//") else f"/{self.path}")
        host, port = cast("tuple[str, int]", self.server.server_address)[:2]
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
            "QUERY_STRING": url.query,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if "Content-Type" in self.headers:
            environ["CONTENT_TYPE"] = self.headers["Content-Type"]
        if length is not None:
            environ["CONTENT_LENGTH"] = length
        for name in set(self.headers.keys()):
            key = name.upper().replace("-", "_")
            if "_" not in name and key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                environ[f"HTTP_{key}"] = ",".join(self.headers.get_all(name, []))
        return environ


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_LENGTH


def _is_here(address: str) -> bool:
    """Whether an address names this machine, by its own number or as localhost."""
    try:
        name = urlsplit(address).hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class _Sender:
    """Sends one answer; where its length is not known the connection ends it."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._sent = False

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """WSGI's start_response."""
        if exc_info is not None and self._sent:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status, self._headers = status, headers
        return self.send

    def send(self, part: bytes) -> None:
        """Send a piece of the body, after the head."""
        if not self._sent:
            self._send_head()
        if part and self._handler.command != "HEAD":
            self._handler.wfile.write(part)

    def finish(self) -> None:
        """Send what is not sent yet."""
        self.send(b"")
        self._handler.wfile.flush()

    def _send_head(self) -> None:
        self._sent = True
        code, _, reason = self._status.partition(" ")
        handler = self._handler
        handler.send_response_only(int(code), reason)
        names = set()
        for name, value in self._headers:
            names.add(name.lower())
            handler.send_header(name, value)
        if "content-length" not in names and int(code) not in NO_BODY:
            handler.close_connection = True
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()
