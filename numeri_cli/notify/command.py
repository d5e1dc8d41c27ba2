"""A program of the owner's, which gets the message as JSON on its standard input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from numeri_cli.children import child_environment
from numeri_cli.errors import NotificationRefused, NotificationUndelivered
from numeri_cli.notify.message import Event, Message


class CommandChannel:
    """Runs the program without a shell; of the environment it sees a few variables, no keys."""

    always: frozenset[Event] = frozenset()
    key = "command"

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self.name = f"command {Path(self._words[0]).name}"

    def send(self, message: Message, *, late: bool, seconds: float) -> str:
        """Run the program to its end. Raises NotificationRefused, NotificationUndelivered.

        seconds: after which it is killed, with all that it started
        """
        content = json.dumps({"late": late, **message.plain()}).encode()
        try:
            process = subprocess.Popen(  # noqa: S603 - the owner's own words, and no shell
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=child_environment(os.environ),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise NotificationRefused(
                f"{self.name} cannot be started: {words}", hint="look at [notify] command"
            ) from error
        with process:
            try:
                process.communicate(content, timeout=seconds)
            except subprocess.TimeoutExpired as error:
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise NotificationUndelivered(
                    f"{self.name} did not end within {seconds:.0f} s and was stopped",
                    hint="let it put long work into the background",
                ) from error
        if process.returncode:
            raise NotificationUndelivered(
                f"{self.name} ended with {process.returncode}",
                hint="run it by hand: it gets JSON on standard input, and no keys",
            )
        return "ended with 0"
