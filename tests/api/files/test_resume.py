"""Downloads that were broken off: resumed only where the parts belong to the store's file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.api.files.parts import Identity
from numeri_cli.api.files.sizes import bytes_to_come
from numeri_cli.api.http.connection import Connector
from numeri_cli.errors import (
    TransferFailed,
    TransferRefused,
)
from tests.support.downloads import (
    LARGE,
    SMALL,
    Bar,
    fetch,
    left_over,
    unfinished,
)
from tests.support.scripted_server import QUICK, Asked, Reply, Server, Shelf


@pytest.mark.core
def test_a_failed_download_goes_on_where_it_was(server: Server, target: Path) -> None:
    shelf = Shelf(LARGE)

    def half(asked: Asked) -> Reply:
        if len(server.asked) > 1:
            return Reply(404)
        return replace(shelf(asked), bytes_sent=60_000, ending="close")

    server.answer = half
    alone = Connector(replace(QUICK, connections=1))
    with pytest.raises(TransferRefused):
        fetch(server, target, connector=alone)
    assert not target.exists()
    assert left_over(target) == {".live.csv.part", ".live.csv.part.json"}
    kept = sum(
        b - a for a, b in json.loads((target.parent / ".live.csv.part.json").read_text())["done"]
    )
    assert kept >= 20_000
    server.answer, shelf.body_bytes, bar = shelf, 0, Bar()
    to_come = bytes_to_come(
        connector=Connector(QUICK), get_url=lambda: server.url, destination=target, known=None
    )
    assert to_come == len(LARGE) - kept
    shelf.body_bytes = 0
    fetch(server, target, bar=bar, connector=alone)
    assert target.read_bytes() == LARGE
    assert shelf.body_bytes == len(LARGE) - kept == bar.totals[0]
    assert left_over(target) == set()


@pytest.mark.parametrize(
    "change", ["etag", "size", "journal", "no part", "foreign journal", "size without end"]
)
def test_parts_that_do_not_belong_to_the_stores_file_are_not_used(
    server: Server, target: Path, change: str
) -> None:
    part, journal = target.with_name(".live.csv.part"), target.with_name(".live.csv.part.json")
    part.write_bytes(b"\0" * len(LARGE))
    size = len(LARGE) + (change == "size")
    etag = '"two"' if change == "etag" else '"one"'
    journal.write_text(json.dumps({"etag": etag, "size": size, "done": [[0, 50_000]]}))
    if change == "journal":
        journal.write_text("{")
    if change == "foreign journal":
        journal.write_text(json.dumps({"etag": etag, "size": 5, "done": [[0, 50_000]]}))
    if change == "size without end":
        journal.write_text('{"etag": "one", "size": 1e999, "done": [[0, 50000]]}')
    if change == "no part":
        part.unlink()
    server.answer = Shelf(LARGE)
    fetch(server, target)
    assert target.read_bytes() == LARGE


def test_a_file_that_had_all_come_before_the_kill_is_published_with_one_more_byte(
    server: Server, target: Path
) -> None:
    target.with_name(".live.csv.part").write_bytes(LARGE)
    journal = {"etag": '"one"', "size": len(LARGE), "done": [[0, len(LARGE)]]}
    target.with_name(".live.csv.part.json").write_text(json.dumps(journal))
    shelf = server.answer = Shelf(LARGE)
    assert not fetch(server, target).unchanged
    assert target.read_bytes() == LARGE
    assert target.read_bytes() == LARGE
    assert shelf.body_bytes == 1


def test_a_journal_that_a_kill_left_half_written_is_cleared_away(
    server: Server, target: Path
) -> None:
    target.with_name("..live.csv.part.json.4711.part").write_text('{"etag": ')
    server.answer = Shelf(SMALL)
    fetch(server, target)
    assert left_over(target) == set()


def test_a_file_that_changes_on_the_way_is_fetched_anew_and_never_mixed(
    server: Server, target: Path
) -> None:
    first, second = Shelf(LARGE), Shelf(os.urandom(91_000), etag='"two"')
    count, lock = 0, threading.Lock()

    def answer(asked: Asked) -> Reply:
        nonlocal count
        with lock:
            count += 1
            return first(asked) if count < 4 else second(asked)

    unfinished(target, first.content)
    server.answer, bar = answer, Bar()
    result = fetch(server, target, bar=bar)
    assert result.identity == Identity('"two"', 91_000)
    assert target.read_bytes() == second.content
    assert bar.done == 91_000  # what was thrown away was taken back


def test_a_file_that_never_stops_changing_is_given_up(server: Server, target: Path) -> None:
    count, lock = 0, threading.Lock()

    def answer(asked: Asked) -> Reply:
        nonlocal count
        with lock:
            count += 1
            reply = Shelf(LARGE, etag=f'"{count}"')(asked)
            return replace(reply, bytes_sent=2000, ending="close")

    server.answer = answer
    with pytest.raises(TransferFailed, match="kept changing"):
        fetch(server, target)
    assert not target.exists()


def test_a_store_that_forgets_ranges_half_way_serves_the_whole_file(
    server: Server, target: Path
) -> None:
    shelf = Shelf(LARGE)

    def answer(asked: Asked) -> Reply:
        shelf.ranges = len(server.asked) < 4
        return shelf(asked)

    unfinished(target, LARGE)
    server.answer = answer
    fetch(server, target)
    assert target.read_bytes() == LARGE


def test_an_expired_address_is_renewed_once_per_expiry(server: Server, target: Path) -> None:
    shelf = server.answer = Shelf(LARGE)
    given: list[int] = []

    def get_url() -> str:
        given.append(len(given))
        return f"{server.url}file?sig={len(given)}"

    shelf.valid_signatures = {"2", "3"}
    real = shelf.__call__

    def answer(asked: Asked) -> Reply:
        if len(server.asked) == 4:  # the second one expires on the way
            shelf.valid_signatures = {"3"}
        return real(asked)

    unfinished(target, LARGE)
    server.answer = answer
    fetch(server, target, get_url=get_url)
    assert target.read_bytes() == LARGE
    assert len(given) == 3


def test_an_address_that_is_refused_when_fresh_is_not_asked_for_for_ever(
    server: Server, target: Path
) -> None:
    shelf = server.answer = Shelf(LARGE)
    shelf.valid_signatures = set()
    given: list[str] = []

    def get_url() -> str:
        given.append(f"{server.url}file?sig=hidden{len(given)}")
        return given[-1]

    with pytest.raises(TransferRefused, match="Request has expired") as caught:
        fetch(server, target, get_url=get_url)
    assert len(given) == 2
    assert "hidden" not in str(caught.value)
    assert "SECRET" not in str(caught.value)


def journal_of(path: Path) -> list[list[int]]:
    return list(json.loads(path.read_text())["done"])


KILLED = """
    import sys
    from pathlib import Path
    from numeri_cli.api.files import download as transfer
    from numeri_cli.api.http.connection import Connector
    from tests.support.scripted_server import QUICK
    transfer.download(
        connector=Connector(QUICK), get_url=lambda: sys.argv[1], destination=Path(sys.argv[2])
    )
"""


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_goes_on_and_ends_with_the_very_bytes(
    server: Server, target: Path, kind: signal.Signals
) -> None:
    content = os.urandom(400_000)
    shelf = Shelf(content)
    server.answer = lambda asked: replace(shelf(asked), bytes_sent=250_000, ending="silence")
    script = [sys.executable, "-c", textwrap.dedent(KILLED), server.url, str(target)]
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        script, cwd=root, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(root)}
    )
    journal = target.with_name(".live.csv.part.json")
    until = time.monotonic() + 300
    while not journal.exists() or sum(b - a for a, b in journal_of(journal)) < 200_000:
        assert time.monotonic() < until, "the half of it never came"
        time.sleep(0.01)
    process.send_signal(kind)
    process.wait(300)
    assert process.returncode != 0
    assert not target.exists()
    shelf.body_bytes = 0
    server.answer = shelf
    assert not fetch(server, target, connector=Connector(replace(QUICK, connections=1))).unchanged
    assert target.read_bytes() == content
    assert shelf.body_bytes <= 200_000  # what had come the first time was of use
    assert left_over(target) == set()
