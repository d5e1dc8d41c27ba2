"""numeri status: every model in the newest round, asked of the server or remembered.

As a watchdog it looks only shortly before the deadline of a round that the schedule is for. Where
the server cannot be asked then, the calendar and the ledger are judged by this machine's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from numeri_cli.commands.context import Context
from numeri_cli.commands.round import newest_round
from numeri_cli.commands.run.outcomes import Problem
from numeri_cli.commands.submission.holdings import Holding, holdings
from numeri_cli.errors import (
    DataError,
    DiskError,
    ExitCode,
    ModelError,
    NotificationsMissing,
    NumeriError,
    ProfileError,
    RateLimited,
    ScheduleError,
    ServerTrouble,
    Unreachable,
)
from numeri_cli.ledger.entries import RoundSeen
from numeri_cli.notify.message import GuardFinding
from numeri_cli.published import Published
from numeri_cli.records import Receipt, Round, Timing
from numeri_cli.schedule.calendar import Cadence, last_opening, may_close_within

Source = Literal["server", "ledger"]
Standing = Timing | Literal["pending", "refused", "carried over"]
_SATURDAY = 5
_CLOCK_SLACK = timedelta(minutes=10)  # a clock that is farther behind the server's is wrong


@dataclass(frozen=True)
class ModelStanding(Published):
    """One model in the round.

    status: "on-time" where it counts; "none" where nothing was submitted; "pending" where the
    server has not settled it; "carried over" where it was made for an earlier round
    problem: the server's words where it refused the submission, else empty
    findings: what the guard holds against the model that is trained here
    """

    model: str
    status: Standing
    server_id: str | None
    time: datetime | None
    findings: tuple[GuardFinding, ...] = ()
    problem: str = ""

    @property
    def accepted(self) -> bool:
        """Whether a submission counts in full."""
        return self.status == "on-time"


@dataclass(frozen=True)
class Watch(Published):
    """What a watchdog looks at.

    minutes: before the deadline; cadence: whose rounds, the weekend's alone or every one
    due: whether it is so late in such a round; where not, no model is looked at. Where the server
        cannot be asked: whether it may be so late
    """

    minutes: int
    cadence: Cadence
    due: bool


@dataclass(frozen=True)
class RoundStanding(Published):
    """The newest round and every model of the profile in it.

    source: "ledger" where the server could not be asked; then `problem` says why
    open: where the server could not be asked, by this machine's clock, and for a watchdog alone
    watch: where it was asked for as a watchdog
    """

    tournament: str
    round_number: int | None
    open: bool
    deadline: datetime | None
    now: datetime | None
    models: tuple[ModelStanding, ...]
    source: Source
    problem: Problem | None = None
    watch: Watch | None = None

    @property
    def exit_code(self) -> ExitCode:
        """0 all accepted, or a watchdog has nothing to look at; 1 not; 4 cannot know.

        A watchdog that cannot ask the server trusts the proof in the ledger, of a round that is
        open: what was accepted stays so.
        """
        if self.watch is not None and not self.watch.due:
            return ExitCode.done
        done = all(model.accepted for model in self.models)
        if self.problem is not None:
            is_proof = self.watch is not None and self.open
            return ExitCode.done if done and is_proof else ExitCode.trouble
        return ExitCode.done if done else ExitCode.refused


def status(
    context: Context,
    *,
    within_minutes: int | None = None,
    cadence: Cadence | None = None,
    will_notify: bool = False,
) -> RoundStanding:
    """Ask the server; offline, say what the ledger remembers.

    within_minutes: look only so shortly before the deadline of a round that the schedule is for
    cadence: whose rounds those are; by default the installed schedule's, else the weekend's
    will_notify: somebody is to be told, so that there has to be somebody
    Raises ProfileMissing, ProfileInvalid, KeysMissing, NoRoundOpen, NotificationsMissing.
    """
    if will_notify:
        _require_somebody(context)
    context.require_keys()
    watched = cadence or installed_cadence(context) or "weekly" if within_minutes else None
    try:
        if within_minutes is None or watched is None:
            return _of_server(context, newest_round(context.client))
        return _watched(context, minutes=within_minutes, cadence=watched)
    except (Unreachable, ServerTrouble, RateLimited) as error:
        if within_minutes is None or watched is None:
            return _of_ledger(context, error)
        return _watched_alone(context, error, minutes=within_minutes, cadence=watched)


def _require_somebody(context: Context) -> None:
    """Raise NotificationsMissing where the profile names nobody to tell of a deadline."""
    settings = context.require_profile().notify
    if not settings.addresses and not settings.command:
        raise NotificationsMissing(
            "--notify tells somebody, and the profile names nobody",
            hint='write [notify] with webhook = "https://…"',
        )
    if not {"deadline", "guard"} & set(settings.on):
        raise NotificationsMissing(
            "--notify tells of a deadline, which `on` of [notify] leaves out",
            hint='add "deadline" to it, or leave --notify out',
        )


def installed_cadence(context: Context) -> Cadence | None:
    """The cadence of this profile's installed schedule; None where none is or can be read."""
    from numeri_cli.schedule.base import SCHEDULERS, Installer, identify

    if context.profile_path is None:
        return None
    for scheduler in SCHEDULERS.values():
        if not isinstance(scheduler, Installer):
            continue
        try:
            held = scheduler.installed(identify(context.profile_path))
        except (ScheduleError, DiskError) as error:
            context.listener.say(f"{scheduler.name} cannot be read: {error.message}")
            continue
        if held is not None and held.cadence is not None:
            return held.cadence
    return None


