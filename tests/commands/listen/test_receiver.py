"""The receiver answers at once, whoever else is slow, and tells strangers nothing."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest

from numeri_cli.commands.listen.receiver import receiving
from numeri_cli.commands.listen.requests import MOST_BODY_BYTES
from numeri_cli.errors import DiskTrouble
from tests.support.webhooks import PATIENCE_SECONDS, post, reply_to

PATH = "/Zk3uB0Yc9wQ1sVd7xTn5rLh2mJf8gPe4iAo6CbKqEyU"
WELL = b"HTTP/1.1 200 OK"


class Ears:
    """What was heard, and where."""

    def __init__(self, port: int, heard: list[str | None]) -> None:
        self.port, self.heard = port, heard

    def status(self, sent: bytes) -> int:
        """The number that answers these bytes."""
        return int(reply_to(self.port, sent).split(b" ")[1])


@pytest.fixture
def ears() -> Iterator[Ears]:
    heard: list[str | None] = []
    with receiving(PATH, heard.append) as (_, port):
        yield Ears(port, heard)


def test_a_call_is_answered_and_its_trigger_id_heard(ears: Ears) -> None:
    body = json.dumps({"triggerId": "6b1f-22", "roundNumber": 7, "path": "/etc"}).encode()
    assert reply_to(ears.port, post(PATH, body)).startswith(WELL)
    assert reply_to(ears.port, post(f"{PATH}?x=1", b'{"triggerId": "b"}')).startswith(WELL)
    assert ears.heard == ["6b1f-22", "b"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[1]", b"\xff\xfe", b'{"triggerId": "a b"}', b'{"triggerId": "$(reboot)"}',
     b'{"triggerId": 7}', b'{"triggerId": "' + b"a" * 65 + b'"}', b"[" * 5000],
    ids=["none", "empty", "list", "bytes", "space", "shell", "number", "long", "deep"],
)  # fmt: skip
def test_of_a_body_nothing_is_believed_but_a_word_that_looks_like_an_id(
    ears: Ears, body: bytes
) -> None:
    assert ears.status(post(PATH, body)) == 200
    assert ears.heard == [None]


def test_a_body_of_64_kib_is_taken_and_one_byte_more_is_refused_unread(ears: Ears) -> None:
    whole = b'{"triggerId": "a", "x": "' + b"y" * (MOST_BODY_BYTES - 27) + b'"}'
    assert len(whole) == MOST_BODY_BYTES == 65_536
    assert ears.status(post(PATH, whole)) == 200
    assert ears.heard == ["a"]
    assert ears.status(post(PATH, whole + b" ")) == 413
    announced = f"POST {PATH} HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n".encode()
    assert ears.status(announced) == 413  # though not a byte of it has come
    assert ears.status(post(PATH, b"z" * 1_000_000)) == 413
    assert ears.heard == ["a"]


def test_what_knows_the_path_is_told_what_is_wrong(ears: Ears) -> None:
    assert ears.status(post(PATH, method="GET")) == 405
    assert ears.status(post(PATH, method="HEAD")) == 405
    chunked = f"POST {PATH} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert ears.status(chunked.encode()) == 411
    two = f"POST {PATH} HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"
    assert ears.status(two.encode()) == 411
    assert ears.heard == []


def test_every_wrong_path_gets_the_same_answer_which_names_nobody(ears: Ears) -> None:
    wrong = [
        post("/"),
        post("/", method="GET"),
        post("/health"),  # it is asked with GET
        post(PATH[:-1]),
        post(f"{PATH}/"),
        post(f"{PATH}x"),
        post(PATH.lower()),
        post("/../" + PATH[1:]),
        post("/%2e", method="DELETE"),
        post("/nowhere", b"z" * 100_000),
        b"GET / HTTP/2\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        f"POST /{'x' * 20_000} HTTP/1.1\r\n\r\n".encode(),
    ]
    answers = {reply_to(ears.port, sent) for sent in wrong}
    [answer] = answers
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert not re.search(rb"numer|python|server:|webhook|post", answer, re.IGNORECASE)
    assert ears.heard == []


def test_the_health_address_says_only_that_it_is_well(ears: Ears) -> None:
    answer = reply_to(ears.port, post("/health", method="GET"))
    assert answer.startswith(WELL)
    assert answer.endswith(b"\r\n\r\nok\n")
    assert not re.search(rb"numer|python|server:", answer, re.IGNORECASE)
    assert reply_to(ears.port, post("/health", method="HEAD")).endswith(b"\r\n\r\n")
    assert ears.heard == []


def test_clients_that_dawdle_at_any_step_block_nobody(ears: Ears) -> None:
    begun = [
        b"",
        b"POS",
        f"POST {PATH} HTTP/1.1\r\nContent-Length: 20\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nContent-Length: 20\r\n\r\n{{".encode(),
    ]
    dawdling = [
        socket.create_connection(("127.0.0.1", ears.port), timeout=PATIENCE_SECONDS)
        for _ in range(50)
    ]
    for place, connection in enumerate(dawdling):
        connection.sendall(begun[place % len(begun)])
    assert reply_to(ears.port, post(PATH, b'{"triggerId": "quick"}')).startswith(WELL)
    assert ears.heard == ["quick"]
    dawdling[0].sendall(post(PATH, b'{"triggerId": "late"}'))  # in time all the same
    assert dawdling[0].recv(100).startswith(WELL)
    assert ears.heard == ["quick", "late"]
    for connection in dawdling:
        connection.close()


def test_a_client_that_never_ends_is_dropped() -> None:
    heard: list[str | None] = []
    with receiving(PATH, heard.append, connection_seconds=0.2) as (_, port):
        unfinished = f"POST {PATH} HTTP/1.1\r\nContent-Length: 9\r\n\r\n".encode()
        assert reply_to(port, unfinished) == b""
    assert heard == []


def test_a_port_that_is_taken_is_said(ears: Ears) -> None:
    with (
        pytest.raises(DiskTrouble, match=f"port {ears.port} of 127.0.0.1"),
        receiving(PATH, ears.heard.append, port=ears.port),
    ):
        pass
