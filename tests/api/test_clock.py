"""The server's time, and nothing of this machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from numeri_cli.api.client import Client
from numeri_cli.api.http.limits import Limits
from numeri_cli.errors import ApiChanged
from tests.support.scripted_server import QUICK, Reply, Server, data

THERE = datetime(2026, 3, 21, 12, 5, tzinfo=UTC)
STAMP = {"Date": "Sat, 21 Mar 2026 12:05:00 GMT"}
GOOD = Reply(body=data(listDatasets=[]).body, headers=STAMP)


def test_now_is_the_date_of_the_last_answer_and_costs_no_question(
    server: Server, client: Client
) -> None:
    server.script = [GOOD]
    client.list_datasets()
    assert timedelta(0) <= client.now() - THERE < timedelta(minutes=5)
    assert len(server.asked) == 1


def test_a_date_that_is_too_old_is_asked_for_again(server: Server) -> None:
    server.answer = lambda _: GOOD
    with Client(server.url, limits=Limits(clock_seconds=0.1)) as client:
        client.now()
        client.now()
        assert len(server.asked) == 1
        while len(server.asked) == 1:  # ends as soon as 0.1 s have passed
            client.now()
        assert server.asked[1].query == "query { __typename }"


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_wrong_clock_of_this_machine_changes_nothing(
    server: Server, client: Client, hours: int
) -> None:
    server.answer = lambda _: GOOD
    with time_machine.travel(THERE + timedelta(hours=hours)):
        assert abs(client.now() - THERE) < timedelta(minutes=5)


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "yesterday",
        "Sat, 21 Mar 2026 12:05:00 GMT, Sat, 21",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 01 Jan 1900 00:00:00 +1200",
    ],
)
def test_an_answer_without_a_readable_date_is_named(server: Server, stamp: str) -> None:
    headers = {"Date": stamp} if stamp else {}
    server.answer = lambda _: Reply(body=b'{"data": {}}', headers=headers, date=False)
    with Client(server.url, limits=QUICK) as client, pytest.raises(ApiChanged, match="Date"):
        client.now()


def test_an_error_tells_the_time_as_well(server: Server, client: Client) -> None:
    server.script = [Reply(500, headers=STAMP), GOOD]
    client.list_datasets()
    assert abs(client.now() - THERE) < timedelta(minutes=5)
