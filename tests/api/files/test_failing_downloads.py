"""Downloads from servers that fail: what is survived, and what leaves the old file as it was."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from numeri_cli.api.http.connection import Connector
from numeri_cli.errors import (
    NumeriError,
    TransferCorrupt,
    TransferFailed,
    TransferRefused,
    TransferStalled,
)
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
