"""Downloads: whole or not at all, in ranges that belong together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from numeri_cli.api.files.parts import Identity
from numeri_cli.api.http.connection import Connector
from numeri_cli.errors import (
    DiskFull,
    LockHeld,
    NumeriError,
    TransferCorrupt,
    TransferFailed,
    TransferRefused,
    TransferStalled,
)
from numeri_cli.locks import held_lock
from tests.support.downloads import (
    HURRIED,
    LARGE,
    SMALL,
    Bar,
    Crowd,
    Faulty,
    fetch,
    left_over,
    unfinished,
)
from tests.support.scripted_server import HASTY, QUICK, Asked, Reply, Server, Shelf, limits_for


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


FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "closed before the head": lambda reply: replace(reply, bytes_sent=0, ending="close"),
    "reset in the body": lambda reply: replace(reply, bytes_sent=2000, ending="reset"),
    "closed in the body": lambda reply: replace(reply, bytes_sent=2000, ending="close"),
    "silent in the body": lambda reply: replace(reply, bytes_sent=2000, ending="silence"),
    "silent in the head": lambda reply: replace(reply, bytes_sent=9, ending="silence"),
    "500": lambda _: Reply(500),
    "503 with a pause": lambda _: Reply(503, headers={"Retry-After": "0"}),
    "429": lambda _: Reply(429, b"<Error><Code>SlowDown</Code></Error>"),
}


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_failure_anywhere_is_survived(
    server: Server, target: Path, fault: str, number: int
) -> None:
    faulty = server.answer = Faulty(LARGE, {number: FAULTS[fault]})
    if number > 0:
        unfinished(target, LARGE)
    fetch(server, target, connector=Connector(HASTY if "silent" in fault else QUICK))
    assert faulty.count > number  # the fault did happen
    assert target.read_bytes() == LARGE
    assert left_over(target) == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_one_failure_of_a_connection_that_helps_is_survived(
    server: Server, target: Path, fault: str
) -> None:
    content = os.urandom(400_000)
    crowd = server.answer = Crowd(content, wanted=4)
    crowd.instead = {2: FAULTS[fault]}
    fetch(server, target, connector=Connector(replace(HURRIED, no_progress_seconds=2.0)))
    assert crowd.count > 3
    assert target.read_bytes() == content
    assert left_over(target) == set()


@pytest.mark.parametrize("silent", [True, False])
def test_what_a_helper_cannot_survive_ends_the_first_connection_wherever_it_waits(
    server: Server, target: Path, silent: bool
) -> None:
    content = os.urandom(400_000)
    crowd = server.answer = Crowd(content, wanted=99)
    if not silent:  # the first connection breaks, and is told to come back much later
        crowd.instead[0] = lambda reply: replace(reply, bytes_sent=2000, ending="close")
        crowd.instead[1] = lambda _: Reply(503, headers={"Retry-After": "90"})
    refused = 1 if silent else 2
    crowd.instead |= dict.fromkeys(range(refused, 9), lambda _: Reply(404))
    limits = replace(QUICK, alone_seconds=0.02 if silent else 0.5, retry_after_seconds=99)
    began = time.monotonic()
    with pytest.raises(TransferRefused):
        fetch(server, target, connector=Connector(limits))
    assert time.monotonic() - began < 45
    assert not target.exists()


def test_a_bar_that_fails_while_the_download_waits_ends_it(server: Server, target: Path) -> None:
    def bar(_: int | None) -> Bar:
        raise ValueError("nobody reads")

    server.answer = Crowd(LARGE, wanted=99)
    limits = replace(HURRIED, connections=1)
    began = time.monotonic()
    with pytest.raises(ValueError, match="nobody reads"):
        fetch(server, target, connector=Connector(limits), bar=bar)
    assert time.monotonic() - began < 45


def test_a_server_that_closes_after_every_answer_costs_no_attempt(
    server: Server, target: Path
) -> None:
    shelf = Shelf(LARGE)
    unfinished(target, LARGE)
    server.answer = lambda asked: replace(shelf(asked), ending="close")
    fetch(server, target, connector=Connector(replace(QUICK, attempts=1)))
    assert target.read_bytes() == LARGE
    assert server.connections >= 5


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_server_that_closes_while_the_next_request_sets_out_costs_no_attempt(
    server: Server, target: Path, ending: Literal["close", "reset"]
) -> None:
    shelf = Shelf(LARGE)
    unfinished(target, LARGE)
    asked_for: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        asked_for.append(asked)
        return Reply(bytes_sent=0, ending=ending) if len(asked_for) == 2 else shelf(asked)

    server.answer = answer
    fetch(server, target, connector=Connector(replace(QUICK, attempts=1, connections=1)))
    assert target.read_bytes() == LARGE
    assert server.connections == 2


def test_a_first_connection_that_is_fast_enough_gets_no_help(server: Server, target: Path) -> None:
    server.answer = Shelf(LARGE)
    limits = replace(QUICK, enough_bytes_per_second=1)
    fetch(server, target, connector=Connector(limits))
    assert server.connections == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(bytes_sent=0, ending="reset"), TransferFailed),
        (Reply(500), TransferFailed),
        (Reply(404, b"<Error><Code>NoSuchKey</Code></Error>"), TransferRefused),
        (Reply(bytes_sent=0, ending="silence"), TransferStalled),
        (Reply(206, b"no Content-Range"), TransferCorrupt),
        (Reply(206, b"x", {"Content-Range": "bytes 9-3/2"}), TransferCorrupt),
        (Reply(206, b"x", {"Content-Range": "bytes 5-5/9", "ETag": '"e"'}), TransferCorrupt),
        (Reply(206, b"x" * 9, {"Content-Range": "bytes 0-2/3", "ETag": '"e"'}), TransferCorrupt),
        (Reply(200), TransferCorrupt),
        (Reply(416), TransferRefused),
    ],
)
def test_what_cannot_be_survived_leaves_the_old_file_as_it_was(
    server: Server, target: Path, reply: Reply, kind: type[NumeriError]
) -> None:
    target.write_bytes(b"the old one")
    server.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        fetch(server, target, connector=Connector(limits_for(reply)))
    assert caught.value.hint
    assert "sig=" not in str(caught.value)
    assert target.read_bytes() == b"the old one"


def test_a_download_that_drips_is_a_stall(server: Server, target: Path) -> None:
    shelf = Shelf(SMALL)
    server.answer = lambda asked: replace(shelf(asked), pause_per_byte=0.002)
    connector = Connector(replace(QUICK, no_progress_seconds=2.0, attempts=1))
    with pytest.raises(TransferStalled, match="came in"):
        fetch(server, target, connector=connector)


def test_a_head_that_drips_is_a_stall(server: Server, target: Path) -> None:
    server.answer = lambda _: Reply(200, SMALL, pause_per_byte=0.1)
    connector = Connector(replace(QUICK, no_progress_seconds=2.0, attempts=1))
    with pytest.raises(TransferStalled, match="in time"):
        fetch(server, target, connector=connector)


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
