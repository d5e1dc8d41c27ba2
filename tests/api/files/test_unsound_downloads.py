"""A file that fails its check leaves nothing that the next download could trip over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from numeri_cli.errors import (
    DiskFull,
    FileDamaged,
    LiveDataStale,
    NumeriError,
    TransferCorrupt,
)
from numeri_cli.files import free_bytes
from tests.support.disks import small_disk
from tests.support.downloads import LARGE, SMALL, fetch, left_over
from tests.support.scripted_server import Asked, Reply, Server, Shelf

FAILURES: dict[str, Callable[[], Exception]] = {
    "ours": lambda: FileDamaged("x is no whole file", hint="mend it"),
    "Arrow's": lambda: pa.ArrowInvalid("corrupt snappy data"),
    "Arrow's for a page": lambda: OSError("Unexpected end of stream"),
    "of text": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "of a number": lambda: OverflowError("too large"),
}


class Check:
    """Fails so many times, then finds nothing wrong."""

    def __init__(self, failure: Callable[[], Exception], *, times: int) -> None:
        self.failure, self.left, self.looks = failure, times, 0

    def __call__(self, path: Path) -> None:
        self.looks += 1
        if self.left:
            self.left -= 1
            raise self.failure()


def damaged_part(target: Path) -> None:
    """Write a part that is complete by its journal, and whose bytes are damaged."""
    journal = {"etag": '"one"', "size": len(LARGE), "done": [[0, len(LARGE)]]}
    target.with_name(f".{target.name}.part").write_bytes(LARGE[::-1])
    target.with_name(f".{target.name}.part.json").write_text(json.dumps(journal))


@pytest.mark.parametrize("failure", FAILURES)
def test_a_part_that_fails_its_check_is_dropped_and_the_file_fetched_anew(
    server: Server, target: Path, failure: str
) -> None:
    server.answer = Shelf(LARGE)
    damaged_part(target)
    check = Check(FAILURES[failure], times=1)
    fetch(server, target, check=check)
    assert target.read_bytes() == LARGE
    assert check.looks == 2
    assert left_over(target) == set()


@pytest.mark.parametrize("failure", FAILURES)
def test_a_file_that_stays_damaged_is_fetched_twice_and_then_refused_with_nothing_kept(
    server: Server, target: Path, failure: str
) -> None:
    server.answer = Shelf(LARGE)
    check = Check(FAILURES[failure], times=99)
    with pytest.raises(NumeriError) as caught:
        fetch(server, target, check=check)
    assert isinstance(caught.value, TransferCorrupt | FileDamaged)
    assert check.looks == 2
    assert not target.exists()
    assert left_over(target) == set()


def test_data_that_is_stale_is_not_fetched_twice(server: Server, target: Path) -> None:
    server.answer = Shelf(SMALL)
    check = Check(lambda: LiveDataStale("of an earlier round", hint="wait"), times=99)
    with pytest.raises(LiveDataStale):
        fetch(server, target, check=check)
    assert check.looks == 1
    assert left_over(target) == set()


def endless(_: Asked) -> Reply:
    """More JSON than any features.json has, by a server that does not say how much."""
    chunk = b"%x\r\n%s\r\n" % (1_000_000, b"[" * 1_000_000)
    headers = {"Transfer-Encoding": "chunked"}
    return Reply(200, chunk * 66, headers, ending="close")


def test_a_body_without_a_length_is_bounded_by_what_such_a_file_has(
    server: Server, target: Path
) -> None:
    server.answer = endless
    features = target.with_name("features.json")
    with pytest.raises(TransferCorrupt, match="no such file has"):
        fetch(server, features)
    assert left_over(features) == set()


def test_a_body_without_an_identity_leaves_nothing_where_it_broke_off(
    server: Server, target: Path
) -> None:
    server.answer = lambda _: Reply(200, SMALL, bytes_sent=3000, ending="close")
    with pytest.raises(NumeriError):
        fetch(server, target)
    assert left_over(target) == set()


def unending(megabytes: int) -> Callable[[Asked], Reply]:
    """So much of a body, by a server that does not say how much is to come."""
    chunk = b"%x\r\n%s\r\n" % (1_000_000, bytes(1_000_000))
    reply = Reply(200, chunk * megabytes, {"Transfer-Encoding": "chunked"}, ending="close")
    return lambda _: reply


def test_a_body_without_a_length_leaves_a_reserve_of_the_disk(
    server: Server, tmp_path: Path
) -> None:
    server.answer = unending(20)
    with small_disk(tmp_path / "disk", "72m"):
        target = tmp_path / "disk" / "validation.parquet"
        with pytest.raises(DiskFull, match=r"is nearly full, and validation"):
            fetch(server, target)
        assert left_over(target) == set()
        assert not target.exists()
        assert free_bytes(target) > 64_000_000


def test_a_body_without_a_length_is_bounded_by_what_the_file_was_when_it_was_last_here(
    server: Server, target: Path
) -> None:
    server.answer = unending(68)
    live = target.with_name("live.parquet")
    with pytest.raises(TransferCorrupt, match="no such file has"):
        fetch(server, live, earlier_bytes=500_000)
    assert left_over(live) == set()
    server.answer = lambda _: Reply(
        200, b"%x\r\n%s\r\n0\r\n\r\n" % (len(LARGE), LARGE), {"Transfer-Encoding": "chunked"}
    )
    fetch(server, target, earlier_bytes=len(LARGE) // 3)
    assert target.read_bytes() == LARGE
