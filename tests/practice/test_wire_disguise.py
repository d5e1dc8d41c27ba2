"""A client is not told that this is no real tournament: not by an id, a name or a header."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from numeri_cli.practice.participants.accounts import opaque_id
from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament
from tests.support.wire import Wire
from tests.support.wire_answers import told

ORIGIN = "practice.invalid"  # as the tests call the server, not as it calls itself
ROUND_IDS = "{ rounds { id number roundScoreConfigs { id scoreConfigId displayName } } }"


def telling(texts: dict[str, str]) -> list[str]:
    """Which of some texts say what they are."""
    return [name for name, text in texts.items() if "practice" in text.replace(ORIGIN, "").lower()]


def ids_in(answer: Any) -> Iterator[str]:
    """Every id in an answer."""
    if isinstance(answer, list):
        for one in answer:
            yield from ids_in(one)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if isinstance(value, str) and (name == "id" or name.endswith("Id")):
                yield value
            else:
                yield from ids_in(value)


def is_drawn_by_lot(text: str) -> bool:
    """Whether it looks like an id as the API has them: a UUID of version 4."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return False
    return str(found) == text and found.version == 4


def test_no_answer_says_that_it_is_practice(played: Tournament) -> None:
    answers = {question: text for question, text in told(played).items() if "{" in question}
    assert len(answers) > 40
    for planted in ('{"id": "practice-round-61"}', '{"image": "Practice/python"}'):
        assert telling({**answers, "planted": planted}) == ["planted"]
    assert telling(answers) == []


def test_every_id_looks_as_if_it_was_drawn_by_lot(played: Tournament) -> None:
    played.set_stake("lighthouse", Decimal(1))  # what closed rounds hold is on its way
    found = {
        name
        for question, text in told(played).items()
        if "{" in question
        for name in ids_in(json.loads(text))
    } - {played.participant_keys()[0]}
    assert len(found) > 40
    for planted in ("practice-round-61", str(uuid.uuid5(uuid.NAMESPACE_DNS, "a")), "61"):
        assert not is_drawn_by_lot(planted)
    assert [name for name in found if not is_drawn_by_lot(name)] == []


def test_an_id_stays_what_it_is_and_belongs_to_one_thing(
    wire: Wire, tournament: Tournament
) -> None:
    tournament.advance()
    first = wire.data(ROUND_IDS)["rounds"]
    tournament.advance()
    second = wire.data(ROUND_IDS)["rounds"]
    assert second[1:] == first
    ids = [one["id"] for one in second]
    ids += [config["id"] for one in second for config in one["roundScoreConfigs"]]
    assert len(set(ids)) == len(ids)
    assert len({c["scoreConfigId"] for one in second for c in one["roundScoreConfigs"]}) == len(
        second[0]["roundScoreConfigs"]
    )
    assert opaque_id("round", 61) == "b2bea088-6c2b-4225-ac86-e42fcbad2057"
    assert opaque_id("round", 61) != opaque_id("round", 6, 1)


@pytest.mark.parametrize(
    "begun",
    ["GET / HTTP/1.1", "NONSENSE", "POST / HTTP/1.1", "PUT / HTTP/1.1\r\nContent-Length: x"],
)
def test_no_header_says_it_either(tournament: Tournament, begun: str) -> None:
    with listening(tournament) as address:
        place = urlsplit(address)
        with socket.create_connection((place.hostname or "", place.port or 0), 10) as line:
            line.sendall(f"{begun}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: line.recv(65536), b"")).decode()
    head = answer.partition("\r\n\r\n")[0]
    assert telling({"planted": "Server: numeri-practice\r\n" + head, "head": head}) == ["planted"]
