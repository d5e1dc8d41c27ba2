"""A practice server behind a proxy that mangles its answers, inside the process that asks."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament
from tests.fuzz.accidents import mangled_bytes, mangled_tree
from tests.support.proxy import Proxy
from tests.support.steps import Request

STATUSES = [b"200 OK"] * 12 + [b"204 No Content", b"302 Found", b"400 Bad", b"401 No", b"503 Busy"]
ODD_HEADERS = (
    b"Date: Fri, 31 Dec 9999 23:59:59 GMT", b"Date: x", b"Date: Thu, 01 Jan 0001 00:00:00 GMT",
    b"Retry-After: -1", b"Retry-After: x", b"Content-Encoding: br", b"Content-Encoding: gzip",
    b"Content-Encoding: gzip, gzip", b"Transfer-Encoding: chunked", b"Location: //", b"\xff: \xfe",
    b"Content-Type: text/html", b"Content-Length: 3", b"X: " + b"a" * 70_000,
)  # fmt: skip
COMMANDS = (
    "rounds", "status", "scores", "payouts", "account", "stakes", "leaderboard", "models",
    "datasets", "submissions",
)  # fmt: skip
_proxies: list[Proxy] = []  # the one of this process


@contextmanager
def mangled_answers(home: Path) -> Iterator[None]:
    """Serve a copy of the home's practice tournament; the command line finds it and its keys."""
    root = home.with_name("served")
    shutil.copytree(home / "data/practice", root, dirs_exist_ok=True)
    tournament = Tournament.open(root)
    proxy = Proxy()
    proxy.open()
    try:
        with listening(tournament) as address:
            proxy.backend = address
            public_id, secret = tournament.participant_keys()
            os.environ |= {
                "NUMERI_API_URL": proxy.url,
                "NUMERAI_PUBLIC_ID": public_id,
                "NUMERAI_SECRET_KEY": secret,
            }
            _proxies.append(proxy)
            yield
    finally:
        _proxies.clear()
        proxy.close()
        tournament.close()


def question(home: Path, chance: random.Random) -> list[str]:
    """The words of a command whose answers will be mangled, one in two of them."""

    def mangle(request: Request, reply: bytes) -> bytes:
        return mangled_reply(reply, chance) if chance.random() < 0.5 else reply

    [proxy] = _proxies
    proxy.rewrite = mangle
    profile = home / "config/numeri.toml"
    profile.write_text(profile.read_text() + WIRE)
    return [chance.choice(COMMANDS), "--json"]


WIRE = """
[wire]
attempts = 1
total_seconds = 5
read_seconds = 5
retry_after_seconds = 0.01
"""


def is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def mangled_reply(reply: bytes, chance: random.Random) -> bytes:
    """An answer with other values, other letters, another status or header."""
    head, _, body = reply.partition(b"\r\n\r\n")
    kind = chance.random()
    if kind < 0.7 and is_json(body):  # else it is a part of a file
        body = json.dumps(mangled_tree(json.loads(body), chance)).encode()
    elif kind < 0.85:
        body = mangled_bytes(body, chance)
    elif kind < 0.88:
        body = b'{"data":' + b"[" * 30_000 + body
    date = next(line for line in head.split(b"\r\n") if line.startswith(b"Date"))
    headers = [date, f"Content-Length: {len(body)}".encode()]
    if chance.random() < 0.15:
        headers.append(chance.choice(ODD_HEADERS))
    status = b"HTTP/1.1 " + chance.choice(STATUSES)
    return b"\r\n".join([status, *headers, b"Connection: close", b"", body])
