"""One file among many models: a lost reply is searched by model, round and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.commands.submission.delivery import Destination
from numeri_cli.commands.submission.submitter import Submitter
from numeri_cli.commands.submission.watch import Settled, Verdict
from numeri_cli.progress import SILENT
from tests.support.counting_server import Application
from tests.support.participant import Participant
from tests.support.tournaments import fresh_tournament, set_clock

RENAMED = "renamed-by-the-server.csv"


@pytest.fixture
def participant(tmp_path: Path) -> Iterator[Participant]:
    opened = Participant.at(fresh_tournament(tmp_path / "practice"), tmp_path / "participant")
    yield opened
    opened.close()


def send(participant: Participant, *, late: bool = False) -> Verdict:
    """As a run of so many models that a question for each is too much."""
    destination = Destination(
        client=participant.client,
        ledger=participant.ledger,
        tournament="practice",
        round_=participant.client.rounds(limit=1)[0],
        listener=SILENT,
        late=late,
        few=False,
    )
    checked = check_predictions(participant.file(seed=1), participant.live_ids)
    with Submitter(destination, several=False) as submitter:
        submitted = submitter.send(participant.model(), checked)
        submitter.settle()
        return submitter.verdict(submitted)


def lose_once(participant: Participant, *, acts: bool) -> None:
    """The reply to the first createSubmission is lost, and the file has another name then."""
    lost: list[str] = []

    def instead(what: str, app: Application) -> Application | None:
        if what != "createSubmission" or lost:
            return None
        lost.append(what)

        def lose(
            environ: dict[str, object], start_response: Callable[..., object]
        ) -> Iterable[bytes]:
            if acts:
                list(app(environ, lambda *_: None))
                with participant.tournament.store.writing() as connection:
                    connection.execute(
                        "UPDATE submissions SET filename = ? WHERE round ="
                        " (SELECT live_round FROM tournament) AND source IS NOT 'queued'"
                        " AND model_id = ?",
                        (RENAMED, participant.model().id),
                    )
            start_response("500 X", [("Date", "Sat, 03 Jan 2026 12:05:00 GMT")])
            return []

        return lose

    participant.requests.instead = instead


def test_a_lost_submission_under_another_name_is_found_and_not_made_again(
    participant: Participant,
) -> None:
    lose_once(participant, acts=True)
    verdict = send(participant)
    assert isinstance(verdict, Settled)
    assert participant.held() == [(RENAMED, True)]
    seen = participant.requests.seen
    assert "submissions(modelId" not in seen[: seen.index("createSubmission")]


def test_what_was_carried_over_is_not_taken_for_a_submission_whose_reply_was_lost(
    participant: Participant,
) -> None:
    participant.close_window()
    assert isinstance(send(participant, late=True), Settled)
    participant.tournament.advance()
    set_clock(participant.tournament, timedelta(seconds=2))
    [carried] = [item for item in participant.client.submissions(participant.model().id)
                 if item.round_number == participant.round.number]  # fmt: skip
    lose_once(participant, acts=False)
    verdict = send(participant)
    assert isinstance(verdict, Settled)
    assert verdict.server_id != carried.id
    assert verdict.receipt is not None
