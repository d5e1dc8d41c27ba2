"""Telling everybody whom the profile names, within a bound, and without losing a message."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from numeri_cli.config import NotifySettings
from numeri_cli.errors import NotificationUndelivered, NumeriError
from numeri_cli.log import Log, Mask
from numeri_cli.notify.channels import Channel, as_ours, channels_of
from numeri_cli.notify.message import Message
from numeri_cli.notify.spool import Spool, Undelivered

SEND_SECONDS = 7.0  # for all messages of one channel; the channels go at the same time
BOUND_SECONDS = 8.0  # how long a command may be kept from its end
_MESSAGES = TypeAdapter(Message)


@dataclass(frozen=True)
class Delivery:
    """What became of one message on one channel.

    answer: of the service, empty where `error` says what went wrong; seconds: what it took
    """

    channel: str
    answer: str
    seconds: float
    error: NumeriError | None = None


def tell(
    settings: NotifySettings,
    message: Message | None,
    *,
    folder: Path,
    log: Log,
    routine: bool = False,
    otherwise: Sequence[Message] = (),
) -> tuple[Delivery, ...]:
    """Tell a message to everybody who wants to hear of its event, and what is undelivered before.

    It takes at most BOUND_SECONDS and never raises for a channel. What is not delivered by then is
    kept in `folder`, is in the log, and is tried again by the next call.
    message: None tries again what is undelivered, and no more
    routine: nothing new happened; only services that always want to hear of the event are told
    otherwise: told to whom does not want to hear of `message`, the first that is wanted
    """
    channels = channels_of(settings, log.mask)
    spool = Spool(folder, warn=lambda words: log.write("notify", words, level="warning"))
    jobs = {channel.key: _Job(channel) for channel in channels}
    with spool.earlier() as earlier:
        for entry in earlier:
            if entry.channel in jobs:
                jobs[entry.channel].add(entry, late=True)
        for channel in channels:
            heard = {*channel.always, *(() if routine else settings.on)}
            news = [message] if message is not None and message.event in heard else []
            news += [one for one in otherwise if one.event in {*channel.always, *settings.on}]
            if news:
                masked = without_secrets(news[0], log.mask)
                jobs[channel.key].add(spool.add(channel.key, masked), late=False)
        busy = [job for job in jobs.values() if job.entries]
        _run(busy)
        return tuple(_settled(job, spool, log) for job in busy)


def try_out(settings: NotifySettings, message: Message, *, log: Log) -> tuple[Delivery, ...]:
    """Send a message to everybody, whatever `on` says; nothing is kept and sent again."""
    jobs = [_Job(channel) for channel in channels_of(settings, log.mask)]
    masked = without_secrets(message, log.mask)
    for job in jobs:
        job.add(Undelivered("", job.channel.key, masked, process=0), late=False)
    _run(jobs)
    return tuple(_settled(job, None, log) for job in jobs)


def without_secrets(message: Message, mask: Mask) -> Message:
    """The message with each of its texts masked."""
    return _MESSAGES.validate_python(mask.plain(message.plain()))


class _Job:
    """One channel's messages, sent one after the other in a thread of its own.

    The thread is a daemon: a name server that hangs does not keep the process from its end.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.entries: list[tuple[Undelivered, bool]] = []  # and whether it is late
        self.delivered: list[Undelivered] = []
        self.answer = ""
        self.error: NumeriError | None = None
        self.seconds = 0.0
        self.thread = threading.Thread(target=self._send, daemon=True)

    def add(self, entry: Undelivered, *, late: bool) -> None:
        """Send this one, too, after the others."""
        self.entries.append((entry, late))

    def _send(self) -> None:
        """Send what is late, oldest first, then what is new.

        A late one that is refused does not stand in the way of others. Where one is not delivered,
        no other late one is tried; a new one always is.
        """
        started = time.monotonic()
        for entry, late in self.entries:
            if late and isinstance(self.error, NotificationUndelivered):
                continue
            try:
                left = SEND_SECONDS - (time.monotonic() - started)
                if left <= 0:
                    raise NotificationUndelivered(
                        f"{self.channel.name}: there was no time for every message",
                        hint="the next run sends the others",
                    )
                self.answer = self.channel.send(entry.message, late=late, seconds=left)
                self.delivered.append(entry)
            except Exception as error:  # whatever it is, the work goes on
                self.error = as_ours(error, self.channel)
        self.seconds = time.monotonic() - started


def _run(jobs: Sequence[_Job]) -> None:
    until = time.monotonic() + BOUND_SECONDS
    for job in jobs:
        job.thread.start()
    for job in jobs:
        job.thread.join(max(until - time.monotonic(), 0))


def _settled(job: _Job, spool: Spool | None, log: Log) -> Delivery:
    """Note what was delivered and keep the rest; one line of the log."""
    error, seconds = job.error, job.seconds
    if job.thread.is_alive():
        error, seconds = _hanging(job.channel), BOUND_SECONDS
    delivered = list(job.delivered)
    if spool is not None:
        for entry in delivered:
            spool.delivered(entry)
    if error is None:
        log.write("notify", f"{job.channel.name}: {len(delivered)} delivered: {job.answer}")
        return Delivery(job.channel.name, log.mask.text(job.answer), seconds)
    error = type(error)(log.mask.text(error.message), hint=error.hint)
    log.write("notify", f"not delivered: {error.message}", level="warning")
    return Delivery(job.channel.name, "", seconds, error)


def _hanging(channel: Channel) -> NotificationUndelivered:
    return NotificationUndelivered(
        f"{channel.name} did not answer within {BOUND_SECONDS:.0f} s", hint="look at the service"
    )
