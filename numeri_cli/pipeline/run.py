"""The run: for every model whatever the open round still lacks, and nothing twice."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from numeri_cli.errors import (
    ModelUnknown,
    ModelUntrained,
    NumeriError,
    PredictionsError,
    SubmissionRefused,
)
from numeri_cli.pipeline.data import bring_for_validation
from numeri_cli.pipeline.models import is_trained, train_model
from numeri_cli.pipeline.outcomes import ModelOutcome, Problem, Retraining, RunResult
from numeri_cli.pipeline.retraining import due, retrain
from numeri_cli.pipeline.rounds import (
    only_one,
    ready_model,
    require_on_time,
    send,
    slot_of,
    slots,
)
from numeri_cli.pipeline.standing import newest_round
from numeri_cli.pipeline.validating import figures
from numeri_cli.pipeline.waiting import Patience, await_live_data, open_round
from numeri_cli.records import LatestSubmission, ModelSlot, Round
from numeri_cli.submission import already_accepted
from numeri_cli.workshop import Workshop

TRAINING_MARGIN_SECONDS = 2 * 3600.0


@dataclass(frozen=True)
class RunOptions:
    """What the owner allows.

    train: train a model that has no artifact even where the window is short
    late: submit after the deadline too, scored without stake
    dry_run: do everything but upload
    """

    train: bool = False
    late: bool = False
    dry_run: bool = False
    patience: Patience = field(default_factory=Patience)


def run(workshop: Workshop, *, account: str, options: RunOptions) -> RunResult:
    """Take every model of the profile through the open round, once.

    A model that the server already holds as accepted and on time is left alone. One model's
    failure does not stop the others.
    account: the public id of the keys, whose lock is held
    Raises LockHeld, NoRoundOpen, RoundClosed and whatever concerns all models alike.
    """
    started = time.monotonic()
    with only_one(workshop, account):
        round_ = _round(workshop, options, started)
        workshop.ledger.see_round(workshop.tournament, round_, time=workshop.client.now())
        outcomes, pending = _held(workshop, round_)
        if pending:
            live = await_live_data(workshop, round_, options.patience, started=started)
            outcomes.update(_submit_all(workshop, round_, pending, live, options))
        retrained = () if options.dry_run else _retrain_due(workshop, outcomes)
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
    now = workshop.client.now()
    wanted = [name for name in outcomes if due(workshop, name, now=now)]
    return tuple(retrain(workshop, name) for name in wanted)


def _round(workshop: Workshop, options: RunOptions, started: float) -> Round:
    if options.late:
        return newest_round(workshop)
    round_ = open_round(workshop, options.patience, started=started)
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
            outcomes[name] = _failed(name, round_, error)
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


def _submit_all(
    workshop: Workshop,
    round_: Round,
    pending: list[ModelSlot],
    live: Path,
    options: RunOptions,
) -> dict[str, ModelOutcome]:
    outcomes = {}
    # what is trained goes first: a long training must not cost another model its round
    for slot in sorted(pending, key=lambda slot: not is_trained(workshop, slot.name)):
        try:
            outcome = _submit_one(workshop, slot, round_, live, options)
        except NumeriError as error:
            outcome = _failed(slot.name, round_, error)
        outcomes[slot.name] = outcome
    return outcomes


def _submit_one(
    workshop: Workshop, slot: ModelSlot, round_: Round, live: Path, options: RunOptions
) -> ModelOutcome:
    if not is_trained(workshop, slot.name):
        _train(workshop, slot.name, round_, options)
    ready = ready_model(workshop, slot, live, round_)
    outcome = send(workshop, ready, round_, live=live, late=options.late, dry_run=options.dry_run)
    return replace(outcome, validation=figures(workshop, slot.name))


def _train(workshop: Workshop, name: str, round_: Round, options: RunOptions) -> None:
    left = (round_.deadline - workshop.client.now()).total_seconds()
    if left < TRAINING_MARGIN_SECONDS and not options.train and not options.late:
        raise ModelUntrained(
            f"model {name} has no artifact, and round {round_.number} closes in "
            f"{max(0, left) / 60:.0f} minutes",
            hint=f"`numeri run --train` trains it now all the same; or `numeri train {name}` "
            "before the next round",
        )
    if left >= TRAINING_MARGIN_SECONDS:
        bring_for_validation(workshop)
    train_model(workshop, name)


def _failed(name: str, round_: Round, error: NumeriError) -> ModelOutcome:
    refused = isinstance(error, SubmissionRefused | PredictionsError)
    return ModelOutcome(
        model=name,
        state="refused" if refused else "failed",
        round_number=round_.number,
        problem=Problem.of(error),
    )
