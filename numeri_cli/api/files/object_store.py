"""What a file store says: statuses, headers and XML, judged for downloads and uploads."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx

from numeri_cli.api.files.parts import Identity
from numeri_cli.api.http.connection import Broken
from numeri_cli.api.http.retry import (
    Passing,
    http_date,
    retry_after,
)
from numeri_cli.errors import TransferCorrupt, TransferFailed, TransferRefused, TransferStalled
from numeri_cli.inert_text import visible

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_WORDS = re.compile(r"<(Code|Message)>([^<]{1,300})</")
_AGAIN = "what has arrived is kept; run the same command again"
_ERROR_BYTES = 65_536


class Addresses:
    """The signed address of one file for several connections, renewed once per expiry."""

    def __init__(self, get_url: Callable[[], str]) -> None:
        self._get_url = get_url
        self._lock = threading.Lock()
        self._url: str | None = None
        self._worked, self._renewed = True, False

    def current(self) -> str:
        """The address to use now."""
        with self._lock:
            if self._url is None:
                self._url = self._get_url()
            return self._url

    def worked(self, url: str) -> None:
        """The store took this address."""
        with self._lock:
            if url == self._url:
                self._worked = True

    def renew(self, url: str) -> bool:
        """The store refused this address; whether there is another one to try."""
        with self._lock:
            if url != self._url:
                return True  # another connection has renewed it already
            if not self._worked and self._renewed:
                return False
            self._url, self._worked, self._renewed = self._get_url(), False, True
            return True


def refusal(response: httpx.Response, *, name: str) -> Exception:
    """The error for a status that is no success: Passing where it may pass."""
    status = response.status_code
    words = _store_words(response)
    where = f"{response.url.host} answered {status} for {name}{words}"
    if status >= 500 or status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT):
        pause = retry_after(
            response.headers.get("retry-after"), date=http_date(response.headers.get("date"))
        )
        return Passing(TransferFailed(where, hint=_AGAIN), after_seconds=pause)
    return TransferRefused(where, hint="run the same command again; if it stays so, ask numer.ai")


def broken(trouble: Broken, *, name: str) -> Exception:
    """The error for a connection that failed under a transfer."""
    if trouble.reason in ("silent", "overdue"):
        return Passing(TransferStalled(f"{name} stopped moving: {trouble.words}", hint=_AGAIN))
    error = TransferFailed(f"{name} did not come through: {trouble.words}", hint=_AGAIN)
    return error if trouble.reason in ("untrusted", "astray") else Passing(error)


def identity_of(response: httpx.Response, *, name: str) -> tuple[Identity, tuple[int, int]]:
    """The whole file's identity that a 200 or 206 tells, and from where to where its body reaches.

    The end of a 200 without Content-Length is -1. Raises TransferCorrupt for a 206 that does not
    say what it holds.
    """
    etag = response.headers.get("etag")
    if response.status_code == HTTPStatus.OK:
        length = response.headers.get("content-length", "")
        size = int(length) if length.isascii() and length.isdigit() else None
        return Identity(etag, size), (0, -1 if size is None else size)
    found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if found is None:
        raise _unclear(response, name)
    start, last, total = (int(number) for number in found.groups())
    if not start <= last < total:
        raise _unclear(response, name)
    return Identity(etag, total), (start, last + 1)


def _unclear(response: httpx.Response, name: str) -> TransferCorrupt:
    return TransferCorrupt(
        f"{response.url.host} sent a part of {name} without saying which", hint=_AGAIN
    )


def _store_words(response: httpx.Response) -> str:
    """Code and Message of the store's XML; the rest of it may hold signatures."""
    content = bytearray()
    for chunk in _quietly(response):
        content += chunk
        if len(content) > _ERROR_BYTES:
            break
    found = [html.unescape(words) for _, words in _WORDS.findall(content.decode(errors="replace"))]
    said = visible(": ".join(found))
    return f" ({said})" if said else ""


def _quietly(response: httpx.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_raw()
    except (httpx.TransportError, httpx.StreamError):
        return  # the status counts; the words are a kindness