def _watched(context: Context, *, minutes: int, cadence: Cadence) -> RoundStanding:
    newest = newest_round(context.client)
    now = context.client.now()
    left = newest.deadline - now
    due = (
        newest.is_open(now)
        and left <= timedelta(minutes=minutes)
        and (cadence == "daily" or newest.open_time.weekday() >= _SATURDAY)
    )
    watch = Watch(minutes, cadence, due)
    if due:
        return replace(_of_server(context, newest), watch=watch)
    return RoundStanding(
        tournament=context.tournament,
        round_number=newest.number,
        open=newest.is_open(now),
        deadline=newest.deadline,
        now=now,
        models=(),
        source="server",
        watch=watch,
    )


def _watched_alone(
    context: Context, error: NumeriError, *, minutes: int, cadence: Cadence
) -> RoundStanding:
    """What a watchdog that cannot ask the server knows: the calendar, and the ledger's proofs.

    It may be late any time where this machine's clock tells nothing: in the practice tournament,
    which has one of its own, and where the server's was seen to be ahead.
    """
    now, span = datetime.now(UTC), timedelta(minutes=minutes)
    seen = next(iter(context.ledger.rounds(context.tournament, limit=1)), None)
    is_behind = seen is not None and now < seen.seen - _CLOCK_SLACK
    known, is_open = None, False
    if context.endpoint.is_practice or is_behind:
        due = True
    elif seen is not None and seen.open_time >= last_opening(cadence, now=now):
        known, is_open = seen, seen.open_time <= now < seen.deadline
        is_of_cadence = cadence == "daily" or seen.open_time.weekday() >= _SATURDAY
        due = is_open and is_of_cadence and seen.deadline - now <= span
    else:
        due = may_close_within(cadence, span, now=now)
    standing = _remembered(context, known, error)
    return replace(
        standing,
        open=is_open,
        models=standing.models if due else (),
        watch=Watch(minutes, cadence, due),
    )


def _of_server(context: Context, newest: Round) -> RoundStanding:
    client = context.client
    context.ledger.see_round(context.tournament, newest, time=client.now())
    held = _held(context, newest)
    found = _findings(context, newest)
    models = [
        replace(
            held.get(name, ModelStanding(name, "none", None, None)), findings=found.get(name, ())
        )
        for name in context.profile.models
    ]
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


def _held(context: Context, round_: Round) -> Mapping[str, ModelStanding]:
    """What the server holds of each model in a round, and whether that counts."""
    found = holdings(
        context.client,
        context.ledger,
        tournament=context.tournament,
        round_=round_,
        models=list(context.profile.models),
    )
    return {name: _standing(name, holding) for name, holding in found.items()}


def _standing(name: str, holding: Holding) -> ModelStanding:
    """A model's submission in the words of `status`."""
    word: Standing = holding.row.status  # the server's own, as "late" or "queued"
    if holding.state == "accepted":
        word = "on-time"
    elif holding.state != "late":
        word = holding.state
    refusal = holding.submission.error_info if holding.submission else None
    return ModelStanding(name, word, holding.id, holding.row.time, problem=refusal or "")


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


def _of_ledger(context: Context, error: NumeriError) -> RoundStanding:
    newest = next(iter(context.ledger.rounds(context.tournament, limit=1)), None)
    return _remembered(context, newest, error)


def _remembered(context: Context, round_: RoundSeen | None, error: NumeriError) -> RoundStanding:
    """What the ledger holds of a round; None where the round is not known to it."""
    receipts: dict[str, Receipt] = {}
    if round_ is not None:
        for one in context.ledger.receipts(context.tournament, round_number=round_.number):
            receipts.setdefault(one.model, one)  # the newest
    models = []
    for name in context.profile.models:
        receipt = receipts.get(name)
        if receipt is None:
            models.append(ModelStanding(name, "none", None, None))
        else:
            models.append(ModelStanding(name, receipt.timing, receipt.server_id, receipt.time))
    return RoundStanding(
        tournament=context.tournament,
        round_number=round_.number if round_ else None,
        open=False,
        deadline=round_.deadline if round_ else None,
        now=None,
        models=tuple(models),
        source="ledger",
        problem=Problem.of(error),
    )
