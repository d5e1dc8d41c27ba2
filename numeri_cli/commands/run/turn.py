"""One run at a time: another one that is at work is waited for, then what holds is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from numeri_cli.commands.account import only_run
from numeri_cli.commands.context import Context
from numeri_cli.commands.run.held import unchanged
from numeri_cli.commands.run.limits import CLOSE_SECONDS
from numeri_cli.commands.run.outcomes import ModelOutcome, RunResult
from numeri_cli.commands.submission.holdings import Holding, holdings
from numeri_cli.commands.submission.watch import Settled
from numeri_cli.errors import ApiError, LockHeld, NoRoundOpen, NumeriError, RunOverdue
from numeri_cli.records import Round

_LOOK_SECONDS = 1.0


class Turn:
    """Whose turn it is.

    waited_in: the round that was open as this run began to wait for another one; None where it did
    not wait, or could not know
    """

    waited_in: Round | None = None

    @contextmanager
    def taken(self, context: Context, *, waits: bool) -> Iterator[None]:
        """Hold the locks of a run inside.

        waits: for another run, until the round that is open closes, or this one's deadline comes
        Raises LockHeld where another run is at work, and it is not waited for or time is up.
        """
        with ExitStack() as stack:
            until = float("inf")
            while True:
                try:
                    stack.enter_context(only_run(context))
                    break
                except LockHeld as held:
                    if not waits or time.monotonic() >= until:
                        raise
                    if until == float("inf"):
                        context.listener.say(f"{held.message}: waiting for it to end")
                        until = self._until(context)
                        context.listener.step("waiting_for_run")
                time.sleep(_LOOK_SECONDS)
            yield

    def _until(self, context: Context) -> float:
        """Until when the other run is waited for, by the monotonic clock."""
        left = context.deadline.left_seconds - _LOOK_SECONDS
        with suppress(ApiError, NoRoundOpen):  # the other run may know better
            self.waited_in = context.client.current_round()
            closes = self.waited_in.deadline - context.client.now()
            left = min(left, closes.total_seconds() + CLOSE_SECONDS)
        return time.monotonic() + left

    def done_by_other(self, context: Context, trouble: NumeriError) -> RunResult:
        """What the other run did, where every model of the profile is in the round waited in.

        Raises `trouble` where this run did not wait, or another round is meant by now; RunOverdue
        where the other run is still at work, and models are not in.
        """
        round_ = self.waited_in
        if round_ is None:
            raise trouble
        names = tuple(context.profile.models)
        held = holdings(
            context.client,
            context.ledger,
            tournament=context.tournament,
            round_=round_,
            models=names,
        )
        missing = [name for name in names if name not in held or held[name].state != "accepted"]
        if not missing:
            return RunResult(
                tournament=context.tournament,
                round_number=round_.number,
                deadline=round_.deadline,
                models=tuple(_counted(name, held[name], round_) for name in names),
            )
        if isinstance(trouble, LockHeld):
            raise RunOverdue(
                f"another run is still at work, and {', '.join(missing)} not in round"
                f" {round_.number}",
                hint="`numeri doctor` tells which process it is and what ends it",
            ) from trouble
        raise trouble


def _counted(name: str, holding: Holding, round_: Round) -> ModelOutcome:
    settled = Settled(model=name, server_id=holding.id, timing=holding.row.status)
    return unchanged(settled, round_)
