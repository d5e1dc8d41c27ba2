"""Webhooks of models on the wire: set, taken off, called to try them."""

from __future__ import annotations

from urllib.parse import urlsplit

from numeri_cli.practice.participants import accounts, hosted_runs
from numeri_cli.practice.participants.hosted_runs import WEBHOOK, RecordedRun, RecordedState
from numeri_cli.practice.participants.refusals import Refusal
from numeri_cli.practice.server import webhooks
from numeri_cli.practice.server.resolvers.request import ApiRequest, viewing
from numeri_cli.practice.server.resolvers.submissions import UPLOAD_SCOPE


def set_submission_webhook(
    asked: ApiRequest,
    *,
    model_id: str | None = None,
    new_submission_webhook: str | None = None,
) -> str:
    """Keep the address that a trial calls, and no round that opens; null takes it off."""
    with viewing(asked) as view:
        model = view.own_model(view.caller(UPLOAD_SCOPE), model_id)
    address = new_submission_webhook or None
    if address is not None and urlsplit(address).scheme not in ("http", "https"):
        raise Refusal("invalid webhook: must be a URL")
    with asked.tournament.store.writing() as connection:
        accounts.set_webhook(connection, model.id, address)
    return "true"


def trigger_model_webhook(asked: ApiRequest, *, model_id: str) -> str:
    """Call a model's webhook as when a round opens; returns the trigger's id."""
    with viewing(asked) as view:
        model = view.own_model(view.caller(UPLOAD_SCOPE), model_id)
        open_round, moment = view.open_round, view.now
    run = RecordedRun(
        id=accounts.new_id(),
        kind=WEBHOOK,
        hosted_id=None,
        model_id=model.id,
        round_number=open_round,
        submission_id=None,
        status="pending",
        inserted_at=moment,
    )
    with asked.tournament.store.writing() as connection:
        hosted_runs.begin(connection, run)
    said = webhooks.call(model.webhook, trigger_id=run.id)
    with asked.tournament.store.writing() as connection:
        state = RecordedState(status="done", description=said, inserted_at=moment)
        hosted_runs.go_on(connection, run, state=state, log=(said,))
    return run.id
