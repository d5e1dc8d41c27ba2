"""Examination: what the checks share; each part is looked at once, the server within a bound."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from numeri_cli.api.client import Client
from numeri_cli.commands.context import Context
from numeri_cli.commands.doctor.enquiry import Answer, Enquiry, Question
from numeri_cli.commands.round import newest_round
from numeri_cli.credentials import Keys
from numeri_cli.errors import ExitCode, NumeriError
from numeri_cli.files import is_running
from numeri_cli.log import read_log
from numeri_cli.records import LatestSubmission, ModelSlot, Round, TokenInfo

ASKING_SECONDS = 9.0  # for all questions to the server together
ONE_QUESTION_SECONDS = 6.0


@dataclass(frozen=True)
class KnownCommand:
    """A command as the log tells of it.

    process: its number, None where the log has lost its beginning
    exit_code: None where it has no end; error: what it ended with; typed: the words of its call
    """

    run: str
    command: str
    began: datetime
    process: int | None = None
    exit_code: int | None = None
    error: str = ""
    typed: str = ""

    @property
    def is_at_work(self) -> bool:
        """Whether its process still runs."""
        return self.exit_code is None and self.process is not None and is_numeri(self.process)


def server_time(client: Client) -> datetime:
    """The time on the server."""
    return client.now()


def token_info(client: Client) -> TokenInfo:
    """Whom the keys belong to and what they may do."""
    return client.token_info()


def models(client: Client) -> tuple[ModelSlot, ...]:
    """The account's models."""
    return client.models()


def latest_submissions(client: Client) -> tuple[LatestSubmission, ...]:
    """What the server holds for the newest rounds."""
    return client.latest_submissions(rounds=2)


ASKED_FIRST: tuple[Question[Any], ...] = (
    server_time,
    token_info,
    models,
    newest_round,
    latest_submissions,
)


class Examination:
    """One machine, one profile, one tournament, looked at now.

    online: whether the package index may be asked, too
    """

    def __init__(self, context: Context, *, online: bool) -> None:
        context.patience_seconds = ONE_QUESTION_SECONDS
        context.mends_ledger = False
        self.context, self.online = context, online
        self.now = datetime.now(UTC)
        self._until = time.monotonic() + ASKING_SECONDS
        self._silence: NumeriError | None = None
        self._enquiries: dict[Question[Any], Enquiry[Any]] = {}
        with suppress(NumeriError):  # each check tells what is wrong
            if not context.endpoint.is_practice:
                for question in ASKED_FIRST:
                    self._enquiries[question] = Enquiry(question, self.client)

    @cached_property
    def keys(self) -> Keys | None:
        """The keys; None where there are none or they cannot be read."""
        try:
            return self.context.keys
        except NumeriError:
            return None

    @cached_property
    def client(self) -> Client:
        """One that asks once and does not wait for long."""
        return self.context.connect(self.keys)

    def ask(self, question: Question[Answer]) -> Answer:
        """The server's answer. Once it was silent it is not asked again.

        Raises what the client raises; Unreachable where there is no answer within the bound.
        """
        if self._silence is not None:
            raise self._silence
        try:
            if self.context.endpoint.is_practice:
                return question(self.client)
            asked: Enquiry[Answer] | None = self._enquiries.get(question)
            asked = asked or Enquiry(question, self.client)
            return asked.answer(until=self._until)
        except NumeriError as error:
            if error.exit_code is ExitCode.trouble:
                self._silence = error
            raise

    @cached_property
    def server_time_ahead_seconds(self) -> float:
        """The server's time less this machine's."""
        asked = self._enquiries.get(server_time)
        server = self.ask(server_time)
        here = asked.ended_at if asked is not None else datetime.now(UTC)
        return (server - here).total_seconds()

    @property
    def answered_seconds(self) -> float:
        """How long the server took for its time; 0 in this very process."""
        asked = self._enquiries.get(server_time)
        return asked.seconds if asked is not None else 0.0

    @cached_property
    def token(self) -> TokenInfo:
        """Whom the keys belong to and what they may do."""
        return self.ask(token_info)

    @cached_property
    def newest_round(self) -> Round:
        """The open round, else the one that opened last."""
        return self.ask(newest_round)

    @cached_property
    def latest_submissions(self) -> tuple[LatestSubmission, ...]:
        """What the server holds for the newest rounds."""
        return self.ask(latest_submissions)

    @cached_property
    def commands(self) -> tuple[KnownCommand, ...]:
        """What the log tells of, oldest first; the doctor's own command is left out."""
        found: dict[str, KnownCommand] = {}
        for line in read_log(self.context.home.log):
            if line.run == self.context.log.run:
                continue
            known = found.get(line.run) or KnownCommand(line.run, line.command, line.time)
            if line.event == "begin":
                known = replace(known, process=line.process, typed=line.words)
            elif line.event == "end":
                known = replace(known, exit_code=line.exit_code, error=line.words)
            found[line.run] = known
        return tuple(found.values())


def is_numeri(process: int) -> bool:
    """Whether a process is there and is this program, where the system tells that."""
    if not is_running(str(process)):
        return False
    try:
        return b"numeri" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()  # a system that does not tell
