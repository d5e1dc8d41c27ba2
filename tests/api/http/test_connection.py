"""Encryption, private authorities and proxies."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import httpx
import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.files import download as transfer
from numeri_cli.api.files.upload import upload
from numeri_cli.api.http.connection import (
    Broken,
    Connector,
    Request,
)
from numeri_cli.errors import TransferError, TransferFailed, Unreachable
from tests.support.scripted_server import KEYS, QUICK, Asked, Reply, Server, data

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # with its key; it guards nothing
GOOD = b'{"data": {"listDatasets": ["a"]}}'


class _Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(GOOD)))
        self.end_headers()
        self.wfile.write(GOOD)

    do_GET = do_POST  # noqa: N815  # names that http.server looks for
    do_PUT = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def https_url() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    running.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    yield f"https://localhost:{running.server_address[1]}/"
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize("ending", ["close", "reset", "silence"])
def test_a_body_that_ends_early_is_never_taken_for_a_whole_one(
    server: Server, bulk: bool, ending: Literal["close", "reset", "silence"]
) -> None:
    server.answer = lambda _: Reply(body=b"x" * 999, bytes_sent=500, ending=ending)
    connection = Connector(QUICK).connect(bulk=bulk)
    request = Request(method="GET", url=server.url, headers={}, idle_seconds=0.3)
    received: list[bytes] = []
    with pytest.raises(Broken), connection.open(request) as response:
        received.extend(response.iter_raw())
    assert sum(map(len, received)) < 999  # a reset takes back even what had come
    connection.close()


@pytest.mark.parametrize("bulk", [False, True])
def test_a_request_can_be_cut_from_another_thread(server: Server, bulk: bool) -> None:
    connection = Connector(QUICK).connect(bulk=bulk)

    def cut_later(_: Asked) -> Reply:
        threading.Timer(0.2, connection.cut).start()
        return Reply(bytes_sent=0, ending="silence")

    server.answer = cut_later
    began = time.monotonic()
    request = Request(method="GET", url=server.url, headers={}, idle_seconds=90)
    with pytest.raises(Broken), connection.open(request):
        raise AssertionError("there was no answer")
    assert time.monotonic() - began < 45
    connection.close()


def test_a_certificate_of_nobody_known_is_refused_at_once_and_the_cure_is_named(
    https_url: str,
) -> None:
    with (
        Client(https_url, limits=QUICK) as client,
        pytest.raises(Unreachable, match="not trusted") as caught,
    ):
        client.list_datasets()
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_private_authority_is_honoured(https_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Client(https_url, limits=QUICK) as client:
        assert client.list_datasets() == ("a",)


def test_files_travel_by_the_same_rules(
    https_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def there_and_back() -> bytes:
        connector = Connector(QUICK)
        upload(connector=connector, url=https_url, content=bytes(500_000), name="x.csv")
        target = tmp_path / "x.csv"
        transfer.download(connector=connector, get_url=lambda: https_url, destination=target)
        return target.read_bytes()

    with pytest.raises(TransferFailed, match="not trusted"):
        there_and_back()
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    assert there_and_back() == GOOD


def test_a_server_that_is_silent_in_the_handshake_is_cut_off() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    try:
        url = f"https://localhost:{silent.getsockname()[1]}/"
        began = time.monotonic()
        once = replace(QUICK, connect_seconds=0.5, attempts=1)
        with Client(url, limits=once) as client, pytest.raises(Unreachable):
            client.list_datasets()
        with pytest.raises(TransferError):
            upload(connector=Connector(once), url=url, content=b"x", name="x")
        assert time.monotonic() - began < QUICK.read_seconds
    finally:
        silent.close()


def test_a_certificate_file_that_is_not_there_is_named(
    https_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with (
        Client(https_url, limits=QUICK) as client,
        pytest.raises(Unreachable, match="SSL_CERT_FILE"),
    ):
        client.list_datasets()


def test_a_proxy_of_the_environment_is_used_for_other_hosts_and_not_for_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Server()
    proxy.answer = lambda _: Reply(503, ending="close")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    try:
        server.script = [data(listDatasets=[])]
        with Client(server.url, keys=KEYS, limits=QUICK) as client:
            client.list_datasets()
        assert proxy.asked == []
        with (
            Client("https://tournament.test/", keys=KEYS, limits=QUICK) as client,
            pytest.raises(Unreachable, match=r"tournament\.test"),
        ):
            client.list_datasets()
        with pytest.raises(TransferFailed, match=r"tournament\.test"):
            upload(
                connector=Connector(QUICK),
                url="https://tournament.test/x",
                content=b"x",
                name="x",
            )
        assert len(proxy.asked) == 2 * QUICK.attempts
        assert {asked.method for asked in proxy.asked} == {"CONNECT"}
        assert proxy.asked[0].target == "tournament.test:443"
        assert all(KEYS.secret not in str(asked) for asked in proxy.asked)
    finally:
        proxy.close()


def test_proxy_settings_that_are_none_give_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hidden@somewhere:70")
    with (
        Client("https://tournament.test/", limits=QUICK) as client,
        pytest.raises(Unreachable, match="proxy settings") as caught,
    ):
        client.list_datasets()
    assert "hidden" not in str(caught.value)


def test_a_server_inside_this_process_is_spoken_to_without_a_socket() -> None:
    def app(environ, start_response):  # type: ignore[no-untyped-def]  # WSGI
        start_response("200 OK", [("Content-Type", "application/json")])
        return [GOOD]

    transport = httpx.WSGITransport(app)
    with Client("https://practice.invalid/", transport=transport) as client:
        assert client.list_datasets() == ("a",)
