"""A ledger made anew is filled with what artifacts and server tell: models, rounds, proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from numeri_cli.commands.context import Context
from numeri_cli.commands.submission.holdings import LISTED_ROUNDS
from numeri_cli.commands.submission.origin import Origins, Trace
from numeri_cli.errors import NumeriError
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import LatestSubmission, Receipt, Round, Submission

ROUNDS = 12  # as many as `numeri clean` goes by
_ASK_SECONDS = 8.0  # the round must not be missed for it


def refill(context: Context, ledger: Ledger) -> None:
    """Fill it as far as disk and server tell; what they do not is said, and stops nothing."""
    try:
        for trained in _of_artifacts(context):
            known = ledger.models(trained.tournament, model=trained.model)
            if trained.artifact not in {one.artifact for one in known}:
                ledger.keep_model(trained)
    except NumeriError as error:
        context.listener.say(f"going on without what trained models tell: {error.message}")
    try:
        with context.client.within(_ASK_SECONDS):
            _ask_server(context, ledger)
    except NumeriError as error:
        context.listener.say(f"going on without what the server tells: {error.message}")


def _of_artifacts(context: Context) -> Iterator[TrainedModel]:
    """What lies there, as its contract tells; nobody vouches for it, so that it has no digest."""
    folder = context.home.models(context.tournament)
    models = sorted(folder.iterdir()) if folder.is_dir() else []
    if not models:
        return
    # learning takes a second to import, which somebody who trains nothing here can spare
    from numeri_cli.learning.artifact import artifacts

    for model in models:
        for artifact in artifacts(model, tournament=context.tournament):
            yield TrainedModel(
                tournament=context.tournament,
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


def _ask_server(context: Context, ledger: Ledger) -> None:
    """Rounds that have opened, and what was accepted in the last of them. Raises what it raises."""
    client, key = context.client, context.tournament
    now = client.now()
    rounds = [one for one in client.rounds(limit=ROUNDS) if one.open_time <= now]
    for one in rounds:
        ledger.see_round(key, one, time=now)
    context.require_keys()
    rows = client.latest_submissions(rounds=LISTED_ROUNDS)
    ids = [row.id for row in rows if row.id is not None]
    shown = client.submissions_by_id(ids)
    for receipt in _receipts(context, ledger, rounds=rounds, rows=rows, shown=shown):
        ledger.keep_receipt(receipt)


def _receipts(
    context: Context,
    ledger: Ledger,
    *,
    rounds: Sequence[Round],
    rows: Sequence[LatestSubmission],
    shown: Mapping[str, Submission],
) -> Iterator[Receipt]:
    """Proofs of what was accepted and made for its round; of which bytes, nobody knows."""
    numbered = {one.number: one for one in rounds}
    for row in rows:
        found, round_ = shown.get(row.id or ""), numbered.get(row.round_number)
        if found is None or round_ is None or not found.accepted or row.status == "none":
            continue
        origins = Origins(
            context.client, ledger, tournament=context.tournament, round_=round_, rows=rows
        )
        time = row.time or found.inserted_at
        is_known = time is not None and origins.is_of_round(
            row.model, Trace.of_row(row, known=found)
        )
        if time is None or (row.status == "on-time" and not is_known):
            continue
        yield Receipt(
            tournament=context.tournament,
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
