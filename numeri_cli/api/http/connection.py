"""One HTTP connection that keeps time limits, checks redirects and can be cut from outside."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from numeri_cli.api.http.addresses import (
    checked,
    is_loopback,
    redirected,
    same_origin,
    shown,
)
from numeri_cli.api.http.bulk import BulkTransport
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.proxies import named_proxies, proxy_mounts
from numeri_cli.errors import Unreachable

# httpx logs whole addresses, httpcore whole headers: signatures and keys. Only warnings may pass.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Reason = Literal["unconnected", "untrusted", "silent", "overdue", "broken", "astray"]
Body = bytes | Callable[[], Iterator[bytes]] | None
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})


class Broken(Exception):
    """The connection did not bring a whole answer; `words` say why, without a secret."""

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent. With `whole_seconds` the answer must be complete by then; without, it must
    begin within `idle_seconds` of the last byte sent and never pause for longer."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body = None
    idle_seconds: float = 30.0
    whole_seconds: float | None = None


class Connector:
    """Makes connections; with a transport of its own it stays inside this process."""

    def __init__(self, limits: Limits, *, transport: httpx.BaseTransport | None = None) -> None:
        self.limits = limits
        self._transport = transport
        self._certificates: ssl.SSLContext | None = None

    @property
    def in_process(self) -> bool:
        """Whether the server is an object of this process: one thread must be enough for it."""
        return self._transport is not None

    def connect(self, *, bulk: bool = False) -> Connection:
        """A connection, opened when it is first used; bulk: for files rather than questions."""
        return Connection(self, bulk=bulk)

    def client(self, url: httpx.URL, *, bulk: bool = False) -> httpx.Client:
        """The means to speak with a host; the certificates are read once, when first needed.

        What is for this machine itself, by whichever of its addresses, no proxy gets to see.
        Raises Unreachable where the environment names proxies or certificates that are of no use.
        """
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusted: only plain http comes through
        if self._transport is not None:
            return _client(_Borrowed(self._transport), nobody, direct=True)
        if url.scheme == "https":
            self._certificates = self._certificates or _certificates()
        trusted = nobody if url.scheme != "https" else self._certificates or nobody
        transport = BulkTransport(trusted) if bulk else None
        return _client(transport, trusted, direct=bulk or is_loopback(url.host))


class Connection:
    """At most one request at a time; kept alive between requests to the same host."""

    def __init__(self, connector: Connector, *, bulk: bool) -> None:
        self._connector, self._limits = connector, connector.limits
        self._bulk = bulk
        self._clients: dict[tuple[str, bool, bool], httpx.Client] = {}
        self._streams: list[Any] = []  # of httpcore, which has no public type for them
        self._overdue = False
        self._alarm: threading.Timer | None = None

    def close(self) -> None:
        """Close it; a transport that was given stays usable."""
        self._disarm()
        for client in tuple(self._clients.values()):
            client.close()

    def cut(self) -> None:
        """Break a request that another thread waits for."""
        for stream in tuple(self._streams):
            with suppress(OSError):  # it is closed already
                # past SSLSocket.shutdown, which would pull the TLS state from under its reader
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)

    @contextmanager
    def open(self, request: Request) -> Iterator[httpx.Response]:
        """Send, follow redirects, hand out the answer with its body still to be read.

        Raises Broken, also out of the block that reads the body, and AddressUnsafe.
        """
        self._overdue = False
        host = checked(request.url).host
        until_sent = self._limits.connect_seconds + request.idle_seconds
        self._arm(until_sent if request.whole_seconds is None else request.whole_seconds)
        try:
            response = self._send(request)
            try:
                if request.whole_seconds is None:
                    self._disarm()
                yield response
            finally:
                response.close()
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._broken(error, host) from error
        finally:
            self._disarm()

    def _send(self, request: Request) -> httpx.Response:
        url, method, headers = checked(request.url), request.method, dict(request.headers)
        timeout = httpx.Timeout(request.idle_seconds, connect=self._limits.connect_seconds)
        for _ in range(self._limits.redirects + 1):
            client = self._client(url)
            response = client.send(
                client.build_request(
                    method,
                    url,
                    headers=headers,
                    content=request.body() if callable(request.body) else request.body,
                    timeout=timeout,
                    extensions={"trace": self._trace(request)},
                ),
                stream=True,
            )
            location = response.headers.get("location")
            if response.status_code not in _REDIRECTS or location is None:
                return response
            response.close()
            target = redirected(url, location)
            if method != "GET" and response.status_code not in _SAME_METHOD:
                raise Broken("astray", f"{url.host} redirects a {method} to {shown(target)}")
            if not same_origin(url, target):
                headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
            url = target
        raise Broken("astray", f"{url.host} redirects in circles")

    def _client(self, url: httpx.URL) -> httpx.Client:
        bulk = self._bulk and not _is_proxied(url)
        key = (url.scheme, bulk, is_loopback(url.host))
        if key not in self._clients:
            self._clients[key] = self._connector.client(url, bulk=bulk)
        return self._clients[key]

    def _trace(self, request: Request) -> Callable[[str, Mapping[str, Any]], None]:
        def hear(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith("connect_tcp.complete"):
                self._streams = [info["return_value"]]
            elif event.endswith("start_tls.complete"):
                self._streams.append(info["return_value"])
            elif event.endswith("send_request_body.complete") and request.whole_seconds is None:
                self._arm(request.idle_seconds)

        return hear

    def _arm(self, seconds: float) -> None:
        self._disarm()
        if self._connector.in_process:
            return  # there is no socket to cut
        self._alarm = threading.Timer(seconds, self._ring)
        self._alarm.daemon = True
        self._alarm.start()

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self) -> None:
        self._overdue = True
        self.cut()

    def _broken(self, error: httpx.TransportError | httpx.DecodingError, host: str) -> Broken:
        if self._overdue:
            return Broken("overdue", f"{host} did not answer in time")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            if _is_untrusted(error):
                return Broken("untrusted", f"the certificate of {host} is not trusted: {error}")
            return Broken("unconnected", f"no connection to {host}: {_words(error)}")
        if isinstance(error, httpx.TimeoutException):
            return Broken("silent", f"{host} fell silent")
        return Broken("broken", f"the connection to {host} broke: {_words(error)}")


def _certificates() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # an ssl.SSLError is one, too
        raise Unreachable(
            "the certificates that SSL_CERT_FILE or SSL_CERT_DIR name cannot be read",
            hint="point them to readable PEM files, without quotes around the path, or unset them",
        ) from error


def _client(
    transport: httpx.BaseTransport | None, certificates: ssl.SSLContext, *, direct: bool
) -> httpx.Client:
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    try:
        proxied = {} if direct else proxy_mounts(certificates, limits)
        return httpx.Client(
            transport=transport,
            verify=certificates,
            limits=limits,
            mounts=proxied,
            trust_env=False,  # httpx raises on entries of NO_PROXY that it cannot read
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise Unreachable(
            "the proxy settings of the environment cannot be used",
            hint="look at HTTPS_PROXY, ALL_PROXY and NO_PROXY; SOCKS needs `pip install socksio`",
        ) from error


def _is_proxied(url: httpx.URL) -> bool:
    if is_loopback(url.host):
        return False
    proxies = named_proxies()
    named = proxies.get("https") or proxies.get("all")
    return bool(named) and not urllib.request.proxy_bypass(url.host)


class _Borrowed(httpx.BaseTransport):
    """A transport that somebody else will close."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
