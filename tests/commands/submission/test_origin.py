"""Whether a submission was made for this round: told by its bytes where nothing else tells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from numeri_cli.api.client import Client
from numeri_cli.commands.submission.origin import Origins, Trace
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import LatestSubmission, Timing
from tests.support.rounds import a_round
from tests.support.scripted_server import KEYS, QUICK, Asked, Reply, Server, data, refusal

OPENED = datetime(2026, 11, 28, 12, tzinfo=UTC)
NUMBER = 1319
ROUND = a_round(NUMBER, opens=OPENED)
NEW = Trace(id="new", filename="new.parquet", time=OPENED + timedelta(minutes=3))


def row(one: str, *, number: int, timing: Timing) -> LatestSubmission:
    """Of the account's own list."""
    return LatestSubmission(
        model="lighthouse",
        round_number=number,
        status=timing,
        id=one,
        filename=f"{one}.parquet",
        time=OPENED - timedelta(days=6),
    )


@dataclass
class Store:
    """A server that hands out what was submitted: the bytes of these ids, and no others."""

    server: Server
    ledger: Ledger
    bytes_of: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(body=self.bytes_of[asked.target.removeprefix("/")])
        wanted = str(asked.variables["id"])
        if wanted not in self.bytes_of:
            return refusal("Insufficient permission for download_submission")
        return data(submissionDownloadAuth={"url": f"{self.server.url}{wanted}"})

    def is_of_round(self, *rows: LatestSubmission) -> bool:
        """What `NEW` is taken for, where the server lists these beside it."""
        with Client(self.server.url, keys=KEYS, limits=QUICK) as client:
            origins = Origins(client, self.ledger, tournament="t", round_=ROUND, rows=rows)
            return origins.is_of_round("lighthouse", NEW)

    @property
    def fetched(self) -> list[str]:
        """Whose bytes were asked for."""
        return [one.target.removeprefix("/") for one in self.server.asked if one.method == "GET"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    server = Server()
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        server.answer = made = Store(server, ledger)
        yield made
    server.close()


LATE = row("late", number=NUMBER - 1, timing="late")


@pytest.mark.parametrize("timing", ["late", "queued"])
def test_the_bytes_of_an_earlier_rounds_late_submission_are_carried_over(
    store: Store, timing: Timing
) -> None:
    late = row("late", number=NUMBER - 1, timing=timing)
    store.bytes_of = {"new": b"last week's ranks", "late": b"last week's ranks"}
    assert not store.is_of_round(late)
    store.bytes_of["new"] = b"this week's ranks"
    assert store.is_of_round(late)
    assert {"new", "late"} == set(store.fetched)


@pytest.mark.parametrize("unknown", ["new", "late"])
def test_where_the_bytes_cannot_be_had_it_is_not_taken_for_this_rounds(
    store: Store, unknown: str
) -> None:
    store.bytes_of = {"new": b"this week's ranks", "late": b"last week's ranks"}
    assert store.is_of_round(LATE)
    del store.bytes_of[unknown]
    assert not store.is_of_round(LATE)


def test_bytes_that_this_machine_sent_late_are_known_without_the_servers(store: Store) -> None:
    sent = b"last week's ranks"
    attempt = store.ledger.begin_attempt(
        "t",
        round_number=NUMBER - 1,
        model="lighthouse",
        digest=hashlib.sha256(sent).hexdigest(),
        time=OPENED - timedelta(days=6),
    )
    store.ledger.advance_attempt(
        attempt, "created", time=OPENED - timedelta(days=6), server_id="late"
    )
    store.bytes_of = {"new": sent}
    assert not store.is_of_round(LATE)
    store.bytes_of = {"new": b"this week's ranks"}
    assert store.is_of_round(LATE)
    assert set(store.fetched) == {"new"}


def test_bytes_are_not_fetched_where_nothing_can_have_been_carried_over(store: Store) -> None:
    assert store.is_of_round(row("before", number=NUMBER - 1, timing="on-time"))
    assert store.is_of_round(row("long ago", number=NUMBER - 6, timing="late"))
    assert store.server.asked == []
