"""An answer that ends amid its head is no answer, wherever it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.api.client import Client
from numeri_cli.api.files import download as transfer
from numeri_cli.api.files.upload import upload
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.http.rates import TokenBucket
from numeri_cli.errors import TransferFailed, Unreachable
from tests.support.scripted_server import KEYS, QUICK, Reply, Server, data

pytestmark = pytest.mark.waits

ONCE = replace(QUICK, attempts=1)
ENDINGS = ("close", "reset")


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def head_bytes(reply: Reply) -> int:
    """A little less than the head of the reply as the server sends it."""
    lines = [f"HTTP/1.1 {reply.status} X", *(f"{k}: {v}" for k, v in reply.headers.items())]
    return len("\r\n".join(lines))


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_upload_is_never_taken_for_done(server: Server, ending: str) -> None:
    whole = Reply(headers={"ETag": '"abcdef"'})
    for sent in range(head_bytes(whole)):
        server.script = [replace(whole, bytes_sent=sent, ending=ending)]  # type: ignore[arg-type]  # one of ENDINGS
        with pytest.raises(TransferFailed):
            upload(connector=Connector(ONCE), url=f"{server.url}x", content=b"x" * 9, name="x")
    server.script = [whole]
    upload(connector=Connector(ONCE), url=f"{server.url}x", content=b"x" * 9, name="x")


@pytest.mark.parametrize("status", [200, 206])
def test_a_download_is_never_taken_for_whole(server: Server, tmp_path: Path, status: int) -> None:
    whole = Reply(status, b"0123456789", {"ETag": '"a"', "Content-Range": "bytes 0-9/10"})
    target = tmp_path / "x.bin"

    def download() -> None:
        transfer.download(
            connector=Connector(ONCE), get_url=lambda: f"{server.url}x", destination=target
        )

    for sent in range(head_bytes(whole)):
        server.script = [replace(whole, bytes_sent=sent, ending="close")]
        with pytest.raises(TransferFailed):
            download()
        assert not target.exists()
    server.script = [whole]
    download()
    assert target.read_bytes() == b"0123456789"


def test_a_question_is_never_taken_for_answered(server: Server) -> None:
    whole = data(listDatasets=["a"])
    unlimited = TokenBucket({})  # of this question ten are allowed in a minute
    with Client(server.url, keys=KEYS, limits=ONCE, bucket=unlimited) as client:
        for sent in range(head_bytes(whole)):
            server.script = [replace(whole, bytes_sent=sent, ending="close")]
            with pytest.raises(Unreachable):
                client.list_datasets()
        server.script = [whole]
        assert client.list_datasets() == ("a",)
