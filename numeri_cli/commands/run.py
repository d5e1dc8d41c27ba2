"""The run: for every model whatever the open round still lacks, and nothing twice."""

from __future__ import annotations

import time

from numeri_cli.commands.account import (
    only_one,
    require_on_time,
    slot_of,
    slots,
)
from numeri_cli.commands.context import Workshop
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


def run(workshop: Workshop, *, account: str, allowed: Allowed, patience: Patience) -> RunResult:
    """Take every model of the profile through the open round, once.

    A model that the server already holds as accepted and on time is left alone. One model's
    failure does not stop the others.
    account: the public id of the keys, whose lock is held
    Raises LockHeld, NoRoundOpen, RoundClosed and whatever concerns all models alike.
    """
    started = time.monotonic()
    with only_one(workshop, account):
        round_ = _round(workshop, allowed, patience, started)
        workshop.ledger.see_round(workshop.tournament, round_, time=workshop.client.now())
        outcomes, pending = _held(workshop, round_)
        if pending:
            # learning takes a second to import, which a run that has nothing to do can spare
            from numeri_cli.commands.enter import enter_all

            live = await_live_data(workshop, round_, patience, started=started)
            outcomes.update(enter_all(workshop, round_, pending, live, allowed=allowed))
        retrained = () if allowed.dry_run else _retrain_due(workshop, outcomes)
    return RunResult(
        tournament=workshop.tournament,
        round_number=round_.number,
        deadline=round_.deadline,
        models=tuple(outcomes[name] for name in workshop.profile.models),
        retrained=retrained,
    )


def _retrain_due(workshop: Workshop, outcomes: dict[str, ModelOutcome]) -> tuple[Retraining, ...]:
    """Once every model that could be submitted is in, time is no longer short."""
    if any(outcome.problem for outcome in outcomes.values()):
        return ()
    periods = (model.retrain for model in workshop.profile.models.values())
    if all(period == "never" for period in periods):
        return ()
    from numeri_cli.commands.retrain import (
        due,
        retrain,
    )

    now = workshop.client.now()
    wanted = [name for name in outcomes if due(workshop, name, now=now)]
    return tuple(retrain(workshop, name) for name in wanted)


def _round(workshop: Workshop, allowed: Allowed, patience: Patience, started: float) -> Round:
    if allowed.late:
        return newest_round(workshop)
    round_ = open_round(workshop, patience, started=started)
    require_on_time(workshop, round_, late=False)
    return round_


def _held(workshop: Workshop, round_: Round) -> tuple[dict[str, ModelOutcome], list[ModelSlot]]:
    """What the server already holds or cannot take, and the models that still need a submission."""
    known = slots(workshop)
    accepted = already_accepted(workshop.client, round_)
    outcomes: dict[str, ModelOutcome] = {}
    pending = []
    for name in workshop.profile.models:
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
