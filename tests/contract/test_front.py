"""The front that other tests try clients on: it passes what it should and spoils what it should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.tournament import Tournament
from tests.support.caller import LATEST, Caller
from tests.support.front import Change, Front, Way
from tests.support.front_server import served
from tests.support.troubles import (
    Trouble,
    asks,
    edge_forbidden,
    fetches,
    live_file_forbidden,
    lost_reply,
    no_open_round,
    null_answer,
    null_round,
    server_trouble,
    slow_down,
)
from tests.support.typed_answers import HIDDEN_ID, FieldOf

ROUND = "{ rounds(tournament: 8, number: 0) { number target openTime } }"
SETTLE_SECONDS = 8.0


@dataclass
class HandClock:
    """Seconds that pass when they are told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    """What the front goes by."""
    return HandClock()


@pytest.fixture
def front(tournament: Tournament, clock: HandClock) -> Front:
    """A front that takes its time."""
    return Front(tournament, settle_seconds=SETTLE_SECONDS, seconds=clock)


@pytest.fixture
def caller(front: Front) -> Iterator[Caller]:
    """Somebody at it."""
    with served(front) as [url]:
        yield Caller(url, front.tournament)


def test_a_front_without_orders_changes_nothing(caller: Caller, front: Front) -> None:
    answer = caller.post(LATEST)
    assert HIDDEN_ID not in answer.text
    assert answer.json()["data"]["account"]["models"][0]["latestSubmissions"][0]["id"] is None
    assert "date" in answer.headers
    live = caller.ask('{ dataset(filename: "v5.3/live.parquet") }')["dataset"]
    assert httpx.get(live).status_code == 200
    assert [one.asking.names for one in front.passed] == [("account",), ("dataset",), ()]


@pytest.mark.parametrize("lists_pending", [True, False])
def test_a_submission_is_pending_at_first_and_what_counted_goes_on_counting(
    caller: Caller, front: Front, clock: HandClock, lists_pending: bool
) -> None:
    front.settling.lists_pending = lists_pending
    first = caller.create(caller.put())
    held = {"selected": False, "status": "pending", "errorInfo": None}
    assert caller.submission(first) == held
    assert caller.latest()["id"] == (first if lists_pending else None)
    assert caller.of_model() == [False]
    clock.now += SETTLE_SECONDS
    assert caller.submission(first)["selected"] is True
    second = caller.create(caller.put())
    assert caller.of_model() == [False, True]
    assert caller.latest()["id"] == (second if lists_pending else first)
    clock.now += SETTLE_SECONDS
    assert caller.of_model() == [True, False]
    assert caller.latest() | {"timestamp": ""} == {
        "roundNumber": 61,
        "status": "on-time",
        "id": second,
        "filename": caller.latest()["filename"],
        "timestamp": "",
    }


def test_a_refusal_is_known_only_when_it_is_settled(caller: Caller, clock: HandClock) -> None:
    refused = caller.create(caller.put(sound=False))
    assert caller.submission(refused)["errorInfo"] is None
    clock.now += SETTLE_SECONDS
    assert "invalid_submission_values" in caller.submission(refused)["errorInfo"]
    assert caller.of_model() == [False]


@pytest.mark.parametrize(
    ("way", "target"), [(Way.MISSING, ...), (Way.NULL, None), (Way.OTHER_TYPE, {"odd": True})]
)
def test_a_field_is_changed_by_its_type_and_name(
    caller: Caller, front: Front, way: Way, target: object
) -> None:
    front.change(Change(FieldOf("Round", "target"), way))
    [found] = caller.ask("{ r: rounds(number: 0) { number t: target } }")["r"]
    assert found.get("t", ...) == target
    assert found["number"] == 61


def test_a_document_is_refused_for_one_field(caller: Caller, front: Front) -> None:
    front.change(Change(FieldOf("Round", "target"), Way.REFUSED))
    refused = caller.post(ROUND)
    assert refused.status_code == 200
    assert refused.json()["data"] is None
    [error] = refused.json()["errors"]
    assert error["message"] == 'Cannot query field "target" on type "Round".'
    assert caller.ask("{ rounds(number: 0) { number } }")["rounds"] == [{"number": 61}]


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (edge_forbidden(asks("rounds")), 403, "cloudfront"),
        (null_answer("rounds"), 200, '{"data": {"rounds": null}}'),
        (null_round(times=1), 200, "[null]"),
        (no_open_round(times=1), 200, "Current round not open for submissions"),
        (server_trouble(asks("rounds"), times=1), 503, ""),
        (slow_down(asks("rounds"), retry_after_seconds=600), 429, "rate_limited"),
    ],
)
def test_a_trouble_comes_as_often_as_it_was_told(
    caller: Caller, front: Front, trouble: Trouble, status: int, words: str
) -> None:
    front.trouble(trouble)
    spoilt = caller.post(ROUND)
    assert spoilt.status_code == status
    assert words in spoilt.text
    assert spoilt.headers.get("retry-after") == ("600" if status == 429 else None)
    assert caller.post(ROUND).json()["data"]["rounds"][0]["number"] == 61
    assert trouble.happened == 1


def test_a_trouble_ends_when_its_time_is_over(
    caller: Caller, front: Front, clock: HandClock
) -> None:
    front.trouble(server_trouble(asks("rounds"), seconds=10.0))
    assert [caller.post(ROUND).status_code for _ in range(2)] == [503, 503]
    clock.now += 10.1
    assert caller.post(ROUND).status_code == 200


def test_a_lost_reply_is_acted_on_when_it_was_told(caller: Caller, front: Front) -> None:
    filename = caller.put()
    front.trouble(lost_reply("createSubmission", act_after_seconds=2.0))
    with pytest.raises(httpx.RemoteProtocolError):
        caller.create(filename)
    assert caller.of_model() == []
    front.settle_acts()
    assert caller.of_model() == [False]


def test_the_live_file_may_not_be_there_yet(caller: Caller, front: Front, clock: HandClock) -> None:
    question = "query ($f: String!) { dataset(filename: $f) }"
    front.unlist("live.parquet", seconds=10.0)
    assert "not found" in caller.post(question, f="v5.3/live.parquet").text
    assert "v5.3/live.parquet" not in caller.ask("{ listDatasets }")["listDatasets"]
    clock.now += 10.1
    front.trouble(live_file_forbidden(times=1))
    live = caller.ask(question, f="v5.3/live.parquet")["dataset"]
    assert httpx.get(live).status_code == 403
    assert httpx.get(live).status_code == 200
    assert "v5.3/live.parquet" in caller.ask("{ listDatasets }")["listDatasets"]
    assert len([one for one in front.passed if fetches("live")(one.asking)]) == 2


def test_a_server_may_stay_behind_in_the_round_before(
    caller: Caller, front: Front, clock: HandClock
) -> None:
    front.tournament.advance()
    front.stay_behind(seconds=10.0)
    assert caller.ask(ROUND)["rounds"][0]["number"] == 61
    clock.now += 10.1
    assert caller.ask(ROUND)["rounds"][0]["number"] == 62


def test_aliases_count_against_the_limit_one_by_one(tournament: Tournament) -> None:
    front = Front(tournament, limiter=RateLimiter())
    fifty = " ".join(f'a{n}: submissions(id: "x{n}") {{ id }}' for n in range(50))
    with served(front) as [url]:
        caller = Caller(url, tournament)
        codes = [caller.post(f"{{ {fifty} }}").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert front.count("submissions") == front.busiest("submissions") == 150
