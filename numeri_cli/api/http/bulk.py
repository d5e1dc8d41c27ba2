"""Large bodies straight from the socket: half of the processor time that httpx's own way takes.

An httpx transport on the standard library's HTTP/1.1; for one connection, without a proxy.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

_READ_BYTES = 1 << 18  # of more, what malloc maps anew each time costs more than it saves
_PORTS = {"http": 80, "https": 443}
Trace = Callable[[str, Mapping[str, Any]], None]


class BulkTransport(httpx.BaseTransport):
    """Keeps one connection alive between requests to the same origin.

    Raises httpx's own errors; calls the request's "trace" as httpcore does, for what
    `connection` listens to.
    """

    def __init__(self, certificates: ssl.SSLContext) -> None:
        self._certificates = certificates
        self._connection: http.client.HTTPConnection | None = None
        self._origin: tuple[str, str, int | None] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the answer is still to be read."""
        trace: Trace = request.extensions.get("trace", _unheard)
        timeout: Mapping[str, float | None] = request.extensions.get("timeout", {})
        known = self._connection
        connection = self._connected(request.url, seconds=timeout.get("connect"), trace=trace)
        try:
            answer = self._exchange(
                connection, request, read_seconds=timeout.get("read"), trace=trace
            )
        except ConnectionError as error:
            self.close()
            if connection is not known or request.method != "GET":
                raise _translated(error) from error
            # kept alive from an earlier request, and closed by the server while this one set out
            return self.handle_request(request)
        except Exception as error:
            self.close()
            raise _translated(error) from error
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.getheaders()]
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer, self.close))

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        request: httpx.Request,
        *,
        read_seconds: float | None,
        trace: Trace,
    ) -> http.client.HTTPResponse:
        """Send the request, read the head of its answer."""
        connection.sock.settimeout(read_seconds)
        self._send(connection, request)
        trace("http11.send_request_body.complete", {})
        return connection.getresponse()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(
        self, url: httpx.URL, *, seconds: float | None, trace: Trace
    ) -> http.client.HTTPConnection:
        origin = (url.scheme, url.host, url.port)
        known = self._connection
        if known is not None and self._origin == origin and _is_idle(known):
            return known
        self.close()
        try:
            opened = socket.create_connection((url.host, url.port or _PORTS[url.scheme]), seconds)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if url.scheme == "https":
                opened = self._encrypted(opened, url.host, trace=trace)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error
        trace("connection.connect_tcp.complete", {"return_value": _Stream(opened)})
        self._connection = http.client.HTTPConnection(url.host, url.port)
        self._connection.response_class = _Answer
        self._connection.sock, self._origin = opened, origin
        return self._connection

    def _encrypted(self, opened: socket.socket, host: str, *, trace: Trace) -> socket.socket:
        encrypted = self._certificates.wrap_socket(
            opened, server_hostname=host, do_handshake_on_connect=False
        )
        trace("connection.connect_tcp.complete", {"return_value": _Stream(encrypted)})
        try:
            encrypted.do_handshake()
        except BaseException:
            encrypted.close()
            raise
        return encrypted

    def _send(self, connection: http.client.HTTPConnection, request: httpx.Request) -> None:
        target = request.url.raw_path.decode("ascii")
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.raw:
            connection.putheader(name, value)
        connection.endheaders()
        if not isinstance(request.stream, httpx.SyncByteStream):
            raise TypeError("a request without a body to read")
        for chunk in request.stream:
            connection.send(chunk)


class _Lines(io.BufferedReader):
    """Remembers the line read last."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _Answer(http.client.HTTPResponse):
    """The standard library takes an answer that ends amid its headers for a whole one."""

    def __init__(self, sock: socket.socket, *more: Any, **named: Any) -> None:
        super().__init__(sock, *more, **named)
        self._lines = _Lines(self.fp.detach())
        self.fp = self._lines

    def begin(self) -> None:
        super().begin()
        if not self._lines.last:
            raise http.client.HTTPException("the answer ended amid its headers")


class _Body(httpx.SyncByteStream):
    """What is still to come of an answer, in pieces as the socket gives them."""

    def __init__(self, answer: http.client.HTTPResponse, hang_up: Callable[[], None]) -> None:
        self._answer = answer
        self._hang_up = hang_up

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._answer.read1(_READ_BYTES):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise _translated(error) from error
        if self._answer.length:
            raise httpx.RemoteProtocolError(f"{self._answer.length:,} bytes are missing")

    def close(self) -> None:
        if not self._answer.isclosed() and self._answer.length != 0:
            self._hang_up()  # the rest of the body is in the way of the next answer
        self._answer.close()


class _Stream:
    """A socket, asked for as httpcore's streams are."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def get_extra_info(self, name: str) -> Any:
        return self._socket if name == "socket" else None


def _is_idle(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has neither closed a kept connection nor sent what nobody asked for."""
    if connection.sock is None or connection.sock.fileno() < 0:
        return False
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return not readable


def _translated(error: Exception) -> Exception:
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(str(error))
    if isinstance(error, http.client.HTTPException):
        return httpx.RemoteProtocolError(str(error) or type(error).__name__)
    if isinstance(error, OSError):
        return httpx.ReadError(str(error))
    return error


def _unheard(_: str, __: Mapping[str, Any]) -> None:
    """Nobody listens."""
