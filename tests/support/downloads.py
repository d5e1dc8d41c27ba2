"""What tests of downloads share: a fetch, what it leaves, shelves that hold back or fail."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from numeri_cli.api.files import download as transfer
from numeri_cli.api.http.connection import Connector
from tests.support.scripted_server import QUICK, Asked, Reply, Server, Shelf

SMALL = b"id,prediction\n" + b"n0123456789abcde,0.5\n" * 500  # 10 kB: one request
LARGE = os.urandom(90_000)  # 90 kB: worth several connections where one is slow
HURRIED = replace(QUICK, alone_seconds=0.02)  # calls for help at once


def fetch(server: Server, target: Path, **more: Any) -> transfer.FetchedFile:
    connector = more.pop("connector", Connector(QUICK))
    get_url = more.pop("get_url", lambda: f"{server.url}file?sig=0")
    return transfer.download(connector=connector, get_url=get_url, destination=target, **more)


def left_over(target: Path) -> set[str]:
    """Everything beside the file, but for the lock, whose file stays by nature."""
    return {path.name for path in target.parent.iterdir()} - {target.name, f".{target.name}.lock"}


def unfinished(target: Path, content: bytes) -> None:
    """Every second tenth of it is here from an earlier time: five requests bring the rest."""
    tenth, kept = len(content) // 10, bytearray(len(content))
    done = [[start, start + tenth] for start in range(0, len(content), 2 * tenth)]
    for start, end in done:
        kept[start:end] = content[start:end]
    journal = {"etag": '"one"', "size": len(content), "done": done}
    target.with_name(f".{target.name}.part").write_bytes(kept)
    target.with_name(f".{target.name}.part.json").write_text(json.dumps(journal))


class Crowd:
    """A shelf that holds every body back until so many requests have come."""

    def __init__(self, content: bytes, *, wanted: int) -> None:
        self.shelf, self.wanted, self.count = Shelf(content), wanted, 0
        self.enough = threading.Event()
        self.instead: dict[int, Callable[[Reply], Reply]] = {}  # by number, from 0

    def __call__(self, asked: Asked) -> Reply:
        number, self.count = self.count, self.count + 1
        if self.count >= self.wanted:
            self.enough.set()
        reply = self.shelf(asked)
        if number in self.instead:
            return self.instead[number](reply)
        return replace(reply, held=self.enough)


class Bar:
    """A bar that adds up."""

    def __init__(self) -> None:
        self.totals: list[int | None] = []
        self.done = 0.0

    def __call__(self, total: int | None) -> Bar:
        self.totals.append(total)
        return self

    def advance(self, amount: float) -> None:
        self.done += amount

    def note(self, text: str) -> None:
        """Nobody reads it."""


class Faulty:
    """A shelf that fails for chosen requests (counted from 0), then serves well."""

    def __init__(self, content: bytes, faults: dict[int, Callable[[Reply], Reply]]) -> None:
        self.shelf, self.faults, self.count = Shelf(content), faults, 0
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Reply:
        with self._lock:
            number, self.count = self.count, self.count + 1
        reply = self.shelf(asked)
        return self.faults[number](reply) if number in self.faults else reply
