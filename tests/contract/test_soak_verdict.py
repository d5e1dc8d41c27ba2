"""The verdict of the soak finds what was planted, and nothing where nothing is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from numeri_cli.practice.tournament import Tournament
from tests.studies.soak_verdict import Verdict, judge
from tests.support.caller import Caller
from tests.support.front import Front
from tests.support.front_server import served, set_clock
from tests.support.troubles import lost_reply

MODEL = "lighthouse"
CREATE = (
    "mutation ($name: String!, $id: ID)"
    " { createSubmission(filename: $name, tournament: 8, modelId: $id) { id } }"
)
LATE_SECONDS = 0.5


@contextmanager
def two_callers(front: Front) -> Iterator[tuple[Caller, Caller]]:
    """Two machines, which the front knows by their ports."""
    with served(front, ports=(0, 0)) as urls:
        first, second = (Caller(url, front.tournament) for url in urls)
        yield first, second


@pytest.fixture
def front(tournament: Tournament) -> Front:
    """One without orders."""
    return Front(tournament)


def verdict(front: Front, *, known: bool = True) -> Verdict:
    """Of the live round, where ledgers know all bytes, or none."""
    folder = front.tournament.folders.submissions
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*")}
    return judge(
        front.tournament,
        front,
        front.tournament.state().live_round,
        models=[MODEL],
        digests=digests if known else set(),
    )


def test_one_sound_submission_is_sound(front: Front) -> None:
    with two_callers(front) as (first, _):
        first.create(first.put())
    assert verdict(front) == Verdict((), (), 1)


def test_a_missing_one_is_found(front: Front) -> None:
    [words] = verdict(front).wrong
    assert "nothing is selected on time" in words


def test_bytes_that_no_ledger_knows_are_found(front: Front) -> None:
    with two_callers(front) as (first, _):
        first.create(first.put())
    [words] = verdict(front, known=False).wrong
    assert "no ledger knows these bytes" in words


def test_a_late_one_and_the_one_carried_over_are_found(front: Front) -> None:
    tournament = front.tournament
    set_clock(tournament, tournament.status().closes_at + timedelta(minutes=1))
    with two_callers(front) as (first, _):
        first.create(first.put())
    [words] = verdict(front).wrong
    assert "nothing is selected on time" in words
    tournament.advance()
    [words] = verdict(front).wrong
    assert "carried over" in words


def test_ids_of_another_round_are_found(front: Front) -> None:
    with two_callers(front) as (first, _):
        created = first.create(first.put())
    [path] = front.tournament.folders.submissions.glob(f"{created}*")
    path.write_bytes(path.read_bytes().replace(b"\nn", b"\nx", 1))
    [words] = verdict(front).wrong
    assert "the ids are not this round's" in words


def test_one_machine_that_makes_two_is_outside_the_gap(front: Front) -> None:
    with two_callers(front) as (first, _):
        first.create(first.put())
        first.create(first.put())
    [doubled] = verdict(front).doubled
    assert not doubled.in_gap


@pytest.mark.parametrize("looks", [True, False])
def test_what_two_machines_make_is_in_the_gap_only_where_the_second_did_not_look_since(
    front: Front, looks: bool
) -> None:
    with two_callers(front) as (first, second):
        model_id = second.model_id(MODEL)
        files = [first.put(), second.put()]
        second.latest()
        first.ask(CREATE, name=files[0], id=model_id)
        if looks:
            second.latest()
        second.ask(CREATE, name=files[1], id=model_id)
    found = verdict(front)
    assert [one.in_gap for one in found.doubled] == [not looks]
    assert found.submissions == 2


def test_the_gap_lasts_until_the_server_acts_where_the_reply_was_lost(front: Front) -> None:
    front.trouble(lost_reply("createSubmission", act_after_seconds=LATE_SECONDS))
    with two_callers(front) as (first, second):
        model_id = second.model_id(MODEL)
        files = [first.put(), second.put()]
        with pytest.raises(httpx.TransportError):
            first.ask(CREATE, name=files[0], id=model_id)
        second.latest()  # the server has not acted yet: nothing is there to see
        second.ask(CREATE, name=files[1], id=model_id)
        front.settle_acts()
    found = verdict(front)
    assert found.submissions == 2
    assert [one.in_gap for one in found.doubled] == [True]
