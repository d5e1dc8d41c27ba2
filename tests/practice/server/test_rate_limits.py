"""How often one may ask: the published limits, kept where it is wished, and lived with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numeri_cli.api.client import Client
from numeri_cli.credentials import Keys
from numeri_cli.errors import RateLimited
from numeri_cli.practice.server.graphql import MUTATIONS, QUERIES, GraphQLRequest, root_fields
from numeri_cli.practice.server.rate_limits import PUBLISHED, Rate, RateLimiter
from numeri_cli.practice.server.server import application, listening
from numeri_cli.practice.tournament import Tournament
from tests.support.participant import QUICK
from tests.support.wire import Wire

DATASETS = "{ listDatasets }"
HERE = "127.0.0.1"


@pytest.fixture
def limited(tournament: Tournament) -> Iterator[Wire]:
    """The tournament with the published limits, in this process."""
    app = application(tournament, limiter=RateLimiter())
    transport = httpx.WSGITransport(app=app, remote_addr=HERE)
    with httpx.Client(transport=transport, base_url="https://practice.invalid/") as http:
        yield Wire(http, "Token {}${}".format(*tournament.participant_keys()))


def test_every_limit_is_of_something_that_can_be_asked() -> None:
    assert PUBLISHED.keys() <= QUERIES.keys() | MUTATIONS.keys()
    assert PUBLISHED["listDatasets"] == Rate(10, 60)
    assert PUBLISHED["createComputePickleUpload"] == Rate(3, 1800)


def test_the_eleventh_question_in_a_minute_is_a_429_that_says_when(limited: Wire) -> None:
    answers = [limited.post(DATASETS) for _ in range(11)]
    assert [answer.status_code for answer in answers] == 10 * [200] + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    [error] = answers[-1].json()["errors"]
    assert error["code"] == "rate_limited"
    assert "10 calls of listDatasets in 60 seconds" in error["message"]
    assert limited.post("{ rounds { number } }").status_code == 200  # each has a limit of its own


def test_without_limits_one_asks_as_often_as_one_likes(wire: Wire) -> None:
    assert {wire.post(DATASETS).status_code for _ in range(30)} == {200}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("{ listDatasets }", ["listDatasets"]),
        ("{ list_datasets }", ["listDatasets"]),
        ("{ a: listDatasets b: listDatasets }", ["listDatasets", "listDatasets"]),
        ("{ rounds { number } ... { tournaments { name } } }", ["rounds", "tournaments"]),
        ("{ ...F } fragment F on RootQueryType { rounds { number } }", ["rounds"]),
        ("{ ...F } fragment F on RootQueryType { ...F latestNmrPrice { priceUsd } }",
         ["latestNmrPrice"]),
        ('mutation { createSubmission(filename: "x", tournament: 8) { id } }',
         ["createSubmission"]),
        ("{ unknown }", ["unknown"]),
        ("{ rounds", []),
    ],
)  # fmt: skip
def test_a_question_counts_however_it_is_wrapped(query: str, names: list[str]) -> None:
    assert root_fields(GraphQLRequest(query=query, variables={})) == names


@given(steps=st.lists(st.floats(0, 4), max_size=60), calls=st.integers(1, 5))
def test_no_window_holds_more_than_the_limit_and_waiting_as_told_suffices(
    steps: list[float], calls: int
) -> None:
    moment = 0.0
    limiter = RateLimiter({"rounds": Rate(calls, 10)}, seconds=lambda: moment)
    answered: list[float] = []
    for step in steps:
        moment += step
        excess = limiter.excess(HERE, ["rounds"])
        assert limiter.excess("127.0.0.2", ["dataset"]) is None
        if excess is not None:
            moment += excess.wait_seconds
            assert limiter.excess(HERE, ["rounds"]) is None
        answered.append(moment)
    for first in answered:
        assert sum(first <= one < first + 10 for one in answered) <= calls


def test_what_is_refused_does_not_count_and_other_addresses_are_others() -> None:
    limiter = RateLimiter({"rounds": Rate(2), "dataset": Rate(1)}, seconds=lambda: 5.0)
    assert limiter.excess(HERE, ["rounds", "dataset"]) is None
    for _ in range(3):
        excess = limiter.excess(HERE, ["rounds", "dataset"])
        assert excess is not None
        assert (excess.name, excess.wait_seconds) == ("dataset", 60)
    assert limiter.excess("127.0.0.2", ["rounds", "rounds"]) is None
    assert limiter.excess(HERE, ["rounds"]) is None
    too_many = limiter.excess("127.0.0.3", ["rounds"] * 3)
    assert too_many is not None
    assert too_many.wait_seconds == 60


def test_our_client_waits_as_it_is_told_and_gives_up_where_that_is_too_long(
    tournament: Tournament,
) -> None:
    rates = {"listDatasets": Rate(2, 1.0), "account": Rate(1, 500.0)}
    with listening(tournament, limiter=RateLimiter(rates)) as address:
        keys = Keys(*tournament.participant_keys())
        client = Client(f"{address}/", keys=keys, limits=replace(QUICK, attempts=20))
        started = time.monotonic()
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(len(client.list_datasets())))
            for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 5
        assert min(found) > 5
        assert time.monotonic() - started >= 2  # five at two a second
        assert client.models()
        with pytest.raises(RateLimited, match="asks us to slow down"):
            client.models()
        client.close()
