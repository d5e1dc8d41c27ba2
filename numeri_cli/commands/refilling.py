"""A ledger made anew is filled with what artifacts and server tell: models, rounds, proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.api.client import Client
from numeri_cli.commands.submission.holdings import LISTED_ROUNDS
from numeri_cli.commands.submission.origin import Origins, Trace
from numeri_cli.errors import NumeriError
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import Listener
from numeri_cli.records import LatestSubmission, Receipt, Submission

ROUNDS = 12  # as many as `numeri clean` goes by
_ASK_SECONDS = 8.0  # the round must not be missed for it


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where a new ledger is filled from, for one tournament.

    models: the folder of trained models
    client: makes one; may raise any NumeriError
    """

    tournament: str
    models: Path
    client: Callable[[], Client]
    listener: Listener


def refill(ledger: Ledger, sources: Sources) -> None:
    """Fill it as far as disk and server tell; what they do not is said, and stops nothing."""
    try:
        for trained in _of_artifacts(sources.models, sources.tournament):
            known = ledger.models(trained.tournament, model=trained.model)
            if trained.artifact not in {one.artifact for one in known}:
                ledger.keep_model(trained)
    except NumeriError as error:
        sources.listener.say(f"going on without what trained models tell: {error.message}")
    try:
        client = sources.client()
        with client.within(_ASK_SECONDS):
            _ask_server(client, ledger, tournament=sources.tournament)
    except NumeriError as error:
        sources.listener.say(f"going on without what the server tells: {error.message}")


def _of_artifacts(folder: Path, tournament: str) -> Iterator[TrainedModel]:
    """What lies there, as its contract tells; nobody vouches for it, so that it has no digest."""
    models = sorted(folder.iterdir()) if folder.is_dir() else []
    if not models:
        return
    # learning takes a second to import, which somebody who trains nothing here can spare
    from numeri_cli.learning.artifact import artifacts

    for model in models:
        for artifact in artifacts(model, tournament=tournament):
            yield TrainedModel(
                tournament=tournament,
                model=artifact.contract.model,
                artifact=artifact.contract.artifact_id,
                digest="",
                time=_time_of(artifact.contract.trained_at),
            )


def _time_of(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _ask_server(client: Client, ledger: Ledger, *, tournament: str) -> None:
    """Rounds that have opened, and what was accepted in the last. Raises what the client raises."""
    now = client.now()
    rounds = [one for one in client.rounds(limit=ROUNDS) if one.open_time <= now]
    for one in rounds:
        ledger.see_round(tournament, one, time=now)
    rows = client.latest_submissions(rounds=LISTED_ROUNDS)
    ids = [row.id for row in rows if row.id is not None]
    shown = client.submissions_by_id(ids)
    origins = {
        one.number: Origins(client, ledger, tournament=tournament, round_=one, rows=rows)
        for one in rounds
    }
    for receipt in _receipts(tournament, origins=origins, rows=rows, shown=shown):
        ledger.keep_receipt(receipt)


def _receipts(
    tournament: str,
    *,
    origins: Mapping[int, Origins],
    rows: Sequence[LatestSubmission],
    shown: Mapping[str, Submission],
) -> Iterator[Receipt]:
    """Proofs of what was accepted and made for its round; of which bytes, nobody knows."""
    for row in rows:
        found, origin = shown.get(row.id or ""), origins.get(row.round_number)
        if found is None or origin is None or not found.accepted or row.status == "none":
            continue
        time = row.time or found.inserted_at
        is_of_round = origin.is_of_round(row.model, Trace.of_row(row, known=found))
        if time is None or (row.status == "on-time" and not is_of_round):
            continue
        yield Receipt(
            tournament=tournament,
            round_number=row.round_number,
            model=row.model,
            server_id=found.id,
            filename=found.filename or row.filename or "",
            prediction_digest="",
            rows=found.submitted_count or 0,
            timing=row.status,
            time=time,
            selected=found.selected,
        )
