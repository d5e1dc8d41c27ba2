"""Submissions that are watched: many in one question, soon at first and then seldom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.api.client import ALIASES, Client
from numeri_cli.api.documents import read_document
from numeri_cli.commands.submission.delivery import Destination, Sent
from numeri_cli.commands.submission.watch import (
    FIRST_POLL_SECONDS,
    PROBES,
    Settled,
    SubmissionWatch,
    poll_pause,
)
from numeri_cli.errors import SubmissionUnconfirmed
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import SILENT
from tests.support.rounds import a_round
from tests.support.scripted_server import KEYS, QUICK, Asked, Reply, Server, data

MANY = 60
NUMBER = 1319
OPENED = datetime(2026, 11, 28, 12, tzinfo=UTC)
MADE = f"{OPENED + timedelta(minutes=3):%Y-%m-%dT%H:%M:%SZ}"
ROUND = a_round(NUMBER, opens=OPENED)
LONGEST_SECONDS = 10.0  # between two looks, as for the real service


@dataclass
class Account:
    """A server where every model has one submission, which it accepts; or shows to nobody.

    looks: how many submissions each question asked for, and when it came
    lists: how often the account's list was asked for
    """

    models: list[str]
    shows: bool = True
    looks: list[tuple[int, float]] = field(default_factory=list)
    lists: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Reply:
        if "latestSubmissions" in asked.query:
            self.lists += 1
            models = [{"name": one, "tournament": 8, "latestSubmissions": [_row(one)]}
                      for one in self.models]  # fmt: skip
            return data(account={"models": models})
        names = read_document(asked.query).root_names
        assert set(names) == {"submissions"}
        assert "modelId" not in asked.query
        with self._lock:
            self.looks.append((len(names), time.monotonic()))
        found = {
            key.replace("v", "s"): [_submission(str(one))] if self.shows else []
            for key, one in asked.variables.items()
        }
        return data(**found)


def _row(model: str) -> dict[str, Any]:
    return {
        "roundNumber": NUMBER,
        "status": "on-time",
        "id": f"of {model}",
        "filename": f"{model}.parquet",
        "timestamp": MADE,
    }


def _submission(one: str) -> dict[str, Any]:
    return {
        "id": one,
        "status": "accepted",
        "errorInfo": None,
        "selected": True,
        "filename": f"{one.removeprefix('of ')}.parquet",
        "filteredCount": 1,
        "submittedCount": 1,
        "insertedAt": MADE,
        "round": {"number": NUMBER},
    }


@pytest.fixture
def account() -> Account:
    return Account([f"model_{number:02}" for number in range(MANY)])


@pytest.fixture
def server(account: Account) -> Iterator[Server]:
    running = Server()
    running.answer = account
    yield running
    running.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def watched(client: Client, ledger: Ledger, models: list[str]) -> SubmissionWatch:
    """A watch of their submissions, all made just now."""
    destination = Destination(
        client=client, ledger=ledger, tournament="t", round_=ROUND, listener=SILENT, few=False
    )
    watch, since = SubmissionWatch(destination), time.monotonic()
    for one in models:
        watch.add(Sent(model=one, server_id=f"of {one}", since=since))
    return watch


def test_of_many_models_the_submissions_are_looked_at_in_few_questions(
    server: Server, account: Account, ledger: Ledger
) -> None:
    with Client(server.url, keys=KEYS, limits=replace(QUICK, settle_seconds=60.0)) as client:
        watch = watched(client, ledger, account.models)
        watch.run()
    verdicts = list(watch.verdicts.values())
    assert len(verdicts) == MANY
    assert all(isinstance(one, Settled) and one.timing == "on-time" for one in verdicts)
    # the first few tell how long it takes, the next few come at once, then all the others
    counts = [count for count, _ in account.looks]
    assert counts[0] == PROBES
    assert max(counts) == ALIASES
    assert len(counts) <= 4
    assert sum(counts) == MANY
    assert account.lists <= 3


def test_pauses_begin_with_one_second_and_grow_to_ten() -> None:
    age, pauses = 0.0, []
    while age < 120.0:
        pauses.append(poll_pause(age, at_most_seconds=LONGEST_SECONDS))
        age += pauses[-1]
    assert pauses[:4] == [1.0] * 4
    assert all(after >= before for before, after in pairwise(pauses))
    assert pauses[-1] == LONGEST_SECONDS
    assert len(pauses) < 30  # looks, at a verdict that takes two minutes
    assert poll_pause(0.0, at_most_seconds=0.05) == 0.05


def test_a_submission_that_is_not_shown_yet_is_looked_for_every_second_at_first(
    server: Server, account: Account, ledger: Ledger
) -> None:
    account.shows = False
    limits = replace(QUICK, poll_seconds=LONGEST_SECONDS, settle_seconds=LONGEST_SECONDS + 2.5)
    with Client(server.url, keys=KEYS, limits=limits) as client:
        watch = watched(client, ledger, account.models[:1])
        watch.run()
    [verdict] = watch.verdicts.values()
    assert isinstance(verdict, SubmissionUnconfirmed)
    moments = [at for _, at in account.looks]
    assert len(moments) >= 3
    gaps = [after - before for before, after in pairwise(moments)]
    assert min(gaps) >= FIRST_POLL_SECONDS * 0.9
    assert min(gaps) < LONGEST_SECONDS / 2
