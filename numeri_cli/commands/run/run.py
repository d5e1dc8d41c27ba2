"""numeri run: for every model whatever the open round still lacks, and nothing twice."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.account import only_run, slot_of, slots
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_live
from numeri_cli.commands.round import Waiting, newest_round, open_round, outlasting
from numeri_cli.commands.run.outcomes import Allowed, ModelOutcome, Retraining, RunResult
from numeri_cli.commands.submission.send import already_accepted
from numeri_cli.errors import ModelUnknown
from numeri_cli.records import LatestSubmission, ModelSlot, Round

STARTER_STEPS = (
    "numeri practice advance",
    "numeri run --tournament practice",
    "numeri init --tournament practice",
)


def run(context: Context, *, allowed: Allowed, wait_seconds: float = 0.0) -> RunResult:
    """Take every model of the profile through the open round, once.

    A model that the server already holds as accepted and on time is left alone. One model's
    failure does not stop the others. The practice tournament is made where it is not there yet.
    wait_seconds: for the round to open and its data to be published
    Raises ProfileMissing, ProfileInvalid, KeysMissing, LockHeld, NoRoundOpen, RoundClosed and
    whatever concerns all models alike.
    """
    context.require_profile()
    context.make_practice()
    waiting = Waiting(wait_seconds)
    with only_run(context):
        result = _run(context, allowed, waiting)
    if not context.uses_starter:
        return result
    context.listener.say(f"Data, model and ledger are in {context.home.data}")
    return replace(result, next_steps=STARTER_STEPS)


def _run(context: Context, allowed: Allowed, waiting: Waiting) -> RunResult:
    round_ = newest_round(context.client) if allowed.late else open_round(context, waiting)
    context.ledger.see_round(context.tournament, round_, time=context.client.now())
    with nullcontext() if allowed.late else context.client.before(round_.deadline):
        outcomes, pending = outlasting(
            context, waiting, lambda: _held(context, round_), step="waiting_for_account"
        )
    if pending:
        # learning takes a second to import, which a run that has nothing to do can spare
        from numeri_cli.commands.run.entry import enter_all

        live = _live_data(context, round_, waiting, late=allowed.late)
        outcomes.update(enter_all(context, round_, pending, live, allowed=allowed))
    return RunResult(
        tournament=context.tournament,
        round_number=round_.number,
        deadline=round_.deadline,
        models=tuple(outcomes[name] for name in context.profile.models),
        retrained=() if allowed.dry_run else _retrain_due(context, outcomes),
    )


def _live_data(context: Context, round_: Round, waiting: Waiting, *, late: bool) -> Path:
    """The live file of this round; waits until it is published, at most until the deadline.

    Raises LiveDataStale, and what the client and its transfers raise, where time is up.
    """
    with nullcontext() if late else context.client.before(round_.deadline):
        return outlasting(
            context, waiting, lambda: bring_live(context, round_), step="waiting_for_live_data"
        )


def _retrain_due(context: Context, outcomes: dict[str, ModelOutcome]) -> tuple[Retraining, ...]:
    """Once every model that could be submitted is in, time is no longer short."""
    if any(outcome.problem for outcome in outcomes.values()):
        return ()
    periods = (model.retrain for model in context.profile.models.values())
    if all(period == "never" for period in periods):
        return ()
    from numeri_cli.commands.run.retraining import due, retrain

    now = context.client.now()
    wanted = [name for name in outcomes if due(context, name, now=now)]
    return tuple(retrain(context, name) for name in wanted)


def _held(context: Context, round_: Round) -> tuple[dict[str, ModelOutcome], list[ModelSlot]]:
    """What the server already holds or cannot take, and the models that still need a submission."""
    known = slots(context)
    accepted = already_accepted(context.client, round_)
    outcomes: dict[str, ModelOutcome] = {}
    pending = []
    for name in context.profile.models:
        if name in accepted:
            outcomes[name] = _unchanged(accepted[name], round_)
            continue
        try:
            pending.append(slot_of(known, name))
        except ModelUnknown as error:
            outcomes[name] = ModelOutcome.failed(name, round_, error)
    return outcomes, pending


def _unchanged(held: LatestSubmission, round_: Round) -> ModelOutcome:
    return ModelOutcome(
        model=held.model,
        state="already accepted",
        round_number=round_.number,
        server_id=held.id,
        timing=held.status,
        selected=True,
    )
