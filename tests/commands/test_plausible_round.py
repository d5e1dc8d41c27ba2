"""A round whose number jumps by thousands is not taken for the newest, whoever says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.round import newest_round
from numeri_cli.errors import ServerTrouble
from numeri_cli.home import Home
from numeri_cli.records import Round
from tests.support.scripted_server import Server, data, refusal

NOW = datetime.now(UTC).replace(microsecond=0)
KNOWN = 1_100


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def context(server: Server) -> Iterator[Context]:
    opened = Context(home=Home.find(), asked_tournament=server.url, patience_seconds=60.0)
    yield opened
    opened.close()


def as_answered(number: int, *, opened: datetime = NOW - timedelta(hours=1)) -> dict[str, Any]:
    def text(moment: datetime) -> str:
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

    return {
        "id": f"r{number}", "number": number, "tournament": 8, "openTime": text(opened),
        "closeTime": text(opened + timedelta(days=1)),
        "closeStakingTime": text(opened + timedelta(days=1)),
        "resolveTime": text(opened + timedelta(days=90)), "dataDatestamp": None, "target": None,
        "payoutFactor": "1", "stakeThreshold": None,
    }  # fmt: skip


def knows(context: Context, number: int, *, opened: datetime) -> None:
    context.ledger.see_round(
        context.tournament,
        Round(
            id=None, number=number, tournament=8, open_time=opened,
            deadline=opened + timedelta(days=1), close_time=None, resolve_time=None,
            data_datestamp=None, target=None, payout_factor=None, stake_threshold=None,
        ),
        time=opened,
    )  # fmt: skip


@pytest.mark.parametrize("number", [KNOWN + 1_500, 9_999_999, 2**62])
def test_an_open_round_far_beyond_the_last_one_known_is_refused_in_words(
    context: Context, server: Server, number: int
) -> None:
    knows(context, KNOWN, opened=NOW - timedelta(days=2))
    server.script = [data(rounds=[as_answered(number)])]
    with pytest.raises(ServerTrouble) as caught:
        context.client.current_round()
    assert f"round {number:,}" in caught.value.message
    assert "round 1,100 of" in caught.value.message
    assert [one.number for one in context.ledger.rounds(context.tournament)] == [KNOWN]


@pytest.mark.parametrize(
    ("number", "days"), [(KNOWN + 1, 1), (KNOWN - 400, 1), (KNOWN + 900, 1), (4_000, 1_500)]
)
def test_a_round_that_can_have_come_since_is_the_newest(
    context: Context, server: Server, number: int, days: int
) -> None:
    knows(context, KNOWN, opened=NOW - timedelta(days=days))
    server.script = [data(rounds=[as_answered(number)])]
    assert context.client.current_round().number == number


def test_where_nothing_is_known_the_first_round_is_believed(
    context: Context, server: Server
) -> None:
    server.script = [data(rounds=[as_answered(9_999)])]
    assert context.client.current_round().number == 9_999
    assert not context.home.ledger.exists()


def test_between_rounds_one_that_jumps_in_the_list_is_not_the_newest(
    context: Context, server: Server
) -> None:
    closed = refusal("Current round not open for submissions")
    past = NOW - timedelta(days=3)
    listed = [as_answered(number, opened=past) for number in (50_000, 1_101, 1_100)]
    server.script = [closed, data(rounds=listed)]
    assert newest_round(context.client).number == 1_101
    knows(context, 20, opened=NOW - timedelta(days=4))
    server.script = [closed, data(rounds=listed)]
    with pytest.raises(ServerTrouble, match=r"round 1,101 the newest"):
        newest_round(context.client)
