"""The run: for every model whatever the open round still lacks, and nothing twice."""

from __future__ import annotations

import time

from numeri_cli.commands.account import (
    only_one,
    require_on_time,
    slot_of,
    slots,
)
from numeri_cli.commands.context import Context
from numeri_cli.commands.outcomes import (
    Allowed,
    ModelOutcome,
    Retraining,
    RunResult,
)
from numeri_cli.commands.round import (
    Patience,
    await_live_data,
    open_round,
)
from numeri_cli.commands.status import newest_round
from numeri_cli.commands.submission.send import already_accepted
from numeri_cli.errors import ModelUnknown
from numeri_cli.records import LatestSubmission, ModelSlot, Round


def run(context: Context, *, account: str, allowed: Allowed, patience: Patience) -> RunResult:
    """Take every model of the profile through the open round, once.

    A model that the server already holds as accepted and on time is left alone. One model's
    failure does not stop the others.
    account: the public id of the keys, whose lock is held
    Raises LockHeld, NoRoundOpen, RoundClosed and whatever concerns all models alike.
    """
    started = time.monotonic()
    with only_one(context, account):
        round_ = _round(context, allowed, patience, started)
        context.ledger.see_round(context.tournament, round_, time=context.client.now())
        outcomes, pending = _held(context, round_)
        if pending:
            # learning takes a second to import, which a run that has nothing to do can spare
            from numeri_cli.commands.enter import enter_all

            live = await_live_data(context, round_, patience, started=started)
            outcomes.update(enter_all(context, round_, pending, live, allowed=allowed))
        retrained = () if allowed.dry_run else _retrain_due(context, outcomes)
    return RunResult(
        tournament=context.tournament,
        round_number=round_.number,
        deadline=round_.deadline,
        models=tuple(outcomes[name] for name in context.profile.models),
        retrained=retrained,
    )


def _retrain_due(context: Context, outcomes: dict[str, ModelOutcome]) -> tuple[Retraining, ...]:
    """Once every model that could be submitted is in, time is no longer short."""
    if any(outcome.problem for outcome in outcomes.values()):
        return ()
    periods = (model.retrain for model in context.profile.models.values())
    if all(period == "never" for period in periods):
        return ()
    from numeri_cli.commands.retrain import (
        due,
        retrain,
    )

    now = context.client.now()
    wanted = [name for name in outcomes if due(context, name, now=now)]
    return tuple(retrain(context, name) for name in wanted)


def _round(context: Context, allowed: Allowed, patience: Patience, started: float) -> Round:
    if allowed.late:
        return newest_round(context)
    round_ = open_round(context, patience, started=started)
    require_on_time(context, round_, late=False)
    return round_


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
