"""numeri status: every model in the newest round, asked of the server or remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from numeri_cli.commands.context import Context
from numeri_cli.commands.round import newest_round
from numeri_cli.commands.run.outcomes import Problem
from numeri_cli.errors import (
    ApiError,
    DataError,
    DiskError,
    ExitCode,
    ModelError,
    NumeriError,
    ProfileError,
    RateLimited,
    ServerTrouble,
    Unreachable,
)
from numeri_cli.notify.message import GuardFinding
from numeri_cli.published import Published
from numeri_cli.records import Round, Timing

Source = Literal["server", "ledger"]


@dataclass(frozen=True)
class ModelStanding(Published):
    """One model in the round; status "none" where nothing was submitted."""

    model: str
    status: Timing
    server_id: str | None
    time: datetime | None
    findings: tuple[GuardFinding, ...] = ()

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
    found = _findings(context, newest)
    models = []
    for name in context.profile.models:
        row, told = held.get(name), found.get(name, ())
        if row is None:
            models.append(ModelStanding(name, "none", None, None, told))
        else:
            models.append(ModelStanding(name, row.status, row.id, row.time, told))
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


def _findings(context: Context, round_: Round) -> Mapping[str, tuple[GuardFinding, ...]]:
    """What the guard holds against the models that are trained here."""
    folders = (context.home.models(context.tournament) / name for name in context.profile.models)
    if not any(folder.is_dir() for folder in folders):
        return {}
    # learning takes a second to import, which somebody who trains nothing here can spare
    from numeri_cli.commands.artifacts import found_model
    from numeri_cli.commands.guard import findings, round_facts

    facts = round_facts(context, round_)
    found = {}
    for name in context.profile.models:
        try:
            found[name] = findings(found_model(context, name), facts)
        except (ModelError, ProfileError, DataError, DiskError):
            continue  # what is wrong with it is told where it is used
    return found


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
