"""Uploads: the store's status counts, and the bytes are the very bytes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from numeri_cli.api.files.upload import (
    UploadExpired,
    upload,
)
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.http.limits import Limits
from numeri_cli.errors import NumeriError, TransferFailed, TransferRefused, TransferStalled
from tests.support.scripted_server import HASTY, QUICK, Reply, Server, limits_for

CONTENT = os.urandom(200_000)


def put(server: Server, *, limits: Limits = QUICK, **more: Any) -> None:
    upload(
        connector=Connector(limits),
        url=f"{server.url}bucket/x.csv?sig=hidden",
        content=CONTENT,
        name="x.csv",
        **more,
    )


@pytest.mark.parametrize("status", [200, 201, 204])
def test_the_bytes_arrive_with_their_length_and_without_a_key(server: Server, status: int) -> None:
    server.answer = lambda _: Reply(status)
    put(server)
    (asked,) = server.asked
    assert (asked.method, asked.body) == ("PUT", CONTENT)
    assert asked.headers["content-length"] == str(len(CONTENT))
    assert "transfer-encoding" not in asked.headers
    assert "authorization" not in asked.headers


@pytest.mark.core
@pytest.mark.parametrize(
    "fault",
    [
        lambda _: Reply(500),
        lambda _: Reply(503, b"<Error><Code>SlowDown</Code></Error>", {"Retry-After": "0"}),
        lambda _: Reply(bytes_sent=0, ending="close"),
        lambda _: Reply(bytes_sent=0, ending="reset"),
        lambda _: Reply(bytes_sent=0, ending="silence"),
        lambda _: Reply(bytes_sent=9, ending="silence"),
    ],
)
def test_one_failure_is_survived_with_the_same_bytes(
    server: Server, fault: Callable[[object], Reply]
) -> None:
    server.script = [fault(None)]
    server.answer = lambda _: Reply(200)
    put(server, limits=limits_for(server.script[0]))
    assert [asked.body for asked in server.asked] == [CONTENT, CONTENT]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(403, b"<Error><Code>AccessDenied</Code></Error>"), UploadExpired, "AccessDenied"),
        (Reply(400, b"<Error><Message>Bad &amp; worse</Message>"), TransferRefused, "Bad & worse"),
        (Reply(411), TransferRefused, "411"),
        (Reply(202), TransferRefused, "202"),
        (Reply(302, headers={"Location": "/login"}), TransferFailed, "redirects a PUT"),
        (Reply(500), TransferFailed, "500"),
        (Reply(bytes_sent=0, ending="silence"), TransferStalled, "stopped moving"),
    ],
)
def test_a_store_that_does_not_take_it_is_never_called_success(
    server: Server, reply: Reply, kind: type[NumeriError], words: str
) -> None:
    server.answer = lambda _: reply
    with pytest.raises(kind, match=words) as caught:
        put(server, limits=limits_for(reply))
    assert "hidden" not in str(caught.value)


def test_a_redirected_upload_sends_the_bytes_again(server: Server) -> None:
    server.script = [Reply(307, headers={"Location": "/elsewhere"}), Reply(200)]
    put(server)
    assert [asked.target for asked in server.asked] == ["/bucket/x.csv?sig=hidden", "/elsewhere"]
    assert server.asked[1].body == CONTENT


def test_nothing_is_repeated_past_the_deadline(server: Server) -> None:
    server.answer = lambda _: Reply(503, headers={"Retry-After": "60"})
    with pytest.raises(TransferFailed):
        patient = replace(QUICK, retry_after_seconds=90)
        put(server, limits=patient, deadline=time.monotonic() + 20)
    assert len(server.asked) == 1


def test_a_bar_shows_each_byte_once_whatever_was_repeated(server: Server) -> None:
    class Bar:
        done = 0.0

        def advance(self, amount: float) -> None:
            self.done += amount

        def note(self, text: str) -> None:
            """Nobody reads it."""

    server.script = [Reply(500), Reply(200)]
    bar = Bar()
    put(server, task=bar)
    assert bar.done == len(CONTENT)


def test_a_server_that_does_not_read_is_a_stall() -> None:
    """A store that takes the connection and then nothing more."""
    import socket

    deaf = socket.create_server(("127.0.0.1", 0))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        with pytest.raises(TransferStalled):
            upload(
                connector=Connector(replace(HASTY, attempts=1)),
                url=f"http://127.0.0.1:{deaf.getsockname()[1]}/x",
                content=bytes(20_000_000),
                name="x.csv",
            )
    finally:
        deaf.close()


def test_an_upload_inside_this_process_arrives_whole() -> None:
    received = []

    def app(environ, start_response):  # type: ignore[no-untyped-def]  # WSGI
        received.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [])
        return [b""]

    connector = Connector(QUICK, transport=httpx.WSGITransport(app))
    upload(connector=connector, url="https://practice.invalid/x", content=CONTENT, name="x.csv")
    assert received == [CONTENT]
