"""numeri run: for every model whatever the open round still lacks, and nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from numeri_cli.commands.account import slot_of, slots
from numeri_cli.commands.clean import clean_after_run
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_live
from numeri_cli.commands.live_data import is_refusal_of_ids, refused_live_data
from numeri_cli.commands.retrain.launch import retrain_after, start_due
from numeri_cli.commands.round import Waiting, newest_round, open_round, outlasting, require_open
from numeri_cli.commands.run.held import FEW_LISTED, HeldModels, await_pending, sort_out
from numeri_cli.commands.run.limits import TimeLimits
from numeri_cli.commands.run.outcomes import Allowed, ModelOutcome, RunResult
from numeri_cli.commands.run.turn import Turn
from numeri_cli.commands.submission.holdings import Holdings
from numeri_cli.errors import (
    ApiError,
    LockHeld,
    ModelUnknown,
    NoRoundOpen,
    NumeriError,
    RoundClosed,
)
from numeri_cli.records import ModelSlot, Round

if TYPE_CHECKING:
    from numeri_cli.commands.run.window import OpenWindow

DATE_RESOLUTION = timedelta(seconds=1)  # a Date header tells whole seconds
STARTER_STEPS = (
    "numeri practice advance",
    "numeri run --tournament practice",
    "numeri init --tournament practice",
)


def run(
    context: Context,
    *,
    allowed: Allowed,
    wait_seconds: float = 0.0,
    timeout_seconds: float | None = None,
) -> RunResult:
    """Take every model of the profile through the open round, once.

    A model that the server already holds as accepted and on time, and of this round's data, is
    left alone; one that was carried over from an earlier round is replaced. One model's failure
    does not stop the others. The practice tournament is made where it is not there yet.
    wait_seconds: for the round to open and its data to be published; where there are any, another
    run at work is waited for, too, as long as the round is open
    timeout_seconds: for all of it; None for as long as the round is open
    Raises ProfileMissing, ProfileInvalid, KeysMissing, LockHeld, NoRoundOpen, RoundClosed and
    whatever concerns all models alike; TimeIsUp where it is not done in time.
    """
    limits = TimeLimits(timeout_seconds, wait_seconds)
    limits.begin(context)
    context.require_profile()
    context.make_practice()
    waiting = Waiting(wait_seconds)
    try:
        result = _in_turn(context, allowed, waiting, limits)
    except (NoRoundOpen, RoundClosed):
        if not allowed.dry_run:  # a retraining is due whether there is a round or not
            for one in start_due(context):
                context.listener.say(f"{one.model} is due for training: {one.state}, {one.message}")
        raise
    if not allowed.dry_run:
        # the round's lock is free again, and its last proof is in
        result = replace(result, retrained=retrain_after(context))
        clean_after_run(context)
    result = replace(result, ledger=context.ledger_notice)
    if not context.uses_starter:
        return result
    context.listener.say(f"Data, model and ledger are in {context.home.data}")
    return replace(result, next_steps=STARTER_STEPS)


def _in_turn(context: Context, allowed: Allowed, waiting: Waiting, limits: TimeLimits) -> RunResult:
    """The run while no other is at work; what another one did, where that was waited for."""
    turn = Turn()
    try:
        with turn.taken(context, waits=waiting.seconds > 0):
            return _run(context, allowed, waiting, limits)
    except (LockHeld, NoRoundOpen, RoundClosed) as trouble:
        return turn.done_by_other(context, trouble)


def _run(context: Context, allowed: Allowed, waiting: Waiting, limits: TimeLimits) -> RunResult:
    round_ = newest_round(context.client) if allowed.late else open_round(context, waiting)
    if not allowed.late:
        limits.enter(context, round_)
    context.ledger.see_round(context.tournament, round_, time=context.client.now())
    outcomes = _all_entered(context, round_, waiting, allowed=allowed, limits=limits)
    return RunResult(
        tournament=context.tournament,
        round_number=round_.number,
        deadline=round_.deadline,
        models=tuple(outcomes[name] for name in context.profile.models),
    )


def _all_entered(
    context: Context,
    round_: Round,
    waiting: Waiting,
    *,
    allowed: Allowed,
    limits: TimeLimits,
) -> dict[str, ModelOutcome]:
    """What became of every model of the profile.

    Where the server lists many as on time, the others go first: whether those submissions count
    takes longer to ask then. What is not trained waits until everything else is in.
    """
    with nullcontext() if allowed.late else context.client.before(round_.deadline):
        known, held = outlasting(
            context, waiting, lambda: _asked(context, round_), step="waiting_for_account"
        )
    outcomes: dict[str, ModelOutcome] = {}
    meant = []
    for name in context.profile.models:
        try:
            meant.append(slot_of(known, name))
        except ModelUnknown as error:
            outcomes[name] = ModelOutcome.failed(name, round_, error)
    listed = [slot for slot in meant if slot.name in held.on_time]
    needed = [slot for slot in meant if slot not in listed]
    way = _WayIn(context, round_, waiting, allowed=allowed, limits=limits, count=len(meant))
    if len(listed) > FEW_LISTED:
        way.enter(needed)
        needed = []
    try:
        found = sort_out(context, round_, held, listed)
    except NumeriError as error:
        if not way.outcomes:
            raise
        found = HeldModels({x.name: ModelOutcome.failed(x.name, round_, error) for x in listed})
    way.enter([*needed, *found.needed])
    with limits.settling(context):
        waited = await_pending(context, round_, found.pending)
    way.enter([x for x in listed if x.name in found.pending and x.name not in waited])
    return {**outcomes, **found.counted, **waited, **found.told(way.ended())}


class _WayIn:
    """The window, opened with the live data once there is a model to send."""

    def __init__(
        self,
        context: Context,
        round_: Round,
        waiting: Waiting,
        *,
        allowed: Allowed,
        limits: TimeLimits,
        count: int,
    ) -> None:
        self._context, self._round, self._waiting = context, round_, waiting
        self._allowed, self._limits, self._count = allowed, limits, count
        self._window: OpenWindow | None = None
        self._outcomes: dict[str, ModelOutcome] = {}  # of windows that were opened before

    @property
    def outcomes(self) -> Mapping[str, ModelOutcome]:
        """By model, as far as they are known."""
        return {**self._outcomes, **(self._window.outcomes if self._window else {})}

    def enter(self, slots: Sequence[ModelSlot]) -> None:
        """Send what is trained of these models; the others are kept for the end.

        Where the server refuses the ids of the live data, the data is stale: it is waited for, and
        those models are sent again.
        """
        while slots:
            if self._window is None:
                self._window = self._opened()
            self._window.enter(slots)
            stale = [slot for slot in slots if self._is_refused_for_its_ids(slot)]
            slots = self._with_fresh_data(stale) if stale else ()

    def _opened(self) -> OpenWindow:
        # learning takes a second to import, which a run that has nothing to do can spare
        from numeri_cli.commands.run.window import OpenWindow

        late = self._allowed.late
        return OpenWindow(
            self._context,
            self._round,
            live=_live_data(self._context, self._round, self._waiting, late=late),
            allowed=self._allowed,
            limits=self._limits,
            count=self._count,
        )

    def _is_refused_for_its_ids(self, slot: ModelSlot) -> bool:
        outcome = self.outcomes.get(slot.name)
        problem = outcome.problem if outcome else None
        return problem is not None and is_refusal_of_ids(problem.message)

    def _with_fresh_data(self, stale: Sequence[ModelSlot]) -> Sequence[ModelSlot]:
        """These models and the untrained ones before a new window; none where time is up."""
        self._outcomes = dict(self.outcomes)
        kept = self._window.untrained if self._window else ()
        try:
            trouble = refused_live_data(self._context, self._round)
            self._context.listener.say(f"{trouble.message}; waiting")
            self._window = self._opened()
        except NumeriError as error:
            for slot in stale:
                failed = ModelOutcome.failed(slot.name, self._round, error)
                self._outcomes[slot.name] = failed
                if self._window is not None:
                    self._window.outcomes[slot.name] = failed
            return ()
        return [*stale, *kept]

    def ended(self) -> Mapping[str, ModelOutcome]:
        """Train and send what was not trained, then score; what became of every model."""
        if self._window is not None:
            self._window.enter_untrained()
            self._limits.leave(self._context)
            self._window.add_figures()
        return self.outcomes


def _asked(context: Context, round_: Round) -> tuple[Mapping[str, ModelSlot], Holdings]:
    held = Holdings.asked(
        context.client, context.ledger, tournament=context.tournament, round_=round_
    )
    return slots(context), held


def _live_data(context: Context, round_: Round, waiting: Waiting, *, late: bool) -> Path:
    """The live file of this round; waits until it is published, at most until the deadline.

    Raises RoundClosed where it has not come by then, and what the client and its transfers raise
    where time to wait is up.
    """
    try:
        with nullcontext() if late else context.client.before(round_.deadline):
            return outlasting(
                context, waiting, lambda: bring_live(context, round_), step="waiting_for_live_data"
            )
    except NumeriError as trouble:
        if trouble.may_pass:
            with suppress(ApiError):  # the trouble itself says more
                require_open(round_, context.client.now() + DATE_RESOLUTION, late=late)
        raise
