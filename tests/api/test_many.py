"""Many submissions in one question, many threads on one client, and every limit kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from numeri_cli.api.client import ALIASES, Client
from numeri_cli.api.documents import read_document
from numeri_cli.api.http.rates import PublishedLimit, TokenBucket
from numeri_cli.errors import ApiRefused, RateLimited
from tests.support.api_answers import SUBMISSION
from tests.support.heard import Heard
from tests.support.scripted_server import KEYS, QUICK, Asked, Reply, Server, data, refusal


def held(asked: Asked) -> Reply:
    """Every id and every model has one submission; "gone" has none."""
    found: dict[str, Any] = {}
    for key, value in asked.variables.items():
        number = key.removeprefix("v")
        one = {**SUBMISSION, "id": value if "id:" in asked.query else f"of {value}"}
        found[f"s{number}"] = [] if value == "gone" else [one]
    return data(**found)


def test_many_ids_are_asked_for_in_one_document(server: Server, client: Client) -> None:
    server.answer = held
    found = client.submissions_by_id(["a", "gone", "b", "a"])
    assert list(found) == ["a", "b"]
    assert found["a"].accepted
    [asked] = server.asked
    assert read_document(asked.query).root_names == ("submissions",) * 3
    assert read_document(asked.query).root_keys == ("s0", "s1", "s2")
    assert asked.variables == {"v0": "a", "v1": "gone", "v2": "b"}


def test_many_models_are_asked_for_in_one_document(server: Server, client: Client) -> None:
    server.answer = held
    found = client.submissions_by_model(["7", "gone"])
    assert [one.id for one in found["7"]] == ["of 7"]
    assert found["gone"] == ()
    assert len(server.asked) == 1


def test_of_many_hundred_each_batch_fits_the_limit_and_what_comes_first_is_asked_first(
    server: Server, client: Client
) -> None:
    server.answer = held
    names = [f"s-{number}" for number in range(ALIASES + 5)]
    assert list(client.submissions_by_id(names)) == names
    assert [len(asked.variables) for asked in server.asked] == [ALIASES, 5]
    assert server.asked[0].variables["v0"] == "s-0"


def test_nothing_is_asked_for_nothing(server: Server, client: Client) -> None:
    assert client.submissions_by_id([]) == {}
    assert client.submissions_by_model([]) == {}
    assert server.asked == []


def test_one_id_that_is_refused_does_not_hide_the_others(server: Server, client: Client) -> None:
    def answer(asked: Asked) -> Reply:
        return refusal("no such id") if "bad" in asked.variables.values() else held(asked)

    server.answer = answer
    with pytest.raises(ApiRefused, match="no such id"):
        client.submissions_by_id(["a", "b", "c", "bad"])
    server.asked.clear()
    server.answer = lambda asked: (
        refusal("too complex") if len(asked.variables) > 2 else held(asked)
    )
    assert list(client.submissions_by_id(["a", "b", "c", "d", "e"])) == ["a", "b", "c", "d", "e"]


def limited(server: Server, *, questions: int, seconds: float, heard: Heard) -> Client:
    bucket = TokenBucket({"submissions": PublishedLimit(questions, seconds)})
    return Client(server.url, keys=KEYS, limits=QUICK, bucket=bucket, listener=heard)


def test_each_alias_waits_for_its_token_and_the_wait_is_told(server: Server) -> None:
    server.answer = held
    heard = Heard()
    with limited(server, questions=3, seconds=0.5, heard=heard) as client:
        client.submissions_by_id(["a", "b", "c"])
        assert heard.said == []
        client.submissions_by_id(["d"])
    [words] = heard.said
    assert "the server answers 3 questions for submissions" in words


def test_a_question_whose_token_comes_after_the_deadline_is_not_asked(server: Server) -> None:
    server.answer = held
    with limited(server, questions=3, seconds=60.0, heard=Heard()) as client:
        client.submissions_by_id(["a", "b", "c"])
        with client.within(5.0), pytest.raises(RateLimited, match="before the deadline"):
            client.submissions_by_id(["d"])
    assert len(server.asked) == 1


def test_a_second_client_of_the_process_shares_the_tokens(server: Server) -> None:
    server.answer = held
    bucket = TokenBucket({"submissions": PublishedLimit(1, 60.0)})
    with (
        Client(server.url, keys=KEYS, limits=QUICK, bucket=bucket) as one,
        Client(server.url, keys=KEYS, limits=QUICK, bucket=bucket) as other,
    ):
        one.submissions_by_id(["a"])
        with other.within(1.0), pytest.raises(RateLimited):
            other.submissions_by_id(["b"])


def test_many_threads_ask_at_once_each_with_its_own_answer(server: Server) -> None:
    meeting = threading.Barrier(4)

    def answer(asked: Asked) -> Reply:
        return held(asked)

    server.answer = answer
    with Client(server.url, keys=KEYS, limits=QUICK) as client:

        def work(name: str) -> list[str]:
            meeting.wait(300)
            return [one for _ in range(5) for one in client.submissions_by_id([name])]

        names = ["a", "b", "c", "d"]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(work, names))
        assert found == [[name] * 5 for name in names]
        client.submissions_by_id(["main"])
    assert 1 < server.connections <= 5


def test_the_deadline_of_one_thread_is_not_anothers(server: Server) -> None:
    with Client(server.url, keys=KEYS, limits=QUICK) as client, client.within(5.0):
        seen: list[float | None] = []
        other = threading.Thread(target=lambda: seen.append(client.deadline))
        other.start()
        other.join()
        assert client.deadline is not None
        assert seen == [None]
