"""Examination: what the checks share; each part is looked at once, the server within a bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from numeri_cli.api.client import Client
from numeri_cli.commands.context import Context
from numeri_cli.commands.round import newest_round
from numeri_cli.credentials import Keys
from numeri_cli.errors import ExitCode, NumeriError, Unreachable
from numeri_cli.files import is_running
from numeri_cli.log import read_log
from numeri_cli.records import LatestSubmission, Round, TokenInfo

ASKING_SECONDS = 9.0  # for all questions to the server together
ONE_QUESTION_SECONDS = 6.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class KnownCommand:
    """A command as the log tells of it.

    process: its number, None where the log has lost its beginning
    exit_code: None where it has no end; error: what it ended with
    """

    run: str
    command: str
    began: datetime
    process: int | None = None
    exit_code: int | None = None
    error: str = ""

    @property
    def is_at_work(self) -> bool:
        """Whether its process still runs."""
        return self.exit_code is None and self.process is not None and is_numeri(self.process)


class Examination:
    """One machine, one profile, one tournament, looked at now.

    online: whether the package index may be asked, too
    """

    def __init__(self, context: Context, *, online: bool) -> None:
        context.patience_seconds = ONE_QUESTION_SECONDS
        self.context, self.online = context, online
        self.now = datetime.now(UTC)
        self._left_seconds = ASKING_SECONDS
        self._silence: NumeriError | None = None
        self.answered_seconds: float | None = None

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

    def ask(self, question: Callable[[Client], Answer]) -> Answer:
        """The server's answer. Once it was silent it is not asked again.

        Raises what the client raises; Unreachable where there is no answer within the bound.
        """
        if self._silence is not None:
            raise self._silence
        client, started = self.client, time.monotonic()
        try:
            if self.context.endpoint.is_practice:
                found = question(client)
            else:
                found = _within(self._left_seconds, lambda: question(client))
        except NumeriError as error:
            if error.exit_code is ExitCode.trouble:
                self._silence = error
            raise
        finally:
            self._left_seconds -= time.monotonic() - started
        if self.answered_seconds is None:
            self.answered_seconds = time.monotonic() - started
        return found

    @cached_property
    def server_time_ahead_seconds(self) -> float:
        """The server's time less this machine's."""
        server = self.ask(lambda client: client.now())
        return (server - datetime.now(UTC)).total_seconds()

    @cached_property
    def token(self) -> TokenInfo:
        """Whom the keys belong to and what they may do."""
        return self.ask(lambda client: client.token_info())

    @cached_property
    def newest_round(self) -> Round:
        """The open round, else the one that opened last."""
        return self.ask(newest_round)

    @cached_property
    def latest_submissions(self) -> tuple[LatestSubmission, ...]:
        """What the server holds for the newest rounds."""
        return self.ask(lambda client: client.latest_submissions(rounds=2))

    @cached_property
    def commands(self) -> tuple[KnownCommand, ...]:
        """What the log tells of, oldest first; the doctor's own command is left out."""
        found: dict[str, KnownCommand] = {}
        for line in read_log(self.context.home.log):
            if line.run == self.context.log.run:
                continue
            known = found.get(line.run) or KnownCommand(line.run, line.command, line.time)
            if line.event == "begin":
                known = replace(known, process=line.process)
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


def _within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """Done in a thread, since a name server that hangs knows no bound of ours."""
    results: list[Answer] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(max(seconds, 0.0))
    if errors:
        raise errors[0]
    if not results:
        raise Unreachable(
            "the server did not answer in time", hint="look at the network, then try again"
        )
    return results[0]
