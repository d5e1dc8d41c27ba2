"""Downloads: whole or not at all, in ranges that belong together."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.api.files.parts import Identity
from numeri_cli.api.http.connection import Connector
from numeri_cli.errors import (
    DiskFull,
    LockHeld,
    TransferCorrupt,
)
from numeri_cli.locks import held_lock
from tests.support.downloads import (
    HURRIED,
    LARGE,
    SMALL,
    Bar,
    Crowd,
    fetch,
    left_over,
)
from tests.support.scripted_server import QUICK, Asked, Reply, Server, Shelf


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_a_file_comes_whole_and_leaves_nothing_beside_it(
    server: Server, target: Path, content: bytes
) -> None:
    server.answer, bar = Shelf(content), Bar()
    result = fetch(server, target, bar=bar)
    assert target.read_bytes() == content
    assert not result.unchanged
    assert target.read_bytes() == content
    assert result.identity == Identity('"one"', len(content))
    assert left_over(target) == set()
    assert bar.totals == [len(content)]
    assert bar.done == len(content)


def test_a_fast_line_takes_one_request_and_a_slow_one_as_many_connections_as_allowed(
    server: Server, target: Path
) -> None:
    server.answer = Shelf(LARGE)
    fetch(server, target, connector=Connector(replace(QUICK, enough_bytes_per_second=0)))
    assert len(server.asked) == 1
    content = os.urandom(400_000)
    server.answer = Crowd(content, wanted=QUICK.connections)
    fetch(server, target, connector=Connector(HURRIED))
    assert server.connections > QUICK.connections
    assert target.read_bytes() == content


def test_a_small_file_takes_one_request_however_slow_it_is(server: Server, target: Path) -> None:
    content = os.urandom(QUICK.whole_below_bytes)
    crowd = server.answer = Crowd(content, wanted=2)
    threading.Timer(0.5, crowd.enough.set).start()
    fetch(server, target, connector=Connector(HURRIED))
    assert target.read_bytes() == content
    assert len(server.asked) == 1


def test_an_unchanged_file_costs_no_body_byte(server: Server, target: Path) -> None:
    shelf = server.answer = Shelf(LARGE)
    known = fetch(server, target).identity
    shelf.body_bytes = 0
    assert fetch(server, target, known=known).unchanged
    assert shelf.body_bytes == 0
    assert target.read_bytes() == LARGE


def test_an_unchanged_file_is_seen_even_by_a_store_that_ignores_the_condition(
    server: Server, target: Path
) -> None:
    shelf = Shelf(LARGE)
    known = Identity(shelf.etag, len(LARGE))
    target.write_bytes(LARGE)

    def answer(asked: Asked) -> Reply:
        headers = {k: v for k, v in asked.headers.items() if k != "if-none-match"}
        return shelf(replace(asked, headers=headers))

    server.answer = answer
    assert fetch(server, target, known=known).unchanged


def test_a_known_file_that_is_gone_from_the_disk_is_fetched(server: Server, target: Path) -> None:
    server.answer = Shelf(SMALL)
    assert not fetch(server, target, known=Identity('"one"', len(SMALL))).unchanged
    assert target.read_bytes() == SMALL


@pytest.mark.parametrize("etag", ['"one"', None, 'W/"weak"'])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_store_without_ranges_or_without_a_strong_etag_serves_the_whole_file(
    server: Server, target: Path, ranges: bool, etag: str | None
) -> None:
    shelf = server.answer = Shelf(LARGE, etag=etag)
    shelf.ranges = ranges
    result = fetch(server, target)
    assert target.read_bytes() == LARGE
    if etag != '"one"' and ranges:  # nothing could tell whether two ranges fit together
        assert "range" not in server.asked[-1].headers
    assert not result.unchanged
    assert target.read_bytes() == LARGE


def test_a_body_of_unannounced_length_is_taken_whole(server: Server, target: Path) -> None:
    chunked = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    server.answer = lambda _: Reply(200, chunked, {"Transfer-Encoding": "chunked"})
    assert fetch(server, target).identity.size == 11
    assert target.read_bytes() == b"hello world"


def test_a_first_connection_that_is_fast_enough_gets_no_help(server: Server, target: Path) -> None:
    server.answer = Shelf(LARGE)
    limits = replace(QUICK, enough_bytes_per_second=1)
    fetch(server, target, connector=Connector(limits))
    assert server.connections == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.parquet", b"PAR1" + b"x" * 100),
        ("train.parquet", b"<html>" + b"x" * 100 + b"\x04\0\0\0PAR1"),
        ("train.parquet", b"PAR1" + b"x" * 100 + b"\xff\xff\0\0PAR1"),
        ("train.parquet", b"PAR1"),
        ("features.json", b'{"feature_sets": {'),
        ("features.json", b"[" * 200_000),
    ],
)
def test_a_damaged_file_is_refused_and_thrown_away(
    server: Server, target: Path, name: str, content: bytes
) -> None:
    target = target.with_name(name)
    target.write_bytes(b"the old one")
    server.answer = Shelf(content)
    with pytest.raises(TransferCorrupt, match=name):
        fetch(server, target)
    assert target.read_bytes() == b"the old one"
    assert left_over(target) == set()


def test_a_sound_parquet_frame_and_json_with_a_bare_nan_are_taken(
    server: Server, target: Path
) -> None:
    for name, content in (
        ("a.parquet", b"PAR1" + b"x" * 50 + b"\x32\0\0\0PAR1"),
        ("features.json", b'{"mean": NaN}'),
    ):
        server.answer = Shelf(content)
        fetch(server, target.with_name(name))


def test_a_check_that_refuses_keeps_the_old_file(server: Server, target: Path) -> None:
    def refuse(path: Path) -> None:
        assert path.read_bytes() == SMALL
        raise TransferCorrupt("not this one")

    target.write_bytes(b"the old one")
    server.answer = Shelf(SMALL)
    with pytest.raises(TransferCorrupt, match="not this one"):
        fetch(server, target, check=refuse)
    assert target.read_bytes() == b"the old one"
    assert left_over(target) == set()


def test_a_disk_too_small_is_named_before_anything_is_fetched(server: Server, target: Path) -> None:
    huge = {"Content-Range": f"bytes 0-19999/{10**17}", "ETag": '"one"'}
    server.answer = lambda _: Reply(206, b"x" * 20_000, huge)
    with pytest.raises(DiskFull, match="100,000,000,000,000,000 bytes"):
        fetch(server, target)
    assert left_over(target) == set()


def test_two_processes_do_not_fetch_the_same_file_at_once(server: Server, target: Path) -> None:
    server.answer = Shelf(SMALL)
    with (
        held_lock(target.with_name(".live.csv.lock"), what="another"),
        pytest.raises(LockHeld, match=r"a download of live\.csv"),
    ):
        fetch(server, target)
    assert server.asked == []


def test_an_error_of_the_address_ends_the_download(server: Server, target: Path) -> None:
    def refuse() -> str:
        raise LockHeld("any error of ours")

    with pytest.raises(LockHeld, match="any error of ours"):
        fetch(server, target, get_url=refuse)
