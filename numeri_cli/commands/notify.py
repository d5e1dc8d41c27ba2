"""Telling somebody how a command ended, and `numeri notify --test`."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numeri_cli.commands.messages import message_of, of_deadline, of_retraining, of_run
from numeri_cli.config import NotifySettings, read_notify
from numeri_cli.errors import ExitCode, NotificationsMissing, NumeriError, worst
from numeri_cli.published import Published

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numeri_cli.commands.context import Context
    from numeri_cli.commands.retrain.retrain import Retrainings
    from numeri_cli.commands.run.outcomes import RunResult
    from numeri_cli.commands.status import RoundStanding
    from numeri_cli.notify.notifications import Delivery

# Another run does the work, or there is none to do: nobody has to get up for that.
_NO_NEWS = ("lock_held", "no_round_open", "interrupted")


@dataclass(frozen=True)
class ChannelTrial(Published):
    """What one channel answered; code, message and hint are empty where it took the message."""

    channel: str
    delivered: bool
    answer: str
    seconds: float
    code: str
    message: str
    hint: str
    exit_code: int


@dataclass(frozen=True)
class NotifyTrial(Published):
    """A test message to everybody whom the profile names."""

    channels: tuple[ChannelTrial, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Done where all of them took it, else the worst."""
        return worst([ExitCode(one.exit_code) for one in self.channels])

    @property
    def problems(self) -> tuple[ChannelTrial, ...]:
        """The channels that did not take it."""
        return tuple(one for one in self.channels if not one.delivered)


def notify(context: Context) -> NotifyTrial:
    """Send a test message to everybody whom the profile names, whatever `on` says.

    Raises ProfileMissing, ProfileInvalid, NotificationsMissing.
    """
    settings = context.require_profile().notify
    if not settings.addresses and not settings.command:
        raise NotificationsMissing(
            "the profile names nobody to tell", hint='write [notify] with webhook = "https://…"'
        )
    from numeri_cli.notify.notifications import try_out

    message = message_of(
        context,
        "test",
        f"Numeri: a test from {platform.node()}",
        message="this is a test; nothing has happened",
    )
    done = try_out(settings, message, log=context.log)
    trials = tuple(
        ChannelTrial(
            channel=one.channel,
            delivered=one.error is None,
            answer=one.answer,
            seconds=round(one.seconds, 2),
            code=one.error.code if one.error else "",
            message=one.error.message if one.error else "",
            hint=one.error.hint if one.error else "",
            exit_code=int(one.error.exit_code if one.error else ExitCode.done),
        )
        for one in done
    )
    return NotifyTrial(trials)


def tell_run(
    context: Context, *, exit_code: int, error: NumeriError | None, result: RunResult | None
) -> tuple[str, ...]:
    """Tell everybody whom the profile names how a run ended; what to warn of, a line each.

    Messages that an earlier command could not deliver are tried again, too. Nothing is raised.
    """
    try:
        return _tell_run(context, exit_code=exit_code, error=error, result=result)
    except Exception as unexpected:  # the run has ended, and ends as it has
        words = context.log.mask.text(f"nobody could be told: {unexpected!r}")
        context.log.write("notify", words, level="error")
        return (words,)


def _tell_run(
    context: Context, *, exit_code: int, error: NumeriError | None, result: RunResult | None
) -> tuple[str, ...]:
    settings = _settings(context)
    if not settings.addresses and not settings.command:
        return ()
    from numeri_cli.notify.notifications import tell

    message, others = None, []
    if error is None or error.code not in _NO_NEWS:
        message, *others = of_run(context, exit_code=exit_code, error=error, result=result)
    new = result is not None and any(one.state == "accepted" for one in result.models)
    done = tell(
        settings,
        message,
        otherwise=others,
        folder=context.home.undelivered,
        log=context.log,
        routine=not exit_code and not new and context.ledger_notice is None,
    )
    return _kept(done)


def tell_deadline(
    context: Context,
    *,
    exit_code: int,
    error: NumeriError | None,
    result: RoundStanding | None,
) -> tuple[str, ...]:
    """Tell everybody that a deadline is near and a model not accepted; what to warn of.

    Also where that cannot be known. Nothing is raised.
    """
    try:
        if not exit_code:
            return ()
        from numeri_cli.notify.notifications import tell

        message, *others = of_deadline(context, exit_code=exit_code, error=error, result=result)
        done = tell(
            _settings(context),
            message,
            otherwise=others,
            folder=context.home.undelivered,
            log=context.log,
        )
    except Exception as unexpected:  # the exit code is what the watchdog is for
        words = context.log.mask.text(f"nobody could be told: {unexpected!r}")
        context.log.write("notify", words, level="error")
        return (words,)
    return _kept(done)


def _kept(done: Iterable[Delivery]) -> tuple[str, ...]:
    return tuple(
        f"a notification is kept for the next run: {one.error.message}" for one in done if one.error
    )


def tell_retraining(
    context: Context, *, exit_code: int, error: NumeriError | None, result: Retrainings | None
) -> tuple[str, ...]:
    """Tell everybody whom the profile names what was decided about retrained models.

    Nothing is raised; a line for each message that could not be delivered.
    """
    try:
        settings = _settings(context)
        if not settings.addresses and not settings.command:
            return ()
        if error is not None and error.code in _NO_NEWS:
            return ()
        if error is None and not (result and result.models):
            return ()  # nothing was due
        from numeri_cli.notify.notifications import tell

        message, *others = of_retraining(context, exit_code=exit_code, error=error, result=result)
        done = tell(
            settings,
            message,
            otherwise=others,
            folder=context.home.undelivered,
            log=context.log,
        )
        return _kept(done)
    except Exception as unexpected:  # the retraining has ended, and ends as it has
        words = context.log.mask.text(f"nobody could be told: {unexpected!r}")
        context.log.write("notify", words, level="error")
        return (words,)


def _settings(context: Context) -> NotifySettings:
    """The profile's, also where the profile is refused for something else."""
    try:
        return context.profile.notify
    except NumeriError:
        try:
            path = context.profile_path
        except NumeriError:
            path = None
        return read_notify(path) if path else NotifySettings()
