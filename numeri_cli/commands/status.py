"""numeri status: every model in the newest round, asked of the server or remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from numeri_cli.commands.context import Context
from numeri_cli.commands.round import newest_round
from numeri_cli.commands.run.outcomes import Problem
from numeri_cli.errors import (
    ApiError,
    ExitCode,
    NumeriError,
    RateLimited,
    ServerTrouble,
    Unreachable,
)
from numeri_cli.published import Published
from numeri_cli.records import Timing

Source = Literal["server", "ledger"]


@dataclass(frozen=True)
class ModelStanding(Published):
    """One model in the round; status "none" where nothing was submitted."""

    model: str
    status: Timing
    server_id: str | None
    time: datetime | None

    @property
    def accepted(self) -> bool:
        """Whether a submission counts in full."""
        return self.status == "on-time"


@dataclass(frozen=True)
class RoundStanding(Published):
    """The newest round and every model of the profile in it.

    source: "ledger" where the server could not be asked; then `problem` says why
    """

    tournament: str
    round_number: int | None
    open: bool
    deadline: datetime | None
    now: datetime | None
    models: tuple[ModelStanding, ...]
    source: Source
    problem: Problem | None = None

    @property
    def exit_code(self) -> ExitCode:
        """0 all accepted, 1 not, 4 cannot know."""
        if self.problem is not None:
            return ExitCode.trouble
        done = all(model.accepted for model in self.models)
        return ExitCode.done if done else ExitCode.refused


def status(context: Context) -> RoundStanding:
    """Ask the server; offline, say what the ledger remembers. Raises KeysMissing, NoRoundOpen."""
    context.require_keys()
    try:
        return _of_server(context)
    except (Unreachable, ServerTrouble, RateLimited) as error:
        return _of_ledger(context, error)


def _of_server(context: Context) -> RoundStanding:
    client = context.client
    newest = newest_round(client)
    context.ledger.see_round(context.tournament, newest, time=client.now())
    held = {
        row.model: row
        for row in client.latest_submissions(rounds=2)
        if row.round_number == newest.number
    }
    models = []
    for name in context.profile.models:
        row = held.get(name)
        if row is None:
            models.append(ModelStanding(name, "none", None, None))
        else:
            models.append(ModelStanding(name, row.status, row.id, row.time))
    now = client.now()
    return RoundStanding(
        tournament=context.tournament,
        round_number=newest.number,
        open=newest.is_open(now),
        deadline=newest.deadline,
        now=now,
        models=tuple(models),
        source="server",
    )


def _of_ledger(context: Context, error: ApiError | NumeriError) -> RoundStanding:
    rounds = context.ledger.rounds(context.tournament, limit=1)
    newest = rounds[0] if rounds else None
    receipts = {}
    if newest is not None:
        receipts = {
            receipt.model: receipt
            for receipt in context.ledger.receipts(context.tournament, round_number=newest.number)
        }
    models = []
    for name in context.profile.models:
        receipt = receipts.get(name)
        if receipt is None:
            models.append(ModelStanding(name, "none", None, None))
        else:
            models.append(ModelStanding(name, receipt.timing, receipt.server_id, receipt.time))
    return RoundStanding(
        tournament=context.tournament,
        round_number=newest.number if newest else None,
        open=False,
        deadline=newest.deadline if newest else None,
        now=None,
        models=tuple(models),
        source="ledger",
        problem=Problem.of(error),
    )
